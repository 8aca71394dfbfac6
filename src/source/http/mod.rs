//! Text behind a URL: fetched with bounds on where it goes ([`policy`], [`dial`], [`proxy`]), how long it takes and how much it brings.
//!
//! Redirects are followed by hand, at most three, each judged like the first address; credentials stay with the origin they are meant for.

mod body;
pub mod dial;
mod login;
mod places;
pub mod policy;
pub mod proxy;
mod request;
pub mod tls;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use self::body::{BodyError, Bounds};
use self::dial::{DialError, Dialer, Network, SystemNetwork};
use self::places::Places;
use self::policy::Policy;
use self::proxy::Proxies;
use self::tls::TlsSetupError;
use super::{Fetch, FetchError, Fetched, revision_of};

pub use request::{Credentials, FetchRequest, Validators};

type HyperClient = Client<HttpsConnector<Dialer>, Empty<Bytes>>;

const MAX_REDIRECTS: usize = 3;
const MAX_VALIDATOR_BYTES: usize = 1024;
const USER_AGENT: &str =
    concat!("conference-report-operator/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");
const ACCEPT: &str = "text/markdown, text/html;q=0.9, text/plain;q=0.9, application/xhtml+xml;q=0.8, */*;q=0.1";

/// Bounds and policy of the fetcher.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where it may go.
    pub policy: Policy,
    /// What stands between, where something does.
    pub proxies: Option<Proxies>,
    /// Most bytes of a text, after decompression.
    pub max_bytes: u64,
    /// Most fetches at a time from one host.
    pub max_per_host: usize,
    /// Longest time for resolving a name and connecting.
    pub connect_timeout: Duration,
    /// Longest time from the request to the head of the answer.
    pub first_byte_timeout: Duration,
    /// Longest pause within the body.
    pub idle_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            proxies: None,
            max_bytes: 2 * 1024 * 1024,
            max_per_host: 4,
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(10),
        }
    }
}

/// Fetches texts. Shared by all reconciliations; holds the connections that are open.
pub struct HttpClient {
    settings: HttpSettings,
    dialer: Dialer,
    /// For hosts with certificates of public authorities.
    public: HyperClient,
    places: Places,
}

impl HttpClient {
    /// A client that resolves names as the system does.
    ///
    /// # Errors
    /// When TLS is not available on this machine.
    pub fn new(settings: HttpSettings) -> Result<Self, TlsSetupError> {
        Self::with_network(settings, Arc::new(SystemNetwork))
    }

    /// A client that resolves names and connects as it is told.
    ///
    /// # Errors
    /// When TLS is not available on this machine.
    pub fn with_network(settings: HttpSettings, network: Arc<dyn Network>) -> Result<Self, TlsSetupError> {
        let (policy, proxies) = (Arc::new(settings.policy.clone()), settings.proxies.clone());
        let dialer = Dialer::new(policy, network, proxies, settings.connect_timeout);
        Ok(Self {
            public: hyper_client(dialer.clone(), tls::public()?, true),
            places: Places::new(settings.max_per_host),
            dialer,
            settings,
        })
    }

    /// Fetches a text, or learns that it has not changed. The request's timeout bounds everything.
    ///
    /// # Errors
    /// Every way it can fail, with what follows from it. No message holds a body, a credential, or a path or query of a URL.
    pub async fn fetch(&self, request: &FetchRequest) -> Result<Fetch, FetchError> {
        let url = request::parse_url(&request.url, request.insecure)?;
        let host = request::host_of(&url);
        tokio::time::timeout(request.timeout, self.fetch_unbounded(request, url))
            .await
            .unwrap_or(Err(FetchError::TimedOut { host, limit: request.timeout }))
    }

