//! RTMPS: what the server shows of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig, crypto};

use super::IngestError;
use crate::media::{NAMED_PIPE, is_named_pipe};

/// Reads certificate (with those of its issuers behind it) and private key, both PEM.
pub(super) fn server_config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, IngestError> {
    let bad = |path: &Path, reason: String| IngestError::Tls { path: PathBuf::from(path), reason };
    if let Some(pipe) = [cert, key].into_iter().find(|path| is_named_pipe(path)) {
        return Err(bad(pipe, NAMED_PIPE.to_owned()));
    }
    let certificates: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| bad(cert, error.to_string()))?;
    if certificates.is_empty() {
        return Err(bad(cert, "it holds no certificate in PEM form".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        pem::Error::NoItemsFound if is_locked(key) => {
            let (file, to) = (key.display(), key.with_extension("open.pem"));
            bad(key, format!("it is locked by a passphrase; openssl pkey -in {file} -out {} unlocks it", to.display()))
        }
        pem::Error::NoItemsFound => bad(key, "it holds no private key in PEM form".to_owned()),
        error => bad(key, error.to_string()),
    })?;
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, private))
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => IngestError::TlsPair { cert: cert.to_owned(), key: key.to_owned() },
            error => bad(cert, error.to_string()),
        })?;
    Ok(Arc::new(config))
}

/// Whether the private key in this file is encrypted, by either of the two forms in use (RFC 5958, RFC 1421).
fn is_locked(key: &Path) -> bool {
    let text = std::fs::read(key).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_certificate_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in ["a", "b"] {
            let key = rcgen::KeyPair::generate().unwrap();
            let made = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
            std::fs::write(file(&format!("{name}.pem")), made.pem()).unwrap();
            std::fs::write(file(&format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        assert!(server_config(&file("a.pem"), &file("a.key")).is_ok());
        let error = server_config(&file("a.pem"), &file("b.key")).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("b.key does not belong to the certificate") && told.contains("a.pem"), "{told}");
        let error = server_config(&file("a.key"), &file("a.key")).unwrap_err();
        assert!(error.to_string().contains("holds no certificate"), "{error}");
        std::fs::write(
            file("c.key"),
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
        )
        .unwrap();
        for (key, told) in [("a.pem", "holds no private key"), ("c.key", "locked by a passphrase; openssl pkey -in")] {
            let error = server_config(&file("a.pem"), &file(key)).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
