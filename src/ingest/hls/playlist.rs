//! Playlists (RFC 8216 and draft-pantos-hls-rfc8216bis): what is there, and what comes next.

use super::packager::Packager;
use super::rendition::{Rendition, Segment};
use crate::clock::utc_date_time;
use crate::ingest::remux::Kind;
use std::fmt::Write as _;

impl Kind {
    /// The word in the names of files.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

/// The master playlist. `query` is what to append to each address, such as `?key=…`, or nothing.
pub(super) fn master(packager: &Packager, frame_rate: Option<f64>, query: &str) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:9\n");
    // A comment (RFC 8216, 4.1), for the player page: which half of the stream is not here, and why.
    for why in &packager.unusable {
        let _ = writeln!(text, "# {}", why.replace(|letter: char| letter.is_control(), " "));
    }
    let [video, audio] = [Kind::Video, Kind::Audio]
        .map(|kind| packager.rendition(kind).filter(|rendition| rendition.listed().len() > 0));
    if let (Some(_), Some(audio)) = (video, audio) {
        let channels =
            audio.codec().channels().map_or_else(String::new, |channels| format!(",CHANNELS=\"{channels}\""));
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES{channels},\
             URI=\"audio.m3u8{query}\""
        );
    }
    let renditions = || video.iter().chain(audio.iter());
    let (most, average) = renditions()
        .map(|rendition| rendition.kbps())
        .fold((0.0, 0.0), |(most, average), (one, mean)| (most + one, average + mean));
    let codecs = renditions().map(|rendition| rendition.codec().name()).collect::<Vec<_>>().join(",");
    let _ = write!(
        text,
        "#EXT-X-STREAM-INF:BANDWIDTH={:.0},AVERAGE-BANDWIDTH={:.0},CODECS=\"{codecs}\"",
        f64::max(most * 1000.0, 1000.0),
        f64::max(average * 1000.0, 1000.0)
    );
    if let Some(size) = video.and_then(|video| video.codec().size()) {
        let _ = write!(text, ",RESOLUTION={}x{}", size.width, size.height);
    }
    if let Some(rate) = frame_rate.filter(|_| video.is_some()) {
        let _ = write!(text, ",FRAME-RATE={rate:.3}");
    }
    let kind = if video.is_some() { Kind::Video } else { Kind::Audio };
    if video.is_some() && audio.is_some() {
        text.push_str(",AUDIO=\"audio\"");
    }
    let _ = writeln!(text, "\n{}.m3u8{query}", kind.word());
    text
}

/// The playlist of one kind.
pub(super) fn media(packager: &Packager, kind: Kind, query: &str) -> Option<String> {
    let rendition = packager.rendition(kind)?;
    let word = kind.word();
    let (first, part_target) = (rendition.first_listed(), packager.part_target());
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{}\n\
         #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={:.3}\n#EXT-X-PART-INF:PART-TARGET={part_target:.3}\n\
         #EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
        packager.target(),
        part_target * 3.0,
        rendition.discontinuities_gone,
    );
    let mut map = None;
    for segment in rendition.listed() {
        head(&mut text, segment, word, query, &mut map);
        if rendition.is_in_parts(segment) {
            parts(&mut text, segment, word, query);
        }
        let _ = writeln!(text, "#EXTINF:{:.5},\n{word}-{}.m4s{query}", segment.seconds(), segment.number);
    }
    if packager.is_ended() {
        text.push_str("#EXT-X-ENDLIST\n");
        return Some(text);
    }
    let open = rendition.open();
    // One that has a longer part is listed once it is whole.
    if rendition.is_in_parts(open) {
        if !open.parts.is_empty() {
            head(&mut text, open, word, query, &mut map);
            parts(&mut text, open, word, query);
        }
        let (number, next) = (open.number, open.parts.len());
        let _ = writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{word}-{number}.{next}.m4s{query}\"");
    }
    let other = kind.other();
    if let Some(report) = packager.rendition(other).and_then(last_part) {
        let (segment, part) = report;
        let _ = writeln!(
            text,
            "#EXT-X-RENDITION-REPORT:URI=\"{}.m3u8{query}\",LAST-MSN={segment},LAST-PART={part}",
            other.word()
        );
    }
    Some(text)
}

fn head(text: &mut String, segment: &Segment, word: &str, query: &str, map: &mut Option<u64>) {
    for _ in 0..segment.discontinuities {
        text.push_str("#EXT-X-DISCONTINUITY\n");
    }
    if map.replace(segment.init) != Some(segment.init) {
        let _ = writeln!(text, "#EXT-X-MAP:URI=\"{word}-init-{}.mp4{query}\"", segment.init);
    }
    let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", utc_date_time(segment.begins_at));
}

fn parts(text: &mut String, segment: &Segment, word: &str, query: &str) {
    for (index, part) in segment.parts.iter().enumerate() {
        let independent = if part.independent { ",INDEPENDENT=YES" } else { "" };
        let _ = writeln!(
            text,
            "#EXT-X-PART:DURATION={:.5},URI=\"{word}-{}.{index}.m4s{query}\"{independent}",
            part.seconds, segment.number
        );
    }
}

fn last_part(rendition: &Rendition) -> Option<(u64, usize)> {
    let newest = [Some(rendition.open()), rendition.listed().last()];
    newest
        .into_iter()
        .flatten()
        .find(|segment| !segment.parts.is_empty() && rendition.is_in_parts(segment))
        .map(|segment| (segment.number, segment.parts.len() - 1))
}
