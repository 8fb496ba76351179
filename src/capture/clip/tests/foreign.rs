//! Clips as other programs leave them: with covers and titles, without lengths, cut out of recordings.

use super::*;

/// A copy of `path` with other content, beside it.
fn variant(path: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    let folder = path.parent().unwrap();
    let unfinished = folder.join(format!("{}-{name}", std::process::id()));
    std::fs::write(&unfinished, bytes).unwrap();
    let there = folder.join(name);
    std::fs::rename(unfinished, &there).unwrap();
    there
}

fn seconds_of(path: &Path) -> String {
    let source = open_audio_file(path, 48_000, 2).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    source.info().format.rsplit_once(", ").unwrap().1.to_owned()
}

#[test]
fn a_wav_file_is_as_long_as_it_is_whatever_its_header_says() {
    let whole = tone_wav("lengths.wav", 48_000, 96_000, 440.0, 2);
    let data = std::fs::read(&whole).unwrap().windows(4).position(|bytes| bytes == b"data").unwrap() + 4;
    for (name, riff, samples, cut, wanted) in [
        ("arecord", 0x8000_0024_u32, 0x8000_0000_u32, 0, "2.00 s"),
        ("sox", 0x7fff_ffff, 0x7fff_ffdb, 0, "2.00 s"),
        ("pipe", u32::MAX, u32::MAX, 0, "2.00 s"),
        ("power-cut", 0, 0, 0, "2.00 s"),
        ("half", 384_036, 384_000, 192_000, "1.00 s"),
    ] {
        let path = variant(&whole, &format!("lengths-{name}.wav"), |bytes| {
            bytes[4..8].copy_from_slice(&riff.to_le_bytes());
            bytes[data..data + 4].copy_from_slice(&samples.to_le_bytes());
            bytes.truncate(bytes.len() - cut);
        });
        assert!(seconds_of(&path).starts_with(wanted), "{name}: {}", seconds_of(&path));
        let mut source = open_audio_file(&path, 48_000, 2).unwrap();
        let heard = read_all(source.as_mut(), 2, 0, 40_000);
        assert!(heard.chunks(480).skip(20).all(|part| part.iter().any(|sample| sample.abs() > 0.1)), "{name}");
    }
}

#[test]
fn sound_behind_a_large_cover_is_heard() {
    let args = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-b:a", "128k", "-id3v2_version", "0"];
    let bare = ffmpeg_clip("bare.mp3", &args, Vec::new);
    let path = variant(&bare, "cover.mp3", |bytes| {
        // Two tags, the first with 1.5 MB that look like nothing.
        let size: u32 = 1_500_000;
        let safe = [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8);
        let mut tags = [&b"ID3\x03\0\0"[..], &safe].concat();
        tags.resize(10 + size as usize, 0x5a);
        tags.extend_from_slice(b"ID3\x04\0\0\0\0\0\x02\0\0");
        bytes.splice(0..0, tags);
    });
    assert_eq!(seconds_of(&path), seconds_of(&bare));
}

#[test]
fn covers_and_titles_of_any_kind_are_passed_over() {
    let clip = in_step();
    let boxed =
        |name: &[u8; 4], body: &[u8]| [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], name, body].concat();
    // A cover of a kind that no reader knows, in a list that has no handler.
    let cover = boxed(b"covr", &boxed(b"data", &[0, 0, 0, 99, 0, 0, 0, 0, 1, 2, 3]));
    let list = boxed(b"udta", &[boxed(b"meta", &[&[0; 4][..], &boxed(b"ilst", &cover)].concat()), vec![0; 4]].concat());
    for (name, added) in [("cover", list), ("padding-4", vec![0; 4]), ("padding-12", vec![0; 12])] {
        let path = variant(&clip, &format!("foreign-{name}.mp4"), |bytes| {
            let moov = bytes.windows(4).position(|bytes| bytes == b"moov").unwrap() - 4;
            let size = u32::from_be_bytes(bytes[moov..moov + 4].try_into().unwrap());
            let end = moov + size as usize;
            assert_eq!(end, bytes.len(), "nothing moves where the header comes last");
            bytes.extend_from_slice(&added);
            bytes[moov..moov + 4].copy_from_slice(&(size + added.len() as u32).to_be_bytes());
        });
        let shown = |path: &Path| number(&open_video_file(path).unwrap().picture_at(Timestamp::ZERO).unwrap().picture);
        assert_eq!((shown(&path), seconds_of(&path)), (shown(&clip), seconds_of(&clip)), "{name}");
    }
}

fn open_groups() -> PathBuf {
    let coding = x264(&["-bf", "2", "-x264-params", "open-gop=1:keyint=15:min-keyint=15:scenecut=0"]);
    numbered_clip("open-groups-30.mp4", "30", 120, &coding)
}

#[test]
fn a_clip_whose_groups_of_pictures_are_open_goes_on_after_a_stall() {
    let mut source = open_video_file(&open_groups()).unwrap();
    assert_eq!(play(source.as_mut(), "30", 0..10), (0..10).collect::<Vec<_>>());
    // A second and a half later; there is a picture all the time, and the right one soon.
    assert_eq!(play(source.as_mut(), "30", 55..75), (55..75).collect::<Vec<_>>());
    assert!(!source.is_damaged());
    // Back: the only place to start at is the first picture.
    assert_eq!(play(source.as_mut(), "30", 40..44), (40..44).collect::<Vec<_>>());
}

#[test]
fn a_clip_that_was_cut_out_of_a_recording_says_why_it_does_not_play() {
    let whole = open_groups();
    let args = ["-ss", "1.5", "-i", whole.to_str().unwrap(), "-c", "copy"];
    let cut = ffmpeg_clip("cut-out-of-open-groups.mp4", &args, Vec::new);
    let why = reason(open_video_file(&cut));
    assert!(why.contains("no picture to start at (IDR)"), "{why}");
}
