//! Getting the text as a step of a run: the one source that the spec names.

use std::time::{Duration, Instant};

use kube::Client;
use tracing::Instrument;
use tracing::field::Empty;

use crate::api::{ConferenceReportSpec, HttpSource};
use crate::runtime::metrics::Metrics;
use crate::runtime::traces::TARGET;
use crate::source::http::{FetchRequest, HttpClient, Validators};
use crate::source::{Fetch, FetchError, SourceKind, configmap, inline};

use super::schedule::parse_duration;
use super::secrets;

/// The time for a fetch where the spec's cannot be read, which its schema does not allow.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time for a fetch, whatever the spec says.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What a fetch works with.
#[derive(Clone, Copy)]
pub struct Fetcher<'a> {
    /// For ConfigMaps and Secrets.
    pub client: &'a Client,
    /// For URLs.
    pub http: &'a HttpClient,
    /// Where fetches are counted.
    pub metrics: &'a Metrics,
    /// Version that the ConfigMap has at least; none where the newest is asked for.
    pub config_map: Option<&'a str>,
    /// Most bytes of a text in a ConfigMap.
    pub max_bytes: u64,
    /// Time for one request to the Kubernetes API.
    pub api_timeout: Duration,
}

/// The kind of source that a spec names. The schema allows exactly one.
///
/// # Errors
/// When it names none, or several.
pub fn kind(spec: &ConferenceReportSpec) -> Result<SourceKind, FetchError> {
    let source = &spec.source;
    match (&source.config_map_ref, &source.http, &source.inline) {
        (Some(_), None, None) => Ok(SourceKind::ConfigMap),
        (None, Some(_), None) => Ok(SourceKind::Http),
        (None, None, Some(_)) => Ok(SourceKind::Inline),
        _ => Err(FetchError::InvalidSpec {
            field: "source",
            problem: "it must have exactly one of configMapRef, http and inline".to_owned(),
        }),
    }
}

impl Fetcher<'_> {
    /// Gets the text. `known` is what a server said of the text that the status tells about, if it may answer "unchanged".
    ///
    /// # Errors
    /// Every way in which there is no text.
    pub async fn fetch(
        &self,
        namespace: &str,
        spec: &ConferenceReportSpec,
        known: Option<Validators>,
    ) -> Result<Fetch, FetchError> {
        let kind = kind(spec)?;
        let started = Instant::now();
        let span = tracing::info_span!(target: TARGET, "fetch", source = kind.as_str(), outcome = Empty, bytes = Empty);
        let result = self.look(namespace, spec, known).instrument(span.clone()).await;
        let (outcome, bytes) = match &result {
            Ok(Fetch::Unchanged) => ("unchanged", None),
            Ok(Fetch::Text(fetched)) => ("success", Some(fetched.bytes.len())),
            Err(error) => (error.reason().as_str(), None),
        };
        span.record("outcome", outcome);
        if let Some(bytes) = bytes {
            span.record("bytes", bytes);
        }
        self.metrics.fetched(kind, outcome, started.elapsed(), bytes);
        result
    }

    async fn look(
        &self,
        namespace: &str,
        spec: &ConferenceReportSpec,
        known: Option<Validators>,
    ) -> Result<Fetch, FetchError> {
        let text = |fetched| Ok(Fetch::Text(Box::new(fetched)));
        if let Some(reference) = &spec.source.config_map_ref {
            let (shown, limit) = (self.config_map, self.api_timeout);
            text(configmap::fetch(self.client, namespace, reference, shown, self.max_bytes, limit).await?)
        } else if let Some(http) = &spec.source.http {
            self.http.fetch(&self.request(namespace, http, known).await?).await
        } else {
            text(inline::fetch(spec.source.inline.as_deref().unwrap_or_default()))
        }
    }

    async fn request(
        &self,
        namespace: &str,
        http: &HttpSource,
        known: Option<Validators>,
    ) -> Result<FetchRequest, FetchError> {
        let credentials = match &http.secret_ref {
            Some(to) => Some(secrets::credentials(self.client, namespace, &to.name, self.api_timeout).await?),
            None => None,
        };
        let tls = match &http.cert_secret_ref {
            Some(to) => Some(secrets::certificates(self.client, namespace, &to.name, self.api_timeout).await?),
            None => None,
        };
        Ok(FetchRequest {
            url: http.url.clone(),
            insecure: http.insecure,
            timeout: parse_duration(&http.timeout)
                .filter(|timeout| !timeout.is_zero())
                .unwrap_or(DEFAULT_TIMEOUT)
                .min(LONGEST_TIMEOUT),
            credentials,
            tls,
            tls_secret: http.cert_secret_ref.as_ref().map(|to| to.name.clone()),
            known,
        })
    }
}
