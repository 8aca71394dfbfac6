//! `make demo`: real reports become status on a real Kubernetes API server, told step by step.
//!
//! The operator runs as it does in production: a process of its own, with the rights of its service account.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use testbed::cluster::Cluster;
use testbed::operator::Operator;
use testbed::progress::Step;
use testbed::report_server::{Page, ReportServer};

const NAMESPACE: &str = "reports";
/// The port that the samples are written for; the demo serves them on a free one.
const SAMPLE_PORT: &str = "https://localhost:8443/";

#[tokio::main]
async fn main() -> Result<()> {
    let binary = PathBuf::from(std::env::args().nth(1).context("usage: demo OPERATOR-BINARY")?);
    tokio::select! {
        result = demo(&binary) => result,
        // What was started is stopped when its owner is dropped.
        _ = tokio::signal::ctrl_c() => {
            if keep() {
                return Ok(());
            }
            bail!("interrupted; everything is stopped")
        }
    }
}

async fn demo(binary: &Path) -> Result<()> {
    let samples = testbed::repository().join("deploy/samples");

    let step = Step::start("Starting etcd and kube-apiserver, installing the CRDs and the operator's service account");
    let cluster = tokio::task::spawn_blocking(Cluster::start).await??;
    step.done(cluster.control_plane().url());

    let step = Step::start("Serving the HTML samples over HTTPS with a private certificate authority");
    let server = ReportServer::start().await?;
    for entry in fs::read_dir(samples.join("texts"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.ends_with(".html") {
            server.put(&name, Page::new("text/html; charset=utf-8", fs::read(&path)?).header("etag", "\"1\""));
        }
    }
    step.done(&server.url(""));

    let step = Step::start("Starting the operator as its service account");
    let port = format!("--http-allow-port={}", server.port());
    let operator = Operator::start(binary, &cluster, "demo", &["--http-allow-host=localhost", &port])?;
    step.done("ready");

    let step = Step::start("Applying the samples");
    kubectl(&cluster, &["create", "namespace", NAMESPACE])?;
    let authority = cluster.control_plane().folder().join("samples-ca.crt");
    fs::write(&authority, server.authority())?;
    let from_file = format!("--from-file=ca.crt={}", authority.display());
    kubectl(&cluster, &["-n", NAMESPACE, "create", "secret", "generic", "samples-ca", &from_file])?;
    let rendered = kubectl(&cluster, &["kustomize", &samples.display().to_string()])?;
    cluster.apply(NAMESPACE, &rendered.replace(SAMPLE_PORT, &server.url("")))?;
    step.done("kubectl apply -k deploy/samples");

    let step = Step::start(
        "Waiting: kubectl wait --for=condition=Ready conferencereports -l '!confreports.dev/broken-on-purpose'",
    );
    let good = "-l=!confreports.dev/broken-on-purpose";
    kubectl(&cluster, &["-n", NAMESPACE, "wait", "--for=condition=Ready", "--timeout=60s", "conferencereports", good])?;
    step.done("all Ready");

    show(&cluster, &["get", "conferencereports"])?;
    show(&cluster, &["get", "cfr", "--field-selector", "status.language=nl"])?;
    show(&cluster, &["get", "cfr", "nl-1-kubecon-2023-amsterdam", "-o", "yaml"])?;

    let step = Step::start("Editing a ConfigMap: one more sentence about Kyverno and Argo Rollouts");
    edit(&cluster).await?;
    step.done("the status follows");
    show(&cluster, &["get", "cfr", "inline-kubecon-2019-san-diego", "edited", "-o", "wide"])?;

    println!("\nOne sample is broken on purpose; its Ready condition says what to do:\n");
    let message = r#"jsonpath={range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\n"}{end}"#;
    show(&cluster, &["get", "cfr", "broken-key", "-o", message])?;

    if keep() {
        println!("\nEverything keeps running until Ctrl-C. In another terminal:\n");
        println!("  export KUBECONFIG={}", cluster.control_plane().kubeconfig().display());
        println!("  export PATH={}:$PATH", cluster.control_plane().assets().folder.display());
        println!("  kubectl get conferencereports -n {NAMESPACE} -o wide");
        println!("  kubectl explain conferencereport.spec.source\n");
        // Ctrl-C ends `main`, which drops everything that runs.
        std::future::pending::<()>().await;
    }
    let step = Step::start("Tidying up");
    tokio::task::spawn_blocking(move || (operator.stop(), drop(cluster))).await?;
    step.done("nothing is left running");
    Ok(())
}

/// Whether everything is to keep running at the end.
fn keep() -> bool {
    std::env::var("KEEP").is_ok_and(|value| value == "1")
}

/// Changes a ConfigMap and waits until the status tells of the new text.
async fn edit(cluster: &Cluster) -> Result<()> {
    let manifests = |text: &str| {
        serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edited"}, "data": {"report.md": text}},
            {"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": "edited"},
             "spec": {"source": {"configMapRef": {"name": "edited"}}}},
        ]})
        .to_string()
    };
    let before = "# KubeCon Europe 2024\n\nIn Paris we heard how Cilium replaced kube-proxy in a cluster of two thousand nodes.\n";
    let after =
        format!("{before}\nKyverno checks every manifest there, and Argo Rollouts shifts the traffic step by step.\n");
    cluster.apply(NAMESPACE, &manifests(before))?;
    kubectl(cluster, &["-n", NAMESPACE, "wait", "--for=condition=Ready", "--timeout=30s", "cfr/edited"])?;
    let names = |cluster: &Cluster| {
        kubectl(cluster, &["-n", NAMESPACE, "get", "cfr", "edited", "-o", "jsonpath={.status.projects[*].name}"])
    };
    let first = names(cluster)?;
    cluster.apply(NAMESPACE, &manifests(&after))?;
    for _ in 0..100 {
        let now = names(cluster)?;
        if now.contains("Argo Rollouts") && now.contains("Kyverno") {
            println!("\n  projects before: {first}\n  projects after:  {now}");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the status did not follow the edit of the ConfigMap within ten seconds; it names {}", names(cluster)?)
}

fn kubectl(cluster: &Cluster, arguments: &[&str]) -> Result<String> {
    cluster.control_plane().run_kubectl(arguments)
}

/// Runs kubectl and shows the command with what it prints.
fn show(cluster: &Cluster, arguments: &[&str]) -> Result<()> {
    let shown: Vec<&str> = arguments
        .iter()
        .map(|argument| if argument.starts_with("jsonpath") { "jsonpath=..." } else { argument })
        .collect();
    println!("\n$ kubectl -n {NAMESPACE} {}", shown.join(" "));
    let mut command: Command = cluster.control_plane().kubectl();
    let status = command.args(["-n", NAMESPACE]).args(arguments).status()?;
    if !status.success() {
        bail!("kubectl {} failed", arguments.join(" "));
    }
    Ok(())
}
