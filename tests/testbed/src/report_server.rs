//! A server that serves reports over HTTPS, with a certificate authority of its own, or over plain HTTP.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::keys::Authority;

/// What the server answers under a path.
#[derive(Clone, Debug)]
pub struct Page {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
}

impl Page {
    /// A page that is answered with 200.
    pub fn new(media_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body: body.into(),
        }
    }

    /// The same page with another status code.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same page with one header more. An `etag` is honoured: a request that knows it is answered with 304.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A request that the server has seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Path with query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Status code of the answer.
    pub status: u16,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, Page>,
    seen: Vec<Seen>,
}

/// A running server. Dropping it stops it.
pub struct ReportServer {
    address: SocketAddr,
    host: String,
    scheme: &'static str,
    authority: Authority,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl ReportServer {
    /// Starts a server on a free loopback port; its name is `localhost`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        Self::over(true, Ipv4Addr::LOCALHOST.into(), "localhost").await
    }

    /// The same without TLS.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn plain() -> Result<Self> {
        Self::over(false, Ipv4Addr::LOCALHOST.into(), "localhost").await
    }

    /// Starts a server on a free port of an address; its name is as given.
    ///
    /// # Errors
    /// When no port is free, or the address is not ours.
    pub async fn start_at(address: IpAddr, host: &str) -> Result<Self> {
        Self::over(true, address, host).await
    }

    async fn over(tls: bool, address: IpAddr, host: &str) -> Result<Self> {
        let authority = Authority::new("Reports test authority")?;
        let identity = authority.server(&[host, &address.to_string()])?;
        let certificates =
            CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = tls.then(|| TlsAcceptor::from(Arc::new(config)));
        let listener = TcpListener::bind((address, 0)).await.with_context(|| format!("no free port at {address}"))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(serve(listener, acceptor, Arc::clone(&state)));
        let scheme = if tls { "https" } else { "http" };
        Ok(Self { address, host: host.to_owned(), scheme, authority, state, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Address of a path on this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}:{}/{}", self.scheme, self.host, self.port(), path.trim_start_matches('/'))
    }

    /// Certificate of the authority that vouches for it, as PEM.
    pub fn authority(&self) -> String {
        self.authority.certificate()
    }

    /// Serves a page from now on.
    pub fn put(&self, path: &str, page: Page) {
        self.lock().pages.insert(format!("/{}", path.trim_start_matches('/')), page);
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ReportServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>, state: Arc<Mutex<State>>) {
    // Connections end with the server: the set aborts its tasks when it is dropped.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        let state = Arc::clone(&state);
        connections.spawn(async move {
            match acceptor {
                None => converse(stream, state).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        converse(stream, state).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, state: Arc<Mutex<State>>) {
    let service = service_fn(move |request| {
        let answer = answer(&state, &request);
        async move { Ok::<_, std::convert::Infallible>(answer) }
    });
    // A client that goes away is no concern of the server's.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

fn answer(state: &Mutex<State>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let headers: BTreeMap<String, String> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let page = state
        .pages
        .get(&path)
        .cloned()
        .unwrap_or_else(|| Page::new("text/plain", "there is no such page").status(StatusCode::NOT_FOUND));
    let etag = page.headers.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.clone());
    let known = etag.is_some() && headers.get("if-none-match") == etag.as_ref();
    let status = if known { StatusCode::NOT_MODIFIED } else { page.status };
    state.seen.push(Seen { path, headers, status: status.as_u16() });
    drop(state);

    let mut response = Response::new(Full::new(if known { Bytes::new() } else { page.body }));
    *response.status_mut() = status;
    for (name, value) in &page.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
