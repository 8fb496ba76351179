//! What the lint found, in words: a title that says what there is, and a sentence that says what is wanted.

use super::Words;
use crate::settings::catalogue::KeyPlace;
use crate::settings::contract::{Finding, Quantity, Rule, Severity};

impl Words {
    /// What there is.
    pub fn finding_title(self, finding: &Finding) -> String {
        let given = finding.given.map(|given| self.quantity(given)).unwrap_or_default();
        let fixed = match finding.rule {
            Rule::ServerMissing => ["No server address", "Keine Serveradresse"],
            Rule::ServerIsExample => ["The address is an example", "Die Adresse ist ein Beispiel"],
            Rule::ServerUnreadable => ["The address cannot be read", "Die Adresse ist nicht lesbar"],
            Rule::KeyMissing => ["No stream key", "Kein Streamschlüssel"],
            Rule::SecretUnread => ["Stream key or password not read", "Streamschlüssel oder Passwort nicht gelesen"],
            Rule::LoginIncomplete => ["The login is incomplete", "Die Anmeldung ist unvollständig"],
            Rule::SentTwice => ["Sent twice with the same key", "Zweimal mit demselben Schlüssel gesendet"],
            Rule::NotEncrypted => ["Not encrypted", "Nicht verschlüsselt"],
            Rule::PictureMissing => ["No picture", "Kein Bild"],
            Rule::NothingToSend => ["Neither picture nor sound", "Weder Bild noch Ton"],
            Rule::Unencodable => {
                ["Picture and sound cannot be made like this", "So lassen sich Bild und Ton nicht herstellen"]
            }
            Rule::NotPortrait => ["The picture lies", "Das Bild liegt quer"],
            Rule::Mono => ["Sound in mono", "Ton in Mono"],
            Rule::KeyframeTooLong | Rule::KeyframeTooShort => {
                return self.0.pick([format!("Keyframe every {given}"), format!("Schlüsselbild alle {given}")]);
            }
            Rule::VideoBitrateTooHigh | Rule::VideoBitrateTooLow => {
                return self.0.pick([format!("Picture at {given}"), format!("Bild mit {given}")]);
            }
            Rule::AudioBitrateTooHigh | Rule::AudioBitrateUnusable | Rule::SampleRate => {
                return self.0.pick([format!("Sound at {given}"), format!("Ton mit {given}")]);
            }
            Rule::FrameRateTooHigh | Rule::PictureTooLarge => {
                return self.0.pick([format!("Picture of {given}"), format!("Bild mit {given}")]);
            }
            Rule::TooLong => {
                return self.0.pick([format!("A show of {given}"), format!("Eine Sendung von {given}")]);
            }
        };
        self.0.pick(fixed).to_owned()
    }

    /// Both in one line.
    pub fn finding_line(self, finding: &Finding) -> String {
        format!("{}. {}", self.finding_title(finding), self.finding_sentence(finding))
    }

