//! The limits that the operator is measured against, as processes of their own with the operator's rights and its client: a bare loop of
//! `GET` ConfigMap and `PATCH /status`, and a bare watch that answers each edit with the same two requests. No queue, no analysis.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use futures::{StreamExt, TryStreamExt, stream};
use kube::core::WatchEvent;
use kube::{Client, Config};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::statuses::{self, Statuses};
use crate::workload;

/// The operator asks for as little in the answer.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Limit {
    /// All reports, one after another, as many at a time as allowed.
    Loop,
    /// Each ConfigMap when it is edited.
    Watch,
}

/// Flags of a bare process.
#[derive(Args, Debug)]
pub struct BareArgs {
    /// Which limit
    #[arg(value_enum)]
    limit: Limit,
    /// Namespace of the reports
    #[arg(long, env = "NAMESPACE")]
    namespace: String,
    /// Folder with the prepared statuses
    #[arg(long, env = "STATUSES")]
    statuses: PathBuf,
    /// Requests at a time
    #[arg(long, env = "CONCURRENCY")]
    concurrency: usize,
    /// Number of reports
    #[arg(long, env = "REPORTS", default_value_t = 0)]
    reports: usize,
}

struct Bare {
    client: Client,
    namespace: String,
    statuses: Statuses,
}

/// Runs until everything is written, and then until it is stopped.
pub async fn run(arguments: &BareArgs) -> Result<()> {
    let bare = Arc::new(Bare {
        client: Client::try_from(Config::infer().await?)?,
        namespace: arguments.namespace.clone(),
        statuses: statuses::load(&arguments.statuses)?,
    });
    match arguments.limit {
        Limit::Loop => {
            // Each on a task of its own, as the operator's runs are.
            let tasks = stream::iter(0..arguments.reports).map(|report| {
                let bare = Arc::clone(&bare);
                async move { tokio::spawn(async move { bare.write(&workload::name(report), "0").await }).await? }
            });
            tasks.buffer_unordered(arguments.concurrency).try_for_each(|()| std::future::ready(Ok(()))).await?;
            std::future::pending().await
        }
        Limit::Watch => bare.watch(arguments.concurrency).await,
    }
}

#[derive(Clone, Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    resource_version: String,
}

impl Bare {
    /// The two requests, in the form in which the operator makes them: the ConfigMap is not to be older than it is known to be.
    async fn write(&self, name: &str, version: &str) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/configmaps/{name}?resourceVersion={version}", self.namespace);
        let get = http::Request::get(path);
        let map: Value = self.client.request(get.body(Vec::new())?).await?;
        let body = json!({
            "apiVersion": "confreports.dev/v1alpha1",
            "kind": "ConferenceReport",
            "metadata": {"name": name, "namespace": self.namespace},
            "status": statuses::of_map(&self.statuses, &map)?,
        });
        let path = format!(
            "/apis/confreports.dev/v1alpha1/namespaces/{}/conferencereports/{name}/status?fieldManager=bare&force=true&fieldValidation=Ignore",
            self.namespace
        );
        let patch = http::Request::patch(path)
            .header(http::header::ACCEPT, METADATA_ONLY)
            .header(http::header::CONTENT_TYPE, "application/apply-patch+yaml")
            .body(serde_json::to_vec(&body)?)?;
        self.client.request::<Named>(patch).await?;
        Ok(())
    }

    /// Answers every edit from now on.
    async fn watch(self: Arc<Self>, concurrency: usize) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/configmaps", self.namespace);
        let get = http::Request::get(format!("{path}?limit=1")).header(http::header::ACCEPT, METADATA_LIST);
        let list: Value = self.client.request(get.body(Vec::new())?).await?;
        let from = list["metadata"]["resourceVersion"].as_str().context("a list without a resource version")?;
        let watch = http::Request::get(format!("{path}?watch=true&resourceVersion={from}&timeoutSeconds=7200"))
            .header(http::header::ACCEPT, METADATA_ONLY);
        let events = self.client.request_events::<Named>(watch.body(Vec::new())?).await?;
        let edited = events.map(|event| event.map_err(anyhow::Error::from)).try_filter_map(|event| {
            std::future::ready(Ok(match event {
                WatchEvent::Modified(map) => Some(map.metadata),
                _ => None,
            }))
        });
        edited
            .try_for_each_concurrent(concurrency, |map| {
                let bare = Arc::clone(&self);
                async move { tokio::spawn(async move { bare.write(&map.name, &map.resource_version).await }).await? }
            })
            .await
    }
}

const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
