//! The operator's rights, one by one: without any of them something fails that users see, and it asks for nothing beyond them.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::e2e::audit::{self, Kind};
use testbed::operator::Operator;
use testbed::repository;

use crate::support::{cluster, condition, names};

const ACCOUNT: &str = "operator";
/// Operators at a time.
const LANES: usize = 3;

/// What the roles of the product grant.
fn granted() -> Vec<Kind> {
    let documents: Vec<Value> = ["rbac.yaml", "rbac-leader-election.yaml"]
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(repository().join("deploy/base").join(file)).unwrap();
            serde_saphyr::from_multiple::<Value>(&text).unwrap()
        })
        .collect();
    let roles = documents.iter().filter(|document| document["rules"].is_array());
    audit::granted(roles).into_iter().collect()
}

/// An operator with some of the rights, in a namespace of its own.
struct Trial {
    namespace: String,
    operator: Operator,
    patience: Duration,
}

impl Trial {
    fn new(purpose: &str, rights: &[Kind], patience: Duration) -> Self {
        let namespace = cluster().namespace(purpose).unwrap();
        let rules: Vec<Value> = rights
            .iter()
            .map(|(verb, group, resource)| json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]}))
            .collect();
        let metadata = json!({"name": ACCOUNT, "namespace": namespace});
        let manifests = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT},
             "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}]},
        ]});
        cluster().apply(&namespace, &manifests.to_string()).unwrap();
        // The API server hears of the rights itself by watches.
        let account = format!("--as=system:serviceaccount:{namespace}:{ACCOUNT}");
        let plain = |(_, group, resource): &&Kind| !group.is_empty() && !resource.contains('/');
        let (verb, group, resource) = rights.iter().find(plain).unwrap();
        let question = ["auth", "can-i", verb, &format!("{resource}.{group}"), "-n", &namespace, &account];
        let deadline = Instant::now() + Duration::from_secs(20);
        while cluster().control_plane().run_kubectl(&question).is_err() {
            assert!(Instant::now() < deadline, "the rights never counted");
            std::thread::sleep(Duration::from_millis(50));
        }
        let kubeconfig = cluster().account_kubeconfig(&namespace, ACCOUNT).unwrap();
        let watch = format!("--watch-namespaces={namespace}");
        let flags = [
            watch.as_str(),
            "--enable-leader-election",
            "--leader-election-lease-duration=4s",
            "--leader-election-renew-deadline=3s",
            "--leader-election-retry-period=500ms",
        ];
        let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
        let operator =
            Operator::launch(binary, cluster(), &namespace, &flags, &[("POD_NAMESPACE", &namespace)], &kubeconfig)
                .unwrap();
        Self { namespace, operator, patience }
    }

    fn apply(&self, manifest: &Value) {
        cluster().apply(&self.namespace, &manifest.to_string()).unwrap();
    }

    fn get(&self, kind: &str, name: &str) -> Value {
        let text = cluster().control_plane().run_kubectl(&["-n", &self.namespace, "get", kind, name, "-o", "json"]);
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    fn until(&self, what: &'static str, mut reached: impl FnMut() -> bool) -> Result<(), &'static str> {
        let deadline = Instant::now() + self.patience;
        while !reached() {
            if Instant::now() > deadline {
                return Err(what);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn reason(&self, report: &str) -> String {
        let report = self.get("conferencereport", report);
        let reason = condition(&report, "Ready").and_then(|ready| ready["reason"].as_str());
        reason.unwrap_or_default().to_owned()
    }

    /// Everything that users may see the operator do; the first thing that it does not do.
    fn story(&self) -> Result<(), &'static str> {
        let text = |project: &str| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "text"},
                   "data": {"report.md": format!("# KubeCon Europe 2024\n\nIn Paris we saw {project} at work.\n")}})
        };
        let report = |name: &str, spec: Value| json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": name}, "spec": spec});
        let from_key = |key: &str| report("text", json!({"source": {"configMapRef": {"name": "text", "key": key}}}));
        self.until("it becomes ready", || self.operator.health("/readyz").is_ok_and(|(status, _)| status == 200))?;
        self.apply(&text("Cilium"));
        self.apply(&from_key("report.md"));
        let finds = |project: &str| names(&self.get("conferencereport", "text"), "projects") == [project];
        self.until("a text is read", || finds("Cilium"))?;
        self.apply(&text("Kyverno"));
        self.until("a change of a text is seen", || finds("Kyverno"))?;
        self.apply(&report(
            "secretive",
            json!({"source": {"http": {"url": "https://example.invalid/", "secretRef": {"name": "nowhere"}}}}),
        ));
        self.until("a missing Secret is named", || self.reason("secretive") == "SecretNotFound")?;
        self.apply(&report(
            "cataloged",
            json!({"source": {"inline": "Cilium."}, "catalogRefs": [{"name": "nowhere"}]}),
        ));
        self.until("a missing catalog is named", || self.reason("cataloged") == "CatalogNotFound")?;
        self.apply(
            &json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog", "metadata": {"name": "ours"},
                           "spec": {"projects": [{"name": "Deployomatic"}]}}),
        );
        self.until("a catalog has a status", || condition(&self.get("reportcatalog", "ours"), "Ready").is_some())?;
        self.until("events are published", || !self.events().is_empty())?;
        self.apply(&from_key("nowhere.md"));
        self.until("a missing key is named beside the last findings", || {
            self.reason("text") == "KeyNotFound" && finds("Kyverno")
        })?;
        self.apply(&from_key("report.md"));
        self.until("a mended report is ready again", || self.reason("text") == "Succeeded")?;
        self.apply(&from_key("nowhere.md"));
        self.until("an event that repeats is counted", || {
            self.events().iter().any(|event| event["series"]["count"].as_u64().is_some_and(|count| count > 1))
        })?;
        // The first lease lasts for longer than all of this may have taken.
        self.until("it stays the leader", || self.renewed())?;
        // What else goes wrong shows here, and in the alerts that are made of it.
        let metrics = self.operator.metrics().unwrap_or_default();
        let wrong = [
            "conference_report_watch_errors_total{",
            "conference_report_events_total{outcome=\"failed\"",
            r#"code="403""#,
        ];
        if metrics.lines().any(|line| wrong.iter().any(|wrong| line.contains(wrong))) {
            return Err("the metrics tell of no error");
        }
        Ok(())
    }

    fn list(&self, kind: &str) -> Vec<Value> {
        let text = cluster().control_plane().run_kubectl(&["-n", &self.namespace, "get", kind, "-o", "json"]);
        let list: Value = serde_json::from_str(&text.unwrap()).unwrap();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    fn events(&self) -> Vec<Value> {
        self.list("events.events.k8s.io")
    }

    /// Whether it holds its lease by more than having taken it once.
    fn renewed(&self) -> bool {
        self.list("leases").iter().any(|lease| {
            let text = |field: &str| lease["spec"][field].as_str().unwrap_or_default();
            !text("holderIdentity").is_empty() && text("renewTime") > text("acquireTime")
        })
    }

    /// The kinds of requests that it made, and those that were refused.
    fn requests(&self) -> (Vec<Kind>, Vec<Kind>) {
        // The log is written in batches.
        std::thread::sleep(Duration::from_millis(600));
        let account = format!("{}:{ACCOUNT}", self.namespace);
        let (asked, refused) = audit::requests(&cluster().control_plane().audit_log(), &account).unwrap();
        (asked.into_iter().collect(), refused.into_iter().collect())
    }
}

