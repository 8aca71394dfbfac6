//! Why a report's text could not be had: one closed list for all sources, each with its [`Reason`] and with what follows from it.
//! Pure data. Messages name the field, say what is wrong and what would be right; they never hold a body, a credential or a URL's query.

use std::time::Duration;

pub use crate::api::Reason;

use super::Throttled;

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Only a change by the user helps. A ConfigMap's change wakes the report; a URL is looked at again at its next interval.
    Stalled,
    /// Trying again may help.
    Retry {
        /// The least time to wait, where the other side named one (Retry-After). Callers bound it.
        after: Option<Duration>,
    },
    /// Something that the spec refers to is not there yet. A watch or, for Secrets, a later look will tell.
    Waiting,
}

/// Why a report's text could not be had.
///
/// Strings in the variants are written for the user: short, without line breaks, free of secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The ConfigMap does not exist.
    #[error("source.configMapRef: there is no ConfigMap {name:?} in this namespace; create it or correct the name")]
    ConfigMapNotFound {
        /// Name of the ConfigMap.
        name: String,
    },
    /// The ConfigMap has no such key, or no key at all.
    #[error("source.configMapRef: ConfigMap {name:?} has no {}; it has {}", key_text(.key), list(.available))]
    KeyNotFound {
        /// Name of the ConfigMap.
        name: String,
        /// The key that was asked for; none where any would have done.
        key: Option<String>,
        /// The keys it has, sorted.
        available: Vec<String>,
    },
    /// Several keys, none named.
    #[error("source.configMapRef.key is not set and ConfigMap {name:?} has several keys ({}); set key to one of them", list(.available))]
    KeyAmbiguous {
        /// Name of the ConfigMap.
        name: String,
        /// The keys it has, sorted.
        available: Vec<String>,
    },
    /// A field of the spec that the API server let through but that cannot be used.
    #[error("{field}: {problem}")]
    InvalidSpec {
        /// Path of the field below `spec`.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// More bytes than allowed, after decompression.
    #[error("the text is larger than the limit of {limit} bytes; shorten it or split it into several reports")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Nothing to analyse.
    #[error("{origin} holds no text; put the text of the report there")]
    EmptySource {
        /// Where it was looked for, for example `key "report.md" of ConfigMap "berlin"`.
        origin: String,
    },
    /// Something else than text.
    #[error("the source is not text: {problem}; give the report as plain text, Markdown or HTML")]
    NotText {
        /// What it is instead.
        problem: String,
    },
    /// Text that cannot be read as a document.
    #[error("the text cannot be read as a document: {problem}")]
    UnreadableDocument {
        /// What stands in the way.
        problem: String,
    },
    /// The analysis, or the compilation of a catalog, was given up. On a busy machine that may be no fault of the text's.
    #[error("{what} took longer than {} s and was given up; it is tried again, and may need a shorter text or a higher --analysis-timeout", .limit.as_secs())]
    AnalysisTimedOut {
        /// What took too long, for example `the analysis`.
        what: String,
        /// The limit.
        limit: Duration,
    },
    /// Other work took all places of the analysis for too long. No fault of the text's.
    #[error("{what} was not begun within {} s, because other work keeps the operator busy; it is tried again", .limit.as_secs())]
    Busy {
        /// What was not begun, for example `the analysis`.
        what: String,
        /// The longest wait.
        limit: Duration,
    },
    /// A URL that cannot be used.
    #[error("source.http.url: {problem}")]
    UrlInvalid {
        /// What is wrong and what would be right.
        problem: String,
    },
    /// An address that must not be reached.
    #[error("source.http.url: {host} is not reachable for the operator by policy: {problem}")]
    AddressBlocked {
        /// Host, without port, path and credentials.
        host: String,
        /// Which rule holds it back, for example "the address is private".
        problem: String,
    },
    /// TLS did not come about.
    #[error("TLS with {host} failed: {problem}")]
    Tls {
        /// Host, without port, path and credentials.
        host: String,
        /// Why.
        problem: String,
    },
    /// 401, 403 or 407.
    #[error("{host} answered {status}: it refuses the request's credentials or wants some; see source.http.secretRef")]
    AuthenticationFailed {
        /// Host.
        host: String,
        /// Status code.
        status: u16,
    },
    /// A sign-in page where the text should be.
    #[error(
        "{host} shows a sign-in page instead of the text; give an address that needs none, or credentials in source.http.secretRef"
    )]
    LoginPage {
        /// Host.
        host: String,
    },
    /// 404 or 410.
    #[error("{host} answered {status}: there is no such page; correct source.http.url")]
    NotFound {
        /// Host.
        host: String,
        /// Status code.
        status: u16,
    },
    /// Another 4xx.
    #[error("{host} answered {status} and refuses the request; correct source.http")]
    HttpClientError {
        /// Host.
        host: String,
        /// Status code.
        status: u16,
    },
    /// 5xx, or an answer that is no HTTP.
    #[error("{host} answered {status}; the fetch is tried again")]
    HttpServerError {
        /// Host.
        host: String,
        /// Status code.
        status: u16,
        /// Retry-After, where the server sent one.
        after: Option<Duration>,
    },
    /// 429.
    #[error("{host} asks for fewer requests (429); the fetch is tried again later")]
    RateLimited {
        /// Host.
        host: String,
        /// Retry-After, where the server sent one.
        after: Option<Duration>,
    },
    /// The time for the fetch is over.
    #[error("{host} did not deliver the text within {} s; the fetch is tried again, source.http.timeout sets the limit", .limit.as_secs())]
    TimedOut {
        /// Host.
        host: String,
        /// The limit.
        limit: Duration,
    },
    /// No connection, or it broke.
    #[error("no usable connection to {host}: {problem}; the fetch is tried again")]
    ConnectionFailed {
        /// Host.
        host: String,
        /// Why.
        problem: String,
    },
    /// Redirects that are not followed.
    #[error(
        "{host} redirects too often or to where the operator does not follow: {problem}; give the final address in source.http.url"
    )]
    TooManyRedirects {
        /// Host.
        host: String,
        /// Why.
        problem: String,
    },
    /// A media type that is no text.
    #[error("{host} sends {media_type:?}, which is no text, Markdown or HTML; give the address of the text itself")]
    UnsupportedMediaType {
        /// Host.
        host: String,
        /// Media type without parameters.
        media_type: String,
    },
    /// A Secret that does not exist.
    #[error("{field}: there is no Secret {name:?} in this namespace; create it or correct the name")]
    SecretNotFound {
        /// Path of the reference below `spec`.
        field: &'static str,
        /// Name of the Secret.
        name: String,
    },
    /// A Secret that cannot be used.
    #[error("{field}: Secret {name:?} cannot be used: {problem}")]
    SecretInvalid {
        /// Path of the reference below `spec`.
        field: &'static str,
        /// Name of the Secret.
        name: String,
        /// What is wrong and what would be right; never a value.
        problem: String,
    },
    /// A ReportCatalog that does not exist.
    #[error("catalogRefs: there is no ReportCatalog {name:?} in this namespace; create it or correct the name")]
    CatalogNotFound {
        /// Name of the ReportCatalog.
        name: String,
    },
    /// A ReportCatalog that cannot be used.
    #[error("catalogRefs: ReportCatalog {name:?} cannot be used: {problem}")]
    CatalogInvalid {
        /// Name of the ReportCatalog.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The Kubernetes API failed or refused.
    #[error("the Kubernetes API could not {action}: {problem}")]
    Api {
        /// What was tried, for example `read ConfigMap "berlin"`.
        action: String,
        /// Why, in short.
        problem: String,
        /// Whether it is a lack of permission, which does not pass by itself.
        forbidden: bool,
        /// The least time to wait, where the API server named one.
        after: Option<Duration>,
    },
}

