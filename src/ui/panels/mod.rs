//! The parts of the window. Each draws from its part of the `View`, and answers with `Act`s.

pub mod check;
mod escape;
pub mod first_run;
pub mod header;
mod incoming;
pub mod keys;
pub mod problems;
pub mod profiles;
pub mod result;
pub mod settings;
pub mod sound;
pub mod sources;
pub mod stage;
pub mod strip;
pub mod truth;
pub mod viewer;
pub mod window;
