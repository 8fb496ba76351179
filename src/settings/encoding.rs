//! How picture and sound are encoded, and which values make sense.

use super::SettingsError;
use crate::media::{Bitrate, FrameRate, Size};

/// Sample rates that AAC, FLV and the services take, in Hz.
const SAMPLE_RATES: [u32; 6] = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/// Smallest and largest width and height, in pixels: the encoder's range.
const SIDE: std::ops::RangeInclusive<u32> = 32..=3840;
/// Pixels of the largest picture: 3840x2160, either way up.
const AREA_MAX: usize = 3840 * 2160;
/// The picture's rate, in kb/s.
const VIDEO_KBPS: std::ops::RangeInclusive<u32> = 50..=50_000;
/// The sound's rate, in kb/s.
const AUDIO_KBPS: std::ops::RangeInclusive<u32> = 16..=320;
/// Seconds between keyframes.
const KEYFRAME_SECONDS: std::ops::RangeInclusive<f64> = 0.1..=20.0;

/// Most seconds that a viewer may fall behind.
const CACHE_SECONDS_MAX: u32 = 60;

/// How the show is encoded: the ENCODING flags of the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodingSettings {
    /// Size of the picture.
    pub size: Size,
    /// Pictures a second.
    pub frame_rate: FrameRate,
    /// Rate of the picture.
    pub video_bitrate: Bitrate,
    /// Seconds from keyframe to keyframe.
    pub keyframe_seconds: f64,
    /// Rate of the sound.
    pub audio_bitrate: Bitrate,
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels, 1 or 2.
    pub channels: u16,
    /// Whether the picture's rate follows the network.
    pub adaptive: bool,
    /// As low as it may go then; `None`: a tenth of what is wanted.
    pub video_bitrate_min: Option<Bitrate>,
    /// How far a viewer may fall behind before pictures are dropped, in seconds; 0: the show stays current, and what the
    /// network does not take is dropped.
    pub cache_seconds: u32,
}

impl Default for EncodingSettings {
    fn default() -> Self {
        Self {
            size: Size::new(1280, 720),
            frame_rate: FrameRate::DEFAULT,
            video_bitrate: Bitrate::from_kbps(3000),
            keyframe_seconds: 2.0,
            audio_bitrate: Bitrate::from_kbps(128),
            sample_rate: 48_000,
            channels: 2,
            adaptive: true,
            video_bitrate_min: None,
            cache_seconds: 0,
        }
    }
}

impl EncodingSettings {
    /// As low as the picture's rate may go by itself.
    pub fn lowest_bitrate(&self) -> Bitrate {
        let tenth = Bitrate::from_bps((self.video_bitrate.bps() / 10).max(100_000));
        self.video_bitrate_min.unwrap_or(tenth).min(self.video_bitrate)
    }

    /// The highest rate that sound of this sample rate and so many channels can have.
    pub fn audio_bitrate_max(&self) -> Bitrate {
        // ISO/IEC 14496-3, 4.5.3.3: an AAC frame of 1024 samples holds at most 6144 bits a channel.
        let frame_limit_kbps = u64::from(self.sample_rate) * u64::from(self.channels) * 6 / 1000;
        let most = u32::try_from(frame_limit_kbps).unwrap_or(u32::MAX).clamp(*AUDIO_KBPS.start(), *AUDIO_KBPS.end());
        Bitrate::from_kbps(most)
    }

    /// With another form of the sound, whose rate comes down to what that holds.
    pub fn set_sound_form(&mut self, sample_rate: u32, channels: u16) {
        (self.sample_rate, self.channels) = (sample_rate, channels);
        self.audio_bitrate = self.audio_bitrate.min(self.audio_bitrate_max());
    }

    /// Checks every value.
    ///
    /// # Errors
    /// `SettingsError::Value` about the first value that cannot be used, with what can.
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.validate_picture()?;
        self.validate_sound()
    }

    fn validate_picture(&self) -> Result<(), SettingsError> {
        let Size { width, height } = self.size;
        if !is_within(self.size) {
            return Err(bad("size", self.size, "use 32x32 to 3840x2160, such as 1280x720 or 1920x1080"));
        }
        if width % 2 != 0 || height % 2 != 0 {
            let larger = Size::new(width.next_multiple_of(2), height.next_multiple_of(2));
            let even = if is_within(larger) { larger } else { Size::new(width & !1, height & !1) };
            return Err(bad(
                "size",
                self.size,
                format!("H.264 needs an even width and height: use {even} (or 1280x720, 1920x1080)"),
            ));
        }
        if !VIDEO_KBPS.contains(&self.video_bitrate.kbps()) {
            return Err(bad(
                "video bitrate",
                shown(self.video_bitrate),
                "use 50k to 50000k; 3000k suits 1280x720 at 30 fps",
            ));
        }
        if let Some(lowest) = self.video_bitrate_min.filter(|lowest| !VIDEO_KBPS.contains(&lowest.kbps())) {
            return Err(bad("lowest video bitrate", shown(lowest), "use 50k to 50000k"));
        }
        if self.cache_seconds > CACHE_SECONDS_MAX {
            return Err(bad("cache", self.cache_seconds, format!("use 0 (stay current) to {CACHE_SECONDS_MAX} s")));
        }
        if !KEYFRAME_SECONDS.contains(&self.keyframe_seconds) {
            return Err(bad("keyframe seconds", self.keyframe_seconds, "use 0.1 to 20; services want 2"));
        }
        Ok(())
    }

    fn validate_sound(&self) -> Result<(), SettingsError> {
        if !SAMPLE_RATES.contains(&self.sample_rate) {
            let rates = SAMPLE_RATES.map(|rate| rate.to_string()).join(", ");
            return Err(bad(
                "sample rate",
                self.sample_rate,
                format!("use one of {rates}; services want 48000 or 44100"),
            ));
        }
        if !(1..=2).contains(&self.channels) {
            return Err(bad("channels", self.channels, "use 2 (stereo) or 1 (mono)"));
        }
        let most = self.audio_bitrate_max().kbps();
        if !(*AUDIO_KBPS.start()..=most).contains(&self.audio_bitrate.kbps()) {
            return Err(bad(
                "audio bitrate",
                shown(self.audio_bitrate),
                format!("use {}k to {most}k at {} Hz; 128k suits stereo", AUDIO_KBPS.start(), self.sample_rate),
            ));
        }
        Ok(())
    }
}

