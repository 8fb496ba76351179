//! The H.264 decoder: whole access units in, pictures with their times out, in the order in which they are shown.

use super::library::{Library, Planes, Refused};
use crate::bitstream::{BitstreamError, NalKind, SpsInfo, length_prefixed_nals, read_sps};
use crate::decode::{DecodeError, Decoded, VideoDecoder, VideoDecoderConfig};
use crate::media::{Picture, PicturePool, Size, Timestamp};

/// Opens a decoder for a stream with these parameter sets.
pub fn open_h264(config: &VideoDecoderConfig) -> Result<Box<dyn VideoDecoder>, DecodeError> {
    Ok(Box::new(H264Decoder::open(config)?))
}

/// Larger pictures are refused before memory is taken for them: 4096x2304, level 5.2's largest frame.
const AREA_MAX: usize = 36_864 * 256;

struct H264Decoder {
    library: Library,
    pool: PicturePool,
    /// Sequence and picture parameter set with start codes: told again before each keyframe that brings none, since
    /// the library forgets them after some kinds of damage.
    parameter_sets: Vec<u8>,
    /// Whether nothing has been fed yet.
    fresh: bool,
    /// Whether pictures come in the order in which they are shown: then none needs to wait.
    in_order: bool,
}

impl H264Decoder {
    fn open(config: &VideoDecoderConfig) -> Result<Self, DecodeError> {
        let info = read_sps(&config.sps).map_err(|error| DecodeError::Unsupported(error.to_string()))?;
        check(&info)?;
        let library = Library::open().map_err(|Refused { call, code }| {
            DecodeError::Unsupported(format!("the H.264 decoder does not start: {call} failed with code {code}"))
        })?;
        let mut parameter_sets = Vec::with_capacity(config.sps.len() + config.pps.len() + 8);
        for set in [&config.sps, &config.pps] {
            parameter_sets.extend_from_slice(&START_CODE);
            parameter_sets.extend_from_slice(set);
        }
        let in_order = info.reorder_frames == Some(0);
        Ok(Self { library, pool: PicturePool::new(info.size), parameter_sets, fresh: true, in_order })
    }

    /// The access unit as the library wants it, with parameter sets where they are needed.
    fn prepare(&mut self, access_unit: &[u8]) -> Result<Vec<u8>, BitstreamError> {
        let mut unit = Vec::with_capacity(self.parameter_sets.len() + access_unit.len() + 16);
        let (mut keyframe, mut own_sets) = (false, false);
        unit.extend_from_slice(&self.parameter_sets);
        for nal in length_prefixed_nals(access_unit, 4) {
            let nal = nal?;
            let kind = NalKind::of(nal);
            keyframe |= kind == Some(NalKind::IdrSlice);
            own_sets |= kind == Some(NalKind::Sps);
            // Handing a picture out early never frees it in the library unless later pictures refer to it: where
            // some do not, all wait for their turn.
            let reference = nal.first().is_some_and(|header| header & 0x60 != 0);
            self.in_order &= reference || kind != Some(NalKind::Slice);
            unit.extend_from_slice(&START_CODE);
            unit.extend_from_slice(nal);
        }
        if own_sets || !(keyframe || self.fresh) {
            unit.drain(..self.parameter_sets.len());
        }
        self.fresh = false;
        Ok(unit)
    }
}

impl VideoDecoder for H264Decoder {
    fn decode(&mut self, access_unit: &[u8], pts: Timestamp) -> Result<Vec<Decoded>, DecodeError> {
        let unit = self.prepare(access_unit).map_err(|error| DecodeError::Damaged(error.to_string()))?;
        let mut out = Vec::new();
        let Self { library, pool, in_order, .. } = self;
        let mut take = |planes: &Planes<'_>| out.push(copy(pool, planes));
        let done = library.decode(&unit, tag_of(pts), &mut take);
        while *in_order && library.flush_one(&mut take) {}
        match done {
            Ok(()) => Ok(out),
            // A picture that was ready before is worth more than the news that this unit is damaged.
            Err(_) if !out.is_empty() => Ok(out),
            Err(Refused { call, code }) => Err(DecodeError::Damaged(format!("{call} failed with code {code}"))),
        }
    }

    fn flush(&mut self) -> Vec<Decoded> {
        let mut out = Vec::new();
        let Self { library, pool, .. } = self;
        while library.flush_one(|planes| out.push(copy(pool, planes))) {}
        // The library keeps what was flushed for ever (see `prepare`): a new one begins with all its memory. If that
        // fails, the old one is still good for some pictures.
        if let Ok(new) = Library::open() {
            self.library = new;
            self.fresh = true;
        }
        out
    }
}

const START_CODE: [u8; 4] = [0, 0, 0, 1];

fn check(info: &SpsInfo) -> Result<(), DecodeError> {
    let unsupported = |sentence: String| Err(DecodeError::Unsupported(sentence));
    if info.size.area() > AREA_MAX {
        return unsupported(format!("{} is larger than 4096x2304", info.size));
    }
    if info.chroma_format != 1 || info.bit_depth_luma != 8 || info.bit_depth_chroma != 8 {
        return unsupported("only 8-bit 4:2:0 H.264 can be decoded".to_owned());
    }
    if !info.progressive {
        return unsupported("interlaced H.264 cannot be decoded".to_owned());
    }
    Ok(())
}

/// Times ride through the library as numbers: order does not matter to it, so the bits are kept as they are.
fn tag_of(pts: Timestamp) -> u64 {
    pts.as_nanos().cast_unsigned()
}

/// The one copy: rows without the decoder's padding, into a picture of the pool.
fn copy(pool: &mut PicturePool, from: &Planes<'_>) -> Decoded {
    if pool.size() != from.size {
        *pool = PicturePool::new(from.size);
    }
    let picture = pool.make(|picture: &mut Picture| {
        let widths = [from.size, from.size.chroma(), from.size.chroma()].map(|Size { width, .. }| width as usize);
        for (((to, plane), stride), width) in
            picture.planes_mut().into_iter().zip(from.planes).zip(from.strides).zip(widths)
        {
            for (to, row) in to.chunks_exact_mut(width).zip(plane.chunks(stride)) {
                to.copy_from_slice(&row[..width]);
            }
        }
    });
    Decoded { pts: Timestamp::from_nanos(from.tag.cast_signed()), picture }
}
