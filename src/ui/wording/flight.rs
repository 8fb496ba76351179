//! What is said of a second of a show. The causes are the report's own words, so that window and report say the same.

use super::{Text, Words};
use crate::studio::DestinationState;
use crate::studio::flight::{Cause, FlightSecond};
use crate::ui::flight::{Happened, Mark, Quality, ShowEvent, ShowFlight, Trouble};

impl Words {
    /// Where the show stood in a second, in the word of the strip.
    pub fn second_state(self, flight: &ShowFlight, second: &FlightSecond) -> &'static str {
        self.text(match second.state {
            DestinationState::Connecting => Text::StateConnecting,
            DestinationState::Live if flight.rehearsal => Text::StateRehearsal,
            DestinationState::Live if flight.alone => Text::StateRecording,
            DestinationState::Live => Text::StateLive,
            DestinationState::Reconnecting => Text::StateReconnecting,
            DestinationState::Ending | DestinationState::Ended => Text::StateEnding,
            DestinationState::Off => Text::StateOff,
        })
    }

    /// The figures of a second, each with its name.
    pub fn second_figures(self, second: &FlightSecond) -> Vec<(&'static str, String)> {
        let ms = |value: f64, digits| format!("{} ms", self.decimal(value, digits));
        let mut figures = vec![(self.text(Text::SecondRate), self.second_rate(second))];
        figures.push((self.text(Text::SecondQueue), format!("{} s", self.decimal(second.queue_ms / 1000.0, 1))));
        if let Some(latency) = second.latency_ms {
            figures.push((self.text(Text::Latency), ms(latency, 0)));
        }
        let costs = [
            (Text::Decoding, second.capture_ms),
            (Text::Converting, second.convert_ms),
            (Text::Composing, second.compose_ms),
            (Text::Encoding, second.encode_ms),
        ];
        for (name, cost) in costs {
            figures.extend(cost.map(|cost| (self.text(name), ms(cost, 1))));
        }
        figures.push((self.text(Text::FramesLost), self.lost_by(second)));
        figures
    }

    fn second_rate(self, second: &FlightSecond) -> String {
        let sent = self.megabits(second.video_kbps + second.audio_kbps);
        let Some(carried) = second.network_kbps else { return format!("{sent} Mb/s") };
        let carried = self.megabits(carried);
        self.0.pick([format!("{sent} Mb/s, network {carried}"), format!("{sent} Mb/s, Netz {carried}")])
    }

    fn lost_by(self, second: &FlightSecond) -> String {
        let parts = [
            (second.missed, self.0.pick(["this computer", "dieser Rechner"])),
            (second.skipped, self.0.pick(["encoder", "Encoder"])),
            (second.dropped_by_network(), self.0.pick(["network", "Netz"])),
            (second.thinned.into(), self.0.pick(["too low a bitrate", "zu niedrige Bitrate"])),
            (second.away.into(), self.0.pick(["while a server was away", "während ein Server fort war"])),
            (second.recording_dropped, self.0.pick(["recording", "Aufnahme"])),
        ];
        let told: Vec<String> =
            parts.iter().filter(|(lost, _)| *lost > 0).map(|(lost, by)| format!("{lost} {by}")).collect();
        if told.is_empty() { self.text(Text::None).to_owned() } else { told.join(", ") }
    }

    /// Why a second was poor, in one sentence.
    pub fn trouble(self, trouble: Trouble) -> String {
        match trouble {
            Trouble::Cause(cause) => {
                let what = cause.what(self.0.flight_words());
                let mut letters = what.chars();
                let first = letters.next().map(char::to_uppercase);
                first.into_iter().flatten().chain(letters).chain(['.']).collect()
            }
            Trouble::Behind => self.text(Text::SecondBehind).to_owned(),
        }
    }

    /// One thing to do about it.
    pub fn trouble_to_do(self, trouble: Trouble) -> &'static str {
        let cause = match trouble {
            Trouble::Cause(cause) => cause,
            Trouble::Behind => Cause::NetworkNarrow,
        };
        cause.to_do(self.0.flight_words())
    }

    /// How the second at `place` stands for those of its mark: `the worst of 90 s`, or `one of 90 s`.
    pub fn one_of(self, mark: &Mark, place: usize) -> String {
        let count = mark.count;
        match (mark.quality, place == mark.worst) {
            (Quality::Good, _) => {
                self.0.pick([format!("one of {count} good seconds"), format!("eine von {count} guten Sekunden")])
            }
            (Quality::Poor | Quality::Away, true) => {
                self.0.pick([format!("the worst of {count} s"), format!("die schlechteste von {count} s")])
            }
            (Quality::Poor | Quality::Away, false) => {
                self.0.pick([format!("one of {count} s"), format!("eine von {count} s")])
            }
        }
    }

    /// What happened, without the time.
    pub fn happened(self, event: &ShowEvent) -> String {
        match &event.what {
            Happened::State(destination, state) => format!("{destination} {}", self.destination_state(*state)),
            Happened::Problem(problem) => self.what(problem),
            Happened::Mark(number) => self.0.pick([format!("Mark {number}"), format!("Marke {number}")]),
            Happened::Replay(path) => self.replay_saved(path),
            Happened::Recording(path, true) => self.recording_begun(path),
            Happened::Recording(path, false) => self.recording_closed(path),
        }
    }

    /// All of a second in one breath, for whoever hears it.
    pub fn second_sentence(self, flight: &ShowFlight, second: &FlightSecond, events: &[ShowEvent]) -> String {
        let mut parts = vec![self.timer(f64::from(second.at)), self.second_state(flight, second).to_owned()];
        let figures = self.second_figures(second).into_iter();
        parts.extend(figures.map(|(name, value)| format!("{name} {value}")));
        let mut said = parts.join(", ");
        if let Some(trouble) = Trouble::of(second) {
            said += &format!(". {} {}", self.trouble(trouble), self.trouble_to_do(trouble));
        }
        for event in events {
            let stop = if said.ends_with('.') { "" } else { "." };
            said += &format!("{stop} {}", self.happened(event));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::Stats;
    use crate::ui::tests::stats;
    use crate::ui::wording::Lang;

    #[test]
    fn a_second_speaks_the_language() {
        let stats =
            Stats { network_kbps: Some(1200.0), dropped: 14, compose_ms: Some(0.82), ..stats(DestinationState::Live) };
        let (flight, second) = (ShowFlight::default(), FlightSecond::between(3723, None, &stats));
        let mark = [ShowEvent { at: 3723, what: Happened::Mark(2) }];
        assert_eq!(
            Words(Lang::English).second_sentence(&flight, &second, &mark),
            "01:02:03, LIVE, Rate 2.98 Mb/s, network 1.20, Waits for the network 0.2 s, Composing 0.8 ms, \
             Frames lost 14 network. The network carried less than was sent, and pictures were dropped. \
             Lower the picture's bitrate, or use a cable and keep others off the network. Mark 2"
        );
        let marks = [1, 2].map(|number| ShowEvent { at: 3723, what: Happened::Mark(number) });
        let good = FlightSecond::between(3723, None, &crate::ui::tests::stats(DestinationState::Live));
        let said = Words(Lang::English).second_sentence(&flight, &good, &marks);
        assert!(said.ends_with("Frames lost none. Mark 1. Mark 2"), "{said}");
        let german = Words(Lang::German).second_sentence(&flight, &second, &mark);
        assert!(german.contains("2,98 Mb/s, Netz 1,20") && german.contains("Das Netz trug weniger"), "{german}");
        let rehearsal = ShowFlight { rehearsal: true, ..flight };
        assert_eq!(Words(Lang::German).second_state(&rehearsal, &second), "PROBE");
    }
}
