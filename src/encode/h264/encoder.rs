//! The H.264 encoder: High profile, constant rate, one picture in and one access unit out.

use bytes::{BufMut, Bytes, BytesMut};
use openh264_sys2::{
    CAMERA_VIDEO_REAL_TIME, CM_BT709, CONSTANT_ID, CP_BT709, ECOMPLEXITY_MODE, HIGH_COMPLEXITY, LOW_COMPLEXITY,
    MEDIUM_COMPLEXITY, PRO_HIGH, RC_BITRATE_MODE, SEncParamExt, SM_FIXEDSLCNUM_SLICE, SM_SINGLE_SLICE, TRC_BT709,
    VF_UNDEF,
};

use super::library::Library;
use super::limits;
use super::vbv::Vbv;
use crate::bitstream::NalKind;
use crate::encode::{EncodeError, VideoEncoder, VideoEncoderSettings};
use crate::media::{Bitrate, Packet, PacketKind, Picture, Timestamp, VideoConfig};

/// Opens the encoder with the settings that were measured best for live streams. `threads_hint` is how many
/// processors may be used.
pub fn open_h264(settings: &VideoEncoderSettings, threads_hint: usize) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    Ok(Box::new(H264Encoder::open(settings, H264Tuning::for_settings(settings, threads_hint))?))
}

/// Up to here one thread has time to spare (a third of it at 40 million pixels a second), and a second one costs
/// 12 % more processor time; above, the time that a picture waits for its encoding matters more.
const ONE_THREAD_PIXELS_A_SECOND: f64 = 40e6;

/// How hard motion and modes are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complexity {
    /// Least time.
    Low,
    /// Between.
    Medium,
    /// Best picture.
    High,
}

impl Complexity {
    fn in_library(self) -> ECOMPLEXITY_MODE {
        match self {
            Self::Low => LOW_COMPLEXITY,
            Self::Medium => MEDIUM_COMPLEXITY,
            Self::High => HIGH_COMPLEXITY,
        }
    }
}

/// What the settings leave open: found by measuring (`cargo bench --bench encode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H264Tuning {
    /// CABAC and High profile instead of CAVLC and Baseline.
    pub cabac: bool,
    /// How hard motion and modes are searched.
    pub complexity: Complexity,
    /// Skips blocks that look like a still background.
    pub background_detection: bool,
    /// Slices of a picture, each encoded by a thread of its own.
    pub slices: u16,
    /// Takes what a run of eight pictures used too much from the next eight.
    pub fix_overshoot: bool,
    /// Bits of a keyframe, in percent of an average picture's.
    pub keyframe_percent: u16,
}

impl H264Tuning {
    /// The measured best for these settings on this many processors.
    pub fn for_settings(settings: &VideoEncoderSettings, threads_hint: usize) -> Self {
        let pixels_a_second = settings.size.area() as f64 * settings.frame_rate.as_f64();
        let slices = if threads_hint >= 2 && pixels_a_second > ONE_THREAD_PIXELS_A_SECOND { 2 } else { 1 };
        // Six average pictures for a keyframe every two seconds at 30 frames a second; less where keyframes come
        // more often, so that the pictures between them keep most of the bits.
        let gop_frames = settings.frame_rate.frames_in(settings.keyframe_seconds);
        let keyframe_percent = gop_frames.saturating_mul(10).clamp(200, 600) as u16;
        Self {
            cabac: true,
            complexity: Complexity::Low,
            background_detection: false,
            slices,
            fix_overshoot: true,
            keyframe_percent,
        }
    }
}

/// An open encoder.
pub struct H264Encoder {
    library: Library,
    settings: VideoEncoderSettings,
    sps: Bytes,
    pps: Bytes,
    gop_frames: u32,
    /// Frame index of the last keyframe, by its pts: a frame that was missed before the encoder does not move the next
    /// keyframe. `None` before the first.
    keyframe_index: Option<i64>,
    /// The library knows at most 60 frames a second: a higher rate is told as this fraction of it, with the same
    /// fraction of the bitrate, which gives each picture the same bits.
    rate_divisor: u32,
    frame_index: i64,
    vbv: Vbv,
}

