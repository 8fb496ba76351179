//! The check: its steps as they are done, what they came to, and what can be mended with one click.

use eframe::egui::{
    Align, Color32, Frame, Layout, Margin, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::settings::ShowSettings;
use crate::studio::check::{CheckStep, CheckSummary, CheckVerdict};
use crate::studio::{Problem, Remedy};
use crate::ui::check::{CheckAct, CheckView};
use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::view::Act;
use crate::ui::widgets::{ButtonKind, button, button_width, close_button, galley_within, kind_button, text};
use crate::ui::wording::{Text, Words};

/// Between rows of buttons, in points.
const ROW_GAP: f32 = 8.0;

/// The list is no lower than this, in points of text at 100 %, unless its buttons are scrolled with it.
const LIST_MIN: f32 = 66.0;

/// What stands before a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Done,
    Warned,
    Failed,
    Runs,
}

impl Mark {
    fn of(step: &CheckStep) -> Self {
        match (step.ok, &step.problem) {
            (true, None) => Self::Done,
            (true, Some(_)) => Self::Warned,
            (false, _) => Self::Failed,
        }
    }

    fn word(self) -> Text {
        match self {
            Self::Done => Text::CheckDone,
            Self::Warned => Text::CheckWarned,
            Self::Failed => Text::CheckFailed,
            Self::Runs => Text::CheckRuns,
        }
    }
}

/// Draws the sheet over all of `ui`; `show` is what is set now, which a click changes.
pub fn check_ui(ui: &mut Ui, view: &CheckView, show: &ShowSettings, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let all = ui.available_rect_before_wrap();
    ui.painter().rect_filled(all, RADIUS_LARGE, t.bg.gamma_multiply(0.7));
    let width = theme::scaled(ui, 620.0).min(all.width() - 16.0);
    let frame = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(RADIUS_LARGE)
        .inner_margin(Margin::same(16));
    ui.scope_builder(UiBuilder::new().max_rect(all.shrink(8.0)), |ui| {
        ui.vertical_centered(|ui| {
            frame.show(ui, |ui| {
                ui.set_width(width - 32.0);
                ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                    if close_button(ui, words).clicked() {
                        acts.push(Act::Check(CheckAct::Close));
                    }
                    let font = theme::strong(ui);
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        text(ui, words.text(Text::CheckTitle), font, t.text);
                    });
                });
                // Title and buttons stay where they are, however long the list is.
                let rows = rows_of_choices(ui, &choices(view), ui.available_width(), words) - 1;
                let around = theme::scaled(ui, 68.0) + 48.0 + rows as f32 * (theme::scaled(ui, 28.0) + ROW_GAP);
                let room = all.height() - around;
                // Where hardly a line of it would be seen, they are scrolled with it.
                let is_low = room < theme::scaled(ui, LIST_MIN);
                let room = if is_low { all.height() - theme::scaled(ui, 24.0) - 56.0 } else { room };
                let area = ScrollArea::vertical().auto_shrink([false, true]).max_height(room.max(0.0));
                area.stick_to_bottom(true).show(ui, |ui| {
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        list(ui, view, show, words, acts);
                        if is_low {
                            buttons(ui, view, words, acts);
                        }
                    });
                });
                if !is_low {
                    ui.with_layout(Layout::top_down(Align::Min), |ui| buttons(ui, view, words, acts));
                }
            });
        });
    });
}

fn list(ui: &mut Ui, view: &CheckView, show: &ShowSettings, words: Words, acts: &mut Vec<Act>) {
    ui.spacing_mut().item_spacing.y = 3.0;
    let several = view.has_several();
    for step in &view.steps {
        let detail = words.check_detail(step);
        let whose = step.destination.as_ref().filter(|_| several);
        let detail = whose.map_or_else(|| detail.clone(), |whose| format!("{whose} · {detail}"));
        let ms = words.milliseconds(step.took.as_secs_f64() * 1e3);
        row(ui, Mark::of(step), words.check_step(step.name), &ms, &detail, words);
        if let Some(problem) = &step.problem {
            problem_ui(ui, problem, show, words, acts);
        }
    }
    for problem in &view.notes {
        problem_ui(ui, problem, show, words, acts);
    }
    match &view.summary {
        Some(summary) => summed_up(ui, summary, words),
        None => row(ui, Mark::Runs, words.text(now_running(view)), "", "", words),
    }
}

