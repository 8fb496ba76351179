//! A rehearsal in progress: the embedded ingest, the meter behind it, and the way to publish to it.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::rehearsal::{RehearsalMeter, RehearsalReport};
use super::viewer_feed::ViewerFeed;
use super::{Problem, ProblemKind};
use crate::clock::Clock;
use crate::ingest::{IngestConfig, IngestServer};
use crate::output::publisher::{PublishTarget, SentHook};
use crate::rtmp::MediaKind;
use crate::settings::ShowSettings;

/// What the show is published as.
const APP: &str = "rehearsal";
const NAME: &str = "show";

/// The embedded ingest on this computer, with a meter on what arrives.
pub(super) struct Rehearse {
    server: IngestServer,
    meter: RehearsalMeter,
    target: PublishTarget,
}

impl Rehearse {
    /// Listens on a free port that only this computer reaches.
    pub(super) fn start(clock: &Clock, feed: Option<ViewerFeed>) -> Result<Self, Problem> {
        let meter = RehearsalMeter::start(clock.clone(), feed).map_err(failed)?;
        let mut config = IngestConfig::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        config.tap = Some(meter.tap());
        config.http = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let server =
            IngestServer::start(config, clock.clone(), |event| tracing::debug!(?event, "rehearsal")).map_err(failed)?;
        let url = format!("rtmp://{}/{APP}", server.local_addr());
        let target = PublishTarget::new(&url, Some(NAME), None, None).map_err(failed)?;
        Ok(Self { server, meter, target })
    }

    /// Where to publish.
    pub(super) fn target(&self) -> PublishTarget {
        self.target.clone()
    }

    /// Tells the meter when each message was captured.
    pub(super) fn sent_hook(&self) -> SentHook {
        let sent = self.meter.sent();
        Arc::new(move |video, timestamp_ms, captured_at| {
            let kind = if video { MediaKind::Video } else { MediaKind::Audio };
            sent.sent(kind, timestamp_ms, captured_at);
        })
    }

    /// Lets other devices of the network watch, whoever has the key that is in the address this gives. Asked for by the user.
    pub(super) fn share(&self) -> Result<String, Problem> {
        let (address, key) = self.server.share_page().map_err(failed)?;
        Ok(format!("http://{address}/watch/{APP}/{NAME}?key={key}"))
    }

    /// Ends the server and sums up what a viewer got; call when the publisher has ended.
    pub(super) fn finish(self, chosen: &ShowSettings) -> RehearsalReport {
        self.server.stop();
        self.meter.finish().held_against(chosen)
    }
}

fn failed(error: impl Display) -> Problem {
    Problem::new(ProblemKind::IngestFailed, "rehearsal", error.to_string())
}
