//! Sentences and labels with figures in them.

use std::path::Path;

use super::{Lang, Text, Words};
use crate::media::{Bitrate, FrameRate, Size};
use crate::settings::StreamName;
use crate::studio::{DestinationState, KEY_IN_FILE, Problem};

impl Words {
    /// `value` with `digits` after the language's own decimal mark, and a real minus sign.
    pub fn decimal(self, value: f64, digits: usize) -> String {
        let mut plain = format!("{value:.digits$}");
        // A little below nothing is nothing.
        if plain.starts_with('-') && plain.chars().all(|c| matches!(c, '-' | '0' | '.')) {
            plain.remove(0);
        }
        let marked = if self.0 == Lang::German { plain.replace('.', ",") } else { plain };
        marked.replace('-', "−")
    }

    /// `seconds` as a clock: `00:12:41`.
    pub fn timer(self, seconds: f64) -> String {
        let whole = seconds.max(0.0) as u64;
        format!("{:02}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
    }

    /// A stretch of time in words: `9 h 20 min`, `4 min`, `12 s`.
    pub fn stretch(self, seconds: f64) -> String {
        let whole = seconds.max(0.0) as u64;
        match (whole / 3600, whole / 60 % 60) {
            (0, 0) => format!("{whole} s"),
            (0, minutes) => format!("{minutes} min"),
            (hours, minutes) => format!("{hours} h {minutes:02} min"),
        }
    }

    /// What happens to what the network does not take.
    pub fn when_narrow(self, cache_seconds: u32) -> String {
        match (cache_seconds, self.0) {
            (0, Lang::English) => "Stay current".to_owned(),
            (0, Lang::German) => "Aktuell bleiben".to_owned(),
            (seconds, Lang::English) => format!("Miss nothing, up to {seconds} s behind"),
            (seconds, Lang::German) => format!("Nichts auslassen, bis zu {seconds} s zurück"),
        }
    }

    /// How many of several destinations have the show.
    pub fn live_of(self, live: usize, all: usize) -> String {
        match self.0 {
            Lang::English => format!("{live} of {all} live"),
            Lang::German => format!("{live} von {all} live"),
        }
    }

    /// Live, but not everywhere.
    pub fn not_everywhere(self, missing: usize, all: usize) -> String {
        match (self.0, missing) {
            (Lang::English, 1) => format!("1 of {all} servers does not get the show"),
            (Lang::English, _) => format!("{missing} of {all} servers do not get the show"),
            (Lang::German, 1) => format!("1 von {all} Servern bekommt die Sendung nicht"),
            (Lang::German, _) => format!("{missing} von {all} Servern bekommen die Sendung nicht"),
        }
    }

    /// Nothing is wrong, and some servers are switched off.
    pub fn some_switched_off(self, off: usize, all: usize) -> String {
        match (self.0, off) {
            (Lang::English, 1) => format!("All good. 1 of {all} servers is switched off"),
            (Lang::English, _) => format!("All good. {off} of {all} servers are switched off"),
            (Lang::German, 1) => format!("Alles gut. 1 von {all} Servern ist ausgeschaltet"),
            (Lang::German, _) => format!("Alles gut. {off} von {all} Servern sind ausgeschaltet"),
        }
    }

    /// The button that switches a destination on.
    pub fn switch_on(self, name: &str) -> String {
        self.0.pick([format!("Switch on {name}"), format!("{name} einschalten")])
    }

    /// Where a destination stands, in a word.
    pub fn destination_state(self, state: DestinationState) -> &'static str {
        let [english, german] = match state {
            DestinationState::Connecting => ["connecting", "verbindet"],
            DestinationState::Live => ["live", "live"],
            DestinationState::Reconnecting => ["reconnecting", "verbindet neu"],
            DestinationState::Ending => ["ending", "endet"],
            DestinationState::Ended => ["over", "zu Ende"],
            DestinationState::Off => ["off", "aus"],
        };
        if self.0 == Lang::German { german } else { english }
    }

    /// A rate in Mb/s without its unit: `2.98`.
    pub fn megabits(self, kbps: f64) -> String {
        self.decimal(kbps / 1000.0, 2)
    }

    /// `1280×720 · 30 · 3000 kb/s`.
    pub fn picture_summary(self, size: Size, frame_rate: FrameRate, bitrate: Bitrate) -> String {
        format!("{} · {} kb/s", self.picture_format(size, frame_rate), bitrate.kbps())
    }

    /// `1280×720 · 30`.
    pub fn picture_format(self, size: Size, frame_rate: FrameRate) -> String {
        let rate = frame_rate.as_f64();
        let digits = if rate.fract() == 0.0 { 0 } else { 2 };
        format!("{}×{} · {}", size.width, size.height, self.decimal(rate, digits))
    }

    /// `31 ms behind`.
    pub fn behind_live(self, ms: f64) -> String {
        self.0.pick([format!("{ms:.0} ms behind"), format!("{ms:.0} ms dahinter")])
    }

