//! The client of the Kubernetes API: timeouts, and a layer below it that counts requests, hears of watches, refuses writes of a process that does
//! not lead, and hands on how long an overloaded API server asks to wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower_layer::Layer;
use tower_service::Service;

use crate::api::FIELD_MANAGER;
use crate::source::Throttled;

use super::config::WATCH_TIMEOUT;
use super::leader::Leadership;
use super::metrics::Metrics;
use super::watch::{self, Heard, Paced};

/// Time for connecting to the API server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection on which nothing arrives for longer than a watch lasts is dead.
const READ_TIMEOUT: Duration = Duration::from_secs(WATCH_TIMEOUT.as_secs() + 5);
/// Where Leases are: what is written there decides who may write the rest.
const LEASES: &str = "/apis/coordination.k8s.io/";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither a kubeconfig nor a service account was found, or it cannot be used.
    #[error("no way to the Kubernetes API: set KUBECONFIG, or run in a pod with a service account ({0})")]
    Config(#[from] kube::config::InferConfigError),
    /// A proxy stands between, which this client does not do. Its address may hold a password, so the message does not name it.
    #[error(
        "the Kubernetes API cannot be reached through a proxy, but the kubeconfig (proxy-url) or HTTPS_PROXY names one; remove it, and set \
         ALL_PROXY where a proxy is wanted for texts"
    )]
    Proxy,
    /// The connection cannot be set up.
    #[error("the connection to the Kubernetes API cannot be set up: {0}")]
    Setup(#[from] kube::Error),
}

/// A write that was not sent.
#[derive(Debug, thiserror::Error)]
#[error("this replica does not lead and writes nothing")]
struct NotLeading;

/// A client as the environment says: kubeconfig, or the pod's service account. `identity` is the process's name for the API server.
///
/// It repeats nothing by itself. Whoever asks knows better when to ask again, and kube's default would repeat for minutes unseen.
///
/// # Errors
/// When the environment says nothing usable. The API server is not contacted yet.
pub async fn connect(
    identity: &str,
    metrics: Arc<Metrics>,
    leadership: Arc<Leadership>,
) -> Result<Client, ClientError> {
    let mut config = Config::infer().await?;
    if config.proxy_url.is_some() {
        return Err(ClientError::Proxy);
    }
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config.reset_reader_on_write = true;
    // Whoever asks knows better when to ask again; kube's own repetitions begin after milliseconds and hold the run meanwhile.
    config.default_retry = false;
    // Replicas can so be told apart in the API server's audit log.
    if let Ok(agent) = HeaderValue::from_str(&format!("{FIELD_MANAGER}/{} ({identity})", env!("CARGO_PKG_VERSION"))) {
        config.headers.push((header::USER_AGENT, agent));
    }
    Ok(ClientBuilder::try_from(config)?.with_layer(&Watched { metrics, leadership }).build())
}

#[derive(Clone)]
struct Watched {
    metrics: Arc<Metrics>,
    leadership: Arc<Leadership>,
}

impl<S> Layer<S> for Watched {
    type Service = WatchedService<S>;

    fn layer(&self, inner: S) -> WatchedService<S> {
        WatchedService { inner, watched: self.clone() }
    }
}

/// The service whose requests are looked at.
struct WatchedService<S> {
    inner: S,
    watched: Watched,
}

impl<S, B> Service<Request<Body>> for WatchedService<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Send + 'static,
{
    type Response = Response<Paced<Heard<B>>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = request.method().clone();
        if is_fenced(&method, request.uri().path()) && !self.watched.leadership.may_write(Instant::now()) {
            return Box::pin(std::future::ready(Err(NotLeading.into())));
        }
        let metrics = Arc::clone(&self.watched.metrics);
        let watched = watch::watched(&request);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await.map_err(Into::into);
            metrics.api_request(&method, answer.as_ref().ok().map(|answer| answer.status().as_u16()));
            let answer = answer?;
            match throttled(answer.status(), answer.headers().get(header::RETRY_AFTER)) {
                Some(throttled) => Err(throttled.into()),
                None => {
                    let accepted = watched.filter(|_| answer.status().is_success());
                    Ok(answer.map(|body| Paced::new(Heard::new(body, accepted, metrics), accepted.is_some())))
                }
            }
        })
    }
}

/// Whether a request is only for the leader: everything that changes something, but for the lease itself.
fn is_fenced(method: &Method, path: &str) -> bool {
    !matches!(*method, Method::GET | Method::HEAD) && !path.contains(LEASES)
}

fn throttled(status: StatusCode, after: Option<&HeaderValue>) -> Option<Throttled> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let seconds = after?.to_str().ok()?.trim().parse().ok()?;
    Some(Throttled { status: status.as_u16(), after: Duration::from_secs(seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_does_not_lead_may_read_all_and_write_only_the_lease() {
        let lease = "/apis/coordination.k8s.io/v1/namespaces/x/leases/conference-report-operator";
        let status = "/apis/confreports.dev/v1alpha1/namespaces/x/conferencereports/r/status";
        assert!(
            is_fenced(&Method::PATCH, status) && is_fenced(&Method::POST, "/apis/events.k8s.io/v1/namespaces/x/events")
        );
        assert!(
            !is_fenced(&Method::GET, status) && !is_fenced(&Method::PATCH, lease) && !is_fenced(&Method::POST, lease)
        );
    }

    #[test]
    fn the_time_that_an_overloaded_server_names_is_handed_on() {
        let value = |text: &'static str| HeaderValue::from_static(text);
        let seen = throttled(StatusCode::TOO_MANY_REQUESTS, Some(&value("7")));
        assert_eq!(seen, Some(Throttled { status: 429, after: Duration::from_secs(7) }));
        let error = kube::Error::Service(seen.unwrap().into());
        assert_eq!(Throttled::of(&error).map(|throttled| throttled.after), Some(Duration::from_secs(7)));
        assert_eq!(throttled(StatusCode::SERVICE_UNAVAILABLE, None), None);
        assert_eq!(throttled(StatusCode::TOO_MANY_REQUESTS, Some(&value("Wed, 21 Oct 2026 07:28:00 GMT"))), None);
        assert_eq!(throttled(StatusCode::INTERNAL_SERVER_ERROR, Some(&value("7"))), None);
    }
}
