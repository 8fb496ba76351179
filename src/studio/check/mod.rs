//! Pre-flight: proves each step from the sources to an upload that holds, and puts nothing before the public.

mod backup;
mod driver;
mod face;
mod form;
mod line;
mod padded_encoder;
mod padded_sound;
mod padding;
mod report;
mod sources;
mod verdict;
mod words;

pub(super) use face::LentCheck;
pub use face::{Check, NextCheckEvent};
pub use form::PublishForm;
pub use report::{CheckDetail, CheckEvent, CheckSettings, CheckStep, CheckSummary, CheckVerdict, CheckedDestination};
pub use verdict::{EncoderLoad, Upload};
pub use words::{detail_text, form_text, verdict_text};
