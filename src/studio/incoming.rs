//! The ingest of the sources: what it receives is passed on, as units that a decoder takes, to whoever shows or plays
//! that stream.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;

use super::rehearsal::Unwrap;
use crate::capture::incoming::{IncomingFeed, IncomingInfo, IncomingStream, IncomingUnit, Track};
use crate::capture::{SourceError, SourceRemedy};
use crate::clock::Clock;
use crate::flv::{CodecId, TagKind, TagRole, TagShape, audio_shape, video_shape};
use crate::ingest::{IngestConfig, IngestError, IngestEvent, IngestMedia, IngestServer, PublishKey, reachable_at};
use crate::media::Timestamp;
use crate::settings::{IngestSettings, StreamKey, StreamName};

/// A phone that lost its network comes back under the same name: the dead connection must not hold it for long.
const SILENT_MAX: Duration = Duration::from_secs(8);
/// Headers are kept for sources that are opened later; a larger one is none.
const HEADER_BYTES_MAX: usize = 64 << 10;

/// The way to the ingest, which runs while a source needs it. Cheap to clone; all clones share one ingest.
#[derive(Clone, Debug, Default)]
pub(super) struct IngestDoor {
    settings: IngestSettings,
    open: Arc<Mutex<Weak<Serving>>>,
}

impl IngestDoor {
    pub(super) fn new(settings: IngestSettings) -> Self {
        Self { settings, open: Arc::default() }
    }

    /// Receives there from now on; what is received already goes on until its sources are opened anew. `false` if it
    /// is no change.
    pub(super) fn set(&mut self, settings: IngestSettings) -> bool {
        let changes = self.settings != settings;
        self.settings = settings;
        changes
    }

    /// The receiver of `name`, and what people are told of it.
    pub(super) fn stream(
        &self,
        name: &StreamName,
        clock: &Clock,
    ) -> Result<(Arc<IncomingStream>, IncomingInfo), SourceError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let serving = match open.upgrade().filter(|serving| serving.settings == self.settings) {
            Some(serving) => serving,
            None => {
                let had_one = !Weak::ptr_eq(&open, &Weak::new());
                let serving = Arc::new(self.start(clock, had_one)?);
                *open = Arc::downgrade(&serving);
                serving
            }
        };
        drop(open);
        let has_key = self.settings.key_file.is_some();
        let info =
            IncomingInfo { name: name.to_string(), address: address(serving.server.local_addr(), name, has_key) };
        Ok((serving.stream(name, clock)?, info))
    }
}

/// How long an ingest that has lost its last source may hold its port.
const CLOSING_MAX: Duration = Duration::from_secs(2);

impl IngestDoor {
    /// Starts an ingest; after one that may still be closing, tries for a while.
    fn start(&self, clock: &Clock, after_another: bool) -> Result<Serving, SourceError> {
        let until = if after_another { clock.now() + CLOSING_MAX } else { clock.now() };
        loop {
            match Serving::start(&self.settings, clock) {
                Err(SourceError::Listen { .. }) if clock.now() < until => {
                    let nap = Duration::from_millis(50);
                    clock.sleep_until(clock.now() + nap, nap);
                }
                started => return started,
            }
        }
    }
}

/// A running ingest, kept by its receivers.
#[derive(Debug)]
struct Serving {
    settings: IngestSettings,
    server: IngestServer,
    streams: Arc<Streams>,
}

impl Serving {
    fn start(settings: &IngestSettings, clock: &Clock) -> Result<Self, SourceError> {
        let failed = |reason: String| SourceError::Listen { address: settings.listen.to_string(), reason };
        let mut config = IngestConfig::new(settings.listen);
        if let Some(file) = &settings.key_file {
            let (path, remedy) = (file.display().to_string(), SourceRemedy::OtherKey);
            let unreadable = |reason| SourceError::Unreadable { path, reason, remedy };
            config.publish_key = PublishKey::new(StreamKey::read_file(file).map_err(unreadable)?.reveal());
        }
        config.deadlines.idle = SILENT_MAX;
        let streams = Arc::new(Streams::default());
        let (seen, told) = (Arc::clone(&streams), Arc::clone(&streams));
        config.tap = Some(Arc::new(move |media| seen.media(media)));
        let server = IngestServer::start(config, clock.clone(), move |event| told.event(&event)).map_err(|error| {
            failed(match error {
                IngestError::Listen { source, .. } => source.to_string(),
                other => other.to_string(),
            })
        })?;
        Ok(Self { settings: settings.clone(), server, streams })
    }

