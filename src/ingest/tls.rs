//! RTMPS: what the server shows of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

use super::IngestError;

/// Reads certificate (with those of its issuers behind it) and private key, both PEM.
pub(super) fn server_config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, IngestError> {
    let bad = |path: &Path, reason: String| IngestError::Tls { path: PathBuf::from(path), reason };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| bad(cert, error.to_string()))?;
    if certificates.is_empty() {
        return Err(bad(cert, "it holds no certificate in PEM form".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, private))
        .map_err(|error| bad(cert, error.to_string()))?;
    Ok(Arc::new(config))
}
