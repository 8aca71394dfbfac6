//! `make e2e`: the image of this tree, installed by Helm on a real node, used, upgraded, restarted under load, removed. Each step checks
//! what a user would check, and says how long it took.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::json;
use testbed::e2e::stage::Stage;
use testbed::e2e::{self, audit, install, load, samples};
use testbed::progress::Step;
use testbed::report_server::ReportServer;
use testbed::sandbox;

/// Reports for the figure on memory.
const MANY: usize = 1000;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [archive] = arguments.as_slice() else {
        bail!("usage: e2e IMAGE-ARCHIVE; with KUBECONFIG set on that cluster, else on a node of its own");
    };
    e2e::perform(async |stage| {
        // Pods reach the pages at the node's address; those of a foreign cluster cannot reach this process.
        let server = match stage.node() {
            Some(_) => Some(samples::serve(sandbox::NODE.into()).await?),
            None => None,
        };
        let archive = archive.clone();
        e2e::on_thread(move || {
            let figures = steps(&stage, server.as_ref(), &archive)?;
            println!("\n{figures}");
            Ok(())
        })
        .await
    })
    .await
}

fn steps(stage: &Stage, server: Option<&ReportServer>, archive: &Path) -> Result<String> {
    let began = Instant::now();
    let size = std::fs::metadata(archive).with_context(|| archive.display().to_string())?.len();

    let step = Step::start("Giving the node the image");
    stage.load(archive)?;
    for namespace in [install::NAMESPACE, samples::NAMESPACE, load::NAMESPACE] {
        install::restricted_namespace(stage, namespace)?;
    }
    step.done(&format!("{:.1} MB as an archive", size as f64 / 1e6));

    let values = install::values(stage, server);
    let first = Instant::now();
    let previous = install::Previous::find()?;
    let step = Step::start(format!("helm install --wait: {}", previous.title));
    install::helm(stage, "install", &previous.chart, &previous.values(&values), &[])?;
    install::check_pod(stage)?;
    step.done("ready, in a namespace that enforces the level restricted");

    let step = Step::start("A first report");
    stage.apply("default", &inline("first").to_string())?;
    stage.kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", "conferencereport/first"])?;
    let to_first_report = first.elapsed();
    step.done("Ready");

    let step = Step::start("kubectl apply -k deploy/samples");
    samples::apply(stage, server)?;
    let ready = samples::check(stage)?;
    let pages = server.map_or(0, |server| server.seen().iter().filter(|seen| seen.status == 200).count());
    step.done(&format!("{ready} reports are Ready, {pages} pages were fetched, the broken one says what is wrong"));
    let idle = install::metric(&install::metrics(stage)?, "process_resident_memory_bytes")?;

    let step = Step::start("What people may do: view, edit, admin");
    install::check_people(stage, samples::NAMESPACE)?;
    step.done("as it should be");

    let step = Step::start("helm upgrade --wait to this tree's chart");
    let before = samples::versions(stage)?;
    install::helm(stage, "upgrade", &install::chart(), &values, &[])?;
    install::check_pod(stage)?;
    samples::check(stage)?;
    if samples::versions(stage)? != before {
        bail!("the upgrade wrote to reports that had not changed:\n{before}\n{}", samples::versions(stage)?);
    }
    step.done("no report was written to");

    let step = Step::start("helm test");
    install::test(stage)?;
    step.done("a report went the whole way");

    let step = Step::start("Edits while all pods are replaced");
    let edits = load::roll(stage)?;
    step.done(&format!("{edits} edits, none lost"));

    let step = Step::start(format!("{MANY} reports"));
    load::many(stage, MANY)?;
    let full = install::metric(&install::metrics(stage)?, "process_resident_memory_bytes")?;
    step.done("all Ready");

    let step = Step::start("What was asked of the API server");
    let kinds = audit_log(stage)?;
    step.done(&kinds);

    let step = Step::start("helm uninstall --wait");
    install::uninstall(stage)?;
    samples::check(stage)?;
    step.done("the definitions and all reports are still there, nothing else");

    let step = Step::start("helm install once more, over what was kept");
    let before = samples::versions(stage)?;
    install::helm(stage, "install", &install::chart(), &values, &[])?;
    stage.apply("default", &inline("second").to_string())?;
    stage.kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", "conferencereport/second"])?;
    if samples::versions(stage)? != before {
        bail!("installing over kept reports wrote to them");
    }
    install::uninstall(stage)?;
    step.done("no report was written to");

    let step = Step::start("kubectl apply -f deploy/install.yaml, a report, kubectl delete");
    stage.kubectl(&["delete", "namespace", install::NAMESPACE, "--timeout=60s"])?;
    install::plain_manifests(stage, &testbed::repository().join("deploy/install.yaml"), stage.node().is_some())?;
    step.done("everything is gone");

    let mib = |bytes: f64| bytes / 1024.0 / 1024.0;
    Ok(format!(
        "image archive             {:.1} MB\n\
         helm install to a report  {:.1} s\n\
         resident memory, idle     {:.1} MiB\n\
         with {MANY} reports more  {:.1} MiB\n\
         all steps                 {:.0} s",
        size as f64 / 1e6,
        to_first_report.as_secs_f64(),
        mib(idle),
        mib(full),
        began.elapsed().as_secs_f64()
    ))
}

fn inline(name: &str) -> serde_json::Value {
    json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": name},
           "spec": {"source": {"inline": "# KubeCon Europe 2024\n\nIn Paris everybody talked about Cilium and eBPF."}}})
}

/// Nothing was refused, nothing outside the roles was asked, and no rule of the roles was without use.
fn audit_log(stage: &Stage) -> Result<String> {
    let Some(node) = stage.node() else {
        return Ok("left out: the log of a foreign cluster is not ours to read".to_owned());
    };
    // The log is written in batches.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let account = format!("{}:{}", install::NAMESPACE, install::RELEASE);
    let (asked, refused) = audit::requests(&node.control_plane().audit_log(), &account)?;
    let cluster_role = stage.json(&["get", "clusterrole", install::RELEASE])?;
    let roles = stage.json(&["-n", install::NAMESPACE, "get", "roles"])?;
    let granted = audit::granted(std::iter::once(&cluster_role).chain(roles["items"].as_array().into_iter().flatten()));
    let outside: Vec<_> = asked.difference(&granted).collect();
    if !refused.is_empty() || !outside.is_empty() {
        bail!("refused: {refused:?}; asked for without a rule: {outside:?}");
    }
    let unused: Vec<String> =
        granted.difference(&asked).map(|(verb, _, resource)| format!("{verb} {resource}")).collect();
    let rest =
        if unused.is_empty() { String::new() } else { format!("; not needed in this run: {}", unused.join(", ")) };
    Ok(format!("{} kinds of requests, none refused, none beyond the roles{rest}", asked.len()))
}
