//! `make e2e-flux`: from a commit to a Ready report by the real Flux controllers, with the example of `deploy/flux`: a report is added,
//! broken, mended and removed in Git, and Flux says at each step what it should.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use testbed::e2e::stage::Stage;
use testbed::e2e::{self, install};
use testbed::flux::{self, Flux};
use testbed::git_server::GitServer;
use testbed::progress::Step;
use testbed::{output, repository};

/// The longest time that a step may take.
const WITHIN: Duration = Duration::from_secs(90);

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [binary, archive] = arguments.as_slice() else {
        bail!("usage: e2e-flux OPERATOR-BINARY IMAGE-ARCHIVE");
    };
    e2e::perform(async |stage| {
        let folder = stage.folder().join("git");
        fs::create_dir(&folder)?;
        let team = Repository::create(&folder, "team", &repository().join("deploy/flux"))?;
        let product = Repository::of_this_tree(&folder)?;
        let server = GitServer::start(&folder).await?;
        let urls =
            [("conference-report-operator", server.url(&product.name)), ("conference-reports", server.url(&team.name))];
        let (binary, archive) = (binary.clone(), archive.clone());
        e2e::on_thread(move || story(&stage, &binary, &archive, &team, &urls)).await
    })
    .await
}

fn story(stage: &Stage, binary: &Path, archive: &Path, team: &Repository, urls: &[(&str, String)]) -> Result<()> {
    let step = Step::start("Giving the node the image, starting Flux's controllers");
    stage.load(archive)?;
    let _flux = Flux::start(stage)?;
    step.done("nothing of ours is installed");

    let step = Step::start("kubectl apply -k deploy/flux/clusters/my-cluster");
    let example = repository().join("deploy/flux/clusters/my-cluster").display().to_string();
    stage.apply(flux::NAMESPACE, &on_loopback(&stage.kubectl(&["kustomize", &example])?, urls)?)?;
    until(stage, "the operator's Kustomization is Ready", || {
        Ok(ready(stage, "conference-report-operator")?.0 == "True")
    })?;
    install::check_pod(stage)?;
    step.done("Flux has installed the operator, and its pods are ready");

    let step = Step::start("The reports of the repository");
    until(stage, "the Kustomization of the reports is Ready", || {
        Ok(is_at(stage, team)? && ready(stage, REPORTS)?.0 == "True")
    })?;
    let found = stage.kubectl(&["-n", "reports", "get", "conferencereports"])?;
    step.done("Ready, and so is their Kustomization");
    println!("\n{found}");

    let step = Step::start("A commit adds a report, made by `manifest --kustomize`");
    let notes = "# KubeCon North America 2022\n\nIn Detroit we learned how Linkerd and Istio differ, and why Kyverno is on every slide.\n";
    fs::write(team.folder.join("Detroit notes.md"), notes)?;
    output(
        Command::new(binary).args(["manifest", "--kustomize", "reports", "Detroit notes.md"]).current_dir(&team.folder),
    )?;
    fs::remove_file(team.folder.join("Detroit notes.md"))?;
    let commit = Instant::now();
    team.push(stage, "Detroit")?;
    until(stage, "the new report is Ready through Flux", || {
        Ok(is_at(stage, team)? && ready(stage, REPORTS)?.0 == "True")
    })?;
    let edition =
        stage.kubectl(&["-n", "reports", "get", "cfr", "detroit-notes", "-o", "jsonpath={.status.event.edition}"])?;
    if edition != "North America 2022" {
        bail!("the report was read as {edition:?}");
    }
    step.done(&format!("Ready {:.1} s after the commit", commit.elapsed().as_secs_f64()));

    let step = Step::start("A commit breaks it: somebody saved an empty file");
    let text = team.folder.join("reports/Detroit-notes.md");
    let good = fs::read_to_string(&text)?;
    fs::write(&text, "\n")?;
    team.push(stage, "Break it")?;
    let mut message = String::new();
    until(stage, "the health check of the Kustomization is red", || {
        let (status, reason, said) = ready(stage, REPORTS)?;
        message = said;
        Ok(status == "False" && reason == "HealthCheckFailed" && is_attempted(stage, team)?)
    })?;
    if !message.contains("detroit-notes") {
        bail!("Flux does not name the report: {message}");
    }
    let own = stage.kubectl(&[
        "-n",
        "reports",
        "get",
        "cfr",
        "detroit-notes",
        "-o",
        r#"jsonpath={.status.conditions[?(@.type=="Ready")].message}"#,
    ])?;
    if !own.contains("holds no text") {
        bail!("the report does not say what is wrong: {own}");
    }
    step.done("red");
    println!("\n  Flux says: {message}\n  The report says: {own}\n");

    let step = Step::start("A revert heals it");
    fs::write(&text, good)?;
    team.push(stage, "Revert \"Break it\"")?;
    until(stage, "the Kustomization is Ready again", || Ok(is_at(stage, team)? && ready(stage, REPORTS)?.0 == "True"))?;
    step.done("green");

    let step = Step::start("Flux applies again and again, the operator looks on");
    let before = versions(stage)?;
    for _ in 0..3 {
        reconcile(stage, "kustomization", REPORTS)?;
        std::thread::sleep(Duration::from_secs(2));
    }
    if versions(stage)? != before {
        bail!("somebody writes although nothing has changed:\n{before}\n{}", versions(stage)?);
    }
    let managers = stage.kubectl(&["-n", "reports", "get", "cfr", "--show-managed-fields", "-o", "json"])?;
    check_owners(&serde_json::from_str(&managers)?)?;
    step.done("nobody writes; Flux owns no field of a status, the operator none of a spec");

    let step = Step::start("A commit removes it");
    fs::remove_file(team.folder.join("reports/detroit-notes.report.yaml"))?;
    fs::remove_file(&text)?;
    let kustomization = team.folder.join("reports/kustomization.yaml");
    let lines = fs::read_to_string(&kustomization)?;
    fs::write(&kustomization, without_report(&lines, "detroit-notes", "Detroit-notes.md"))?;
    team.push(stage, "Remove it")?;
    until(stage, "Flux has pruned the report and its ConfigMap", || {
        let left = stage.kubectl(&["-n", "reports", "get", "conferencereports,configmaps", "-o", "name"])?;
        Ok(!left.contains("detroit"))
    })?;
    step.done("pruned");

    Ok(())
}