    /// What is wanted, and from where on it is refused.
    pub fn finding_sentence(self, finding: &Finding) -> String {
        let who = finding.service.map_or(self.0.pick(["The server", "Der Server"]), |service| service.name);
        let wanted = finding.wanted.map(|wanted| self.quantity(wanted)).unwrap_or_default();
        let refuses = finding.severity == Severity::Refusal;
        let sentence = match finding.rule {
            Rule::ServerMissing if finding.service.is_none_or(|service| service.key_place == KeyPlace::OwnServer) => [
                "Type or paste the address of your server".to_owned(),
                "Tippe oder füge die Adresse deines Servers ein".to_owned(),
            ],
            Rule::ServerMissing => [
                format!("{who} gives you an address of your own: copy it from your page there"),
                format!("{who} gibt dir eine eigene Adresse: kopiere sie von deiner Seite dort"),
            ],
            Rule::ServerIsExample => [
                "Put your own part in the place of the capitals".to_owned(),
                "Setze deinen eigenen Teil an die Stelle der Großbuchstaben".to_owned(),
            ],
            Rule::ServerUnreadable => [
                "Copy it again, whole: it starts with rtmps:// or rtmp://".to_owned(),
                "Kopiere sie noch einmal ganz: sie beginnt mit rtmps:// oder rtmp://".to_owned(),
            ],
            Rule::KeyMissing => {
                [format!("{who} knows by it whose show it is"), format!("{who} erkennt daran, wessen Sendung es ist")]
            }
            Rule::SecretUnread => [
                "Unlock this computer's keyring and start Tally again, or type it anew".to_owned(),
                "Entsperre den Schlüsselbund dieses Rechners und starte Tally neu, oder gib es neu ein".to_owned(),
            ],
            Rule::LoginIncomplete => {
                [format!("{who} asks for user and password"), format!("{who} fragt nach Benutzer und Passwort")]
            }
            Rule::SentTwice => [
                "One would push the other off the air".to_owned(),
                "Die eine Sendung würde die andere verdrängen".to_owned(),
            ],
            Rule::NotEncrypted if refuses => [
                format!("{who} takes encrypted connections only"),
                format!("{who} nimmt nur verschlüsselte Verbindungen"),
            ],
            Rule::NotEncrypted => [
                format!("{who} takes encrypted connections too: nobody on the way sees your key"),
                format!("{who} nimmt auch verschlüsselte Verbindungen: niemand unterwegs sieht deinen Schlüssel"),
            ],
            Rule::PictureMissing => {
                [format!("{who} takes no show of sound alone"), format!("{who} nimmt keine Sendung nur mit Ton")]
            }
            Rule::NotPortrait => {
                [format!("{who} shows upright pictures: {wanted}"), format!("{who} zeigt hochkant: {wanted}")]
            }
            Rule::NothingToSend => {
                ["A show needs one of them".to_owned(), "Eine Sendung braucht eines davon".to_owned()]
            }
            Rule::Unencodable => [
                "Choose another size, rate or sample rate".to_owned(),
                "Wähle eine andere Größe, Rate oder Abtastrate".to_owned(),
            ],
            Rule::AudioBitrateUnusable => [
                format!("With this sample rate and these channels it is 16 to {wanted}"),
                format!("Mit dieser Abtastrate und diesen Kanälen sind es 16 bis {wanted}"),
            ],
            Rule::Mono => {
                [format!("On {who} viewers expect stereo"), format!("Auf {who} erwarten die Zuschauer Stereo")]
            }
            Rule::KeyframeTooLong | Rule::KeyframeTooShort => self.keyframe_sentence(finding, who, &wanted),
            Rule::VideoBitrateTooLow => [
                format!("{who} wants at least {wanted} at this size"),
                format!("{who} will bei dieser Größe mindestens {wanted}"),
            ],
            Rule::SampleRate => [format!("{who} wants {wanted}"), format!("{who} will {wanted}")],
            Rule::TooLong => {
                [format!("{who} ends a show after {wanted}"), format!("{who} beendet eine Sendung nach {wanted}")]
            }
            Rule::VideoBitrateTooHigh | Rule::AudioBitrateTooHigh | Rule::FrameRateTooHigh | Rule::PictureTooLarge
                if refuses =>
            {
                [format!("{who} refuses more than {wanted}"), format!("{who} lehnt mehr als {wanted} ab")]
            }
            Rule::VideoBitrateTooHigh | Rule::AudioBitrateTooHigh | Rule::FrameRateTooHigh | Rule::PictureTooLarge => {
                [format!("{who} wants at most {wanted}"), format!("{who} will höchstens {wanted}")]
            }
        };
        self.0.pick(sentence)
    }

