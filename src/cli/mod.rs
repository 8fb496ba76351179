//! The command line: what a flag does here, a control does in the window.

pub mod args;
mod env;
mod exit;
mod values;

pub use env::EnvSecrets;
pub use exit::Exit;
pub use values::RecordChoice;
