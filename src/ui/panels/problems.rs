//! Problems, where they happen: what, the server's own words, what to do, details, a report.

use eframe::egui::{Align, Layout, Ui};

use crate::ui::theme;
use crate::ui::view::{Act, ProblemView, ProblemsState};
use crate::ui::widgets::{ButtonKind, CardKind, announced, button_width, card, close_button, kind_button, text};
use crate::ui::wording::{Text, Words};

/// Where less than this is left for the words beside the buttons, in points of text at 100 %, they stand below.
const WORDS_MIN: f32 = 240.0;
/// More than these are not shown at once; the newest count.
const SHOWN_MAX: usize = 2;

/// Draws a card for each of the newest problems, and a button that shows the others.
pub fn problems_ui(
    ui: &mut Ui,
    problems: &[ProblemView],
    state: &mut ProblemsState,
    words: Words,
    acts: &mut Vec<Act>,
) {
    let older = problems.len().saturating_sub(SHOWN_MAX);
    // Who wanted to see all of those that were there is shown as few of the next ones as anybody.
    state.shows_all &= older > 0;
    let hidden = if state.shows_all { 0 } else { older };
    for problem in &problems[hidden..] {
        ui.push_id(problem.id, |ui| problem_ui(ui, problem, &mut state.unfolded, words, acts));
    }
    if older > 0 {
        let label = if state.shows_all { words.text(Text::ShowFewer).to_owned() } else { words.and_more(hidden) };
        if kind_button(ui, ButtonKind::Ghost, &label, &label).clicked() {
            state.shows_all = !state.shows_all;
        }
    }
}

fn problem_ui(ui: &mut Ui, view: &ProblemView, unfolded: &mut Option<u64>, words: Words, acts: &mut Vec<Act>) {
    let t = theme::tokens(ui);
    let (strong, small) = (theme::strong(ui), theme::small(ui));
    let problem = &view.problem;
    let kind = if view.is_good_news() { CardKind::Plain } else { CardKind::Warning };
    card(ui, kind, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        let labels = [words.text(Text::CopyReport), words.text(Text::Details)];
        let gap = ui.spacing().item_spacing.x;
        let beside: f32 = labels.iter().map(|label| button_width(ui, label) + gap).sum();
        let is_wide = ui.available_width() - beside - theme::scaled(ui, 24.0) >= theme::scaled(ui, WORDS_MIN);
        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
            if close_button(ui, words).clicked() {
                acts.push(Act::Dismiss(view.id));
            }
            if is_wide {
                // From right to left.
                buttons(ui, view, labels, true, unfolded, acts);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                let what = text(ui, words.what(problem), strong, t.text);
                announced(ui, &what);
                if let Some(said) = &problem.server_said {
                    text(ui, words.server_said(said), small.clone(), t.text);
                }
                let to_do = text(ui, words.to_do(problem), small.clone(), t.dim);
                announced(ui, &to_do);
                if *unfolded == Some(view.id) {
                    text(ui, format!("{}: {}", problem.kind.word(), problem.details), small, t.dim);
                }
            });
        });
        if !is_wide {
            ui.horizontal_wrapped(|ui| buttons(ui, view, labels, false, unfolded, acts));
        }
    });
}

fn buttons(
    ui: &mut Ui,
    view: &ProblemView,
    [report, details]: [&str; 2],
    report_first: bool,
    unfolded: &mut Option<u64>,
    acts: &mut Vec<Act>,
) {
    for is_report in [report_first, !report_first] {
        if is_report && kind_button(ui, ButtonKind::Ghost, report, report).clicked() {
            acts.push(Act::CopyReport);
        }
        let has_details = !is_report && !view.problem.details.is_empty();
        if has_details && kind_button(ui, ButtonKind::Ghost, details, details).clicked() {
            *unfolded = (*unfolded != Some(view.id)).then_some(view.id);
        }
    }
}
