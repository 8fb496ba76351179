//! Logs on standard error: `-v` and `RUST_LOG` say which.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` wins over `verbose`, the number of `-v`.
pub(super) fn start(verbose: u8) {
    let wanted = std::env::var("RUST_LOG").ok().filter(|wanted| !wanted.trim().is_empty());
    let filter = EnvFilter::new(wanted.as_deref().unwrap_or(filter_for(verbose)));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish();
    // Only a second start in one process (tests) finds one set already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The libraries stay quiet until `-vv`; the one that carries secrets to the secret store always does, and the sound server's
/// client, which calls the end of each connection an error, until `-vvv`. The window's library warns of displays that are merely odd.
fn filter_for(verbose: u8) -> &'static str {
    match verbose {
        0 => "warn,zbus=warn,pulseaudio=off,winit=error",
        1 => "warn,tally=info,zbus=warn,pulseaudio=off,winit=error",
        2 => "info,tally=debug,zbus=warn,pulseaudio=off",
        _ => "debug,tally=trace,zbus=warn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_is_understood() {
        for verbose in 0..5 {
            assert!(EnvFilter::try_new(filter_for(verbose)).is_ok(), "{verbose}");
        }
    }
}
