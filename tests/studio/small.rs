//! The smallest show, of the test signals into this computer.

use tally::media::{Bitrate, FrameRate, Size};
use tally::settings::{AudioChoice, EncodingSettings, ShowSettings, VideoChoice};

pub(crate) fn rehearsal() -> ShowSettings {
    ShowSettings {
        video: VideoChoice::Test,
        audio: AudioChoice::Test,
        rehearse: true,
        encoding: EncodingSettings {
            size: Size::new(320, 180),
            frame_rate: FrameRate::DEFAULT,
            video_bitrate: Bitrate::from_kbps(400),
            ..EncodingSettings::default()
        },
        ..ShowSettings::default()
    }
}
