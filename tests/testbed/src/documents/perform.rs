//! Performs the pages on a node: each in a copy of the tree and a namespace of its own, with kubectl, Helm and the operator on the path, and what
//! is not theirs out of the way.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::page::{self, Page};
use crate::e2e::install::{self, NAMESPACE as OPERATOR};
use crate::e2e::stage::Stage;
use crate::progress::Step;
use crate::{on_path, output, repository, tail};

/// The longest that the commands of a page may take, in seconds.
const WITHIN: u64 = 300;
/// What pages use beside kubectl, Helm and the operator.
const NEEDED: [&str; 6] = ["bash", "timeout", "git", "curl", "jq", "openssl"];
/// What pages refer to of the tree, beside the program.
const CONTENT: [&str; 4] = ["charts", "crds", "deploy", "docs"];

/// Performs pages, first those that install the operator themselves, then those that need one that is there.
///
/// # Errors
/// When a command fails or prints something else than the page shows; page, line and the last words of what was performed are printed.
pub fn perform(stage: &Stage, binary: &Path, pages: &[PathBuf]) -> Result<()> {
    let tools = tools(stage, binary)?;
    let mut parsed = Vec::new();
    for path in pages {
        let text = fs::read_to_string(repository().join(path)).with_context(|| path.display().to_string())?;
        parsed.push((path.as_path(), Page::parse(&text).with_context(|| path.display().to_string())?));
    }
    parsed.sort_by_key(|(_, page)| page.needs_operator);
    let mut installed = false;
    let mut faults = 0;
    for (path, page) in &parsed {
        for (line, reason) in &page.skipped {
            println!("SKIPPED {}:{line}: {reason}", path.display());
        }
        if page.blocks == 0 {
            continue;
        }
        let step = Step::start(path.display().to_string());
        if page.needs_operator && !installed {
            install::helm(stage, "install", &install::chart(), &json!({}), &["--create-namespace"])?;
            installed = true;
        }
        let mut outcome = format!("{} blocks", page.blocks);
        if let Err(fault) = one(stage, &tools, path, page) {
            faults += 1;
            eprintln!("{fault:#}\n");
            outcome = "FAILED".to_owned();
        }
        if !page.needs_operator {
            remove(stage)?;
        }
        step.done(&outcome);
    }
    if faults > 0 {
        bail!("{faults} pages do not do what they say, see above");
    }
    if !installed {
        stage.kubectl(&["apply", "--server-side", "-k", &repository().join("crds").display().to_string()])?;
    }
    manifests(stage, &parsed)
}

/// A folder with the programs that pages call.
fn tools(stage: &Stage, binary: &Path) -> Result<PathBuf> {
    let missing: Vec<&str> = NEEDED.into_iter().filter(|program| !on_path(program)).collect();
    if !missing.is_empty() {
        bail!("the pages use programs that are missing here: {}", missing.join(", "));
    }
    let folder = stage.folder().join("tools");
    fs::create_dir(&folder)?;
    for (name, program) in
        [("kubectl", stage.kubectl_program()), ("helm", stage.helm_program()), ("conference-report-operator", binary)]
    {
        symlink(program, folder.join(name))?;
    }
    Ok(folder)
}

/// Performs one page and compares what its commands print with what it shows.
fn one(stage: &Stage, tools: &Path, path: &Path, page: &Page) -> Result<()> {
    let name: String = path.display().to_string().to_lowercase().replace(['/', '.'], "-");
    let place = Place::make(stage, tools, &name)?;
    let status = place.run(tools, &page.script)?;
    let path = path.display();
    if !status.success() {
        let line = fs::read_to_string(place.printed.join("failed")).unwrap_or_default();
        let line = line.trim();
        // What a command of a console block printed is in a file of its own.
        let printed = tail(&place.printed.join(line), 20);
        let why = if status.code() == Some(124) { format!("no end after {WITHIN} s") } else { status.to_string() };
        bail!("{path}:{line}: a command fails ({why}):\n{}\n{printed}", tail(&place.log, 20));
    }
    for (line, promised) in &page.promises {
        let printed = fs::read_to_string(place.printed.join(line.to_string())).unwrap_or_default();
        if let Some(missing) = page::missing(promised, &printed) {
            bail!("{path}:{line}: the page shows\n  {missing}\nbut the command prints\n{printed}");
        }
    }
    Ok(())
}

