//! Addresses: cut, read and shown by one rule.

mod parse;
mod parts;
mod redact;

pub use parse::{RtmpUrl, Scheme, UrlError};
pub use parts::{UrlParts, percent_decoded};
pub use redact::{HIDDEN, redact_url, redact_urls_in};
