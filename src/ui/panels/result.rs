//! After a show: what it came to.

use std::path::PathBuf;

use eframe::egui::{
    Align, Frame, Grid, Layout, Margin, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::studio::rehearsal::RehearsalReport;
use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::view::{Act, ResultView, RibbonState};
use crate::ui::widgets::{
    ButtonKind, announced, button, close_button, health_ribbon, kind_button, text, text_on_one_line,
};
use crate::ui::wording::{Text, Words};

/// What a scroll bar takes, in points.
const SCROLL_BAR: i8 = 12;
/// Files of a recording that are named.
const RECORDINGS_MAX: usize = 5;
/// Bars of the rate by second: more would be thinner than a point.
const BARS_MAX: usize = 120;

/// Draws the card in the middle of all of `ui`.
pub fn result_ui(ui: &mut Ui, view: &ResultView, ribbon: &mut RibbonState, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let width = theme::scaled(ui, 480.0).min(ui.available_width() - 32.0);
    let height = ui.available_height();
    let frame = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, if fell_short(view) { t.warn } else { t.line }))
        .corner_radius(RADIUS_LARGE)
        .inner_margin(Margin::same(20));
    ui.vertical_centered(|ui| {
        let ribbon_height = if view.seconds.seconds.is_empty() { 0.0 } else { 36.0 };
        let usual = theme::scaled(ui, ribbon_height + if view.rehearsed.is_some() { 420.0 } else { 330.0 });
        ui.add_space(((height - usual) / 2.0).max(8.0));
        frame.show(ui, |ui| {
            ui.set_width(width - 40.0);
            // The buttons stay where they are, however much there is to say.
            let row = theme::scaled(ui, 28.0) + 12.0;
            // Each show's begins at its top, and what can be pointed at does not lie below the scroll bar.
            let id = (&view.flight, view.live_seconds.map(f64::to_bits));
            let area = ScrollArea::vertical().id_salt(id).auto_shrink([false, true]);
            area.max_height((height - 64.0 - row).max(80.0)).show(ui, |ui| {
                let beside = Margin { right: SCROLL_BAR, ..Margin::ZERO };
                let inside = Layout::top_down(Align::Min);
                Frame::new().inner_margin(beside).show(ui, |ui| {
                    ui.with_layout(inside, |ui| result(ui, view, ribbon, words, acts));
                });
            });
            ui.with_layout(Layout::top_down(Align::Min), |ui| buttons(ui, view, words, acts));
        });
    });
}

/// Whether it ended before it was to end, or never began.
fn fell_short(view: &ResultView) -> bool {
    view.failure.is_some() && (view.live_seconds.is_none() || !view.as_asked)
}

