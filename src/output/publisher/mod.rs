//! The publisher: tokio around the pure RTMP client. Connects, feeds packets, reconnects, and closes without
//! losing the tail.

mod approach;
mod attempt;
mod certificate;
mod connect;
#[cfg(test)]
mod day;
#[cfg(test)]
mod flood;
mod known;
mod look;
mod outgoing;
mod pump;
mod reconnect;
mod said;
mod servers;
mod tcp_info;
mod tls;
mod transport;
mod trust;
mod unacknowledged;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::{Network, OutputHandle, OutputStats, PublishError, PublishStep};
use crate::clock::Clock;
use crate::media::{StreamConfig, Timestamp};
use crate::rtmp::client::Deadlines;
use crate::rtmp::url::{RtmpUrl, Scheme, UrlError};
use crate::{bitstream, flv};

/// What we call ourselves in the metadata.
pub const ENCODER_NAME: &str = concat!("Tally/", env!("CARGO_PKG_VERSION"));
/// What we call ourselves to servers: some want the FMLE at its start.
pub const CLIENT_NAME: &str = concat!("FMLE/3.0 (compatible; Tally/", env!("CARGO_PKG_VERSION"), ")");

/// Where to publish. `Debug` shows neither the stream's name nor the password.
#[derive(Clone)]
pub struct PublishTarget {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// RTMPS.
    pub tls: bool,
    /// A CA to trust as well as the system's.
    pub tls_ca: Option<PathBuf>,
    /// The RTMP app.
    pub app: String,
    /// The `tcUrl` of the connect command: without stream name and credentials.
    pub tc_url: String,
    /// The address as it may be shown.
    pub about: String,
    /// The stream's name: the secret key.
    pub stream_name: String,
    /// User and password, for servers that ask for a login.
    pub login: Option<(String, String)>,
}

impl PublishTarget {
    /// Takes a destination's URL apart. With a `stream_key` the URL's whole path is the app; without one, what
    /// follows the path's first segment is the key. What is given apart wins over what the URL holds.
    pub fn new(
        url: &str,
        stream_key: Option<&str>,
        login: Option<(String, String)>,
        tls_ca: Option<PathBuf>,
    ) -> Result<Self, UrlError> {
        let url = RtmpUrl::parse(url, stream_key.is_some())?;
        let login_in_url = url.user.clone().map(|user| (user, url.password.clone().unwrap_or_default()));
        Ok(Self {
            tc_url: url.tc_url(),
            about: url.server_url(),
            tls: url.scheme == Scheme::Rtmps,
            tls_ca,
            stream_name: stream_key.map(str::to_owned).or(url.stream_name).unwrap_or_default(),
            login: login.or(login_in_url),
            host: url.host,
            port: url.port,
            app: url.app,
        })
    }
}

impl fmt::Debug for PublishTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishTarget({})", self.about)
    }
}

/// What every connection sends first.
#[derive(Clone, Debug)]
pub struct StreamHeaders {
    /// FLV script data `onMetaData`.
    pub metadata: Bytes,
    /// FLV video tag body with the avcC record, if there is video.
    pub video: Option<Bytes>,
    /// FLV audio tag body with the AudioSpecificConfig, if there is audio.
    pub audio: Option<Bytes>,
}

impl StreamHeaders {
    /// Metadata and sequence headers, from the encoders' own parameter sets. `encoder` is what we call ourselves.
    pub fn new(config: &StreamConfig, encoder: &str) -> Self {
        let video = config.video.as_ref();
        let audio = config.audio.as_ref();
        Self {
            metadata: flv::metadata(config, encoder),
            video: video.map(|v| flv::video_sequence_header(&bitstream::avcc_record(&v.sps, &v.pps))),
            audio: audio.map(|a| flv::audio_sequence_header(&a.audio_specific_config)),
        }
    }
}

/// Where a publisher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublisherState {
    /// Not live yet.
    Connecting,
    /// The server accepted the publish and the first keyframe is on its way.
    Live,
    /// Was live; tries to be again.
    Reconnecting,
    /// Sends what it holds and says goodbye.
    Ending,
    /// Over.
    Ended,
}

/// What a publisher tells the supervisor.
#[derive(Clone, Debug)]
pub enum PublisherEvent {
    /// A step is done, or failed (`ok` false, an error follows).
    Step {
        /// Which.
        step: PublishStep,
        /// Whether it worked.
        ok: bool,
        /// How long it took.
        took: Duration,
        /// What was seen.
        detail: String,
    },
    /// The server's certificate holds, until `expires` (since 1970, UTC); told right before the step `tls` is done.
    Certificate {
        /// The first of the chain to expire.
        expires: Duration,
    },
    /// It stands elsewhere now.
    State(PublisherState),
    /// The server said something worth telling while live.
    ServerSaid {
        /// `warning`, `error`, …
        level: String,
        /// Such as `NetStream.Publish.BadName`.
        code: String,
        /// The server's own words.
        description: Option<String>,
    },
    /// The connection was lost, or another thing stands in the way of its return; another attempt follows.
    Lost {
        /// What.
        error: PublishError,
        /// Whether it had been live before.
        was_live: bool,
    },
    /// From now on it is about a server that another one sent it on to; `None`: about that one itself.
    SentOn {
        /// Its address as it may be shown.
        to: Option<String>,
    },
    /// The server asked for another connection, and there is none: the show goes on over this one.
    Stays {
        /// What stands in the way.
        error: PublishError,
    },
    /// It is live at its backup server.
    OnBackup,
    /// It gave up before it was live: neither server took the show.
    Nowhere {
        /// Why the wanted one did not, which was told as `Lost`.
        wanted: PublishError,
        /// Why its backup did not.
        backup: PublishError,
    },
    /// It gave up: after the first attempt when it never was live, when retries ended, or without the end of the show.
    Failed {
        /// Why.
        error: PublishError,
        /// Whether it had been live.
        was_live: bool,
    },
}

