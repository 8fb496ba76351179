//! One second of a show, and its line in the file. Six hours of lines take less than 2 MB.

use crate::studio::{DestinationState, Stats};

/// The figures of one second. Losses are those of this second alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlightSecond {
    /// Seconds since the show was started.
    pub at: u32,
    /// The best state of all destinations.
    pub state: DestinationState,
    /// Pictures encoded.
    pub fps: f64,
    /// The picture's rate in kb/s.
    pub video_kbps: f64,
    /// The sound's rate in kb/s.
    pub audio_kbps: f64,
    /// What the network carries in kb/s, while that is less than is wanted.
    pub network_kbps: Option<f64>,
    /// Media time that waits for the slowest destination, in ms.
    pub queue_ms: f64,
    /// Round trip of the slowest destination, in ms.
    pub rtt_ms: Option<f64>,
    /// Capture to socket in ms: half of the pictures were faster.
    pub latency_ms: Option<f64>,
    /// Composing one picture took so long, in ms.
    pub compose_ms: Option<f64>,
    /// Encoding one picture took so long, in ms.
    pub encode_ms: Option<f64>,
    /// Pictures lost by composing, by the encoder and by the network.
    pub missed: u64,
    /// See `missed`.
    pub skipped: u64,
    /// See `missed`.
    pub dropped: u64,
    /// Pictures that are missing in the recording.
    pub recording_dropped: u64,
    /// Times samples were missing or too many.
    pub audio_xruns: u32,
    /// Connections made again.
    pub reconnects: u32,
    /// CPU use of this program; 100 is one core.
    pub cpu_percent: f64,
    /// Resident memory in MiB.
    pub rss_mb: Option<f64>,
    /// Integrated loudness so far.
    pub lufs: Option<f64>,
    /// Decoding one picture of the source, or drawing it, took so long, in ms.
    pub capture_ms: Option<f64>,
    /// Converting its colours took so long, in ms.
    pub convert_ms: Option<f64>,
    /// The slowest write of the recording to the disk, in ms.
    pub disk_ms: Option<f64>,
    /// The slowest packet waited so long for the socket, in ms.
    pub write_ms: Option<f64>,
    /// Pictures that destinations missed while their connection was lost.
    pub away: u32,
    /// Destinations that are not switched off; 0 where that is not known.
    pub destinations: u8,
    /// Of these, how many did not get all of this second.
    pub destinations_away: u8,
    /// Of `dropped`, pictures that were too complex for the picture's rate.
    pub thinned: u8,
    /// Of `recording_dropped`, pictures since the recording ended.
    pub unrecorded: u8,
    /// At its end the picture or the sound had no source.
    pub source_away: bool,
}

/// Every state with its letter.
const STATES: [(DestinationState, &str); 6] = [
    (DestinationState::Connecting, "C"),
    (DestinationState::Live, "L"),
    (DestinationState::Reconnecting, "R"),
    (DestinationState::Ending, "E"),
    (DestinationState::Ended, "-"),
    (DestinationState::Off, "O"),
];

/// Whose state a sentence of the file tells, and which it is.
pub(super) fn state_in(sentence: &str) -> Option<(&str, DestinationState)> {
    let (destination, word) = sentence.rsplit_once(" is ")?;
    let (state, _) = STATES.into_iter().find(|(state, _)| state.word() == word)?;
    Some((destination, state))
}

/// Fields of the first versions, which knew nothing of capturing, converting, the disk and the socket.
const FIELDS_BEFORE_STAGES: usize = 20;
/// Fields of those after them, which did not tell one destination from all.
const FIELDS_BEFORE_DESTINATIONS: usize = 24;
/// Fields of those after them, which did not tell why pictures were dropped.
const FIELDS_BEFORE_THINNED: usize = 27;
/// Fields of those after them, which did not tell of the end of a recording, nor of a source that was away.
const FIELDS_BEFORE_UNRECORDED: usize = 28;

impl FlightSecond {
    /// What happened between two figures, the later taken `at` seconds after the start.
    pub fn between(at: u32, before: Option<&Stats>, now: &Stats) -> Self {
        let since = |of: fn(&Stats) -> u64| of(now).saturating_sub(before.map_or(0, of));
        Self {
            at,
            state: now.state,
            fps: now.fps,
            video_kbps: now.video_kbps,
            audio_kbps: now.audio_kbps,
            network_kbps: now.network_kbps,
            queue_ms: now.queue_ms,
            rtt_ms: now.rtt_ms,
            latency_ms: now.latency.map(|latency| latency.median),
            compose_ms: now.compose_ms,
            encode_ms: now.encode_ms,
            missed: since(|stats| stats.missed),
            skipped: since(|stats| stats.skipped),
            dropped: since(|stats| stats.dropped),
            recording_dropped: since(|stats| stats.recording_dropped),
            audio_xruns: since(|stats| stats.audio_xruns) as u32,
            reconnects: since(|stats| stats.reconnects) as u32,
            cpu_percent: now.cpu_percent,
            rss_mb: now.rss_mb,
            lufs: now.lufs,
            capture_ms: now.capture_ms,
            convert_ms: now.convert_ms,
            disk_ms: now.disk_ms,
            write_ms: now.write_ms,
            away: since(|stats| stats.away) as u32,
            destinations: few(now.destinations.into()),
            destinations_away: few(now.destinations_away.into()),
            thinned: few(since(|stats| stats.thinned)),
            unrecorded: few(since(|stats| stats.unrecorded)),
            source_away: now.source_away,
        }
    }

