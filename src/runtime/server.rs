//! A small HTTP server for probes and metrics: GET only, bounded in time and in connections.

use std::convert::Infallible;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The most connections at a time.
const CONNECTIONS: usize = 64;
/// Time for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for a connection in all.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause after a connection that could not be accepted, for want of files for instance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// On a port of all addresses of the machine, IPv6 and IPv4 alike.
    Everywhere(u16),
    /// On one address.
    At(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    /// Reads `:8080`, `127.0.0.1:8080` or `[::1]:8080`.
    fn from_str(text: &str) -> Result<Self, String> {
        let read = match text.strip_prefix(':') {
            Some(port) => port.parse().ok().map(Self::Everywhere),
            None => text.parse().ok().map(Self::At),
        };
        read.ok_or_else(|| "write an address such as :8080, 127.0.0.1:8080 or [::1]:8080".to_owned())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl Listen {
    async fn listen(self) -> std::io::Result<TcpListener> {
        match self {
            Self::At(address) => TcpListener::bind(address).await,
            // A socket of IPv6 takes IPv4 too; a machine without IPv6 has only the latter.
            Self::Everywhere(port) => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
                Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
                    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
                }
                bound => bound,
            },
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: StatusCode,
    /// Content-Type.
    pub content_type: &'static str,
    /// Body.
    pub body: String,
}

impl Answer {
    /// A probe's answer: 200 and how it is, or 503 and why not.
    pub fn probe(state: Result<String, String>) -> Self {
        let (status, body) = match state {
            Ok(how) => (StatusCode::OK, how),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
        };
        Self { status, content_type: "text/plain; charset=utf-8", body: body + "\n" }
    }
}

/// Serves until the process ends. `handler` answers a path, or nothing for 404.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    listen: Listen,
    handler: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static,
) -> std::io::Result<()> {
    let listener = listen.listen().await?;
    tokio::spawn(accept(listener, Arc::new(handler)));
    Ok(())
}

async fn accept(listener: TcpListener, handler: Arc<impl Fn(&str) -> Option<Answer> + Send + Sync + 'static>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let handler = Arc::clone(&handler);
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let response = respond(&request, handler.as_ref());
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
            drop(place);
        });
    }
}

fn respond<B>(request: &Request<B>, handler: &(impl Fn(&str) -> Option<Answer> + ?Sized)) -> Response<Full<Bytes>> {
    let plain =
        |status: StatusCode| Answer { status, content_type: "text/plain; charset=utf-8", body: format!("{status}\n") };
    let answer = match *request.method() {
        Method::GET | Method::HEAD => handler(request.uri().path()).unwrap_or_else(|| plain(StatusCode::NOT_FOUND)),
        _ => plain(StatusCode::METHOD_NOT_ALLOWED),
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(answer.content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_without_a_host_is_reached_by_ipv4_too() {
        let listener = Listen::Everywhere(0).listen().await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok());
        let taken = Listen::Everywhere(port).listen().await.map_err(|error| error.kind());
        assert!(matches!(taken, Err(std::io::ErrorKind::AddrInUse)), "a port that is taken is said to be taken");
    }

    #[test]
    fn only_known_paths_are_answered_and_only_to_get() {
        let handler = |path: &str| (path == "/livez").then(|| Answer::probe(Err("asleep".into())));
        let status = |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path).body(()).unwrap();
            respond(&request, &handler).status().as_u16()
        };
        assert_eq!(status(Method::GET, "/livez"), 503);
        assert_eq!(status(Method::GET, "/other"), 404);
        assert_eq!(status(Method::POST, "/livez"), 405);
    }
}
