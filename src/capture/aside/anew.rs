//! A file that was changed while it is played is opened anew, on the thread that reads it: its tables say where the pictures and
//! the sound of the file were that was there before.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::capture::file_state::{FileState, failed};
use crate::capture::{AudioRead, AudioSource, Captured, SourceError, SourceEvent, SourceInfo, VideoSource};
use crate::media::Timestamp;

/// Between two looks at the file. One that was the same at two of them is written to no more.
const LOOK: Duration = Duration::from_millis(500);
/// One that could not be opened, and is not written to, is tried again after so many looks: its disk may have been at fault.
const TRY_EVERY: u32 = 10;

/// Opens the file at a path.
type Open<S> = Box<dyn Fn(&Path) -> Result<Box<S>, SourceError> + Send>;

/// What tells a file from the one that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Its disk and its number there, where the system tells.
    id: (u64, u64),
}

impl Stamp {
    /// `None`: there is no such file, or the system does not tell.
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self { length: found.len(), modified: found.modified().ok(), id: id_of(&found) })
    }
}

#[cfg(unix)]
fn id_of(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;

    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn id_of(_found: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// A source of a file, and whether that is still the file that was opened.
pub(super) struct Anew<S: ?Sized> {
    path: PathBuf,
    open: Open<S>,
    source: Box<S>,
    name: String,
    opened: Option<Stamp>,
    /// What was there at the last look, when the next one is, and after how many more it is tried again.
    seen: Option<Stamp>,
    look_at: Option<Timestamp>,
    until_try: u32,
    /// What the source has told of it, if it cannot read the file.
    unread: Option<SourceEvent>,
    /// Why what is there now cannot be opened, where it stands in the place of what was opened.
    unopened: Option<SourceEvent>,
    state: FileState,
}

impl<S: ?Sized> Anew<S> {
    /// # Errors
    /// Those of `open`.
    pub(super) fn open(
        path: &Path,
        open: impl Fn(&Path) -> Result<Box<S>, SourceError> + Send + 'static,
    ) -> Result<Self, SourceError> {
        // Before it is opened: what is written meanwhile is a change.
        let opened = Stamp::of(path);
        let source = open(path)?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Self {
            path: path.to_owned(),
            open: Box::new(open),
            source,
            name,
            opened,
            seen: opened,
            look_at: None,
            until_try: 0,
            unread: None,
            unopened: None,
            state: FileState::default(),
        })
    }

    /// The source alone, whatever becomes of the file.
    pub(super) fn into_source(self) -> Box<S> {
        self.source
    }

    /// Looks now and then whether the file was changed, and opens it anew once nobody writes to it any more.
    fn look(&mut self, now: Timestamp) {
        // The program's time may have been set back.
        let is_early = |at: Timestamp| now < at && at.since(now) <= LOOK;
        if self.look_at.is_some_and(is_early) {
            return;
        }
        self.look_at = Some(now + LOOK);
        let stamp = Stamp::of(&self.path);
        let is_settled = std::mem::replace(&mut self.seen, stamp) == stamp;
        if stamp == self.opened {
            self.unopened = None;
        } else if !is_settled {
            self.until_try = 0;
        } else if self.until_try > 0 {
            self.until_try -= 1;
        } else if let Some(stamp) = stamp {
            // A file that was taken away is played on: the system keeps it as long as it is open.
            self.open_again(stamp);
        }
    }

    fn open_again(&mut self, stamp: Stamp) {
        match (self.open)(&self.path) {
            Ok(source) => {
                tracing::info!(file = %self.path.display(), "the file was changed and is opened anew");
                (self.source, self.opened, self.unread, self.unopened) = (source, Some(stamp), None, None);
            }
            Err(error) => {
                tracing::warn!(file = %self.path.display(), %error, "the file was changed and cannot be opened anew");
                self.until_try = TRY_EVERY;
                // What was opened is still there where another file has only taken its name.
                let is_written_over = self.opened.is_none_or(|opened| opened.id == stamp.id);
                self.unopened = is_written_over.then(|| match &error {
                    SourceError::Unreadable { reason, .. } => failed(&self.name, reason),
                    error => failed(&self.name, error),
                });
            }
        }
    }

    /// Takes what the source itself told, and tells where something has changed by that.
    fn tell(&mut self, told: Option<SourceEvent>) {
        if let Some(told) = told {
            self.unread = Some(told).filter(|told| matches!(told, SourceEvent::FileFailed { .. }));
        }
        let failure = self.unopened.as_ref().or(self.unread.as_ref());
        self.state.see_failure(failure.cloned());
    }
}

impl VideoSource for Anew<dyn VideoSource> {
    fn info(&self) -> SourceInfo {
        self.source.info()
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        self.look(now);
        let captured = self.source.picture_at(now);
        let told = std::iter::from_fn(|| self.source.poll_event()).last();
        self.tell(told);
        captured
    }

    fn prepare(&mut self, next: Timestamp) {
        self.source.prepare(next);
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.state.poll_event()
    }

    fn is_damaged(&self) -> bool {
        self.source.is_damaged()
    }
}

/// The sound of a file at the program's rate.
pub(super) struct AnewSound {
    pub(super) file: Anew<dyn AudioSource>,
    pub(super) sample_rate: u32,
}

impl AudioSource for AnewSound {
    fn info(&self) -> SourceInfo {
        self.file.source.info()
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        let file = &mut self.file;
        file.look(Timestamp::from_samples(start, self.sample_rate));
        let read = file.source.read(start, out);
        let told = std::iter::from_fn(|| file.source.poll_event()).last();
        file.tell(told);
        read
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.file.state.poll_event()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::capture::clip::test_clips::{ffmpeg_clip, numbered_clip};
    use crate::capture::{open_audio_file, open_video_file};
    use crate::media::FrameRate;
    use crate::video::read_block_time;

    const RATE: u32 = 48_000;
    /// Samples that are read at once.
    const BLOCK: i64 = 4_800;

    fn tone(name: &str, rate: &str, seconds: u32) -> Vec<u8> {
        let sound = format!("sine=frequency=440:sample_rate={rate}:duration={seconds}");
        fs::read(ffmpeg_clip(name, &["-f", "lavfi", "-i", &sound], Vec::new)).unwrap()
    }

    fn sound(path: &Path) -> AnewSound {
        AnewSound { file: Anew::open(path, |path| open_audio_file(path, RATE, 1)).unwrap(), sample_rate: RATE }
    }

    /// Whether each tenth of a second in `tenths` sounds, and what is told in them: whether it is good.
    fn hear(source: &mut AnewSound, tenths: std::ops::Range<i64>) -> (Vec<bool>, Vec<bool>) {
        let (mut sounds, mut told) = (Vec::new(), Vec::new());
        let mut out = [0.0; BLOCK as usize];
        for tenth in tenths {
            source.read(tenth * BLOCK, &mut out);
            sounds.push(out.iter().any(|sample| sample.abs() > 0.01));
            told.extend(source.poll_event().map(|event| event == SourceEvent::Restored));
        }
        (sounds, told)
    }

    #[test]
    fn sound_that_is_written_over_or_replaced_while_it_plays_is_heard_again_within_two_seconds() {
        let cases = [
            ("anew-6.mp4", "48000", "anew-4.mp4", "44100"),
            ("anew-6.wav", "48000", "anew-4.wav", "44100"),
            ("anew-6.flac", "48000", "anew-4.flac", "32000"),
            ("anew-6.mp3", "44100", "anew-4.mp3", "48000"),
            ("anew-6.mp4", "48000", "anew-4.mp3", "48000"),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip");
        for (before, rate_before, after, rate_after) in cases {
            let (before, other) = (tone(before, rate_before, 6), tone(after, rate_after, 4));
            for renamed in [false, true] {
                fs::write(&path, &before).unwrap();
                let mut source = sound(&path);
                assert!(hear(&mut source, 0..20).0.iter().all(|sounds| *sounds), "{after}");
                if renamed {
                    let beside = folder.path().join("beside");
                    fs::write(&beside, &other).unwrap();
                    fs::rename(&beside, &path).unwrap();
                } else {
                    fs::write(&path, &other).unwrap();
                }
                hear(&mut source, 20..40);
                let (sounds, told) = hear(&mut source, 40..200);
                assert!(sounds.iter().all(|sounds| *sounds) && told.is_empty(), "{after} {renamed} {told:?}");
            }
        }
    }

    #[test]
    fn sound_that_is_emptied_is_told_and_heard_again_once_it_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["anew-6.mp4", "anew-6.wav", "anew-6.flac"] {
            let (path, whole) = (folder.path().join(name), tone(name, "48000", 6));
            fs::write(&path, &whole).unwrap();
            let mut source = sound(&path);
            assert!(hear(&mut source, 0..20).1.is_empty(), "{name}");
            fs::write(&path, []).unwrap();
            assert_eq!(hear(&mut source, 20..60).1, [false], "{name}");
            fs::write(&path, &whole[..whole.len() / 3]).unwrap();
            hear(&mut source, 60..61);
            fs::write(&path, &whole).unwrap();
            let (sounds, told) = hear(&mut source, 61..200);
            assert!(told == [true] && sounds[20..].iter().all(|sounds| *sounds), "{name} {told:?}");
        }
    }

    #[test]
    fn sound_that_is_written_over_by_what_is_none_is_told_until_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let (path, whole) = (folder.path().join("clip.mp4"), tone("anew-6.mp4", "48000", 6));
        fs::write(&path, &whole).unwrap();
        let mut source = sound(&path);
        hear(&mut source, 0..20);
        fs::write(&path, vec![b'-'; whole.len()]).unwrap();
        assert_eq!(hear(&mut source, 20..300).1, [false]);
        fs::write(&path, &whole).unwrap();
        assert_eq!(hear(&mut source, 300..400), (hear(&mut sound(&path), 300..400).0, vec![true]));
    }

    #[test]
    fn a_file_that_another_one_took_the_name_of_or_that_was_taken_away_plays_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.wav");
        fs::write(&path, tone("anew-6.wav", "48000", 6)).unwrap();
        let mut source = sound(&path);
        hear(&mut source, 0..20);
        fs::remove_file(&path).unwrap();
        let taken = hear(&mut source, 20..60);
        fs::write(&path, "no sound").unwrap();
        let other = hear(&mut source, 60..200);
        for (sounds, told) in [taken, other] {
            assert!(sounds.iter().all(|sounds| *sounds) && told.is_empty());
        }
    }

    #[test]
    fn pictures_that_are_written_over_are_shown_as_they_are_now() {
        let coded = |name, count, coding: &[&str]| fs::read(numbered_clip(name, "30", count, coding)).unwrap();
        let before = coded("anew-75.mp4", 75, &["-c:v", "libx264", "-bf", "2", "-crf", "18"]);
        let others = [
            (coded("anew-50.mp4", 50, &["-c:v", "libx264", "-bf", "0", "-crf", "12"]), 50),
            (coded("anew-12.y4m", 12, &["-f", "yuv4mpegpipe"]), 12),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        for (other, count) in others {
            for (first, then, count) in [(&before, &other, count), (&other, &before, 75)] {
                fs::write(&path, first).unwrap();
                let mut source = Anew::open(&path, open_video_file).unwrap();
                for tick in 0..200 {
                    if tick == 40 {
                        fs::write(&path, then).unwrap();
                    }
                    let picture = source.picture_at(FrameRate::DEFAULT.frame_time(tick)).unwrap().picture;
                    source.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
                    if tick >= 40 + 45 {
                        assert_eq!(read_block_time(&picture).map(i64::from), Some(tick % count), "{tick}");
                        assert!(!source.is_damaged(), "{tick}");
                    }
                }
            }
        }
    }
}
