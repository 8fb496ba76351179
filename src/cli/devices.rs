//! `tally devices`.

use serde::Serialize;

use super::args::DevicesArgs;
use super::live::json::print_object;
use super::{Exit, Failure, print};
use crate::capture::devices::{DeviceInfo, DeviceKind};
use crate::capture::{camera, microphone};
use crate::clock::Clock;
use crate::studio::{Problem, wording};

/// A line of the list.
#[derive(Serialize)]
struct Row {
    kind: &'static str,
    id: String,
    name: String,
    default: bool,
    formats: Vec<String>,
    detail: String,
}

impl From<DeviceInfo> for Row {
    fn from(device: DeviceInfo) -> Self {
        let DeviceInfo { id, name, kind, formats, default, detail } = device;
        let kind = match kind {
            DeviceKind::Camera => "camera",
            DeviceKind::Microphone => "microphone",
        };
        Self { kind, id, name, default, formats, detail }
    }
}

pub(super) fn run(args: &DevicesArgs) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let microphones = microphone::list();
    let unknown = microphones.as_ref().err().map(Problem::from_source);
    if let Some(problem) = &unknown {
        print::note(&format!("{} {}", wording::what(problem), wording::to_do(problem)));
    }
    let found = camera::list().into_iter().chain(microphones.unwrap_or_default());
    let mut rows: Vec<Row> = found.map(Row::from).collect();
    if !args.json {
        for (kind, instead) in
            [("camera", "--video test shows a test pattern"), ("microphone", "--audio test plays a tone")]
        {
            if rows.iter().all(|row| row.kind != kind) && (kind == "camera" || unknown.is_none()) {
                print::note(&format!("There is no {kind} here; {instead}."));
            }
        }
    }
    rows.extend(encoders());
    for row in rows {
        let goes_on = if args.json { print_object(&clock, "device", &row) } else { print::line(&text(&row)) };
        if !goes_on {
            break;
        }
    }
    Ok(Exit::Ok)
}

/// What encodes, built into the program.
fn encoders() -> [Row; 2] {
    let row = |id: &str, name: &str, format: &str, detail: &str| Row {
        kind: "encoder",
        id: id.to_owned(),
        name: name.to_owned(),
        default: true,
        formats: vec![format.to_owned()],
        detail: detail.to_owned(),
    };
    [
        row("encoder:openh264", "H.264 (OpenH264)", "H.264, up to 3840x2160", "software"),
        row("encoder:fdk-aac", "AAC (FDK-AAC)", "AAC-LC, 16000 to 48000 Hz, mono or stereo", "software"),
    ]
}

fn text(row: &Row) -> String {
    let default = if row.default { " (default)" } else { "" };
    let mut text = format!("{:<10}  {}{default}\n            {}", row.kind, row.id, row.name);
    if !row.detail.is_empty() {
        text.push_str(&format!(", {}", row.detail));
    }
    for format in &row.formats {
        text.push_str(&format!("\n            {format}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_shown_with_all_that_is_known() {
        let device = DeviceInfo {
            id: "camera:usb-1".to_owned(),
            name: "Webcam".to_owned(),
            kind: DeviceKind::Camera,
            formats: vec!["1280x720 YUYV at 30 fps".to_owned()],
            default: true,
            detail: "/dev/video0".to_owned(),
        };
        let row = Row::from(device);
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(
            (json["kind"].as_str(), json["id"].as_str(), json["default"].as_bool()),
            (Some("camera"), Some("camera:usb-1"), Some(true))
        );
        let text = text(&row);
        for part in ["camera:usb-1 (default)", "Webcam, /dev/video0", "1280x720 YUYV at 30 fps"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
