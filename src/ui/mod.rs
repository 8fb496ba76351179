//! The window: draws what the engine tells, and turns what is pressed into commands.

mod app;
pub mod check;
mod desk;
mod desktop;
pub mod dialogs;
pub mod flight;
mod health;
pub mod incoming;
pub mod model;
mod on_air;
mod open;
pub mod order;
mod outcome;
mod pace;
pub mod panels;
mod place;
mod problem_list;
pub mod profile_request;
pub mod profiles;
mod report;
pub mod settings_view;
pub mod source_view;
pub mod theme;
mod truth;
mod truth_view;
pub mod view;
mod view_state;
pub mod viewer;
pub mod viewer_view;
pub mod widgets;
mod wish;
pub mod wording;

#[cfg(test)]
mod tests;

pub use open::{WindowError, has_display, run, system_language};
pub use report::{finding_lines, rehearsal_text};