fn result(ui: &mut Ui, view: &ResultView, ribbon: &mut RibbonState, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (title, body, small) = (theme::title(ui), theme::body(ui), theme::small(ui));
    let head = match view.live_seconds {
        None if fell_short(view) => Text::ResultNeverLive,
        Some(_) if fell_short(view) && view.alone => Text::ResultRecordingFailed,
        Some(_) if fell_short(view) => Text::ResultFailed,
        _ if view.rehearsal => Text::ResultRehearsal,
        _ if view.alone => Text::ResultRecording,
        _ => Text::ResultTitle,
    };
    ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
        if close_button(ui, words).clicked() {
            acts.push(Act::CloseResult);
        }
        let head = ui.with_layout(Layout::top_down(Align::Min), |ui| text(ui, words.text(head), title, t.text));
        announced(ui, &head.inner);
    });
    if let Some(problem) = &view.failure {
        text(ui, words.what(problem), body.clone(), t.text);
        if let Some(said) = &problem.server_said {
            text(ui, words.server_said(said), body.clone(), t.text);
        }
        text(ui, words.to_do(problem), small.clone(), t.dim);
    }
    if let Some(rehearsed) = &view.rehearsed {
        text(ui, words.text(Text::Verdict), small, t.dim);
        text(ui, words.verdict(&rehearsed.verdict), body.clone(), t.text);
        for finding in &rehearsed.findings {
            text(ui, words.finding_line(finding), body.clone(), t.warn);
        }
    }
    ui.add_space(4.0);
    if view.live_seconds.is_some() {
        let row = theme::scaled(ui, 18.0);
        Grid::new("figures").num_columns(2).spacing(vec2(24.0, 6.0)).min_row_height(row).show(ui, |ui| {
            for (name, value) in figures(view, words) {
                text_on_one_line(ui, words.text(name), body.clone(), t.dim);
                if name == Text::ReportAt {
                    // A path takes two lines: their room is there before it is, or the buttons would move from the pointer.
                    ui.horizontal(|ui| {
                        ui.set_min_height(2.0 * ui.fonts_mut(|fonts| fonts.row_height(&body)));
                        text(ui, value, body.clone(), t.text);
                    });
                } else {
                    text(ui, value, body.clone(), t.text);
                }
                ui.end_row();
            }
        });
        if !view.seconds.seconds.is_empty() {
            text(ui, words.text(Text::SecondBySecond), theme::small(ui), t.dim);
            ui.add_space(2.0);
            let (_, rect) = ui.allocate_space(vec2(ui.available_width(), 8.0));
            health_ribbon(ui, rect.shrink2(vec2(3.0, 0.0)), &view.seconds, true, ribbon, words);
        }
        if let Some(rehearsed) = view.rehearsed.as_ref().filter(|rehearsed| rehearsed.kbps_by_second.len() > 1) {
            let rates: Vec<_> = rehearsed.kbps_by_second.iter().map(|[video, audio]| video + audio).collect();
            text(ui, words.text(Text::RateBySecond), theme::small(ui), t.dim);
            rate_bars(ui, &rates, words.text(Text::RateBySecond));
        }
    }
}

fn buttons(ui: &mut Ui, view: &ResultView, words: Words, acts: &mut Vec<Act>) {
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let done = words.text(Text::Done);
        if kind_button(ui, ButtonKind::Accent, done, done).clicked() {
            acts.push(Act::CloseResult);
        }
        let is_saved = matches!(view.report_file, Some(Ok(_)));
        if has_report(view) && !is_saved && button(ui, words.text(Text::SaveReport)).clicked() {
            acts.push(Act::SaveReport);
        }
        if button(ui, words.text(Text::CopyReport)).clicked() {
            acts.push(Act::CopyReport);
        }
    });
}

/// Whether there is one that can be saved.
fn has_report(view: &ResultView) -> bool {
    view.rehearsed.is_some() || (view.flight.is_some() && view.live_seconds.is_some())
}

fn figures(view: &ResultView, words: Words) -> Vec<(Text, String)> {
    let mut figures = match &view.rehearsed {
        Some(rehearsed) => rehearsal_figures(view, rehearsed, words),
        None => show_figures(view, words),
    };
    let report = match &view.report_file {
        Some(Ok(path)) => Some(path.display().to_string()),
        Some(Err(why)) => Some(words.not_written(why)),
        None => has_report(view).then(|| words.text(Text::NotSaved).to_owned()),
    };
    figures.extend(report.map(|report| (Text::ReportAt, report)));
    figures
}

fn show_figures(view: &ResultView, words: Words) -> Vec<(Text, String)> {
    let unknown = || words.text(Text::NotMeasured).to_owned();
    let mut figures = vec![
        (Text::Length, words.timer(view.live_seconds.unwrap_or_default())),
        (Text::Interruptions, words.times(view.interruptions)),
        (Text::AverageRate, view.average_kbps.map_or_else(unknown, |kbps| format!("{} Mb/s", words.megabits(kbps)))),
        (Text::Loudness, view.lufs.map_or_else(unknown, |lufs| format!("{} LUFS", words.decimal(lufs, 1)))),
        (Text::FramesLost, view.frames_lost.to_string()),
    ];
    if let Some((second, lost)) = view.worst {
        figures.push((Text::WorstMoment, words.worst_second(second, lost)));
    }
    let none = || words.text(Text::None).to_owned();
    figures.push((Text::RecordingAt, recordings(&view.recordings, words).unwrap_or_else(none)));
    figures
}

