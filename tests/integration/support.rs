//! What the tests share: one cluster, operators with a namespace of their own, waiting, and the search for what must never show.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
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

    /// The same, with environment variables for the operator.
    pub fn with_environment(purpose: &str, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let namespace = cluster().namespace(purpose).unwrap();
        let operator = start_operator_with(&namespace, flags, variables);
        Self { namespace, operator }
    }

    /// Applies many manifests at once.
    pub fn apply_all(&self, items: Vec<Value>) {
        self.apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}));
    }

    /// All reports, as they are now.
    pub fn reports(&self) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.kubectl(&["get", "conferencereports", "-o", "json"])).unwrap();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Has a report looked at now, and waits until it was.
    pub fn look_now(&self, name: &str, request: &str) -> Value {
        let annotation = format!("reconcile.fluxcd.io/requestedAt={request}");
        self.kubectl(&["annotate", "--overwrite", "cfr", name, &annotation]);
        self.until(name, "looked at", |report| report["status"]["lastHandledReconcileAt"] == request)
    }

    /// Sum of the operator's metrics whose lines begin so.
    pub fn metric(&self, beginning: &str) -> f64 {
        metric(&self.operator, beginning)
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

/// Secrets, and bodies that are no report, hold this word in every test. It must show nowhere: not in logs, metrics, events or statuses.
pub const PLANTED: &str = "planted";

/// Sum of an operator's metrics whose lines begin so.
pub fn metric(operator: &Operator, beginning: &str) -> f64 {
    let metrics = operator.metrics().unwrap();
    let lines = metrics.lines().filter(|line| line.starts_with(beginning));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Searches for it, in all that an operator and its reports show. Every operator of every test ends with this.
pub fn search(namespace: &str, operator: &Operator) {
    let list = |what: &str| {
        let list = cluster().control_plane().run_kubectl(&["-n", namespace, "get", what, "-o", "json"]).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        list["items"].as_array().cloned().unwrap_or_default()
    };
    let statuses: Vec<Value> = list("conferencereports").iter().map(|report| report["status"].clone()).collect();
    for (place, text) in [
        ("the log", operator.log_text()),
        ("the metrics", operator.metrics().unwrap_or_default()),
        ("an event", json!(list("events.v1.events.k8s.io")).to_string()),
        ("a status", json!(statuses).to_string()),
    ] {
        let around = |at: usize| {
            String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(300)..]).chars().take(600).collect::<String>()
        };
        let found = text.find(PLANTED).map(around);
        assert_eq!(found, None, "{place} in {namespace} shows what must not be seen");
    }
}

pub fn start_operator(namespace: &str, flags: &[&str]) -> Operator {
    start_operator_with(namespace, flags, &[])
}

fn start_operator_with(namespace: &str, flags: &[&str], variables: &[(&str, &str)]) -> Operator {
    let watch = format!("--watch-namespaces={namespace}");
    // As talkative as an administrator would make it while looking for a fault.
    let mut all = vec![watch.as_str(), "--log-level=info,conference_report_operator=debug"];
    all.extend(flags);
    let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
    let mut operator = Operator::start_with(binary, cluster(), namespace, &all, variables).unwrap();
    let namespace = namespace.to_owned();
    operator.inspect_at_end(move |operator| search(&namespace, operator));
    operator
}

/// A ConfigMap with one text.
pub fn config_map(name: &str, key: &str, text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {key: text}})
}

/// A Secret.
pub fn secret(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data})
}

/// A report.
pub fn report(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": name}, "spec": spec})
}

/// Reason of the Ready condition.
pub fn ready_reason(report: &Value) -> String {
    condition(report, "Ready").and_then(|ready| ready["reason"].as_str()).unwrap_or_default().to_owned()
}

/// Message of the Ready condition.
pub fn ready_message(report: &Value) -> String {
    condition(report, "Ready").and_then(|ready| ready["message"].as_str()).unwrap_or_default().to_owned()
}

/// What the API server was asked in a namespace, from its audit log.
pub fn audit(namespace: &str) -> Vec<Value> {
    // The API server writes its log in batches.
    std::thread::sleep(Duration::from_millis(800));
    let log = std::fs::read_to_string(cluster().control_plane().audit_log()).unwrap();
    log.lines()
        .filter(|line| line.contains(namespace))
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|entry| entry["objectRef"]["namespace"] == namespace)
        .collect()
}

/// Status writes in a namespace.
pub fn status_writes(namespace: &str) -> usize {
    audit(namespace)
        .iter()
        .filter(|entry| entry["objectRef"]["subresource"] == "status" && entry["verb"] == "patch")
        .count()
}

/// Verb and resource of each request that the operator made in a namespace.
pub fn operator_requests(namespace: &str) -> Vec<String> {
    let own = |entry: &&Value| {
        entry["user"]["username"].as_str().is_some_and(|user| user.starts_with("system:serviceaccount:"))
    };
    let words = |entry: &Value| {
        let (verb, resource) = (entry["verb"].as_str(), entry["objectRef"]["resource"].as_str());
        format!("{} {}", verb.unwrap_or_default(), resource.unwrap_or_default())
    };
    audit(namespace).iter().filter(own).map(words).collect()
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
