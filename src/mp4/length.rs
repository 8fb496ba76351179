//! How long a file of fragments lasts: from its head and its last fragment.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use mp4_atom::{Decode, Moof, Moov, TrunSamples};

use super::scan::{BoxHead, read_head};

/// A head of thousands of samples is shorter.
const BOX_BYTES_MAX: u64 = 4 << 20;

/// How long `file`, which is whole up to the byte `end`, lasts; `None` where that cannot be told.
pub fn length(file: &mut (impl Read + Seek), end: u64) -> io::Result<Option<Duration>> {
    let (mut at, mut moov, mut moof) = (0, None, None);
    while at < end {
        let Some(BoxHead { kind, bytes }) = read_head(file, at, end)? else { break };
        match &kind {
            b"moov" => moov = Some((at, bytes)),
            b"moof" => moof = Some((at, bytes)),
            _ => {}
        }
        at = at.saturating_add(bytes);
    }
    let (Some(moov), Some(moof)) = (moov, moof) else { return Ok(None) };
    let (moov, moof) = (read_box(file, moov)?, read_box(file, moof)?);
    let decoded = Moov::decode(&mut &moov[..]).and_then(|moov| Ok((moov, Moof::decode(&mut &moof[..])?)));
    Ok(decoded.ok().and_then(|(moov, moof)| end_of(&moov, &moof)))
}

fn read_box(file: &mut (impl Read + Seek), (at, bytes): (u64, u64)) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(bytes.min(BOX_BYTES_MAX)).read_to_end(&mut read)?;
    Ok(read)
}

/// Where the track ends that lasts longest.
fn end_of(moov: &Moov, moof: &Moof) -> Option<Duration> {
    let ends = moof.traf.iter().filter_map(|traf| {
        let track = moov.trak.iter().find(|track| track.tkhd.track_id == traf.tfhd.track_id)?;
        let scale = track.mdia.mdhd.timescale;
        let shown = |samples: &TrunSamples| match samples {
            TrunSamples::Explicit(entries) => entries.iter().filter_map(|entry| entry.duration).map(u64::from).sum(),
            _ => 0,
        };
        let start = traf.tfdt.as_ref()?.base_media_decode_time;
        let shown: u64 = traf.trun.iter().map(|trun| shown(&trun.samples)).sum();
        let seconds = start.checked_add(shown)? as f64 / f64::from(scale);
        Duration::try_from_secs_f64(seconds).ok()
    });
    ends.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mp4::{Sample, TrackRun, fragment_head};
    use bytes::Bytes;
    use mp4_atom::{Encode, Mdhd, Mdia, Tkhd, Trak};
    use std::io::Cursor;

    #[test]
    fn it_lasts_to_the_end_of_its_last_sample() {
        let track = |track_id, timescale| Trak {
            tkhd: Tkhd { track_id, ..Tkhd::default() },
            mdia: Mdia { mdhd: Mdhd { timescale, ..Mdhd::default() }, ..Mdia::default() },
            ..Trak::default()
        };
        let mut bytes = Vec::new();
        Moov { trak: vec![track(1, 90_000), track(2, 48_000)], ..Moov::default() }.encode(&mut bytes).unwrap();
        let sample = |duration| Sample { duration, composition: 0, sync: true, data: Bytes::from_static(b"123") };
        let head = bytes.clone();
        for (number, start) in [(1, 0), (2, 90_000)] {
            let (picture, sound) = ([sample(45_000), sample(45_000)], [sample(1024)]);
            let runs = [
                TrackRun { track: 1, start, samples: &picture },
                TrackRun { track: 2, start: start * 48 / 90, samples: &sound },
            ];
            bytes.extend(fragment_head(number, &runs).unwrap());
            bytes.extend([0; 9]);
        }
        let lasts = |bytes: &[u8]| length(&mut Cursor::new(bytes), bytes.len() as u64).unwrap();
        assert_eq!(lasts(&bytes), Some(Duration::from_secs(2)));
        assert_eq!(lasts(&head), None);
        assert_eq!(lasts(b"no boxes at all"), None);
    }
}
