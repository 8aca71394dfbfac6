//! Traces: spans of runs and of their steps, sent to a collector by OTLP over HTTP. They hold names of objects, kinds, sizes, reasons and
//! outcomes; no text, no address of one, nothing of a Secret. Without a collector nothing is recorded.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use url::Url;

use crate::source::http::tls::{self, TlsSetupError};

/// Target of the spans: traces take nothing else, and logs leave it out.
pub const TARGET: &str = "conference_report_operator::traces";
/// Name of the service in traces.
const SERVICE: &str = "conference-report-operator";
/// The longest time for one delivery.
const DELIVERED_WITHIN: Duration = Duration::from_secs(10);
/// The longest time for the last delivery, when the process ends.
const FLUSHED_WITHIN: Duration = Duration::from_secs(5);
/// Most bytes of a collector's answer.
const MOST_ANSWER: usize = 64 * 1024;

/// Address of a collector, to which `/v1/traces` is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector(Url);

impl FromStr for Collector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write the address of a collector, such as http://collector.monitoring:4318".to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        // What stands in a flag is seen by everybody on the machine; headers come from a variable.
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it must not hold a user name or password; use OTEL_EXPORTER_OTLP_HEADERS".to_owned());
        }
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none();
        if usable { Ok(Self(url)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/v1/traces", self.0.as_str().trim_end_matches('/'))
    }
}

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// TLS is not available.
    #[error("traces cannot be sent: {0}")]
    Tls(#[from] TlsSetupError),
    /// The settings in the environment cannot be used.
    #[error("traces cannot be sent, see the variables OTEL_*: {0}")]
    Settings(#[from] ExporterBuildError),
}

/// The traces of the process.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends spans to a collector from now on, in batches, on a thread of its own; requests are made on `runtime`.
    ///
    /// # Errors
    /// When TLS or the settings in the environment cannot be used. The collector is not contacted yet.
    pub fn start(collector: &Collector, runtime: Handle) -> Result<Self, TracesError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new(runtime)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.to_string())
            .build()?;
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// What makes spans.
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer(SERVICE)
    }

    /// Sends what has not been sent yet, for a few seconds at most. Not for use within an async runtime.
    pub fn stop(self) {
        // What cannot be delivered was said in the log.
        let _ = self.0.shutdown_with_timeout(FLUSHED_WITHIN);
    }
}

/// Delivers batches with the HTTP stack that the operator has anyway.
#[derive(Clone, Debug)]
struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
    failing: Arc<AtomicBool>,
}

impl Sender {
    fn new(runtime: Handle) -> Result<Self, TlsSetupError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::public()?)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, runtime, failing: Arc::default() })
    }

    /// A word in the log when deliveries begin to fail, and when they succeed again.
    fn note(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let problem = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answered {}", answer.status().as_u16())),
            Err(error) => Some(error.to_string()),
        };
        match (problem, &self.failing) {
            (Some(error), failing) if !failing.swap(true, Ordering::AcqRel) => {
                tracing::warn!(error, "traces are not delivered; some are lost while that lasts");
            }
            (None, failing) if failing.swap(false, Ordering::AcqRel) => tracing::info!("traces are delivered again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // The exporter runs on a thread of its own, on which nothing drives I/O.
        let delivery = async move {
            let answer = client.request(request.map(Full::new)).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, MOST_ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        let limited = self.runtime.spawn(async { tokio::time::timeout(DELIVERED_WITHIN, delivery).await });
        let answer = match limited.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(format!("no answer within {DELIVERED_WITHIN:?}").into()),
            Err(ended) => Err(ended.into()),
        };
        self.note(&answer);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_collector_is_what_the_variable_of_the_specification_holds() {
        for (text, address) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("https://otlp.example.org/base/", "https://otlp.example.org/base/v1/traces"),
        ] {
            assert_eq!(text.parse::<Collector>().unwrap().to_string(), address);
        }
        for text in ["collector:4318", "grpc://collector:4317", "http://", "http://a/?b=c", ""] {
            assert!(text.parse::<Collector>().unwrap_err().contains("such as http://"), "{text}");
        }
        let secret = "http://me:planted@collector:4318".parse::<Collector>().unwrap_err();
        assert!(secret.contains("OTEL_EXPORTER_OTLP_HEADERS") && !secret.contains("planted"), "{secret}");
    }
}
