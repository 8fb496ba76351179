//! What was chosen for a show: sources, destinations, encoding; profiles that keep it, and where secrets rest.

mod card;
pub mod catalogue;
mod choice;
pub mod contract;
mod destination;
mod draft;
mod duration;
mod encoding;
mod error;
mod incoming;
mod link;
mod paste;
mod path;
mod profile;
mod recording;
mod relay;
mod secret;
mod secrets;
mod show;
mod state;
mod warning;
mod window;

pub use crate::rtmp::url::{HIDDEN, redact_url, redact_urls_in};
pub use card::{CardChoice, CardWords};
pub use choice::{AudioChoice, ParseChoiceError, VideoChoice};
pub use destination::KeyInUrl;
pub use draft::{Draft, Field, Lock, changed_fields};
pub use duration::{format_duration, parse_duration};
pub use encoding::EncodingSettings;
pub use error::{SettingsError, UrlOf};
pub(crate) use error::{file_advice, is_wrong_name};
pub use incoming::{IngestSettings, StreamName};
pub use link::{LINK_LENGTH_MAX, LeftOut, LinkError, QrCode, ShowLink};
pub use paste::{
    Done, MendedAddress, PasteError, Pasted, backup_is_usable, mended_address, paste_key, paste_server, without_quotes,
};
pub use path::typed_path;
pub(crate) use profile::atomic::{Access, write_new};
pub use profile::{Export, Listing, Loaded, ProfileStore, ProfileSummary, Session, SessionClaim};
pub use recording::{
    DEFAULT_NAME, RecordForm, RecordSplit, RecordingName, default_recording, recording_path, recording_room,
};
pub use relay::{Relay, RelayEngine, RelayError};
pub(crate) use secret::{EMPTY, open_unawaited};
pub use secret::{SecretEntry, StreamKey, UnreadSecrets};
#[cfg(test)]
pub(crate) use secrets::memory::Memory as MemorySecrets;
pub use secrets::{FileStore, KeyringStore, KeysIn, SecretStore, Secrets};
pub(in crate::settings) use show::free_name;
pub use show::{Destination, ShowSettings};
pub use state::{recordings_state_dir, shows_state_dir};
pub use warning::{DocumentWarning, NoKeyring, SecretKind, Warning};
pub use window::WindowSettings;
