//! Credentials and certificates for a URL, out of Secrets. Secrets are read by name when a fetch needs them; never listed, watched,
//! kept or logged.

use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use crate::source::FetchError;
use crate::source::http::Credentials;
use crate::source::http::tls::TlsMaterial;

const SECRET_REF: &str = "source.http.secretRef";
const CERT_SECRET_REF: &str = "source.http.certSecretRef";

/// Reads the Secret of `secretRef`.
///
/// # Errors
/// When it does not exist, cannot be read, or holds no credentials.
pub async fn credentials(
    client: &Client,
    namespace: &str,
    name: &str,
    limit: Duration,
) -> Result<Credentials, FetchError> {
    to_credentials(&read(client, namespace, name, SECRET_REF, limit).await?, name)
}

/// Reads the Secret of `certSecretRef`.
///
/// # Errors
/// When it does not exist, cannot be read, or holds no certificates.
pub async fn certificates(
    client: &Client,
    namespace: &str,
    name: &str,
    limit: Duration,
) -> Result<TlsMaterial, FetchError> {
    to_certificates(read(client, namespace, name, CERT_SECRET_REF, limit).await?, name)
}

async fn read(
    client: &Client,
    namespace: &str,
    name: &str,
    field: &'static str,
    limit: Duration,
) -> Result<Secret, FetchError> {
    let action = || format!("read Secret {name:?}");
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    match tokio::time::timeout(limit, api.get_opt(name)).await {
        Ok(Ok(Some(secret))) => Ok(secret),
        Ok(Ok(None)) => Err(FetchError::SecretNotFound { field, name: name.to_owned() }),
        Ok(Err(error)) => Err(FetchError::api(action(), &error)),
        Err(_) => Err(FetchError::api_timeout(action(), limit)),
    }
}

fn value<'a>(secret: &'a Secret, key: &str) -> Option<&'a ByteString> {
    secret.data.as_ref()?.get(key).filter(|value| !value.0.is_empty())
}

fn invalid(field: &'static str, name: &str, problem: &str) -> FetchError {
    FetchError::SecretInvalid { field, name: name.to_owned(), problem: problem.to_owned() }
}

fn to_credentials(secret: &Secret, name: &str) -> Result<Credentials, FetchError> {
    let text = |key: &str| match value(secret, key) {
        None => Ok(None),
        // Line feeds at the end come from files and `echo`; inside they would break the header.
        Some(bytes) => match std::str::from_utf8(&bytes.0).map(str::trim_end) {
            Ok(text) if !text.chars().any(char::is_control) => Ok(Some(text.to_owned())),
            _ => Err(invalid(SECRET_REF, name, &format!("{key} holds characters that no header can carry"))),
        },
    };
    match (text("token")?, text("username")?, text("password")?) {
        (Some(token), None, None) => Ok(Credentials::Bearer(token)),
        (None, Some(username), Some(password)) => Ok(Credentials::Basic { username, password }),
        (Some(_), _, _) => Err(invalid(SECRET_REF, name, "it has both token and username or password; keep one kind")),
        _ => Err(invalid(SECRET_REF, name, "it needs username and password, or token")),
    }
}

fn to_certificates(secret: Secret, name: &str) -> Result<TlsMaterial, FetchError> {
    let bytes = |key: &str| value(&secret, key).map(|value| value.0.clone());
    let authorities = bytes("ca.crt");
    let identity = match (bytes("tls.crt"), bytes("tls.key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            return Err(invalid(CERT_SECRET_REF, name, "tls.crt and tls.key belong together; it has only one of them"));
        }
    };
    if authorities.is_none() && identity.is_none() {
        return Err(invalid(CERT_SECRET_REF, name, "it needs ca.crt, or tls.crt and tls.key"));
    }
    Ok(TlsMaterial { authorities, identity })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(data: &[(&str, &[u8])]) -> Secret {
        Secret {
            data: Some(data.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.to_vec()))).collect()),
            ..Secret::default()
        }
    }

    #[test]
    fn credentials_are_a_pair_or_a_token_and_nothing_in_between() {
        let of = |data: &[(&str, &[u8])]| to_credentials(&secret(data), "s");
        assert_eq!(of(&[("token", b"abc\n")]).ok(), Some(Credentials::Bearer("abc".into())));
        let basic = Credentials::Basic { username: "u".into(), password: "p w".into() };
        assert_eq!(of(&[("username", b"u"), ("password", b"p w")]).ok(), Some(basic));
        for wrong in [
            &[][..],
            &[("username", b"u".as_slice())],
            &[("token", b"t"), ("username", b"u"), ("password", b"p")],
            &[("token", b"a\r\nX-Evil: 1")],
            &[("token", b"\xff\xfe")],
            &[("token", b"")],
        ] {
            assert!(of(wrong).is_err(), "{:?}", wrong.iter().map(|(key, _)| key).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_message_never_holds_a_value() {
        let error = to_credentials(&secret(&[("token", b"hunter2\x07x")]), "s").err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| !text.contains("hunter2") && text.contains("\"s\"")));
    }

    #[test]
    fn half_an_identity_is_refused() {
        assert!(to_certificates(secret(&[("tls.crt", b"x")]), "s").is_err());
        assert!(to_certificates(secret(&[]), "s").is_err());
        let both = to_certificates(secret(&[("ca.crt", b"x"), ("tls.crt", b"y"), ("tls.key", b"z")]), "s");
        assert!(both.is_ok_and(|material| material.authorities.is_some() && material.identity.is_some()));
    }
}
