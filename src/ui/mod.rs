//! The window: draws what the engine tells, and turns what is pressed into commands.

pub mod dialogs;
pub mod panels;
pub mod profiles;
pub mod settings_view;
pub mod theme;
pub mod view;
pub mod widgets;
pub mod wording;
