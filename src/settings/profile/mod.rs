//! Profiles: one TOML file each, written atomically, read tolerantly.

pub(in crate::settings) mod atomic;
mod claim;
mod document;
mod name;
mod plain;
mod store;

pub use claim::SessionClaim;
pub use store::{Export, Listing, Loaded, ProfileStore, ProfileSummary, Session};
