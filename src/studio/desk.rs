//! A studio, as a window holds it: sources are seen and heard whether or not a show is on.

use std::time::Duration;

use super::control_room::{ControlRoom, RoomMail, RoomMessage, Shown};
use super::event::StudioCommand;
use super::face::{Events, NextEvent, face};
use super::levels::{Levels, Sound};
use super::preview::Preview;
use super::viewer_feed::ViewerFeed;
use super::{Problem, ProblemKind};
use crate::clock::Clock;
use crate::flow::Worker;
use crate::settings::ShowSettings;

/// An open studio. Dropping it ends the show, if one is on, and closes the sources.
pub struct Studio {
    mail: RoomMail,
    events: Events,
    shown: Shown,
    _worker: Worker,
}

impl std::fmt::Debug for Studio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Studio").field("preview", &self.shown.preview).finish_non_exhaustive()
    }
}

impl Studio {
    /// Opens a studio: the sources of `settings` are opened on threads of their own and told of by
    /// `StudioEvent::Source`. Destinations play no part until `StudioCommand::GoLive`.
    ///
    /// # Errors
    /// Settings that cannot work, and a system that gives no threads.
    pub fn open(settings: &ShowSettings, clock: Clock) -> Result<Self, Problem> {
        let unusable =
            |error: &dyn std::fmt::Display| Problem::new(ProblemKind::BadSettings, "settings", error.to_string());
        settings.encoding.validate().map_err(|error| unusable(&error))?;
        let internal = |error: std::io::Error| Problem::new(ProblemKind::Internal, "studio", error.to_string());
        let (mail, inbox) = RoomMail::new();
        let (face, events) = face();
        let shown = Shown { preview: Preview::new(), sound: Sound::default(), viewer: ViewerFeed::new() };
        let room = ControlRoom::new(settings, clock, mail.clone(), inbox, face, shown.clone()).map_err(internal)?;
        let worker = Worker::spawn("control-room", move |stop| room.run(stop)).map_err(internal)?;
        Ok(Self { mail, events, shown, _worker: worker })
    }

    /// Asks for something; done soon after. Never waits: `false` if the studio is so far behind that it was not heard.
    pub fn command(&self, command: StudioCommand) -> bool {
        self.mail.try_send(RoomMessage::Command(command))
    }

    /// The next event, waiting at most `limit`.
    pub fn next_event(&self, limit: Duration) -> NextEvent {
        self.events.next(limit)
    }

    /// The newest picture of the program.
    pub fn preview(&self) -> &Preview {
        &self.shown.preview
    }

    /// What the viewer of a rehearsal sees and hears.
    pub fn viewer(&self) -> &ViewerFeed {
        &self.shown.viewer
    }

    /// What the sound does right now.
    pub fn levels(&self) -> Levels {
        self.shown.sound.levels()
    }

    /// The same without loudness, which costs most, for somebody who looks now and then.
    pub fn glance_at_levels(&self) -> Levels {
        self.shown.sound.glance()
    }
}
