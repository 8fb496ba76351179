//! From a host name to a TCP connection: happy eyeballs (RFC 8305) with a deadline on every step.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::tcp_info;
use crate::output::changes::NetworkChanges;
use crate::output::{PublishError, PublishStep};

/// How long a name look-up may take.
pub(super) const DNS_DEADLINE: Duration = Duration::from_secs(5);
/// How long all connection attempts together may take.
pub(super) const TCP_DEADLINE: Duration = Duration::from_secs(5);
/// How long one address is tried alone before the next is tried beside it (RFC 8305, 5).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// How long after a try a lost server's addresses are tried again beside it: the system itself waits longer and longer.
const KNOCK_AGAIN_AFTER: Duration = Duration::from_millis(1000);

/// Unsent bytes the system may hold.
#[cfg(target_os = "linux")]
const UNSENT_MAX: u32 = 16 * 1024;

/// The host's addresses, the families taking turns, the resolver's first choice first.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, PublishError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = timeout(DNS_DEADLINE, lookup_host((host, port)))
        .await
        .map_err(|_elapsed| PublishError::TimedOut { step: PublishStep::Dns, after: DNS_DEADLINE })?
        .map_err(|error| PublishError::Dns { reason: error.to_string() })?;
    let addresses = take_turns(found.collect());
    if addresses.is_empty() {
        return Err(PublishError::Dns { reason: "the name has no address".to_owned() });
    }
    Ok(addresses)
}

fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut turns = Vec::new();
    for address in first {
        turns.push(address);
        turns.extend(second.next());
    }
    turns.extend(second);
    turns.dedup();
    turns
}

/// The first connection that succeeds; the others are given up. With news of the network the server was there before, and
/// is met as soon as it is back: it is tried again each second, and at once when the network changes. All of it has `patience`.
pub(super) async fn connect(
    addresses: Vec<SocketAddr>,
    news: Option<NetworkChanges>,
    patience: Duration,
) -> Result<TcpStream, PublishError> {
    timeout(patience, race(addresses, news))
        .await
        .map_err(|_elapsed| PublishError::TimedOut { step: PublishStep::Tcp, after: patience })?
        .map_err(|error| refusal(&error))
}

async fn race(addresses: Vec<SocketAddr>, mut news: Option<NetworkChanges>) -> io::Result<TcpStream> {
    let knocking = news.is_some();
    let mut waiting = addresses.clone().into_iter();
    let mut running = JoinSet::new();
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            running.spawn(TcpStream::connect(address));
        } else if running.is_empty() {
            return Err(last_error);
        }
        let patience = match (waiting.len() > 0, knocking) {
            (true, _) => NEXT_ADDRESS_AFTER,
            (false, true) => KNOCK_AGAIN_AFTER,
            (false, false) => TCP_DEADLINE,
        };
        let joined = tokio::select! {
            joined = timeout(patience, running.join_next()) => joined,
            () = changed(&mut news) => {
                tracing::debug!("the network has changed");
                waiting = addresses.clone().into_iter();
                continue;
            }
        };
        match joined {
            Ok(Some(Ok(Ok(stream)))) => {
                stream.set_nodelay(true)?;
                bound_unsent(&stream);
                tcp_info::resend_often(&stream);
                return Ok(stream);
            }
            Ok(Some(Ok(Err(error)))) => last_error = error,
            Ok(Some(Err(_)) | None) => {}
            Err(_) if knocking && waiting.len() == 0 => waiting = addresses.clone().into_iter(),
            Err(_) => {}
        }
    }
}

/// Waits for news; for ever where none will come.
async fn changed(news: &mut Option<NetworkChanges>) {
    if let Some(changes) = news
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// Bounds what the system may hold that it has not sent: media that waits there can neither be dropped nor seen as
/// congestion.
fn bound_unsent(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_MAX) {
        tracing::debug!(%error, "the system does not bound unsent bytes");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

fn refusal(error: &io::Error) -> PublishError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => PublishError::Refused,
        io::ErrorKind::TimedOut => PublishError::TimedOut { step: PublishStep::Tcp, after: TCP_DEADLINE },
        // It was there, and hung up before the system told of the connection: a proxy whose server is away.
        io::ErrorKind::ConnectionReset => PublishError::Broken { step: PublishStep::Tcp, reason: error.to_string() },
        _ => PublishError::Unreachable { reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::changes::News;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn families_take_turns_in_the_resolvers_order() {
        let all = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"].map(|a| a.parse().unwrap());
        let order: Vec<String> = take_turns(all.to_vec()).iter().map(ToString::to_string).collect();
        assert_eq!(order, ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"]);
    }

    #[test]
    fn a_dead_address_does_not_keep_a_live_one_waiting() {
        run(async {
            let live = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let stream = connect(vec![dead, live.local_addr().unwrap()], None, TCP_DEADLINE).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), live.local_addr().unwrap());
            assert!(stream.nodelay().unwrap());
            let (_sender, news) = tokio::sync::watch::channel(News::default());
            assert!(matches!(connect(vec![dead], Some(news), TCP_DEADLINE).await, Err(PublishError::Refused)));
        });
    }

    #[test]
    fn a_server_that_hangs_up_at_once_was_reached() {
        let error = refusal(&io::ErrorKind::ConnectionReset.into());
        assert!(matches!(error, PublishError::Broken { step: PublishStep::Tcp, .. }), "{error:?}");
    }

    #[test]
    fn a_name_without_an_address_is_a_dns_error() {
        run(async {
            let error = resolve("no-such-host.invalid", 1935).await.unwrap_err();
            assert!(matches!(error, PublishError::Dns { .. } | PublishError::TimedOut { step: PublishStep::Dns, .. }));
        });
    }
}
