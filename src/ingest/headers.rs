//! What a decoder must know before the first picture or sound of a stream, as it is now.

use super::unit::{Unit, UnitKind};

/// Headers kept of one stream: two for each of sixteen tracks.
const HEADERS_MAX: usize = 32;
/// Bytes of one header, or of `onMetaData`: larger ones are passed on and not kept. Real ones have some hundred.
const HEADER_BYTES_MAX: usize = 256 << 10;

/// The newest of each kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers {
    script: Option<Unit>,
    of_tracks: Vec<Unit>,
}

impl Headers {
    /// Keeps `unit` if it is a header; `false`: it is one that is too large. A picture or sound of another codec ends the headers
    /// of the one before: not every codec has any.
    pub(super) fn keep(&mut self, unit: &Unit) -> bool {
        match unit.kind {
            UnitKind::Script | UnitKind::Header(_) if unit.body.len() > HEADER_BYTES_MAX => return false,
            UnitKind::Script => self.script = Some(unit.clone()),
            UnitKind::Header(_) => match self.of_tracks.iter().position(|header| header.kind == unit.kind) {
                Some(place) => self.of_tracks[place] = unit.clone(),
                None if self.of_tracks.len() < HEADERS_MAX => self.of_tracks.push(unit.clone()),
                None => {}
            },
            UnitKind::Keyframe | UnitKind::Picture | UnitKind::Sound => {
                self.of_tracks.retain(|header| {
                    let is_of_track = header.tag == unit.tag && header.track == unit.track;
                    let differs =
                        header.codec.zip(unit.codec).is_some_and(|(header, codec)| header.differs_from(codec));
                    !(is_of_track && differs)
                });
            }
            UnitKind::Other => {}
        }
        true
    }

    /// All of them: `onMetaData` is first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Unit> {
        self.script.iter().chain(&self.of_tracks)
    }

    /// Those of pictures and sound.
    pub(super) fn of_tracks(&self) -> &[Unit] {
        &self.of_tracks
    }
}
