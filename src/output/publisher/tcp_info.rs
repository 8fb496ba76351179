//! What the system knows of a TCP connection, and how it acknowledges.

use std::time::Duration;

use tokio::net::TcpStream;

/// The smoothed round-trip time; `None` where the system does not tell.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no kept crate reads TCP_INFO")]
pub(super) fn round_trip_time(stream: &TcpStream) -> Option<Duration> {
    use std::os::fd::AsRawFd;
    // SAFETY: tcp_info is plain integers, for which all zeroes is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    // SAFETY: the descriptor is open as long as `stream` is borrowed; `info` and `length` are valid for writes and
    // `length` is the size of `info`.
    let done = unsafe {
        libc::getsockopt(stream.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut length)
    };
    (done == 0).then(|| Duration::from_micros(u64::from(info.tcpi_rtt)))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn round_trip_time(_stream: &TcpStream) -> Option<Duration> {
    None
}

/// Acknowledges what has come without delay. Many servers leave Nagle's algorithm on and hold the rest of a reply until
/// its first part is acknowledged, which takes 40 ms by default. The system forgets it: ask after each read.
#[cfg(target_os = "linux")]
pub(super) fn acknowledge_at_once(stream: &TcpStream) {
    // A refusal costs only the 40 ms.
    let _ = socket2::SockRef::from(stream).set_tcp_quickack(true);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn acknowledge_at_once(_stream: &TcpStream) {}
