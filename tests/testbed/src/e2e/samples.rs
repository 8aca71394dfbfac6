//! The samples on the stage: texts in ConfigMaps, pages behind HTTPS, one report that is broken on purpose.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::stage::Stage;
use crate::report_server::{Page, ReportServer};

/// Namespace of the samples.
pub const NAMESPACE: &str = "reports";
/// Name of the server that has the pages.
pub const HOST: &str = "pages.example.test";
/// What the samples call it.
const SAMPLE_PORT: &str = "https://localhost:8443/";

/// Serves the HTML samples at an address that pods can reach.
///
/// # Errors
/// When the address is not ours.
pub async fn serve(address: IpAddr) -> Result<ReportServer> {
    let server = ReportServer::start_at(address, HOST).await?;
    for entry in fs::read_dir(crate::repository().join("deploy/samples/texts"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.ends_with(".html") {
            server.put(&name, Page::new("text/html; charset=utf-8", fs::read(&path)?).header("etag", "\"1\""));
        }
    }
    Ok(server)
}

/// Applies the samples; where there is no server, those that are fetched are left out.
///
/// # Errors
/// When the API server refuses one.
pub fn apply(stage: &Stage, server: Option<&ReportServer>) -> Result<()> {
    let folder = crate::repository().join("deploy/samples");
    let rendered = stage.kubectl(&["kustomize", &folder.display().to_string()])?;
    match server {
        Some(server) => {
            let authority = stage.folder().join("samples-ca.crt");
            fs::write(&authority, server.authority())?;
            let file = format!("--from-file=ca.crt={}", authority.display());
            stage.kubectl(&["-n", NAMESPACE, "create", "secret", "generic", "samples-ca", &file])?;
            stage.apply(NAMESPACE, &rendered.replace(SAMPLE_PORT, &server.url("")))
        }
        None => {
            let documents = rendered.split("\n---\n").filter(|document| !document.contains(SAMPLE_PORT));
            stage.apply(NAMESPACE, &documents.collect::<Vec<_>>().join("\n---\n"))
        }
    }
}

/// Waits for the samples and compares what they say with what they should; the number that is ready.
///
/// # Errors
/// When one is not as expected.
pub fn check(stage: &Stage) -> Result<usize> {
    let good = "-l=!confreports.dev/broken-on-purpose";
    stage.kubectl(&["-n", NAMESPACE, "wait", "--for=condition=Ready", "--timeout=90s", "conferencereports", good])?;
    let reports = stage.json(&["-n", NAMESPACE, "get", "conferencereports", good])?;
    let items = reports["items"].as_array().context("no list of reports")?;
    for report in items {
        let name = report["metadata"]["name"].as_str().unwrap_or_default();
        let edition = report["status"]["event"]["edition"].as_str().unwrap_or_default();
        let projects = report["status"]["projectCount"].as_i64().unwrap_or_default();
        if edition.is_empty() || projects < 3 {
            bail!("{name} is ready, but its status tells of the edition {edition:?} and of {projects} projects");
        }
    }
    let dutch = stage.kubectl(&["-n", NAMESPACE, "get", "cfr", "--field-selector=status.language=nl", "-o", "name"])?;
    if dutch.lines().count() != 2 {
        bail!("two samples are Dutch; --field-selector=status.language=nl finds\n{dutch}");
    }
    stage.until("the broken sample tells what is wrong", Duration::from_secs(30), || {
        let path = r#"jsonpath={.status.conditions[?(@.type=="Ready")].message}"#;
        let message = stage.kubectl(&["-n", NAMESPACE, "get", "cfr", "broken-key", "-o", path])?;
        Ok(message.contains("has no key"))
    })?;
    Ok(items.len())
}

/// The versions of all reports of a namespace: equal as long as nobody writes to them.
///
/// # Errors
/// When they cannot be read.
pub fn versions(stage: &Stage) -> Result<String> {
    let path = r#"jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion}{"\n"}{end}"#;
    stage.kubectl(&["-n", NAMESPACE, "get", "conferencereports", "-o", path])
}
