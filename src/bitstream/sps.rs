//! Sequence parameter sets (ITU-T H.264, 7.3.2.1.1 and annex E): size, rate and colour of a stream.
#![deny(clippy::indexing_slicing)]

use super::bits::BitReader;
use super::{BitstreamError, NalKind};
use crate::media::{FrameRate, PixelAspect, Size};

/// What a sequence parameter set tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpsInfo {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile: u8,
    /// The six constraint flags and two zero bits.
    pub constraints: u8,
    /// `level_idc`: ten times the level (31 is level 3.1).
    pub level: u8,
    /// Size of the picture that is shown: cropping is taken off.
    pub size: Size,
    /// Whether every picture is a whole frame (no interlacing).
    pub progressive: bool,
    /// `chroma_format_idc`: 1 is 4:2:0.
    pub chroma_format: u8,
    /// Bits of a luma sample.
    pub bit_depth_luma: u8,
    /// Bits of a chroma sample.
    pub bit_depth_chroma: u8,
    /// Pictures kept for prediction at most.
    pub reference_frames: u8,
    /// Pictures that may come before one that is shown earlier, if the stream says so; 0 means that pictures come
    /// in the order in which they are shown.
    pub reorder_frames: Option<u8>,
    /// Frames a second, if the stream says so.
    pub frame_rate: Option<FrameRate>,
    /// Colour, if the stream says so.
    pub colour: Option<Colour>,
    /// The shape of a pixel; square where the stream does not say.
    pub pixel_aspect: PixelAspect,
}

/// How samples map to light (annex E.2.1, the code points of ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// Luma 0..255 instead of 16..235.
    pub full_range: bool,
    /// `colour_primaries`: 1 is BT.709, 2 unspecified.
    pub primaries: u8,
    /// `transfer_characteristics`.
    pub transfer: u8,
    /// `matrix_coefficients`.
    pub matrix: u8,
}

