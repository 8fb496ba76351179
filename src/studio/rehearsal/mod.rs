//! The rehearsal's viewer: receives the show as a viewer would and measures what arrives.

mod arrival;
mod marks;
mod measured;
mod meter;
mod report;
mod sent;
#[cfg(test)]
mod tests;
mod text;
mod verdict;
mod viewer;

pub(super) use arrival::Unwrap;
pub use measured::MeasuredStream;
pub use meter::RehearsalMeter;
pub use report::RehearsalReport;
pub use sent::RehearsalSent;
pub use verdict::{Fault, Good, Verdict, whole_ms};