/// The Kustomization of the reports.
const REPORTS: &str = "conference-reports";

fn until(stage: &Stage, what: &str, mut reached: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + WITHIN;
    while !reached()? {
        if Instant::now() > deadline {
            let state = stage.kubectl(&[
                "get",
                "gitrepositories,kustomizations.kustomize.toolkit.fluxcd.io,conferencereports",
                "-A",
                "-o",
                "wide",
            ])?;
            bail!("waited {} s in vain: {what}\n{state}", WITHIN.as_secs());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// The example with the addresses of this run, and without waiting long for anything.
fn on_loopback(manifests: &str, urls: &[(&str, String)]) -> Result<String> {
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(manifests)?;
    for document in &mut documents {
        let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if document["kind"] == "GitRepository" {
            let (_, url) = urls.iter().find(|(repository, _)| *repository == name).context("an unknown repository")?;
            document["spec"]["url"] = url.as_str().into();
            document["spec"]["ref"] = serde_json::json!({"branch": "main"});
        }
        if document["kind"] == "Kustomization" {
            document["spec"]["retryInterval"] = "2s".into();
            document["spec"]["timeout"] = if name == REPORTS { "15s".into() } else { "60s".into() };
        }
    }
    Ok(serde_json::json!({"apiVersion": "v1", "kind": "List", "items": documents}).to_string())
}

fn kustomization(stage: &Stage, name: &str) -> Result<Value> {
    let json = stage.kubectl(&[
        "-n",
        flux::NAMESPACE,
        "get",
        "kustomization.kustomize.toolkit.fluxcd.io",
        name,
        "-o",
        "json",
    ])?;
    Ok(serde_json::from_str(&json)?)
}

fn ready(stage: &Stage, name: &str) -> Result<(String, String, String)> {
    Ok(flux::ready(&kustomization(stage, name)?))
}

/// Whether the last commit of the team has been applied and found healthy.
fn is_at(stage: &Stage, team: &Repository) -> Result<bool> {
    let applied =
        kustomization(stage, REPORTS)?["status"]["lastAppliedRevision"].as_str().unwrap_or_default().to_owned();
    Ok(applied.ends_with(&team.head()?))
}

fn is_attempted(stage: &Stage, team: &Repository) -> Result<bool> {
    let tried =
        kustomization(stage, REPORTS)?["status"]["lastAttemptedRevision"].as_str().unwrap_or_default().to_owned();
    Ok(tried.ends_with(&team.head()?))
}

/// Has Flux look at once, as `flux reconcile` does.
fn reconcile(stage: &Stage, kind: &str, name: &str) -> Result<()> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let kind = if kind == "kustomization" { "kustomization.kustomize.toolkit.fluxcd.io" } else { "gitrepository" };
    let request = format!("reconcile.fluxcd.io/requestedAt={now}");
    stage.kubectl(&["-n", flux::NAMESPACE, "annotate", "--overwrite", kind, name, &request])?;
    Ok(())
}

fn versions(stage: &Stage) -> Result<String> {
    let path = r#"jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}"#;
    stage.kubectl(&["-n", "reports", "get", "conferencereports", "-o", path])
}

/// Each field has the one owner that it should have.
fn check_owners(reports: &Value) -> Result<()> {
    for report in reports["items"].as_array().into_iter().flatten() {
        for entry in report["metadata"]["managedFields"].as_array().into_iter().flatten() {
            let manager = entry["manager"].as_str().unwrap_or_default();
            let (spec, status) = (!entry["fieldsV1"]["f:spec"].is_null(), !entry["fieldsV1"]["f:status"].is_null());
            if (manager == "kustomize-controller" && status) || (manager == "conference-report-operator" && spec) {
                bail!("{manager} owns what is not its own in {}: {entry}", report["metadata"]["name"]);
            }
        }
    }
    Ok(())
}

/// A kustomization without the lines of one report.
fn without_report(text: &str, name: &str, file: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("- name: {name}") {
            // Its `files:` and the one file.
            lines.next();
            lines.next();
        } else if !line.contains(&format!("{name}.report.yaml")) && !line.contains(file) {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

/// A repository with a work tree, and the bare one that is served.
struct Repository {
    name: String,
    folder: PathBuf,
    bare: PathBuf,
}

impl Repository {
    /// A new repository with the content of a folder.
    fn create(root: &Path, name: &str, content: &Path) -> Result<Self> {
        let folder = root.join(format!("{name}-work"));
        output(Command::new("cp").arg("-r").arg(content).arg(&folder))?;
        let this = Self { name: format!("{name}.git"), folder, bare: root.join(format!("{name}.git")) };
        this.git(&["init", "--quiet", "--initial-branch=main"])?;
        this.commit("First")?;
        output(Command::new("git").args(["clone", "--quiet", "--bare"]).args([&this.folder, &this.bare]))?;
        Ok(this)
    }

    /// What Flux applies of this tree, as it is here and now.
    fn of_this_tree(root: &Path) -> Result<Self> {
        let content = root.join("product-content");
        fs::create_dir(&content)?;
        for folder in ["crds", "deploy"] {
            output(Command::new("cp").arg("-r").arg(repository().join(folder)).arg(&content))?;
        }
        Self::create(root, "product", &content)
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.test", "-c", "commit.gpgsign=false"];
        output(Command::new("git").current_dir(&self.folder).args(identity).args(arguments))
    }

    fn commit(&self, message: &str) -> Result<()> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])?;
        Ok(())
    }

    /// Commits, pushes, and has Flux look at once.
    fn push(&self, stage: &Stage, message: &str) -> Result<()> {
        self.commit(message)?;
        self.git(&["push", "--quiet", &self.bare.display().to_string(), "main"])?;
        reconcile(stage, "gitrepository", REPORTS)
    }

    fn head(&self) -> Result<String> {
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_owned())
    }
}
