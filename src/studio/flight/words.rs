//! The report's words: each in every language, side by side, so that neither can be forgotten.

use super::Cause;
use super::second::state_in;
use crate::studio::DestinationState;

/// The language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum FlightWords {
    /// English.
    #[default]
    English,
    /// Deutsch.
    German,
}

macro_rules! table {
    ($($name:ident: $english:literal, $german:literal;)*) => {
        /// Fixed strings of a report, named by what they say in English.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Phrase {
            $($name,)*
        }

        impl Phrase {
            /// Every string.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The string in every language, in the order of `FlightWords::ALL`.
            const fn row(self) -> [&'static str; 2] {
                match self {
                    $(Self::$name => [$english, $german],)*
                }
            }
        }
    };
}

table! {
    // The whole
    Language: "en", "de";
    AShow: "A show", "Eine Sendung";
    NoSecond: "The show had not a single second.", "Die Sendung hatte keine einzige Sekunde.";
    NeverBegan: "The show did not begin.", "Die Sendung begann nicht.";
    NothingWrong: "Nothing went wrong.", "Nichts ging schief.";
    NothingWrongYet: "Nothing has gone wrong so far.", "Bisher ging nichts schief.";
    SomethingHappened: "No second was bad; what happened all the same is below.", "Keine Sekunde war schlecht; was trotzdem geschah, steht unten.";
    RecordingEnded: "The recording ended before the show did: what happened is below.", "Die Aufnahme endete vor der Sendung: was geschah, steht unten.";
    RecordingAloneEnded: "The recording failed, and the show ended with it: what happened is below.", "Die Aufnahme scheiterte, und mit ihr endete die Sendung: was geschah, steht unten.";
    StillRuns: "It is still running.", "Sie läuft noch.";
    CutOff: "The program ended before the show did: it was killed, or this computer went off.", "Das Programm endete vor der Sendung: es wurde beendet, oder dieser Rechner ging aus.";

    // Headings
    SecondBySecond: "Second by second", "Sekunde für Sekunde";
    HowGood: "How good each part of the show was", "Wie gut jeder Teil der Sendung war";
    WhenNotGood: "When it was not good", "Wann es nicht gut war";
    WhatHappened: "What happened", "Was geschah";
    WhatItWas: "What the show was", "Was die Sendung war";
    Good: "good", "gut";

    // Graphs
    Rate: "Rate", "Rate";
    Kbps: "kb/s", "kb/s";
    Picture: "picture", "Bild";
    Carried: "what the network carries, where that is less than is wanted", "was das Netz trägt, wo das weniger ist als gewünscht";
    Waiting: "Waiting for the network", "Warten auf das Netz";
    Millis: "ms", "ms";
    Waits: "waits", "wartet";
    RoundTrip: "round trip", "Umlaufzeit";
    CaptureToSocket: "capture to socket", "Aufnahme bis Versand";
    PicturesLost: "Pictures lost", "Verlorene Bilder";
    ASecond: "a second", "je Sekunde";
    Network: "network", "Netz";
    Encoder: "encoder", "Encoder";
    Computer: "this computer", "dieser Rechner";
    Bitrate: "too low a bitrate", "zu niedrige Bitrate";
    AwayServer: "a server that was away", "ein Server, der fort war";
    CostOfPicture: "Cost of a picture", "Kosten eines Bildes";
    Decoding: "decoding", "Decodieren";
    Converting: "converting", "Umwandeln";
    LongestWait: "Longest wait", "Längste Wartezeit";
    ForTheDisk: "for the disk", "auf die Platte";
    ForTheSocket: "for the socket", "auf den Socket";
    Encoding: "encoding", "Encodieren";
    Composing: "composing", "Zusammensetzen";
    Processor: "Processor", "Prozessor";
    OfACore: "% of a core", "% eines Kerns";
    Program: "this program", "dieses Programm";

    // What the show was
    Started: "started", "begonnen";
    Tally: "tally", "Tally";
    HeadPicture: "picture", "Bild";
    Sound: "sound", "Ton";
    Keyframes: "keyframes", "Schlüsselbilder";
    Video: "video", "Bildquelle";
    Audio: "audio", "Tonquelle";
    Destination: "destination", "Ziel";
    Rehearsal: "a rehearsal on this computer", "eine Probe auf diesem Rechner";

    // What happened
    State: "state", "Stand";
    Mark: "mark", "Marke";
    Replay: "replay", "Wiederholung";
    Recording: "recording", "Aufnahme";
    End: "end", "Ende";
    Over: "the show is over", "die Sendung ist zu Ende";
}

