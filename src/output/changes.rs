//! News of this computer's network: a cable is in again, an address is there, a route leads out.

use std::time::Duration;

use tokio::sync::watch;

/// Changes come in bursts: an address, its route, the neighbours.
#[cfg(target_os = "linux")]
const BURST: Duration = Duration::from_millis(50);

/// Told whenever something has changed that may let a connection through again. Where the system does not tell, nothing
/// comes: it is tried again all the same, a little later.
pub(super) type NetworkChanges = watch::Receiver<u64>;

/// Starts telling. The task ends with its runtime or when nobody listens.
pub(super) fn start(runtime: &tokio::runtime::Handle) -> NetworkChanges {
    let (sender, changes) = watch::channel(0);
    runtime.spawn(async move {
        if let Err(error) = tell(&sender).await {
            tracing::debug!(%error, "changes of the network are not told");
        }
        sender.closed().await;
    });
    changes
}

#[cfg(target_os = "linux")]
async fn tell(sender: &watch::Sender<u64>) -> std::io::Result<()> {
    use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket, protocols::NETLINK_ROUTE};
    // RTMGRP_* of linux/rtnetlink.h: links, and addresses and routes of both families.
    const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
    let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
    socket.socket_mut().bind(&SocketAddr::new(0, GROUPS))?;
    let mut buffer = bytes::BytesMut::with_capacity(16 * 1024);
    while !sender.is_closed() {
        buffer.clear();
        // What exactly has changed does not matter: to knock once too often costs a packet. Too many at once is news too.
        if let Err(error) = socket.recv(&mut buffer).await
            && error.kind() == std::io::ErrorKind::WouldBlock
        {
            continue;
        }
        sender.send_modify(|count| *count += 1);
        tokio::time::sleep(BURST).await;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
async fn tell(_sender: &watch::Sender<u64>) -> std::io::Result<()> {
    Ok(())
}
