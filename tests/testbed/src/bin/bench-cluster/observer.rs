//! Looks on: a watch that tells when each report's status was seen to change. The same for every subject, and the only thing the driver
//! does while one is measured.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use kube::Client;
use kube::core::WatchEvent;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What is read of a report; the rest is skipped.
#[derive(Clone, Deserialize)]
struct Report {
    metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    resource_version: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    source: Option<Source>,
    catalog_revision: Option<String>,
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Clone, Deserialize)]
struct Source {
    revision: String,
}

#[derive(Clone, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

/// A status as it was seen.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Name of the report.
    pub name: String,
    /// Digest of the text it tells about.
    pub revision: Option<String>,
    /// Catalog it was made with.
    pub catalog: Option<String>,
    /// Whether it is Ready.
    pub ready: bool,
    /// When it was seen.
    pub at: Instant,
}

/// A watch on the reports of a namespace. Ends when it is dropped.
pub struct Observer {
    sightings: mpsc::UnboundedReceiver<Sighting>,
    task: JoinHandle<()>,
}

impl Observer {
    /// Starts looking, from now on.
    ///
    /// # Errors
    /// When the reports cannot be listed or watched.
    pub async fn start(client: &Client, namespace: &str) -> Result<Self> {
        let path = format!("/apis/confreports.dev/v1alpha1/namespaces/{namespace}/conferencereports");
        let list: serde_json::Value =
            client.request(http::Request::get(format!("{path}?limit=1")).body(Vec::new())?).await?;
        let from =
            list["metadata"]["resourceVersion"].as_str().context("a list without a resource version")?.to_owned();
        let (sender, sightings) = mpsc::unbounded_channel();
        let client = client.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = look(&client, &path, from, &sender).await {
                eprintln!("    the watch of the driver failed: {error}");
            }
        });
        Ok(Self { sightings, task })
    }

    /// The next status that is seen; none when the watch has failed.
    pub async fn next(&mut self) -> Option<Sighting> {
        self.sightings.recv().await
    }
}

/// Watches until nobody listens. The API server ends a watch that is read too slowly; it is opened again where it was.
async fn look(client: &Client, path: &str, mut from: String, sender: &mpsc::UnboundedSender<Sighting>) -> Result<()> {
    loop {
        let watch = format!("{path}?watch=true&timeoutSeconds=7200&resourceVersion={from}");
        let events = client.request_events::<Report>(http::Request::get(watch).body(Vec::new())?).await?;
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            let report = match event? {
                WatchEvent::Added(report) | WatchEvent::Modified(report) => report,
                WatchEvent::Error(status) => bail!("{status}"),
                WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => continue,
            };
            from = report.metadata.resource_version;
            let ready = report.status.conditions.iter().any(|it| it.kind == "Ready" && it.status == "True");
            let sighting = Sighting {
                name: report.metadata.name,
                revision: report.status.source.map(|source| source.revision),
                catalog: report.status.catalog_revision,
                ready,
                at: Instant::now(),
            };
            if sender.send(sighting).is_err() {
                return Ok(());
            }
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
