//! The destinations of a show: each has a publisher of its own, and none waits for another.

use std::time::Duration;

use super::event::DestinationState;
use super::rate::Seen;
use crate::clock::Clock;
use crate::flow::PacketQueue;
use crate::output::publisher::{
    CLIENT_NAME, Joins, PublishTarget, Publisher, PublisherConfig, PublisherEvent, SentHook, StreamHeaders,
};
use crate::output::{Fanout, Network, STAY_CURRENT};
use crate::rtmp::client::Deadlines;

/// Bytes that wait for one destination at most where viewers may fall behind: a minute at 8 Mb/s.
const CACHE_BYTES_MAX: usize = 64 << 20;

/// Where one destination's show goes.
#[derive(Clone)]
pub(super) struct Target {
    /// The server that is wanted.
    pub(super) wanted: PublishTarget,
    /// The one to go to while that cannot be reached.
    pub(super) backup: Option<PublishTarget>,
    /// For the rehearsal's meter.
    pub(super) sent_hook: Option<SentHook>,
}

/// What every publisher of a show is started with.
pub(super) struct Starter<'a> {
    pub(super) network: &'a Network,
    pub(super) fanout: &'a Fanout,
    pub(super) headers: &'a StreamHeaders,
    pub(super) clock: &'a Clock,
    /// How long a lost destination is tried again.
    pub(super) retry_for: Duration,
    /// How far viewers may fall behind before pictures are dropped; zero: they stay current.
    pub(super) cache: Duration,
}

/// A second try of a destination that failed to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// It has not failed so, or has been live.
    No,
    /// Once another destination of the show is live.
    Due,
    /// And it has not been live yet.
    Made,
}

/// One destination.
pub(super) struct Line {
    pub(super) about: String,
    /// The server that this one sent the show on to, while it goes there.
    pub(super) sent_on_to: Option<String>,
    /// Its show goes to its backup server.
    on_backup: bool,
    pub(super) state: DestinationState,
    /// It was switched on in the running show: its failures end nothing but itself.
    pub(super) was_turned_on: bool,
    again: Again,
    target: Option<Target>,
    /// Counts the publishers of the show: what an older one still tells is not this one's.
    id: usize,
    /// `None`: the show goes into its recording alone.
    publisher: Option<Publisher>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// Publishers of destinations that were turned off: they say goodbye, and their figures count.
    retired: Vec<(usize, Publisher)>,
    next_id: usize,
    /// One of them has been live.
    was_live: bool,
}

impl Lines {
    /// Starts one more destination. `sink` is told what it tells, with the number to ask `place_of` for.
    pub(super) fn start(
        &mut self,
        target: Target,
        with: &Starter<'_>,
        sink: impl Fn(usize, PublisherEvent) + Send + Sync + 'static,
    ) {
        let about = target.wanted.about.clone();
        let (id, publisher) = self.publisher(&target, with, Joins::No, sink);
        self.lines.push(Line {
            about,
            sent_on_to: None,
            on_backup: false,
            state: DestinationState::Connecting,
            was_turned_on: false,
            again: Again::No,
            target: Some(target),
            id,
            publisher: Some(publisher),
        });
    }

    /// A show without a destination stands where its recording does, under this name.
    pub(super) fn stand_for_recording(&mut self, about: &str) {
        let (about, state, id) = (about.to_owned(), DestinationState::Connecting, self.next_id);
        self.next_id += 1;
        let (was_turned_on, again) = (false, Again::No);
        self.lines.push(Line {
            about,
            state,
            was_turned_on,
            again,
            sent_on_to: None,
            on_backup: false,
            target: None,
            id,
            publisher: None,
        });
    }

    /// Connects a destination that is off; nothing for one that is not.
    pub(super) fn turn_on(
        &mut self,
        place: usize,
        with: &Starter<'_>,
        sink: impl Fn(usize, PublisherEvent) + Send + Sync + 'static,
    ) {
        let joins = if self.was_live { Joins::Yes } else { Joins::No };
        if let Some(line) = self.restart(place, with, joins, sink) {
            line.was_turned_on = true;
        }
    }

    /// Begins anew with those that failed to begin, if another has been live by now: their servers may be there soon.
    pub(super) fn try_again(
        &mut self,
        with: &Starter<'_>,
        sink: impl Fn(usize, PublisherEvent) + Clone + Send + Sync + 'static,
    ) {
        let waits = |line: &Line| line.again == Again::Due && line.state == DestinationState::Ended;
        for place in 0..self.lines.len() {
            if self.was_live && self.lines.get(place).is_some_and(waits) {
                self.restart(place, with, Joins::AfterFailure, sink.clone());
            }
        }
    }

    /// Starts another publisher for a destination that is over.
    fn restart(
        &mut self,
        place: usize,
        with: &Starter<'_>,
        joins: Joins,
        sink: impl Fn(usize, PublisherEvent) + Send + Sync + 'static,
    ) -> Option<&mut Line> {
        let target = self.lines.get(place).filter(|line| line.is_over())?.target.clone()?;
        let (id, publisher) = self.publisher(&target, with, joins, sink);
        let line = self.lines.get_mut(place)?;
        (line.id, line.state, line.on_backup) = (id, DestinationState::Connecting, false);
        if line.again == Again::Due {
            line.again = Again::Made;
        }
        self.retired.extend(line.publisher.replace(publisher).map(|old| (place, old)));
        Some(line)
    }