/// What is being done now.
fn now_running(view: &CheckView) -> Text {
    let done = |name: &str| view.steps.iter().any(|step| step.name == name);
    match (view.ending, done("encoder"), done("publish")) {
        (true, ..) => Text::CheckEnding,
        (false, false, _) => Text::CheckWatches,
        (false, true, false) => Text::CheckConnects,
        (false, true, true) => Text::CheckUploads,
    }
}

/// A line of the list, which screen readers are told whole.
fn row(ui: &mut Ui, mark: Mark, name: &str, ms: &str, detail: &str, words: Words) {
    let t = theme::tokens(ui);
    let scale = theme::scale(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0 * scale), Sense::hover());
    let told: Vec<_> =
        [name, words.text(mark.word()), ms, detail].into_iter().filter(|part| !part.is_empty()).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, told.join(", ")));
    let ink = match mark {
        Mark::Done => t.dim,
        Mark::Warned | Mark::Failed => t.warn,
        Mark::Runs => t.accent,
    };
    let at = Rect::from_center_size(pos2(rect.left() + 8.0 * scale, rect.center().y), vec2(11.0, 11.0) * scale);
    draw_mark(ui, mark, at, ink);
    let line = |ui: &Ui, left: f32, width: f32, words: &str, colour: Color32| {
        let galley = galley_within(ui, words, theme::body(ui), colour, width);
        let place = pos2(left, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(place, galley, colour);
    };
    let (name_left, ms_right) = (rect.left() + 24.0 * scale, rect.left() + 222.0 * scale);
    let name_width = if ms.is_empty() { rect.right() - name_left } else { 124.0 * scale };
    line(ui, name_left, name_width, name, if mark == Mark::Runs { t.dim } else { t.text });
    let figures = galley_within(ui, ms, theme::body(ui), t.dim, 74.0 * scale);
    let place = pos2(ms_right - figures.size().x, rect.center().y - figures.size().y / 2.0);
    ui.painter().galley(place, figures, t.dim);
    let left = ms_right + 14.0 * scale;
    line(ui, left, rect.right() - left, detail, t.text);
    if !detail.is_empty() {
        response.on_hover_text(detail);
    }
}

/// A tick, an exclamation mark, a cross or a dot: shapes that no font has to have.
fn draw_mark(ui: &Ui, mark: Mark, at: Rect, ink: Color32) {
    let stroke = Stroke::new(1.8 * theme::scale(ui), ink);
    let point = |x: f32, y: f32| pos2(at.left() + at.width() * x, at.top() + at.height() * y);
    let painter = ui.painter();
    match mark {
        Mark::Done => {
            painter.line_segment([point(0.05, 0.55), point(0.38, 0.88)], stroke);
            painter.line_segment([point(0.38, 0.88), point(0.95, 0.15)], stroke);
        }
        Mark::Warned => {
            painter.line_segment([point(0.5, 0.0), point(0.5, 0.62)], stroke);
            painter.circle_filled(point(0.5, 0.92), stroke.width * 0.62, ink);
        }
        Mark::Failed => {
            painter.line_segment([point(0.1, 0.1), point(0.9, 0.9)], stroke);
            painter.line_segment([point(0.9, 0.1), point(0.1, 0.9)], stroke);
        }
        Mark::Runs => {
            painter.circle_stroke(at.center(), at.width() * 0.36, stroke);
        }
    }
}