    /// The fields in their order, apart by tabs. What is not known is empty.
    pub(super) fn to_line(self) -> String {
        let letter = STATES.iter().find(|(state, _)| *state == self.state).map_or("-", |(_, letter)| letter);
        let some = |value: Option<f64>, decimals: usize| value.map_or(String::new(), |value| short(value, decimals));
        let count = |count: u64| if count == 0 { String::new() } else { count.to_string() };
        [
            self.at.to_string(),
            letter.to_owned(),
            short(self.fps, 1),
            short(self.video_kbps, 0),
            short(self.audio_kbps, 0),
            some(self.network_kbps, 0),
            short(self.queue_ms, 0),
            some(self.rtt_ms, 1),
            some(self.latency_ms, 1),
            some(self.compose_ms, 2),
            some(self.encode_ms, 2),
            count(self.missed),
            count(self.skipped),
            count(self.dropped),
            count(self.recording_dropped),
            count(self.audio_xruns.into()),
            count(self.reconnects.into()),
            short(self.cpu_percent, 0),
            some(self.rss_mb, 0),
            some(self.lufs, 1),
            some(self.capture_ms, 2),
            some(self.convert_ms, 2),
            some(self.disk_ms, 0),
            some(self.write_ms, 0),
            count(self.away.into()),
            count(self.destinations.into()),
            count(self.destinations_away.into()),
            count(self.thinned.into()),
            count(self.unrecorded.into()),
            count(self.source_away.into()),
        ]
        .join("\t")
    }

    /// Reads a line; fields that newer versions add at its end are left alone. `None`: it is not whole.
    pub(super) fn from_line(line: &str) -> Option<Self> {
        let known = line.matches('\t').count() + 1;
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (at, letter) = (next()?.parse().ok()?, next()?);
        let state = STATES.iter().find(|(_, known)| *known == letter)?.0;
        let mut number = || -> Option<Option<f64>> {
            match next()? {
                "" => Some(None),
                text => Some(Some(text.parse::<f64>().ok().filter(|value| value.is_finite())?)),
            }
        };
        let [fps, video_kbps, audio_kbps, network_kbps, queue_ms, rtt_ms, latency_ms, compose_ms, encode_ms] =
            take(&mut number)?;
        let [missed, skipped, dropped, recording_dropped, audio_xruns, reconnects] = take(&mut number)?;
        let [cpu_percent, rss_mb, lufs] = take(&mut number)?;
        // Older versions end here.
        let [capture_ms, convert_ms, disk_ms, write_ms] = match known {
            FIELDS_BEFORE_STAGES => [None; 4],
            _ => take(&mut number)?,
        };
        let [away, destinations, destinations_away] = match known {
            FIELDS_BEFORE_STAGES | FIELDS_BEFORE_DESTINATIONS => [None; 3],
            _ => take(&mut number)?,
        };
        let [thinned] = match known {
            FIELDS_BEFORE_STAGES | FIELDS_BEFORE_DESTINATIONS | FIELDS_BEFORE_THINNED => [None],
            _ => take(&mut number)?,
        };
        let [unrecorded, source_away] = match known {
            FIELDS_BEFORE_STAGES | FIELDS_BEFORE_DESTINATIONS | FIELDS_BEFORE_THINNED | FIELDS_BEFORE_UNRECORDED => {
                [None; 2]
            }
            _ => take(&mut number)?,
        };
        let count = |value: Option<f64>| value.map_or(0, |value| value.max(0.0) as u64);
        Some(Self {
            at,
            state,
            fps: fps?,
            video_kbps: video_kbps?,
            audio_kbps: audio_kbps?,
            network_kbps,
            queue_ms: queue_ms?,
            rtt_ms,
            latency_ms,
            compose_ms,
            encode_ms,
            missed: count(missed),
            skipped: count(skipped),
            dropped: count(dropped),
            recording_dropped: count(recording_dropped),
            audio_xruns: count(audio_xruns) as u32,
            reconnects: count(reconnects) as u32,
            cpu_percent: cpu_percent?,
            rss_mb,
            lufs,
            capture_ms,
            convert_ms,
            disk_ms,
            write_ms,
            away: count(away) as u32,
            destinations: few(count(destinations)),
            destinations_away: few(count(destinations_away)),
            thinned: few(count(thinned)),
            unrecorded: few(count(unrecorded)),
            source_away: count(source_away) > 0,
        })
    }

