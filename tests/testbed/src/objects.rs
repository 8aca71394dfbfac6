//! A client of the test's own for the objects of one namespace, as JSON. It leads straight to the API server, past any proxy.

use anyhow::Result;
use http::{Method, Request};
use kube::Client;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::cluster::Cluster;

const GROUP: &str = "/apis/confreports.dev/v1alpha1";

/// The objects of a namespace. Not for use within an async runtime: it has one of its own.
pub struct Objects {
    /// The namespace.
    pub namespace: String,
    client: Client,
    runtime: Runtime,
}

impl Objects {
    /// The objects of a new namespace.
    ///
    /// # Errors
    /// When the namespace cannot be made.
    pub fn new(cluster: &Cluster, purpose: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = runtime.block_on(cluster.client())?;
        Ok(Self { namespace: cluster.namespace(purpose)?, client, runtime })
    }

    /// Applies an object.
    ///
    /// # Errors
    /// With the API server's words, when it refuses it.
    pub fn apply(&self, object: &Value) -> Result<Value, kube::Error> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let path = self.path(text("/kind"), text("/metadata/name"));
        self.request(Method::PATCH, &format!("{path}?fieldManager=test&force=true"), object.to_string())
    }

    /// Deletes an object; one that is not there is fine.
    ///
    /// # Errors
    /// With the API server's words, when it refuses.
    pub fn delete(&self, kind: &str, name: &str) -> Result<(), kube::Error> {
        found(self.request(Method::DELETE, &self.path(kind, name), String::new())).map(drop)
    }

    /// An object as it is now; null where there is none.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub fn get(&self, kind: &str, name: &str) -> Result<Value, kube::Error> {
        found(self.request(Method::GET, &self.path(kind, name), String::new()))
    }

    /// All objects of a kind.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub fn all(&self, kind: &str) -> Result<Vec<Value>, kube::Error> {
        let list = self.get(kind, "")?;
        Ok(list.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    fn path(&self, kind: &str, name: &str) -> String {
        let (prefix, plural) = match kind {
            "ConfigMap" => ("/api/v1", "configmaps"),
            "Secret" => ("/api/v1", "secrets"),
            "Event" => ("/apis/events.k8s.io/v1", "events"),
            "ReportCatalog" => (GROUP, "reportcatalogs"),
            _ => (GROUP, "conferencereports"),
        };
        let slash = if name.is_empty() { "" } else { "/" };
        format!("{prefix}/namespaces/{}/{plural}{slash}{name}", self.namespace)
    }

    fn request(&self, method: Method, path: &str, body: String) -> Result<Value, kube::Error> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/apply-patch+yaml")
            .body(body.into_bytes())
            .map_err(kube::Error::HttpError)?;
        self.runtime.block_on(self.client.request(request))
    }
}

/// What is not there is null.
fn found(answer: Result<Value, kube::Error>) -> Result<Value, kube::Error> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Value::Null),
        other => other,
    }
}
