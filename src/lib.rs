//! Tally: the engine of a desktop live-streaming studio. See ARCHITECTURE.md for the house and its rules.

pub mod amf;
pub mod audio;
pub mod bitstream;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod decode;
pub mod encode;
pub mod flow;
pub mod flv;
pub mod ingest;
pub mod media;
pub mod mp4;
pub mod output;
pub mod rtmp;
pub mod settings;
pub mod studio;
pub mod ui;
pub mod video;