/// What to do about it, below its step, with a button where the settings settle it.
fn problem_ui(ui: &mut Ui, problem: &Problem, show: &ShowSettings, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (body, small) = (theme::body(ui), theme::small(ui));
    ui.horizontal_top(|ui| {
        ui.add_space(24.0 * theme::scale(ui));
        ui.vertical(|ui| {
            text(ui, words.what(problem), body, t.text);
            if let Some(said) = &problem.server_said {
                text(ui, words.server_said(said), small.clone(), t.text);
            }
            text(ui, words.to_do(problem), small, t.dim);
            if let Some((label, act)) = remedy(problem, show, words)
                && button(ui, &label).clicked()
            {
                acts.push(act);
            }
            ui.add_space(4.0);
        });
    });
}

/// The button, unless that is set already.
fn remedy(problem: &Problem, show: &ShowSettings, words: Words) -> Option<(String, Act)> {
    let encoding = &show.encoding;
    match problem.remedy()? {
        Remedy::VideoBitrate(bitrate) => {
            (bitrate < encoding.video_bitrate).then(|| (words.lower_rate(bitrate), Act::SetBitrate(bitrate)))
        }
        Remedy::Form(size, frame_rate) => {
            let mut wanted = show.clone();
            (wanted.encoding.size, wanted.encoding.frame_rate) = (size, frame_rate);
            (wanted != *show).then(|| (words.use_form(size, frame_rate), Act::Edit(Box::new(wanted))))
        }
    }
}

fn summed_up(ui: &mut Ui, summary: &CheckSummary, words: Words) {
    let t = theme::tokens(ui);
    let (strong, small) = (theme::strong(ui), theme::small(ui));
    ui.add_space(6.0);
    let ink = if summary.verdict == CheckVerdict::NotReady { t.warn } else { t.text };
    text(ui, words.check_verdict(summary), strong, ink);
    let mut told = Vec::new();
    for destination in summary.destinations.iter().filter(|destination| destination.ok) {
        let note = words.check_form(destination.form);
        if !told.contains(&note) {
            text(ui, note.clone(), small.clone(), t.dim);
            told.push(note);
        }
    }
}

/// What can be pressed below the list.
fn choices(view: &CheckView) -> Vec<(Text, CheckAct)> {
    if view.summary.is_none() {
        return vec![(Text::Cancel, CheckAct::Cancel)];
    }
    let publish = view.stopped_before_publish().then_some((Text::CheckPublishToo, CheckAct::Publish));
    let first = [(Text::Done, CheckAct::Close), (Text::CheckAgain, CheckAct::Start)];
    first.into_iter().chain(publish).chain([(Text::CopyReport, CheckAct::CopyReport)]).collect()
}

/// In how many rows their buttons stand within `room` points.
fn rows_of_choices(ui: &Ui, choices: &[(Text, CheckAct)], room: f32, words: Words) -> usize {
    let gap = ui.spacing().item_spacing.x;
    let widths = choices.iter().map(|(label, _)| button_width(ui, words.text(*label)) + gap);
    let (rows, _) =
        widths.fold((1, 0.0), |(rows, filled), width| match filled + width - gap <= room || filled == 0.0 {
            true => (rows, filled + width),
            false => (rows + 1, width),
        });
    rows
}

fn buttons(ui: &mut Ui, view: &CheckView, words: Words, acts: &mut Vec<Act>) {
    ui.add_space(8.0);
    ui.spacing_mut().item_spacing.y = ROW_GAP;
    ui.horizontal_wrapped(|ui| {
        if view.ending {
            ui.disable();
        }
        for (label, act) in choices(view) {
            let kind = if label == Text::Done { ButtonKind::Accent } else { ButtonKind::Quiet };
            let label = words.text(label);
            if kind_button(ui, kind, label, label).clicked() {
                acts.push(Act::Check(act));
            }
        }
    });
}