/// The library's own range ends at 42, which is too fine for what is complex at a low rate.
const QP_MAX: i32 = 48;
/// The finest quantiser, the library's own.
const QP_MIN: i32 = 12;

/// The highest frame rate the library knows.
const LIBRARY_FPS_MAX: u32 = 60;

impl H264Encoder {
    /// Opens the encoder. Errors say in a sentence what the settings must be instead.
    pub fn open(settings: &VideoEncoderSettings, tuning: H264Tuning) -> Result<Self, EncodeError> {
        limits::check(settings)?;
        let rate = settings.frame_rate;
        let rate_divisor = rate.num().div_ceil(rate.den() * LIBRARY_FPS_MAX).max(1);
        let mut library = Library::open(|parameters| fill(parameters, settings, tuning, rate_divisor))?;
        let (mut sps, mut pps) = (Bytes::new(), Bytes::new());
        for nal in library.parameter_sets()?.nals().map(without_start_code) {
            match NalKind::of(nal) {
                Some(NalKind::Sps) => sps = Bytes::copy_from_slice(nal),
                Some(NalKind::Pps) => pps = Bytes::copy_from_slice(nal),
                _ => {}
            }
        }
        if sps.is_empty() || pps.is_empty() {
            return Err(EncodeError::Library { call: "EncodeParameterSets gave no parameter sets", code: 0 });
        }
        Ok(Self {
            library,
            settings: settings.clone(),
            sps,
            pps,
            gop_frames: rate.frames_in(settings.keyframe_seconds),
            keyframe_index: None,
            rate_divisor,
            frame_index: 0,
            vbv: Vbv::new(settings.bitrate, settings.keyframe_seconds),
        })
    }

    fn keyframe_is_due(&self, pts: Timestamp) -> bool {
        let (index, gop_frames) = (self.settings.frame_rate.frame_index(pts), i64::from(self.gop_frames));
        self.keyframe_index.is_none_or(|last| index.saturating_sub(last) >= gop_frames)
    }
}

impl VideoEncoder for H264Encoder {
    fn config(&self) -> VideoConfig {
        VideoConfig {
            size: self.settings.size,
            frame_rate: self.settings.frame_rate,
            bitrate: self.settings.bitrate,
            sps: self.sps.clone(),
            pps: self.pps.clone(),
        }
    }

    fn leaves_out(&self, pts: Timestamp) -> bool {
        !self.keyframe_is_due(pts) && self.vbv.is_full(pts)
    }

    fn encode(
        &mut self,
        picture: &Picture,
        pts: Timestamp,
        captured_at: Timestamp,
        force_keyframe: bool,
    ) -> Result<Packet, EncodeError> {
        if picture.size() != self.settings.size {
            return Err(EncodeError::Unsupported(format!(
                "a picture of {} came to an encoder of {}",
                picture.size(),
                self.settings.size
            )));
        }
        let due = force_keyframe || self.keyframe_is_due(pts);
        if due && self.keyframe_index.is_some() {
            self.library.force_keyframe()?;
        }
        // The library's time only feeds its statistics: it runs at the rate that the library was told.
        let told = self.settings.frame_rate.frame_time(self.frame_index).as_millis();
        self.frame_index += 1;
        let output = self.library.encode(picture, told.saturating_mul(i64::from(self.rate_divisor)))?;
        let (data, keyframe) = access_unit(output.nals());
        if data.is_empty() {
            return Err(EncodeError::Library { call: "EncodeFrame gave no picture", code: 0 });
        }
        if keyframe {
            self.keyframe_index = Some(self.settings.frame_rate.frame_index(pts));
        }
        self.vbv.take(pts, data.len(), keyframe);
        Ok(Packet { kind: PacketKind::Video { keyframe }, pts, dts: pts, captured_at, data })
    }