    /// The destination at `place` sends the show on `to` there; `None`: it takes it itself.
    pub(super) fn sent_on(&mut self, place: usize, to: Option<String>) {
        if let Some(line) = self.lines.get_mut(place) {
            line.sent_on_to = to;
        }
    }

    /// The destination at `place` is live at its backup server, which is told after that it is live.
    pub(super) fn on_backup(&mut self, place: usize) {
        if let Some(line) = self.lines.get_mut(place) {
            line.on_backup = true;
        }
    }

    /// The destination at `place` failed to begin for what may pass.
    pub(super) fn may_try_again(&mut self, place: usize) {
        let others = !self.have_failed_but(place);
        if let Some(line) = self.lines.get_mut(place).filter(|line| others && line.again == Again::No) {
            line.again = Again::Due;
        }
    }

    /// Ends one destination, the others go on; nothing for one that is over.
    pub(super) fn turn_off(&mut self, place: usize) -> bool {
        let Some(line) = self.lines.get_mut(place).filter(|line| !line.is_over()) else { return false };
        let Some(publisher) = &line.publisher else { return false };
        publisher.output().queue().close();
        publisher.end();
        line.state = DestinationState::Off;
        true
    }

    fn publisher(
        &mut self,
        target: &Target,
        with: &Starter<'_>,
        joins: Joins,
        sink: impl Fn(usize, PublisherEvent) + Send + Sync + 'static,
    ) -> (usize, Publisher) {
        let id = self.next_id;
        self.next_id += 1;
        let config = PublisherConfig {
            target: target.wanted.clone(),
            backup: target.backup.clone(),
            headers: with.headers.clone(),
            encoder_name: CLIENT_NAME.to_owned(),
            sent_hook: target.sent_hook.clone(),
            late_max: with.cache.is_zero().then_some(STAY_CURRENT),
            retry_for: with.retry_for,
            joins,
            deadlines: Deadlines::default(),
            stops_before_publish: false,
        };
        let queue = match with.cache.is_zero() {
            true => PacketQueue::new(STAY_CURRENT),
            false => PacketQueue::bounded(with.cache, CACHE_BYTES_MAX),
        };
        let output = with.fanout.add(queue);
        (id, Publisher::start(with.network, config, output, with.clock.clone(), move |event| sink(id, event)))
    }

    /// The place of the destination to which publisher `id` belongs, unless it was replaced or turned off.
    pub(super) fn place_of(&self, id: usize) -> Option<usize> {
        self.lines.iter().position(|line| line.id == id && line.state != DestinationState::Off)
    }

    pub(super) fn get(&self, place: usize) -> Option<&Line> {
        self.lines.get(place)
    }

    /// Notes where a destination stands; gives its name.
    pub(super) fn set_state(&mut self, place: usize, state: DestinationState) -> Option<String> {
        let line = self.lines.get_mut(place)?;
        line.state = state;
        if matches!(state, DestinationState::Live | DestinationState::Reconnecting) {
            // Another connection, to whichever server: the one that is told of as the backup's is over.
            line.on_backup = false;
        }
        if state == DestinationState::Live {
            (line.again, self.was_live) = (Again::No, true);
        }
        Some(line.about.clone())
    }

    /// The best state of all.
    pub(super) fn best_state(&self) -> DestinationState {
        let states = [
            DestinationState::Live,
            DestinationState::Reconnecting,
            DestinationState::Connecting,
            DestinationState::Ending,
            DestinationState::Off,
        ];
        let best = states.into_iter().find(|state| self.lines.iter().any(|line| line.state == *state));
        best.unwrap_or(if self.lines.is_empty() { DestinationState::Connecting } else { DestinationState::Ended })
    }

    /// Whether each has ended.
    pub(super) fn have_ended(&self) -> bool {
        self.lines.iter().all(Line::is_over)
    }

    /// Whether each has ended by itself, so that nothing keeps the show.
    pub(super) fn have_failed(&self) -> bool {
        self.have_failed_but(usize::MAX)
    }

    /// The same of all but the one at `place`.
    pub(super) fn have_failed_but(&self, place: usize) -> bool {
        let mut lines = self.lines.iter().enumerate();
        lines.all(|(other, line)| other == place || line.state == DestinationState::Ended)
    }

    /// Places of those that have not ended.
    pub(super) fn unended(&self) -> Vec<usize> {
        let open = self.lines.iter().enumerate().filter(|(_, line)| !line.is_over());
        open.map(|(place, _)| place).collect()
    }

