//! The window: draws what the engine tells, and turns what is pressed into commands.

mod app;
mod health;
pub mod model;
mod open;
pub mod panels;
mod report;
pub mod theme;
mod truth;
pub mod view;
pub mod widgets;
pub mod wording;

#[cfg(test)]
mod tests;

pub use open::{WindowError, has_display, run};
