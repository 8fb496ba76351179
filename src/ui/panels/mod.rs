//! The parts of the window. Each draws from its part of the `View`, and answers with `Act`s.

pub mod profiles;
pub mod settings;