/// Where the first file of the recording is, and how those in its folder behind it are called, a line each.
fn recordings(paths: &[PathBuf], words: Words) -> Option<String> {
    let (first, others) = paths.split_first()?;
    let mut lines = vec![first.display().to_string()];
    lines.extend(others.iter().take(RECORDINGS_MAX - 1).map(|path| {
        let is_beside = path.parent() == first.parent();
        let name = path.file_name().filter(|_| is_beside).unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    }));
    let more = paths.len().saturating_sub(RECORDINGS_MAX);
    if more > 0 {
        lines.push(words.and_more(more));
    }
    Some(lines.join("\n"))
}

fn rehearsal_figures(view: &ResultView, rehearsed: &RehearsalReport, words: Words) -> Vec<(Text, String)> {
    let number = |value: Option<f64>, digits, unit: &str| {
        value.map_or_else(
            || words.text(Text::NotMeasured).to_owned(),
            |value| format!("{} {unit}", words.decimal(value, digits)),
        )
    };
    let stream = &rehearsed.stream;
    let size = stream.size.map_or_else(String::new, |size| format!("{}×{} · ", size.width, size.height));
    let fps = stream.fps.map_or_else(String::new, |fps| format!("{} · ", words.decimal(fps, 2)));
    let total_kbps = rehearsed.video_kbps + stream.audio_kbps;
    let latency = [rehearsed.latency_ms_median, rehearsed.latency_ms_p99].map(|ms| number(ms, 0, "ms"));
    vec![
        (Text::Length, words.timer(view.live_seconds.unwrap_or_default())),
        (Text::Frames, words.arrived(rehearsed.frames_received, rehearsed.frames_sent)),
        (Text::AverageRate, format!("{size}{fps}{} Mb/s", words.megabits(total_kbps))),
        (
            Text::Keyframes,
            words.keyframes(
                rehearsed.keyframe_seconds,
                rehearsed.keyframes_as_chosen,
                rehearsed.keyframe_intervals.len(),
            ),
        ),
        (Text::SoundOffset, number(rehearsed.av_offset_ms, 0, "ms")),
        (Text::Latency, words.median_and_p99(&latency[0], &latency[1])),
        (
            Text::Loudness,
            format!("{} · {}", number(rehearsed.lufs, 1, "LUFS"), number(rehearsed.true_peak_dbtp, 1, "dBTP")),
        ),
    ]
}

/// A bar for each second, from zero up. Screen readers are told `name` and the least of them.
fn rate_bars(ui: &mut Ui, kbps: &[f64], name: &str) {
    let t = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::scaled(ui, 36.0)), Sense::hover());
    let least = kbps.iter().copied().fold(f64::INFINITY, f64::min);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Meter, true, name);
        info.value = Some(least);
        info
    });
    let most = kbps.iter().copied().fold(1.0, f64::max);
    // Of a long rehearsal each bar is the mean of some seconds.
    let bars = kbps.len().min(BARS_MAX);
    let step = rect.width() / bars as f32;
    for bar in 0..bars {
        let seconds = &kbps[bar * kbps.len() / bars..(bar + 1) * kbps.len() / bars];
        let mean = seconds.iter().sum::<f64>() / seconds.len().max(1) as f64;
        let height = (mean / most) as f32 * rect.height();
        let left = rect.left() + bar as f32 * step;
        let size = vec2((step - 1.0).max(1.0), height);
        ui.painter().rect_filled(Rect::from_min_size(pos2(left, rect.bottom() - height), size), 1.0, t.dim);
    }
}
