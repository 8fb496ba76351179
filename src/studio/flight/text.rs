//! A show's report as text.

use std::cmp::Reverse;

use super::read::{Gap, Standing};
use super::words::{FlightWords, Phrase};
use super::{Cause, Flight, FlightEvent, FlightSecond};
use crate::studio::ProblemKind;

/// Poor stretches that are listed: the longest.
const STRETCHES_MAX: usize = 20;
/// Events that are listed: how the show began, and how it came to its end.
const FIRST_EVENTS_MAX: usize = 20;
const LAST_EVENTS_MAX: usize = 80;

/// The report in `words`, in lines.
pub fn flight_text(flight: &Flight, words: FlightWords) -> String {
    let mut lines = Vec::new();
    for (key, value) in &flight.head {
        let (name, value) = (words.head_key(key), words.head_value(key, value));
        lines.push(format!("{:<14} {value}", format!("{name}:")));
    }
    lines.push(String::new());
    lines.extend(summary_lines(flight, words));
    let stretches = poor_stretches(flight);
    if !stretches.is_empty() {
        lines.push(String::new());
        lines.push(format!("{}:", words.text(Phrase::WhenNotGood)));
        lines.extend(stretch_lines(stretches, words));
    }
    if !flight.events.is_empty() {
        lines.push(String::new());
        lines.push(format!("{}:", words.text(Phrase::WhatHappened)));
        lines.extend(event_lines(&flight.events, words));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The longest stretches, in the order in which they came.
fn stretch_lines(mut stretches: Vec<Stretch>, words: FlightWords) -> Vec<String> {
    let left_out = stretches.len().saturating_sub(STRETCHES_MAX);
    stretches.sort_by_key(|(from, to, _)| Reverse(to - from));
    stretches.truncate(STRETCHES_MAX);
    stretches.sort_by_key(|(from, ..)| *from);
    let told = |(from, to, cause): Stretch| format!("  {}", words.stretch(&clock(from), to - from + 1, cause));
    let mut lines: Vec<_> = stretches.into_iter().map(told).collect();
    if left_out > 0 {
        lines.push(format!("  {}", words.and_shorter(left_out)));
    }
    lines
}

fn event_lines(events: &[FlightEvent], words: FlightWords) -> Vec<String> {
    let told = |event: &FlightEvent| {
        let (word, sentence) = (words.event_word(&event.word), words.event_sentence(&event.word, &event.sentence));
        format!("  {} {word}: {sentence}", clock(event.at as u32))
    };
    let left_out = events.len().saturating_sub(FIRST_EVENTS_MAX + LAST_EVENTS_MAX);
    if left_out == 0 {
        return events.iter().map(told).collect();
    }
    let first = events.iter().take(FIRST_EVENTS_MAX).map(told);
    let last = events.iter().skip(FIRST_EVENTS_MAX + left_out).map(told);
    first.chain([format!("  {}", words.and_between(left_out))]).chain(last).collect()
}

/// Words of problems that end a recording, and of those that are good news.
const RECORDING_ENDED: [ProblemKind; 2] = [ProblemKind::RecordingFailed, ProblemKind::DiskFull];
const GOOD_NEWS: [ProblemKind; 2] = [ProblemKind::SourceRestored, ProblemKind::RecordingRepaired];

/// What no second tells of: the end of a recording, or, where all seconds were good, whatever problem there was.
fn what_happened(flight: &Flight, all_good: bool) -> Option<Phrase> {
    let is_one_of = |word: &str, kinds: &[ProblemKind]| kinds.iter().any(|kind| kind.word() == word);
    let mut words = flight.events.iter().map(|event| event.word.as_str());
    if words.clone().any(|word| is_one_of(word, &RECORDING_ENDED)) {
        // Without a destination there was nothing else.
        let is_alone = flight.values("destination").next().is_none();
        return Some(if is_alone { Phrase::RecordingAloneEnded } else { Phrase::RecordingEnded });
    }
    let is_wrong = |word: &str| FlightWords::is_problem(word) && !is_one_of(word, &GOOD_NEWS);
    (all_good && words.any(is_wrong)).then_some(Phrase::SomethingHappened)
}

/// What the whole show came to, and one thing to do about it.
pub(super) fn summary_lines(flight: &Flight, words: FlightWords) -> Vec<String> {
    let seconds = &flight.seconds;
    let (standing, causes) = (flight.standing(), flight.causes());
    let Some(last) = seconds.last() else {
        let told = [Some(Phrase::NoSecond), standing_phrase(standing)];
        return told.into_iter().flatten().map(|phrase| words.text(phrase).to_owned()).collect();
    };
    if standing == Standing::Ended && !flight.has_begun() {
        return vec![words.text(Phrase::NeverBegan).to_owned()];
    }
    let good = seconds.iter().filter(|second| Cause::of(second).is_none()).count();
    let all = seconds.len() + flight.gaps().map(|gap| gap.seconds as usize).sum::<usize>();
    // The figures of a second that follows a gap are of the gap too.
    let before = [None].into_iter().chain(seconds.iter().map(Some));
    let stands_for = |(before, next): (Option<&FlightSecond>, &FlightSecond)| {
        1.0 + before.and_then(|before| Gap::between(before, next)).map_or(0.0, |gap| f64::from(gap.seconds))
    };
    let weights: Vec<f64> = before.zip(seconds).map(stands_for).collect();
    let average = |of: fn(&FlightSecond) -> f64| {
        seconds.iter().map(of).zip(&weights).map(|(value, weight)| value * weight).sum::<f64>() / all as f64
    };
    let most = |of: fn(&FlightSecond) -> f64| seconds.iter().map(of).fold(0.0, f64::max);
    let sum = |of: fn(&FlightSecond) -> u64| seconds.iter().map(of).sum::<u64>();
    let mut lines = vec![
        words.lasted(&clock(last.at), good, all, standing == Standing::Runs),
        words.rates(
            average(|second| second.video_kbps),
            average(|second| second.audio_kbps),
            average(|second| second.fps),
        ),
        words.lost([
            sum(|second| second.missed),
            sum(|second| second.skipped),
            sum(|second| second.dropped_by_network()),
            sum(|second| second.thinned.into()),
            sum(|second| second.away.into()),
            sum(|second| second.recording_dropped),
        ]),
        words.connections(sum(|second| second.reconnects.into()), most(|second| second.queue_ms)),
        words.program_cost(
            average(|second| second.cpu_percent),
            most(|second| second.cpu_percent),
            most(|second| second.rss_mb.unwrap_or(0.0)),
        ),
    ];
    let costs = [
        (Phrase::Decoding, seconds.iter().filter_map(|s| s.capture_ms).fold(0.0, f64::max)),
        (Phrase::Converting, seconds.iter().filter_map(|s| s.convert_ms).fold(0.0, f64::max)),
        (Phrase::Composing, seconds.iter().filter_map(|s| s.compose_ms).fold(0.0, f64::max)),
        (Phrase::Encoding, seconds.iter().filter_map(|s| s.encode_ms).fold(0.0, f64::max)),
    ];
    if costs.iter().any(|(_, cost)| *cost > 0.0) {
        // What a show without a camera or a recording does not do is not told.
        let costs = costs.iter().filter(|(_, cost)| *cost > 0.0);
        let costs: Vec<_> =
            costs.map(|(stage, cost)| format!("{} {} ms", words.text(*stage), words.number(*cost, 1))).collect();
        lines.push(words.picture_cost(&costs.join(", ")));
    }
    let waits = [
        (Phrase::ForTheDisk, seconds.iter().filter_map(|s| s.disk_ms).fold(0.0, f64::max)),
        (Phrase::ForTheSocket, seconds.iter().filter_map(|s| s.write_ms).fold(0.0, f64::max)),
    ];
    if waits.iter().any(|(_, wait)| *wait >= 1.0) {
        let waits = waits.map(|(what, wait)| format!("{} {} ms", words.text(what), words.number(wait, 0)));
        lines.push(words.longest_wait(&waits.join(", ")));
    }
    if let Some(lufs) = last.lufs {
        lines.push(words.loudness(lufs));
    }
    lines.extend(standing_phrase(standing).map(|phrase| words.text(phrase).to_owned()));
    let happened = what_happened(flight, causes.is_empty());
    lines.extend(happened.map(|phrase| words.text(phrase).to_owned()));
    match (causes.first(), standing) {
        (Some((cause, count)), _) => lines.push(words.cost_most(*cause, *count)),
        (None, _) if happened.is_some() => {}
        (None, Standing::Ended) => lines.push(words.text(Phrase::NothingWrong).to_owned()),
        (None, Standing::Runs) => lines.push(words.text(Phrase::NothingWrongYet).to_owned()),
        // That it was cut off is wrong enough.
        (None, Standing::CutOff) => {}
    }
    lines
}

fn standing_phrase(standing: Standing) -> Option<Phrase> {
    match standing {
        Standing::Ended => None,
        Standing::Runs => Some(Phrase::StillRuns),
        Standing::CutOff => Some(Phrase::CutOff),
    }
}

/// From, to (both belong to it), cause.
type Stretch = (u32, u32, Cause);

/// Stretches of poor seconds with one cause, and those in which the program did not run.
pub(super) fn poor_stretches(flight: &Flight) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut before = None;
    for second in &flight.seconds {
        let gap = before.replace(second).and_then(|before| Gap::between(before, second));
        stretches.extend(gap.map(|gap| (gap.at, gap.at + gap.seconds - 1, Cause::Stood)));
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
    use crate::studio::DestinationState;
    use crate::studio::flight::{FlightEvent, flight_html};

    #[test]
    fn the_report_tells_when_and_why_it_was_not_good() {
        let mut flight = Flight { head: vec![("size".to_owned(), "1280x720".to_owned())], ..Flight::default() };
        for at in 0..100 {
            let dropped = u64::from((40..45).contains(&at)) * 3;
            let missed = u64::from(at == 70);
            flight.seconds.push(FlightSecond { dropped, missed, ..second(at) });
        }
        flight.events.push(FlightEvent { at: 40.0, word: "state".to_owned(), sentence: "reconnecting".to_owned() });
        let text = flight_text(&flight, FlightWords::English);
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
        assert!(flight_text(&Flight::default(), FlightWords::English).contains("not a single second"));
    }

    #[test]
    fn a_long_report_tells_how_it_began_the_longest_stretches_and_how_it_came_to_its_end() {
        let mut flight = Flight::default();
        for at in 0..1000 {
            // Stretches of 1 s, and one of 5 s at the end.
            let dropped = u64::from(at % 11 == 0 || at > 994);
            flight.seconds.push(FlightSecond { dropped, ..second(at) });
        }
        for number in 0..585 {
            let (word, sentence) = ("mark".to_owned(), format!("number {number}."));
            flight.events.push(FlightEvent { at: f64::from(number), word, sentence });
        }
        let text = flight_text(&flight, FlightWords::English);
        assert!(text.contains("0:16:35 for 5 s: the network"), "{text}");
        assert_eq!(text.matches(" for 1 s: the network").count(), 19, "{text}");
        assert!(text.contains("\n  … and 72 shorter\n"), "{text}");
        assert!(text.contains("number 19.\n  … 485 more …\n  0:08:25 mark: number 505."), "{text}");
        assert!(text.contains("number 584."), "{text}");
    }

    #[test]
    fn a_show_that_runs_and_one_that_was_cut_off_are_told_apart() {
        let said = |is_held, end: bool| {
            let ended = FlightEvent { at: 9.0, word: "end".to_owned(), sentence: "the show is over".to_owned() };
            let events = if end { vec![ended] } else { Vec::new() };
            let flight = Flight { seconds: vec![second(9)], events, is_held, ..Flight::default() };
            summary_lines(&flight, FlightWords::English)
        };
        let [runs, cut_off, ended] = [said(true, false), said(false, false), said(false, true)];
        assert_eq!(runs[0], "The show lasted 0:00:09 so far; 1 of 1 seconds were good.");
        assert_eq!(runs[runs.len() - 2..], ["It is still running.", "Nothing has gone wrong so far."]);
        assert!(cut_off[cut_off.len() - 1].starts_with("The program ended before the show did"), "{cut_off:?}");
        assert_eq!((ended[0].contains("so far"), ended[ended.len() - 1].as_str()), (false, "Nothing went wrong."));
        assert_eq!(said(true, true), ended, "it has told its end");
        let not_yet = Flight { is_held: true, ..Flight::default() };
        assert_eq!(summary_lines(&not_yet, FlightWords::English)[1], "It is still running.");
    }

    #[test]
    fn seconds_in_which_the_program_stood_still_are_a_part_of_the_show() {
        let mut flight = Flight { seconds: (0..4).chain(10..16).map(second).collect(), ..Flight::default() };
        // It is over all of these seconds.
        flight.seconds[4].video_kbps = 0.0;
        let text = flight_text(&flight, FlightWords::English);
        assert!(text.contains("The show lasted 0:00:15; 10 of 16 seconds were good."), "{text}");
        assert!(text.contains("picture 1680 kb/s"), "{text}");
        assert!(text.contains("0:00:04 for 6 s: the program stood still, or this computer slept"), "{text}");
        assert!(text.contains("What cost most: the program stood still, or this computer slept (6 s)."), "{text}");
        // A line that comes a moment later or sooner is no gap.
        let jitter = Flight { seconds: [0, 1, 3, 3, 4].map(second).to_vec(), ..Flight::default() };
        assert!(flight_text(&jitter, FlightWords::English).contains("5 of 5 seconds were good"));
    }

    #[test]
    fn a_show_that_no_server_took_is_not_told_as_one_in_which_nothing_went_wrong() {
        let told =
            |word: &str, sentence: &str| FlightEvent { at: 2.0, word: word.to_owned(), sentence: sentence.to_owned() };
        let connecting = FlightSecond { state: DestinationState::Connecting, ..second(1) };
        let end = told("end", "the show is over");
        let mut flight = Flight { seconds: vec![connecting], events: vec![end], ..Flight::default() };
        assert_eq!(summary_lines(&flight, FlightWords::English), ["The show did not begin."]);
        // It was live for less than a second.
        flight.events.insert(0, told("state", "YouTube is live"));
        assert!(summary_lines(&flight, FlightWords::English)[0].starts_with("The show lasted"));
    }

    /// One of everything a report can tell.
    fn eventful() -> Flight {
        let mut flight = Flight::default();
        for (key, value) in [
            ("started", "2026-11-26 05:00:04"),
            ("picture", "1280x720 at 30 a second, 3000 kb/s"),
            ("keyframes", "every 2 s"),
            ("destination", "a rehearsal on this computer"),
        ] {
            flight.head.push((key.to_owned(), value.to_owned()));
        }
        for at in 0..200 {
            let mut second = second(at);
            match at {
                40..45 => second.dropped = 3,
                70 => second.missed = 1,
                100..110 => second.state = DestinationState::Reconnecting,
                120 => second.skipped = 1,
                130 => second.audio_xruns = 1,
                140 => second.recording_dropped = 1,
                150 => second.network_kbps = Some(900.0),
                _ => {}
            }
            flight.seconds.push(second);
        }
        for (at, word, sentence) in [
            (40.0, "state", "YouTube is reconnecting"),
            (50.0, "mark", "mark 1 at 3.2 s of the show"),
            (70.0, "end", "the show is over"),
        ] {
            flight.events.push(FlightEvent { at, word: word.to_owned(), sentence: sentence.to_owned() });
        }
        flight
    }

    #[test]
    fn what_no_second_tells_of_is_not_said_to_be_nothing() {
        let told = |words: &[&str]| {
            let mut flight = Flight { seconds: (0..9).map(second).collect(), ..Flight::default() };
            flight.head.push(("destination".to_owned(), "rtmp://a.example/app".to_owned()));
            for word in words.iter().chain(&["end"]) {
                let (word, sentence) = ((*word).to_owned(), "…".to_owned());
                flight.events.push(FlightEvent { at: 1.0, word, sentence });
            }
            summary_lines(&flight, FlightWords::English).pop().unwrap()
        };
        for good in [&["mark", "recording"][..], &["source_restored"]] {
            assert_eq!(told(good), "Nothing went wrong.");
        }
        assert!(told(&["recording_failed"]).starts_with("The recording ended before"));
        let mut alone = Flight { seconds: vec![second(0)], ..Flight::default() };
        let (word, sentence) = ("disk_full".to_owned(), "…".to_owned());
        alone.events.push(FlightEvent { at: 0.5, word, sentence });
        let told_alone = summary_lines(&alone, FlightWords::English);
        assert!(told_alone.iter().any(|line| line.starts_with("The recording failed, and the show ended with it")));
        assert!(told(&["mark", "disk_full"]).starts_with("The recording ended before"));
        let mut flight = Flight { seconds: (0..9).map(second).collect(), ..Flight::default() };
        for second in &mut flight.seconds[4..] {
            (second.recording_dropped, second.unrecorded) = (30, 30);
        }
        let text = flight_text(&flight, FlightWords::English);
        assert!(text.contains("4 of 9 seconds were good") && text.contains("150 missing in the recording"), "{text}");
        assert!(text.contains("0:00:04 for 5 s: the recording had ended"), "{text}");
        assert!(told(&["marks_lost"]).starts_with("No second was bad"));
    }

    #[test]
    fn the_english_report_is_this_one() {
        let golden = "\
started:       2026-11-26 05:00:04
picture:       1280x720 at 30 a second, 3000 kb/s
keyframes:     every 2 s
destination:   a rehearsal on this computer

The show lasted 0:03:19; 180 of 200 seconds were good.
Rate: picture 2987 kb/s, sound 128 kb/s; 30.0 pictures a second.
Pictures lost: 1 by this computer, 1 by the encoder, 15 by the network, 0 by too low a bitrate, 0 while a server was away; 1 missing in the recording.
Connections made again: 0; at most 0 ms waited for the network.
This program took 41 % of a core, at most 41 %, and 54 MiB.
A picture's cost in the worst second: decoding 2.3 ms, converting 0.4 ms, composing 0.8 ms, encoding 6.0 ms.
The longest wait for the disk 14 ms, for the socket 3 ms.
Loudness: -16.2 LUFS.
What cost most: there was no connection (10 s). Use a cable instead of Wi-Fi, or give the destination a backup server.

When it was not good:
  0:00:40 for 5 s: the network carried less than was sent, and pictures were dropped
  0:01:10 for 1 s: this computer was too busy to compose all pictures
  0:01:40 for 10 s: there was no connection
  0:02:00 for 1 s: the encoder had no time for all pictures
  0:02:10 for 1 s: the source of the sound gave too little or too much
  0:02:20 for 1 s: the disk stood still, and the recording has a hole
  0:02:30 for 1 s: the network was narrow, and the picture took less

What happened:
  0:00:40 state: YouTube is reconnecting
  0:00:50 mark: mark 1 at 3.2 s of the show
  0:01:10 end: the show is over
";
        assert_eq!(flight_text(&eventful(), FlightWords::English), golden);
    }

    #[test]
    fn the_german_report_has_nothing_english_and_says_as_much() {
        for flight in [eventful(), Flight { events: Vec::new(), ..eventful() }, Flight::default()] {
            let [english, german] = FlightWords::ALL.map(|words| flight_text(&flight, words));
            assert_eq!(english.lines().count(), german.lines().count());
            let page = flight_html(&flight, FlightWords::German);
            assert!(page.contains("<html lang=\"de\">"));
            assert!(flight_html(&flight, FlightWords::English).contains("<html lang=\"en\">"));
            let said = |text: &str, sentence: &str| text.lines().any(|line| line.contains(sentence));
            for line in english.lines().filter(|line| line.contains(' ')) {
                assert!(!said(&german, line.trim()) && !said(&page, line.trim()), "{line} is in {german}");
            }
            for word in ["the ", " and ", "The ", " of ", " a second", " were ", "picture", "network", " is "] {
                let told = page.split_once("</style>").unwrap().1;
                assert!(!german.contains(word) && !told.contains(word), "{word:?} is in the German report");
            }
        }
        let german = flight_text(&eventful(), FlightWords::German);
        for told in ["-16,2 LUFS", "26.11.2026, 05:00:04", "30,0 Bilder je Sekunde", "YouTube verbindet neu"] {
            assert!(german.contains(told), "{told} is not in {german}");
        }
    }
}
