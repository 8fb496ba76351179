//! The strings of the settings and of the profiles menu.

use std::path::Path;

use super::Words;
use super::text::table;
use crate::media::Bitrate;
use crate::settings::contract::Quantity;
use crate::settings::{Done, LeftOut, LinkError, Lock, PasteError, RecordSplit};

table! {
    SettingsText;

    // The sheet
    Undo: "Undo", "Rückgängig";
    Redo: "Redo", "Wiederholen";
    LockedWhileLive: "Locked while live", "Gesperrt, solange du live bist";
    Choose: "Choose…", "Wählen …";
    More: "More…", "Mehr …";
    Less: "Less", "Weniger";
    Off: "Off", "Aus";
    None: "None", "Keiner";
    Fix: "Fix", "Beheben";
    FixAll: "Fix all", "Alles beheben";

    // Destination
    Destinations: "Destination", "Ziel";
    AddDestination: "Add destination", "Ziel hinzufügen";
    RemoveDestination: "Remove destination", "Ziel entfernen";
    Service: "Service", "Dienst";
    CustomServer: "Custom server", "Eigener Server";
    Name: "Name", "Name";
    Server: "Server", "Server";
    ServerHint: "rtmps://server/app", "rtmps://server/app";
    MainServer: "Main server", "Hauptserver";
    BackupServer: "Backup server", "Ersatzserver";
    PlainServer: "Without encryption", "Ohne Verschlüsselung";
    ServerOf: "Address", "Adresse";
    StreamKey: "Stream key", "Streamschlüssel";
    KeyHint: "Paste it here", "Hier einfügen";
    Replace: "Replace", "Ersetzen";
    Forget: "Forget", "Vergessen";
    ReplaceKey: "Replace stream key", "Streamschlüssel ersetzen";
    ForgetKey: "Forget stream key", "Streamschlüssel vergessen";
    ReplacePassword: "Replace password", "Passwort ersetzen";
    ForgetPassword: "Forget password", "Passwort vergessen";
    KeyEachEvent: "The service makes it for each event or channel", "Der Dienst macht ihn für jede Veranstaltung oder jeden Kanal";
    KeyOwnServer: "Set by whoever runs the server; it may need none", "Legt fest, wer den Server betreibt; vielleicht braucht er keinen";
    KeptInKeyring: "Kept in this computer's keyring", "Im Schlüsselbund dieses Rechners";
    KeptInFile: "Kept in a file that only you can read: this computer has no keyring", "In einer Datei, die nur du lesen kannst: dieser Rechner hat keinen Schlüsselbund";
    SecretUnread: "Kept, but this computer's keyring does not give it", "Aufgehoben, aber der Schlüsselbund dieses Rechners gibt nichts heraus";
    User: "User", "Benutzer";
    Password: "Password", "Passwort";
    TlsCa: "Extra certificate (PEM)", "Zusätzliches Zertifikat (PEM)";
    TlsCaHint: "Path of a file", "Pfad einer Datei";

    Backup: "Server in reserve", "Server in Reserve";
    BackupHint: "Gets the show while the first cannot be reached, with the same key", "Bekommt die Sendung, solange der erste nicht erreichbar ist, mit demselben Schlüssel";

    // Picture
    Size: "Size", "Größe";
    FrameRate: "Frame rate", "Bildrate";
    Bitrate: "Bitrate in kb/s", "Bitrate in kb/s";
    Keyframe: "Seconds between keyframes", "Sekunden zwischen Schlüsselbildern";
    Card: "When the picture stops", "Wenn das Bild ausfällt";
    CardWords: "Show a card", "Eine Tafel zeigen";
    CardOff: "Leave the last picture", "Das letzte Bild stehen lassen";
    CardImage: "Show my own picture", "Mein eigenes Bild zeigen";
    CardPath: "Picture file (PNG or JPEG)", "Bilddatei (PNG oder JPEG)";
    Adaptive: "Follow the network", "Dem Netz folgen";
    AdaptiveHint: "When your upload narrows, the picture takes less instead of falling behind", "Wird deine Leitung eng, nimmt das Bild weniger, statt zurückzufallen";

    LowestBitrate: "Lowest bitrate in kb/s", "Niedrigste Bitrate in kb/s";
    WhenNarrow: "When it is too narrow", "Wenn es zu eng ist";

    // Sound
    Device: "Device", "Gerät";
    SampleRate: "Sample rate", "Abtastrate";
    SoundBitrate: "Sound bitrate", "Bitrate des Tons";
    Channels: "Channels", "Kanäle";
    Stereo: "Stereo", "Stereo";
    Mono: "Mono", "Mono";
    Gain: "Volume in dB", "Lautstärke in dB";
    SoundFile: "File", "Datei";

    // Recording
    Record: "Record every show", "Jede Sendung aufnehmen";
    Folder: "Folder", "Ordner";
    FileName: "File name", "Dateiname";
    FileNameHint: "{date} and {time} stand for the start of the show", "{date} und {time} stehen für den Beginn der Sendung";
    FileNameTooLong: "Too long for the name of a file: shorten it", "Zu lang für den Namen einer Datei: kürze ihn";
    Format: "Format", "Format";
    FormatMp4: "Plays everywhere, even if the computer stops in the middle", "Läuft überall, auch wenn der Rechner mittendrin ausgeht";
    FormatFlv: "As it is sent; plays even if the computer stops in the middle", "Wie gesendet; läuft auch, wenn der Rechner mittendrin ausgeht";
    Split: "Begin another file", "Neue Datei beginnen";
    RecordsNextShow: "This show is not being recorded: what you set here is for the next one", "Diese Sendung wird nicht aufgenommen: was du hier einstellst, gilt für die nächste";
    RoomUnknown: "The room on the disk is not known yet", "Der Platz auf der Platte ist noch nicht bekannt";

    // About
    Version: "Version", "Version";
    Licence: "MIT or Apache 2.0, as you like", "MIT oder Apache 2.0, wie du magst";
    OthersWork: "Other people's work in Tally", "Anderer Leute Arbeit in Tally";
    Look: "Look", "Aussehen";
    LookSystem: "As the system", "Wie das System";
    LookDark: "Dark", "Dunkel";
    LookLight: "Light", "Hell";
    LookContrast: "High contrast", "Hoher Kontrast";
    Language: "Language", "Sprache";
    TextSize: "Text size", "Schriftgröße";

    // Profiles
    Profiles: "Profiles", "Profile";
    Save: "Save", "Speichern";
    SaveAs: "Save as…", "Speichern unter …";
    Rename: "Rename…", "Umbenennen …";
    Duplicate: "Duplicate", "Duplizieren";
    Delete: "Delete", "Löschen";
    Import: "Import…", "Importieren …";
    Export: "Export…", "Exportieren …";
    ShowCard: "Show card…", "Sendungskarte …";
    ProfileName: "Profile name", "Name des Profils";
    NewName: "New name", "Neuer Name";
    ImportFrom: "File or tally: link", "Datei oder tally:-Link";
    ExportTo: "File to write", "Zu schreibende Datei";
    ImportNow: "Import", "Importieren";
    ExportNow: "Export", "Exportieren";
    RenameNow: "Rename", "Umbenennen";
    ReplaceFile: "Replace the file", "Datei ersetzen";
    UseProfile: "Use it", "Verwenden";
    Back: "Back", "Zurück";
    Browse: "Browse…", "Durchsuchen …";
    NoDialogs: "This desktop offers no file dialog: type the path", "Dieser Desktop hat keinen Dateidialog: tippe den Pfad";
    ExportHint: "Without stream keys and passwords", "Ohne Streamschlüssel und Passwörter";
    CardTitle: "Pass this show on", "Diese Sendung weitergeben";
    CardHint: "Everything but stream keys, passwords and what belongs to this computer", "Alles außer Streamschlüsseln, Passwörtern und dem, was zu diesem Rechner gehört";
    CopyLink: "Copy link", "Link kopieren";
    QrCode: "QR code of the link", "QR-Code des Links";
    Changed: "changed", "geändert";
}