/// A rate as it was typed: what is no whole number of kilobits was given in bits.
fn shown(rate: Bitrate) -> String {
    match rate.bps() {
        bits if bits.is_multiple_of(1000) => rate.to_string(),
        bits => format!("{bits} b/s"),
    }
}

fn is_within(size: Size) -> bool {
    SIDE.contains(&size.width) && SIDE.contains(&size.height) && size.area() <= AREA_MAX
}

fn bad(field: &'static str, value: impl std::fmt::Display, advice: impl Into<String>) -> SettingsError {
    SettingsError::Value { field, value: value.to_string(), advice: advice.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let default = EncodingSettings::default();
        assert!(default.validate().is_ok());
        let shown = format!("{} {} {}", default.size, default.frame_rate, default.video_bitrate);
        assert_eq!(shown, "1280x720 30 3000k");
        assert_eq!((default.keyframe_seconds, default.audio_bitrate.kbps(), default.sample_rate), (2.0, 128, 48_000));
        assert!(default.adaptive && default.channels == 2);
    }

    #[test]
    fn each_bad_value_gets_a_sentence_with_a_good_one() {
        let base = EncodingSettings::default;
        let cases: [(EncodingSettings, &str); 14] = [
            (EncodingSettings { size: Size::new(1, 1), ..base() }, "32x32 to 3840x2160"),
            (EncodingSettings { size: Size::new(2305, 3598), ..base() }, "use 2304x3598"),
            (EncodingSettings { size: Size::new(853, 480), ..base() }, "use 854x480"),
            (EncodingSettings { size: Size::new(16, 16), ..base() }, "1280x720"),
            (EncodingSettings { size: Size::new(3840, 3840), ..base() }, "3840x2160"),
            (EncodingSettings { video_bitrate: Bitrate::from_bps(0), ..base() }, "3000k"),
            (EncodingSettings { video_bitrate: Bitrate::from_kbps(90_000), ..base() }, "50000k"),
            (EncodingSettings { keyframe_seconds: 0.0, ..base() }, "services want 2"),
            (EncodingSettings { keyframe_seconds: 20.1, ..base() }, "0.1 to 20"),
            (EncodingSettings { keyframe_seconds: f64::NAN, ..base() }, "0.1 to 20"),
            (EncodingSettings { audio_bitrate: Bitrate::from_bps(0), ..base() }, "128k"),
            (
                EncodingSettings { audio_bitrate: Bitrate::from_kbps(200), sample_rate: 16_000, ..base() },
                "192k at 16000",
            ),
            (EncodingSettings { sample_rate: 47_999, ..base() }, "48000 or 44100"),
            (EncodingSettings { channels: 6, ..base() }, "stereo"),
        ];
        for (settings, advice) in cases {
            let error = settings.validate().unwrap_err().to_string();
            assert!(error.contains(advice), "{error}");
        }
    }

    #[test]
    fn the_rate_of_the_sound_comes_down_with_its_form_and_never_goes_up() {
        for sample_rate in SAMPLE_RATES {
            for (channels, kbps) in [(1, 320), (2, 320), (1, 64), (2, 16)] {
                let audio_bitrate = Bitrate::from_kbps(kbps);
                let mut encoding = EncodingSettings { audio_bitrate, ..EncodingSettings::default() };
                encoding.set_sound_form(sample_rate, channels);
                assert!(encoding.validate().is_ok(), "{encoding:?}");
                assert!(encoding.audio_bitrate <= audio_bitrate);
                encoding.audio_bitrate = Bitrate::from_kbps(encoding.audio_bitrate_max().kbps() + 1);
                assert!(encoding.validate().is_err());
            }
        }
        let mut encoding = EncodingSettings { audio_bitrate: Bitrate::from_kbps(320), ..EncodingSettings::default() };
        encoding.set_sound_form(48_000, 1);
        assert_eq!(encoding.audio_bitrate.kbps(), 288);
    }

    #[test]
    fn portrait_and_4k_are_fine() {
        for (w, h) in [(720, 1280), (2160, 3840), (3840, 2160), (32, 32)] {
            let settings = EncodingSettings { size: Size::new(w, h), ..EncodingSettings::default() };
            assert!(settings.validate().is_ok(), "{w}x{h}");
        }
    }
}