    /// Pictures that the network had no room for.
    pub fn dropped_by_network(&self) -> u64 {
        self.dropped.saturating_sub(self.thinned.into())
    }

    /// Pictures a viewer did not get.
    pub fn lost(&self) -> u64 {
        self.missed + self.skipped + self.dropped + u64::from(self.away)
    }
}

/// A number of destinations, or of pictures in a second, of which there are never many.
fn few(count: u64) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

fn take<const N: usize>(number: &mut impl FnMut() -> Option<Option<f64>>) -> Option<[Option<f64>; N]> {
    let mut values = [None; N];
    for value in &mut values {
        *value = number()?;
    }
    Some(values)
}

/// A number in as few letters as its decimals need.
fn short(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::studio::flight) fn second(at: u32) -> FlightSecond {
        FlightSecond {
            at,
            state: DestinationState::Live,
            fps: 30.0,
            video_kbps: 2987.0,
            audio_kbps: 128.0,
            network_kbps: None,
            queue_ms: 0.0,
            rtt_ms: Some(21.5),
            latency_ms: Some(8.2),
            compose_ms: Some(0.81),
            encode_ms: Some(6.02),
            missed: 0,
            skipped: 0,
            dropped: 0,
            recording_dropped: 0,
            audio_xruns: 0,
            reconnects: 0,
            cpu_percent: 41.0,
            rss_mb: Some(54.0),
            lufs: Some(-16.2),
            capture_ms: Some(2.31),
            convert_ms: Some(0.42),
            disk_ms: Some(14.0),
            write_ms: Some(3.0),
            away: 0,
            destinations: 1,
            destinations_away: 0,
            thinned: 0,
            unrecorded: 0,
            source_away: false,
        }
    }

    #[test]
    fn a_line_reads_as_it_was_written_and_six_hours_are_small() {
        for (state, _) in STATES {
            let second = FlightSecond { state, network_kbps: Some(1200.0), dropped: 7, lufs: None, ..second(21_599) };
            let second = FlightSecond { away: 30, destinations: 3, destinations_away: 2, thinned: 5, ..second };
            let second = FlightSecond { unrecorded: 7, source_away: true, ..second };
            assert_eq!(FlightSecond::from_line(&second.to_line()), Some(second));
            let newer = format!("{}\t17", second.to_line());
            assert_eq!(FlightSecond::from_line(&newer), Some(second));
        }
        let bytes: usize = (0..6 * 3600).map(|at| "S\t\n".len() + second(at).to_line().len()).sum();
        assert!(bytes < 2_000_000, "{bytes} bytes");
    }

    #[test]
    fn a_line_of_an_older_version_is_read() {
        let old = "5\tL\t30\t2987\t128\t\t0\t21.5\t8.2\t0.81\t6.02\t\t\t\t\t\t\t41\t54\t-16.2";
        let known = FlightSecond { destinations: 0, ..second(5) };
        let older = FlightSecond { capture_ms: None, convert_ms: None, disk_ms: None, write_ms: None, ..known };
        assert_eq!(FlightSecond::from_line(old), Some(older));
        let with_stages = format!("{old}\t2.31\t0.42\t14\t3");
        assert_eq!(FlightSecond::from_line(&with_stages), Some(known));
        assert_eq!(FlightSecond::from_line(&format!("{with_stages}\t\t1\t")), Some(second(5)));
        assert_eq!(FlightSecond::from_line(&format!("{with_stages}\t\t1\t\t")), Some(second(5)));
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        let whole = second(5).to_line();
        let tabs = whole.matches('\t').count();
        for end in 0..whole.len() {
            let part = &whole[..end];
            let read = FlightSecond::from_line(part);
            let there = part.matches('\t').count();
            let is_older = there + 1 == FIELDS_BEFORE_STAGES
                || there + 1 == FIELDS_BEFORE_DESTINATIONS
                || (FIELDS_BEFORE_THINNED..=FIELDS_BEFORE_UNRECORDED).contains(&(there + 1));
            assert!(read.is_none() || there == tabs || is_older, "{part:?}");
        }
        assert_eq!(FlightSecond::from_line("5\tX\t30"), None);
        assert_eq!(FlightSecond::from_line(&whole.replace("2987", "nan")), None);
    }
}
