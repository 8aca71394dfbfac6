//! Keys and certificates, made for one run.

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

/// A certificate authority of its own.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key, both as PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Authority {
    /// Makes a new authority.
    pub fn new(name: &str) -> Result<Self> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self { issuer: CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)? })
    }

    /// The authority's certificate as PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server under the given names and addresses.
    pub fn server(&self, names: &[&str]) -> Result<Identity> {
        self.issue(names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate for a client.
    pub fn client(&self, name: &str) -> Result<Identity> {
        self.issue(&[name], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, names: &[&str], usage: ExtendedKeyUsagePurpose) -> Result<Identity> {
        let mut parameters = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        parameters.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("localhost"));
        parameters.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A key pair for signing service account tokens: the private and the public key, both as PEM.
pub fn signing_keys() -> Result<(String, String)> {
    let keys = KeyPair::generate()?;
    Ok((keys.serialize_pem(), keys.public_key_pem()))
}

/// A secret that nobody can guess, for one run.
pub fn random_token() -> Result<String> {
    // A fresh private key is as random as it gets; its digest fits into a header.
    let digest = <sha2::Sha256 as sha2::Digest>::digest(KeyPair::generate()?.serialize_der());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