impl FetchError {
    /// A failure of the Kubernetes API while doing `action` ("read ConfigMap \"berlin\"").
    pub fn api(action: String, error: &kube::Error) -> Self {
        let after = Throttled::of(error).map(|throttled| throttled.after);
        let (problem, forbidden) = match error {
            kube::Error::Service(_) if after.is_some() => ("the API server is overloaded".to_owned(), false),
            kube::Error::Api(status) => (one_line(&status.message), status.code == 403 || status.code == 401),
            // The source chain of transport errors may name internal addresses; what a user can do about it is the same.
            _ => ("the API server could not be reached or gave no usable answer".to_owned(), false),
        };
        Self::Api { action, problem, forbidden, after }
    }

    /// The Kubernetes API did not answer `action` in time.
    pub fn api_timeout(action: String, limit: Duration) -> Self {
        Self::Api { action, problem: format!("no answer within {} s", limit.as_secs()), forbidden: false, after: None }
    }

    /// The word for conditions, events and metrics.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::ConfigMapNotFound { .. } => Reason::ConfigMapNotFound,
            Self::KeyNotFound { .. } => Reason::KeyNotFound,
            Self::KeyAmbiguous { .. } => Reason::KeyAmbiguous,
            Self::InvalidSpec { .. } => Reason::InvalidSpec,
            Self::TooLarge { .. } => Reason::TooLarge,
            Self::EmptySource { .. } => Reason::EmptySource,
            Self::NotText { .. } => Reason::NotText,
            Self::UnreadableDocument { .. } => Reason::UnreadableDocument,
            Self::AnalysisTimedOut { .. } => Reason::AnalysisTimedOut,
            Self::Busy { .. } => Reason::OperatorBusy,
            Self::UrlInvalid { .. } => Reason::UrlInvalid,
            Self::AddressBlocked { .. } => Reason::AddressBlocked,
            Self::Tls { .. } => Reason::TlsError,
            Self::AuthenticationFailed { .. } => Reason::AuthenticationFailed,
            Self::LoginPage { .. } => Reason::LoginPage,
            Self::NotFound { .. } => Reason::NotFound,
            Self::HttpClientError { .. } => Reason::HttpClientError,
            Self::HttpServerError { .. } => Reason::HttpServerError,
            Self::RateLimited { .. } => Reason::RateLimited,
            Self::TimedOut { .. } => Reason::TimedOut,
            Self::ConnectionFailed { .. } => Reason::ConnectionFailed,
            Self::TooManyRedirects { .. } => Reason::TooManyRedirects,
            Self::UnsupportedMediaType { .. } => Reason::UnsupportedMediaType,
            Self::SecretNotFound { .. } => Reason::SecretNotFound,
            Self::SecretInvalid { .. } => Reason::SecretInvalid,
            Self::CatalogNotFound { .. } => Reason::CatalogNotFound,
            Self::CatalogInvalid { .. } => Reason::CatalogInvalid,
            Self::Api { .. } => Reason::ApiError,
        }
    }

    /// Whether a catalog that the spec refers to is at fault.
    pub const fn is_of_catalog(&self) -> bool {
        matches!(self, Self::CatalogNotFound { .. } | Self::CatalogInvalid { .. })
    }

    /// What follows from it.
    ///
    /// Refused credentials are tried again, because a Secret and the server it belongs to are seldom changed in the same moment
    /// and Secrets are not watched.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::ConfigMapNotFound { .. }
            | Self::KeyNotFound { .. }
            | Self::SecretNotFound { .. }
            | Self::SecretInvalid { .. }
            | Self::CatalogNotFound { .. } => Disposition::Waiting,
            Self::HttpServerError { after, .. } | Self::RateLimited { after, .. } | Self::Api { after, .. } => {
                Disposition::Retry { after: *after }
            }
            Self::Tls { .. }
            | Self::AuthenticationFailed { .. }
            | Self::TimedOut { .. }
            | Self::ConnectionFailed { .. }
            | Self::AnalysisTimedOut { .. }
            | Self::Busy { .. } => Disposition::Retry { after: None },
            Self::KeyAmbiguous { .. }
            | Self::InvalidSpec { .. }
            | Self::TooLarge { .. }
            | Self::EmptySource { .. }
            | Self::NotText { .. }
            | Self::UnreadableDocument { .. }
            | Self::UrlInvalid { .. }
            | Self::AddressBlocked { .. }
            | Self::LoginPage { .. }
            | Self::NotFound { .. }
            | Self::HttpClientError { .. }
            | Self::TooManyRedirects { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::CatalogInvalid { .. } => Disposition::Stalled,
        }
    }
}