/// Keys of a file's head, as `log` writes them, and how they are called.
const HEAD: [(&str, Phrase); 8] = [
    ("started", Phrase::Started),
    ("tally", Phrase::Tally),
    ("picture", Phrase::HeadPicture),
    ("sound", Phrase::Sound),
    ("keyframes", Phrase::Keyframes),
    ("video", Phrase::Video),
    ("audio", Phrase::Audio),
    ("destination", Phrase::Destination),
];

/// Words of events, as `log` writes them, and how they are called. Those of problems are codes to look up.
const EVENTS: [(&str, Phrase); 5] = [
    ("state", Phrase::State),
    ("recording", Phrase::Recording),
    ("mark", Phrase::Mark),
    ("replay", Phrase::Replay),
    ("end", Phrase::End),
];

impl FlightWords {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Of a row of the table, the string of this language.
    pub(super) fn pick<T>(self, row: [T; 2]) -> T {
        let [english, german] = row;
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    pub(super) fn text(self, phrase: Phrase) -> &'static str {
        self.pick(phrase.row())
    }

    /// `value` with the language's own decimal mark.
    pub(super) fn number(self, value: f64, decimals: usize) -> String {
        let plain = format!("{value:.decimals$}");
        self.pick([plain.clone(), plain.replace('.', ",")])
    }

    /// `2026-11-26 05:00:04` as the language writes it; anything else as it is.
    fn moment(self, stored: &str) -> String {
        let german = || {
            let (date, time) = stored.split_once(' ')?;
            let mut parts = date.splitn(3, '-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            Some(format!("{day}.{month}.{year}, {time}"))
        };
        self.pick([None, german()]).unwrap_or_else(|| stored.to_owned())
    }

    /// How a key of the file's head is called.
    pub(super) fn head_key(self, key: &str) -> &str {
        HEAD.iter().find(|(known, _)| *known == key).map_or(key, |(_, phrase)| self.text(*phrase))
    }

    /// A value of the file's head. Files are in English; of what is not known the file's words stay.
    pub(super) fn head_value(self, key: &str, stored: &str) -> String {
        let german = || match key {
            "started" => Some(self.moment(stored)),
            "picture" => {
                let (size, rest) = stored.split_once(" at ")?;
                let (rate, bitrate) = rest.split_once(" a second, ")?;
                Some(format!("{size}, {} je Sekunde, {bitrate}", rate.replace('.', ",")))
            }
            "keyframes" => Some(format!("alle {}", stored.strip_prefix("every ")?)),
            "destination" if stored == Phrase::Rehearsal.row()[0] => Some(self.text(Phrase::Rehearsal).to_owned()),
            _ => None,
        };
        self.pick([None, german()]).unwrap_or_else(|| stored.to_owned())
    }

    /// Whether an event of this word is a problem.
    pub(super) fn is_problem(word: &str) -> bool {
        EVENTS.iter().all(|(known, _)| *known != word)
    }

    /// How the word of an event is called.
    pub(super) fn event_word(self, word: &str) -> &str {
        EVENTS.iter().find(|(known, _)| *known == word).map_or(word, |(_, phrase)| self.text(*phrase))
    }

    /// What an event says. Files are in English; of what is not known, problems above all, the file's words stay.
    pub(super) fn event_sentence(self, word: &str, stored: &str) -> String {
        let german = || match word {
            "state" => {
                let (destination, state) = state_in(stored)?;
                Some(format!("{destination} {}", self.state(state)))
            }
            "mark" => {
                let (number, at) = stored.strip_prefix("mark ")?.split_once(" at ")?;
                let (seconds, of) = at.split_once(" s of the ")?;
                // Earlier files have it of the recording.
                let of = if of == "recording" { "Aufnahme" } else { "Sendung" };
                Some(format!("Marke {number} bei {} s der {of}", seconds.replace('.', ",")))
            }
            "recording" => {
                let path = stored.strip_prefix("the recording ")?;
                let begun = path.strip_suffix(" begins").map(|path| format!("die Aufnahme {path} beginnt"));
                begun.or_else(|| Some(format!("die Aufnahme {} endet", path.strip_suffix(" ends")?)))
            }
            "end" if stored == Phrase::Over.row()[0] => Some(self.text(Phrase::Over).to_owned()),
            _ => None,
        };
        self.pick([None, german()]).unwrap_or_else(|| stored.to_owned())
    }

    fn state(self, state: DestinationState) -> &'static str {
        self.pick([
            state.word(),
            match state {
                DestinationState::Connecting => "verbindet",
                DestinationState::Live => "ist live",
                DestinationState::Reconnecting => "verbindet neu",
                DestinationState::Ending => "endet",
                DestinationState::Ended => "ist zu Ende",
                DestinationState::Off => "ist aus",
            },
        ])
    }

