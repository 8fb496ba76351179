//! What the tests stand on: processes, servers, certificates, and eyes and ears for what a viewer gets.

pub(crate) mod browser;
pub(crate) mod certs;
pub(crate) mod clips;
pub(crate) mod hooks;
pub(crate) mod ingest;
pub(crate) mod media;
pub(crate) mod mp4;
pub(crate) mod net;
pub(crate) mod network;
pub(crate) mod nginx;
pub(crate) mod noting;
pub(crate) mod odd;
pub(crate) mod players;
pub(crate) mod process;
pub(crate) mod publishers;
pub(crate) mod servers;
pub(crate) mod shim;
pub(crate) mod signal;
pub(crate) mod tally;
pub(crate) mod time;
pub(crate) mod wire;