    fn set_bitrate(&mut self, bitrate: Bitrate) -> Result<(), EncodeError> {
        limits::check_bitrate(bitrate, self.settings.size)?;
        self.library.set_bitrate(told_bitrate(bitrate, self.rate_divisor), bitrate > self.settings.bitrate)?;
        self.settings.bitrate = bitrate;
        self.vbv.set_bitrate(bitrate);
        Ok(())
    }
}

fn told_bitrate(bitrate: Bitrate, rate_divisor: u32) -> Bitrate {
    Bitrate::from_bps(bitrate.bps() / rate_divisor)
}

fn fill(parameters: &mut SEncParamExt, settings: &VideoEncoderSettings, tuning: H264Tuning, rate_divisor: u32) {
    let target = i32::try_from(told_bitrate(settings.bitrate, rate_divisor).bps()).unwrap_or(i32::MAX);
    let fps = (settings.frame_rate.as_f64() / f64::from(rate_divisor)) as f32;
    let (width, height) = (settings.size.width as i32, settings.size.height as i32);
    parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
    parameters.iPicWidth = width;
    parameters.iPicHeight = height;
    parameters.iRCMode = RC_BITRATE_MODE;
    parameters.iTargetBitrate = target;
    parameters.iMaxBitrate = target;
    parameters.fMaxFrameRate = fps;
    parameters.iTemporalLayerNum = 1;
    parameters.iSpatialLayerNum = 1;
    parameters.iComplexityMode = tuning.complexity.in_library();
    (parameters.iMinQp, parameters.iMaxQp) = (QP_MIN, QP_MAX);
    // Keyframes are counted here, so that a forced one starts the count anew.
    parameters.uiIntraPeriod = 0;
    parameters.iNumRefFrame = 1;
    parameters.eSpsPpsIdStrategy = CONSTANT_ID;
    parameters.iEntropyCodingModeFlag = i32::from(tuning.cabac);
    // A skipped frame yields no bytes: pictures are dropped before the encoder, where they are counted.
    parameters.bEnableFrameSkip = false;
    parameters.bEnableLongTermReference = false;
    parameters.iMultipleThreadIdc = tuning.slices.max(1);
    parameters.bUseLoadBalancing = false;
    parameters.bEnableDenoise = false;
    parameters.bEnableBackgroundDetection = tuning.background_detection;
    parameters.bEnableAdaptiveQuant = false;
    // It would put keyframes where nobody asked for them.
    parameters.bEnableSceneChangeDetect = false;
    parameters.bFixRCOverShoot = tuning.fix_overshoot;
    parameters.iIdrBitrateRatio = i32::from(tuning.keyframe_percent);
    let layer = &mut parameters.sSpatialLayers[0];
    layer.iVideoWidth = width;
    layer.iVideoHeight = height;
    layer.fFrameRate = fps;
    layer.iSpatialBitrate = target;
    layer.iMaxSpatialBitrate = target;
    if tuning.cabac {
        layer.uiProfileIdc = PRO_HIGH;
    }
    layer.uiLevelIdc = i32::from(limits::level(settings.size, settings.frame_rate, settings.bitrate));
    layer.sSliceArgument.uiSliceMode = if tuning.slices > 1 { SM_FIXEDSLCNUM_SLICE } else { SM_SINGLE_SLICE };
    layer.sSliceArgument.uiSliceNum = u32::from(tuning.slices.max(1));
    layer.bVideoSignalTypePresent = true;
    layer.uiVideoFormat = VF_UNDEF as u8;
    layer.bFullRange = false;
    layer.bColorDescriptionPresent = true;
    layer.uiColorPrimaries = CP_BT709 as u8;
    layer.uiTransferCharacteristics = TRC_BT709 as u8;
    layer.uiColorMatrix = CM_BT709 as u8;
}