    pub(super) fn show_of(self, started: &str) -> String {
        let started = self.moment(started);
        self.pick([format!("Show of {started}"), format!("Sendung vom {started}")])
    }

    pub(super) fn at_most(self, title: &str, top: &str) -> String {
        self.pick([format!("{title}, at most {top}"), format!("{title}, höchstens {top}")])
    }

    pub(super) fn stretch(self, at: &str, seconds: u32, cause: Cause) -> String {
        let what = cause.what(self);
        self.pick([format!("{at} for {seconds} s: {what}"), format!("{at}, {seconds} s lang: {what}")])
    }

    pub(super) fn and_shorter(self, count: usize) -> String {
        self.pick([format!("… and {count} shorter"), format!("… und {count} kürzere")])
    }

    pub(super) fn and_between(self, count: usize) -> String {
        self.pick([format!("… {count} more …"), format!("… {count} weitere …")])
    }

    pub(super) fn lasted(self, length: &str, good: usize, all: usize, still_runs: bool) -> String {
        let [so_far, bisher] = if still_runs { [" so far", " bisher"] } else { [""; 2] };
        self.pick([
            format!("The show lasted {length}{so_far}; {good} of {all} seconds were good."),
            format!("Die Sendung dauerte{bisher} {length}; {good} von {all} Sekunden waren gut."),
        ])
    }

    pub(super) fn rates(self, video_kbps: f64, audio_kbps: f64, fps: f64) -> String {
        let fps = self.number(fps, 1);
        self.pick([
            format!("Rate: picture {video_kbps:.0} kb/s, sound {audio_kbps:.0} kb/s; {fps} pictures a second."),
            format!("Rate: Bild {video_kbps:.0} kb/s, Ton {audio_kbps:.0} kb/s; {fps} Bilder je Sekunde."),
        ])
    }

    /// `[missed, skipped, dropped, thinned, away, recording]`: by composing, the encoder, the network, and so on.
    pub(super) fn lost(self, [missed, skipped, dropped, thinned, away, recording]: [u64; 6]) -> String {
        self.pick([
            format!(
                "Pictures lost: {missed} by this computer, {skipped} by the encoder, {dropped} by the network, {thinned} by too low a bitrate, {away} while a server was away; {recording} missing in the recording."
            ),
            format!(
                "Verlorene Bilder: {missed} durch diesen Rechner, {skipped} durch den Encoder, {dropped} durch das Netz, {thinned} durch zu niedrige Bitrate, {away} während ein Server fort war; {recording} fehlen in der Aufnahme."
            ),
        ])
    }

