//! HLS of a stream that somebody watches: fragments of its packets as they are, playlists, and parts of them for players
//! that want to be close (RFC 8216, draft-pantos-hls-rfc8216bis).

mod live;
mod packager;
mod playlist;
mod rendition;
#[cfg(test)]
mod tests;
mod web;

pub(super) use live::LiveHls;
pub(super) use packager::Left;
pub(super) use web::{Found, NotFound, find};
