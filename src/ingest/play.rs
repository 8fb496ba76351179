//! One play, from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;

use super::hub::Hub;
use super::player::{Player, PlayerCounts};
use super::shared::Shared;
use super::{EndReason, IngestEvent};
use crate::rtmp::MediaKind;

/// A play that goes on.
pub(super) struct Play {
    hub: Arc<Hub>,
    pub(super) player: Arc<Player>,
    peer: SocketAddr,
}

impl Play {
    /// Starts it and tells so.
    pub(super) fn start(shared: &Shared, app: &str, name: &str, peer: SocketAddr) -> Self {
        let (hub, player) = shared.play(app, name, peer);
        shared.tell(IngestEvent::PlayStarted { name: name.to_owned(), app: app.to_owned(), peer });
        Self { hub, player, peer }
    }

    /// The player wants nothing for a while, or to play on.
    pub(super) fn pause(&self, paused: bool) {
        if paused {
            self.player.pause();
        } else {
            self.hub.resume(&self.player);
        }
    }

    /// The player does or does not want sound or picture.
    pub(super) fn receive(&self, media: MediaKind, wanted: bool) {
        self.hub.receive(&self.player, media, wanted);
    }

    /// Ends it and tells so.
    pub(super) fn end(self, shared: &Shared, reason: EndReason) {
        shared.leave(&self.hub, &self.player);
        let PlayerCounts { frames, audio_packets, bytes, dropped_frames, dropped_audio } = self.player.counts();
        shared.tell(IngestEvent::PlayEnded {
            name: self.hub.name.clone(),
            app: self.hub.app.clone(),
            peer: self.peer,
            frames,
            audio_packets,
            bytes,
            dropped: dropped_frames + dropped_audio,
            reason,
        });
    }
}
