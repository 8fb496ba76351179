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
use crate::output::TlsFault;

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
) -> Result<TlsStream<TcpStream>, TlsFault> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| TlsFault::Other(error.to_string()))?;
    TlsConnector::from(config).connect(name, tcp).await.map_err(|error| fault(&error))
}

/// The words for a failed handshake.
fn fault(error: &io::Error) -> TlsFault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(reason)) => certificate_fault(reason),
        Some(Error::InvalidMessage(_)) => TlsFault::NotTls,
        Some(other) => TlsFault::Other(other.to_string()),
        // A plain RTMP server waits for 1537 bytes or closes on the first one that is not 3.
        None if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            TlsFault::NotTls
        }
        None => TlsFault::Other(error.to_string()),
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
