//! What was learnt of a server: to meet it again takes less, and a name that is not found any more stands in nobody's way.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn, spawn_blocking};
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::{PublishTarget, connect, tls};
use crate::output::{PublishError, TlsFault};

/// How long a name may be looked up again before the addresses that it had are tried: in an outage nobody answers, and a
/// look-up that was begun in it goes on in vain long after it.
const LOOK_UP_AGAIN_MAX: Duration = Duration::from_millis(1000);

/// One server of a destination.
#[derive(Debug, Default)]
pub(super) struct Known {
    addresses: Vec<SocketAddr>,
    /// A look-up that is still on its way: no second one is begun beside it.
    look_up: Option<JoinHandle<Result<Vec<SocketAddr>, PublishError>>>,
    /// Trust roots are many files; and a server that is met again with the same shortens its handshake.
    tls: Option<Arc<ClientConfig>>,
}

impl Known {
    /// The server's addresses: those of now, or else those that it had.
    pub(super) async fn addresses(&mut self, target: &PublishTarget) -> Result<Vec<SocketAddr>, PublishError> {
        let (host, port) = (target.host.clone(), target.port);
        if self.addresses.is_empty() {
            self.addresses = connect::resolve(&host, port).await?;
            return Ok(self.addresses.clone());
        }
        let look_up = self.look_up.get_or_insert_with(|| spawn(async move { connect::resolve(&host, port).await }));
        if let Ok(done) = timeout(LOOK_UP_AGAIN_MAX, look_up).await {
            self.look_up = None;
            match done {
                Ok(Ok(addresses)) => self.addresses = addresses,
                other => tracing::debug!(?other, "the name is not found: its last addresses are tried"),
            }
        }
        Ok(self.addresses.clone())
    }

    /// The TLS settings for it, made once.
    pub(super) async fn tls_config(&mut self, target: &PublishTarget) -> Result<Arc<ClientConfig>, TlsFault> {
        if let Some(config) = &self.tls {
            return Ok(Arc::clone(config));
        }
        let ca = target.tls_ca.clone();
        let made = spawn_blocking(move || tls::client_config(ca.as_deref().map(Path::new))).await;
        let config = made.map_err(|error| TlsFault::Other(error.to_string()))??;
        Ok(Arc::clone(self.tls.insert(config)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str) -> PublishTarget {
        PublishTarget::new(&format!("rtmp://{host}/live"), Some("key"), None, None).unwrap()
    }

    fn run<T>(what: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
    }

    #[test]
    fn a_name_that_is_not_found_any_more_has_its_last_addresses() {
        run(async {
            let mut known = Known::default();
            // RFC 6761, 6.4: never found.
            assert!(known.addresses(&target("nobody.invalid")).await.is_err());
            let before = known.addresses(&target("127.0.0.1")).await.unwrap();
            assert_eq!(known.addresses(&target("nobody.invalid")).await.unwrap(), before);
            assert_eq!(known.addresses(&target("127.0.0.2")).await.unwrap()[0].to_string(), "127.0.0.2:1935");
        });
    }

    #[test]
    fn tls_settings_are_made_once() {
        run(async {
            let mut known = Known::default();
            let first = known.tls_config(&target("h")).await.unwrap();
            assert!(Arc::ptr_eq(&first, &known.tls_config(&target("h")).await.unwrap()));
            let bad = PublishTarget { tls_ca: Some("/nowhere".into()), ..target("h") };
            assert!(Known::default().tls_config(&bad).await.is_err());
        });
    }
}
