//! What the settings and the profiles menu show beside the settings themselves, as plain data.

use std::path::PathBuf;

use super::source_view::Devices;
use crate::settings::contract::Finding;
use crate::settings::{KeysIn, LinkError, Lock, QrCode, ShowLink, ShowSettings, Warning};
use crate::studio::Problem;

/// What the tabs need to know.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SettingsAround {
    /// Microphones.
    pub microphones: Devices,
    /// Room on the disk of the recording, in bytes, if that is known.
    pub disk_free: Option<u64>,
    /// Where the recording went that was switched off last.
    pub recording_off: Option<PathBuf>,
    /// Why recordings cannot be written where they are to be.
    pub recording_fault: Option<Problem>,
    /// Why the picture of the card cannot be used.
    pub card_fault: Option<Problem>,
    /// Whether no file of the show that runs is open: what is locked for it is open then.
    pub unrecorded: bool,
    /// Whether the system has file dialogs.
    pub has_dialogs: bool,
    /// Where stream keys are kept, if that is known.
    pub keys_in: Option<KeysIn>,
    /// Why the last change was not taken.
    pub refused: Option<Lock>,
    /// The destination whose address was typed and not taken, and what is set there.
    pub wrong_server: Option<(usize, String)>,
    /// What the destinations want otherwise, the worst first.
    pub findings: Vec<Finding>,
}

/// What the profiles menu needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProfilesAround {
    /// Whether there is something to save.
    pub has_changes: bool,
    /// What the show is called that was never saved, where it comes from.
    pub called: Option<String>,
    /// The profile that can be brought back.
    pub deleted: Option<String>,
    /// What the last act came to, in sentences.
    pub told: Vec<Warning>,
    /// The profile that this act has made, and that is not in use.
    pub can_use: Option<String>,
    /// The file that was not replaced without asking, if one waits for a word.
    pub can_replace: Option<PathBuf>,
    /// Whether the system has file dialogs.
    pub has_dialogs: bool,
    /// The show card, if it is open.
    pub card: Option<Card>,
}

/// The show on a card, to be passed on: everything but secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What the show is called.
    pub name: String,
    /// The link, or why there is none.
    pub link: Result<String, LinkError>,
    /// The link as a QR code.
    pub code: Option<QrCode>,
}

impl Card {
    /// The card of `settings`.
    pub fn of(name: &str, settings: &ShowSettings) -> Self {
        let link = ShowLink::write(name, settings);
        let code = link.as_ref().ok().and_then(|link| QrCode::of(link));
        Self { name: name.to_owned(), link, code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Destination, StreamKey};

    #[test]
    fn a_card_holds_everything_but_the_key() {
        let destination = Destination { stream_key: Some(StreamKey::new("canary")), ..Destination::at("rtmp://h/app") };
        let settings = ShowSettings { destinations: vec![destination], ..ShowSettings::default() };
        let card = Card::of("Church", &settings);
        let link = card.link.clone().unwrap();
        assert!(link.contains("Church") && !format!("{card:?}").contains("canary"));
        assert_eq!(card.code, QrCode::of(&link));
    }
}
