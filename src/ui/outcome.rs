//! What a show came to, for the card after it.

use std::sync::Arc;
use std::time::Duration;

use super::flight::ShowFlight;
use super::on_air::OnAir;
use super::view::ResultView;
use crate::studio::Summary;
use crate::studio::rehearsal::RehearsalReport;

/// `wanted_length`: it was to end by itself after that. `None` of a show that was cancelled while it connected: there was none.
pub(super) fn of(
    show: &OnAir,
    wanted_length: Option<Duration>,
    seconds: Arc<ShowFlight>,
    summary: Summary,
    rehearsed: Option<Box<RehearsalReport>>,
) -> Option<ResultView> {
    let totals = &summary.totals;
    let was_live = show.live_since.is_some();
    let was_show = was_live || summary.failure.is_some();
    was_show.then(|| ResultView {
        rehearsal: show.rehearsal,
        alone: show.alone,
        live_seconds: was_live.then_some(summary.duration.as_secs_f64()),
        interruptions: totals.interruptions,
        average_kbps: was_live.then_some(totals.video_kbps + totals.audio_kbps),
        lufs: totals.lufs,
        worst: summary.worst_second.map(|worst| (worst.second, worst.frames_lost)),
        frames_lost: totals.missed + totals.skipped + totals.dropped + totals.away,
        recordings: summary.recordings.clone(),
        seconds,
        flight: summary.flight.clone(),
        rehearsed,
        report_file: None,
        as_asked: show.asked_to_end || wanted_length.is_some_and(|wanted| summary.duration >= wanted),
        failure: summary.failure,
    })
}
