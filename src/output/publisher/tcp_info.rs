//! What the system knows of a TCP connection, and how it is to treat it.

use std::time::Duration;

use tokio::net::TcpStream;

use crate::output::{Segments, Window};

/// The figures of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcpFigures {
    /// Bytes acknowledged by the peer so far.
    pub(super) acked: u64,
    /// Bytes that the system holds: on their way, or not sent yet.
    pub(super) outstanding: u64,
    /// Of these, what the peer has though something before it was lost (selective acknowledgements, RFC 2018); at most:
    /// the system counts packets.
    pub(super) beyond_a_hole: u64,
    /// Whether the congestion window lets more go; `Shut` where nothing is on its way although something waits.
    pub(super) window: Window,
    /// How long the peer's window has held bytes back so far.
    pub(super) held_by_peer: Duration,
    /// Smoothed round-trip time.
    pub(super) rtt: Duration,
    /// The shortest round trip seen.
    pub(super) rtt_min: Duration,
    /// Data segments so far, where the system counts them.
    pub(super) segments: Option<Segments>,
}

/// How long the system may wait at most before it sends again what was not acknowledged. By default the waits double up
/// to two minutes, and a connection sleeps on long after the link is back.
#[cfg(target_os = "linux")]
const RESEND_WAIT_MAX_MILLIS: libc::c_int = 1000;

/// Bytes a second for a connection that is given up: less than a segment.
#[cfg(target_os = "linux")]
const HARDLY_ANYTHING: libc::c_int = 1000;

/// A tunnel or a proxy is this near. On a long way the peer's window is used up for moments while all is well.
const NEAR: Duration = Duration::from_millis(20);
/// Packets that BBR leaves on their way while it looks how short the path is.
#[cfg(target_os = "linux")]
const TINY_WINDOW: u32 = 4;

/// `TCP_RTO_MAX_MS` of linux/tcp.h, since Linux 6.15.
#[cfg(target_os = "linux")]
const TCP_RTO_MAX_MS: libc::c_int = 44;

/// The figures; `None` where the system does not tell.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no kept crate reads TCP_INFO and SIOCOUTQ")]
pub(super) fn figures(stream: &TcpStream) -> Option<TcpFigures> {
    use std::mem::offset_of;
    use std::os::fd::AsRawFd;
    // SAFETY: tcp_info is plain integers, for which all zeroes is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    let mut outstanding: libc::c_int = 0;
    // SAFETY: the descriptor is open as long as `stream` is borrowed; `info` and `length` are valid for writes and
    // `length` is the size of `info`.
    let told = unsafe {
        libc::getsockopt(stream.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut length)
    };
    // SAFETY: the descriptor is open; SIOCOUTQ (the number of TIOCOUTQ) writes one int.
    let counted = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut outstanding) };
    let known = offset_of!(libc::tcp_info, tcpi_min_rtt) + size_of::<u32>();
    if told != 0 || counted != 0 || (length as usize) < known {
        return None;
    }
    let rtt = Duration::from_micros(u64::from(info.tcpi_rtt));
    let shortest = Duration::from_micros(u64::from(info.tcpi_min_rtt));
    // Older systems know fewer figures: what they did not write does not count.
    let knows = |field: usize| length as usize >= field + size_of::<u32>();
    let segments = knows(offset_of!(libc::tcp_info, tcpi_data_segs_out)).then(|| {
        let spurious = if knows(offset_of!(libc::tcp_info, tcpi_dsack_dups)) { info.tcpi_dsack_dups } else { 0 };
        Segments {
            sent: u64::from(info.tcpi_data_segs_out),
            lost: u64::from(info.tcpi_total_retrans.saturating_sub(spurious)),
        }
    });
    let outstanding = u64::try_from(outstanding).unwrap_or(0);
    // What is spread over the round trip (pacing) fills the window to two thirds.
    let on_the_way = (info.tcpi_unacked + info.tcpi_retrans).saturating_sub(info.tcpi_sacked + info.tcpi_lost);
    let window = match info.tcpi_notsent_bytes > 0 {
        true if info.tcpi_unacked == 0 && shortest <= NEAR => Window::Shut,
        true if on_the_way * 3 / 2 < info.tcpi_snd_cwnd => Window::Open,
        true if info.tcpi_snd_cwnd <= TINY_WINDOW => Window::Tiny,
        true => Window::Full,
        false => Window::Open,
    };
    let held = if knows(offset_of!(libc::tcp_info, tcpi_rwnd_limited)) { info.tcpi_rwnd_limited } else { 0 };
    Some(TcpFigures {
        acked: info.tcpi_bytes_acked,
        outstanding,
        beyond_a_hole: (u64::from(info.tcpi_sacked) * u64::from(info.tcpi_snd_mss)).min(outstanding),
        window,
        held_by_peer: Duration::from_micros(held),
        rtt,
        rtt_min: shortest.min(rtt),
        segments,
    })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn figures(_stream: &TcpStream) -> Option<TcpFigures> {
    None
}

/// Asks the system to send again at least once a second what was not acknowledged: so a connection outlives an outage
/// and goes on at once.
#[cfg(target_os = "linux")]
pub(super) fn resend_often(stream: &TcpStream) {
    if !set(stream, libc::IPPROTO_TCP, TCP_RTO_MAX_MS, RESEND_WAIT_MAX_MILLIS) {
        tracing::debug!("this system does not bound its resend wait");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn resend_often(_stream: &TcpStream) {}

/// Lets the system send hardly anything more: one segment at a time, each second at most.
#[cfg(target_os = "linux")]
pub(super) fn send_hardly_anything(stream: &TcpStream) {
    if !set(stream, libc::SOL_SOCKET, libc::SO_MAX_PACING_RATE, HARDLY_ANYTHING) {
        tracing::debug!("this system does not slow a connection down");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn send_hardly_anything(_stream: &TcpStream) {}

/// Sets an option of a connection; whether the system knows it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no kept crate knows TCP_RTO_MAX_MS and SO_MAX_PACING_RATE")]
fn set(stream: &TcpStream, level: libc::c_int, option: libc::c_int, value: libc::c_int) -> bool {
    use std::os::fd::AsRawFd;
    let length = libc::socklen_t::try_from(size_of_val(&value)).unwrap_or(0);
    // SAFETY: the descriptor is open as long as `stream` is borrowed; `value` is an int of `length` bytes.
    unsafe { libc::setsockopt(stream.as_raw_fd(), level, option, (&raw const value).cast(), length) == 0 }
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn the_figures_count_what_was_sent() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            resend_often(&stream);
            stream.write_all(&[7; 5000]).await.unwrap();
            peer.read_exact(&mut [0; 5000]).await.unwrap();
            for _ in 0..1000 {
                let figures = figures(&stream).unwrap();
                // The connection's first byte counts as well.
                if figures.outstanding == 0 && (5000..=5001).contains(&figures.acked) {
                    assert!(figures.rtt_min <= figures.rtt && figures.rtt > Duration::ZERO, "{figures:?}");
                    let segments = figures.segments.unwrap();
                    assert!((1..=10).contains(&segments.sent) && segments.lost == 0, "{figures:?}");
                    return;
                }
                tokio::task::yield_now().await;
            }
            panic!("{:?}", figures(&stream));
        });
    }
}