    fn keyframe_sentence(self, finding: &Finding, who: &str, wanted: &str) -> [String; 2] {
        let wants = [format!("{who} wants one every {wanted}"), format!("{who} will eines alle {wanted}")];
        let Some(limit) = finding.refused_beyond.map(|limit| self.quantity(limit)) else { return wants };
        let [english, german] = wants;
        if finding.rule == Rule::KeyframeTooLong {
            [format!("{english}, and refuses above {limit}"), format!("{german} und lehnt mehr als {limit} ab")]
        } else {
            [format!("{english}, and refuses below {limit}"), format!("{german} und lehnt weniger als {limit} ab")]
        }
    }

    /// A figure with its unit.
    pub fn quantity(self, quantity: Quantity) -> String {
        match quantity {
            Quantity::Seconds(seconds) if seconds >= 600.0 => self.stretch(seconds),
            Quantity::Seconds(seconds) => format!("{} s", self.short_decimal(seconds)),
            Quantity::Bitrate(rate) => format!("{} kb/s", rate.kbps()),
            Quantity::FrameRate(rate) => {
                let rate = self.short_decimal(rate.as_f64());
                self.0.pick([format!("{rate} frames a second"), format!("{rate} Bildern in der Sekunde")])
            }
            Quantity::Size(size) => format!("{}×{}", size.width, size.height),
            Quantity::Hertz(hertz) => format!("{} kHz", self.short_decimal(f64::from(hertz) / 1000.0)),
            Quantity::Channels(channels) => channels.to_string(),
            Quantity::Hours(hours) => format!("{hours} h"),
            Quantity::Destination(index) => (index + 1).to_string(),
        }
    }

    /// At most two digits after the mark, and none that are zero at the end.
    pub(crate) fn short_decimal(self, value: f64) -> String {
        let digits = (0..2).find(|digits| {
            let scale = 10_f64.powi(*digits);
            ((value * scale).round() / scale - value).abs() < 0.004
        });
        self.decimal(value, usize::try_from(digits.unwrap_or(2)).unwrap_or(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::catalogue::{SERVICES, Service};
    use crate::settings::contract::lint;
    use crate::settings::{ShowSettings, StreamKey};
    use crate::ui::wording::Lang;

    #[test]
    fn the_sentence_of_the_drawing() {
        let service = Service::by_id("youtube").unwrap();
        let mut settings = ShowSettings { destinations: vec![service.destination()], ..ShowSettings::default() };
        settings.destinations[0].stream_key = Some(StreamKey::new("key"));
        settings.encoding.keyframe_seconds = 8.0;
        let finding = &lint(&settings)[0];
        let english = Words(Lang::English);
        assert_eq!(english.finding_title(finding), "Keyframe every 8 s");
        assert_eq!(english.finding_sentence(finding), "YouTube wants one every 2 s, and refuses above 4 s");
        let german = Words(Lang::German);
        assert_eq!(german.finding_sentence(finding), "YouTube will eines alle 2 s und lehnt mehr als 4 s ab");
    }

    #[test]
    fn every_finding_has_words_that_name_who_and_what() {
        for service in SERVICES {
            let mut settings = ShowSettings { destinations: vec![service.destination()], ..ShowSettings::default() };
            settings.encoding.keyframe_seconds = 20.0;
            settings.encoding.video_bitrate = "50000k".parse().unwrap();
            settings.encoding.frame_rate = "100".parse().unwrap();
            settings.encoding.sample_rate = 32_000;
            for finding in lint(&settings) {
                for lang in Lang::ALL {
                    let words = Words(lang);
                    let both = format!("{}. {}", words.finding_title(&finding), words.finding_sentence(&finding));
                    assert!(!both.contains("  ") && !both.ends_with(' '), "{both}");
                    if let Some(wanted) = finding.wanted {
                        assert!(both.contains(&words.quantity(wanted)) || finding.rule == Rule::Mono, "{both}");
                    }
                }
            }
        }
    }

    #[test]
    fn figures_are_short() {
        let words = Words(Lang::German);
        for (value, shown) in [(2.0, "2"), (29.97, "29,97"), (0.5, "0,5"), (44.1, "44,1"), (23.976, "23,98")] {
            assert_eq!(words.short_decimal(value), shown);
        }
    }
}
