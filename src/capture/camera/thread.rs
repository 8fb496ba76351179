//! The capture thread of a camera: takes its pictures, converts them, watches over it and looks for it when it is
//! gone.

use std::time::Duration;

use super::backend;
use super::running::Running;
use super::still::{StillCare, Verdict};
use super::told::Told;
use crate::capture::revival::{
    OPEN_LIMIT, Watchdog, backoff, bounded, bounded_until, next_wait, reopen_limit, wait_until,
};
use crate::capture::work::WorkMeter;
use crate::capture::{CameraRequest, Captured, SourceError, SourceEvent, SourceInfo, VideoSource, Work};
use crate::clock::{Backoff, Clock};
use crate::flow::{Latest, Popped, Queue, Stop, Worker};
use crate::media::{PicturePool, PixelAspect, Size, Timestamp};
use crate::video::{
    ConvertError, PictureSample, PixelFormat, RawPicture, jpeg_has_end, jpeg_size, to_picture, whole_jpeg_to_picture,
};

/// How long closing may take before it is left to itself.
const CLOSE_LIMIT: Duration = Duration::from_millis(400);
/// How often the thread looks for the stop.
const LOOK: Duration = Duration::from_millis(100);
/// The last picture of a camera that stood still is shown while it is restarted, for so long.
const RESTART_PATIENCE: Duration = Duration::from_millis(1500);

/// An open camera. Dropping it closes the device and joins its thread.
pub(super) struct Camera {
    info: SourceInfo,
    latest: Latest<Captured>,
    events: Queue<SourceEvent>,
    /// Newer than the last asked time.
    ahead: Option<Captured>,
    current: Option<Captured>,
    work: WorkMeter,
    _thread: Worker,
}

impl Camera {
    pub(super) fn open(id: Option<&str>, wanted: CameraRequest, clock: &Clock) -> Result<Self, SourceError> {
        let what = id.map_or_else(|| "camera".to_owned(), str::to_owned);
        let device_error = |reason: &str| SourceError::Device { what: what.clone(), reason: reason.to_owned() };
        let (chosen, open_clock) = (id.map(str::to_owned), clock.clone());
        let running = bounded("camera-open", OPEN_LIMIT, move || backend::open(chosen.as_deref(), wanted, &open_clock))
            .ok_or_else(|| device_error("its driver does not answer"))??;
        let info = SourceInfo {
            address: None,
            id: running.id.clone(),
            name: running.name.clone(),
            format: running.format.to_string(),
            size: Some(running.format.size),
            frame_rate: running.format.frame_rate,
        };
        tracing::info!(camera = info.id, format = info.format, "camera opened");
        let (latest, events, work) = (Latest::new(), Queue::new(16), WorkMeter::default());
        let supervisor = Supervisor {
            // A forced backend stays forced.
            id: id.filter(|id| id.contains("nokhwa:")).map_or_else(|| info.id.clone(), str::to_owned),
            wanted,
            clock: clock.clone(),
            latest: latest.clone(),
            events: events.clone(),
            work: work.clone(),
        };
        let thread = Worker::spawn("camera", move |stop| supervisor.run(running, stop))
            .map_err(|e| device_error(&e.to_string()))?;
        Ok(Self { info, latest, events, ahead: None, current: None, work, _thread: thread })
    }
}

impl VideoSource for Camera {
    fn info(&self) -> SourceInfo {
        self.info.clone()
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        if let Some(newest) = self.latest.take()
            && let Some(older) = self.ahead.replace(newest)
            && older.captured_at <= now
        {
            self.current = Some(older);
        }
        if self.ahead.as_ref().is_some_and(|ahead| ahead.captured_at <= now) {
            self.current = self.ahead.take();
        }
        self.current.clone()
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        match self.events.pop(Duration::ZERO) {
            Popped::Value(event) => Some(event),
            Popped::Empty | Popped::Closed => None,
        }
    }

    fn work(&self) -> Option<Work> {
        Some(self.work.total())
    }
}

struct Supervisor {
    id: String,
    wanted: CameraRequest,
    clock: Clock,
    latest: Latest<Captured>,
    events: Queue<SourceEvent>,
    work: WorkMeter,
}

impl Supervisor {
    fn run(&self, first: Running, stop: &Stop) {
        let mut running = Some(first);
        let mut backoff = backoff();
        let mut told = Told::Up;
        let mut pictures = Pictures::new();
        let mut still = StillCare::new();
        while let Some(mut open) = running.take() {
            let end = self.capture(&mut open, (&mut pictures, &mut still), &mut told, &mut backoff, stop);
            if bounded("camera-close", CLOSE_LIMIT, move || drop(open)).is_none() {
                tracing::warn!(camera = self.id, "the camera's driver does not let it go");
            }
            let Some(end) = end else { return };
            self.tell(&mut told, end);
            running = self.reopen(&mut told, &mut backoff, stop);
        }
    }

