//! What waits for one player: bounded by media time and bytes. A player that is too slow loses pictures up to the
//! next keyframe, then the oldest sound; nobody else waits for it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::PlayerStats;
use super::unit::{Unit, UnitKind};
use crate::flv::TagKind;
use crate::rtmp::MediaKind;

/// What may wait for one player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlayerBounds {
    /// Milliseconds of media.
    pub(super) media_ms: u32,
    /// Bytes of media. They are shared with all who have them, so this bounds what a player holds back from being
    /// freed.
    pub(super) bytes: usize,
}

/// What a player gets, in order.
#[derive(Clone, Debug)]
pub(super) enum Delivery {
    /// A message.
    Unit(Unit),
    /// Somebody publishes now.
    Published,
    /// The publish has ended.
    Unpublished,
}

/// What a player was sent, and what not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PlayerCounts {
    pub(super) frames: u64,
    pub(super) audio_packets: u64,
    pub(super) bytes: u64,
    /// Pictures that were dropped because the player was too slow.
    pub(super) dropped_frames: u64,
    /// Pieces of sound likewise.
    pub(super) dropped_audio: u64,
}

/// One player's queue, filled by the hub and emptied by the player's connection.
#[derive(Debug)]
pub(super) struct Player {
    peer: SocketAddr,
    bounds: PlayerBounds,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Delivery>,
    bytes: usize,
    /// Pictures are of no use before the next keyframe.
    wants_keyframe: bool,
    /// It was given everything since the last keyframe at once, and has not caught up yet: that alone drops nothing.
    catching_up_ms: u32,
    /// It had taken everything when it was last asked: what came since is a burst of the publisher's, and no sign that
    /// the player is slow.
    hungry: bool,
    paused: bool,
    without_sound: bool,
    without_picture: bool,
    /// The number of the last unit that was taken or dropped.
    last_number: Option<u64>,
    counts: PlayerCounts,
    waker: Option<Waker>,
}

impl Player {
    pub(super) fn new(peer: SocketAddr, bounds: PlayerBounds) -> Self {
        let state = State {
            queue: VecDeque::new(),
            bytes: 0,
            wants_keyframe: true,
            catching_up_ms: 0,
            hungry: false,
            paused: false,
            without_sound: false,
            without_picture: false,
            last_number: None,
            counts: PlayerCounts::default(),
            waker: None,
        };
        Self { peer, bounds, state: Mutex::new(state) }
    }

    pub(super) fn counts(&self) -> PlayerCounts {
        self.lock().counts
    }

    pub(super) fn stats(&self) -> PlayerStats {
        let state = self.lock();
        let PlayerCounts { frames, audio_packets, bytes, dropped_frames, dropped_audio } = state.counts;
        PlayerStats {
            peer: self.peer,
            frames,
            audio_packets,
            bytes,
            dropped: dropped_frames + dropped_audio,
            waiting_ms: state.newest_ms().map_or(0, |newest| state.span_ms(newest)),
        }
    }