impl Words {
    /// A fixed string of the settings.
    pub fn settings(self, text: SettingsText) -> &'static str {
        self.0.pick(row(text))
    }

    /// Why something cannot change while live.
    pub fn lock(self, lock: Lock) -> &'static str {
        self.0.pick(match lock {
            Lock::PictureForm => [
                "Size, frame rate and keyframes: services end a show whose picture changes its form",
                "Größe, Bildrate und Schlüsselbilder: Dienste beenden eine Sendung, deren Bild die Form ändert",
            ],
            Lock::SoundForm => [
                "Rates and channels of the sound: services end a show whose sound changes its form",
                "Raten und Kanäle des Tons: Dienste beenden eine Sendung, deren Ton die Form ändert",
            ],
            Lock::Connected => {
                ["Where the show goes: the connection stands", "Wohin die Sendung geht: die Verbindung steht"]
            }
            Lock::Recording => {
                ["The recording: its file is being written", "Die Aufnahme: ihre Datei wird geschrieben"]
            }
            Lock::ReadAtStart => {
                ["This is read once, when the show starts", "Das wird einmal gelesen, wenn die Sendung beginnt"]
            }
            Lock::HasPicture => [
                "Whether there is a picture: a show has one from its start to its end, or none",
                "Ob es ein Bild gibt: eine Sendung hat von Anfang bis Ende eines oder keines",
            ],
        })
    }

    /// Why what was asked for cannot be done while a show is on.
    pub fn locked_on_air(self, lock: Lock) -> String {
        let why = self.lock(lock);
        self.0.pick([
            format!("Not while a show is on, because it would change this. {why}"),
            format!("Nicht während einer Sendung, denn es würde dies ändern. {why}"),
        ])
    }

    /// What was done to pasted text.
    pub fn done(self, done: Done) -> &'static str {
        self.0.pick(match done {
            Done::Trimmed => ["White space around it was removed", "Leerraum darum wurde entfernt"],
            Done::Unquoted => ["Quotes around it were removed", "Anführungszeichen darum wurden entfernt"],
            Done::KeySplit => [
                "The key was in the address; it is now in its own field",
                "Der Schlüssel stand in der Adresse; er hat jetzt sein eigenes Feld",
            ],
            Done::LoginSplit => [
                "The login was in the address; it is now in its own fields",
                "Die Anmeldung stand in der Adresse; sie hat jetzt eigene Felder",
            ],
            Done::ServerSplit => [
                "It was a whole address; the server was taken from it",
                "Es war eine ganze Adresse; der Server wurde daraus übernommen",
            ],
            Done::OldKeyLeft => [
                "The old key belongs to another server and was forgotten",
                "Der alte Schlüssel gehört zu einem anderen Server und wurde vergessen",
            ],
            Done::BackupLeft => [
                "The server in reserve belongs to the old address and was forgotten",
                "Der Server in Reserve gehört zur alten Adresse und wurde vergessen",
            ],
            Done::CertificateLeft => [
                "The extra certificate belongs to the old address and was forgotten",
                "Das zusätzliche Zertifikat gehört zur alten Adresse und wurde vergessen",
            ],
        })
    }

    /// What was left out of a link.
    pub fn left_out(self, left_out: LeftOut) -> &'static str {
        self.0.pick(match left_out {
            LeftOut::Newer => [
                "A newer Tally made this link: there may be more in it",
                "Ein neueres Tally hat diesen Link gemacht: er enthält vielleicht mehr",
            ],
            LeftOut::Unknown => ["Something in the link is not known here", "Etwas im Link ist hier nicht bekannt"],
            LeftOut::Unusable => ["A value in the link cannot be used", "Ein Wert im Link ist nicht zu gebrauchen"],
            LeftOut::Secret => [
                "The link held a key or login, which was not taken",
                "Der Link enthielt Schlüssel oder Anmeldung; sie wurden nicht übernommen",
            ],
        })
    }

    /// Why a link cannot be used.
    pub fn link_error(self, error: LinkError) -> &'static str {
        self.0.pick(match error {
            LinkError::NotALink => ["This is not a link of a show", "Das ist kein Link einer Sendung"],
            LinkError::TooLong => ["There is too much for one link", "Es ist zu viel für einen Link"],
            LinkError::Empty => {
                ["The link is empty: copy it again, whole", "Der Link ist leer: kopiere ihn noch einmal ganz"]
            }
        })
    }

    /// Why pasted or typed text is no address or key.
    pub fn paste_error(self, error: &PasteError) -> String {
        let fixed = match error {
            PasteError::MistypedScheme { typed, meant } => {
                return self.0.pick([
                    format!("{typed}:// is mistyped: did you mean {meant}://?"),
                    format!("{typed}:// ist vertippt: meinst du {meant}://?"),
                ]);
            }
            PasteError::OtherScheme { typed } => {
                return self.0.pick([
                    format!("{typed}:// is not supported: use rtmps:// or rtmp://"),
                    format!("{typed}:// geht nicht: nimm rtmps:// oder rtmp://"),
                ]);
            }
            PasteError::Link(error) => return self.link_error(*error).to_owned(),
            PasteError::Empty => ["There is nothing in it", "Es steht nichts darin"],
            PasteError::TooLong => {
                ["It is far too long for an address or a key", "Es ist viel zu lang für Adresse oder Schlüssel"]
            }
            PasteError::Hidden => [
                "Part of it is hidden: copy it again where it is whole",
                "Ein Teil davon ist verborgen: kopiere es dort, wo es ganz steht",
            ],
            PasteError::SpaceInside => [
                "There is white space inside: copy the address alone",
                "Es ist Leerraum darin: kopiere nur die Adresse",
            ],
            PasteError::SpaceInKey => [
                "There is white space inside: copy the stream key alone",
                "Es ist Leerraum darin: kopiere nur den Streamschlüssel",
            ],
            PasteError::KeyInBackup => [
                "It takes the same stream key: leave the key out of its address (an app of two levels ends with /)",
                "Er nimmt denselben Streamschlüssel: lass ihn in der Adresse weg (eine App aus zwei Teilen endet mit /)",
            ],
            PasteError::LoginInBackup => [
                "It gets the same login: leave name and password out of its address",
                "Er bekommt dieselbe Anmeldung: lass Name und Passwort in der Adresse weg",
            ],
            PasteError::NoScheme => {
                ["An address starts with rtmps:// or rtmp://", "Eine Adresse beginnt mit rtmps:// oder rtmp://"]
            }
            PasteError::WebAddress => [
                "This is a web page: the server's address starts with rtmps:// or rtmp://",
                "Das ist eine Webseite: die Adresse des Servers beginnt mit rtmps:// oder rtmp://",
            ],
            PasteError::BadHost => {
                ["The server's name is missing or wrong", "Der Name des Servers fehlt oder ist falsch"]
            }
            PasteError::BadPort => ["The port is a number from 1 to 65535", "Der Port ist eine Zahl von 1 bis 65535"],
        };
        self.0.pick(fixed).to_owned()
    }

    /// Since when the facts about a service are known.
    pub fn facts_of(self, service: &str, as_of: &str) -> String {
        self.0.pick([
            format!("What Tally knows of {service} is from {as_of}. A custom server overrides it."),
            format!("Was Tally von {service} weiß, ist von {as_of}. Ein eigener Server geht vor."),
        ])
    }

    /// Where a key is found.
    pub fn key_on_page(self, page: &str) -> String {
        self.0.pick([format!("You find it on {page}"), format!("Du findest ihn auf {page}")])
    }

    /// How a service is tested without going on air.
    pub fn test_form(self, query: &str) -> String {
        self.0.pick([
            format!("With ?{query} behind the key the service tests without going on air"),
            format!("Mit ?{query} hinter dem Schlüssel prüft der Dienst, ohne zu senden"),
        ])
    }

    /// A number that is not one of those allowed.
    pub fn number_from_to(self, least: &str, most: &str) -> String {
        let german = |figure: &str| figure.replace('.', ",");
        self.0.pick([format!("Use {least} to {most}"), format!("Nimm {} bis {}", german(least), german(most))])
    }

    /// The highest rate of a sound of this form.
    pub fn sound_holds(self, sample_rate: u32, channels: u16, most: Bitrate) -> String {
        let form = self.settings(if channels == 1 { SettingsText::Mono } else { SettingsText::Stereo });
        let (hertz, most) = (self.quantity(Quantity::Hertz(sample_rate)), self.quantity(Quantity::Bitrate(most)));
        self.0.pick([
            format!("{form} at {hertz} holds at most {most}"),
            format!("{form} mit {hertz} fasst höchstens {most}"),
        ])
    }

    /// When another file begins.
    pub fn split_every(self, split: Option<RecordSplit>) -> String {
        match split {
            None => self.0.pick(["Never", "Nie"]).to_owned(),
            Some(RecordSplit::Size(bytes)) => {
                let size = match bytes as f64 / 1e6 {
                    megabytes if megabytes >= 1000.0 => format!("{} GB", self.figure(megabytes / 1000.0)),
                    megabytes => format!("{} MB", self.figure(megabytes)),
                };
                self.0.pick([format!("Before it is larger than {size}"), format!("Bevor sie größer als {size} ist")])
            }
            Some(RecordSplit::Duration(length)) => {
                let length = self.stretch(length.as_secs_f64());
                self.0.pick([format!("After {length}"), format!("Nach {length}")])
            }
        }
    }

    /// With a decimal where there is one.
    fn figure(self, value: f64) -> String {
        self.decimal(value, usize::from(value.fract() >= 0.05))
    }

    /// What fits on the disk.
    pub fn room_for(self, seconds: f64) -> String {
        let stretch = self.stretch(seconds);
        self.0.pick([format!("Room for {stretch} at this rate"), format!("Platz für {stretch} bei dieser Rate")])
    }

    /// The button that brings a profile back.
    pub fn undo_delete_of(self, name: &str) -> String {
        self.0.pick([format!("Bring back {name}"), format!("{name} zurückholen")])
    }

    /// A profile was exported.
    pub fn written_to(self, path: &Path) -> String {
        let path = path.display();
        self.0.pick([format!("Written to {path}"), format!("Geschrieben nach {path}")])
    }

    /// A profile was imported under this name.
    pub fn imported_as(self, name: &str) -> String {
        self.0.pick([format!("Imported as {name}"), format!("Importiert als {name}")])
    }

    /// A profile was copied under this name.
    pub fn duplicated_as(self, name: &str) -> String {
        self.0.pick([format!("Duplicated as {name}"), format!("Dupliziert als {name}")])
    }

    /// What a screen reader says of a kept secret, and what is drawn for it.
    pub fn secret_ends_with(self, last4: &str) -> String {
        if last4.is_empty() {
            // Of so short a one no letter is told.
            return self.0.pick(["is set", "ist gesetzt"]).to_owned();
        }
        self.0.pick([format!("is set, ends with {last4}"), format!("ist gesetzt, endet auf {last4}")])
    }

    /// A destination among several.
    pub fn destination_number(self, number: usize, name: &str) -> String {
        if name.trim().is_empty() { format!("{number}") } else { format!("{number} · {name}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::wording::Lang;

    #[test]
    fn every_string_is_there_in_every_language_and_follows_the_house() {
        assert!(SettingsText::ALL.len() > 50);
        for text in SettingsText::ALL {
            for string in row(*text) {
                assert!(!string.trim().is_empty() && string.trim() == string, "{text:?}: {string:?}");
                assert!(!string.ends_with(':') && !string.contains("..."), "{text:?}: {string:?}");
            }
        }
    }

    #[test]
    fn sentences_name_what_they_are_about() {
        for words in Lang::ALL.map(Words) {
            let mistyped = PasteError::MistypedScheme { typed: "rmtp".to_owned(), meant: "rtmp" };
            let sentence = words.paste_error(&mistyped);
            assert!(sentence.contains("rmtp://") && sentence.contains("rtmp://?"), "{sentence}");
            assert!(words.facts_of("YouTube", "2026-11").contains("2026-11"));
            assert!(!words.secret_ends_with("").contains(','), "there is no end to tell");
            let figures = words.number_from_to("0.1", "20");
            assert_eq!(figures.contains("0,1"), words.0 == Lang::German, "{figures}");
            assert!(words.room_for(9.0 * 3600.0 + 1200.0).contains("9 h 20 min"));
        }
    }
}
