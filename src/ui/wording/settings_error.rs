//! What can be wrong with settings and profiles, in the window's words. What the system said is quoted as it was said.

use std::io::{self, ErrorKind};

use super::{Lang, Words, reasons};
use crate::media::is_disk_full;
use crate::settings::{PasteError, SettingsError, UrlOf};

impl Words {
    /// Why settings or a profile cannot be used, read or kept, in a sentence.
    pub fn settings_error(self, error: &SettingsError) -> String {
        match self.0 {
            Lang::English => capitalised(&error.to_string()),
            Lang::German => self.in_german(error),
        }
    }

    fn in_german(self, error: &SettingsError) -> String {
        match error {
            SettingsError::Value { field, value, advice } => {
                format!("{field} {value} ist nicht zu gebrauchen: {advice}")
            }
            SettingsError::Url { of, shown, reason } => {
                let reason = self.paste_error(&PasteError::from(reason.clone()));
                let what = match of {
                    UrlOf::Destination => "Das Ziel",
                    UrlOf::Backup => "Der Server in Reserve",
                };
                format!("{what} {shown} ist nicht zu gebrauchen: {reason}")
            }
            SettingsError::Name { name, .. } => format!(
                "„{name}“ kann kein Profil heißen: nimm 1 bis 100 Zeichen ohne Zeilenumbruch, und keinen Strich am Anfang"
            ),
            SettingsError::NoProfile { name, existing } if existing.is_empty() => {
                format!("Es gibt kein Profil „{name}“ und auch noch kein anderes")
            }
            SettingsError::NoProfile { name, existing } => {
                format!("Es gibt kein Profil „{name}“; es gibt: {}", existing.join(", "))
            }
            SettingsError::Exists { existing } => format!(
                "Es gibt schon ein Profil „{existing}“: benenne es erst um oder lösche es, oder nimm einen anderen Namen"
            ),
            SettingsError::Broken { file, reason } => {
                format!("{} ist kein Profil: {}", file.display(), reasons::in_german(reason))
            }
            SettingsError::Import { reason } => {
                format!("Was importiert werden soll, ist nicht zu gebrauchen: {}", reasons::in_german(reason))
            }
            SettingsError::NewerImport => "Ein neueres Tally hat es geschrieben: aktualisiere dieses".to_owned(),
            SettingsError::Io { action, path, source } => {
                let why = reasons::in_german(&source.to_string());
                format!("Mit {} geht es nicht: {why}{}", path.display(), advice_in_german(action, source))
            }
            SettingsError::FileExists { path } => format!("Es gibt schon eine Datei {}", path.display()),
            SettingsError::Secret { reason } => {
                format!("Der Speicher für Geheimnisse lehnt ab: {}", reasons::in_german(reason))
            }
            SettingsError::NoConfigDir => {
                "Dieses System nennt keinen Ordner für Einstellungen: setze TALLY_CONFIG_DIR auf einen".to_owned()
            }
        }
    }
}

fn advice_in_german(action: &str, error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied if action == "read" => "; gib dir das Recht, es zu lesen",
        kind if is_disk_full(kind) => "; schaffe Platz und versuche es noch einmal",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; gib dir das Recht zu schreiben, oder setze TALLY_CONFIG_DIR auf einen Ordner, in dem du es hast"
        }
        ErrorKind::NotFound => "; prüfe Namen und Ordner",
        ErrorKind::AlreadyExists => "; nichts wird überschrieben: nimm einen anderen Namen",
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => "; nenne eine Datei in einem Ordner",
        _ => "",
    }
}

/// Sentences of the window begin with a capital.
pub(super) fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_the_language_of_the_window_and_begin_with_a_capital() {
        let errors = [
            SettingsError::Exists { existing: "Church".to_owned() },
            SettingsError::NoProfile { name: "Church".to_owned(), existing: Vec::new() },
            SettingsError::FileExists { path: "/x/Church.toml".into() },
            SettingsError::Io {
                action: "write",
                path: "/x/Church.toml".into(),
                source: ErrorKind::PermissionDenied.into(),
            },
            SettingsError::Name { name: "Church\n".to_owned(), advice: "leave out line breaks" },
        ];
        for error in &errors {
            let [english, german] = [Lang::English, Lang::German].map(|lang| Words(lang).settings_error(error));
            assert_ne!(english, german);
            for sentence in [english, german] {
                assert!(!sentence.starts_with(char::is_lowercase) && sentence.contains("Church"), "{sentence}");
            }
        }
        let refused = SettingsError::Import { reason: "line 3 is not valid TOML".to_owned() };
        assert!(Words(Lang::German).settings_error(&refused).ends_with(": Zeile 3 ist kein gültiges TOML"));
        let read_only = SettingsError::Io {
            action: "write",
            path: "/x/.lock".into(),
            source: io::Error::other("Read-only file system (os error 30)"),
        };
        let sentence = Words(Lang::German).settings_error(&read_only);
        assert!(sentence.contains("der Datenträger ist nur lesbar (os error 30)"), "{sentence}");
        assert!(Words(Lang::German).settings_error(&errors[3]).contains("TALLY_CONFIG_DIR"));
    }
}
