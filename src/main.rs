//! The `tally` program.

use std::process::ExitCode;

#[expect(unsafe_code, reason = "secrets leave the environment before there are threads")]
fn main() -> ExitCode {
    // SAFETY: this is the first thing the program does; no other thread exists yet.
    let secrets = unsafe { tally::cli::EnvSecrets::take() };
    tally::cli::run(secrets)
}
