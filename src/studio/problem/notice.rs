//! What is noticed of a source while it runs, and what else there is.

use super::ProblemKind;
use crate::capture::DeviceInfo;
use crate::media::Turn;

/// What may be the right device where the chosen one gives nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherInputs {
    /// Whether the chosen one gives what an output plays, and hears nobody.
    pub is_monitor: bool,
    /// Names of the others that hear something.
    pub names: Vec<String>,
}

impl OtherInputs {
    /// More names than these help nobody.
    const NAMES_MAX: usize = 5;

    /// Where the device `id` is chosen and `devices` are there; `None` where there is no other to choose.
    pub fn beside(id: &str, devices: &[DeviceInfo]) -> Option<Self> {
        let others = devices.iter().filter(|device| device.id != id && !device.is_monitor());
        let names: Vec<_> = others.map(|device| device.name.clone()).take(Self::NAMES_MAX).collect();
        (!names.is_empty()).then(|| Self { is_monitor: id.ends_with(".monitor"), names })
    }
}

/// What is noticed of a source while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The source's id.
    pub id: String,
    /// The source's name.
    pub about: String,
    /// What: one of `ProblemKind::NOTICES`.
    pub kind: ProblemKind,
    /// Whether it begins or is over.
    pub turn: Turn,
    /// Of a microphone that gives nothing: what else there is.
    pub inputs: Option<OtherInputs>,
    /// Whether only the fader's gain makes it too loud.
    pub by_gain: bool,
}