    async fn fetch_unbounded(&self, request: &FetchRequest, start: Url) -> Result<Fetch, FetchError> {
        let mut url = start.clone();
        let mut place = self.places.take(request::host_of(&url)).await;
        for _ in 0..=MAX_REDIRECTS {
            let same_origin = url.origin() == start.origin();
            let host = request::host_of(&url);
            if place.host != host {
                drop(place);
                place = self.places.take(host).await;
            }
            let response = self.send(request, &url, same_origin).await?;
            match redirect_target(&response, &url, request.insecure)? {
                Some(next) => url = next,
                None => return self.accept(request, &url, response).await,
            }
        }
        Err(FetchError::TooManyRedirects {
            host: request::host_of(&start),
            problem: format!("more than {MAX_REDIRECTS} redirects"),
        })
    }

    async fn send(
        &self,
        request: &FetchRequest,
        url: &Url,
        same_origin: bool,
    ) -> Result<Response<Incoming>, FetchError> {
        let host = request::host_of(url);
        let mut builder = Request::builder().method(Method::GET).uri(url.as_str());
        if let Some(headers) = builder.headers_mut() {
            request::write_headers(headers, request, same_origin, USER_AGENT, ACCEPT);
            if let Some(value) = self.forwarder(url).and_then(|proxy| proxy.authorization()) {
                headers.insert(header::PROXY_AUTHORIZATION, value);
            }
        }
        let message = builder.body(Empty::new()).map_err(|_| FetchError::UrlInvalid {
            problem: "it cannot be written as a request; use a plain https:// address".to_owned(),
        })?;
        let answer = match &request.tls {
            None => self.public.request(message),
            Some(material) => {
                let config = tls::from_material(material, same_origin).map_err(|error| FetchError::SecretInvalid {
                    field: "source.http.certSecretRef",
                    name: request.tls_secret.clone().unwrap_or_default(),
                    problem: error.to_string(),
                })?;
                hyper_client(self.dialer.clone(), config, false).request(message)
            }
        };
        let limit = self.settings.first_byte_timeout;
        match tokio::time::timeout(limit, answer).await {
            Err(_) => Err(FetchError::TimedOut { host, limit }),
            Ok(Err(error)) => Err(explain(&error, host)),
            Ok(Ok(response)) => Ok(response),
        }
    }

    async fn accept(
        &self,
        request: &FetchRequest,
        url: &Url,
        response: Response<Incoming>,
    ) -> Result<Fetch, FetchError> {
        let host = request::host_of(url);
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && request.known.is_some() {
            return Ok(Fetch::Unchanged);
        }
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED && self.forwarder(url).is_some() {
            let problem = "the operator's proxy wants other credentials than it got (407)".to_owned();
            return Err(FetchError::ConnectionFailed { host, problem });
        }
        if status != StatusCode::OK {
            return Err(refused(status, response.headers(), host));
        }
        let text = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (media_type, charset) = request::content_type(text(header::CONTENT_TYPE).as_deref());
        if let Some(media_type) = media_type.as_deref().filter(|media_type| !request::may_be_text(media_type)) {
            return Err(FetchError::UnsupportedMediaType { host, media_type: media_type.to_owned() });
        }
        let limit = self.settings.max_bytes;
        let encoding = text(header::CONTENT_ENCODING);
        let announced = text(header::CONTENT_LENGTH).and_then(|value| value.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge { limit });
        }
        let validator = |name| text(name).filter(|value| value.len() <= MAX_VALIDATOR_BYTES);
        let (etag, last_modified) = (validator(header::ETAG), validator(header::LAST_MODIFIED));
        let bounds = Bounds { max_bytes: limit, idle_timeout: self.settings.idle_timeout };
        let bytes =
            body::read(response.into_body(), encoding.as_deref(), bounds).await.map_err(|error| match error {
                BodyError::TooLarge => FetchError::TooLarge { limit },
                BodyError::Idle => FetchError::TimedOut { host: host.clone(), limit: bounds.idle_timeout },
                BodyError::Encoding(problem) | BodyError::Broken(problem) => {
                    FetchError::ConnectionFailed { host: host.clone(), problem }
                }
            })?;
        let may_be_html = media_type.as_deref().is_none_or(|media_type| media_type.contains("html"));
        if may_be_html && login::is_sign_in_page(&bytes) {
            return Err(FetchError::LoginPage { host });
        }
        Ok(Fetch::Text(Box::new(Fetched {
            revision: revision_of(&bytes),
            bytes,
            media_type,
            charset,
            file_name: url.path_segments().and_then(Iterator::last).filter(|name| !name.is_empty()).map(str::to_owned),
            etag,
            last_modified,
            config_map: None,
        })))
    }

    /// The proxy that passes requests for an address on, and so answers for the server. Through a tunnel it does not.
    fn forwarder(&self, url: &Url) -> Option<proxy::Proxy> {
        let uri = url.as_str().parse().ok().filter(|_| url.scheme() == "http")?;
        self.dialer.proxy_for(&uri)
    }
}