    /// Where each stands that is not switched off.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (usize, DestinationState)> {
        let states = self.lines.iter().map(|line| line.state).enumerate();
        states.filter(|(_, state)| *state != DestinationState::Off)
    }

    pub(super) fn end_all(&self) {
        self.running().for_each(|(_, publisher)| publisher.end());
    }

    /// There is no more time to end.
    pub(super) fn give_up_all(&self) {
        self.running().for_each(|(_, publisher)| publisher.give_up());
    }

    pub(super) fn abort_all(&self) {
        self.running().for_each(|(_, publisher)| publisher.abort());
    }

    pub(super) fn retry_now(&self) {
        self.running().for_each(|(_, publisher)| publisher.retry_now());
    }

    /// The link of the live destination that a viewer of is least behind, and its place: where one carries the show and
    /// another does not, the narrow place is beyond this computer's own network, and all would lose by following it. Where
    /// that itself is narrow, all are behind. The one at `stay` goes before all others.
    pub(super) fn clearest(&self, stay: Option<usize>) -> Option<(usize, Seen)> {
        self.live()
            .map(|(place, publisher)| {
                let gauge = publisher.output().queue().gauge();
                (place, Seen { link: publisher.stats().link(), waiting: gauge.waiting, holds: gauge.holds })
            })
            .min_by_key(|(place, seen)| (stay != Some(*place), seen.link.delay.max(seen.link.silent) + seen.waiting))
    }

    /// How full the fullest queue of those that are live is, 0..=1. What waits for one whose connection is lost tells nothing
    /// of how much the network takes.
    pub(super) fn congestion(&self) -> f32 {
        self.live().map(|(_, publisher)| publisher.output().queue().gauge().congestion).fold(0.0, f32::max)
    }

    /// A train of `bytes_max` at most is wanted at `place`.
    pub(super) fn want_train(&self, place: usize, bytes_max: u64) {
        if let Some(publisher) = self.lines.get(place).and_then(|line| line.publisher.as_ref()) {
            publisher.output().queue().want_train(bytes_max);
        }
    }

    /// Those of the destinations that are live, each with its place.
    fn live(&self) -> impl Iterator<Item = (usize, &Publisher)> {
        let live = self.lines.iter().enumerate().filter(|(_, line)| line.state == DestinationState::Live);
        live.filter_map(|(place, line)| Some((place, line.publisher.as_ref()?)))
    }

    /// Publishers that run, each with its place.
    pub(super) fn running(&self) -> impl Iterator<Item = (usize, &Publisher)> {
        self.lines.iter().enumerate().filter_map(|(place, line)| Some((place, line.publisher.as_ref()?)))
    }

    /// Those that were replaced.
    pub(super) fn replaced(&self) -> impl Iterator<Item = (usize, &Publisher)> {
        self.retired.iter().map(|(place, publisher)| (*place, publisher))
    }

    /// Gives all publishers up.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Line {
    /// Whether it publishes without a key or a name.
    pub(super) fn is_nameless(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.wanted.stream_name.is_empty())
    }

    /// What its server is called now.
    pub(super) fn server_about(&self) -> String {
        if self.on_backup {
            return self.backup_about();
        }
        sent_on_about(&self.about, self.sent_on_to.as_deref())
    }

    /// What its backup server is called, as in a check.
    pub(super) fn backup_about(&self) -> String {
        let backup = self.target.as_ref().and_then(|target| target.backup.as_ref());
        format!("{} (backup)", backup.map_or(self.about.as_str(), |backup| &backup.about))
    }

    /// Whether it failed to begin, and was tried again in vain until now: that was told.
    pub(super) fn never_began(&self) -> bool {
        self.again == Again::Made
    }

    /// Media time that waits for it.
    pub(super) fn waiting(&self) -> Duration {
        self.publisher.as_ref().map_or(Duration::ZERO, |publisher| publisher.output().queue().gauge().waiting)
    }

    fn is_over(&self) -> bool {
        matches!(self.state, DestinationState::Off | DestinationState::Ended)
    }
}

/// A destination as it is told of: by the server that its own one sent the show on to, if it did.
pub(super) fn sent_on_about(about: &str, sent_on_to: Option<&str>) -> String {
    sent_on_to.map_or_else(|| about.to_owned(), |to| format!("{to} (sent on by {about})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_told_of_by_the_server_that_has_its_show() {
        let mut lines = Lines::default();
        lines.stand_for_recording("rtmp://a/live");
        let about = |lines: &Lines| lines.get(0).map(Line::server_about).unwrap();
        lines.set_state(0, DestinationState::Live);
        assert_eq!(about(&lines), "rtmp://a/live");
        lines.set_state(0, DestinationState::Reconnecting);
        lines.set_state(0, DestinationState::Live);
        lines.on_backup(0);
        assert_eq!(about(&lines), "rtmp://a/live (backup)");
        // What does not arrive at the end did not arrive there.
        lines.set_state(0, DestinationState::Ending);
        assert_eq!(about(&lines), "rtmp://a/live (backup)");
        for back in [DestinationState::Reconnecting, DestinationState::Live] {
            lines.set_state(0, back);
            assert_eq!(about(&lines), "rtmp://a/live", "{back:?}");
            lines.on_backup(0);
        }
    }
}
