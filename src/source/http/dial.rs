//! The connector: resolves a name, judges each address by the policy, and dials just an address that passed.
//! The only place in the project that opens connections for a URL out of a spec.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::policy::Policy;

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
}

/// Resolves names. The system's resolver, except in tests that need answers which change.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a name.
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;
}

/// The system's resolver.
#[derive(Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Dials what the policy allows.
#[derive(Clone)]
pub struct Dialer {
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolve>,
    connect_timeout: Duration,
}

impl Dialer {
    /// A dialler for one policy; `connect_timeout` bounds name resolution and connecting together.
    pub fn new(policy: Arc<Policy>, resolver: Arc<dyn Resolve>, connect_timeout: Duration) -> Self {
        Self { policy, resolver, connect_timeout }
    }

    async fn dial(self, uri: Uri) -> Result<TcpStream, DialError> {
        let limit = self.connect_timeout;
        tokio::time::timeout(limit, self.dial_unbounded(uri)).await.unwrap_or(Err(DialError::TimedOut(limit)))
    }

    async fn dial_unbounded(self, uri: Uri) -> Result<TcpStream, DialError> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        if let Some(problem) = self.policy.refuse_host(host, port) {
            return Err(DialError::Blocked { problem });
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let addresses = match literal {
            Ok(address) => vec![address],
            Err(_) => self.resolver.resolve(host).await.map_err(|_| DialError::Unresolved)?,
        };
        let mut last = DialError::Unresolved;
        for address in addresses {
            // Judged and dialled in one go: there is no second look-up in between that could answer differently.
            last = match self.policy.refuse_address(host, address) {
                Some(problem) => DialError::Blocked { problem },
                None => match TcpStream::connect(SocketAddr::new(address, port)).await {
                    Ok(stream) => {
                        // Answers come at once in small pieces; a failure costs nothing but a delay.
                        let _ = stream.set_nodelay(true);
                        return Ok(stream);
                    }
                    Err(error) => DialError::Refused(describe(&error)),
                },
            };
        }
        Err(last)
    }
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
    type Response = TokioIo<TcpStream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.dial(uri).await.map(TokioIo::new) })
    }
}
