//! A small HTTP server for probes and metrics: GET only, bounded in time and in connections.

use std::convert::Infallible;
use std::net::SocketAddr;
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
    /// A probe's answer: 200 and `ok`, or 503 and why not.
    pub fn probe(state: Result<(), String>) -> Self {
        let (status, body) = match state {
            Ok(()) => (StatusCode::OK, "ok".to_owned()),
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
    address: SocketAddr,
    handler: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
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
