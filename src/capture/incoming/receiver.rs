//! The receiver of one incoming stream: a thread that decodes ahead what is due, for the picture and for the sound.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::feed::{IncomingFeed, IncomingUnit, Mail};
use super::picture::{IncomingPicture, PictureEnd, PictureSide};
use super::sound::{IncomingSound, SoundEnd, SoundSide};
use super::time_map::{TimeMap, Track};
use crate::capture::revival::Watchdog;
use crate::capture::{AudioSource, SourceEvent, SourceInfo, VideoSource};
use crate::clock::Clock;
use crate::flow::{Popped, Queue, Stop, Worker};
use crate::media::{FrameRate, Size, Timestamp};

/// How long the thread waits for units while something waits for its time, and otherwise.
const SHORT_NAP: Duration = Duration::from_millis(5);
const LONG_NAP: Duration = Duration::from_millis(50);
/// A stream that is published and sends nothing for so long is told. Phones are silent for a second and more.
const SILENT_TOLD: Duration = Duration::from_secs(3);

/// What people are told of an incoming stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingInfo {
    /// Its name, with its application where that is not the usual one.
    pub name: String,
    /// Where to publish it.
    pub address: String,
}

impl IncomingInfo {
    pub(super) fn source_info(&self, track: Track) -> SourceInfo {
        let of = match track {
            Track::Picture => "picture",
            Track::Sound => "sound",
        };
        SourceInfo {
            address: Some(self.address.clone()),
            id: format!("ingest:{}", self.name),
            name: format!("{} ({of})", self.name),
            format: format!("waiting for a stream at {}", self.address),
            size: None,
            frame_rate: None,
        }
    }
}

/// The receiver of one stream. Dropping it ends its thread.
pub struct IncomingStream {
    feed: IncomingFeed,
    worker: Option<Worker>,
    /// What must stay while somebody receives: the server.
    _server: Box<dyn Send + Sync>,
}

impl IncomingStream {
    /// Starts the thread. `server` is dropped when the receiver has ended.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(clock: &Clock, server: Box<dyn Send + Sync>) -> std::io::Result<Arc<Self>> {
        let feed = IncomingFeed::new();
        let (inbox, clock) = (feed.clone(), clock.clone());
        let worker = Worker::spawn("incoming", move |stop| Receiver::new(clock).run(&inbox, stop))?;
        Ok(Arc::new(Self { feed, worker: Some(worker), _server: server }))
    }

    /// Where its units go.
    pub fn feed(&self) -> IncomingFeed {
        self.feed.clone()
    }

    /// Its picture, for a program of this size and rate. A newer one takes over from an older.
    pub fn picture(self: &Arc<Self>, info: IncomingInfo, size: Size, frame_rate: FrameRate) -> Box<dyn VideoSource> {
        Box::new(IncomingPicture::open(self, info, size, frame_rate))
    }

    /// Its sound, at the program's rate and channels. A newer one takes over from an older.
    pub fn sound(self: &Arc<Self>, info: IncomingInfo, sample_rate: u32, channels: u16) -> Box<dyn AudioSource> {
        Box::new(IncomingSound::open(self, info, sample_rate, channels))
    }

    pub(super) fn show(&self, end: PictureEnd) {
        self.feed.mail(Mail::Show(end));
    }

    pub(super) fn play(&self, end: SoundEnd) {
        self.feed.mail(Mail::Play(end));
    }
}

impl Drop for IncomingStream {
    fn drop(&mut self) {
        self.feed.close();
        drop(self.worker.take());
    }
}

impl fmt::Debug for IncomingStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingStream").finish_non_exhaustive()
    }
}

/// What one source was told last, so that nothing is told twice.
#[derive(Default)]
pub(super) struct Told {
    events: Option<Queue<SourceEvent>>,
    is_down: bool,
    is_refused: bool,
    /// It has never come, and nothing was said of another one that does.
    is_awaited: bool,
    /// Why what comes now cannot be used.
    reason: Option<String>,
}

impl Told {
    /// Another source is told from now on; of what went before it hears only what still holds.
    pub(super) fn attach(&mut self, events: Queue<SourceEvent>) {
        let reason = self.reason.take();
        *self = Self { events: Some(events), ..Self::default() };
        if let Some(reason) = reason {
            self.refused(reason);
        }
    }

    /// Pictures or sound come.
    pub(super) fn good(&mut self) {
        if std::mem::take(&mut self.is_down) {
            self.tell(SourceEvent::Restored);
        }
        (self.is_refused, self.is_awaited) = (false, false);
        self.reason = None;
    }

    /// Nothing comes.
    pub(super) fn down(&mut self, event: SourceEvent) {
        self.reason = None;
        if !std::mem::replace(&mut self.is_down, true) {
            self.is_awaited = event == SourceEvent::Awaited;
            self.tell(event);
        }
    }

    /// It has not come, and another one that nobody waits for has.
    fn misnamed(&mut self, name: &str) {
        if std::mem::take(&mut self.is_awaited) {
            self.tell(SourceEvent::Misnamed { name: name.to_owned() });
        }
    }

    /// What comes cannot be used.
    pub(super) fn refused(&mut self, reason: String) {
        self.reason = Some(reason.clone());
        if !std::mem::replace(&mut self.is_refused, true) {
            self.is_down = true;
            self.tell(SourceEvent::Refused { reason });
        }
    }