    /// Takes pictures until they fail; `None` at the stop.
    fn capture(
        &self,
        open: &mut Running,
        (pictures, still): (&mut Pictures, &mut StillCare),
        told: &mut Told,
        backoff: &mut Backoff,
        stop: &Stop,
    ) -> Option<SourceEvent> {
        let mut watchdog = Watchdog::new(self.clock.now());
        while !stop.requested() {
            let (mut good, mut sample) = (false, None);
            let waited = open.backend.next(LOOK, &mut |raw, captured_at| {
                let begun = self.clock.now();
                match pictures.convert(raw) {
                    Ok(picture) => {
                        self.worked(raw.format, begun);
                        good = true;
                        sample = still.wants(captured_at).then(|| (captured_at, PictureSample::of(&picture)));
                        self.latest.put(Captured { picture, pixel_aspect: PixelAspect::SQUARE, captured_at });
                    }
                    Err(error) => tracing::debug!(camera = self.id, %error, "a picture is left out"),
                }
            });
            if let Err(fault) = waited {
                return Some(SourceEvent::Lost { reason: fault.reason });
            }
            let now = self.clock.now();
            if good {
                watchdog.feed(now);
                if matches!(*told, Told::Stalled | Told::Lost) {
                    backoff.reset();
                    still.forget();
                    self.tell(told, SourceEvent::Restored);
                }
            }
            match sample.and_then(|(at, sample)| still.look(at, &sample)) {
                Some(Verdict::Tell(still_for)) => self.tell(told, SourceEvent::Frozen { still_for }),
                Some(Verdict::Restart(still_for)) => return Some(SourceEvent::Frozen { still_for }),
                Some(Verdict::Moves) => {
                    backoff.reset();
                    self.tell(told, SourceEvent::Restored);
                }
                None => {}
            }
            if let Some(silent_for) = watchdog.stalled(now) {
                return Some(SourceEvent::Stalled { silent_for });
            }
        }
        None
    }

    /// A picture was made. A JPEG's colours are converted while it is decoded, which costs most.
    fn worked(&self, format: PixelFormat, begun: Timestamp) {
        let took = self.clock.now().since(begun);
        let is_decoded = format == PixelFormat::Mjpeg;
        let (capture, convert) = if is_decoded { (took, Duration::ZERO) } else { (Duration::ZERO, took) };
        self.work.add(Work { pictures: 1, capture, convert });
    }

    /// Tries until the same camera opens again; `None` at the stop.
    fn reopen(&self, told: &mut Told, backoff: &mut Backoff, stop: &Stop) -> Option<Running> {
        let begun = self.clock.now();
        let (mut failed, mut slow) = (None, false);
        loop {
            if !wait_until(&self.clock, self.clock.now() + next_wait(backoff, failed.as_ref()), stop) {
                return None;
            }
            let (id, wanted, clock) = (self.id.clone(), self.wanted, self.clock.clone());
            let open = move || backend::open(Some(&id), wanted, &clock);
            let opened = bounded_until(stop, "camera-open", reopen_limit(slow), open);
            slow = opened.is_none();
            failed = match opened {
                Some(Ok(running)) => return Some(running),
                Some(Err(error)) => Some(error),
                None => None,
            };
            match &failed {
                // A camera that only stalled was unplugged since.
                Some(error @ SourceError::NotFound { .. }) => {
                    self.tell(told, SourceEvent::Lost { reason: error.to_string() });
                }
                Some(error) => tracing::debug!(camera = self.id, %error, "camera still down"),
                None => {}
            }
            let silent_for = self.clock.now().since(begun);
            if silent_for >= RESTART_PATIENCE {
                // What stood still gives nothing at all now.
                self.tell(told, SourceEvent::Stalled { silent_for });
            }
        }
    }

    /// Tells what changes: each state once.
    fn tell(&self, told: &mut Told, event: SourceEvent) {
        if !told.take(&event) {
            return;
        }
        tracing::warn!(camera = self.id, ?event, "camera");
        // A reader that never asks loses the newest ones; the log has them.
        drop(self.events.push(event));
    }
}

/// Converted pictures, in buffers that are used again.
struct Pictures {
    pool: Option<PicturePool>,
    /// The camera ends its JPEGs, as nearly all do: one without an end was cut off on its way.
    ends_jpegs: bool,
    /// One of its JPEGs was found to be whole: another that is not lacks something. Until then it may make strange ones.
    gives_whole_jpegs: bool,
    /// How many were not, before.
    strange_jpegs: u32,
}

/// So many JPEGs, one after another, are looked at for a whole one: each costs as much as another picture.
const STRANGE_MAX: u32 = 100;

impl Pictures {
    fn new() -> Self {
        Self { pool: None, ends_jpegs: false, gives_whole_jpegs: false, strange_jpegs: 0 }
    }