    /// Takes the next delivery; where there is none, the task is woken when there is.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Delivery> {
        let mut state = self.lock();
        state.hungry = state.queue.is_empty();
        match state.queue.pop_front() {
            Some(Delivery::Unit(unit)) => {
                state.bytes -= unit.room();
                state.last_number = Some(unit.number);
                let counts = &mut state.counts;
                counts.bytes += unit.body.len() as u64;
                match unit.kind {
                    UnitKind::Keyframe | UnitKind::Picture => counts.frames += 1,
                    UnitKind::Sound => counts.audio_packets += 1,
                    UnitKind::Script | UnitKind::Header(_) | UnitKind::Other => {}
                }
                Poll::Ready(Delivery::Unit(unit))
            }
            Some(delivery) => Poll::Ready(delivery),
            None => {
                if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    state.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    /// Gives it a message as it comes.
    pub(super) fn push(&self, unit: &Unit) {
        let mut state = self.lock();
        if state.takes(unit) {
            state.enqueue(unit.clone());
            state.keep_within(self.bounds);
        }
        state.wake();
    }

    /// Tells it that somebody publishes now, or no more. Its next picture is a keyframe.
    pub(super) fn tell(&self, delivery: Delivery) {
        let mut state = self.lock();
        state.wants_keyframe = true;
        state.queue.push_back(delivery);
        state.wake();
    }

    /// Brings it to the present: after its start, or when it plays on. `headers` are what decoders need; `recent`
    /// everything since the last keyframe, empty where that is too much or there is none.
    pub(super) fn catch_up(&self, headers: &[Unit], recent: &VecDeque<Unit>) {
        let mut state = self.lock();
        let seen = state.last_number;
        let first = recent.front().map(|unit| unit.number);
        // Where it stopped within what is kept, it goes on right there.
        let continues = seen.zip(first).is_some_and(|(seen, first)| first <= seen + 1) && !state.wants_keyframe;
        let fresh = first.is_some_and(|first| seen.is_none_or(|seen| seen < first));
        if !continues {
            state.wants_keyframe = true;
            for header in headers {
                state.enqueue(header.clone());
            }
        }
        if continues || fresh {
            for unit in recent.iter().filter(|unit| seen.is_none_or(|seen| unit.number > seen)) {
                if state.takes(unit) {
                    state.enqueue(unit.clone());
                }
            }
        }
        state.catching_up_ms = state.newest_ms().map_or(0, |newest| state.span_ms(newest));
        state.wake();
    }

    /// It wants nothing until it plays on: what waits is dropped, since it will go on live.
    pub(super) fn pause(&self) {
        let mut state = self.lock();
        state.paused = true;
        state.queue.retain(|delivery| !matches!(delivery, Delivery::Unit(_)));
        state.bytes = 0;
    }

    /// It plays on; `catch_up` is to follow. `false` if it was not paused.
    pub(super) fn resume(&self) -> bool {
        std::mem::replace(&mut self.lock().paused, false)
    }

    /// It does or does not want sound or picture. A picture comes back with `headers`, at the next keyframe.
    pub(super) fn receive(&self, media: MediaKind, wanted: bool, headers: &[Unit]) {
        let mut state = self.lock();
        match media {
            MediaKind::Audio => state.without_sound = !wanted,
            MediaKind::Video if wanted && state.without_picture => {
                state.without_picture = false;
                state.wants_keyframe = true;
                for header in headers.iter().filter(|header| header.tag == TagKind::Video) {
                    state.enqueue(header.clone());
                }
                state.wake();
            }
            MediaKind::Video => state.without_picture = !wanted,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the player gets this one; notes what it does to pictures.
    fn takes(&mut self, unit: &Unit) -> bool {
        if self.paused || (self.without_sound && unit.tag == TagKind::Audio) {
            return false;
        }
        if self.without_picture && unit.tag == TagKind::Video {
            return false;
        }
        match unit.kind {
            UnitKind::Keyframe => self.wants_keyframe = false,
            UnitKind::Picture | UnitKind::Other if self.wants_keyframe && unit.is_picture() => {
                self.counts.dropped_frames += u64::from(unit.kind == UnitKind::Picture);
                return false;
            }
            _ => {}
        }
        true
    }

    fn enqueue(&mut self, unit: Unit) {
        self.bytes += unit.room();
        self.queue.push_back(Delivery::Unit(unit));
    }

    fn wake(&mut self) {
        if !self.queue.is_empty()
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    fn newest_ms(&self) -> Option<u32> {
        self.queue.iter().rev().find_map(droppable).map(|unit| unit.timestamp_ms)
    }

    /// From the oldest that waits and that `counts`, to `newest_ms`.
    fn span_of(&self, newest_ms: u32, counts: fn(&Unit) -> bool) -> u32 {
        let oldest = self.queue.iter().filter_map(droppable).find(|unit| counts(unit));
        let oldest_ms = oldest.map_or(newest_ms, |unit| unit.timestamp_ms);
        // A publisher whose time jumps back spans nothing.
        u32::try_from(newest_ms.wrapping_sub(oldest_ms).cast_signed()).unwrap_or(0)
    }

    fn span_ms(&self, newest_ms: u32) -> u32 {
        self.span_of(newest_ms, |_| true)
    }

    /// Drops what is too much: pictures and sound, and where that is not enough, headers.
    fn keep_within(&mut self, bounds: PlayerBounds) {
        self.drop_media(bounds);
        if self.bytes > bounds.bytes {
            self.drop_headers(bounds.bytes);
        }
    }

    /// Drops the pictures before the last keyframe that waits; if that is not enough, all pictures up to the next one; then
    /// the oldest sound.
    fn drop_media(&mut self, bounds: PlayerBounds) {
        let Some(newest) = self.newest_ms() else { return };
        if self.span_ms(newest) <= bounds.media_ms {
            self.catching_up_ms = 0;
        }
        let media_ms = if self.hungry { u32::MAX } else { bounds.media_ms.saturating_add(self.catching_up_ms) };
        if self.span_ms(newest) <= media_ms && self.bytes <= bounds.bytes {
            return;
        }
        let is_keyframe = |delivery: &Delivery| matches!(delivery, Delivery::Unit(u) if u.kind == UnitKind::Keyframe);
        self.drop_pictures(self.queue.iter().rposition(is_keyframe).unwrap_or(0));
        if self.span_of(newest, Unit::is_picture) > media_ms || self.bytes > bounds.bytes {
            self.drop_pictures(usize::MAX);
            self.wants_keyframe = true;
        }
        while self.span_ms(newest) > media_ms || self.bytes > bounds.bytes {
            let Some(oldest) = self.queue.iter().position(|delivery| droppable(delivery).is_some()) else { return };
            let Some(Delivery::Unit(unit)) = self.queue.remove(oldest) else { return };
            self.bytes -= unit.room();
            self.counts.dropped_audio += u64::from(unit.kind == UnitKind::Sound);
        }
    }

    /// Drops the headers that a newer one replaces, then the oldest: a publisher may send nothing else.
    fn drop_headers(&mut self, bytes_max: usize) {
        let mut newest = Vec::new();
        let kept = std::mem::take(&mut self.queue).into_iter().rev().filter(|delivery| {
            let Delivery::Unit(unit) = delivery else { return true };
            let is_newest = !newest.contains(&unit.kind);
            if is_newest {
                newest.push(unit.kind);
            } else {
                self.bytes -= unit.room();
            }
            is_newest
        });
        self.queue = kept.collect();
        self.queue.make_contiguous().reverse();
        let is_unit = |delivery: &Delivery| matches!(delivery, Delivery::Unit(_));
        while self.bytes > bytes_max
            && let Some(oldest) = self.queue.iter().position(is_unit)
        {
            if let Some(Delivery::Unit(unit)) = self.queue.remove(oldest) {
                self.bytes -= unit.room();
            }
        }
    }

    /// Drops the pictures among the first `count` deliveries.
    fn drop_pictures(&mut self, count: usize) {
        let Self { queue, bytes, counts, .. } = self;
        let mut index = 0;
        queue.retain(|delivery| {
            index += 1;
            let Delivery::Unit(unit) = delivery else { return true };
            if index > count || !unit.is_picture() {
                return true;
            }
            *bytes -= unit.room();
            counts.dropped_frames += u64::from(matches!(unit.kind, UnitKind::Keyframe | UnitKind::Picture));
            false
        });
    }
}

fn droppable(delivery: &Delivery) -> Option<&Unit> {
    match delivery {
        Delivery::Unit(unit) if unit.is_droppable() => Some(unit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const BOUNDS: PlayerBounds = PlayerBounds { media_ms: 1000, bytes: 100_000 };

    fn player() -> Player {
        Player::new("127.0.0.1:1".parse().unwrap(), BOUNDS)
    }

    /// A stream of its own: a keyframe every `gop` pictures, 100 ms apart, each with sound.
    struct Stream {
        number: u64,
        gop: u64,
    }

    impl Stream {
        fn unit(&mut self, mut unit: Unit) -> Unit {
            self.number += 1;
            unit.number = self.number;
            unit
        }

        fn moment(&mut self, index: u64, bytes: usize) -> [Unit; 2] {
            let time = u32::try_from(index * 100).unwrap();
            let first = if index.is_multiple_of(self.gop) { 0x17 } else { 0x27 };
            let body = [&[first, 1, 0, 0, 0][..], &vec![0; bytes]].concat();
            let picture = self.unit(Unit::media(MediaKind::Video, time, body.into()));
            let sound = self.unit(Unit::media(MediaKind::Audio, time, Bytes::from_static(b"\xAF\x01s")));
            [picture, sound]
        }
    }

    fn taken(player: &Player) -> Vec<(UnitKind, u32)> {
        let cx = Context::from_waker(Waker::noop());
        let mut units = Vec::new();
        while let Poll::Ready(delivery) = player.poll_take(&cx) {
            if let Delivery::Unit(unit) = delivery {
                units.push((unit.kind, unit.timestamp_ms));
            }
        }
        units
    }

    fn times(units: &[(UnitKind, u32)], wanted: fn(UnitKind) -> bool) -> Vec<u32> {
        units.iter().filter(|(kind, _)| wanted(*kind)).map(|(_, time)| *time).collect()
    }

    fn is_picture(kind: UnitKind) -> bool {
        matches!(kind, UnitKind::Keyframe | UnitKind::Picture)
    }

    fn is_sound(kind: UnitKind) -> bool {
        kind == UnitKind::Sound
    }

    #[test]
    fn a_player_that_keeps_up_gets_everything() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 10 };
        let mut seen = Vec::new();
        for index in 0..50 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
            seen.extend(taken(&player));
        }
        assert_eq!(times(&seen, is_picture).len(), 50);
        assert_eq!(times(&seen, is_sound).len(), 50);
        let counts = player.counts();
        assert_eq!((counts.frames, counts.audio_packets, counts.dropped_frames, counts.dropped_audio), (50, 50, 0, 0));
    }

    #[test]
    fn a_burst_of_the_publisher_costs_a_fast_player_nothing() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 30 };
        assert_eq!(taken(&player), []);
        for index in 0..30 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
        }
        assert_eq!(times(&taken(&player), is_picture).len(), 30);
        // Of a burst beyond the bound of bytes it is spared nothing.
        for index in 30..60 {
            stream.moment(index, 30_000).iter().for_each(|unit| player.push(unit));
        }
        assert!(times(&taken(&player), is_picture).len() < 4);
    }

    #[test]
    fn a_slow_player_goes_on_at_a_keyframe_and_keeps_its_sound() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 8 };
        for index in 0..20 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
            assert!(player.stats().waiting_ms <= BOUNDS.media_ms);
        }
        let seen = taken(&player);
        let pictures = times(&seen, is_picture);
        // Bounded to a second, and nothing is missing from the keyframe on.
        assert_eq!(pictures.first(), Some(&1600));
        assert_eq!(pictures, [1600, 1700, 1800, 1900]);
        let sound = times(&seen, is_sound);
        assert_eq!(sound, (9..20).map(|index| index * 100).collect::<Vec<u32>>());
        let counts = player.counts();
        assert_eq!(counts.frames + counts.dropped_frames, 20);
        assert_eq!(counts.audio_packets + counts.dropped_audio, 20);
        // Then it keeps up again.
        let mut more = Vec::new();
        for index in 20..30 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
            more.extend(taken(&player));
        }
        assert_eq!(times(&more, is_picture).len(), 10);
    }

    #[test]
    fn headers_that_nobody_fetches_are_bounded_and_the_newest_of_each_kind_stays() {
        let player = Player::new("127.0.0.1:3".parse().unwrap(), BOUNDS);
        let header = |media, first: &[u8], number: u32| {
            Unit::media(media, number, [first, &[0; 1000], &number.to_be_bytes()].concat().into())
        };
        for number in 0..1000 {
            player.push(&header(MediaKind::Video, b"\x17\0\0\0\0", number));
            player.push(&header(MediaKind::Audio, b"\xaf\0", number));
            player.push(&Unit::script(number, vec![0; 1000].into()));
        }
        assert!(player.lock().queue.len() <= 100, "{} wait", player.lock().queue.len());
        let waiting: Vec<_> = player.lock().queue.iter().rev().take(3).filter_map(stamp).collect();
        assert_eq!(waiting, [999, 999, 999]);
        // Nor do they hold back what comes after them.
        player.push(&Unit::media(MediaKind::Video, 1000, b"\x17\x01\0\0\0key"[..].into()));
        assert_eq!(player.lock().queue.back().and_then(stamp), Some(1000));
    }

    fn stamp(delivery: &Delivery) -> Option<u32> {
        if let Delivery::Unit(unit) = delivery { Some(unit.timestamp_ms) } else { None }
    }

    #[test]
    fn bytes_are_bounded_too_and_the_first_picture_is_a_keyframe() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 4 };
        for index in 1..9 {
            stream.moment(index, 30_000).iter().for_each(|unit| player.push(unit));
        }
        let seen = taken(&player);
        // The fifth moment is the first keyframe; of 30 kB each no more than three fit beside it.
        assert_eq!(times(&seen, is_picture), [800]);
        assert_eq!(times(&seen, is_sound).len(), 8);
    }

    #[test]
    fn joining_late_brings_what_is_kept_even_beyond_the_bound() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 30 };
        let recent: VecDeque<Unit> = (0..25).flat_map(|index| stream.moment(index, 10)).collect();
        let header = stream.unit(Unit::media(MediaKind::Video, 0, Bytes::from_static(b"\x17\0\0\0\0h")));
        player.catch_up(std::slice::from_ref(&header), &recent);
        stream.moment(25, 10).iter().for_each(|unit| player.push(unit));
        let seen = taken(&player);
        assert!(matches!(seen[0].0, UnitKind::Header(_)));
        assert_eq!(times(&seen, is_picture), (0..26).map(|index| index * 100).collect::<Vec<u32>>());
        assert_eq!(player.counts().dropped_frames, 0);
        // Caught up: the bound holds from now on, once it takes too little.
        stream.moment(26, 10).iter().for_each(|unit| player.push(unit));
        assert!(player.poll_take(&Context::from_waker(Waker::noop())).is_ready());
        for index in 27..60 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
        }
        assert!(player.stats().waiting_ms <= BOUNDS.media_ms);
    }

    #[test]
    fn after_a_short_pause_nothing_is_missing_and_after_a_long_one_it_is_live() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 10 };
        let mut recent = VecDeque::new();
        let mut moment = |recent: &mut VecDeque<Unit>, index: u64| {
            let units = stream.moment(index, 10);
            if index.is_multiple_of(10) {
                recent.clear();
            }
            for unit in units {
                player.push(&unit);
                recent.push_back(unit);
            }
        };
        for index in 0..3 {
            moment(&mut recent, index);
        }
        assert_eq!(times(&taken(&player), is_picture), [0, 100, 200]);
        player.pause();
        for index in 3..6 {
            moment(&mut recent, index);
        }
        assert_eq!(taken(&player), []);
        assert!(player.resume());
        player.catch_up(&[], &recent);
        assert_eq!(times(&taken(&player), is_picture), [300, 400, 500]);
        player.pause();
        for index in 6..23 {
            moment(&mut recent, index);
        }
        assert!(player.resume());
        player.catch_up(&[], &recent);
        let seen = taken(&player);
        assert_eq!(times(&seen, is_picture), [2000, 2100, 2200]);
        assert_eq!(times(&seen, is_sound), [2000, 2100, 2200]);
        assert!(!player.resume());
    }

    #[test]
    fn sound_alone_and_picture_alone_can_be_had() {
        let player = player();
        let mut stream = Stream { number: 0, gop: 5 };
        let header = stream.unit(Unit::media(MediaKind::Video, 0, Bytes::from_static(b"\x17\0\0\0\0h")));
        player.receive(MediaKind::Video, false, &[]);
        for index in 0..4 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
        }
        assert!(taken(&player).iter().all(|(kind, _)| is_sound(*kind)));
        player.receive(MediaKind::Audio, false, &[]);
        player.receive(MediaKind::Video, true, std::slice::from_ref(&header));
        for index in 4..7 {
            stream.moment(index, 10).iter().for_each(|unit| player.push(unit));
        }
        let seen = taken(&player);
        assert!(matches!(seen[0].0, UnitKind::Header(_)));
        assert_eq!(times(&seen, is_picture), [500, 600]);
        assert!(times(&seen, is_sound).is_empty());
    }
}
