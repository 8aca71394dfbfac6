//! The closed list of reasons: one word for a condition, an event and a metric label alike. Pure data.

use std::fmt;

/// Declares the enum together with its spelling, so that the two cannot drift apart.
macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// Why a condition holds, in one CamelCase word. The list is closed, so that it can label metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)+
        }

        impl Reason {
            /// All reasons, in the order of their declaration.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// The word, as it stands in conditions, events and metric labels.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Reason::$variant => $text,)+
                }
            }
        }
    };
}

reasons! {
    /// The status tells what the text of the current spec says. Nothing to do.
    Succeeded = "Succeeded",
    /// A new spec is being worked on. Nothing to do but wait.
    Progressing = "Progressing",
    /// Something is missing or failed, and the operator tries again by itself; the Ready condition says what it is.
    ProgressingWithRetry = "ProgressingWithRetry",

    /// The ConfigMap does not exist. Create it, or correct `source.configMapRef.name`; the operator notices by itself.
    ConfigMapNotFound = "ConfigMapNotFound",
    /// The ConfigMap has no such key. Add it, or correct `source.configMapRef.key`; the operator notices by itself.
    KeyNotFound = "KeyNotFound",
    /// The ConfigMap has several keys and the spec names none. Set `source.configMapRef.key`.
    KeyAmbiguous = "KeyAmbiguous",
    /// A field of the spec cannot be used as it is. Correct the field that the message names.
    InvalidSpec = "InvalidSpec",
    /// The text is larger than the operator reads. Give a smaller text, or raise the operator's limit.
    TooLarge = "TooLarge",
    /// There is no text: nothing at all, or nothing but white space and markup. Put the report there.
    EmptySource = "EmptySource",
    /// The source holds something else than text: a PDF, an image, JSON. Give the report as text, Markdown or HTML.
    NotText = "NotText",
    /// The text cannot be read as a document in reasonable time and memory. Give a simpler page, or plain text.
    UnreadableDocument = "UnreadableDocument",
    /// The analysis took longer than the operator allows, which a busy machine can cause. The operator tries again; where that does
    /// not help, give a shorter text, or raise the operator's `--analysis-timeout`.
    AnalysisTimedOut = "AnalysisTimedOut",
    /// Other work kept the operator busy for so long that this was not begun. The operator tries again by itself.
    OperatorBusy = "OperatorBusy",

    /// The URL cannot be used. Correct `source.http.url`.
    UrlInvalid = "URLInvalid",
    /// The host's address is one the operator must not reach: loopback, private, link-local and the like. Use a public address,
    /// or have the operator's administrator allow the host.
    AddressBlocked = "AddressBlocked",
    /// The server's certificate was not accepted, or a TLS connection did not come about. Correct the server's certificate,
    /// or give its authority in `source.http.certSecretRef`.
    TlsError = "TLSError",
    /// The server wants credentials, or refused those it got (401, 403, 407). Correct the Secret of `source.http.secretRef`.
    AuthenticationFailed = "AuthenticationFailed",
    /// The server shows a sign-in page in place of the text, or redirects to one. Give an address that needs no sign-in, or
    /// credentials in `source.http.secretRef`.
    LoginPage = "LoginPage",
    /// The server has no such page (404, 410). Correct `source.http.url`; the operator looks again at the next interval.
    NotFound = "NotFound",
    /// The server refused the request with another 4xx answer. Correct `source.http`.
    HttpClientError = "HTTPClientError",
    /// The server failed (5xx). The operator tries again.
    HttpServerError = "HTTPServerError",
    /// The server asks for fewer requests (429). The operator waits as long as it is told to.
    RateLimited = "RateLimited",
    /// The fetch took longer than `source.http.timeout`. The operator tries again; raise the limit for a slow server.
    TimedOut = "TimedOut",
    /// No connection, a name that does not resolve, or a connection lost on the way. The operator tries again.
    ConnectionFailed = "ConnectionFailed",
    /// The server redirects too often or in a circle, or to where the operator does not follow. Give the final address.
    TooManyRedirects = "TooManyRedirects",
    /// The server sends something that is no text, Markdown or HTML. Give the address of the text itself.
    UnsupportedMediaType = "UnsupportedMediaType",

    /// The Secret does not exist. Create it, or correct the reference; the operator looks again by itself.
    SecretNotFound = "SecretNotFound",
    /// The Secret lacks a key or holds something unusable. Correct it; the operator looks again by itself.
    SecretInvalid = "SecretInvalid",
    /// The ReportCatalog does not exist. Create it, or correct `catalogRefs`; the operator notices by itself.
    CatalogNotFound = "CatalogNotFound",
    /// The ReportCatalog cannot be used, alone or with the others that the report refers to: they hold too much. Correct it, or refer to
    /// fewer; the operator notices by itself.
    CatalogInvalid = "CatalogInvalid",
    /// The Kubernetes API refused or failed a request that the report needs. The operator tries again; look at its permissions
    /// where the message says "forbidden".
    ApiError = "APIError",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_is_a_valid_unique_condition_reason() {
        let mut seen = BTreeSet::new();
        for reason in Reason::ALL {
            let text = reason.as_str();
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
            assert!(text.starts_with(|c: char| c.is_ascii_uppercase()), "{text}");
            assert!(text.len() <= 64, "{text}: events allow 128 characters, labels should stay short");
            assert!(seen.insert(text), "{text} is there twice");
        }
    }
}
