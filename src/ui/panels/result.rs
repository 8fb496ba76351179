//! After a show: what it came to.

use eframe::egui::{Align, Frame, Grid, Layout, Margin, ScrollArea, Stroke, Ui, vec2};

use crate::ui::theme::{self, RADIUS_LARGE};
use crate::ui::view::{Act, ResultView};
use crate::ui::widgets::{ButtonKind, button, close_button, kind_button, text, text_on_one_line};
use crate::ui::wording::{Text, Words};

/// Draws the card in the middle of all of `ui`.
pub fn result_ui(ui: &mut Ui, view: &ResultView, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let width = theme::scaled(ui, 480.0).min(ui.available_width() - 32.0);
    let height = ui.available_height();
    let frame = Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, if view.failure.is_some() { t.warn } else { t.line }))
        .corner_radius(RADIUS_LARGE)
        .inner_margin(Margin::same(20));
    ui.vertical_centered(|ui| {
        ui.add_space(((height - theme::scaled(ui, 330.0)) / 2.0).max(8.0));
        frame.show(ui, |ui| {
            ui.set_width(width - 40.0);
            ui.set_max_height((height - 64.0).max(80.0));
            ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
                ui.with_layout(Layout::top_down(Align::Min), |ui| result(ui, view, words, acts));
            });
        });
    });
}

fn result(ui: &mut Ui, view: &ResultView, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (title, body, small) = (theme::title(ui), theme::body(ui), theme::small(ui));
    let head = match (&view.failure, view.live_seconds, view.rehearsal) {
        (Some(_), None, _) => Text::ResultNeverLive,
        (Some(_), Some(_), _) => Text::ResultFailed,
        (None, _, true) => Text::ResultRehearsal,
        (None, _, false) => Text::ResultTitle,
    };
    ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
        if close_button(ui, words).clicked() {
            acts.push(Act::CloseResult);
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| text(ui, words.text(head), title, t.text));
    });
    if let Some(problem) = &view.failure {
        text(ui, words.what(problem), body.clone(), t.text);
        if let Some(said) = &problem.server_said {
            text(ui, format!("{} “{said}”", words.text(Text::ServerSaid)), body.clone(), t.text);
        }
        text(ui, words.to_do(problem), small.clone(), t.dim);
    }
    if let Some(verdict) = &view.verdict {
        text(ui, words.text(Text::Verdict), small, t.dim);
        text(ui, words.verdict(verdict), body.clone(), t.text);
    }
    ui.add_space(4.0);
    if view.live_seconds.is_some() {
        let row = theme::scaled(ui, 18.0);
        Grid::new("figures").num_columns(2).spacing(vec2(24.0, 6.0)).min_row_height(row).show(ui, |ui| {
            for (name, value) in figures(view, words) {
                text_on_one_line(ui, words.text(name), body.clone(), t.dim);
                text(ui, value, body.clone(), t.text);
                ui.end_row();
            }
        });
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let done = words.text(Text::Done);
        if kind_button(ui, ButtonKind::Accent, done, done).clicked() {
            acts.push(Act::CloseResult);
        }
        if button(ui, words.text(Text::CopyReport)).clicked() {
            acts.push(Act::CopyReport);
        }
    });
}

fn figures(view: &ResultView, words: Words) -> Vec<(Text, String)> {
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
    figures.push((Text::RecordingAt, view.recording.as_ref().map_or_else(none, |path| path.display().to_string())));
    figures
}