/// What a page has for itself: a copy of the tree, a home, a namespace, and a folder for what is printed.
struct Place {
    tree: PathBuf,
    home: PathBuf,
    printed: PathBuf,
    kubeconfig: PathBuf,
    log: PathBuf,
}

impl Place {
    fn make(stage: &Stage, tools: &Path, name: &str) -> Result<Self> {
        let folder = stage.folder().join(name);
        let [tree, home, printed, kubeconfig, log] =
            ["tree", "home", "printed", "kubeconfig", "log"].map(|part| folder.join(part));
        for folder in [&home, &printed, &tree.join("target/release")] {
            fs::create_dir_all(folder)?;
        }
        for folder in CONTENT {
            output(Command::new("cp").arg("-r").arg(repository().join(folder)).arg(&tree))?;
        }
        symlink(tools.join("conference-report-operator"), tree.join("target/release/conference-report-operator"))?;
        fs::copy(stage.kubeconfig(), &kubeconfig)?;
        let mut kubectl = Command::new(stage.kubectl_program());
        let namespace = format!("--namespace={name}");
        output(kubectl.env("KUBECONFIG", &kubeconfig).args(["config", "set-context", "--current", &namespace]))?;
        stage.kubectl(&["create", "namespace", name])?;
        Ok(Self { tree, home, printed, kubeconfig, log })
    }

    /// Runs a script; how it ended.
    fn run(&self, tools: &Path, script: &str) -> Result<ExitStatus> {
        let file = self.home.with_file_name("script");
        fs::write(&file, script)?;
        let log = fs::File::create(&self.log)?;
        let search = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
        let mut timeout = Command::new("timeout");
        timeout.args(["--kill-after=5", &WITHIN.to_string(), "bash"]).arg(file).current_dir(&self.tree);
        timeout.env("PATH", search).env("HOME", &self.home).env("KUBECONFIG", &self.kubeconfig);
        timeout.env("OUTPUT", &self.printed).env("GIT_CONFIG_GLOBAL", "/dev/null");
        Ok(timeout.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).status()?)
    }
}

/// The manifests that pages show are accepted by the API server.
fn manifests(stage: &Stage, pages: &[(&Path, Page)]) -> Result<()> {
    let step = Step::start("Manifests that the pages show");
    let file = stage.folder().join("shown.yaml");
    let mut count = 0;
    for (path, page) in pages {
        for (line, text) in &page.manifests {
            fs::write(&file, text)?;
            stage
                .kubectl(&["apply", "--dry-run=server", "-f", &file.display().to_string()])
                .with_context(|| format!("{}:{line}", path.display()))?;
            count += 1;
        }
    }
    step.done(&format!("the API server accepts all {count}"));
    Ok(())
}

/// Removes what a page may have left of the operator, so that the next one meets a cluster without it.
fn remove(stage: &Stage) -> Result<()> {
    let label = "-l=app.kubernetes.io/name=conference-report-operator";
    stage.kubectl(&["delete", "namespace", OPERATOR, "--ignore-not-found", "--timeout=90s"])?;
    stage.kubectl(&["delete", "clusterroles,clusterrolebindings", label])?;
    stage.kubectl(&[
        "delete",
        "crd",
        "--ignore-not-found",
        "conferencereports.confreports.dev",
        "reportcatalogs.confreports.dev",
    ])?;
    stage.until("the definitions are gone", Duration::from_secs(30), || {
        let left: Value = stage.json(&["get", "crd"])?;
        Ok(left["items"].as_array().is_some_and(Vec::is_empty))
    })
}
