//! The rate of the picture follows the network. Pure; the link it looks at is `output::link`.

mod controller;
#[cfg(test)]
mod tests;
mod trains;

pub(super) use controller::{RateController, Seen};
