//! The H.264 encoder: High profile, constant rate, one picture in and one access unit out.

use bytes::{BufMut, Bytes, BytesMut};
use openh264_sys2::{
    CAMERA_VIDEO_REAL_TIME, CM_BT709, CONSTANT_ID, CP_BT709, ECOMPLEXITY_MODE, HIGH_COMPLEXITY, LOW_COMPLEXITY,
    MEDIUM_COMPLEXITY, PRO_HIGH, RC_BITRATE_MODE, SEncParamExt, SM_FIXEDSLCNUM_SLICE, SM_SINGLE_SLICE, TRC_BT709,
    VF_UNDEF,
};

use super::library::Library;
use super::limits;
use crate::bitstream::NalKind;
use crate::encode::{EncodeError, VideoEncoder, VideoEncoderSettings};
use crate::media::{Bitrate, Packet, PacketKind, Picture, Timestamp, VideoConfig};

/// Opens the encoder with the settings that were measured best for live streams. `threads_hint` is how many
/// processors may be used.
pub fn open_h264(settings: &VideoEncoderSettings, threads_hint: usize) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    Ok(Box::new(H264Encoder::open(settings, H264Tuning::for_settings(settings, threads_hint))?))
}

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
    /// Percent of the target that the rate limit stands above it.
    pub headroom_percent: u32,
    /// Re-encodes nothing, but raises the quantiser inside a picture that runs over.
    pub fix_overshoot: bool,
    /// Bits of a keyframe, in percent of an average picture's.
    pub keyframe_percent: u16,
}

impl H264Tuning {
    /// The measured best for these settings on this many processors.
    pub fn for_settings(settings: &VideoEncoderSettings, threads_hint: usize) -> Self {
        let slices = if threads_hint >= 2 && settings.size.area() >= 1280 * 720 { 2 } else { 1 };
        Self {
            cabac: true,
            complexity: Complexity::Low,
            background_detection: false,
            slices,
            headroom_percent: 0,
            fix_overshoot: true,
            keyframe_percent: 400,
        }
    }
}

/// An open encoder.
pub struct H264Encoder {
    library: Library,
    settings: VideoEncoderSettings,
    tuning: H264Tuning,
    sps: Bytes,
    pps: Bytes,
    gop_frames: u32,
    /// Frames since the last keyframe, that one included; `None` before the first.
    in_gop: Option<u32>,
    /// The library knows at most 60 frames a second: a higher rate is told as this fraction of it, with the same
    /// fraction of the bitrate, which gives each picture the same bits.
    rate_divisor: u32,
    frame_index: i64,
}

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
            tuning,
            sps,
            pps,
            gop_frames: rate.frames_in(settings.keyframe_seconds),
            in_gop: None,
            rate_divisor,
            frame_index: 0,
        })
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
        let due = force_keyframe || self.in_gop.is_none_or(|frames| frames >= self.gop_frames);
        if due && self.in_gop.is_some() {
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
        self.in_gop = if keyframe { Some(1) } else { self.in_gop.map(|frames| frames.saturating_add(1)) };
        Ok(Packet { kind: PacketKind::Video { keyframe }, pts, dts: pts, captured_at, data })
    }

    fn set_bitrate(&mut self, bitrate: Bitrate) -> Result<(), EncodeError> {
        limits::check_bitrate(bitrate, self.settings.size)?;
        let (target, limit) = told_bitrates(bitrate, self.tuning, self.rate_divisor);
        self.library.set_bitrate(target, limit, bitrate > self.settings.bitrate)?;
        self.settings.bitrate = bitrate;
        Ok(())
    }
}

fn told_bitrates(bitrate: Bitrate, tuning: H264Tuning, rate_divisor: u32) -> (Bitrate, Bitrate) {
    let target = bitrate.bps() / rate_divisor;
    (Bitrate::from_bps(target), Bitrate::from_bps(target + target / 100 * tuning.headroom_percent))
}

fn fill(parameters: &mut SEncParamExt, settings: &VideoEncoderSettings, tuning: H264Tuning, rate_divisor: u32) {
    let (target, limit) = told_bitrates(settings.bitrate, tuning, rate_divisor);
    let [target, limit] = [target, limit].map(|rate| i32::try_from(rate.bps()).unwrap_or(i32::MAX));
    let fps = (settings.frame_rate.as_f64() / f64::from(rate_divisor)) as f32;
    let (width, height) = (settings.size.width as i32, settings.size.height as i32);
    parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
    parameters.iPicWidth = width;
    parameters.iPicHeight = height;
    parameters.iRCMode = RC_BITRATE_MODE;
    parameters.iTargetBitrate = target;
    parameters.iMaxBitrate = limit;
    parameters.fMaxFrameRate = fps;
    parameters.iTemporalLayerNum = 1;
    parameters.iSpatialLayerNum = 1;
    parameters.iComplexityMode = tuning.complexity.in_library();
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
    layer.iMaxSpatialBitrate = limit;
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