/// The first 300 characters, without line breaks.
fn one_line(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn key_text(key: &Option<String>) -> String {
    match key {
        Some(key) => format!("key {key:?}"),
        None => "key".to_owned(),
    }
}

/// At most ten names, quoted, as a person would list them.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    match shown.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn messages_name_the_field_and_what_would_be_right() {
        let missing = FetchError::KeyNotFound {
            name: "x".into(),
            key: Some("report.md".into()),
            available: strings(&["a.txt", "b.md"]),
        };
        assert_eq!(
            missing.to_string(),
            r#"source.configMapRef: ConfigMap "x" has no key "report.md"; it has "a.txt" and "b.md""#
        );
        let empty = FetchError::KeyNotFound { name: "x".into(), key: None, available: vec![] };
        assert_eq!(empty.to_string(), r#"source.configMapRef: ConfigMap "x" has no key; it has none"#);
        let many: Vec<String> = (0..1000).map(|n| format!("key-{n:04}")).collect();
        let ambiguous = FetchError::KeyAmbiguous { name: "x".into(), available: many };
        assert!(ambiguous.to_string().contains("and 990 more"), "{ambiguous}");
        assert!(ambiguous.to_string().len() < 400, "{ambiguous}");
    }

    #[test]
    fn what_a_watch_can_heal_waits_and_what_the_server_says_about_time_is_kept() {
        let missing = FetchError::ConfigMapNotFound { name: "x".into() };
        assert_eq!(missing.disposition(), Disposition::Waiting);
        let after = Some(Duration::from_secs(7));
        let limited = FetchError::RateLimited { host: "example.org".into(), after };
        assert_eq!(limited.disposition(), Disposition::Retry { after });
        assert_eq!(FetchError::TooLarge { limit: 5 }.disposition(), Disposition::Stalled);
    }
}
