//! Puts the workload into a cluster, and edits it, as the administrator.

use std::fmt::Write;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use http::Request;
use kube::Client;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use testbed::cluster::Cluster;
use testbed::report_server::{Page, ReportServer};

use crate::workload::{self, Workload};

/// Objects that are created at a time.
const AT_A_TIME: usize = 24;
/// Name of the Secret with the certificate authority of the report server.
pub const AUTHORITY: &str = "bench-ca";
/// Name of the catalog that reports refer to where a refresh of all is to be had.
pub const CATALOG: &str = "bench";
/// Labels that share the reports out among shards: by two, and by four.
pub const SHARD_LABELS: [(usize, &str); 2] = [(2, "bench.confreports.dev/half"), (4, "bench.confreports.dev/quarter")];

/// Where the texts of reports are.
#[derive(Clone, Copy)]
pub enum Sources<'a> {
    /// All in ConfigMaps.
    ConfigMaps,
    /// All in ConfigMaps, and the reports refer to a catalog.
    WithCatalog,
    /// Three quarters in ConfigMaps, one behind URLs.
    Mixed(&'a ReportServer),
}

/// Objects of one namespace.
pub struct Objects<'a> {
    client: &'a Client,
    workload: &'a Workload,
    /// The namespace.
    pub namespace: String,
}

impl<'a> Objects<'a> {
    /// A new namespace without anything in it.
    pub fn new(cluster: &Cluster, client: &'a Client, workload: &'a Workload, purpose: &str) -> Result<Self> {
        Ok(Self { client, workload, namespace: cluster.namespace(purpose)? })
    }

    /// Creates reports with what they need.
    pub async fn create(&self, reports: usize, sources: Sources<'_>) -> Result<()> {
        match sources {
            Sources::ConfigMaps => {}
            Sources::WithCatalog => self.post(&self.catalogs(), &catalog(0)).await?,
            Sources::Mixed(server) => {
                let secret = json!({"metadata": {"name": AUTHORITY}, "stringData": {"ca.crt": server.authority()}});
                self.post(&self.core("secrets"), &secret).await?;
            }
        }
        let created = stream::iter(0..reports).map(|report| self.create_one(report, sources));
        created.buffer_unordered(AT_A_TIME).try_for_each(|()| std::future::ready(Ok(()))).await
    }

    async fn create_one(&self, report: usize, sources: Sources<'_>) -> Result<()> {
        let (name, text) = (workload::name(report), self.workload.text(report, 0));
        let source = match sources {
            Sources::Mixed(server) if report % 4 == 3 => {
                server.put(&name, Page::new(self.workload.media_type(report), text).header("etag", "\"1\""));
                json!({"http": {"url": server.url(&name), "certSecretRef": {"name": AUTHORITY}}})
            }
            _ => {
                let key = self.workload.key(report);
                self.post(&self.core("configmaps"), &json!({"metadata": {"name": name}, "data": {key: text}})).await?;
                json!({"configMapRef": {"name": name, "key": key}})
            }
        };
        let mut spec = json!({"source": source, "interval": "6h"});
        if matches!(sources, Sources::WithCatalog) {
            spec["catalogRefs"] = json!([{"name": CATALOG}]);
        }
        let labels: serde_json::Map<String, Value> = SHARD_LABELS
            .iter()
            .map(|(shards, label)| ((*label).to_owned(), Value::from((report % shards).to_string())))
            .collect();
        let object = json!({
            "apiVersion": "confreports.dev/v1alpha1",
            "kind": "ConferenceReport",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        });
        self.post(&self.own("conferencereports"), &object).await
    }

    /// Creates ConfigMaps that nothing refers to, of almost a mebibyte each.
    pub async fn create_unrelated(&self, count: usize) -> Result<()> {
        let mut filling = String::with_capacity(1 << 20);
        while filling.len() < (1 << 20) - 4096 {
            let _ = write!(filling, "{:x} nothing that a report is about. ", filling.len());
        }
        let created = stream::iter(0..count).map(|number| {
            let map = json!({"metadata": {"name": format!("unrelated-{number:05}")}, "data": {"filling": filling}});
            async move { self.post(&self.core("configmaps"), &map).await }
        });
        created.buffer_unordered(4).try_for_each(|()| std::future::ready(Ok(()))).await
    }

    /// Gives a report another text; the revision that its status will then have.
    pub fn edit(&self, report: usize, edit: usize) -> Result<(String, Request<Vec<u8>>)> {
        let text = self.workload.text(report, edit);
        let revision = workload::revision(&text);
        let patch = json!({"data": {self.workload.key(report): text}});
        let path = format!("{}/{}", self.core("configmaps"), workload::name(report));
        Ok((revision, merge_patch(&path, &patch)?))
    }

    /// Changes all ConfigMaps without changing a text.
    pub async fn touch(&self, reports: usize) -> Result<()> {
        let touched = stream::iter(0..reports).map(|report| async move {
            let path = format!("{}/{}", self.core("configmaps"), workload::name(report));
            let patch = json!({"metadata": {"annotations": {"bench.confreports.dev/touched": "yes"}}});
            self.client.request::<IgnoredAny>(merge_patch(&path, &patch)?).await?;
            anyhow::Ok(())
        });
        touched.buffer_unordered(AT_A_TIME).try_for_each(|()| std::future::ready(Ok(()))).await
    }

    /// Changes the catalog, which has all reports analysed anew that refer to it.
    pub async fn refresh(&self, wave: usize) -> Result<()> {
        let path = format!("{}/{CATALOG}", self.catalogs());
        self.client.request::<IgnoredAny>(merge_patch(&path, &catalog(wave))?).await?;
        Ok(())
    }

    async fn post(&self, path: &str, object: &Value) -> Result<()> {
        let request = Request::post(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(object)?)?;
        self.client.request::<IgnoredAny>(request).await?;
        Ok(())
    }

    fn catalogs(&self) -> String {
        self.own("reportcatalogs")
    }

    fn core(&self, resource: &str) -> String {
        format!("/api/v1/namespaces/{}/{resource}", self.namespace)
    }

    fn own(&self, resource: &str) -> String {
        format!("/apis/confreports.dev/v1alpha1/namespaces/{}/{resource}", self.namespace)
    }
}

/// A catalog that differs from wave to wave in a name that no text has.
fn catalog(wave: usize) -> Value {
    json!({
        "apiVersion": "confreports.dev/v1alpha1",
        "kind": "ReportCatalog",
        "metadata": {"name": CATALOG},
        "spec": {"projects": [{"name": format!("Benchwaveomatic {wave}")}]},
    })
}

fn merge_patch(path: &str, patch: &Value) -> Result<Request<Vec<u8>>> {
    Ok(Request::patch(path)
        .header(http::header::CONTENT_TYPE, "application/merge-patch+json")
        .body(serde_json::to_vec(patch)?)?)
}
