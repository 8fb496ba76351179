//! The one measured cause of a poor second.

use super::{FlightSecond, FlightWords};
use crate::studio::DestinationState;

/// Why a second was poor: of several, the one that explains the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The program did not run: it has no figures of these seconds.
    Stood,
    /// No server got the show: each was switched off.
    SwitchedOff,
    /// No server got the show.
    Away,
    /// The encoder had no time.
    Encoder,
    /// Decoding the source's pictures took the time that composing needs.
    Source,
    /// Composing had no time: other programs take this computer.
    Computer,
    /// Not every server got the show.
    SomeAway,
    /// The picture or the sound had no source.
    SourceAway,
    /// The network carried less than was sent: pictures were dropped.
    NetworkLost,
    /// The picture was too complex for the rate it was given, though the network would have carried more: pictures were
    /// left out.
    RateLow,
    /// The network carries less than is wanted: the picture takes less.
    NetworkNarrow,
    /// Sound was missing or too much.
    Sound,
    /// The disk of the recording stood still.
    Disk,
    /// The recording had ended, and the show went on.
    Unrecorded,
}

impl Cause {
    /// Every cause.
    #[cfg(test)]
    pub(super) const ALL: [Self; 14] = [
        Self::Stood,
        Self::SwitchedOff,
        Self::Away,
        Self::Encoder,
        Self::Source,
        Self::Computer,
        Self::SomeAway,
        Self::SourceAway,
        Self::NetworkLost,
        Self::RateLow,
        Self::NetworkNarrow,
        Self::Sound,
        Self::Disk,
        Self::Unrecorded,
    ];

    /// Why `second` was poor; `None`: it was good.
    pub fn of(second: &FlightSecond) -> Option<Self> {
        [
            (second.state == DestinationState::Off, Self::SwitchedOff),
            (nobody_got(second), Self::Away),
            (second.skipped > 0, Self::Encoder),
            (second.missed > 0 && source_is_slow(second), Self::Source),
            (second.missed > 0, Self::Computer),
            (second.destinations_away > 0, Self::SomeAway),
            (second.source_away, Self::SourceAway),
            (second.dropped_by_network() > 0, Self::NetworkLost),
            // Where the rate is the network's, so is what does not fit into it.
            (second.dropped > 0 && second.network_kbps.is_some(), Self::NetworkLost),
            (second.dropped > 0, Self::RateLow),
            (second.audio_xruns > 0, Self::Sound),
            (second.unrecorded > 0, Self::Unrecorded),
            (second.recording_dropped > 0, Self::Disk),
            (second.network_kbps.is_some(), Self::NetworkNarrow),
        ]
        .into_iter()
        .find_map(|(holds, cause)| holds.then_some(cause))
    }

