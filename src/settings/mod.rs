//! What was chosen for a show: sources, destinations, encoding; profiles that keep it, and where secrets rest.

mod choice;
mod destination;
mod encoding;
mod error;
mod secret;
mod show;

pub use choice::{AudioChoice, ParseChoiceError, VideoChoice};
pub use destination::{SCHEMES, redact_url, redact_urls_in};
pub use encoding::EncodingSettings;
pub use error::SettingsError;
pub use secret::StreamKey;
pub use show::{Destination, ShowSettings};
