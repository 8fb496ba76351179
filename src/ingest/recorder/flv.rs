//! A recording as FLV: tags as they came.

use std::io::{self, Write as _};

use bytes::Bytes;

use super::series::Form;
use crate::flv::{self, FlvWriter, TagKind};
use crate::ingest::headers::Headers;
use crate::ingest::unit::{Unit, UnitKind};
use crate::output::{Cut, CutWriter};

/// What is so much earlier than a file's beginning is not late: the publisher's times have begun anew.
const ANEW_MS: u32 = 10_000;

/// The state of one stream. Its first file has the publisher's own times; those that follow begin at zero, as the studio's do.
#[derive(Default)]
pub(super) struct FlvForm {
    /// As they were when the piece began.
    headers: Headers,
    /// Newest times of picture and sound in what is before the piece: what follows in their kind is later.
    before_ms: [Option<u32>; 2],
    has_picture: bool,
    /// The publisher's time that is zero in this file.
    zero_ms: Option<u32>,
}

impl Form for FlvForm {
    type Item = Unit;
    type Writer<D: Cut> = FlvWriter<CutWriter<D>>;

    fn room(unit: &Unit) -> usize {
        unit.room()
    }

    fn can_begin(&self, piece: &[Unit], unit: &Unit) -> bool {
        let has_picture = || self.has_picture || piece.iter().any(Unit::is_picture);
        unit.kind == UnitKind::Keyframe || (unit.kind == UnitKind::Sound && !has_picture())
    }

    fn pass(&mut self, piece: &[Unit]) {
        for unit in piece {
            self.headers.keep(unit);
            self.has_picture |= unit.is_picture();
        }
        // A kind that has ended says nothing of what follows.
        self.before_ms = KINDS.map(|kind| times_of(piece, kind).last());
    }

    fn begin<D: Cut>(&mut self, out: CutWriter<D>, piece: &[Unit]) -> io::Result<Self::Writer<D>> {
        self.zero_ms = [0, 1]
            .into_iter()
            .filter_map(|place| times_of(piece, KINDS[place]).reduce(earlier).or(self.before_ms[place]))
            .reduce(earlier);
        // What the stream holds is not known yet: players look for themselves.
        let mut writer = FlvWriter::new(out, true, true)?;
        for header in self.headers.all() {
            writer.write_tag(header.tag, 0, &[&body_of(header)])?;
        }
        Ok(writer)
    }

    fn write<D: Cut>(&self, writer: &mut Self::Writer<D>, unit: &Unit) -> io::Result<()> {
        let timestamp_ms = match self.zero_ms {
            Some(zero) if earlier(zero, unit.timestamp_ms) == zero => unit.timestamp_ms.wrapping_sub(zero),
            Some(zero) if zero.wrapping_sub(unit.timestamp_ms) <= ANEW_MS => 0,
            // They go on as they came, as in the first file.
            _ => unit.timestamp_ms,
        };
        writer.write_tag(unit.tag, timestamp_ms, &[&body_of(unit)])
    }

    fn write_waiting<D: Cut>(writer: &mut Self::Writer<D>) -> io::Result<()> {
        writer.get_mut().flush()
    }

    fn out<D: Cut>(writer: &mut Self::Writer<D>) -> &mut CutWriter<D> {
        writer.get_mut()
    }
}

/// What is written of it.
fn body_of(unit: &Unit) -> Bytes {
    if unit.tag == TagKind::Script { flv::without_length(&unit.body) } else { unit.body.clone() }
}

const KINDS: [TagKind; 2] = [TagKind::Video, TagKind::Audio];

fn times_of(piece: &[Unit], kind: TagKind) -> impl Iterator<Item = u32> {
    let is_media = |unit: &&Unit| matches!(unit.kind, UnitKind::Keyframe | UnitKind::Picture | UnitKind::Sound);
    piece.iter().filter(move |unit| unit.tag == kind).filter(is_media).map(|unit| unit.timestamp_ms)
}

/// The earlier of two times, which wrap.
fn earlier(a: u32, b: u32) -> u32 {
    if b.wrapping_sub(a).cast_signed() < 0 { b } else { a }
}