    /// What it was, as a part of a sentence.
    pub fn what(self, words: FlightWords) -> &'static str {
        words.pick(match self {
            Self::Stood => [
                "the program stood still, or this computer slept",
                "das Programm stand still, oder dieser Rechner schlief",
            ],
            Self::SwitchedOff => ["every server was switched off", "alle Server waren ausgeschaltet"],
            Self::Away => ["there was no connection", "es gab keine Verbindung"],
            Self::Encoder => {
                ["the encoder had no time for all pictures", "der Encoder hatte nicht für alle Bilder Zeit"]
            }
            Self::Source => [
                "the source's pictures took too long to decode",
                "die Bilder der Quelle zu decodieren dauerte zu lange",
            ],
            Self::Computer => [
                "this computer was too busy to compose all pictures",
                "dieser Rechner war zu beschäftigt, um alle Bilder zusammenzusetzen",
            ],
            Self::SomeAway => ["not every server got the show", "nicht jeder Server bekam die Sendung"],
            Self::SourceAway => ["the picture or the sound had no source", "das Bild oder der Ton hatte keine Quelle"],
            Self::NetworkLost => [
                "the network carried less than was sent, and pictures were dropped",
                "das Netz trug weniger, als gesendet wurde, und Bilder wurden verworfen",
            ],
            Self::RateLow => [
                "the picture was too complex for its bitrate, and pictures were left out",
                "das Bild war zu detailreich für seine Bitrate, und Bilder wurden ausgelassen",
            ],
            Self::NetworkNarrow => [
                "the network was narrow, and the picture took less",
                "das Netz war eng, und das Bild nahm mit weniger vorlieb",
            ],
            Self::Sound => {
                ["the source of the sound gave too little or too much", "die Quelle des Tons gab zu wenig oder zu viel"]
            }
            Self::Disk => [
                "the disk stood still, and the recording has a hole",
                "die Platte stand still, und die Aufnahme hat eine Lücke",
            ],
            Self::Unrecorded => ["the recording had ended", "die Aufnahme war zu Ende"],
        })
    }

    /// One thing to do about it, as a sentence.
    pub fn to_do(self, words: FlightWords) -> &'static str {
        words.pick(match self {
            Self::Stood => [
                "Turn sleep off for a show, and pause neither the program nor the virtual machine it runs in.",
                "Schalte den Ruhezustand für eine Sendung ab, und halte weder das Programm an noch die virtuelle Maschine, in der \
                 es läuft.",
            ],
            Self::SwitchedOff => [
                "Nobody gets a show whose servers are all off: switch one on.",
                "Eine Sendung, deren Server alle aus sind, bekommt niemand: schalte einen ein.",
            ],
            Self::Away => [
                "Use a cable instead of Wi-Fi, or give the destination a backup server.",
                "Nimm ein Kabel statt WLAN, oder gib dem Ziel einen Ersatzserver.",
            ],
            Self::Encoder => [
                "Choose a smaller picture or fewer pictures a second.",
                "Wähle ein kleineres Bild oder weniger Bilder je Sekunde.",
            ],
            Self::Source => [
                "Choose a smaller picture of the camera, or a clip that is easier to decode.",
                "Wähle ein kleineres Bild der Kamera, oder einen Clip, der leichter zu decodieren ist.",
            ],
            Self::Computer => ["End other programs while you stream.", "Beende andere Programme, während du sendest."],
            Self::SomeAway => [
                "Look whether the server that was missing runs, or give that destination a backup server.",
                "Sieh nach, ob der fehlende Server läuft, oder gib diesem Ziel einen Ersatzserver.",
            ],
            Self::SourceAway => [
                "Check the cable of what was away, or the app that was to send it.",
                "Prüfe das Kabel der Quelle, die fehlte, oder die App, die sie senden sollte.",
            ],
            Self::NetworkLost | Self::NetworkNarrow => [
                "Lower the picture's bitrate, or use a cable and keep others off the network.",
                "Senke die Bitrate des Bildes, oder nimm ein Kabel und halte andere aus dem Netz.",
            ],
            Self::RateLow => [
                "Raise the picture's bitrate, or choose a smaller picture or fewer pictures a second.",
                "Erhöhe die Bitrate des Bildes, oder wähle ein kleineres Bild oder weniger Bilder je Sekunde.",
            ],
            Self::Sound => [
                "End other programs that use the sound card, or try another port for it.",
                "Beende andere Programme, die die Soundkarte verwenden, oder probiere einen anderen Anschluss.",
            ],
            Self::Disk => [
                "Record to a faster disk, or end what else writes to this one.",
                "Nimm auf eine schnellere Platte auf, oder beende, was sonst auf diese schreibt.",
            ],
            Self::Unrecorded => [
                "Look up what ended the recording before the next show.",
                "Sieh vor der nächsten Sendung nach, was die Aufnahme beendet hat.",
            ],
        })
    }
}

