//! Script data: `onMetaData` (E.5).

use bytes::Bytes;

use crate::amf::{Object, Reader, Value, read_all, write_value};
use crate::media::StreamConfig;

/// A script data body: `onMetaData` and what it says of the show. `encoder` names the program.
pub fn metadata(config: &StreamConfig, encoder: &str) -> Bytes {
    let mut fields = Object::new().with("duration", 0.0).with("fileSize", 0.0);
    if let Some(video) = &config.video {
        fields.push("width", video.size.width);
        fields.push("height", video.size.height);
        fields.push("framerate", video.frame_rate.as_f64());
        fields.push("videocodecid", 7.0);
        fields.push("videodatarate", f64::from(video.bitrate.bps()) / 1000.0);
    }
    if let Some(audio) = &config.audio {
        fields.push("audiocodecid", 10.0);
        fields.push("audiodatarate", f64::from(audio.bitrate.bps()) / 1000.0);
        fields.push("audiosamplerate", audio.sample_rate);
        fields.push("audiosamplesize", 16.0);
        fields.push("audiochannels", u32::from(audio.channels));
        fields.push("stereo", audio.channels == 2);
    }
    fields.push("encoder", encoder);
    let mut body = Vec::with_capacity(400);
    write_value(&mut body, &"onMetaData".into());
    write_value(&mut body, &Value::EcmaArray(fields));
    body.into()
}

/// The number of this name in a script data body such as `onMetaData`; `None` where there is none or it cannot be read.
pub fn metadata_number(body: &[u8], name: &str) -> Option<f64> {
    let mut reader = Reader::new(body);
    reader.read_value().ok()?;
    reader.read_value().ok()?.get(name).and_then(Value::as_number)
}

/// What `onMetaData` of a file says of that file's own end and places (the numbers that nginx-rtmp, FFmpeg and flvmeta write).
const OF_A_FILE: [&str; 8] = [
    "duration",
    "filesize",
    "videosize",
    "audiosize",
    "datasize",
    "lasttimestamp",
    "lastkeyframetimestamp",
    "lastkeyframelocation",
];

/// A script data body as it is true of another file: whoever sends a file says how long that is and where its keyframes are,
/// and players would believe it of a recording. A length of 0 is one that is not known. Bodies that say nothing of that kind,
/// or cannot be read, stay as they are.
pub fn without_length(body: &Bytes) -> Bytes {
    let is_untrue = |name: &str, value: &Value| {
        name == "keyframes" || (OF_A_FILE.contains(&name.to_ascii_lowercase().as_str()) && *value != Value::Number(0.0))
    };
    let Ok(mut values) = read_all(body) else { return body.clone() };
    let Some(Value::Object(fields) | Value::EcmaArray(fields)) = values.get_mut(1) else { return body.clone() };
    if !fields.iter().any(|(name, value)| is_untrue(name, value)) {
        return body.clone();
    }
    let kept = fields.iter().filter(|(name, _)| *name != "keyframes");
    *fields = kept
        .map(|(name, value)| (name.to_owned(), if is_untrue(name, value) { Value::Number(0.0) } else { value.clone() }))
        .collect();
    let mut out = Vec::with_capacity(body.len());
    values.iter().for_each(|value| write_value(&mut out, value));
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{AudioConfig, Bitrate, FrameRate, Size, VideoConfig};

    #[test]
    fn it_says_what_servers_ask_for() {
        let config = StreamConfig {
            video: Some(VideoConfig {
                size: Size::new(1280, 720),
                frame_rate: FrameRate::new(30_000, 1001).unwrap(),
                bitrate: Bitrate::from_kbps(3000),
                sps: Bytes::new(),
                pps: Bytes::new(),
            }),
            audio: Some(AudioConfig {
                sample_rate: 48_000,
                channels: 2,
                bitrate: Bitrate::from_kbps(128),
                audio_specific_config: Bytes::new(),
            }),
        };
        let values = read_all(&metadata(&config, "Tally")).unwrap();
        assert_eq!(values[0].as_str(), Some("onMetaData"));
        let number = |name: &str| values[1].get(name).and_then(Value::as_number);
        assert_eq!(number("width"), Some(1280.0));
        assert_eq!(number("height"), Some(720.0));
        assert!((number("framerate").unwrap() - 29.97).abs() < 0.001);
        assert_eq!(number("videocodecid"), Some(7.0));
        assert_eq!(number("videodatarate"), Some(3000.0));
        assert_eq!(number("audiocodecid"), Some(10.0));
        assert_eq!(number("audiosamplerate"), Some(48_000.0));
        assert_eq!(metadata_number(&metadata(&config, "Tally"), "height"), Some(720.0));
        assert_eq!(metadata_number(b"\x02\0\x01a", "height"), None);
        assert_eq!(values[1].get("stereo"), Some(&Value::Boolean(true)));
        assert_eq!(values[1].get("encoder").and_then(Value::as_str), Some("Tally"));
    }

    #[test]
    fn a_show_without_picture_says_nothing_of_one() {
        let values = read_all(&metadata(&StreamConfig::default(), "Tally")).unwrap();
        assert_eq!(values[1].get("width"), None);
        assert_eq!(values[1].get("audiocodecid"), None);
    }

    #[test]
    fn the_length_of_the_file_that_is_sent_is_not_that_of_the_recording() {
        let of = |fields: Object| {
            let mut body = Vec::new();
            write_value(&mut body, &"onMetaData".into());
            write_value(&mut body, &Value::EcmaArray(fields));
            Bytes::from(body)
        };
        let index = Object::new().with("times", Value::StrictArray(vec![0.0.into(), 2.0.into()]));
        let sent = Object::new()
            .with("duration", 596.5)
            .with("width", 1280.0)
            .with("fileSize", 1e6)
            .with("keyframes", Value::Object(index))
            .with("title", "Grüße");
        let kept = without_length(&of(sent));
        assert_eq!(metadata_number(&kept, "duration"), Some(0.0));
        assert_eq!(metadata_number(&kept, "fileSize"), Some(0.0));
        assert_eq!(metadata_number(&kept, "width"), Some(1280.0));
        let values = read_all(&kept).unwrap();
        assert_eq!(values[1].get("title").and_then(Value::as_str), Some("Grüße"));
        assert!(values[1].get("keyframes").is_none());
    }

    #[test]
    fn what_says_nothing_of_a_length_stays_byte_by_byte() {
        let live = metadata(&StreamConfig::default(), "Tally");
        for body in [live, Bytes::from_static(b"\x02\0\x01a"), Bytes::from_static(b"\xFF\0"), Bytes::new()] {
            assert_eq!(without_length(&body), body);
        }
    }
}