    /// `900 of 900 arrived`.
    pub fn arrived(self, arrived: u64, sent: u64) -> String {
        self.0.pick([format!("{arrived} of {sent} arrived"), format!("{arrived} von {sent} angekommen")])
    }

    /// `every 2.0 s, 14 of 14 as chosen`.
    pub fn keyframes(self, seconds: Option<f64>, as_chosen: usize, all: usize) -> String {
        let Some(seconds) = seconds else { return self.text(Text::NotMeasured).to_owned() };
        let seconds = self.decimal(seconds, 1);
        self.0.pick([
            format!("every {seconds} s, {as_chosen} of {all} as chosen"),
            format!("alle {seconds} s, {as_chosen} von {all} wie gewählt"),
        ])
    }

    /// `31 ms, 99 of 100 within 44 ms`.
    pub fn median_and_p99(self, median: &str, p99: &str) -> String {
        self.0.pick([format!("{median}, 99 of 100 within {p99}"), format!("{median}, 99 von 100 innerhalb von {p99}")])
    }

    /// `3 s`: whole seconds that are over.
    pub fn lost_for(self, seconds: f64) -> String {
        format!("{:.0} s", seconds.max(0.0).floor())
    }

    /// What a source is called: Tally's own are called so in every language.
    pub fn source_name(self, name: &str) -> String {
        let mut own = [Text::TestPicture, Text::TestTone, Text::NoSound].into_iter();
        let known = own.find(|own| Words(Lang::English).text(*own) == name);
        known.map_or_else(|| name.to_owned(), |own| self.text(own).to_owned())
    }

    /// `Incoming: phone`.
    pub fn incoming(self, name: &StreamName) -> String {
        self.0.pick([format!("Incoming: {name}"), format!("Eingehend: {name}")])
    }

    /// `Send the stream to rtmp://…`.
    pub fn send_to(self, address: &str) -> String {
        let german = address.replace(KEY_IN_FILE, "SCHLÜSSEL (der in der Schlüsseldatei)");
        self.0.pick([format!("Send the stream to {address}"), format!("Sende den Stream an {german}")])
    }

    /// `Ready for YouTube`.
    pub fn ready_for(self, destination: &str) -> String {
        self.0.pick([format!("Ready for {destination}"), format!("Bereit für {destination}")])
    }

    /// A check failed.
    pub fn check_failed(self, problem: &Problem) -> String {
        let what = self.what(problem);
        self.0.pick([format!("The check failed: {what}"), format!("Die Prüfung schlug fehl: {what}")])
    }

    /// The network takes less than is made.
    pub fn upload_short(self, gives_kbps: f64, wants_kbps: f64) -> String {
        let (gives, wants) = (self.decimal(gives_kbps / 1000.0, 1), self.decimal(wants_kbps / 1000.0, 1));
        self.0.pick([
            format!("Your upload gives {gives} of {wants} Mb/s"),
            format!("Deine Leitung gibt {gives} von {wants} Mb/s"),
        ])
    }

    /// The picture's rate was lowered to what the network takes.
    pub fn rate_lowered(self, now_kbps: f64, wanted_kbps: f64) -> String {
        let (now, wanted) = (self.decimal(now_kbps / 1000.0, 1), self.decimal(wanted_kbps / 1000.0, 1));
        self.0.pick([
            format!("Your upload is narrow: the picture runs at {now} of {wanted} Mb/s until it is wider"),
            format!("Deine Leitung ist eng: das Bild läuft mit {now} von {wanted} Mb/s, bis sie weiter ist"),
        ])
    }

    /// Soon the disk is full.
    pub fn disk_fills_up(self, left_seconds: f64) -> String {
        let left = self.stretch(left_seconds);
        self.0.pick([
            format!("The disk has room for {left} of recording: free some space"),
            format!("Die Platte hat Platz für {left} Aufnahme: schaffe Platz"),
        ])
    }

    /// The last seconds are in this file.
    pub fn replay_saved(self, path: &Path) -> String {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        self.0.pick([format!("Saved as {name}"), format!("Gespeichert als {name}")])
    }

    /// A recording was begun while the show runs.
    pub fn recording_begun(self, path: &Path) -> String {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        self.0.pick([format!("Recording into {name}"), format!("Aufgenommen wird in {name}")])
    }

    /// It was closed; the show goes on.
    pub fn recording_closed(self, path: &Path) -> String {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        self.0.pick([
            format!("Recorded as {name}. The show goes on"),
            format!("Aufgenommen als {name}. Die Sendung läuft weiter"),
        ])
    }

    /// The button that shows so many more problems.
    pub fn and_more(self, count: usize) -> String {
        match (self.0, count) {
            (Lang::English, _) => format!("and {count} more"),
            (Lang::German, 1) => "und 1 weiteres".to_owned(),
            (Lang::German, _) => format!("und {count} weitere"),
        }
    }

    /// A report could not be written.
    pub fn not_written(self, why: &str) -> String {
        self.0.pick([format!("not written: {why}"), format!("nicht geschrieben: {why}")])
    }

    /// A moment was marked.
    pub fn marked(self, number: u32, at_seconds: f64) -> String {
        let at = self.timer(at_seconds);
        self.0.pick([format!("Mark {number} at {at}"), format!("Marke {number} bei {at}")])
    }

