//! The connector: resolves a name, judges each address by the policy, and dials just an address that passed, or where the
//! installation says so, a proxy. The only place in the project that opens connections for a URL out of a spec.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::policy::Policy;
use super::proxy::{self, Proxies, Proxy};

/// Longest time for the operator's own look at a name that a proxy will resolve: behind a proxy, names of the world outside are
/// often unknown, and asking for them may take long.
const LOOK_BEFORE_PROXY: Duration = Duration::from_secs(1);

/// Why no connection came about. Travels inside the HTTP client's error and is taken out again at the end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// The policy forbids it.
    #[error("{problem}")]
    Blocked {
        /// Which rule.
        problem: &'static str,
    },
    /// The name has no address.
    #[error("the name cannot be resolved")]
    Unresolved,
    /// No address accepted a connection in time.
    #[error("no connection within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// No address accepted a connection.
    #[error("{0}")]
    Refused(String),
    /// The proxy cannot be used, or does not connect.
    #[error("{0}")]
    Proxy(String),
}

/// What the dialler asks of the machine: names and connections. The machine itself, except in tests that need answers which change,
/// or that record what would be dialled.
pub trait Network: Send + Sync + 'static {
    /// All addresses of a name.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;

    /// A connection to an address.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>>;
}

/// The machine's resolver and network.
#[derive(Debug, Default)]
pub struct SystemNetwork;

impl Network for SystemNetwork {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>> {
        Box::pin(TcpStream::connect(address))
    }
}

/// Dials what the policy allows.
#[derive(Clone)]
pub struct Dialer {
    policy: Arc<Policy>,
    network: Arc<dyn Network>,
    proxies: Option<Proxies>,
    connect_timeout: Duration,
}

impl Dialer {
    /// A dialler for one policy; `connect_timeout` bounds name resolution and connecting together, a proxy's work included.
    pub fn new(
        policy: Arc<Policy>,
        network: Arc<dyn Network>,
        proxies: Option<Proxies>,
        connect_timeout: Duration,
    ) -> Self {
        Self { policy, network, proxies, connect_timeout }
    }

    /// The proxy that stands between, where there is one.
    pub(super) fn proxy_for(&self, uri: &Uri) -> Option<Proxy> {
        self.proxies.as_ref().and_then(|proxies| proxies.between(uri))
    }

    async fn dial(self, uri: Uri) -> Result<Wire, DialError> {
        let limit = self.connect_timeout;
        tokio::time::timeout(limit, self.dial_unbounded(uri)).await.unwrap_or(Err(DialError::TimedOut(limit)))
    }

    async fn dial_unbounded(self, uri: Uri) -> Result<Wire, DialError> {
        let host = uri.host().unwrap_or_default();
        let plain = uri.scheme_str() == Some("http");
        let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
        if let Some(problem) = self.policy.refuse_host(host, port) {
            return Err(DialError::Blocked { problem });
        }
        let Some(proxy) = self.proxy_for(&uri) else {
            let stream = self.direct(host, port).await?;
            return Ok(Wire { stream: TokioIo::new(stream), forwarded: false });
        };
        self.judge_for_proxy(host).await?;
        let stream = self.to_proxy(&proxy).await?;
        let stream = if plain { stream } else { proxy::tunnel(stream, host, port, &proxy).await? };
        Ok(Wire { stream: TokioIo::new(stream), forwarded: plain })
    }

    async fn direct(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let mut last = DialError::Unresolved;
        for address in self.addresses(host).await.map_err(|_| DialError::Unresolved)? {
            // Judged and dialled in one go: there is no second look-up in between that could answer differently.
            last = match self.policy.refuse_address(host, address) {
                Some(problem) => DialError::Blocked { problem },
                None => match self.network.connect(SocketAddr::new(address, port)).await {
                    Ok(stream) => return Ok(prepared(stream)),
                    Err(error) => DialError::Refused(describe(&error)),
                },
            };
        }
        Err(last)
    }

    /// With a proxy it is the proxy that resolves the name, so the address that is dialled cannot be judged. What can be judged is:
    /// an address in place of a name, and the addresses that the operator itself knows for the name. One that is refused is enough.
    async fn judge_for_proxy(&self, host: &str) -> Result<(), DialError> {
        let looked_up = tokio::time::timeout(LOOK_BEFORE_PROXY, self.addresses(host)).await;
        let addresses = looked_up.ok().and_then(Result::ok).unwrap_or_default();
        let refusal = addresses.into_iter().find_map(|address| self.policy.refuse_address(host, address));
        refusal.map_or(Ok(()), |problem| Err(DialError::Blocked { problem }))
    }

    /// A connection to the proxy. The policy is for addresses out of specs; the proxy is the administrator's choice.
    async fn to_proxy(&self, proxy: &Proxy) -> Result<TcpStream, DialError> {
        let failed = |why: &str| DialError::Proxy(format!("the operator's proxy cannot be used: {why}"));
        let mut last = failed("its name cannot be resolved");
        for address in self.addresses(proxy.host()).await.unwrap_or_default() {
            match self.network.connect(SocketAddr::new(address, proxy.port())).await {
                Ok(stream) => return Ok(prepared(stream)),
                Err(error) => last = failed(&describe(&error)),
            }
        }
        Err(last)
    }

    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => Ok(vec![address]),
            Err(_) => self.network.resolve(host).await,
        }
    }
}

fn prepared(stream: TcpStream) -> TcpStream {
    // Answers come at once in small pieces; a failure costs nothing but a delay.
    let _ = stream.set_nodelay(true);
    stream
}

/// An I/O error in a few words, the same on every platform.
pub(super) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "the connection was broken off".to_owned()
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "the network does not reach it".to_owned()
        }
        io::ErrorKind::TimedOut => "it did not answer".to_owned(),
        io::ErrorKind::UnexpectedEof => "the answer broke off".to_owned(),
        kind => format!("the connection failed ({kind})"),
    }
}

impl tower_service::Service<Uri> for Dialer {
    type Response = Wire;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

/// A connection, and whether what is sent on it is a proxy's to pass on (then requests carry the whole address).
pub struct Wire {
    stream: TokioIo<TcpStream>,
    forwarded: bool,
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.forwarded)
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
