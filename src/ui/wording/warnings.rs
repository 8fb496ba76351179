//! What people should know of what was kept, in the window's words. What the system said is quoted as it was said.

use super::settings_error::capitalised;
use super::{Lang, Words};
use crate::settings::{DocumentWarning, NoKeyring, SecretKind, Warning};

impl Words {
    /// What should be known of what was kept, in a sentence.
    pub fn warning(self, warning: &Warning) -> String {
        let sentence = match self.0 {
            Lang::English => warning.to_string(),
            Lang::German => in_german(warning),
        };
        // A file's name stays as it is.
        if matches!(warning, Warning::Document(..)) { sentence } else { capitalised(&sentence) }
    }
}

fn in_german(warning: &Warning) -> String {
    match warning {
        Warning::Document(file, warning) => format!("{file}: {}", of_document(warning)),
        Warning::SecretGone { secret, destination } => {
            let secret = secret_of(*secret, destination);
            format!("{secret} ist nicht im Speicher für Geheimnisse dieses Rechners: bitte noch einmal eingeben")
        }
        Warning::SecretUnread { secret, destination, reason } => {
            let secret = secret_of(*secret, destination);
            format!("{secret} lässt sich gerade nicht lesen und bleibt, wo es ist: {reason}")
        }
        Warning::SecretsWereOpen { file } => {
            let file = file.display();
            format!("{file} war für andere lesbar; die Datei ist wieder privat, aber denke an neue Streamschlüssel")
        }
        Warning::SecretsBroken { file, aside } => {
            format!("{} war beschädigt und heißt jetzt {}", file.display(), aside.display())
        }
        Warning::KeysInFile { file, why, repaired } => {
            let before = repaired.as_ref().map(|repaired| format!("{}; ", in_german(repaired))).unwrap_or_default();
            let why = match why {
                NoKeyring::LeftAlone(why) => match why.strip_suffix(" is set") {
                    Some(variable) => format!("({variable} ist gesetzt)"),
                    None => format!("({why})"),
                },
                NoKeyring::Refused(reason) => {
                    format!("(dieses System hat keinen Speicher für Geheimnisse: {reason})")
                }
            };
            format!("{before}Streamschlüssel und Passwörter liegen in {}, nur für dich lesbar {why}", file.display())
        }
        Warning::SecretMissing { secret, destination } => {
            format!("{} ist nicht in der Datei: bitte noch einmal eingeben", secret_of(*secret, destination))
        }
        Warning::PartOfAddressLeftOut { destination } => {
            format!("ein Teil einer Adresse von {destination:?}, der geheim sein könnte, ist ausgelassen")
        }
        Warning::AnotherWindow => {
            "ein zweites Tally-Fenster ist offen: was in diesem hier eingestellt wird, merkt sich Tally nicht fürs nächste \
             Mal, solange das andere offen ist; Profile speichern geht"
                .to_owned()
        }
        Warning::Said(sentence) => sentence.clone(),
    }
}

fn of_document(warning: &DocumentWarning) -> String {
    match warning {
        DocumentWarning::Newer => {
            "ein neueres Tally hat sie geschrieben; was dieses nicht kennt, bleibt stehen".to_owned()
        }
        DocumentWarning::NoEncoding => "encoding ist keine Tabelle; es gelten die Vorgaben".to_owned(),
        DocumentWarning::Value { field, value, reason } => {
            format!("{field} = {value} ist nicht zu gebrauchen ({reason}); es gilt die Vorgabe")
        }
        DocumentWarning::NoDestinations => "destinations ist keine Liste von Tabellen; es gibt keine Ziele".to_owned(),
        DocumentWarning::NoServer { place } => format!("{place}server fehlt; dieses Ziel bleibt weg"),
        DocumentWarning::PlainSecret => {
            "darin steht ein Geheimnis offen lesbar; speichere das Profil, dann kommt es heraus".to_owned()
        }
        DocumentWarning::NoName => "kein brauchbarer Name darin; das Profil heißt wie seine Datei".to_owned(),
        DocumentWarning::NameTaken { name } => {
            format!("das Profil {name:?} steht schon in einer anderen Datei; dieses heißt wie seine Datei")
        }
        DocumentWarning::Unreadable { reason } => format!("nicht lesbar: {reason}"),
        DocumentWarning::SetAside { reason, aside: Ok(aside) } => {
            format!("nicht zu gebrauchen: {reason}; die Datei heißt jetzt {}", aside.display())
        }
        DocumentWarning::SetAside { reason, aside: Err(error) } => {
            format!("nicht zu gebrauchen: {reason}; sie ließ sich nicht beiseitelegen ({error})")
        }
    }
}

fn secret_of(secret: SecretKind, destination: &str) -> String {
    match secret {
        SecretKind::StreamKey => format!("der Streamschlüssel von „{destination}“"),
        SecretKind::Password => format!("das Passwort von „{destination}“"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn every_warning_is_a_sentence_in_the_language_of_the_window() {
        let file = PathBuf::from("/home/me/.config/tally/secrets.toml");
        let (destination, reason) = ("YouTube".to_owned(), "locked".to_owned());
        let of_documents = [
            DocumentWarning::Newer,
            DocumentWarning::NoEncoding,
            DocumentWarning::Value { field: "gain_db".to_owned(), value: "99".to_owned(), reason: reason.clone() },
            DocumentWarning::NoDestinations,
            DocumentWarning::NoServer { place: "destinations[0].".to_owned() },
            DocumentWarning::PlainSecret,
            DocumentWarning::NoName,
            DocumentWarning::Unreadable { reason: reason.clone() },
            DocumentWarning::SetAside { reason: reason.clone(), aside: Ok(file.clone()) },
            DocumentWarning::SetAside { reason: reason.clone(), aside: Err("full".to_owned()) },
        ];
        let of_secrets = [SecretKind::StreamKey, SecretKind::Password].into_iter().flat_map(|secret| {
            let (destination, reason) = (destination.clone(), reason.clone());
            let gone = Warning::SecretGone { secret, destination: destination.clone() };
            [gone, Warning::SecretUnread { secret, destination, reason }]
        });
        let repaired = || Some(Box::new(Warning::SecretsWereOpen { file: file.clone() }));
        let of_files = [
            Warning::SecretsBroken { file: file.clone(), aside: "/x/secrets.toml.broken-1".into() },
            Warning::KeysInFile { file: file.clone(), why: NoKeyring::Refused(reason.clone()), repaired: None },
            Warning::KeysInFile { file: file.clone(), why: NoKeyring::LeftAlone("X is set"), repaired: repaired() },
        ];
        let documents = of_documents.into_iter().map(|warning| Warning::Document("/x/sunday.toml".to_owned(), warning));
        let others = [Warning::AnotherWindow];
        for warning in documents.chain(of_secrets).chain(of_files).chain(others) {
            let [english, german] = [Lang::English, Lang::German].map(|lang| Words(lang).warning(&warning));
            assert_ne!(english, german);
            assert!(!german.contains("is set"), "{german}");
            for sentence in [english, german] {
                assert!(!sentence.starts_with(char::is_lowercase) && !sentence.contains("  "), "{sentence}");
            }
        }
    }
}
