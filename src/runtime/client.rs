//! The client of the Kubernetes API: timeouts, counting, and the sign of life that the liveness probe looks at.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower_layer::Layer;
use tower_service::Service;

use super::config::WATCH_TIMEOUT;
use super::health::Health;
use super::metrics::Metrics;

/// Time for connecting to the API server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection on which nothing arrives for longer than a watch lasts is dead.
const READ_TIMEOUT: Duration = Duration::from_secs(WATCH_TIMEOUT.as_secs() + 10);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither a kubeconfig nor a service account was found, or it cannot be used.
    #[error("no way to the Kubernetes API: set KUBECONFIG, or run in a pod with a service account ({0})")]
    Config(#[from] kube::config::InferConfigError),
    /// The connection cannot be set up.
    #[error("the connection to the Kubernetes API cannot be set up: {0}")]
    Setup(#[from] kube::Error),
}

/// A client as the environment says: kubeconfig, or the pod's service account.
///
/// # Errors
/// When the environment says nothing usable. The API server is not contacted yet.
pub async fn connect(metrics: Arc<Metrics>, health: Arc<Health>) -> Result<Client, ClientError> {
    let mut config = Config::infer().await?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config.reset_reader_on_write = true;
    // Whoever asks knows better when to ask again; kube's own repetitions begin after milliseconds and hold the run meanwhile.
    config.default_retry = false;
    Ok(ClientBuilder::try_from(config)?.with_layer(&Observe { metrics, health }).build())
}

#[derive(Clone)]
struct Observe {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, observe: self.clone() }
    }
}

/// A service whose requests are counted.
struct Observed<S> {
    inner: S,
    observe: Observe,
}

impl<S, B> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = request.method().clone();
        let observe = self.observe.clone();
        if method == http::Method::GET {
            observe.health.api_attempt();
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            observe.metrics.api_request(&method, answer.as_ref().ok().map(|answer| answer.status().as_u16()));
            answer
        })
    }
}
