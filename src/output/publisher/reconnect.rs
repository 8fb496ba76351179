//! When and where to connect again after a failure. Pure.

use std::time::Duration;

use super::Joins;
use super::connect::TCP_DEADLINE;
use super::servers::Place;
use crate::clock::Backoff;
use crate::media::Timestamp;
use crate::output::{PublishError, PublishStep, Recovery};

/// The longest wait between two attempts that reach a server.
const WAIT_MAX: Duration = Duration::from_secs(15);
/// The longest wait where nobody was reached: to knock again costs a packet and burdens nobody, and whoever comes back is
/// met soon.
const KNOCK_WAIT_MAX: Duration = Duration::from_millis(500);
/// How long a server is given to notice that our old session is dead, before it is asked again.
const OLD_SESSION_WAIT: Duration = Duration::from_secs(1);
/// How long a lost server is knocked at before the other has its turn: who dies without a word does not answer later either.
const TURN: Duration = Duration::from_secs(1);
/// A connection that lasted so long was a good one: the waits begin again.
pub(super) const GOOD_AFTER: Duration = Duration::from_secs(3);
/// So many refusals in different words are told in one outage: some servers put a time or a number into them.
const REFUSALS_TOLD_MAX: usize = 3;
/// A show that ends so soon after its first accepted publish was refused.
const CLOSED_AT_ONCE: Duration = Duration::from_secs(1);

/// What to do after a failed attempt or a lost connection.
#[derive(Clone, Debug)]
pub(super) enum Decision {
    /// Nothing more.
    GiveUp(PublishError),
    /// Nothing more: the wanted server's failure was news, and the backup failed as well.
    Nowhere {
        /// What stood in the way to the wanted one.
        wanted: PublishError,
        /// To the other.
        backup: PublishError,
    },
    /// Connect again.
    Again {
        /// After so long, or as soon as the network is back.
        wait: Duration,
        /// What is news to the user: the connection was live until now, or another thing stands in the way.
        news: Option<PublishError>,
    },
}

/// Decides for one destination, through the whole show.
#[derive(Debug)]
pub(super) struct Reconnect {
    backoff: Backoff,
    retry_for: Duration,
    /// Servers to take turns with: the first is the one that is wanted.
    servers: usize,
    server: usize,
    /// It joins a show that has been live: that it is not yet is a loss.
    joins: Joins,
    first_live_at: Option<Timestamp>,
    lost_at: Option<Timestamp>,
    /// Attempts in vain since then.
    in_vain: usize,
    /// Those of them at the end that met nobody.
    unanswered: usize,
    /// The old session that still holds the name was told of.
    told_old_session: bool,
    /// The server that had the show until another one was ready for it, which has not accepted it yet.
    left: Option<usize>,
    /// The last refusal in this outage, and how many were told.
    refusal: Option<PublishError>,
    refusals_told: usize,
    /// Failures before the first success, one for each server.
    first_failure: Option<PublishError>,
}

impl Reconnect {
    /// With so many servers, trying for `retry_for` at most after a loss. One that `joins` a show that has been live is lost
    /// from its first failure on.
    pub(super) fn new(servers: usize, retry_for: Duration, joins: Joins, seed: u64) -> Self {
        Self {
            backoff: Backoff::of_many(WAIT_MAX, seed),
            retry_for,
            servers: servers.max(1),
            server: 0,
            joins,
            first_live_at: None,
            lost_at: None,
            in_vain: 0,
            unanswered: 0,
            told_old_session: false,
            left: None,
            refusal: None,
            refusals_told: 0,
            first_failure: None,
        }
    }

    /// The place of the server to connect to.
    pub(super) fn server(&self) -> usize {
        self.server
    }

    /// It goes to the server at `place` now.
    pub(super) fn send_on(&mut self, place: Place) {
        self.servers += usize::from(place.is_new);
        self.server = place.at;
    }

    /// The same, from one that had the show until now and would go on to have it.
    pub(super) fn go_over(&mut self, place: Place) {
        let moved_up = place.is_new && self.server >= place.at;
        self.left = Some(self.server + usize::from(moved_up));
        self.send_on(place);
    }

