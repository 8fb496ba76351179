//! What devices there are: for `tally devices`, for choosing one, and for saying what is there when one is not.

use super::SourceError;

/// What a device captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// Pictures.
    Camera,
    /// Sound.
    Microphone,
}

/// One camera or microphone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Stable over restarts and replugging into the same place: `camera:…` or `mic:…`, as `--video` and
    /// `--audio` take it.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// What it captures.
    pub kind: DeviceKind,
    /// What it offers in words, best first: `1280x720 YUYV at 30 fps`, `48000 Hz, 2 channels`.
    pub formats: Vec<String>,
    /// Whether it is the one that is taken when none is named.
    pub default: bool,
    /// Where it is (`/dev/video0`, `PulseAudio`) and what it is, if it is no ordinary device
    /// (`PulseAudio, what another output plays`).
    pub detail: String,
}

impl DeviceInfo {
    /// Whether it gives what an output plays, and hears nobody.
    pub fn is_monitor(&self) -> bool {
        self.id.ends_with(".monitor") || self.detail.ends_with(MONITOR)
    }
}

/// A device's own name on one line: what is no character to be read becomes a space.
pub(super) fn plain_name(name: &str) -> String {
    let plain: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    plain.trim().to_owned()
}

/// What the detail of a monitor ends with.
pub(super) const MONITOR: &str = "what an output plays";

/// The cameras of this system, the default first. Opens each for a moment; takes some milliseconds.
pub fn list_cameras() -> Vec<DeviceInfo> {
    super::camera::list()
}

/// The microphones of this system, then the monitors of its outputs (marked in `detail`).
///
/// # Errors
/// `NoSoundServer`: which there are is not known.
pub fn list_microphones() -> Result<Vec<DeviceInfo>, SourceError> {
    super::microphone::list()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(plain_name("Cam\r\nera\t\u{1b}[31m\n"), "Cam  era  [31m");
        assert_eq!(plain_name("Kamera für Ünß"), "Kamera für Ünß");
    }
}
