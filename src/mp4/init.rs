//! What a player needs before the first fragment.

use bytes::Bytes;
use mp4_atom::{
    Dinf, Dref, DrefEntry, Edts, Elst, ElstEntry, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mvex, Mvhd, Smhd,
    Stbl, Stco, Stsd, Tkhd, Trak, Trex, Url, Vmhd,
};

use super::{Mp4Codec, Mp4Error};

/// One track.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its number, from 1.
    pub id: u32,
    /// What it holds.
    pub codec: Mp4Codec,
    /// Units of its time in a second.
    pub timescale: u32,
    /// Where in its own time it begins to be shown: what comes before is an encoder's priming.
    pub skip: u64,
}

impl Track {
    /// One that counts in the codec's own `timescale` and is shown from its start.
    pub fn new(id: u32, codec: Mp4Codec) -> Self {
        Self { id, timescale: codec.timescale(), codec, skip: 0 }
    }
}

/// `ftyp` and `moov`: tracks without a sample, to be followed by fragments.
pub fn init_segment(tracks: &[Track]) -> Result<Bytes, Mp4Error> {
    let mut out = Vec::with_capacity(1024);
    Ftyp {
        major_brand: FourCC::new(b"iso6"),
        minor_version: 0,
        compatible_brands: [b"iso6", b"cmfc", b"mp41"].map(FourCC::new).to_vec(),
    }
    .encode(&mut out)?;
    let next_track_id = tracks.iter().map(|track| track.id).max().unwrap_or(0) + 1;
    Moov {
        mvhd: Mvhd { timescale: 1000, rate: 1.into(), volume: 1.into(), next_track_id, ..Mvhd::default() },
        mvex: Some(Mvex {
            mehd: None,
            trex: tracks
                .iter()
                .map(|track| Trex { track_id: track.id, default_sample_description_index: 1, ..Trex::default() })
                .collect(),
        }),
        trak: tracks.iter().map(trak).collect(),
        ..Moov::default()
    }
    .encode(&mut out)?;
    Ok(out.into())
}

fn trak(track: &Track) -> Trak {
    let (video, size) = (track.codec.is_video(), track.codec.size());
    let pixels = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
    let handler = if video { b"vide" } else { b"soun" };
    Trak {
        tkhd: Tkhd {
            track_id: track.id,
            alternate_group: u16::from(!video),
            enabled: true,
            in_movie: true,
            volume: u8::from(!video).into(),
            width: size.map_or(0, |size| pixels(size.width)).into(),
            height: size.map_or(0, |size| pixels(size.height)).into(),
            ..Tkhd::default()
        },
        edts: (track.skip > 0).then(|| Edts {
            elst: Some(Elst {
                entries: vec![ElstEntry { segment_duration: 0, media_time: Some(track.skip), media_rate: 1.into() }],
            }),
        }),
        mdia: Mdia {
            mdhd: Mdhd { timescale: track.timescale, language: "und".to_owned(), ..Mdhd::default() },
            hdlr: Hdlr { handler: FourCC::new(handler), name: "Tally".to_owned() },
            minf: Minf {
                vmhd: video.then(Vmhd::default),
                smhd: (!video).then(Smhd::default),
                dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                stbl: Stbl {
                    stsd: Stsd { codecs: vec![track.codec.entry()] },
                    stco: Some(Stco::default()),
                    ..Stbl::default()
                },
                ..Minf::default()
            },
        },
        ..Trak::default()
    }
}