fn hyper_client(dialer: Dialer, tls: rustls::ClientConfig, keep_connections: bool) -> HyperClient {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(dialer);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(if keep_connections { 2 } else { 0 })
        .http1_max_buf_size(64 * 1024)
        .http2_max_header_list_size(64 * 1024)
        .build(connector)
}

/// The host of an address as it stands in a spec; nothing where it names none.
pub fn host_of(url: &str) -> String {
    Url::parse(url.trim()).map(|url| request::host_of(&url)).unwrap_or_default()
}

/// Where an answer redirects to, where it does.
fn redirect_target(response: &Response<Incoming>, from: &Url, insecure: bool) -> Result<Option<Url>, FetchError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let refuse =
        |problem: &str| FetchError::TooManyRedirects { host: request::host_of(from), problem: problem.to_owned() };
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let target = location.ok_or_else(|| refuse("the redirect names no address"))?;
    let target = from.join(target).map_err(|_| refuse("the redirect's address is not valid"))?;
    if from.scheme() == "https" && target.scheme() != "https" {
        return Err(refuse("it leads from https to an address without TLS"));
    }
    if login::leads_to_sign_in(from, &target) {
        return Err(FetchError::LoginPage { host: request::host_of(from) });
    }
    request::check_url(&target, insecure).map_err(|problem| refuse(&problem))?;
    Ok(Some(target))
}

/// What a status code other than 200 means.
fn refused(status: StatusCode, headers: &HeaderMap, host: String) -> FetchError {
    let after = || request::retry_after(headers, SystemTime::now());
    match status.as_u16() {
        401 | 403 | 407 => FetchError::AuthenticationFailed { host, status: status.as_u16() },
        404 | 410 => FetchError::NotFound { host, status: status.as_u16() },
        408 | 425 => FetchError::HttpServerError { host, status: status.as_u16(), after: after() },
        429 => FetchError::RateLimited { host, after: after() },
        code @ 400..=499 => FetchError::HttpClientError { host, status: code },
        code => FetchError::HttpServerError { host, status: code, after: after() },
    }
}

/// What went wrong below HTTP, found in the chain of causes.
fn explain(error: &hyper_util::client::legacy::Error, host: String) -> FetchError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(dial) = current.downcast_ref::<DialError>() {
            return match dial {
                DialError::Blocked { problem } => FetchError::AddressBlocked { host, problem: (*problem).to_owned() },
                DialError::TimedOut(limit) => FetchError::TimedOut { host, limit: *limit },
                DialError::Unresolved | DialError::Refused(_) | DialError::Proxy(_) => {
                    FetchError::ConnectionFailed { host, problem: dial.to_string() }
                }
            };
        }
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return FetchError::Tls { host, problem: request::short(&tls.to_string()) };
        }
        // An I/O error hides what it wraps from `source`: TLS errors come wrapped twice.
        cause = match current.downcast_ref::<std::io::Error>() {
            Some(io) => match io.get_ref() {
                Some(inner) => Some(inner),
                None => return FetchError::ConnectionFailed { host, problem: dial::describe(io) },
            },
            None => current.source(),
        };
    }
    FetchError::ConnectionFailed { host, problem: "the server does not speak HTTP as it should".to_owned() }
}