    pub(super) fn connections(self, again: u64, queue_ms: f64) -> String {
        self.pick([
            format!("Connections made again: {again}; at most {queue_ms:.0} ms waited for the network."),
            format!("Verbindungen neu aufgebaut: {again}; höchstens {queue_ms:.0} ms warteten auf das Netz."),
        ])
    }

    pub(super) fn program_cost(self, average: f64, most: f64, mib: f64) -> String {
        self.pick([
            format!("This program took {average:.0} % of a core, at most {most:.0} %, and {mib:.0} MiB."),
            format!("Dieses Programm brauchte {average:.0} % eines Kerns, höchstens {most:.0} %, und {mib:.0} MiB."),
        ])
    }

    pub(super) fn picture_cost(self, costs: &str) -> String {
        self.pick([
            format!("A picture's cost in the worst second: {costs}."),
            format!("Kosten eines Bildes in der schlechtesten Sekunde: {costs}."),
        ])
    }

    pub(super) fn longest_wait(self, waits: &str) -> String {
        self.pick([format!("The longest wait {waits}."), format!("Am längsten gewartet: {waits}.")])
    }

    pub(super) fn loudness(self, lufs: f64) -> String {
        let lufs = self.number(lufs, 1);
        self.pick([format!("Loudness: {lufs} LUFS."), format!("Lautheit: {lufs} LUFS.")])
    }

    pub(super) fn cost_most(self, cause: Cause, seconds: usize) -> String {
        let (what, to_do) = (cause.what(self), cause.to_do(self));
        self.pick([
            format!("What cost most: {what} ({seconds} s). {to_do}"),
            format!("Was am meisten kostete: {what} ({seconds} s). {to_do}"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_is_there_in_both_languages() {
        assert!(Phrase::ALL.len() > 40);
        for phrase in Phrase::ALL {
            for string in phrase.row() {
                assert!(!string.trim().is_empty() && string.trim() == string, "{phrase:?}: {string:?}");
            }
        }
        for cause in Cause::ALL {
            let [english, german] = FlightWords::ALL.map(|words| [cause.what(words), cause.to_do(words)]);
            assert!(english[0] != german[0] && english[1] != german[1], "{cause:?}");
        }
    }

    #[test]
    fn what_the_file_says_in_english_is_german_where_it_is_known_and_stays_where_not() {
        let german = FlightWords::German;
        for (word, stored, told) in [
            ("state", "Church is live is reconnecting", "Church is live verbindet neu"),
            ("state", "new words", "new words"),
            ("mark", "mark 2 at 63.5 s of the show", "Marke 2 bei 63,5 s der Sendung"),
            ("mark", "mark 2 at 63.5 s of the recording", "Marke 2 bei 63,5 s der Aufnahme"),
            ("recording", "the recording /v/a b.mp4 begins", "die Aufnahme /v/a b.mp4 beginnt"),
            ("recording", "the recording /v/a b.mp4 ends", "die Aufnahme /v/a b.mp4 endet"),
            ("end", "the show is over", "die Sendung ist zu Ende"),
            ("connection_lost", "The connection was lost.", "The connection was lost."),
        ] {
            assert_eq!(german.event_sentence(word, stored), told);
            assert_eq!(FlightWords::English.event_sentence(word, stored), stored);
        }
        for (key, stored, told) in [
            ("started", "2026-11-26 05:00:04", "26.11.2026, 05:00:04"),
            ("started", "yesterday", "yesterday"),
            ("picture", "1280x720 at 29.97 a second, 3000 kb/s", "1280x720, 29,97 je Sekunde, 3000 kb/s"),
            ("keyframes", "every 2 s", "alle 2 s"),
            ("destination", "a rehearsal on this computer", "eine Probe auf diesem Rechner"),
            ("destination", "rtmp://a.example/app", "rtmp://a.example/app"),
            ("newer", "words", "words"),
        ] {
            assert_eq!(german.head_value(key, stored), told);
            assert_eq!(FlightWords::English.head_value(key, stored), stored);
        }
    }
}
