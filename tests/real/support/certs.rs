//! Certificates of every kind: good, for another name, expired or about to, not yet valid, and from nobody known.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: it is for 127.0.0.1 and localhost.
    None,
    /// It is for another name.
    WrongName,
    /// It ended in 2021.
    Expired,
    /// It begins in 2090.
    NotYetValid,
    /// It ends in three days and an hour.
    EndsSoon,
}

/// A certificate authority and one server certificate it signed, as PEM files.
pub(crate) struct Certificates {
    /// The authority's certificate: what `--tls-ca` takes.
    pub(crate) ca: PathBuf,
    /// The server's certificate.
    pub(crate) cert: PathBuf,
    /// The server's key.
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// Makes them in `dir`.
    pub(crate) fn make(dir: &Path, fault: Fault) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Tally test authority");
        let authority = CertifiedIssuer::self_signed(params, ca_key).unwrap();

        let params = Self::of_server(fault);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &authority).unwrap();
        Self::write(dir, &authority.pem(), &cert.pem(), &key)
    }

    /// One that has signed itself, as `openssl req -x509` makes it: an authority by its own word.
    pub(crate) fn self_signed(dir: &Path, fault: Fault) -> Self {
        let mut params = Self::of_server(fault);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        Self::write(dir, &cert.pem(), &cert.pem(), &key)
    }

    fn of_server(fault: Fault) -> CertificateParams {
        let names: &[&str] = match fault {
            Fault::WrongName => &["elsewhere.example"],
            Fault::None | Fault::Expired | Fault::NotYetValid | Fault::EndsSoon => &["127.0.0.1", "localhost"],
        };
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let years = match fault {
            Fault::Expired => Some((2020, 2021)),
            Fault::NotYetValid => Some((2090, 2091)),
            Fault::None | Fault::WrongName | Fault::EndsSoon => None,
        };
        if let Some((from, to)) = years {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(to, 1, 1);
        }
        if fault == Fault::EndsSoon {
            let left = tally::clock::unix_time() + Duration::from_secs(3 * 86_400 + 3600);
            params.not_after = date_time_ymd(1970, 1, 1) + left;
        }
        params
    }

    fn write(dir: &Path, ca: &str, cert: &str, key: &KeyPair) -> Self {
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        Self { ca: write("ca.pem", ca), cert: write("cert.pem", cert), key: write("key.pem", &key.serialize_pem()) }
    }

    /// A TLS server's settings with this certificate.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let cert = CertificateDer::from_pem_file(&self.cert).unwrap();
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert], key)
            .unwrap();
        Arc::new(config)
    }
}
