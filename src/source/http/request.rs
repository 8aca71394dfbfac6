//! What is asked for and how it is asked: URLs, headers, credentials. Pure.

use std::time::{Duration, SystemTime};

use base64::Engine;
use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::tls::TlsMaterial;
use crate::source::FetchError;

/// A text to be fetched.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Address, as it stands in the spec.
    pub url: String,
    /// Whether a plain http:// address is allowed.
    pub insecure: bool,
    /// Bound on everything.
    pub timeout: Duration,
    /// For the origin of the address alone.
    pub credentials: Option<Credentials>,
    /// Authorities to trust and client certificate; the certificate is for the origin of the address alone.
    pub tls: Option<TlsMaterial>,
    /// Name of the Secret that `tls` comes from, for messages.
    pub tls_secret: Option<String>,
    /// What the server said of the text that is already known.
    pub known: Option<Validators>,
}

/// What a server says of a version of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// ETag.
    pub etag: Option<String>,
    /// Last-Modified.
    pub last_modified: Option<String>,
}

/// Credentials out of a Secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: String,
    },
    /// A bearer token.
    Bearer(String),
}

/// Secrets stay out of logs and panics.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Credentials::Basic(..)",
            Self::Bearer(_) => "Credentials::Bearer(..)",
        })
    }
}

