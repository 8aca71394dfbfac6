//! What a request asks of the Kubernetes API, read from its method and path; and what became of it. Pure data.

use std::fmt;
use std::time::Duration;

use http::{Method, Uri};

/// What is asked for, in the words of the Kubernetes API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// One object.
    Get,
    /// Many objects.
    List,
    /// Changes as they happen.
    Watch,
    /// A new object.
    Create,
    /// A change of an object, server-side apply included.
    Patch,
    /// An object as a whole.
    Update,
    /// An object to be removed.
    Delete,
    /// Something else: versions, discovery.
    Other,
}

/// A request that the proxy has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it came, counted from the start of the proxy.
    pub at: Duration,
    /// What is asked for.
    pub verb: Verb,
    /// Plural name of the resource; empty where there is none.
    pub resource: String,
    /// Namespace; empty for all.
    pub namespace: String,
    /// Name of the object; empty for many.
    pub name: String,
    /// Subresource, such as `status`; empty for the object itself.
    pub subresource: String,
    /// Status code of the answer; none while there is none, or where the connection was lost before.
    pub code: Option<u16>,
    /// Bytes of the answer's body that were handed on so far.
    pub bytes: usize,
    /// Whether a rule had its way with it.
    pub injected: bool,
    /// Status code of the API server; none where the request was never handed on.
    pub carried_out: Option<u16>,
}

impl Call {
    /// Reads a request.
    pub(super) fn read(method: &Method, uri: &Uri, at: Duration) -> Self {
        let mut parts = uri.path().split('/').filter(|part| !part.is_empty()).peekable();
        // The core group has its version right behind `api`, the others behind `apis` and their name.
        let named = match parts.next() {
            Some("api") => parts.next().is_some(),
            Some("apis") => parts.next().is_some() && parts.next().is_some(),
            _ => false,
        };
        let mut namespace = "";
        if named && parts.peek() == Some(&"namespaces") {
            parts.next();
            namespace = parts.next().unwrap_or_default();
        }
        let resource = if named { parts.next().unwrap_or_default() } else { "" };
        let (name, subresource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let watches = uri.query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
        let verb = match *method {
            _ if resource.is_empty() => Verb::Other,
            Method::GET if watches => Verb::Watch,
            Method::GET if name.is_empty() => Verb::List,
            Method::GET => Verb::Get,
            Method::POST => Verb::Create,
            Method::PATCH => Verb::Patch,
            Method::PUT => Verb::Update,
            Method::DELETE => Verb::Delete,
            _ => Verb::Other,
        };
        let own = str::to_owned;
        Self {
            at,
            verb,
            resource: own(resource),
            namespace: own(namespace),
            name: own(name),
            subresource: own(subresource),
            code: None,
            bytes: 0,
            injected: false,
            carried_out: None,
        }
    }

    /// Whether the API server did what was asked, whatever the operator heard of it.
    pub fn succeeded(&self) -> bool {
        self.carried_out.is_some_and(|code| (200..300).contains(&code))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.verb, self.resource)?;
        for part in [&self.name, &self.subresource] {
            if !part.is_empty() {
                write!(f, "/{part}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verb_and_object_are_read_from_method_and_path() {
        let read = |method: Method, uri: &'static str| {
            let call = Call::read(&method, &Uri::from_static(uri), Duration::ZERO);
            (call.verb, call.to_string(), call.namespace)
        };
        let report = "/apis/confreports.dev/v1alpha1/namespaces/n/conferencereports";
        assert_eq!(read(Method::GET, "/version").0, Verb::Other);
        assert_eq!(
            read(Method::GET, "/api/v1/configmaps?limit=250"),
            (Verb::List, "List configmaps".to_owned(), String::new())
        );
        assert_eq!(
            read(Method::GET, "/api/v1/namespaces/n/configmaps/m"),
            (Verb::Get, "Get configmaps/m".to_owned(), "n".to_owned())
        );
        assert_eq!(read(Method::GET, "/api/v1/namespaces/n/configmaps?watch=true&x=1").0, Verb::Watch);
        assert_eq!(read(Method::POST, report).0, Verb::Create);
        assert_eq!(
            read(Method::PATCH, "/apis/confreports.dev/v1alpha1/namespaces/n/conferencereports/r/status?force=true").1,
            "Patch conferencereports/r/status"
        );
    }
}
