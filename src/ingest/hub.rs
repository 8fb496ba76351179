//! Everything under one stream name: who publishes, who plays, and what a late player needs to start at once.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PlayerStats;
use super::headers::Headers;
use super::hls::{Left, LiveHls};
use super::player::{Delivery, Player};
use super::stream::Stream;
use super::unit::{Unit, UnitKind};
use crate::media::Timestamp;
use crate::rtmp::MediaKind;

/// What is under one name.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) app: String,
    pub(super) name: String,
    /// Bytes kept for late players. A stream whose keyframes are too far apart for it starts, for them, at the next.
    recent_bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stream: Option<Arc<Stream>>,
    /// Of the last unit.
    number: u64,
    headers: Headers,
    /// What `headers` were when `recent` began: those that came since are in it.
    recent_headers: Vec<Unit>,
    /// From the last keyframe on; empty where there is none or too much came since.
    recent: VecDeque<Unit>,
    recent_bytes: usize,
    players: Vec<Arc<Player>>,
    /// While somebody watches by HLS.
    hls: Option<Arc<LiveHls>>,
    /// Of the one before, while the name is known: players count on from it, however long they paused.
    hls_left: Option<Left>,
}

impl Hub {
    pub(super) fn new(app: &str, name: &str, recent_bytes_max: usize) -> Self {
        Self { app: app.to_owned(), name: name.to_owned(), recent_bytes_max, state: Mutex::default() }
    }

    /// Begins a publish; gives who publishes already.
    pub(super) fn publish(&self, stream: &Arc<Stream>) -> Result<(), SocketAddr> {
        let mut state = self.lock();
        if let Some(other) = &state.stream {
            return Err(other.peer);
        }
        state.stream = Some(Arc::clone(stream));
        state.players.iter().for_each(|player| player.tell(Delivery::Published));
        if let Some(hls) = &state.hls {
            hls.published();
        }
        Ok(())
    }

    /// Ends the publish of `stream`, if it is the one.
    pub(super) fn unpublish(&self, stream: &Arc<Stream>, now: Timestamp) {
        let mut state = self.lock();
        if state.stream.take_if(|own| Arc::ptr_eq(own, stream)).is_some() {
            let State { number, players, hls, hls_left, .. } = std::mem::take(&mut *state);
            players.iter().for_each(|player| player.tell(Delivery::Unpublished));
            if let Some(hls) = &hls {
                hls.unpublished(now);
            }
            *state = State { number, players, hls, hls_left, ..State::default() };
        }
    }

    /// Passes a message on to every player, and keeps it while a late one would need it. Nobody is waited for.
    pub(super) fn push(&self, mut unit: Unit) {
        let mut state = self.lock();
        state.number += 1;
        unit.number = state.number;
        state.players.iter().for_each(|player| player.push(&unit));
        if let Some(hls) = &state.hls {
            hls.take(&unit);
        }
        state.keep(unit, self.recent_bytes_max);
    }

    /// Lets a player in: what a decoder needs, then what came since the last keyframe.
    pub(super) fn join(&self, player: &Arc<Player>) {
        let mut state = self.lock();
        state.catch_up(player);
        state.players.push(Arc::clone(player));
    }

    pub(super) fn leave(&self, player: &Arc<Player>) {
        self.lock().players.retain(|other| !Arc::ptr_eq(other, player));
    }

    /// A paused player plays on.
    pub(super) fn resume(&self, player: &Player) {
        let state = self.lock();
        if player.resume() {
            state.catch_up(player);
        }
    }

    /// A player does or does not want sound or picture.
    pub(super) fn receive(&self, player: &Player, media: MediaKind, wanted: bool) {
        player.receive(media, wanted, self.lock().headers.of_tracks());
    }

    /// Its HLS, which begins when it is first asked for; `None` where nobody publishes or `may_begin` says no.
    pub(super) fn hls(&self, now: Timestamp, may_begin: bool) -> Option<Arc<LiveHls>> {
        let mut state = self.lock();
        if state.hls.is_none() {
            let stream = state.stream.as_ref().filter(|_| may_begin)?;
            let facts = stream.facts(now);
            let headers = if state.recent.is_empty() { &state.all_headers() } else { &state.recent_headers };
            let hls = LiveHls::new(now, &facts, state.hls_left, headers.iter().chain(&state.recent));
            state.hls = Some(Arc::new(hls));
        }
        state.hls.clone()
    }

