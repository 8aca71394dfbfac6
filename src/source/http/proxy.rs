//! Proxies: which stands between the operator and an address, as the environment says, and the tunnel through one (CONNECT).
//! Reads the environment when it is told to; talks on a connection that it is handed, and opens none.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderValue, Request, Uri, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use super::dial::DialError;

/// What a proxy's answer to CONNECT may have of headers, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Why the environment's proxies cannot be used. Never holds a value, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// None is set.
    #[error(
        "--http-proxy-from-environment is set, but none of HTTPS_PROXY, HTTP_PROXY and ALL_PROXY is; set one or drop the flag"
    )]
    None,
    /// One is set to something unusable.
    #[error(
        "{0} names no proxy that can be used; write http://proxy.example:3128, or http://user:password@proxy.example:3128"
    )]
    Unusable(&'static str),
}

/// The proxies of an installation and the hosts that are reached without.
#[derive(Clone, Debug)]
pub struct Proxies(Arc<Matcher>);

impl Proxies {
    /// The proxies that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name, in capitals or small letters, read as curl does.
    ///
    /// # Errors
    /// When none is set, or one is not the address of an HTTP proxy: a proxy that was asked for is never silently done without.
    pub fn from_environment() -> Result<Self, ProxyError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same, with the variables handed in.
    ///
    /// # Errors
    /// As above.
    pub fn from_variables(read: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let value = |name: &str| {
            [name.to_owned(), name.to_ascii_lowercase()]
                .iter()
                .filter_map(|name| read(name))
                .find(|value| !value.is_empty())
        };
        let proxy = |name: &'static str| match value(name) {
            Some(value) if is_proxy(&value) => Ok(Some(value)),
            Some(_) => Err(ProxyError::Unusable(name)),
            None => Ok(None),
        };
        let (https, http, all) = (proxy("HTTPS_PROXY")?, proxy("HTTP_PROXY")?, proxy("ALL_PROXY")?);
        if https.is_none() && http.is_none() && all.is_none() {
            return Err(ProxyError::None);
        }
        let matcher = Matcher::builder()
            .https(https.unwrap_or_default())
            .http(http.unwrap_or_default())
            .all(all.unwrap_or_default())
            .no(value("NO_PROXY").unwrap_or_default());
        Ok(Self(Arc::new(matcher.build())))
    }

    /// The proxy for an address; none where it is reached directly.
    pub(super) fn between(&self, uri: &Uri) -> Option<Proxy> {
        self.0.intercept(uri).map(Proxy)
    }
}

/// Whether a text is the address of a proxy that is spoken to in plain HTTP; the scheme may be left out.
fn is_proxy(text: &str) -> bool {
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    Url::parse(&full).is_ok_and(|url| url.scheme() == "http" && url.has_host() && url.path() == "/")
}

/// A proxy.
#[derive(Clone, Debug)]
pub(super) struct Proxy(Intercept);

impl Proxy {
    /// Its name or address.
    pub fn host(&self) -> &str {
        self.0.uri().host().unwrap_or_default()
    }

    /// Its port; 80 where none is given.
    pub fn port(&self) -> u16 {
        self.0.uri().port_u16().unwrap_or(80)
    }

    /// What it is to be told about who we are.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let mut value = self.0.basic_auth()?.clone();
        value.set_sensitive(true);
        Some(value)
    }
}

/// Has the proxy at the other end of a connection connect it to a host.
pub(super) async fn tunnel(stream: TcpStream, host: &str, port: u16, proxy: &Proxy) -> Result<TcpStream, DialError> {
    let failed = |why: &str| DialError::Proxy(format!("the operator's proxy {why}"));
    let broken = || failed("does not speak HTTP as it should");
    let target = format!("{host}:{port}");
    let mut request = Request::connect(&target).header(header::HOST, &target);
    if let Some(value) = proxy.authorization() {
        request = request.header(header::PROXY_AUTHORIZATION, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| broken())?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await.map_err(|_| broken())?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|_| broken())?;
        match answer.status().as_u16() {
            200..=299 => hyper::upgrade::on(answer).await.map_err(|_| broken()),
            407 => Err(failed("wants other credentials than it got (407)")),
            code => Err(failed(&format!("does not connect to it ({code})"))),
        }
    };
    let upgraded = match select(pin!(exchange), pin!(connection.with_upgrades())).await {
        Either::Left((upgraded, _)) => upgraded?,
        // The connection hands its stream over and is done.
        Either::Right((_, exchange)) => exchange.await?,
    };
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().map_err(|_| broken())?;
    // With TLS it is the client that speaks first.
    if parts.read_buf.is_empty() { Ok(parts.io.into_inner()) } else { Err(broken()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, ProxyError> {
        Proxies::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn between(proxies: &Proxies, url: &str) -> Option<(String, u16)> {
        proxies.between(&url.parse().unwrap()).map(|proxy| (proxy.host().to_owned(), proxy.port()))
    }

    #[test]
    fn each_scheme_has_its_proxy_and_some_hosts_have_none() {
        let set = [
            ("HTTPS_PROXY", "http://secure.example:3128"),
            ("http_proxy", "plain.example:8080"),
            ("NO_PROXY", "inside.example,10.0.0.0/8"),
        ];
        let proxies = proxies(&set).unwrap();
        assert_eq!(between(&proxies, "https://a.org/"), Some(("secure.example".to_owned(), 3128)));
        assert_eq!(between(&proxies, "http://a.org/"), Some(("plain.example".to_owned(), 8080)));
        for direct in ["https://inside.example/", "https://x.inside.example/", "http://10.1.2.3/"] {
            assert_eq!(between(&proxies, direct), None, "{direct}");
        }
    }

    #[test]
    fn a_proxy_that_was_asked_for_is_never_silently_done_without() {
        assert_eq!(proxies(&[]).unwrap_err(), ProxyError::None);
        assert_eq!(proxies(&[("NO_PROXY", "*")]).unwrap_err(), ProxyError::None);
        for unusable in ["socks5://p:1080", "https://p:3128", "http://", "p:port", "http://p/path", "ftp://p"] {
            let error = proxies(&[("HTTPS_PROXY", unusable)]).unwrap_err();
            assert_eq!(error, ProxyError::Unusable("HTTPS_PROXY"), "{unusable}");
        }
    }

    #[test]
    fn a_password_shows_in_no_message() {
        let proxies = proxies(&[("ALL_PROXY", "http://me:planted@p.example:1")]).unwrap();
        let proxy = proxies.between(&"https://a.org/".parse().unwrap()).unwrap();
        assert!(proxy.authorization().is_some_and(|value| value.is_sensitive()));
        assert!(!format!("{proxies:?} {proxy:?}").contains("planted"));
        let error = Proxies::from_variables(|_| Some("https://me:planted@p".to_owned())).unwrap_err();
        assert!(!error.to_string().contains("planted"));
    }
}
