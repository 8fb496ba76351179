//! RTMPS: rustls with the platform's trust roots, the user's own CA beside them, and words for each refusal.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, OtherError, RootCertStore, crypto};

use super::trust::{SelfSigned, Trust};
use crate::media::{NAMED_PIPE, is_named_pipe};
use crate::output::{PublishError, PublishStep, TlsFault};
use crate::rtmp::url::Scheme;

/// The TLS settings for one destination. Reads files: call before time matters.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsFault> {
    let provider = Arc::new(crypto::ring::default_provider());
    let given = match ca_file {
        Some(path) => read_ca(path)?,
        None => Vec::new(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFault::Other(error.to_string()))?;
    let authorities: Arc<dyn ServerCertVerifier> =
        match Verifier::new_with_extra_roots(given.iter().cloned(), Arc::clone(&provider)) {
            Ok(verifier) => Arc::new(verifier),
            Err(error) => {
                // A minimal system without trust roots: use Mozilla's, which we carry.
                tracing::info!(%error, "no trust roots on this system: using the built-in ones");
                let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
                roots.add_parsable_certificates(given.iter().cloned());
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|error| TlsFault::Other(error.to_string()))?
            }
        };
    let trust = Arc::new(Trust { authorities, given });
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(trust).with_no_client_auth()))
}

fn read_ca(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let bad = |reason: String| TlsFault::BadCaFile { path: path.display().to_string(), reason };
    if is_named_pipe(path) {
        return Err(bad(NAMED_PIPE.to_owned()));
    }
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| bad(error.to_string()))?;
    if certificates.is_empty() {
        return Err(bad("it holds no certificate in PEM form".to_owned()));
    }
    Ok(certificates)
}

/// Shakes hands; the caller sets the deadline.
pub(super) async fn handshake(
    config: Arc<ClientConfig>,
    host: &str,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, PublishError> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| PublishError::Tls(TlsFault::Other(error.to_string())))?;
    TlsConnector::from(config).connect(name, tcp).await.map_err(|error| failure(&error))
}

/// What a failed handshake means: that TLS was refused, or that the connection broke and nobody refused it.
fn failure(error: &io::Error) -> PublishError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    PublishError::Tls(match inner {
        Some(Error::InvalidCertificate(reason)) => certificate_fault(reason),
        Some(Error::InvalidMessage(_)) => TlsFault::NotTls,
        Some(other) => TlsFault::Other(other.to_string()),
        None => return PublishError::Broken { step: PublishStep::Tls, reason: error.to_string() },
    })
}

/// A plain RTMP server waits for 1537 bytes, or closes on the first one that is not 3: who answers to TLS with nothing on its
/// `port` is one. Elsewhere, whoever is on the way may be at fault too.
pub(super) fn or_plain_port(error: PublishError, port: u16) -> PublishError {
    let is_nothing = matches!(error, PublishError::TimedOut { .. } | PublishError::Broken { .. });
    match is_nothing && port == Scheme::Rtmp.default_port() {
        true => PublishError::Tls(TlsFault::PlainPort),
        false => error,
    }
}

fn certificate_fault(reason: &CertificateError) -> TlsFault {
    match reason {
        CertificateError::NotValidForName => TlsFault::WrongName { presented: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongName { presented: presented.iter().map(|name| plain_name(name)).collect() }
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
        CertificateError::UnknownIssuer => TlsFault::UnknownCa,
        CertificateError::Other(OtherError(why)) if why.is::<SelfSigned>() => TlsFault::SelfSigned,
        other => {
            tracing::debug!(?other, "the server's certificate is refused");
            let words = match other {
                CertificateError::BadEncoding => "its certificate cannot be read",
                CertificateError::Revoked => "its certificate was revoked",
                CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                    "its certificate is not one for servers"
                }
                // The library has no name of its own for it.
                CertificateError::Other(OtherError(why)) if why.to_string().contains("UnsupportedCertVersion") => {
                    "its certificate is of version 1, without the server's name in it"
                }
                _ => "its certificate does not hold",
            };
            TlsFault::Other(words.to_owned())
        }
    }
}

/// The library tells `DnsName("h.example")`.
fn plain_name(told: &str) -> String {
    let name = told.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(told);
    name.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_closes_or_is_silent_speaks_plain_rtmp_only_where_that_is_usual() {
        let closed = || failure(&io::ErrorKind::UnexpectedEof.into());
        let silent = || PublishError::TimedOut { step: PublishStep::Tls, after: Duration::from_secs(5) };
        let garbled = || PublishError::Tls(TlsFault::NotTls);
        let reset = failure(&io::ErrorKind::ConnectionReset.into());
        assert!(matches!(reset, PublishError::Broken { step: PublishStep::Tls, .. }), "{reset:?}");
        assert!(matches!(or_plain_port(closed(), 443), PublishError::Broken { .. }));
        assert!(matches!(or_plain_port(silent(), 443), PublishError::TimedOut { .. }));
        for error in [closed(), silent()] {
            assert!(matches!(or_plain_port(error, 1935), PublishError::Tls(TlsFault::PlainPort)));
        }
        assert!(matches!(or_plain_port(garbled(), 1935), PublishError::Tls(TlsFault::NotTls)));
    }
}