    fn stream(self: &Arc<Self>, name: &StreamName, clock: &Clock) -> Result<Arc<IncomingStream>, SourceError> {
        let mut known = self.streams.lock();
        let stray = known.stray();
        let entry = known.of(name.app(), name.name());
        if let Some(stream) = entry.receiver.upgrade() {
            return Ok(stream);
        }
        let stream = IncomingStream::start(clock, Box::new(Arc::clone(self)))
            .map_err(|error| SourceError::Device { what: name.to_string(), reason: error.to_string() })?;
        let feed = stream.feed();
        match &entry.published {
            Some(published) => published.so_far().for_each(|unit| feed.push(unit)),
            None => stray.into_iter().for_each(|name| feed.push(IncomingUnit::Misnamed { name })),
        }
        entry.receiver = Arc::downgrade(&stream);
        entry.feed = Some(feed);
        Ok(stream)
    }
}

/// Stands for the key in the address that is told: who is to have the key is the user's to say.
pub const KEY_IN_FILE: &str = "KEY (the key in the key file)";

/// Where a sender is to publish `name`, as an address that it can reach.
fn address(listen: SocketAddr, name: &StreamName, has_key: bool) -> String {
    let key = if has_key { format!("?key={KEY_IN_FILE}") } else { String::new() };
    format!("rtmp://{}/{}/{}{key}", reachable_at(listen), name.app(), name.name())
}

/// The streams that are published or wanted.
#[derive(Debug, Default)]
struct Streams(Mutex<Vec<Entry>>);

/// One name, published or wanted or both.
#[derive(Debug)]
struct Entry {
    app: String,
    name: String,
    published: Option<Published>,
    receiver: Weak<IncomingStream>,
    feed: Option<IncomingFeed>,
}

/// What is known of a stream that is published.
#[derive(Debug, Default)]
struct Published {
    times: Unwrap,
    headers: [Option<Bytes>; 2],
    refused: [Option<String>; 2],
}

const TRACKS: [Track; 2] = [Track::Picture, Track::Sound];

impl Published {
    /// What a receiver that begins now must know.
    fn so_far(&self) -> impl Iterator<Item = IncomingUnit> {
        let headers = TRACKS
            .into_iter()
            .zip(&self.headers)
            .filter_map(|(track, header)| header.clone().map(|header| IncomingUnit::Header { track, header }));
        let refused = TRACKS
            .into_iter()
            .zip(&self.refused)
            .filter_map(|(track, reason)| reason.clone().map(|reason| IncomingUnit::Refused { track, reason }));
        std::iter::once(IncomingUnit::Started).chain(headers).chain(refused)
    }

    /// The message as a unit, if the receiver has a use for it.
    fn unit(&mut self, media: &IngestMedia<'_>) -> Option<IncomingUnit> {
        let body = &media.payload;
        let (track, shape) = match media.kind {
            TagKind::Video => (Track::Picture, video_shape(body)?),
            TagKind::Audio => (Track::Sound, audio_shape(body)?),
            TagKind::Script => return None,
        };
        let TagShape { role, keyframe, track: number, codec, header_bytes, composition_ms } = shape;
        if number != 0 || !matches!(role, TagRole::SequenceHeader | TagRole::Coded) {
            return None;
        }
        if let Some(reason) = refusal(track, codec) {
            let known = &mut self.refused[track as usize];
            // Once for each stream, not once for each picture.
            return known.is_none().then(|| IncomingUnit::Refused { track, reason: known.insert(reason).clone() });
        }
        self.refused[track as usize] = None;
        let data = body.slice(header_bytes.min(body.len())..);
        if role == TagRole::SequenceHeader {
            let header = Some(data).filter(|data| data.len() <= HEADER_BYTES_MAX)?;
            self.headers[track as usize] = Some(header.clone());
            return Some(IncomingUnit::Header { track, header });
        }
        if data.is_empty() {
            return None;
        }
        let millis = self.times.extend(media.timestamp_ms);
        Some(IncomingUnit::Coded {
            track,
            dts: Timestamp::from_millis(millis),
            pts: Timestamp::from_millis(millis.saturating_add(composition_ms.into())),
            keyframe: keyframe || track == Track::Sound,
            data,
            arrived_at: media.arrived_at,
        })
    }
}

