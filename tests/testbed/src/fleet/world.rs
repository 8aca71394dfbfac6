//! The reports of a fleet, half of them on ConfigMaps and half on URLs of one server, and the newcomers.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use http::{Method, Request};
use kube::Client;
use serde_json::{Value, json};

use crate::report_server::{Page, ReportServer};

const GROUP: &str = "/apis/confreports.dev/v1alpha1";
const CATALOG: &str = "fleet";
/// Objects that are created at a time.
const AT_A_TIME: usize = 32;
/// Time between two looks at a newcomer.
const LOOK: Duration = Duration::from_millis(5);

/// Where a report has its text from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inline,
    Map,
    Url,
}

impl Kind {
    /// All in turns.
    pub(super) const fn of(number: usize) -> Self {
        match number % 3 {
            0 => Self::Inline,
            1 => Self::Map,
            _ => Self::Url,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Map => "on a ConfigMap",
            Self::Url => "on a URL of the same host",
        }
    }
}

/// The world.
pub(super) struct World<'a> {
    pub(super) namespace: String,
    client: Client,
    server: &'a ReportServer,
}

impl<'a> World<'a> {
    /// A world without reports.
    pub(super) fn new(client: Client, server: &'a ReportServer, namespace: String) -> Self {
        Self { namespace, client, server }
    }

    /// Creates the reports. All refer to one catalog, so that a change of it concerns all of them at once.
    pub(super) async fn create(&self, reports: usize) -> Result<()> {
        self.catalog("Deployomatic").await?;
        stream::iter(0..reports)
            .map(|number| {
                let kind = if number % 2 == 0 { Kind::Map } else { Kind::Url };
                self.report(format!("r{number}"), kind, Some(CATALOG))
            })
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }

    /// Changes the catalog, so that the text of every report has to be read and analysed again.
    pub(super) async fn change_catalog(&self) -> Result<()> {
        self.catalog("Rolloutomatic").await
    }

    /// Creates a report and waits until it is Ready; how long that took.
    pub(super) async fn newcomer(&self, number: usize, kind: Kind, limit: Duration) -> Result<Duration> {
        let name = format!("newcomer{number}");
        let began = Instant::now();
        self.report(name.clone(), kind, None).await?;
        let path = format!("{GROUP}/namespaces/{}/conferencereports/{name}", self.namespace);
        loop {
            let report = self.request(Method::GET, &path, "application/json", &Value::Null).await?;
            let is_ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
            let conditions = report.pointer("/status/conditions").and_then(Value::as_array);
            if conditions.is_some_and(|conditions| conditions.iter().any(is_ready)) {
                return Ok(began.elapsed());
            }
            if began.elapsed() > limit {
                bail!("{name} was not Ready within {limit:?}: {}", report["status"]);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn report(&self, name: String, kind: Kind, catalog: Option<&str>) -> Result<()> {
        let text =
            format!("# KubeCon Europe 2024\n\nIn Paris we saw how Cilium works in a large cluster; notes of {name}.\n");
        let source = match kind {
            Kind::Inline => json!({"inline": text}),
            Kind::Map => {
                let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"report.md": text}});
                self.post(&format!("/api/v1/namespaces/{}/configmaps", self.namespace), &map).await?;
                json!({"configMapRef": {"name": name}})
            }
            Kind::Url => {
                let page = Page::new("text/markdown; charset=utf-8", text).header("etag", "\"1\"");
                self.server.put(&name, page);
                json!({"http": {"url": self.server.url(&name), "insecure": true}})
            }
        };
        let catalogs: Vec<Value> = catalog.into_iter().map(|name| json!({"name": name})).collect();
        let report = json!({
            "apiVersion": "confreports.dev/v1alpha1",
            "kind": "ConferenceReport",
            "metadata": {"name": name},
            // Nothing is due by itself while this lasts.
            "spec": {"source": source, "interval": "8760h", "catalogRefs": catalogs},
        });
        self.post(&format!("{GROUP}/namespaces/{}/conferencereports", self.namespace), &report).await
    }

    async fn catalog(&self, project: &str) -> Result<()> {
        let catalog = json!({
            "apiVersion": "confreports.dev/v1alpha1",
            "kind": "ReportCatalog",
            "metadata": {"name": CATALOG},
            "spec": {"projects": [{"name": project}]},
        });
        let path =
            format!("{GROUP}/namespaces/{}/reportcatalogs/{CATALOG}?fieldManager=test&force=true", self.namespace);
        self.request(Method::PATCH, &path, "application/apply-patch+yaml", &catalog).await.map(drop)
    }

    async fn post(&self, path: &str, object: &Value) -> Result<()> {
        self.request(Method::POST, path, "application/json", object).await.map(drop)
    }

    async fn request(&self, method: Method, path: &str, media_type: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::builder().method(method).uri(path).header("content-type", media_type).body(body)?;
        Ok(self.client.request(request).await?)
    }
}
