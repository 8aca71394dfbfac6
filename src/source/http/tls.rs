//! TLS settings: whom to trust, and how to show who we are. No I/O but reading the system's certificates once.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Certificates and keys out of a Secret, as PEM.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsMaterial {
    /// `ca.crt`: authorities to trust instead of the public ones.
    pub authorities: Option<Vec<u8>>,
    /// `tls.crt` and `tls.key`: certificate chain and key for mutual TLS.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// Keys stay out of logs and panics.
impl std::fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

/// Why TLS cannot be set up; the text says what would be right and never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsSetupError {
    /// `ca.crt` holds no certificate.
    #[error("ca.crt holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    NoAuthority,
    /// `tls.crt` holds no certificate.
    #[error("tls.crt holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// `tls.key` holds no key.
    #[error("tls.key holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// Certificate and key do not belong together, or are of a kind that cannot be used.
    #[error("tls.crt and tls.key cannot be used together")]
    Mismatch,
    /// The environment names authorities to trust, and they cannot be read.
    #[error(
        "no certificate authority can be read where SSL_CERT_FILE or SSL_CERT_DIR points to; make it certificates in PEM form, or remove the variable to trust public authorities"
    )]
    NoSystemAuthority,
    /// The machine offers no usable TLS versions.
    #[error("TLS is not available")]
    Unavailable,
}

/// Environment variables that name the authorities of the system, as OpenSSL has them.
const CHOSEN: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Settings for hosts with certificates of public authorities.
///
/// # Errors
/// When TLS is not available on this machine, or the environment names authorities that cannot be read.
pub fn public() -> Result<ClientConfig, TlsSetupError> {
    from_material(&TlsMaterial::default(), false)
}

/// Settings out of a Secret. Without authorities of its own the public ones are trusted: the system's, or where there are none (an
/// image with nothing in it) Mozilla's. With `with_identity` false the client certificate is left out: for hosts it is not meant for.
pub(super) fn from_material(material: &TlsMaterial, with_identity: bool) -> Result<ClientConfig, TlsSetupError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsSetupError::Unavailable)?;
    let builder = match &material.authorities {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(pem).ok_or(TlsSetupError::NoAuthority)? {
                roots.add(certificate).map_err(|_| TlsSetupError::NoAuthority)?;
            }
            builder.with_root_certificates(roots)
        }
        None => match rustls_platform_verifier::Verifier::new(provider()) {
            Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
            // Whoever names the authorities to trust does not mean everybody else's.
            Err(_) if CHOSEN.iter().any(|name| std::env::var_os(name).is_some()) => {
                return Err(TlsSetupError::NoSystemAuthority);
            }
            Err(_) => builder.with_root_certificates(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }),
        },
    };
    match material.identity.as_ref().filter(|_| with_identity) {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => {
            let chain = certificates(chain).ok_or(TlsSetupError::NoCertificate)?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsSetupError::NoKey)?;
            builder.with_client_auth_cert(chain, key).map_err(|_| TlsSetupError::Mismatch)
        }
    }
}

/// The certificates in a PEM text; none where there is not a single one, or a broken one among them.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!certificates.is_empty()).then_some(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_that_cannot_be_used_says_what_would_be_right() {
        let authority = |pem: &str| TlsMaterial { authorities: Some(pem.into()), identity: None };
        let identity =
            |cert: &str, key: &str| TlsMaterial { authorities: None, identity: Some((cert.into(), key.into())) };
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (material, expected) in [
            (authority(""), TlsSetupError::NoAuthority),
            (authority("no certificate"), TlsSetupError::NoAuthority),
            (authority(broken), TlsSetupError::NoAuthority),
            (identity("", ""), TlsSetupError::NoCertificate),
            (identity(broken, "no key"), TlsSetupError::NoKey),
        ] {
            assert_eq!(from_material(&material, true).err(), Some(expected), "{material:?}");
        }
    }
}
