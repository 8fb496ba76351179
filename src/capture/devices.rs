//! What is known of a device before it is opened: for `tally devices`, for choosing one, and for saying what is there when one is not.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(plain_name("Cam\r\nera\t\u{1b}[31m\n"), "Cam  era  [31m");
        assert_eq!(plain_name("Kamera für Ünß"), "Kamera für Ünß");
    }
}
