//! A show's report as text.

use super::{Cause, Flight};

/// Poor stretches that are listed.
const STRETCHES_MAX: usize = 20;
/// Events that are listed.
const EVENTS_MAX: usize = 100;

/// The report, in lines.
pub fn flight_text(flight: &Flight) -> String {
    let mut lines = Vec::new();
    for (key, value) in &flight.head {
        lines.push(format!("{:<14} {value}", format!("{key}:")));
    }
    lines.push(String::new());
    lines.extend(summary_lines(flight));
    let stretches = poor_stretches(flight);
    if !stretches.is_empty() {
        lines.push(String::new());
        lines.push("When it was not good:".to_owned());
        for (from, to, cause) in stretches.iter().take(STRETCHES_MAX) {
            lines.push(format!("  {} for {} s: {}", clock(*from), to - from + 1, cause.what()));
        }
        if stretches.len() > STRETCHES_MAX {
            lines.push(format!("  … and {} more", stretches.len() - STRETCHES_MAX));
        }
    }
    if !flight.events.is_empty() {
        lines.push(String::new());
        lines.push("What happened:".to_owned());
        for event in flight.events.iter().take(EVENTS_MAX) {
            lines.push(format!("  {} {}: {}", clock(event.at as u32), event.word, event.sentence));
        }
        if flight.events.len() > EVENTS_MAX {
            lines.push(format!("  … and {} more", flight.events.len() - EVENTS_MAX));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What the whole show came to, and one thing to do about it.
pub(super) fn summary_lines(flight: &Flight) -> Vec<String> {
    let seconds = &flight.seconds;
    let Some(last) = seconds.last() else { return vec!["The show had not a single second.".to_owned()] };
    let good = seconds.iter().filter(|second| Cause::of(second).is_none()).count();
    let average = |of: fn(&super::FlightSecond) -> f64| seconds.iter().map(of).sum::<f64>() / seconds.len() as f64;
    let most = |of: fn(&super::FlightSecond) -> f64| seconds.iter().map(of).fold(0.0, f64::max);
    let sum = |of: fn(&super::FlightSecond) -> u64| seconds.iter().map(of).sum::<u64>();
    let mut lines = vec![
        format!("The show lasted {}; {good} of {} seconds were good.", clock(last.at), seconds.len()),
        format!(
            "Rate: picture {:.0} kb/s, sound {:.0} kb/s; {:.1} pictures a second.",
            average(|second| second.video_kbps),
            average(|second| second.audio_kbps),
            average(|second| second.fps)
        ),
        format!(
            "Pictures lost: {} by this computer, {} by the encoder, {} by the network; {} missing in the recording.",
            sum(|second| second.missed),
            sum(|second| second.skipped),
            sum(|second| second.dropped),
            sum(|second| second.recording_dropped)
        ),
        format!(
            "Connections made again: {}; at most {:.0} ms waited for the network.",
            sum(|second| second.reconnects),
            most(|second| second.queue_ms)
        ),
        format!(
            "This program took {:.0} % of a core, at most {:.0} %, and {:.0} MiB.",
            average(|second| second.cpu_percent),
            most(|second| second.cpu_percent),
            most(|second| second.rss_mb.unwrap_or(0.0))
        ),
    ];
    let costs = [
        ("decoding", seconds.iter().filter_map(|s| s.capture_ms).fold(0.0, f64::max)),
        ("converting", seconds.iter().filter_map(|s| s.convert_ms).fold(0.0, f64::max)),
        ("composing", seconds.iter().filter_map(|s| s.compose_ms).fold(0.0, f64::max)),
        ("encoding", seconds.iter().filter_map(|s| s.encode_ms).fold(0.0, f64::max)),
    ];
    if costs.iter().any(|(_, cost)| *cost > 0.0) {
        // What a show without a camera or a recording does not do is not told.
        let costs = costs.iter().filter(|(_, cost)| *cost > 0.0).map(|(stage, cost)| format!("{stage} {cost:.1} ms"));
        let costs: Vec<_> = costs.collect();
        lines.push(format!("A picture's cost in the worst second: {}.", costs.join(", ")));
    }
    let waits = [
        ("for the disk", seconds.iter().filter_map(|s| s.disk_ms).fold(0.0, f64::max)),
        ("for the socket", seconds.iter().filter_map(|s| s.write_ms).fold(0.0, f64::max)),
    ];
    if waits.iter().any(|(_, wait)| *wait >= 1.0) {
        let waits = waits.map(|(what, wait)| format!("{what} {wait:.0} ms"));
        lines.push(format!("The longest wait {}.", waits.join(", ")));
    }
    if let Some(lufs) = last.lufs {
        lines.push(format!("Loudness: {lufs:.1} LUFS."));
    }
    if !flight.has_ended() {
        lines.push("The program ended before the show did: it was killed, or this computer went off.".to_owned());
    }
    match flight.causes().first() {
        Some((cause, count)) => {
            lines.push(format!("What cost most: {} ({count} s). {}", cause.what(), cause.to_do()));
        }
        None => lines.push("Nothing went wrong.".to_owned()),
    }
    lines
}

/// Stretches of poor seconds with one cause: from, to (both belong to it), cause.
pub(super) fn poor_stretches(flight: &Flight) -> Vec<(u32, u32, Cause)> {
    let mut stretches: Vec<(u32, u32, Cause)> = Vec::new();
    for second in &flight.seconds {
        let Some(cause) = Cause::of(second) else { continue };
        match stretches.last_mut() {
            Some((_, to, last)) if *last == cause && second.at <= *to + 2 => *to = second.at.max(*to),
            _ => stretches.push((second.at, second.at, cause)),
        }
    }
    stretches
}

/// `1:02:03`.
pub(super) fn clock(seconds: u32) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::super::second::tests::second;
    use super::*;
    use crate::studio::flight::{FlightEvent, FlightSecond};

    #[test]
    fn the_report_tells_when_and_why_it_was_not_good() {
        let mut flight = Flight { head: vec![("size".to_owned(), "1280x720".to_owned())], ..Flight::default() };
        for at in 0..100 {
            let dropped = u64::from((40..45).contains(&at)) * 3;
            let missed = u64::from(at == 70);
            flight.seconds.push(FlightSecond { dropped, missed, ..second(at) });
        }
        flight.events.push(FlightEvent { at: 40.0, word: "state".to_owned(), sentence: "reconnecting".to_owned() });
        let text = flight_text(&flight);
        for told in [
            "size:          1280x720",
            "94 of 100 seconds were good",
            "15 by the network",
            "0:00:40 for 5 s: the network carried less",
            "0:01:10 for 1 s: this computer was too busy",
            "What cost most: the network carried less",
            "0:00:40 state: reconnecting",
            "The program ended before the show did",
            "Loudness: -16.2 LUFS",
            "worst second: decoding 2.3 ms, converting 0.4 ms, composing 0.8 ms, encoding 6.0 ms.",
            "The longest wait for the disk 14 ms, for the socket 3 ms.",
        ] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        assert!(flight_text(&Flight::default()).contains("not a single second"));
    }
}