impl Credentials {
    /// The Authorization header; none where the credentials hold what no header can.
    fn header(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Basic { username, password } => {
                let pair = format!("{username}:{password}");
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            }
            Self::Bearer(token) => format!("Bearer {}", token.trim()),
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Reads an address out of a spec. The parser of browsers is used, so that every spelling of an address means here what it means there.
pub(super) fn parse_url(text: &str, insecure: bool) -> Result<Url, FetchError> {
    let invalid = |problem: String| FetchError::UrlInvalid { problem };
    let url = Url::parse(text.trim()).map_err(|error| {
        invalid(format!("it is not valid ({error}); give a full address such as https://example.org/report.md"))
    })?;
    check_url(&url, insecure).map_err(invalid)?;
    Ok(url)
}

/// Why an address cannot be used, whether it comes from a spec or from a redirect.
pub(super) fn check_url(url: &Url, insecure: bool) -> Result<(), String> {
    match url.scheme() {
        "https" => {}
        "http" if insecure => {}
        "http" => return Err("a plain http:// address needs insecure: true beside it".to_owned()),
        _ => return Err("it must begin with https://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not hold a user name or password; put them into a Secret and refer to it with secretRef"
            .to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host".to_owned());
    }
    Ok(())
}

/// The host, for messages: nothing of the path or the query, which may hold secrets.
pub(super) fn host_of(url: &Url) -> String {
    short(url.host_str().unwrap_or("the server"))
}

/// A text of bounded length, on one line.
pub(super) fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The headers of a request.
pub(super) fn write_headers(
    headers: &mut HeaderMap,
    request: &FetchRequest,
    same_origin: bool,
    agent: &'static str,
    accept: &'static str,
) {
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, zstd"));
    if let Some(value) = request.credentials.as_ref().filter(|_| same_origin).and_then(Credentials::header) {
        headers.insert(header::AUTHORIZATION, value);
    }
    let known = request.known.as_ref();
    let validators = [
        (header::IF_NONE_MATCH, known.and_then(|known| known.etag.as_ref())),
        (header::IF_MODIFIED_SINCE, known.and_then(|known| known.last_modified.as_ref())),
    ];
    for (name, value) in validators {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
}

/// Media type in lower case, and charset, out of a Content-Type header.
pub(super) fn content_type(value: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(value) = value else { return (None, None) };
    let mut parts = value.split(';');
    let media_type = parts.next().map(|part| short(part.trim()).to_ascii_lowercase()).filter(|part| part.contains('/'));
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| short(value.trim().trim_matches(|c| c == '"' || c == '\'')))
    });
    (media_type, charset)
}

/// Whether text may come under a media type. What does not say what it is gets looked into instead.
pub(super) fn may_be_text(media_type: &str) -> bool {
    let text = media_type.starts_with("text/")
        && !matches!(media_type, "text/css" | "text/javascript" | "text/calendar" | "text/csv");
    text || matches!(
        media_type,
        "application/xhtml+xml" | "application/markdown" | "application/octet-stream" | "binary/octet-stream"
    )
}

/// How long the server wants to be left alone: Retry-After, in seconds or as a date (RFC 9110, 10.2.3). A date is taken against the
/// server's own clock where the answer tells it, so that clocks which differ do no harm; one that has passed asks for nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    let value = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    until.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_seen_as_what_it_is() {
        for spelling in [
            "127.0.0.1",
            "127.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "127.0.1",
            "127.0.0.1.",
            "１２７.0.0.1",
        ] {
            let url = parse_url(&format!("https://{spelling}/x"), false).unwrap();
            assert_eq!(url.host_str(), Some("127.0.0.1"), "{spelling}");
        }
        assert_eq!(parse_url("https://[::ffff:127.0.0.1]/", false).unwrap().host_str(), Some("[::ffff:7f00:1]"));
        assert_eq!(parse_url("https://2852039166/", false).unwrap().host_str(), Some("169.254.169.254"));
    }

    #[test]
    fn addresses_that_cannot_be_used_say_why() {
        for (url, insecure, expected) in [
            ("http://x.org", false, "insecure"),
            ("ftp://x.org/a", true, "https://"),
            ("file:///etc/passwd", true, "https://"),
            ("https://user:pass@x.org", false, "secretRef"),
            ("https://token@x.org", false, "secretRef"),
            ("https://", false, "not valid"),
            ("report.md", false, "not valid"),
            ("https://300.1.1.1/", false, "not valid"),
        ] {
            let message = parse_url(url, insecure).unwrap_err().to_string();
            assert!(message.contains(expected), "{url}: {message}");
            assert!(!message.contains("pass@"), "{message}");
        }
        assert!(parse_url("http://x.org/report", true).is_ok());
    }

    #[test]
    fn content_types_are_read_with_their_charset() {
        for (header, media_type, charset) in [
            ("text/html; charset=UTF-8", Some("text/html"), Some("UTF-8")),
            ("Text/HTML;CHARSET=\"windows-1252\"", Some("text/html"), Some("windows-1252")),
            ("text/plain", Some("text/plain"), None),
            ("nonsense", None, None),
            ("text/markdown; variant=GFM; charset=utf-8", Some("text/markdown"), Some("utf-8")),
        ] {
            let (got_type, got_charset) = content_type(Some(header));
            assert_eq!((got_type.as_deref(), got_charset.as_deref()), (media_type, charset), "{header}");
        }
    }

    #[test]
    fn only_text_is_taken() {
        for (media_type, expected) in [
            ("text/html", true),
            ("text/plain", true),
            ("text/markdown", true),
            ("application/octet-stream", true),
            ("application/pdf", false),
            ("application/json", false),
            ("image/png", false),
            ("text/css", false),
            ("video/mp4", false),
        ] {
            assert_eq!(may_be_text(media_type), expected, "{media_type}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_every_form_of_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        for (retry_after, date, seconds) in [
            ("120", None, Some(120)),
            (" 7 ", None, Some(7)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", None, Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", None, Some(30)),
            ("Sun Nov  6 08:50:07 1994", None, Some(30)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some("Sun, 06 Nov 1994 08:50:02 GMT"), Some(5)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", None, None),
            ("soon", None, None),
            ("-5", None, None),
            ("99999999999999999999999", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", HeaderValue::try_from(retry_after).unwrap());
            if let Some(date) = date {
                headers.insert("date", HeaderValue::from_static(date));
            }
            let wait = super::retry_after(&headers, now).map(|wait| wait.as_secs());
            assert_eq!(wait, seconds, "{retry_after} at {date:?}");
        }
        assert_eq!(super::retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn credentials_and_validators_go_where_they_belong() {
        let request = FetchRequest {
            url: String::new(),
            insecure: false,
            timeout: Duration::from_secs(1),
            tls: None,
            tls_secret: None,
            credentials: Some(Credentials::Basic { username: "ann".into(), password: "pä:ss".into() }),
            known: Some(Validators { etag: Some("\"1\"".into()), last_modified: None }),
        };
        let mut own = HeaderMap::new();
        write_headers(&mut own, &request, true, "agent", "*/*");
        assert!(own.get("authorization").unwrap().is_sensitive());
        assert_eq!(own.get("if-none-match").unwrap(), "\"1\"");
        let mut other = HeaderMap::new();
        write_headers(&mut other, &request, false, "agent", "*/*");
        assert!(other.get("authorization").is_none());
        assert!(!format!("{request:?}").contains("ss"), "no secret in debug output");
    }
}