/// Whether no server got all of `second`. Files of older versions do not tell one destination from all.
fn nobody_got(second: &FlightSecond) -> bool {
    let is_out = second.state == DestinationState::Reconnecting;
    let unknown = second.destinations == 0;
    let all_away = second.destinations_away > 0 && second.destinations_away >= second.destinations;
    is_out || all_away || (unknown && second.reconnects > 0)
}

/// Whether the source's own work took more than half of the time there is for a picture, and more than composing.
fn source_is_slow(second: &FlightSecond) -> bool {
    let rate = (second.fps + second.missed as f64).max(1.0);
    let spent = second.capture_ms.unwrap_or(0.0) + second.convert_ms.unwrap_or(0.0);
    spent > 500.0 / rate && spent > second.compose_ms.unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::second::tests::second;
    use super::*;

    #[test]
    fn the_cause_that_explains_the_others_is_named() {
        assert_eq!(Cause::of(&second(1)), None);
        let narrow = FlightSecond { network_kbps: Some(900.0), ..second(1) };
        assert_eq!(Cause::of(&narrow), Some(Cause::NetworkNarrow));
        assert_eq!(Cause::of(&FlightSecond { dropped: 3, ..narrow }), Some(Cause::NetworkLost));
        assert_eq!(Cause::of(&FlightSecond { skipped: 1, dropped: 3, ..narrow }), Some(Cause::Encoder));
        let thinned = FlightSecond { dropped: 3, thinned: 3, ..second(1) };
        assert_eq!(Cause::of(&thinned), Some(Cause::RateLow));
        for network in [FlightSecond { dropped: 4, ..thinned }, FlightSecond { network_kbps: Some(900.0), ..thinned }] {
            assert_eq!(Cause::of(&network), Some(Cause::NetworkLost));
        }
        let no_source = FlightSecond { source_away: true, audio_xruns: 2, ..second(1) };
        assert_eq!(Cause::of(&no_source), Some(Cause::SourceAway));
        let busy = FlightSecond { missed: 4, ..second(1) };
        assert_eq!(Cause::of(&busy), Some(Cause::Computer));
        assert_eq!(Cause::of(&FlightSecond { capture_ms: Some(31.0), ..busy }), Some(Cause::Source));
        let stalled = FlightSecond { recording_dropped: 30, ..second(1) };
        assert_eq!(Cause::of(&stalled), Some(Cause::Disk));
        assert_eq!(Cause::of(&FlightSecond { unrecorded: 30, ..stalled }), Some(Cause::Unrecorded));
        let away = FlightSecond { state: DestinationState::Reconnecting, dropped: 30, ..narrow };
        assert_eq!(Cause::of(&away), Some(Cause::Away));
    }

    #[test]
    fn a_second_that_no_server_got_whole_is_not_good_and_one_that_some_got_blames_no_network() {
        let of = |state, destinations, destinations_away| {
            Cause::of(&FlightSecond { state, destinations, destinations_away, dropped: 3, ..second(1) })
        };
        use DestinationState::{Connecting, Ended, Live, Off};
        assert_eq!(of(Live, 2, 0), Some(Cause::NetworkLost));
        assert_eq!(of(Live, 2, 1), Some(Cause::SomeAway));
        assert_eq!(of(Live, 1, 1), Some(Cause::Away), "it was lost and made again within the second");
        for state in [Connecting, Ended] {
            assert_eq!(of(state, 2, 2), Some(Cause::Away), "{state:?}");
        }
        assert_eq!(of(Off, 0, 0), Some(Cause::SwitchedOff), "that is no fault of the network");
        let before_it_is_live = FlightSecond { state: Connecting, ..second(1) };
        assert_eq!(Cause::of(&before_it_is_live), None);
        // Older files.
        let old = FlightSecond { destinations: 0, ..second(1) };
        assert_eq!(Cause::of(&old), None);
        assert_eq!(Cause::of(&FlightSecond { reconnects: 1, ..old }), Some(Cause::Away));
    }
}