/// The slices with 4-byte lengths, and whether they are a keyframe's. The only copy of the encoded bytes.
fn access_unit<'a>(nals: impl Iterator<Item = &'a [u8]> + Clone) -> (Bytes, bool) {
    let slices = nals
        .map(without_start_code)
        .filter(|nal| matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::IdrSlice | NalKind::Sei)));
    let mut out = BytesMut::with_capacity(slices.clone().map(|nal| nal.len() + 4).sum());
    let mut keyframe = false;
    for nal in slices {
        keyframe |= NalKind::of(nal) == Some(NalKind::IdrSlice);
        out.put_u32(u32::try_from(nal.len()).unwrap_or(u32::MAX));
        out.put_slice(nal);
    }
    (out.freeze(), keyframe)
}

fn without_start_code(nal: &[u8]) -> &[u8] {
    nal.strip_prefix(&[0, 0, 0, 1]).or_else(|| nal.strip_prefix(&[0, 0, 1])).unwrap_or(nal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitstream::{Colour, length_prefixed_nals, read_sps};
    use crate::media::{FrameRate, Size};

    fn settings(size: Size, fps: &str, kbps: u32, keyframe_seconds: f64) -> VideoEncoderSettings {
        let frame_rate = fps.parse().unwrap();
        VideoEncoderSettings { size, frame_rate, bitrate: Bitrate::from_kbps(kbps), keyframe_seconds }
    }

    fn open(settings: &VideoEncoderSettings) -> H264Encoder {
        H264Encoder::open(settings, H264Tuning::for_settings(settings, 1)).unwrap()
    }

    /// A texture that drifts, with a bright square that moves across and noise that differs in every picture.
    fn draw(picture: &mut Picture, index: u32) {
        let Size { width, height } = picture.size();
        let square = (index * 3 % width, index * 2 % height);
        let mut noise = index.wrapping_mul(0x9e37_79b9) | 1;
        let [luma, u, v] = picture.planes_mut();
        for y in 0..height {
            for x in 0..width {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                let inside = x.wrapping_sub(square.0) < 24 && y.wrapping_sub(square.1) < 24;
                let texture = (((x + index) * 5) ^ (y * 3)) % 96;
                luma[(y * width + x) as usize] = if inside { 220 } else { 40 + texture as u8 + (noise % 12) as u8 };
            }
        }
        u.fill(110);
        v.fill(140);
    }

    fn encode(encoder: &mut H264Encoder, picture: &mut Picture, index: u32, force: bool) -> Packet {
        draw(picture, index);
        let pts = encoder.settings.frame_rate.frame_time(index.into());
        let captured_at = Timestamp::from_nanos(pts.as_nanos() - 7);
        let packet = encoder.encode(picture, pts, captured_at, force).unwrap();
        assert_eq!((packet.pts, packet.dts, packet.captured_at), (pts, pts, captured_at));
        packet
    }

    #[test]
    fn keyframes_come_exactly_on_time_and_a_forced_one_starts_the_count_anew() {
        for (fps, seconds, period) in [("30", 0.5, 15), ("29.97", 1.0, 30), ("60", 0.1, 6), ("120", 0.1, 12)] {
            let settings = settings(Size::new(64, 48), fps, 300, seconds);
            let mut encoder = open(&settings);
            let mut picture = Picture::black(settings.size);
            let forced = [period + 4, period + 5, 3 * period];
            let mut expected_next = 0;
            for index in 0..6 * period {
                let force = forced.contains(&index);
                let packet = encode(&mut encoder, &mut picture, index, force);
                let due = force || index == expected_next;
                assert_eq!(packet.is_keyframe(), due, "{fps} frame {index}");
                if due {
                    expected_next = index + period;
                }
            }
        }
    }

    #[test]
    fn what_is_too_complex_for_its_rate_loses_pictures_and_no_keyframe() {
        let settings = settings(Size::new(160, 120), "30", 100, 1.0);
        let mut encoder = open(&settings);
        let mut picture = Picture::black(settings.size);
        let (mut bytes, mut keyframes, mut left_out, mut noise) = (0, Vec::new(), 0, 1_u32);
        for index in 0..300 {
            let pts = settings.frame_rate.frame_time(index);
            if encoder.leaves_out(pts) {
                left_out += 1;
                continue;
            }
            // Snow: each pixel is black or white.
            picture.planes_mut()[0].fill_with(|| {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                if noise & 1 == 0 { 16 } else { 235 }
            });
            let packet = encoder.encode(&picture, pts, pts, false).unwrap();
            if packet.is_keyframe() {
                keyframes.push(index);
            }
            bytes += packet.data.len();
        }
        assert_eq!(keyframes, (0..10).map(|second| second * 30).collect::<Vec<_>>());
        let kbps = bytes * 8 / 10_000;
        assert!((50..290).contains(&left_out) && kbps < 150, "{left_out} left out, {kbps} kb/s");
    }

    #[test]
    fn a_forced_first_frame_is_one_keyframe() {
        let settings = settings(Size::new(64, 48), "30", 300, 2.0);
        let mut encoder = open(&settings);
        let mut picture = Picture::black(settings.size);
        let keyframes: Vec<bool> =
            (0..4).map(|index| encode(&mut encoder, &mut picture, index, index == 0).is_keyframe()).collect();
        assert_eq!(keyframes, [true, false, false, false]);
    }

    #[test]
    fn the_parameter_sets_say_what_was_asked_and_are_those_of_the_stream() {
        for (size, fps, level) in
            [("1280x720", "30", 31), ("854x480", "30", 31), ("1920x1080", "60", 42), ("98x54", "25", 20)]
        {
            let settings = settings(size.parse().unwrap(), fps, 2000, 2.0);
            let mut encoder = open(&settings);
            let config = encoder.config();
            let info = read_sps(&config.sps).unwrap();
            assert_eq!((info.profile, info.size, info.progressive), (100, settings.size, true), "{size}");
            assert_eq!(info.level, level, "{size}");
            assert_eq!((info.reference_frames, info.reorder_frames), (1, Some(0)));
            assert_eq!(info.colour, Some(Colour { full_range: false, primaries: 1, transfer: 1, matrix: 1 }));
            // What the library itself writes before keyframes, straight from its output.
            let mut picture = Picture::black(settings.size);
            for index in 0..2 {
                draw(&mut picture, index);
                encoder.library.force_keyframe().unwrap();
                let output = encoder.library.encode(&picture, 0).unwrap();
                let nals: Vec<&[u8]> = output.nals().map(without_start_code).collect();
                assert_eq!(
                    nals.iter().filter(|nal| NalKind::of(nal) == Some(NalKind::Sps)).collect::<Vec<_>>(),
                    [&&config.sps[..]]
                );
                assert_eq!(
                    nals.iter().filter(|nal| NalKind::of(nal) == Some(NalKind::Pps)).collect::<Vec<_>>(),
                    [&&config.pps[..]]
                );
            }
        }
    }

    #[test]
    fn packets_hold_slices_only_and_as_many_as_asked() {
        let settings = settings(Size::new(320, 192), "30", 800, 0.2);
        for slices in [1, 2] {
            let tuning = H264Tuning { slices, ..H264Tuning::for_settings(&settings, 1) };
            let mut encoder = H264Encoder::open(&settings, tuning).unwrap();
            let mut picture = Picture::black(settings.size);
            for index in 0..12 {
                let packet = encode(&mut encoder, &mut picture, index, false);
                let kinds: Vec<_> =
                    length_prefixed_nals(&packet.data, 4).map(|nal| NalKind::of(nal.unwrap()).unwrap()).collect();
                let kind = if packet.is_keyframe() { NalKind::IdrSlice } else { NalKind::Slice };
                assert_eq!(kinds, vec![kind; usize::from(slices)]);
            }
        }
    }

    #[test]
    fn the_rate_holds_and_changes_at_once_without_a_keyframe() {
        let settings = settings(Size::new(320, 180), "30", 600, 2.0);
        let mut encoder = open(&settings);
        let mut picture = Picture::black(settings.size);
        let mut index = 0;
        for (kbps, seconds) in [(600, 10), (300, 10), (900, 10)] {
            if kbps != 600 {
                encoder.set_bitrate(Bitrate::from_kbps(kbps)).unwrap();
                assert_eq!(encoder.config().bitrate.kbps(), kbps);
            }
            let mut bytes = 0;
            for frame in 0..seconds * 30 {
                let packet = encode(&mut encoder, &mut picture, index, false);
                assert_eq!(packet.is_keyframe(), frame % 60 == 0, "{kbps} {frame}");
                assert!(packet.data.len() * 8 < kbps as usize * 1000, "{} bytes in one picture", packet.data.len());
                bytes += packet.data.len();
                index += 1;
            }
            let error = bytes as f64 * 8.0 / f64::from(seconds * kbps * 1000) - 1.0;
            assert!(error.abs() < 0.03, "{kbps}k: {error}");
        }
        assert!(encoder.set_bitrate(Bitrate::from_bps(0)).is_err());
        assert_eq!(encoder.config().bitrate.kbps(), 900, "a refused rate changes nothing");
    }

    #[test]
    fn a_rate_over_60_frames_a_second_keeps_its_bitrate() {
        let settings = settings(Size::new(160, 90), "120", 600, 1.0);
        let mut encoder = open(&settings);
        let mut picture = Picture::black(settings.size);
        let bytes: usize = (0..360).map(|index| encode(&mut encoder, &mut picture, index, false).data.len()).sum();
        let error = bytes as f64 * 8.0 / (3.0 * 600e3) - 1.0;
        assert!(error.abs() < 0.05, "{error}");
    }

    #[test]
    fn a_cut_to_noise_stays_below_a_second_of_the_rate() {
        let settings = settings(Size::new(320, 180), "30", 500, 2.0);
        let mut encoder = open(&settings);
        let mut picture = Picture::black(settings.size);
        for index in 0..50 {
            let pts = FrameRate::DEFAULT.frame_time(index);
            if index == 25 {
                let mut noise = 1u32;
                for sample in picture.planes_mut()[0].iter_mut() {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *sample = 16 + (noise >> 24) as u8 / 2;
                }
            }
            let packet = encoder.encode(&picture, pts, pts, false).unwrap();
            assert!(packet.data.len() < 500_000 / 8, "{} bytes at {index}", packet.data.len());
        }
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let mut encoder = open(&settings(Size::new(64, 48), "30", 300, 2.0));
        let small = Picture::black(Size::new(32, 32));
        let error = encoder.encode(&small, Timestamp::ZERO, Timestamp::ZERO, false).unwrap_err();
        assert!(matches!(error, EncodeError::Unsupported(said) if said.contains("32x32") && said.contains("64x48")));
    }

    #[test]
    fn the_smallest_and_odd_placed_sizes_encode() {
        for (width, height) in [(16, 16), (18, 34), (98, 54), (320, 16)] {
            let settings = settings(Size::new(width, height), "30", 200, 1.0);
            let mut encoder = open(&settings);
            let mut picture = Picture::black(settings.size);
            assert!(encode(&mut encoder, &mut picture, 0, false).is_keyframe());
            assert!(!encode(&mut encoder, &mut picture, 1, false).is_keyframe());
        }
    }

    #[test]
    fn slices_follow_processors_and_pixels() {
        for (size, fps, threads, slices) in
            [("1280x720", "30", 2, 1), ("1280x720", "60", 2, 2), ("1920x1080", "30", 2, 2), ("1920x1080", "30", 1, 1)]
        {
            let settings = settings(size.parse().unwrap(), fps, 3000, 2.0);
            assert_eq!(H264Tuning::for_settings(&settings, threads).slices, slices, "{size} {fps} {threads}");
        }
    }

    /// Without nasm the library builds silently from plain C and is 2.6 times slower.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn the_assembly_is_built_in() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let symbol = b"WelsSampleSad16x16_sse2";
        assert!(program.windows(symbol.len()).any(|window| window == symbol), "install nasm and build again");
    }
}