    /// Ends an HLS that nobody watches; called now and then. `true` while there is one.
    pub(super) fn tick_hls(&self, now: Timestamp) -> bool {
        let mut state = self.lock();
        if let Some(hls) = state.hls.take_if(|hls| !hls.tick(now)) {
            state.hls_left = hls.left();
        }
        state.hls.is_some()
    }

    /// Who watches by HLS.
    pub(super) fn viewers(&self) -> usize {
        self.lock().hls.as_ref().map_or(0, |hls| hls.viewers())
    }

    /// Whether the name can be forgotten.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.stream.is_none() && state.players.is_empty() && state.hls.is_none()
    }

    pub(super) fn stream(&self) -> Option<Arc<Stream>> {
        self.lock().stream.clone()
    }

    pub(super) fn players(&self) -> Vec<PlayerStats> {
        self.lock().players.iter().map(|player| player.stats()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn all_headers(&self) -> Vec<Unit> {
        self.headers.all().cloned().collect()
    }

    fn catch_up(&self, player: &Player) {
        if self.recent.is_empty() {
            player.catch_up(&self.all_headers(), &self.recent);
        } else {
            player.catch_up(&self.recent_headers, &self.recent);
        }
    }

    fn keep(&mut self, unit: Unit, bytes_max: usize) {
        let is_kept = self.headers.keep(&unit);
        match unit.kind {
            UnitKind::Script | UnitKind::Header(_) if !is_kept => return,
            UnitKind::Keyframe => {
                self.recent.clear();
                self.recent_bytes = 0;
                self.recent_headers = self.all_headers();
            }
            UnitKind::Script | UnitKind::Header(_) | UnitKind::Picture | UnitKind::Sound | UnitKind::Other => {}
        }
        if unit.kind != UnitKind::Keyframe && self.recent.is_empty() {
            return;
        }
        self.recent_bytes += unit.room();
        self.recent.push_back(unit);
        if self.recent_bytes > bytes_max {
            self.recent = VecDeque::new();
            self.recent_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::ingest::player::PlayerBounds;
    use crate::ingest::unit::ROOM_OF_ONE;

    fn player() -> Arc<Player> {
        Arc::new(Player::new("127.0.0.1:3".parse().unwrap(), PlayerBounds { media_ms: 3000, bytes: 1 << 20 }))
    }

    fn video(time: u32, body: &'static [u8]) -> Unit {
        Unit::media(MediaKind::Video, time, body.into())
    }

    fn bodies(player: &Player) -> Vec<Vec<u8>> {
        let cx = Context::from_waker(Waker::noop());
        let mut bodies = Vec::new();
        while let Poll::Ready(delivery) = player.poll_take(&cx) {
            bodies.push(match delivery {
                Delivery::Unit(unit) => unit.body.to_vec(),
                Delivery::Published => b"published".to_vec(),
                Delivery::Unpublished => b"unpublished".to_vec(),
            });
        }
        bodies
    }

    #[test]
    fn a_late_player_starts_with_what_belongs_to_the_last_keyframe() {
        let hub = Hub::new("live", "cam", 1 << 20);
        hub.push(Unit::script(0, b"meta"[..].into()));
        hub.push(video(0, b"\x17\0\0\0\0old"));
        hub.push(video(0, b"\x17\x01\0\0\0key"));
        hub.push(video(40, b"\x27\x01\0\0\0p"));
        // The next group has other parameters; its keyframe is not there yet.
        hub.push(video(80, b"\x17\0\0\0\0new"));
        let late = player();
        hub.join(&late);
        let expected: [&[u8]; 5] =
            [b"meta", b"\x17\0\0\0\0old", b"\x17\x01\0\0\0key", b"\x27\x01\0\0\0p", b"\x17\0\0\0\0new"];
        assert_eq!(bodies(&late), expected);
        hub.push(video(80, b"\x17\x01\0\0\0key2"));
        assert_eq!(bodies(&late), [b"\x17\x01\0\0\0key2"]);
        let later = player();
        hub.join(&later);
        assert_eq!(bodies(&later), [&b"meta"[..], b"\x17\0\0\0\0new", b"\x17\x01\0\0\0key2"]);
        assert_eq!(hub.players().len(), 2);
        hub.leave(&late);
        hub.leave(&later);
        assert!(hub.is_empty());
    }

    #[test]
    fn groups_beyond_the_cap_are_not_kept_and_tracks_have_headers_of_their_own() {
        let hub = Hub::new("live", "cam", 30 + 2 * ROOM_OF_ONE);
        hub.push(video(0, b"\x90hvc1main"));
        hub.push(video(0, b"\x96\x00hvc1\x01second"));
        hub.push(video(0, b"\x94hvc1colour"));
        hub.push(video(0, b"\x90hvc1MAIN"));
        hub.push(video(0, b"\x93hvc1keyframe"));
        hub.push(video(40, b"\xA3hvc1too much for the cap"));
        let late = player();
        hub.join(&late);
        assert_eq!(bodies(&late), [&b"\x90hvc1MAIN"[..], b"\x96\x00hvc1\x01second", b"\x94hvc1colour"]);
        hub.push(video(80, b"\xA3hvc1of no use yet"));
        hub.push(video(80, b"\x93hvc1next"));
        assert_eq!(bodies(&late), [b"\x93hvc1next"]);
    }

    #[test]
    fn headers_of_a_codec_that_is_no_more_are_not_kept() {
        let hub = Hub::new("live", "cam", 1 << 20);
        let sound = |body: &'static [u8]| Unit::media(MediaKind::Audio, 0, body.into());
        let late = || {
            let late = player();
            hub.join(&late);
            bodies(&late)
        };
        hub.push(sound(b"\xaf\0aac"));
        hub.push(sound(b"\x95\x00mp4a\x01second track"));
        hub.push(sound(b"\xaf\x01sound"));
        // By its other name, and with others in one message: the header may be its own.
        hub.push(sound(b"\x91mp4asound"));
        hub.push(sound(b"\x95\x21mp4a\0\0\0\x04\0sound"));
        assert_eq!(late(), [&b"\xaf\0aac"[..], b"\x95\x00mp4a\x01second track"]);
        hub.push(sound(b"\x2fmp3"));
        assert_eq!(late(), [b"\x95\x00mp4a\x01second track"]);
        // And those of pictures, colours too.
        hub.push(video(0, b"\x90hvc1header"));
        hub.push(video(0, b"\x94hvc1colour"));
        hub.push(video(0, b"\x12VP6 keyframe"));
        assert_eq!(late(), [&b"\x95\x00mp4a\x01second track"[..], b"\x12VP6 keyframe"]);
    }

    #[test]
    fn small_messages_are_counted_with_what_keeping_them_takes() {
        let hub = Hub::new("live", "cam", 1 << 20);
        hub.push(video(0, b"\x17\x01\0\0\0key"));
        for time in 0..100_000 {
            hub.push(video(time, b"\x27"));
            let room = hub.lock().recent.capacity() * size_of::<Unit>();
            assert!(room <= 1 << 20, "{room} bytes after {time} messages");
        }
    }

    #[test]
    fn who_waits_hears_of_begin_and_end() {
        let hub = Hub::new("live", "cam", 1 << 20);
        let early = player();
        hub.join(&early);
        let stream =
            Arc::new(Stream::new("live", "cam", "127.0.0.1:1".parse().unwrap(), crate::media::Timestamp::ZERO));
        let other = Arc::new(Stream::new("live", "cam", "127.0.0.1:2".parse().unwrap(), crate::media::Timestamp::ZERO));
        hub.publish(&stream).unwrap();
        assert_eq!(hub.publish(&other), Err(stream.peer));
        hub.push(video(0, b"\x17\x01\0\0\0key"));
        hub.unpublish(&other, Timestamp::ZERO);
        hub.unpublish(&stream, Timestamp::ZERO);
        assert_eq!(bodies(&early), [&b"published"[..], b"\x17\x01\0\0\0key", b"unpublished"]);
        // Nothing of the last show is left for the next.
        let late = player();
        hub.join(&late);
        assert_eq!(bodies(&late), Vec::<Vec<u8>>::new());
        hub.publish(&other).unwrap();
        assert_eq!(bodies(&late), [b"published"]);
    }
}
