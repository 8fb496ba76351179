//! The command line: what a flag does here, a control does in the window.

pub mod args;
mod check;
mod devices;
mod env;
mod exit;
mod failure;
mod interrupt;
mod live;
mod logs;
mod man;
mod names;
mod print;
mod printer;
mod profiles;
mod repair;
mod report;
mod run;
mod serve;
mod settings_from_args;
mod values;

pub use env::EnvSecrets;
pub use exit::Exit;
pub use failure::Failure;
pub use run::run;
pub use settings_from_args::{read_key_file, show_settings};
pub use values::{OrOff, RecordChoice};