    fn tell(&self, event: SourceEvent) {
        tracing::info!(?event, "incoming stream");
        if let Some(events) = &self.events {
            // A reader that never asks loses the newest ones; the log has them.
            drop(events.push(event));
        }
    }
}

/// What the thread works with. Pure but for the decoders: time is an argument.
pub(super) struct Receiver {
    clock: Clock,
    map: TimeMap,
    picture: PictureSide,
    sound: SoundSide,
    is_published: bool,
    /// What is published though nobody waits for it, until this one is.
    misnamed: Option<String>,
    watchdog: Watchdog,
    /// The epoch of which something was used.
    used: Option<u64>,
}

impl Receiver {
    pub(super) fn new(clock: Clock) -> Self {
        let watchdog = Watchdog::new(clock.now());
        let (picture, sound) = (PictureSide::default(), SoundSide::default());
        Self { clock, map: TimeMap::new(), picture, sound, is_published: false, misnamed: None, watchdog, used: None }
    }

    fn run(mut self, inbox: &IncomingFeed, stop: &Stop) {
        let mut dropped = 0;
        let mut nap = LONG_NAP;
        while !stop.requested() {
            match inbox.pop(nap) {
                Popped::Value(mail) => {
                    self.handle(mail);
                    // All that has come is looked at before anything is decoded: it tells how late the rest is.
                    while let Popped::Value(mail) = inbox.pop(Duration::ZERO) {
                        self.handle(mail);
                    }
                }
                Popped::Empty => {}
                Popped::Closed => break,
            }
            nap = self.pump(self.clock.now());
            let lost = inbox.dropped() + self.picture.left_out();
            if lost != dropped {
                tracing::warn!(lost, "units of an incoming stream were not decoded in time");
                dropped = lost;
            }
        }
    }

    pub(super) fn handle(&mut self, mail: Mail) {
        match mail {
            Mail::Show(end) => {
                self.picture.attach(end);
                if !self.is_published {
                    self.picture.told.down(SourceEvent::Awaited);
                    self.tell_misnamed();
                }
            }
            Mail::Play(end) => {
                self.sound.attach(end);
                if !self.is_published {
                    self.sound.told.down(SourceEvent::Awaited);
                    self.tell_misnamed();
                }
            }
            Mail::Unit(unit) => self.unit(unit),
        }
    }

    fn tell_misnamed(&mut self) {
        if let Some(name) = &self.misnamed {
            self.picture.told.misnamed(name);
            self.sound.told.misnamed(name);
        }
    }

    fn unit(&mut self, unit: IncomingUnit) {
        match unit {
            IncomingUnit::Started => {
                (self.is_published, self.misnamed) = (true, None);
                self.watchdog = Watchdog::new(self.clock.now());
                self.map.restart();
                self.picture.restart();
                self.sound.restart();
            }
            IncomingUnit::Misnamed { name } => {
                self.misnamed = Some(name);
                self.tell_misnamed();
            }
            IncomingUnit::Ended { reason } => {
                self.is_published = false;
                // What is decoded already is shown and heard to its end.
                self.picture.restart();
                self.sound.restart();
                self.picture.told.down(SourceEvent::Ended { reason: reason.clone() });
                self.sound.told.down(SourceEvent::Ended { reason });
            }
            IncomingUnit::Refused { track: Track::Picture, reason } => self.picture.told.refused(reason),
            IncomingUnit::Refused { track: Track::Sound, reason } => self.sound.told.refused(reason),
            IncomingUnit::Header { track: Track::Picture, header } => self.picture.header(header),
            IncomingUnit::Header { track: Track::Sound, header } => self.sound.header(header),
            IncomingUnit::Coded { track, dts, pts, keyframe, data, arrived_at } => {
                self.watchdog.feed(arrived_at);
                let epoch = self.map.epoch();
                let fits = self.map.observe(track, dts, arrived_at);
                if self.map.epoch() != epoch {
                    tracing::info!(delay_ms = self.map.delay() / 1_000_000, "an incoming stream's time begins anew");
                    self.sound.forget_pending();
                }
                match track {
                    // A picture that cannot be placed is needed by those after it.
                    Track::Picture => self.picture.unit(dts, pts, keyframe, data),
                    Track::Sound if fits => self.sound.unit(pts, data),
                    Track::Sound => {}
                }
            }
        }
    }

    /// Decodes what is due soon; gives how long to wait for more.
    pub(super) fn pump(&mut self, now: Timestamp) -> Duration {
        if self.is_published && self.watchdog.stalled(now).is_some_and(|silent_for| silent_for >= SILENT_TOLD) {
            self.picture.told.down(SourceEvent::Stalled { silent_for: SILENT_TOLD });
            self.sound.told.down(SourceEvent::Stalled { silent_for: SILENT_TOLD });
        }
        let waits = !(self.picture.is_idle() && self.sound.is_idle());
        if !self.map.is_settled(now) {
            return if waits { SHORT_NAP } else { LONG_NAP };
        }
        if self.used != Some(self.map.epoch()) {
            if let (Some(first), Some(rate)) = (self.picture.first(), self.picture.frame_rate()) {
                self.map.snap(first, rate);
            }
            self.used = Some(self.map.epoch());
        }
        self.sound.pump(&self.map, &self.clock, now);
        let begun = self.clock.now();
        let is_more = self.picture.pump(&self.map, now);
        self.picture.worked(self.clock.now().since(begun));
        if is_more {
            return Duration::ZERO;
        }
        if waits { SHORT_NAP } else { LONG_NAP }
    }
}
