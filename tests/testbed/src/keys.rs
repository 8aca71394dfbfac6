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

    /// A certificate for a server that has expired.
    pub fn expired_server(&self, names: &[&str]) -> Result<Identity> {
        let mut parameters = parameters(names, ExtendedKeyUsagePurpose::ServerAuth)?;
        parameters.not_before = rcgen::date_time_ymd(2015, 11, 9);
        parameters.not_after = rcgen::date_time_ymd(2015, 11, 11);
        self.sign(&parameters)
    }

    /// A certificate for a client.
    pub fn client(&self, name: &str) -> Result<Identity> {
        self.issue(&[name], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, names: &[&str], usage: ExtendedKeyUsagePurpose) -> Result<Identity> {
        self.sign(&parameters(names, usage)?)
    }

    fn sign(&self, parameters: &CertificateParams) -> Result<Identity> {
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A server's certificate that nobody but itself vouches for.
pub fn self_signed(names: &[&str]) -> Result<Identity> {
    let key = KeyPair::generate()?;
    let certificate = parameters(names, ExtendedKeyUsagePurpose::ServerAuth)?.self_signed(&key)?;
    Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn parameters(names: &[&str], usage: ExtendedKeyUsagePurpose) -> Result<CertificateParams> {
    let mut parameters = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
    parameters.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("localhost"));
    parameters.extended_key_usages = vec![usage];
    Ok(parameters)
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