    /// A server's own words, in the language's quotation marks.
    pub fn server_said(self, said: &str) -> String {
        let says = self.text(Text::ServerSaid);
        self.0.pick([format!("{says} “{said}”"), format!("{says} „{said}“")])
    }

    /// Keys as they are called on a keyboard, such as `Ctrl+Shift+R`.
    pub fn keys(self, keys: &str) -> String {
        let names =
            [("Ctrl", "Strg"), ("Shift", "Umschalt"), ("Space", "Leertaste"), ("PgUp", "Bild ↑"), ("PgDn", "Bild ↓")];
        match self.0 {
            Lang::English => keys.to_owned(),
            Lang::German => names.iter().fold(keys.to_owned(), |keys, (english, german)| keys.replace(english, german)),
        }
    }

    /// Time left on the disk, in short.
    pub fn left(self, left_seconds: f64) -> String {
        // Minutes matter once they are few.
        let left_seconds = if left_seconds >= 7200.0 { (left_seconds / 3600.0).floor() * 3600.0 } else { left_seconds };
        let left = self.stretch(left_seconds).replace(" 00 min", "");
        self.0.pick([format!("({left} left)"), format!("(noch {left})")])
    }

    /// The button that lowers the rate.
    pub fn lower_to(self, kbps: u32) -> String {
        let rate = self.decimal(f64::from(kbps) / 1000.0, 1);
        self.0.pick([format!("Lower to {rate}"), format!("Auf {rate} senken")])
    }

    /// What a screen reader says of a meter.
    pub fn level_now(self, name: &str, peak_dbfs: f32) -> String {
        let level = self.text(Text::Level);
        let named = if name.is_empty() { level.to_owned() } else { format!("{level} {name}") };
        format!("{named} {} dB", self.decimal(f64::from(peak_dbfs), 0))
    }

    /// The name of a volume fader.
    pub fn volume_of(self, name: &str) -> String {
        format!("{} {name}", self.text(Text::Volume)).trim_end().to_owned()
    }

    /// `Mute Mic`.
    pub fn mute_of(self, name: &str, muted: bool) -> String {
        format!("{} {name}", self.text(if muted { Text::Unmute } else { Text::Mute })).trim_end().to_owned()
    }

    /// How often the connection was lost, in words.
    pub fn times(self, count: u64) -> String {
        match count {
            0 => self.text(Text::None).to_owned(),
            1 => self.0.pick(["once", "einmal"]).to_owned(),
            count => self.0.pick([format!("{count} times"), format!("{count}-mal")]),
        }
    }

    /// Where in the show most went wrong.
    pub fn worst_second(self, at_seconds: u64, frames_lost: u64) -> String {
        let at = self.timer(at_seconds as f64);
        if frames_lost == 0 {
            return self.text(Text::None).to_owned();
        }
        match frames_lost {
            1 => self.0.pick([format!("at {at}, 1 frame lost"), format!("bei {at}, 1 Bild verloren")]),
            lost => self.0.pick([format!("at {at}, {lost} frames lost"), format!("bei {at}, {lost} Bilder verloren")]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_speak_the_language() {
        let (english, german) = (Words(Lang::English), Words(Lang::German));
        assert_eq!(english.decimal(-14.25, 1), "−14.2");
        assert_eq!(german.decimal(-14.25, 1), "−14,2");
        assert_eq!(english.timer(761.9), "00:12:41");
        assert_eq!(english.timer(-3.0), "00:00:00");
        assert_eq!(english.timer(360_000.0), "100:00:00");
        assert_eq!(german.stretch(9.0 * 3600.0 + 1200.0), "9 h 20 min");
        assert_eq!(german.stretch(12.7), "12 s");
        assert_eq!(english.lost_for(3.9), "3 s");
        assert_eq!(german.upload_short(2100.0, 3000.0), "Deine Leitung gibt 2,1 von 3,0 Mb/s");
        assert_eq!(english.times(0), "none");
        assert_eq!((english.decimal(-0.04, 1), german.decimal(-0.4, 0)), ("0.0".to_owned(), "0".to_owned()));
        assert_eq!(english.worst_second(12, 1), "at 00:00:12, 1 frame lost");
        assert_eq!(german.worst_second(12, 1), "bei 00:00:12, 1 Bild verloren");
        assert_eq!((german.source_name("Silence"), german.source_name("Mic")), ("Stille".to_owned(), "Mic".to_owned()));
        // Before a source is there nothing has a name.
        for words in [english, german] {
            for name in
                [words.volume_of(""), words.mute_of("", false), words.mute_of("", true), words.level_now("", -6.0)]
            {
                assert!(name.trim() == name && !name.contains("  "), "{name:?}");
            }
        }
        let rate = FrameRate::new(30_000, 1001).unwrap();
        assert_eq!(
            german.picture_summary(Size::new(1280, 720), rate, Bitrate::from_kbps(3000)),
            "1280×720 · 29,97 · 3000 kb/s"
        );
    }
}