    /// Whether it left another server for the one that it connects to: nothing was lost.
    pub(super) fn moves(&self) -> bool {
        self.left.is_some()
    }

    /// How long the destination has been without its show, if it lost it.
    pub(super) fn lost_for(&self, now: Timestamp) -> Option<Duration> {
        self.lost_at.filter(|_| self.was_live()).map(|lost| now.since(lost))
    }

    /// What the server said last where it refused to have the destination back.
    pub(super) fn refusal(&self) -> Option<&PublishError> {
        self.refusal.as_ref()
    }

    /// Whether the destination has been live.
    pub(super) fn was_live(&self) -> bool {
        self.first_live_at.is_some()
    }

    /// Whether it connects again, and not for the first time.
    pub(super) fn retries(&self) -> bool {
        let lost = self.lost_at.is_some() || self.joins == Joins::AfterFailure;
        self.was_live() || (self.joins != Joins::No && lost)
    }

    /// How long the next server may take to answer at all.
    pub(super) fn tcp_patience(&self) -> Duration {
        if self.retries() && self.servers > 1 { TURN } else { TCP_DEADLINE }
    }

    /// The server accepted the publish.
    pub(super) fn live(&mut self, now: Timestamp) {
        self.first_live_at.get_or_insert(now);
        self.answered();
        (self.told_old_session, self.in_vain, self.left) = (false, 0, None);
        (self.refusal, self.refusals_told) = (None, 0);
    }

    /// An attempt begun at `started` ended with `error`; `went_live`: it was live until now.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
        error: PublishError,
        started: Timestamp,
        went_live: bool,
        ending: bool,
    ) -> Decision {
        let left = self.left.take();
        let at_once = left.is_none() && self.first_live_at.is_some_and(|live| now.since(live) < CLOSED_AT_ONCE);
        let error = if at_once { error.into_refusal() } else { error };
        if at_once && (error.refuses_publish() || error.breaks_protocol()) {
            // It never was: what was accepted was taken back before anybody saw a picture.
            self.first_live_at = None;
            return Decision::GiveUp(error);
        }
        if !self.was_live() && ending {
            return Decision::GiveUp(error);
        }
        if !self.was_live() && self.joins == Joins::No {
            return self.not_live_yet(error);
        }
        if !self.was_live() && error.is_refusal() && !error.is_old_session() {
            return Decision::GiveUp(error);
        }
        let is_first = !self.retries();
        if went_live && now.since(started) > GOOD_AFTER {
            self.backoff.reset();
            self.lost_at = None;
        }
        let lost = *self.lost_at.get_or_insert(now);
        if now.since(lost) > self.retry_for || ending || error.recovery() == Recovery::AskUser {
            return Decision::GiveUp(error);
        }
        match left {
            // The one that it left would have gone on to have it.
            Some(left) => self.server = left,
            None if went_live => {}
            None => {
                self.server = (self.server + 1) % self.servers;
                self.in_vain += 1;
            }
        }
        if error.nobody_answered() {
            self.unanswered += 1;
        } else if !went_live && self.answered() {
            // It was just asked: the first wait, which is none, is over.
            self.backoff.next_wait();
        }
        let wait = match &error {
            _ if left.is_some() => Duration::ZERO,
            // Another one was not asked yet.
            _ if (1..self.servers).contains(&self.in_vain) => Duration::ZERO,
            error if error.nobody_answered() && is_first => Duration::ZERO,
            // A knock uses up none of the waits that spare a server which answers.
            error if error.nobody_answered() => self.backoff.spread(KNOCK_WAIT_MAX).min(KNOCK_WAIT_MAX),
            error if error.is_old_session() => OLD_SESSION_WAIT,
            _ => self.backoff.next_wait(),
        };
        let old_session =
            error.is_old_session() && !std::mem::replace(&mut self.told_old_session, error.is_old_session());
        let refused_anew = self.refused_anew(&error);
        Decision::Again { wait, news: (went_live || is_first || old_session || refused_anew).then_some(error) }
    }

    /// Whether it is refused in words that were not told in this outage, and not too many were.
    fn refused_anew(&mut self, error: &PublishError) -> bool {
        let Some(words) = error.refusal().filter(|_| !error.is_old_session()) else { return false };
        let is_known = self.refusal.as_ref().and_then(PublishError::refusal) == Some(words);
        if !is_known {
            self.refusal = Some(error.clone());
        }
        let is_told = !is_known && self.refusals_told < REFUSALS_TOLD_MAX;
        self.refusals_told += usize::from(is_told);
        is_told
    }

    /// Somebody answered; `true`: after nobody had, at any of the servers. Who comes back is met as one that was never away:
    /// the waits begin anew.
    fn answered(&mut self) -> bool {
        let is_back = std::mem::take(&mut self.unanswered) >= self.servers;
        if is_back {
            self.backoff.reset();
        }
        is_back
    }

    /// A show that cannot begin is told at once, unless another server takes it.
    fn not_live_yet(&mut self, error: PublishError) -> Decision {
        if error.recovery() == Recovery::Retry && self.server + 1 < self.servers && !error.is_refusal() {
            self.server += 1;
            self.first_failure = Some(error.clone());
            return Decision::Again { wait: Duration::ZERO, news: Some(error) };
        }
        match self.first_failure.take() {
            Some(wanted) => Decision::Nowhere { wanted, backup: error },
            None => Decision::GiveUp(error),
        }
    }
}

