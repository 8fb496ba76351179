//! What was chosen for a show: sources, destinations, encoding; profiles that keep it, and where secrets rest.

mod choice;
mod destination;
mod encoding;
mod error;
mod profile;
mod secret;
mod secrets;
mod show;
mod window;

pub use choice::{AudioChoice, ParseChoiceError, VideoChoice};
pub use destination::{SCHEMES, redact_url, redact_urls_in};
pub use encoding::EncodingSettings;
pub use error::SettingsError;
pub use profile::{Listing, Loaded, ProfileStore, ProfileSummary};
pub use secret::StreamKey;
pub use secrets::{FileStore, KeyringStore, SecretStore, Secrets};
pub use show::{Destination, ShowSettings};
pub use window::WindowSettings;
