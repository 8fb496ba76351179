//! News of this computer's network: a cable is in again, an address is there, a route leads out, or the computer has slept.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{SleepWatch, TwoClocks};

/// Changes come in bursts: an address, its route, the neighbours.
#[cfg(target_os = "linux")]
const BURST: Duration = Duration::from_millis(50);

/// How often it is looked whether the computer has slept.
const SLEEP_LOOK: Duration = Duration::from_secs(1);

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Changes of any kind.
    pub(super) count: u64,
    /// Times the computer slept.
    pub(super) sleeps: u64,
    /// How long it has slept, all together.
    pub(super) slept: Duration,
}

/// Told whenever something has changed that may let a connection through again. Where the system does not tell, nothing
/// comes: it is tried again all the same, a little later.
pub(super) type NetworkChanges = watch::Receiver<News>;

/// The two clocks by which a sleep is noticed; `None` where there are none.
pub(super) type ReadClocks = fn() -> Option<TwoClocks>;

/// Starts telling. The tasks end with their runtime or when nobody listens.
pub(super) fn start(runtime: &tokio::runtime::Handle, clocks: ReadClocks) -> NetworkChanges {
    let (sender, changes) = watch::channel(News::default());
    let slept = sender.clone();
    runtime.spawn(async move {
        if let Err(error) = tell(&sender).await {
            tracing::debug!(%error, "changes of the network are not told");
        }
        sender.closed().await;
    });
    runtime.spawn(async move { tell_sleeps(&slept, clocks).await });
    changes
}

/// After a sleep most connections are dead, and whatever was waited for may be there.
async fn tell_sleeps(sender: &watch::Sender<News>, clocks: ReadClocks) {
    let mut watch = SleepWatch::default();
    while !sender.is_closed() {
        // The system tells of no second clock: it never will.
        let Some(now) = clocks() else { return };
        if let Some(slept) = watch.look(now) {
            tracing::info!(?slept, "this computer slept");
            sender.send_modify(|news| {
                news.count += 1;
                news.sleeps += 1;
                news.slept += slept;
            });
        }
        tokio::time::sleep(SLEEP_LOOK).await;
    }
}

#[cfg(target_os = "linux")]
async fn tell(sender: &watch::Sender<News>) -> std::io::Result<()> {
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
        sender.send_modify(|news| news.count += 1);
        tokio::time::sleep(BURST).await;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
async fn tell(_sender: &watch::Sender<News>) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A computer that is awake for a look, then sleeps a quarter of an hour between each two looks.
    fn sleepy() -> Option<TwoClocks> {
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        let look = LOOKS.fetch_add(1, Ordering::Relaxed);
        let awake = Duration::from_secs(100 + look);
        Some(TwoClocks { awake, all: awake + Duration::from_secs(900 * look) })
    }

    #[test]
    fn a_sleep_is_news_of_the_network() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut changes = start(runtime.handle(), sleepy);
        let news = runtime.block_on(async {
            let slept = changes.wait_for(|news| news.sleeps == 1);
            tokio::time::timeout(Duration::from_secs(5), slept).await.map(|news| *news.unwrap())
        });
        let news = news.unwrap();
        assert_eq!(news.slept, Duration::from_secs(900));
        assert!(news.count >= 1);
    }

    #[test]
    fn where_there_are_no_two_clocks_nothing_is_made_up() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let changes = start(runtime.handle(), || None);
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
        assert_eq!(changes.borrow().sleeps, 0);
    }
}
