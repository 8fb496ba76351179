//! Fragments: `moof` and the head of `mdat`; what the samples hold follows as it is, without a copy.

use bytes::Bytes;
use mp4_atom::{Encode, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use super::Mp4Error;

/// `sample_flags` (14496-12, 8.8.3.1): depends on no other, or depends on others and is no sync sample.
const FLAGS_SYNC: u32 = 0x0200_0000;
const FLAGS_NO_SYNC: u32 = 0x0101_0000;
const MDAT_HEAD_BYTES: usize = 8;

/// One picture or packet of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Until the next one's decode time, in the track's timescale.
    pub duration: u32,
    /// pts − dts, in the track's timescale.
    pub composition: i32,
    /// Whether decoding can start here; always so of sound.
    pub sync: bool,
    /// What it holds.
    pub data: Bytes,
}

/// Samples of one track that follow each other.
#[derive(Clone, Copy, Debug)]
pub struct TrackRun<'a> {
    /// The track's number.
    pub track: u32,
    /// Decode time of the first, in the track's timescale.
    pub start: u64,
    /// In decode order.
    pub samples: &'a [Sample],
}

/// What stands before the samples' data: they follow in the order of the runs. `number` rises from fragment to fragment.
pub fn fragment_head(number: u32, runs: &[TrackRun<'_>]) -> Result<Bytes, Mp4Error> {
    let mut moof = Moof { mfhd: Mfhd { sequence_number: number }, traf: runs.iter().map(traf).collect() };
    let mut measured = Vec::with_capacity(256);
    moof.encode(&mut measured)?;
    // Offsets count from the start of `moof`, whose length does not depend on them.
    let mut offset = measured.len() + MDAT_HEAD_BYTES;
    let too_large = |_beyond| Mp4Error::Box("a fragment beyond 2 GiB".to_owned());
    for (traf, run) in moof.traf.iter_mut().zip(runs) {
        if let Some(trun) = traf.trun.first_mut() {
            trun.data_offset = Some(i32::try_from(offset).map_err(too_large)?);
        }
        offset += run.samples.iter().map(|sample| sample.data.len()).sum::<usize>();
    }
    let mut out = Vec::with_capacity(measured.len() + MDAT_HEAD_BYTES);
    moof.encode(&mut out)?;
    let mdat_bytes = u32::try_from(offset - measured.len()).map_err(too_large)?;
    out.extend_from_slice(&mdat_bytes.to_be_bytes());
    out.extend_from_slice(b"mdat");
    Ok(out.into())
}

fn traf(run: &TrackRun<'_>) -> Traf {
    let entry = |sample: &Sample| TrunEntry {
        duration: Some(sample.duration),
        size: Some(u32::try_from(sample.data.len()).unwrap_or(u32::MAX)),
        flags: Some(if sample.sync { FLAGS_SYNC } else { FLAGS_NO_SYNC }),
        cts: Some(sample.composition.into()),
    };
    Traf {
        tfhd: Tfhd { track_id: run.track, default_base_is_moof: true, ..Tfhd::default() },
        tfdt: Some(Tfdt { base_media_decode_time: run.start }),
        trun: vec![Trun {
            data_offset: Some(0),
            samples: TrunSamples::Explicit(run.samples.iter().map(entry).collect()),
        }],
        ..Traf::default()
    }
}