/// Why sound or picture of this codec is not taken; `None` if it is.
fn refusal(track: Track, codec: CodecId) -> Option<String> {
    let (of, wanted) = match track {
        Track::Picture => ("picture", "H.264"),
        Track::Sound => ("sound", "AAC"),
    };
    let told = codec.to_string();
    (told != wanted).then(|| format!("its {of} is {told}; Tally takes {wanted}"))
}

/// The entries while they are looked at.
struct Known<'a>(MutexGuard<'a, Vec<Entry>>);

impl Known<'_> {
    fn find(&mut self, app: &str, name: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.app == app && entry.name == name)
    }

    /// What is published though nobody waits for it: often a slip in the name.
    fn stray(&self) -> Option<String> {
        let stray = self.0.iter().find(|entry| entry.published.is_some() && entry.receiver.strong_count() == 0);
        stray.map(|entry| format!("{}/{}", entry.app, entry.name))
    }

    /// Tells whoever waits of what came instead.
    fn tell_stray(&self, name: &str) {
        for entry in self.0.iter().filter(|entry| entry.published.is_none() && entry.receiver.strong_count() > 0) {
            entry.pass(IncomingUnit::Misnamed { name: name.to_owned() });
        }
    }

    fn of(&mut self, app: &str, name: &str) -> &mut Entry {
        let known = self.0.iter().position(|entry| entry.app == app && entry.name == name);
        let index = known.unwrap_or_else(|| {
            // What nobody publishes and nobody wants any more.
            self.0.retain(|entry| entry.published.is_some() || entry.receiver.strong_count() > 0);
            let (app, name) = (app.to_owned(), name.to_owned());
            self.0.push(Entry { app, name, published: None, receiver: Weak::new(), feed: None });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

impl Entry {
    fn pass(&self, unit: IncomingUnit) {
        if let Some(feed) = self.feed.as_ref().filter(|feed| !feed.is_closed()) {
            feed.push(unit);
        }
    }
}

impl Streams {
    fn lock(&self) -> Known<'_> {
        Known(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Called on the ingest's thread for each message.
    fn media(&self, media: &IngestMedia<'_>) {
        let mut known = self.lock();
        let Some(entry) = known.find(media.app, media.name) else { return };
        if let Some(unit) = entry.published.as_mut().and_then(|published| published.unit(media)) {
            entry.pass(unit);
        }
    }

    fn event(&self, event: &IngestEvent) {
        match event {
            IngestEvent::PublishStarted { name, app, peer } => {
                tracing::info!(%app, %name, %peer, "an incoming stream begins");
                let mut known = self.lock();
                let entry = known.of(app, name);
                entry.published = Some(Published::default());
                entry.pass(IncomingUnit::Started);
                let is_wanted = entry.receiver.strong_count() > 0;
                if !is_wanted {
                    tracing::warn!(%app, %name, "nobody waits for this stream");
                    known.tell_stray(&format!("{app}/{name}"));
                }
            }
            IngestEvent::PublishEnded { name, app, reason, .. } => {
                tracing::info!(%app, %name, %reason, "an incoming stream ends");
                let mut known = self.lock();
                let entry = known.of(app, name);
                entry.published = None;
                entry.pass(IncomingUnit::Ended { reason: reason.to_string() });
            }
            IngestEvent::Refused { peer, reason, .. } => tracing::warn!(%peer, %reason, "a sender was turned away"),
            other => tracing::trace!(?other, "ingest"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::SourceEvent;
    use crate::flow::Worker;

    fn unit(published: &mut Published, kind: TagKind, timestamp_ms: u32, body: &'static [u8]) -> Option<IncomingUnit> {
        let (payload, arrived_at) = (Bytes::from_static(body), Timestamp::from_millis(9));
        published.unit(&IngestMedia { app: "live", name: "x", kind, timestamp_ms, payload, arrived_at })
    }

    #[test]
    fn messages_become_units() {
        let mut published = Published::default();
        let header = |track, header: &'static [u8]| Some(IncomingUnit::Header { track, header: header.into() });
        assert_eq!(unit(&mut published, TagKind::Video, 0, b"\x17\0\0\0\0avcC"), header(Track::Picture, b"avcC"));
        assert_eq!(unit(&mut published, TagKind::Video, 0, b"\x90avc1avcC"), header(Track::Picture, b"avcC"));
        assert_eq!(unit(&mut published, TagKind::Audio, 0, b"\xAF\0\x11\x90"), header(Track::Sound, b"\x11\x90"));
        assert_eq!(unit(&mut published, TagKind::Audio, 0, b"\x90mp4a\x11\x90"), header(Track::Sound, b"\x11\x90"));
        let picture = |dts, pts, keyframe| {
            Some(IncomingUnit::Coded {
                track: Track::Picture,
                dts: Timestamp::from_millis(dts),
                pts: Timestamp::from_millis(pts),
                keyframe,
                data: Bytes::from_static(b"x"),
                arrived_at: Timestamp::from_millis(9),
            })
        };
        assert_eq!(unit(&mut published, TagKind::Video, 10, b"\x17\x01\0\0\x42x"), picture(10, 76, true));
        assert_eq!(unit(&mut published, TagKind::Video, 20, b"\x27\x01\xFF\xFF\xFFx"), picture(20, 19, false));
        assert_eq!(unit(&mut published, TagKind::Video, 30, b"\xA1avc1\0\0\x01x"), picture(30, 31, false));
        assert_eq!(unit(&mut published, TagKind::Video, 40, b"\x93avc1x"), picture(40, 40, true));
        // The time goes on where 32 bits end.
        published.times = Unwrap::default();
        unit(&mut published, TagKind::Video, u32::MAX, b"\x27\x01\0\0\0x");
        assert_eq!(
            unit(&mut published, TagKind::Video, 9, b"\x27\x01\0\0\0x"),
            picture(i64::from(u32::MAX) + 10, i64::from(u32::MAX) + 10, false)
        );
        for (kind, body) in [
            (TagKind::Video, &b"\x17\x02\0\0\0"[..]),
            (TagKind::Video, b"\x57\0"),
            (TagKind::Video, b"\x17\x01\0"),
            (TagKind::Video, b"\x96\0avc1\x01x"),
            (TagKind::Video, b""),
            (TagKind::Script, b"\x02\0"),
        ] {
            assert_eq!(unit(&mut published, kind, 0, body), None, "{body:?}");
        }
        assert_eq!(published.so_far().count(), 3);
    }

    #[test]
    fn other_codecs_are_refused_once_and_in_words() {
        let mut published = Published::default();
        for (kind, body, told) in [
            (TagKind::Video, &b"\x90hvc1x"[..], "its picture is HEVC; Tally takes H.264"),
            (TagKind::Audio, b"\x90Opusx", "its sound is Opus; Tally takes AAC"),
        ] {
            let Some(IncomingUnit::Refused { reason, .. }) = unit(&mut published, kind, 0, body) else { panic!() };
            assert_eq!(reason, told);
            assert_eq!(unit(&mut published, kind, 1, body), None);
        }
        assert_eq!(published.so_far().count(), 3);
        for (codec, told) in
            [(CodecId::Audio(2), "MP3"), (CodecId::FourCc(*b"av01"), "AV1"), (CodecId::Mixed, "several")]
        {
            assert!(refusal(Track::Sound, codec).unwrap().contains(told));
        }
    }

    #[test]
    fn the_address_is_one_that_a_sender_can_reach() {
        let name: StreamName = "phone".parse().unwrap();
        let told = |listen: &str, has_key| address(listen.parse().unwrap(), &name, has_key);
        assert_eq!(told("127.0.0.1:1935", false), "rtmp://127.0.0.1:1935/live/phone");
        assert_eq!(told("[::1]:1935", false), "rtmp://[::1]:1935/live/phone");
        let everywhere = told("0.0.0.0:1935", true);
        assert!(!everywhere.contains("0.0.0.0") && everywhere.contains(":1935/live/phone?key=KEY"), "{everywhere}");
        assert!(!told("[::]:1935", true).contains("[::]"));
    }

    #[test]
    fn who_sends_under_another_name_is_told_to_who_waits() {
        let clock = Clock::system();
        let settings = IngestSettings { listen: "127.0.0.1:0".parse().unwrap(), key_file: None };
        let door = IngestDoor::new(settings);
        let (stream, info) = door.stream(&"phone".parse().unwrap(), &clock).unwrap();
        let streams = Arc::clone(&door.open.lock().unwrap().upgrade().unwrap().streams);
        let begins = |name: &str| {
            let (name, app) = (name.to_owned(), "live".to_owned());
            streams.event(&IngestEvent::PublishStarted { name, app, peer: "127.0.0.1:9".parse().unwrap() });
        };
        let mut sound = stream.sound(info, 48_000, 1);
        let told = |source: &mut dyn crate::capture::AudioSource| {
            let until = clock.now() + Duration::from_secs(5);
            loop {
                if let Some(event) = source.poll_event() {
                    break Some(event);
                }
                if clock.now() >= until {
                    break None;
                }
                clock.sleep_until(until, Duration::from_millis(5));
            }
        };
        assert_eq!(told(&mut *sound), Some(SourceEvent::Awaited));
        begins("Phone");
        begins("fone");
        assert_eq!(told(&mut *sound), Some(SourceEvent::Misnamed { name: "live/Phone".to_owned() }));
        // One that is opened while it comes hears of it too; one that is known, and is wanted now, is taken up.
        let (late, info) = door.stream(&"tablet".parse().unwrap(), &clock).unwrap();
        let mut late = late.sound(info, 48_000, 1);
        assert_eq!(told(&mut *late), Some(SourceEvent::Awaited));
        assert_eq!(told(&mut *late), Some(SourceEvent::Misnamed { name: "live/Phone".to_owned() }));
        begins("phone");
        assert!(sound.poll_event().is_none(), "told once");
    }

    #[test]
    fn one_ingest_serves_all_sources_and_ends_with_the_last() {
        let clock = Clock::system();
        let mut settings = IngestSettings { listen: "127.0.0.1:0".parse().unwrap(), key_file: None };
        let door = IngestDoor::new(settings.clone());
        let (one, info) = door.stream(&"a".parse().unwrap(), &clock).unwrap();
        let (same, _) = door.clone().stream(&"live/a".parse().unwrap(), &clock).unwrap();
        let (other, elsewhere) = door.stream(&"x/b".parse().unwrap(), &clock).unwrap();
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        let port = |info: &IncomingInfo| info.address.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
        assert_eq!(port(&info), port(&elsewhere));
        settings.listen.set_port(port(&info).parse().unwrap());
        let taken = IngestDoor::new(settings.clone());
        let error = taken.stream(&"a".parse().unwrap(), &clock).unwrap_err();
        assert!(matches!(&error, SourceError::Listen { address, .. } if *address == settings.listen.to_string()));
        drop((one, same, other));
        let (again, _) = taken.stream(&"a".parse().unwrap(), &clock).unwrap();
        // The port of an ingest that is just closing is waited for.
        let closing = Worker::spawn("closing", move |_| drop(again)).unwrap();
        taken.stream(&"a".parse().unwrap(), &clock).unwrap();
        assert!(closing.join());
    }
}