/// Told of each media message: is video, RTMP timestamp in milliseconds, when it was captured.
pub type SentHook = Arc<dyn Fn(bool, u32, Timestamp) + Send + Sync>;

/// Whether a publisher joins a show that has been live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    /// The show begins with it: what keeps it from the server is final.
    No,
    /// What keeps it from the server is tried again as after a loss, unless it is refused.
    Yes,
    /// The same, and what kept it from there before was told already.
    AfterFailure,
}

/// What a publisher is started with.
#[derive(Clone)]
pub struct PublisherConfig {
    /// Where to.
    pub target: PublishTarget,
    /// Where to while that server cannot be reached.
    pub backup: Option<PublishTarget>,
    /// What every connection sends first.
    pub headers: StreamHeaders,
    /// What we call ourselves, such as `FMLE/3.0 (compatible; Tally/0.1)`.
    pub encoder_name: String,
    /// For the rehearsal's meter.
    pub sent_hook: Option<SentHook>,
    /// How late a viewer may be before pictures are dropped; `None`: the queue's own limit holds.
    pub late_max: Option<Duration>,
    /// How long to try again after a loss before giving up.
    pub retry_for: Duration,
    /// Whether it joins a show that has been live.
    pub joins: Joins,
    /// How long the steps of the session may take.
    pub deadlines: Deadlines,
    /// Ends in good order after `create_stream`: nothing is published.
    pub stops_before_publish: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Run,
    /// Run, and do not wait before the next attempt; counted.
    RetryNow(u32),
    End,
    /// There is no more time to end.
    GiveUp,
    Abort,
}

/// A running publisher. Dropping it abandons the connection.
#[derive(Debug)]
pub struct Publisher {
    order: watch::Sender<Order>,
    output: OutputHandle,
    stats: OutputStats,
}

impl Publisher {
    /// Starts connecting. `sink` is called from the network's thread and must not block.
    pub fn start(
        network: &Network,
        config: PublisherConfig,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(PublisherEvent) + Send + Sync + 'static,
    ) -> Self {
        let (order, orders) = watch::channel(Order::Run);
        let stats = OutputStats::default();
        let changes = network.changes();
        let task = attempt::Task {
            config,
            output: output.clone(),
            stats: stats.clone(),
            clock,
            sink: Box::new(sink),
            orders,
            changes,
        };
        network.spawn(task.run());
        Self { order, output, stats }
    }

    /// Ends: what is queued is sent (close the queue first), then the server is told. Before the show is live
    /// the attempt is given up.
    pub fn end(&self) {
        self.order.send_replace(Order::End);
    }

    /// Connects again at once if it waits for that.
    pub fn retry_now(&self) {
        self.order.send_modify(|order| {
            *order = match *order {
                Order::Run => Order::RetryNow(1),
                Order::RetryNow(count) => Order::RetryNow(count.wrapping_add(1)),
                ends @ (Order::End | Order::GiveUp | Order::Abort) => ends,
            };
        });
    }

    /// What has not been sent by now is lost, and that is told. Say `end` first.
    pub fn give_up(&self) {
        self.order.send_if_modified(|order| {
            let ends = *order == Order::End;
            *order = if ends { Order::GiveUp } else { *order };
            ends
        });
    }

    /// Ends at once.
    pub fn abort(&self) {
        self.order.send_replace(Order::Abort);
    }

    /// Its counters.
    pub fn stats(&self) -> &OutputStats {
        &self.stats
    }

    /// Its end of the fan-out.
    pub fn output(&self) -> &OutputHandle {
        &self.output
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.abort();
        self.output.deactivate();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a panic message or a log could print of a target.
    #[test]
    fn neither_key_nor_password_is_in_what_can_be_printed() {
        let login = Some(("anna".to_owned(), "canary-password".to_owned()));
        let given = PublishTarget::new("rtmp://127.0.0.1:1/live", Some("canary-key"), login, None).unwrap();
        let inside =
            PublishTarget::new("rtmps://u:canary-password@h.example/live/canary-key?x=canary", None, None, None);
        for target in [given, inside.unwrap()] {
            assert!(target.stream_name.contains("canary") && target.login.is_some());
            let shown = format!("{target:?} {} {}", target.about, target.tc_url);
            assert!(!shown.contains("canary"), "{shown}");
        }
        let wrong = PublishTarget::new("rtpm://h/live/canary-key", None, None, None).unwrap_err();
        assert!(!format!("{wrong:?} {wrong}").contains("canary"));
    }
}
