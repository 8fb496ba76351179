//! What the viewer of a rehearsal gets, and who else may watch, as plain data.

use super::source_view::ChannelView;
use crate::media::Level;
use crate::settings::QrCode;
use crate::studio::{Problem, ViewerNow};

/// What the viewer gets.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ViewerView {
    /// The viewer's sound; none before there is some.
    pub channels: Vec<ChannelView>,
    /// From capture to decoded, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Whether other devices may watch.
    pub share: ShareView,
}

/// Watching a rehearsal on another device.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum ShareView {
    /// Only this computer.
    #[default]
    Off,
    /// The user is asked.
    Asks,
    /// It is being opened.
    Opening,
    /// Whoever has the address watches.
    On {
        /// With the key.
        url: String,
        /// The same for a camera.
        code: Option<QrCode>,
        /// Whether both are shown.
        open: bool,
    },
    /// It cannot be.
    Failed(Problem),
}

impl ViewerView {
    /// Takes what the viewer sees and hears now.
    pub fn take(&mut self, now: &ViewerNow) {
        let channel = |level: &Level| ChannelView { peak_dbfs: level.peak_dbfs, hold_dbfs: level.peak_dbfs };
        self.channels = now.channels.iter().map(channel).collect();
        self.latency_ms = now.latency_ms;
    }

    /// Whether other devices may watch.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.share, ShareView::On { .. })
    }

    /// The engine's answer to `StudioCommand::ShareRehearsal`.
    pub fn handle_shared(&mut self, shared: Result<String, Problem>) {
        self.share = match shared {
            Ok(url) => ShareView::On { code: QrCode::of(&url), url, open: true },
            Err(problem) => ShareView::Failed(problem),
        };
    }
}