    fn convert(&mut self, raw: &RawPicture<'_>) -> Result<std::sync::Arc<crate::media::Picture>, ConvertError> {
        if raw.format == PixelFormat::Mjpeg {
            let has_end = jpeg_has_end(raw.data);
            self.ends_jpegs |= has_end;
            if self.ends_jpegs && !has_end {
                return Err(ConvertError::Jpeg("it is cut off".to_owned()));
            }
        }
        // What a JPEG says of its size is truer than what the driver announced.
        let size: Size = match raw.format {
            PixelFormat::Mjpeg => jpeg_size(raw.data).unwrap_or(raw.size),
            _ => raw.size,
        };
        let raw = RawPicture { size, ..*raw };
        let pool = match &mut self.pool {
            Some(pool) if pool.size() == size => pool,
            other => other.insert(PicturePool::new(size)),
        };
        let mut done = Ok(());
        let picture = pool.make(|picture| {
            let may_be_whole = self.ends_jpegs && self.strange_jpegs < STRANGE_MAX;
            let looks = raw.format == PixelFormat::Mjpeg && may_be_whole;
            let whole = looks.then(|| whole_jpeg_to_picture(raw.data, picture));
            match whole {
                Some(Ok(())) => self.gives_whole_jpegs = true,
                Some(Err(_)) if !self.gives_whole_jpegs => self.strange_jpegs += 1,
                Some(Err(_)) | None => {}
            }
            done = match whole {
                Some(whole) if self.gives_whole_jpegs => whole,
                _ => to_picture(&raw, picture),
            };
        });
        done.map(|()| picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::{ColorMatrix, ColorRange};

    fn convert(pictures: &mut Pictures, data: &[u8]) -> bool {
        let raw = RawPicture {
            format: PixelFormat::Mjpeg,
            size: Size::new(64, 48),
            stride: 0,
            data,
            matrix: ColorMatrix::Bt709,
            range: ColorRange::Limited,
        };
        pictures.convert(&raw).is_ok()
    }

    #[test]
    fn a_picture_that_was_cut_off_on_its_way_is_left_out() {
        let mut whole = Vec::new();
        let pixels = [200, 90, 40].repeat(64 * 48);
        image::codecs::jpeg::JpegEncoder::new(&mut whole)
            .encode(&pixels, 64, 48, image::ExtendedColorType::Rgb8)
            .unwrap();
        let without_end = &whole[..whole.len() - 2];
        let mut pictures = Pictures::new();
        assert!(convert(&mut pictures, without_end), "some cameras end none");
        assert!(convert(&mut pictures, &whole));
        assert!(!convert(&mut pictures, &whole[..whole.len() - 60]));
        assert!(convert(&mut pictures, &whole));
    }

    /// A JPEG of noise, which fills its scan.
    fn noisy_jpeg() -> Vec<u8> {
        let mut state = 1u32;
        let pixels: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(64 * 48 * 3)
        .collect();
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new(&mut jpeg)
            .encode(&pixels, 64, 48, image::ExtendedColorType::Rgb8)
            .unwrap();
        jpeg
    }

    #[test]
    fn a_picture_that_lacks_its_midst_is_left_out() {
        let whole = noisy_jpeg();
        let mut pictures = Pictures::new();
        assert!(convert(&mut pictures, &whole));
        for missing in [0..700, 300..2000] {
            let (start, end) = (whole.len() / 3 + missing.start, whole.len() / 3 + missing.end);
            let torn = [&whole[..start], &whole[end..]].concat();
            assert!(!convert(&mut pictures, &torn), "without {missing:?}");
            assert!(convert(&mut pictures, &whole));
        }
    }

    #[test]
    fn whole_pictures_of_any_camera_are_taken() {
        let whole = noisy_jpeg();
        let mut pictures = Pictures::new();
        assert!(convert(&mut pictures, &whole));
        // Filled up behind the end, as drivers do that give the same number of bytes each time.
        for filling in [&[0; 5000][..], &[0xff; 64], b"\r\n"] {
            assert!(convert(&mut pictures, &[&whole[..], filling].concat()), "{filling:?}");
        }
        // With a marker of AVI and no tables (OpenDML).
        let app = b"\xff\xe0\x00\x10AVI1\0\0\0\0\0\0\0\0\0\0";
        let mut bare = [&whole[..2], app].concat();
        let mut rest = &whole[2..];
        while rest[1] != 0xda {
            let length = 2 + usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            if rest[1] != 0xc4 {
                bare.extend_from_slice(&rest[..length]);
            }
            rest = &rest[length..];
        }
        bare.extend_from_slice(rest);
        assert!(convert(&mut pictures, &bare), "without tables");
        // Of one colour, which leaves next to nothing in a row.
        let mut flat = Vec::new();
        image::codecs::jpeg::JpegEncoder::new(&mut flat)
            .encode(&[0; 64 * 48 * 3], 64, 48, image::ExtendedColorType::Rgb8)
            .unwrap();
        assert!(convert(&mut pictures, &flat), "of one colour");
    }
}