impl PublishError {
    /// Nobody was there: the network is down, or nothing listens.
    fn nobody_answered(&self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Unreachable { .. }
                | Self::Dns { .. }
                | Self::TimedOut { step: PublishStep::Dns | PublishStep::Tcp, .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::client::{ClientError, Step};

    fn seconds(seconds: f64) -> Timestamp {
        Timestamp::from_nanos((seconds * 1e9) as i64)
    }

    fn already() -> PublishError {
        let code = "NetStream.Publish.BadName".to_owned();
        let description = Some("already publishing".to_owned());
        PublishError::Session(ClientError::Rejected { step: Step::Publish, code, description })
    }

    fn broken() -> PublishError {
        PublishError::Broken { step: PublishStep::Live, reason: "reset".to_owned() }
    }

    fn live_once(servers: usize) -> Reconnect {
        let mut reconnect = Reconnect::new(servers, Duration::from_secs(300), Joins::No, 7);
        reconnect.live(seconds(1.0));
        reconnect
    }

    fn again(next: Decision) -> (Duration, Option<PublishError>) {
        match next {
            Decision::Again { wait, news } => (wait, news),
            next => panic!("gave up: {next:?}"),
        }
    }

    #[test]
    fn a_loss_is_told_once_and_tried_again_at_once_then_more_rarely() {
        let mut reconnect = live_once(1);
        let (wait, news) = again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        assert!(wait.is_zero() && news.is_some());
        let refused = PublishError::Session(ClientError::TimedOut { step: Step::Connect });
        let mut now = 60.0;
        for whole in [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0] {
            let (wait, news) = again(reconnect.failed(seconds(now), refused.clone(), seconds(now), false, false));
            assert!(
                (whole * 0.8..=whole * 1.2).contains(&wait.as_secs_f64()) && news.is_none(),
                "{wait:?} for {whole}"
            );
            now += wait.as_secs_f64();
        }
        let next = reconnect.failed(seconds(400.0), refused, seconds(399.0), false, false);
        assert!(matches!(next, Decision::GiveUp(_)), "{next:?}");
    }

    #[test]
    fn attempts_that_take_long_are_no_good_connections() {
        let mut reconnect = live_once(1);
        again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        let silent = PublishError::Session(ClientError::TimedOut { step: Step::Connect });
        let (mut now, mut waits) = (60.0, Vec::new());
        while now < 350.0 {
            let (wait, _) = again(reconnect.failed(seconds(now + 5.0), silent.clone(), seconds(now), false, false));
            waits.push(wait.as_secs_f64());
            now += 5.0 + wait.as_secs_f64();
        }
        assert!(waits.last().is_some_and(|wait| *wait >= 12.0), "{waits:?}");
        assert!(matches!(reconnect.failed(seconds(365.0), silent, seconds(360.0), false, false), Decision::GiveUp(_)));
    }

    #[test]
    fn where_nobody_answers_it_knocks_twice_a_second() {
        let mut reconnect = live_once(1);
        again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        for error in [
            PublishError::Refused,
            PublishError::Unreachable { reason: String::new() },
            PublishError::TimedOut { step: PublishStep::Tcp, after: Duration::from_secs(1) },
            PublishError::Dns { reason: String::new() },
        ] {
            for _ in 0..5 {
                let (wait, _) = again(reconnect.failed(seconds(61.0), error.clone(), seconds(60.0), false, false));
                assert!(wait <= KNOCK_WAIT_MAX, "{error:?} {wait:?}");
            }
        }
    }

    /// The server was gone for six seconds: twelve knocks in vain.
    fn gone_for_a_while(servers: usize) -> Reconnect {
        let mut reconnect = live_once(servers);
        again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        for knock in 1..=12 {
            let now = seconds(60.0 + 0.5 * f64::from(knock));
            again(reconnect.failed(now, PublishError::Refused, now, false, false));
        }
        reconnect
    }

    #[test]
    fn knocks_use_up_none_of_the_waits_for_a_server_that_answers() {
        for servers in [1, 2] {
            let mut reconnect = gone_for_a_while(servers);
            reconnect.live(seconds(66.5));
            let (wait, _) = again(reconnect.failed(seconds(68.5), broken(), seconds(66.5), true, false));
            assert!(wait.is_zero(), "lost again after two seconds, it waits {wait:?}");

            let mut reconnect = gone_for_a_while(servers);
            let refused = PublishError::Session(ClientError::TimedOut { step: Step::Connect });
            for whole in [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0] {
                let (wait, _) = again(reconnect.failed(seconds(70.0), refused.clone(), seconds(69.0), false, false));
                assert!((whole * 0.8..=whole * 1.2).contains(&wait.as_secs_f64()), "{wait:?} for {whole}");
            }
        }
    }

    #[test]
    fn one_that_is_gone_does_not_make_the_other_be_asked_more_often() {
        let mut reconnect = live_once(2);
        again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        let refused = PublishError::Session(ClientError::TimedOut { step: Step::Connect });
        let mut wait = Duration::ZERO;
        for _ in 0..10 {
            again(reconnect.failed(seconds(61.0), PublishError::Refused, seconds(60.9), false, false));
            wait = again(reconnect.failed(seconds(61.0), refused.clone(), seconds(60.9), false, false)).0;
        }
        assert!(wait >= WAIT_MAX.mul_f64(0.8), "{wait:?}");
        // Nor does a server that hangs up again and again.
        let mut reconnect = live_once(1);
        for _ in 0..10 {
            wait = again(reconnect.failed(seconds(61.0), broken(), seconds(60.0), true, false)).0;
            reconnect.live(seconds(61.5));
        }
        assert!(wait >= WAIT_MAX.mul_f64(0.8), "{wait:?}");
    }

    #[test]
    fn a_server_that_holds_the_old_session_is_waited_for_and_that_is_told_once() {
        let mut reconnect = live_once(1);
        again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        let mut told = 0;
        for second in 0..20 {
            let now = seconds(61.0 + f64::from(second));
            let (wait, news) = again(reconnect.failed(now, already(), now, false, false));
            assert_eq!(wait, OLD_SESSION_WAIT);
            told += usize::from(news.is_some());
        }
        assert_eq!(told, 1);
        // Before a show was ever live, another one has the name.
        let mut reconnect = Reconnect::new(2, Duration::from_secs(300), Joins::No, 7);
        assert!(matches!(reconnect.failed(seconds(1.0), already(), seconds(0.0), false, false), Decision::GiveUp(_)));
    }

    #[test]
    fn servers_take_turns_while_one_is_gone() {
        let mut reconnect = live_once(2);
        again(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, false));
        let mut tried = vec![reconnect.server()];
        for _ in 0..3 {
            again(reconnect.failed(seconds(61.0), PublishError::Refused, seconds(60.9), false, false));
            tried.push(reconnect.server());
        }
        assert_eq!(tried, [0, 1, 0, 1]);
        // One that is lost is asked first.
        reconnect.live(seconds(62.0));
        again(reconnect.failed(seconds(90.0), broken(), seconds(62.0), true, false));
        assert_eq!(reconnect.server(), 1);
    }

    #[test]
    fn a_show_that_cannot_begin_is_told_at_once_unless_a_backup_takes_it() {
        let mut reconnect = Reconnect::new(1, Duration::from_secs(300), Joins::No, 7);
        let next = reconnect.failed(seconds(1.0), PublishError::Refused, seconds(0.0), false, false);
        assert!(matches!(next, Decision::GiveUp(PublishError::Refused)));
        let mut reconnect = Reconnect::new(2, Duration::from_secs(300), Joins::No, 7);
        let (wait, news) = again(reconnect.failed(seconds(1.0), PublishError::Refused, seconds(0.0), false, false));
        assert!(wait.is_zero() && news.is_some() && reconnect.server() == 1);
        let dns = PublishError::Dns { reason: String::new() };
        let next = reconnect.failed(seconds(1.0), dns, seconds(0.0), false, false);
        let each_has_its_own =
            matches!(next, Decision::Nowhere { wanted: PublishError::Refused, backup: PublishError::Dns { .. } });
        assert!(each_has_its_own, "{next:?}");
    }

    #[test]
    fn another_server_has_its_turn_soon() {
        let mut reconnect = live_once(2);
        again(reconnect.failed(seconds(60.0), PublishError::Silent { after: WAIT_MAX }, seconds(0.0), true, false));
        assert_eq!(
            (reconnect.server(), reconnect.tcp_patience()),
            (0, TURN),
            "the lost one is asked first, for a second"
        );
        let no_answer = PublishError::TimedOut { step: PublishStep::Tcp, after: TURN };
        let (wait, _) = again(reconnect.failed(seconds(61.0), no_answer.clone(), seconds(60.0), false, false));
        assert!(wait.is_zero() && reconnect.server() == 1);
        // Nobody is there: each is asked in turn, and no more often than one alone.
        let (wait, _) = again(reconnect.failed(seconds(62.0), no_answer, seconds(61.0), false, false));
        assert!(!wait.is_zero() && reconnect.server() == 0);
        assert_eq!(live_once(1).tcp_patience(), TCP_DEADLINE, "there is no other");
    }

    #[test]
    fn who_joins_a_show_is_tried_again_unless_he_is_refused() {
        let joins = || Reconnect::new(1, Duration::from_secs(300), Joins::Yes, 7);
        let mut reconnect = joins();
        let mut told = 0;
        for second in 0..60 {
            let now = seconds(f64::from(second));
            let (wait, news) = again(reconnect.failed(now, PublishError::Refused, now, false, false));
            assert!(wait <= KNOCK_WAIT_MAX && reconnect.retries() && !reconnect.was_live());
            told += usize::from(news.is_some());
        }
        assert_eq!(told, 1);
        // Its failure was told before it was started again.
        let mut reconnect = Reconnect::new(1, Duration::from_secs(300), Joins::AfterFailure, 7);
        assert!(reconnect.retries());
        let (wait, news) = again(reconnect.failed(seconds(1.0), PublishError::Refused, seconds(1.0), false, false));
        assert!(wait <= KNOCK_WAIT_MAX && news.is_none());
        // The session that it had before it was switched off may still be held.
        let mut reconnect = joins();
        let (wait, news) = again(reconnect.failed(seconds(1.0), already(), seconds(0.0), false, false));
        assert!(wait == OLD_SESSION_WAIT && news.is_some());
        assert!(again(reconnect.failed(seconds(2.0), already(), seconds(1.0), false, false)).1.is_none());
        // It was live: what a restarting server says is not final any more.
        let rejected = || {
            let (code, description) = ("NetStream.Publish.Denied".to_owned(), None);
            PublishError::Session(ClientError::Rejected { step: Step::Publish, code, description })
        };
        reconnect.live(seconds(3.0));
        again(reconnect.failed(seconds(60.0), broken(), seconds(3.0), true, false));
        again(reconnect.failed(seconds(61.0), rejected(), seconds(60.0), false, false));
        let next = joins().failed(seconds(1.0), rejected(), seconds(0.0), false, false);
        assert!(matches!(next, Decision::GiveUp(PublishError::Session(_))), "{next:?}");
    }

    #[test]
    fn a_server_that_was_left_for_one_that_takes_no_show_is_asked_again_at_once() {
        let kicked = || {
            let (code, description) = ("NetStream.Publish.BadName".to_owned(), None);
            PublishError::Session(ClientError::Rejected { step: Step::Publish, code, description })
        };
        for (place, back) in [(Place { at: 1, is_new: true }, 0), (Place { at: 0, is_new: false }, 0)] {
            // Half a second after the show began: that is no refusal of the one that has it.
            let mut reconnect = live_once(1);
            reconnect.go_over(place);
            let (wait, news) = again(reconnect.failed(seconds(1.5), kicked(), seconds(0.0), true, false));
            assert!(wait.is_zero() && news.is_some() && reconnect.was_live());
            assert_eq!(reconnect.server(), back);
        }
        // From the backup, which stands behind the new one then.
        let mut reconnect = live_once(2);
        reconnect.server = 1;
        reconnect.go_over(Place { at: 1, is_new: true });
        assert_eq!(reconnect.server(), 1);
        again(reconnect.failed(seconds(60.0), kicked(), seconds(0.0), true, false));
        assert_eq!(reconnect.server(), 2);
        // What accepted it is a server like the others.
        let mut reconnect = live_once(1);
        reconnect.go_over(Place { at: 1, is_new: true });
        reconnect.live(seconds(60.0));
        again(reconnect.failed(seconds(90.0), broken(), seconds(60.0), true, false));
        assert_eq!(reconnect.server(), 1);
    }

    #[test]
    fn who_is_refused_after_a_loss_hears_it_once_in_the_servers_words() {
        let refused = |words: &str| {
            let (code, description) = ("NetConnection.Connect.Rejected".to_owned(), Some(words.to_owned()));
            PublishError::Session(ClientError::Rejected { step: Step::Connect, code, description })
        };
        let mut reconnect = live_once(1);
        let mut told = |second: f64, words: &str| {
            again(reconnect.failed(seconds(second), refused(words), seconds(second), false, false)).1.is_some()
        };
        assert!(told(60.0, "the key is not known") && !told(61.0, "the key is not known"));
        assert!(told(62.0, "over at 1") && told(63.0, "over at 2") && !told(64.0, "over at 3"));
        assert!(reconnect.refusal().is_some());
        reconnect.live(seconds(65.0));
        assert!(reconnect.refusal().is_none());
        let (_, news) = again(reconnect.failed(seconds(66.0), refused("over at 3"), seconds(66.0), false, false));
        assert!(news.is_some());
    }

    #[test]
    fn a_show_that_ends_or_is_closed_at_once_is_not_tried_again() {
        let mut reconnect = live_once(1);
        assert!(matches!(reconnect.failed(seconds(60.0), broken(), seconds(0.0), true, true), Decision::GiveUp(_)));
        let mut reconnect = live_once(1);
        let next = reconnect.failed(seconds(1.4), broken(), seconds(0.0), true, false);
        assert!(matches!(next, Decision::GiveUp(PublishError::ClosedAtOnce { .. })), "{next:?}");
        assert!(!reconnect.was_live());
    }

    #[test]
    fn a_refusal_right_after_the_publish_was_accepted_is_one_of_the_publish_and_a_later_one_a_loss() {
        let kicked = || {
            let description = Some("invalid key".to_owned());
            let code = "NetStream.Publish.BadName".to_owned();
            PublishError::Session(ClientError::Rejected { step: Step::Live, code, description })
        };
        let mut reconnect = live_once(1);
        let next = reconnect.failed(seconds(1.3), kicked(), seconds(0.0), true, false);
        let Decision::GiveUp(error) = next else { panic!("{next:?}") };
        assert!(error.refuses_publish() && !reconnect.was_live(), "{error:?}");
        let mut reconnect = live_once(1);
        let (_, news) = again(reconnect.failed(seconds(9.0), kicked(), seconds(0.0), true, false));
        assert!(news.is_some_and(|error| !error.refuses_publish()) && reconnect.was_live());
        // A server that refuses the next connection at once may only restart.
        again(reconnect.failed(seconds(9.1), already(), seconds(9.0), false, false));
    }
}
