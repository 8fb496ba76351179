//! What goes on, as JSON and as a page: names, sizes, rates, players, and what was refused and why.

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::shared::Shared;
use super::{IngestStats, PlayerStats, StreamFacts, StreamStats};
use crate::media::Timestamp;

/// The state as JSON; names are added to and never renamed.
pub(super) fn status_json(shared: &Shared) -> Value {
    let (stats, now) = (shared.stats(), shared.clock.now());
    let refusals: serde_json::Map<_, _> =
        stats.refusals.iter().map(|(kind, count)| (kind.word().to_owned(), json!(count))).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": rounded(now.since(shared.started).as_secs_f64(), 1),
        "connections": stats.connections,
        "connections_max": shared.limits.connections_max,
        "bytes_received": stats.bytes,
        "bytes_sent": stats.bytes_sent,
        "streams": stats.streams.iter().map(|stream| stream_json(stream, now)).collect::<Vec<_>>(),
        "waiting_players": stats.waiting_players,
        "refused": stats.refused,
        "refusals": refusals,
    })
}

fn stream_json(stream: &StreamStats, now: Timestamp) -> Value {
    let StreamStats { app, name, peer, frames, audio_packets, bytes, players, viewers, since, facts } = stream;
    let StreamFacts { size, fps, video_codec, audio_codec, keyframe_seconds, video_kbps, audio_kbps, av_offset_ms } =
        facts;
    json!({
        "app": app,
        "name": name,
        "peer": peer.to_string(),
        "seconds": rounded(now.since(*since).as_secs_f64(), 1),
        "frames": frames,
        "audio_packets": audio_packets,
        "bytes": bytes,
        "width": size.map(|(width, _)| width),
        "height": size.map(|(_, height)| height),
        "fps": fps.map(|fps| rounded(fps, 2)),
        "video_codec": video_codec.map(|codec| codec.to_string()),
        "audio_codec": audio_codec.map(|codec| codec.to_string()),
        "keyframe_seconds": keyframe_seconds.map(|seconds| rounded(seconds, 3)),
        "video_kbps": rounded(*video_kbps, 1),
        "audio_kbps": rounded(*audio_kbps, 1),
        "av_offset_ms": av_offset_ms.map(|offset| rounded(offset, 1)),
        "players": players.iter().map(player_json).collect::<Vec<_>>(),
        "viewers": viewers,
    })
}

fn player_json(player: &PlayerStats) -> Value {
    let PlayerStats { peer, frames, audio_packets, bytes, dropped, waiting_ms } = player;
    json!({
        "peer": peer.to_string(),
        "frames": frames,
        "audio_packets": audio_packets,
        "bytes": bytes,
        "dropped": dropped,
        "waiting_ms": waiting_ms,
    })
}

/// The state for a person: no script, nothing from elsewhere, reloaded every two seconds.
///
/// `query` is that of the request, passed on to the pages that play: it may hold the key.
pub(super) fn status_page(shared: &Shared, query: &str) -> String {
    let (stats, now) = (shared.stats(), shared.clock.now());
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"2\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Tally: incoming streams</title>\
         <style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;\
         color-scheme:light dark}table{border-collapse:collapse;width:100%}\
         th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884;vertical-align:top}\
         td{font-variant-numeric:tabular-nums}</style><h1>Incoming streams</h1>",
    );
    streams_table(&mut page, &stats, now, query);
    let _ = write!(
        page,
        "<p>{} of {} connections; {:.1} MB received, {:.1} MB sent.",
        stats.connections,
        shared.limits.connections_max,
        stats.bytes as f64 / 1e6,
        stats.bytes_sent as f64 / 1e6
    );
    if stats.waiting_players > 0 {
        let _ = write!(page, " {} players wait for a stream that nobody publishes.", stats.waiting_players);
    }
    page.push_str("</p>");
    if !stats.refusals.is_empty() {
        page.push_str("<h2>Turned away or cut off</h2><table><tr><th>Why<th>How often</tr>");
        for (kind, count) in &stats.refusals {
            let _ = write!(page, "<tr><td>{}<td>{count}</tr>", kind.words());
        }
        page.push_str("</table>");
    }
    page.push_str(
        "<p><small>As JSON: the same address, /status, with <code>Accept: application/json</code>.</small></p></html>",
    );
    page
}

fn streams_table(page: &mut String, stats: &IngestStats, now: Timestamp, query: &str) {
    if stats.streams.is_empty() {
        page.push_str("<p>Nobody publishes.</p>");
        return;
    }
    page.push_str(
        "<table><tr><th>Name<th>For<th>Picture<th>Sound<th>Keyframe every<th>Sound after picture<th>Players<th>Watching</tr>",
    );
    for stream in &stats.streams {
        let facts = &stream.facts;
        let unknown = || "–".to_owned();
        let seconds = now.since(stream.since).as_secs();
        let picture = facts.video_codec.map_or_else(unknown, |codec| {
            let size = facts.size.map_or_else(String::new, |(width, height)| format!(" {width}×{height}"));
            let fps = facts.fps.map_or_else(String::new, |fps| format!(", {fps:.1} fps"));
            format!("{codec}{size}{fps}, {:.0} kb/s", facts.video_kbps)
        });
        let sound = facts.audio_codec.map_or_else(unknown, |codec| format!("{codec}, {:.0} kb/s", facts.audio_kbps));
        let keyframes = facts.keyframe_seconds.map_or_else(unknown, |seconds| format!("{seconds:.1} s"));
        let offset = facts.av_offset_ms.map_or_else(unknown, |offset| format!("{offset:.0} ms"));
        let dropped: u64 = stream.players.iter().map(|player| player.dropped).sum();
        let path = [&stream.app, &stream.name].map(|part| part.split('/').map(encoded).collect::<Vec<_>>());
        // Only the name's own slashes must not be taken for those between names.
        let watch = format!("/watch/{}/{}{}", path[0].join("/"), path[1].join("%2F"), with_mark(query));
        let players = match dropped {
            0 => stream.players.len().to_string(),
            dropped => format!("{} ({dropped} packets dropped for slow ones)", stream.players.len()),
        };
        let _ = write!(
            page,
            "<tr><td><a href=\"{}\">{}/{}</a><td>{}:{:02}:{:02}<td>{}<td>{}<td>{keyframes}<td>{offset}<td>{players}<td>{}</tr>",
            escaped(&watch),
            escaped(&stream.app),
            escaped(&stream.name),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            escaped(&picture),
            escaped(&sound),
            stream.viewers,
        );
    }
    page.push_str("</table>");
}

/// A part of a path.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn with_mark(query: &str) -> String {
    if query.is_empty() { String::new() } else { format!("?{query}") }
}

/// Text that cannot be taken for HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn rounded(number: f64, places: i32) -> f64 {
    let factor = 10f64.powi(places);
    (number * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_page() {
        assert_eq!(escaped("<b onload='x'>&\"</b>"), "&lt;b onload=&#39;x&#39;&gt;&amp;&quot;&lt;/b&gt;");
    }

    #[test]
    fn figures_are_rounded() {
        assert_eq!((rounded(29.969_97, 2), rounded(-0.04, 1)), (29.97, 0.0));
    }
}