/// Pictures wider or higher than this are not believed: nothing that Tally meets is larger.
const SIDE_MAX: u32 = 16_384;
/// More bytes than this are not looked at: the largest legal set with all scaling lists is smaller.
const SPS_BYTES_MAX: usize = 1024;
/// `profile_idc` whose parameter sets carry the chroma format (7.3.2.1.1).
const PROFILES_WITH_CHROMA_FORMAT: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Reads a sequence parameter set: one NAL unit without start code.
pub fn read_sps(nal: &[u8]) -> Result<SpsInfo, BitstreamError> {
    if NalKind::of(nal) != Some(NalKind::Sps) {
        return Err(BitstreamError::Invalid("not a sequence parameter set"));
    }
    let payload = without_emulation_prevention(nal.get(1..).unwrap_or_default());
    let mut bits = BitReader::new(&payload, "the sequence parameter set");
    let profile = bits.bits(8)? as u8;
    let constraints = bits.bits(8)? as u8;
    let level = bits.bits(8)? as u8;
    let _sps_id = bits.unsigned_golomb()?;
    let (mut chroma_format, mut bit_depth_luma, mut bit_depth_chroma) = (1, 8, 8);
    if PROFILES_WITH_CHROMA_FORMAT.contains(&profile) {
        chroma_format = small(bits.unsigned_golomb()?, 3, "the chroma format is unknown")?;
        if chroma_format == 3 {
            bits.bit()?;
        }
        bit_depth_luma = 8 + small(bits.unsigned_golomb()?, 6, "the bit depth is over 14")?;
        bit_depth_chroma = 8 + small(bits.unsigned_golomb()?, 6, "the bit depth is over 14")?;
        bits.bit()?;
        if bits.bit()? {
            for list in 0..if chroma_format == 3 { 12 } else { 8 } {
                if bits.bit()? {
                    skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let _log2_max_frame_num = bits.unsigned_golomb()?;
    let picture_order = bits.unsigned_golomb()?;
    if picture_order == 0 {
        let _log2_max_lsb = bits.unsigned_golomb()?;
    } else if picture_order == 1 {
        bits.bit()?;
        bits.signed_golomb()?;
        bits.signed_golomb()?;
        let cycle = small(bits.unsigned_golomb()?, 255, "the picture order cycle is over 255")?;
        for _ in 0..cycle {
            bits.signed_golomb()?;
        }
    }
    let reference_frames = small(bits.unsigned_golomb()?, 16, "more than 16 reference frames")?;
    bits.bit()?;
    let columns = bits.unsigned_golomb()?.saturating_add(1);
    let map_rows = bits.unsigned_golomb()?.saturating_add(1);
    let progressive = bits.bit()?;
    if !progressive {
        bits.bit()?;
    }
    bits.bit()?;
    let field_factor = if progressive { 1 } else { 2 };
    let mut size = Size::new(columns.saturating_mul(16), map_rows.saturating_mul(16).saturating_mul(field_factor));
    if size.width > SIDE_MAX || size.height > SIDE_MAX {
        return Err(BitstreamError::Invalid("the picture is larger than 16384 pixels"));
    }
    if bits.bit()? {
        let unit_x = if matches!(chroma_format, 1 | 2) { 2 } else { 1 };
        let unit_y = if chroma_format == 1 { 2 } else { 1 } * field_factor;
        let mut crop = [0; 4];
        for side in &mut crop {
            *side = bits.unsigned_golomb()?;
        }
        let [left, right, top, bottom] = crop;
        size.width = cropped(size.width, left, right, unit_x)?;
        size.height = cropped(size.height, top, bottom, unit_y)?;
    }
    let vui = if bits.bit()? { read_vui(&mut bits)? } else { Vui::default() };
    // E.2.1: picture order type 2 means that output order is decoding order.
    let reorder_frames = if picture_order == 2 { Some(0) } else { vui.reorder_frames };
    Ok(SpsInfo {
        profile,
        constraints,
        level,
        size,
        progressive,
        chroma_format,
        bit_depth_luma,
        bit_depth_chroma,
        reference_frames,
        reorder_frames,
        frame_rate: vui.frame_rate,
        colour: vui.colour,
        pixel_aspect: vui.pixel_aspect.unwrap_or(PixelAspect::SQUARE),
    })
}

#[derive(Debug, Default)]
struct Vui {
    frame_rate: Option<FrameRate>,
    colour: Option<Colour>,
    reorder_frames: Option<u8>,
    pixel_aspect: Option<PixelAspect>,
}

/// Video usability information, E.1.1. Encoders are known to cut it short: what was read until then counts.
fn read_vui(bits: &mut BitReader<'_>) -> Result<Vui, BitstreamError> {
    let mut vui = Vui::default();
    match read_vui_fields(bits, &mut vui) {
        Ok(()) | Err(BitstreamError::Truncated(_)) => Ok(vui),
        Err(error) => Err(error),
    }
}

fn read_vui_fields(bits: &mut BitReader<'_>, vui: &mut Vui) -> Result<(), BitstreamError> {
    if bits.bit()? {
        vui.pixel_aspect = read_pixel_aspect(bits)?;
    }
    if bits.bit()? {
        bits.bit()?;
    }
    if bits.bit()? {
        bits.bits(3)?;
        let mut colour = Colour { full_range: bits.bit()?, primaries: 2, transfer: 2, matrix: 2 };
        if bits.bit()? {
            colour.primaries = bits.bits(8)? as u8;
            colour.transfer = bits.bits(8)? as u8;
            colour.matrix = bits.bits(8)? as u8;
        }
        vui.colour = Some(colour);
    }
    if bits.bit()? {
        bits.unsigned_golomb()?;
        bits.unsigned_golomb()?;
    }
    if bits.bit()? {
        let (units_in_tick, time_scale) = (bits.bits(32)?, bits.bits(32)?);
        bits.bit()?;
        // A tick is a field, and a frame has two (E.2.1, num_units_in_tick).
        vui.frame_rate = units_in_tick.checked_mul(2).and_then(|den| reduced_rate(time_scale, den));
    }
    let nal_hrd = bits.bit()?;
    if nal_hrd {
        skip_hrd(bits)?;
    }
    let vcl_hrd = bits.bit()?;
    if vcl_hrd {
        skip_hrd(bits)?;
    }
    if nal_hrd || vcl_hrd {
        bits.bit()?;
    }
    bits.bit()?;
    if bits.bit()? {
        bits.bit()?;
        for _ in 0..4 {
            bits.unsigned_golomb()?;
        }
        vui.reorder_frames = Some(small(bits.unsigned_golomb()?, 16, "more than 16 reordered frames")?);
    }
    Ok(())
}

/// `aspect_ratio_idc` and what belongs to it (table E-1).
fn read_pixel_aspect(bits: &mut BitReader<'_>) -> Result<Option<PixelAspect>, BitstreamError> {
    const EXTENDED_SAR: u32 = 255;
    /// From 1 on.
    const ASPECTS: [(u32, u32); 16] = [
        (1, 1),
        (12, 11),
        (10, 11),
        (16, 11),
        (40, 33),
        (24, 11),
        (20, 11),
        (32, 11),
        (80, 33),
        (18, 11),
        (15, 11),
        (64, 33),
        (160, 99),
        (4, 3),
        (3, 2),
        (2, 1),
    ];
    let aspect = match bits.bits(8)? {
        EXTENDED_SAR => Some((bits.bits(16)?, bits.bits(16)?)),
        known => known.checked_sub(1).and_then(|index| ASPECTS.get(index as usize).copied()),
    };
    Ok(aspect.map(|(width, height)| PixelAspect::new(width, height)))
}

/// hrd_parameters(), E.1.2.
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), BitstreamError> {
    let count = small(bits.unsigned_golomb()?, 31, "more than 32 coded picture buffers")?;
    bits.bits(8)?;
    for _ in 0..=count {
        bits.unsigned_golomb()?;
        bits.unsigned_golomb()?;
        bits.bit()?;
    }
    bits.bits(20)?;
    Ok(())
}

/// scaling_list(), 7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut BitReader<'_>, size: usize) -> Result<(), BitstreamError> {
    let mut last = 8;
    for _ in 0..size {
        let next = (i64::from(last) + i64::from(bits.signed_golomb()?)).rem_euclid(256);
        if next == 0 {
            return Ok(());
        }
        last = next as i32;
    }
    Ok(())
}

fn small(value: u32, max: u8, wrong: &'static str) -> Result<u8, BitstreamError> {
    u8::try_from(value).ok().filter(|&value| value <= max).ok_or(BitstreamError::Invalid(wrong))
}

fn cropped(side: u32, before: u32, after: u32, unit: u32) -> Result<u32, BitstreamError> {
    let off = before.checked_add(after).and_then(|units| units.checked_mul(unit));
    off.and_then(|off| side.checked_sub(off))
        .filter(|&left| left > 0)
        .ok_or(BitstreamError::Invalid("the cropping leaves no picture"))
}

fn reduced_rate(num: u32, den: u32) -> Option<FrameRate> {
    let (mut a, mut b) = (num, den);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (a > 0).then(|| FrameRate::new(num / a, den / a)).flatten()
}

/// The raw payload: every `00 00 03` becomes `00 00` (7.4.1).
fn without_emulation_prevention(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().min(SPS_BYTES_MAX));
    let mut zeros = 0;
    for &byte in bytes.iter().take(SPS_BYTES_MAX) {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::bitstream::bits::BitWriter;
    use crate::bitstream::tests_support::Random;

    /// x264, High profile, 1280x720 at 30 frames a second with B-frames.
    const X264_720P: [u8; 26] = [
        0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
        0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
    ];

    fn golomb(bits: &mut BitWriter, value: u32) {
        let length = 32 - (value + 1).leading_zeros();
        bits.bits(0, length - 1);
        bits.bits(value + 1, length);
    }

    /// A Baseline set of `columns` × `rows` macroblocks, cropped, without or with timing.
    fn baseline(columns: u32, rows: u32, crop: [u32; 4], timing: Option<(u32, u32)>) -> Vec<u8> {
        let mut bits = BitWriter::default();
        bits.bits(0x67, 8);
        bits.bits(66, 8);
        bits.bits(0xc0, 8);
        bits.bits(31, 8);
        for value in [0, 0, 2, 1] {
            golomb(&mut bits, value);
        }
        bits.bits(0, 1);
        golomb(&mut bits, columns - 1);
        golomb(&mut bits, rows - 1);
        bits.bits(0b11, 2);
        bits.bits(1, 1);
        for value in crop {
            golomb(&mut bits, value);
        }
        bits.bits(u32::from(timing.is_some()), 1);
        if let Some((units, scale)) = timing {
            bits.bits(0b00001, 5);
            bits.bits(units, 32);
            bits.bits(scale, 32);
            bits.bits(1, 1);
            bits.bits(0, 4);
        }
        bits.bits(1, 1);
        let raw = bits.finish();
        let mut nal = Vec::new();
        for byte in raw {
            if byte <= 3 && nal.ends_with(&[0, 0]) {
                nal.push(3);
            }
            nal.push(byte);
        }
        nal
    }

    #[test]
    fn a_set_of_the_field() {
        let info = read_sps(&X264_720P).unwrap();
        assert_eq!((info.profile, info.level, info.size), (100, 31, Size::new(1280, 720)));
        assert_eq!(info.frame_rate, Some(FrameRate::DEFAULT));
        assert_eq!((info.chroma_format, info.bit_depth_luma, info.progressive), (1, 8, true));
        assert_eq!(info.reorder_frames, Some(2));
    }

    #[test]
    fn cropping_counts_in_chroma_samples() {
        let info = read_sps(&baseline(54, 30, [0, 5, 0, 0], None)).unwrap();
        assert_eq!(info.size, Size::new(854, 480));
        let info = read_sps(&baseline(120, 68, [0, 0, 0, 4], None)).unwrap();
        assert_eq!(info.size, Size::new(1920, 1080));
        assert!(read_sps(&baseline(1, 1, [4, 4, 0, 0], None)).is_err());
        assert!(read_sps(&baseline(5000, 1, [0; 4], None)).is_err());
    }

    #[test]
    fn picture_order_type_2_never_reorders_and_timing_is_a_fraction() {
        let info = read_sps(&baseline(80, 45, [0; 4], Some((1001, 60_000)))).unwrap();
        assert_eq!(info.frame_rate, FrameRate::new(30_000, 1001));
        assert_eq!(info.reorder_frames, Some(0));
        assert_eq!(read_sps(&baseline(80, 45, [0; 4], Some((0, 0)))).unwrap().frame_rate, None);
    }

    #[test]
    fn the_shape_of_pixels_is_a_number_in_a_table_or_a_fraction() {
        let told = |idc: u32, sides: Option<(u32, u32)>| {
            let mut bits = BitWriter::default();
            bits.bits(1, 1);
            bits.bits(idc, 8);
            if let Some((width, height)) = sides {
                bits.bits(width, 16);
                bits.bits(height, 16);
            }
            bits.bits(0, 16);
            let bytes = bits.finish();
            read_vui(&mut BitReader::new(&bytes, "a test")).unwrap().pixel_aspect
        };
        assert_eq!(told(0, None), None, "not specified");
        assert_eq!(told(1, None), Some(PixelAspect::SQUARE));
        assert_eq!(told(14, None), Some(PixelAspect::new(4, 3)));
        assert_eq!(told(16, None), Some(PixelAspect::new(2, 1)));
        assert_eq!(told(17, None), None, "reserved");
        assert_eq!(told(255, Some((8, 9))), Some(PixelAspect::new(8, 9)));
        assert_eq!(told(255, Some((0, 9))), Some(PixelAspect::SQUARE));
        assert_eq!(read_sps(&X264_720P).unwrap().pixel_aspect, PixelAspect::SQUARE);
    }

    #[test]
    fn cut_and_random_sets_never_panic() {
        for end in 0..8 {
            assert!(read_sps(&X264_720P[..end]).is_err(), "{end}");
        }
        let mut random = Random::new(5);
        for round in 0..5000 {
            let mut bytes = if round % 2 == 0 { X264_720P.to_vec() } else { random.bytes(80, 0) };
            for _ in 0..3 {
                let at = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
            if let Some(first) = bytes.first_mut() {
                *first = 0x67;
            }
            if let Ok(info) = read_sps(&bytes) {
                assert!(info.size.area() > 0 && info.size.width <= SIDE_MAX && info.size.height <= SIDE_MAX);
            }
        }
    }
}
