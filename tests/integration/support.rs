//! What the tests share: one cluster, operators with a namespace of their own, and waiting.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use testbed::cluster::Cluster;
use testbed::operator::Operator;

/// The cluster of all tests. It ends with the process, however that ends.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start().expect("the control plane should start; `make control-plane` provides it"))
}

/// A namespace with an operator that watches just this one.
pub struct Bench {
    pub namespace: String,
    pub operator: Operator,
}

impl Bench {
    pub fn new(purpose: &str, flags: &[&str]) -> Self {
        let namespace = cluster().namespace(purpose).unwrap();
        let operator = start_operator(&namespace, flags);
        Self { namespace, operator }
    }

    /// Applies manifests given as JSON.
    pub fn apply(&self, manifest: &Value) {
        cluster().apply(&self.namespace, &manifest.to_string()).unwrap();
    }

    /// kubectl in this namespace.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["-n", self.namespace.as_str()];
        all.extend(arguments);
        cluster().control_plane().run_kubectl(&all).unwrap()
    }

    /// A report as it is now.
    pub fn report(&self, name: &str) -> Value {
        serde_json::from_str(&self.kubectl(&["get", "conferencereport", name, "-o", "json"])).unwrap()
    }

    /// Waits until a report is as it should be; the report.
    pub fn until(&self, name: &str, what: &str, mut reached: impl FnMut(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let report = self.report(name);
            if reached(&report) {
                return report;
            }
            assert!(
                Instant::now() < deadline,
                "{name} never became {what}; it is\n{}\nThe operator logged\n{}",
                serde_json::to_string_pretty(&report["status"]).unwrap(),
                self.operator.log_text()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a report is ready for its present generation.
    pub fn until_ready(&self, name: &str) -> Value {
        self.until(name, "ready", is_ready)
    }
}

pub fn start_operator(namespace: &str, flags: &[&str]) -> Operator {
    let watch = format!("--watch-namespaces={namespace}");
    let mut all = vec![watch.as_str()];
    all.extend(flags);
    Operator::start(Path::new(env!("CARGO_BIN_EXE_conference-report-operator")), cluster(), namespace, &all).unwrap()
}

/// Ready, for the generation that it has now.
pub fn is_ready(report: &Value) -> bool {
    condition(report, "Ready").is_some_and(|ready| ready["status"] == "True")
        && report["status"]["observedGeneration"] == report["metadata"]["generation"]
}

/// A condition by its type.
pub fn condition<'a>(report: &'a Value, kind: &str) -> Option<&'a Value> {
    report["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Names in a list of the status.
pub fn names(report: &Value, list: &str) -> Vec<String> {
    let entries = report["status"][list].as_array().cloned().unwrap_or_default();
    entries.iter().filter_map(|entry| entry["name"].as_str().map(str::to_owned)).collect()
}
