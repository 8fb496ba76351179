//! Which certificates of servers are taken: those that the system and the given authorities vouch for, and the very ones that
//! were given, as a server in the house has them, which no authority signed.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};

use super::certificate::{Fields, fields};

/// No authority has signed the certificate: it has signed itself.
#[derive(Debug, thiserror::Error)]
#[error("the certificate has signed itself")]
pub(super) struct SelfSigned;

/// Who is trusted for one destination.
#[derive(Debug)]
pub(super) struct Trust {
    /// Knows the authorities.
    pub(super) authorities: Arc<dyn ServerCertVerifier>,
    /// The certificates that were given.
    pub(super) given: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // That the server holds its key is proven by the handshake's signature, as with any other.
        if self.given.iter().any(|given| given.as_ref() == end_entity.as_ref()) {
            return verify_given(end_entity, server_name, Duration::from_secs(now.as_secs()));
        }
        self.authorities
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| plainer(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.authorities.root_hint_subjects()
    }
}

/// Nobody need vouch for it; its name and its dates must fit all the same.
fn verify_given(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: Duration,
) -> Result<ServerCertVerified, Error> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    match fields(certificate) {
        None => Err(CertificateError::BadEncoding.into()),
        Some(Fields { not_before, .. }) if now < not_before => Err(CertificateError::NotValidYet.into()),
        Some(Fields { not_after, .. }) if now > not_after => Err(CertificateError::Expired.into()),
        Some(_) => Ok(ServerCertVerified::assertion()),
    }
}

/// A certificate that nobody known has signed is refused for several reasons, by how it was made.
fn plainer(error: Error, certificate: &CertificateDer<'_>) -> Error {
    let Error::InvalidCertificate(reason) = &error else { return error };
    let is_nobodys =
        matches!(reason, CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_));
    if is_nobodys && fields(certificate).is_some_and(|fields| fields.issuer == fields.subject) {
        return CertificateError::Other(OtherError(Arc::new(SelfSigned))).into();
    }
    match reason {
        // Signed by an authority with the name of one we know, and another key.
        CertificateError::BadSignature => CertificateError::UnknownIssuer.into(),
        _ => error,
    }
}
