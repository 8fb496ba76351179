//! Ports of this machine: free ones, and whether somebody listens, without connecting to anybody.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use super::process::Process;
use super::time;

/// A port nobody listens on. Taken from below the range the system gives to outgoing connections, and spread by
/// process id, so that tests running at the same time do not meet.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 22_000;
    loop {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let spread = u16::try_from(std::process::id() * 37 % u32::from(COUNT)).unwrap();
        let port = FIRST + (spread + turn) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Waits until some program listens on `port`. It looks in the system's table: connecting would use up a server that
/// serves one client only.
pub(crate) fn wait_until_listening(port: u16, server: &mut Process) {
    let open = time::poll(Duration::from_secs(20), || {
        if let Some(status) = server.ended() {
            panic!("the server on port {port} ended with {status}\n{}", server.story());
        }
        is_listening(port).then_some(())
    });
    assert!(open.is_some(), "nobody listens on port {port}\n{}", server.story());
}

/// Whether somebody listens on `port`.
pub(crate) fn is_listening(port: u16) -> bool {
    const LISTEN: &str = "0A";
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        std::fs::read_to_string(table).unwrap_or_default().lines().skip(1).any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let local = words.next().and_then(|address| address.rsplit_once(':'));
            let state = words.nth(1);
            local.is_some_and(|(_, hex)| u16::from_str_radix(hex, 16) == Ok(port)) && state == Some(LISTEN)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_is_seen_without_a_connection() {
        let port = free_port();
        assert!(!is_listening(port));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(is_listening(port));
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err());
    }
}
