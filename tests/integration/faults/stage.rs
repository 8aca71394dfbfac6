//! Where a fault is played: a namespace, a proxy, an operator behind it, and a client of the test's own that goes around the proxy.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::faults::{FaultProxy, On};
use testbed::objects::Objects;
use testbed::operator::Operator;

use super::row::Case;
use crate::support::{cluster, config_map, is_ready, metric, report, search};

/// How long anything may take that takes milliseconds on an idle machine.
pub const SOON: Duration = Duration::from_secs(20);

/// What the operator watches.
pub const WATCHED: [&str; 3] = ["conferencereports", "configmaps", "reportcatalogs"];

pub struct Stage {
    pub namespace: String,
    pub proxy: FaultProxy,
    operator: Option<Operator>,
    starts: usize,
    objects: Objects,
}

impl Stage {
    /// A stage without an operator yet.
    pub fn new(purpose: &str) -> Self {
        let objects = Objects::new(cluster(), purpose).unwrap();
        let proxy = FaultProxy::start(cluster()).unwrap();
        Self { namespace: objects.namespace.clone(), proxy, operator: None, starts: 0, objects }
    }

    /// A stage with an operator that is ready.
    pub fn open(purpose: &str, flags: &[&str]) -> Self {
        let mut stage = Self::new(purpose);
        stage.start(flags);
        stage
    }

    /// Starts the operator and waits until it is ready.
    pub fn start(&mut self, flags: &[&str]) {
        self.launch(flags);
        self.operator.as_mut().unwrap().wait_until_ready().unwrap();
        // Lists come first. What a test does to watches is to befall those that there are.
        let deadline = Instant::now() + SOON;
        let watched = |resource: &&str| {
            self.proxy.calls(&On::watch(resource)).iter().any(|call| call.code.is_some() || call.injected)
        };
        while !WATCHED.iter().all(&watched) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Starts the operator without waiting.
    pub fn launch(&mut self, flags: &[&str]) {
        self.starts += 1;
        let name = format!("{}-{}", self.namespace, self.starts);
        self.operator = Some(self.run(&name, flags, &self.proxy));
    }

    /// Starts a second operator for the same reports, behind a proxy of its own, and waits until it is ready.
    pub fn second(&self, proxy: &FaultProxy) -> Operator {
        let mut operator = self.run(&format!("{}-second", self.namespace), &[], proxy);
        operator.wait_until_ready().unwrap();
        operator
    }

    fn run(&self, name: &str, flags: &[&str], proxy: &FaultProxy) -> Operator {
        let watch = format!("--watch-namespaces={}", self.namespace);
        let flags: Vec<&str> = std::iter::once(watch.as_str()).chain(flags.iter().copied()).collect();
        let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
        let mut operator = Operator::launch(binary, cluster(), name, &flags, &[], proxy.kubeconfig()).unwrap();
        let namespace = self.namespace.clone();
        operator.inspect_at_end(move |operator| search(&namespace, operator));
        operator
    }

    /// The operator that runs now.
    pub fn operator(&self) -> &Operator {
        self.operator.as_ref().expect("an operator should run")
    }

    /// Ends the operator with SIGKILL.
    pub fn kill(&mut self) {
        self.operator.take().unwrap().kill().unwrap();
    }

    /// Ends the operator with SIGTERM; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.operator.take().unwrap().stop()
    }

    /// Applies an object.
    pub fn apply(&self, object: &Value) {
        self.objects.apply(object).unwrap();
    }

    /// Deletes an object.
    pub fn delete(&self, kind: &str, name: &str) {
        self.objects.delete(kind, name).unwrap();
    }

    /// A report as it is now.
    pub fn report(&self, name: &str) -> Value {
        self.objects.get("ConferenceReport", name).unwrap()
    }

    /// All objects of a kind.
    pub fn all(&self, kind: &str) -> Vec<Value> {
        self.objects.all(kind).unwrap()
    }

    /// Waits until a report is as it should be.
    pub fn wait(
        &self,
        name: &str,
        limit: Duration,
        what: &str,
        reached: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let deadline = Instant::now() + limit;
        loop {
            let report = self.report(name);
            if reached(&report) {
                return Ok(report);
            }
            if Instant::now() > deadline {
                let log = self.operator.as_ref().map(Operator::log_text).unwrap_or_default();
                let log: Vec<&str> = log.lines().rev().take(12).collect();
                return Err(format!(
                    "{name} was not {what} within {limit:?}; it is {:#}\nlatest log lines first:\n{}",
                    report["status"],
                    log.join("\n")
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a report is Ready for its present generation.
    pub fn ready(&self, name: &str) -> Result<Value, String> {
        self.wait(name, SOON, "Ready", is_ready)
    }

    /// Waits until a report is Ready and names a project.
    pub fn names(&self, name: &str, project: &str) -> Result<Value, String> {
        self.wait(name, SOON, &format!("aware of {project}"), |report| is_ready(report) && mentions(report, project))
    }

    /// Waits until the reconcilers have asked for nothing for a while.
    pub fn quiet(&self) {
        let mut before = usize::MAX;
        loop {
            let now = self.proxy.calls(&On::reconcilers()).len();
            if now == before {
                return;
            }
            before = now;
            std::thread::sleep(Duration::from_millis(400));
        }
    }

    /// How many statuses were really written, whatever the operator heard of it.
    pub fn writes(&self) -> usize {
        ["conferencereports", "reportcatalogs"]
            .iter()
            .flat_map(|resource| self.proxy.calls(&On::patch(resource)))
            .filter(|call| call.succeeded())
            .count()
    }

    /// No more writes than content changes.
    pub fn writes_at_most(&self, most: usize) -> Case {
        self.quiet();
        let writes = self.writes();
        super::row::must(writes <= most, || format!("{writes} writes for {most} changes"))
    }

    /// Sum of the operator's metrics whose lines begin so.
    pub fn metric(&self, beginning: &str) -> f64 {
        metric(self.operator(), beginning)
    }
}

/// A ConfigMap with a text that names a project.
pub fn text(name: &str, project: &str) -> Value {
    let text = format!("# KubeCon Europe 2024\n\nIn Paris we saw how {project} works in a large Kubernetes cluster.\n");
    config_map(name, "report.md", &text)
}

/// A report on the ConfigMap of the same name.
pub fn on_map(name: &str) -> Value {
    report(name, json!({"source": {"configMapRef": {"name": name}}}))
}

/// A report that holds its text, which names a project.
pub fn inline(name: &str, project: &str) -> Value {
    report(
        name,
        json!({"source": {"inline": format!("At KubeCon Europe 2024 we saw how {project} works in a large Kubernetes cluster.")}}),
    )
}

/// Whether a report's status names a project.
pub fn mentions(report: &Value, project: &str) -> bool {
    crate::support::names(report, "projects").iter().any(|name| name == project)
}