#[test]
fn with_all_rights_everything_works_and_each_of_them_is_used() {
    let granted = granted();
    let trial = Trial::new("rights-all", &granted, Duration::from_secs(60));
    assert_eq!(trial.story(), Ok(()), "{}", trial.operator.log_text());
    let (asked, refused) = trial.requests();
    assert_eq!(refused, [], "nothing may be refused");
    let beyond: Vec<&Kind> = asked.iter().filter(|kind| !granted.contains(kind)).collect();
    assert!(beyond.is_empty(), "asked for without a rule: {beyond:?}");
    let unused: Vec<&Kind> = granted.iter().filter(|kind| !asked.contains(kind)).collect();
    assert!(unused.is_empty(), "granted without need: {unused:?}");
    println!("{} rights, each of them used, none missing", granted.len());
}

#[test]
fn without_any_one_of_the_rights_something_fails() {
    let granted = granted();
    let left = Mutex::new((0..granted.len()).collect::<Vec<usize>>());
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let Some(number) = left.lock().unwrap().pop() else { return };
                    let missing = &granted[number];
                    let rights: Vec<Kind> = granted.iter().filter(|kind| *kind != missing).cloned().collect();
                    let trial = Trial::new("rights-less", &rights, Duration::from_secs(12));
                    let failed = trial.story();
                    let (_, refused) = trial.requests();
                    told.lock().unwrap().push((missing.clone(), failed, refused));
                }
            });
        }
    });
    for (missing, failed, refused) in told.into_inner().unwrap() {
        let (verb, group, resource) = &missing;
        assert!(refused.contains(&missing), "{verb} {resource} ({group}) was never asked for; refused was {refused:?}");
        let failed = failed.expect_err(&format!("everything works without {verb} {resource} ({group})"));
        println!("without {verb} {resource}, no longer true: {failed}");
    }
}
