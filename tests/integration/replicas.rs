//! Several operators beside each other: leader election, shards, and what happens to the work when a leader goes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use testbed::cluster::OPERATOR_NAMESPACE;
use testbed::operator::Operator;
use tokio::runtime::Runtime;

use crate::support::{cluster, condition, is_ready, names};

const TEXT: &str = "# KubeCon\n\nAt KubeCon we saw Cilium at work in a large Kubernetes cluster.";

/// Replicas that watch a namespace of their own and agree on a leader.
struct Replicas {
    namespace: String,
    flags: Vec<String>,
    operators: BTreeMap<String, Operator>,
    runtime: Runtime,
    leases: Api<Lease>,
}

impl Replicas {
    fn new(purpose: &str, flags: &[&str]) -> Self {
        let namespace = cluster().namespace(purpose).unwrap();
        let mut all = vec![format!("--watch-namespaces={namespace}"), "--enable-leader-election".to_owned()];
        all.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(cluster().client()).unwrap();
        let leases = {
            let _inside = runtime.enter();
            Api::namespaced(client, OPERATOR_NAMESPACE)
        };
        Self { namespace, flags: all, operators: BTreeMap::new(), runtime, leases }
    }

    /// Starts a replica and waits until it is ready, to work or to stand by.
    fn start(&mut self, name: &str) {
        let name = format!("{}-{name}", self.namespace);
        self.operators.remove(&name);
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
        let operator = Operator::start(binary, cluster(), &name, &flags).unwrap();
        self.operators.insert(name, operator);
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["-n", self.namespace.as_str()];
        all.extend(arguments);
        cluster().control_plane().run_kubectl(&all).unwrap()
    }

    fn apply(&self, manifest: &Value) {
        cluster().apply(&self.namespace, &manifest.to_string()).unwrap();
    }

    fn report(&self, name: &str) -> Value {
        serde_json::from_str(&self.kubectl(&["get", "cfr", name, "-o", "json"])).unwrap()
    }

    fn until(&self, what: &str, mut reached: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !reached() {
            assert!(Instant::now() < deadline, "never {what}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn logs(&self) -> String {
        self.operators.iter().map(|(name, operator)| format!("--- {name}\n{}", operator.log_text())).collect()
    }

    /// The lease of these replicas.
    fn lease(&self) -> Option<LeaseSpec> {
        self.runtime.block_on(self.leases.get_opt(&self.lease_name()?)).unwrap()?.spec
    }

    /// The metrics name it.
    fn lease_name(&self) -> Option<String> {
        let text = self.operators.values().find_map(|operator| operator.metrics().ok())?;
        let (_, rest) = text.split_once("leader_election_master_status{name=\"")?;
        Some(rest.split_once('"')?.0.to_owned())
    }

    /// Name and process of the leader, as the lease has it.
    fn leader(&self) -> Option<(String, u32)> {
        let lease = self.lease()?;
        let holder = lease.holder_identity?;
        let (name, rest) = holder.rsplit_once('_')?;
        let (process, _) = rest.split_once('-')?;
        self.operators.contains_key(name).then_some((name.to_owned(), process.parse().ok()?))
    }

    /// Waits until one of those that run leads; its name. Whoever ended by itself, because this machine was too slow to renew the lease in
    /// time, is started anew meanwhile, as Kubernetes would.
    fn led(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some((name, process)) = self.leader()
                && self.operators[&name].process() == Some(process)
            {
                return name;
            }
            assert!(Instant::now() < deadline, "never led\n{}", self.logs());
            let ended = |(name, operator): (&String, &mut Operator)| operator.has_ended().then(|| name.clone());
            let ended: Vec<String> = self.operators.iter_mut().filter_map(ended).collect();
            for name in ended {
                self.start(short(&name));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The name of a replica among those of its namespace.
fn short(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(_, short)| short)
}

fn operator_namespace(arguments: &[&str]) -> String {
    let mut all = vec!["-n", OPERATOR_NAMESPACE];
    all.extend(arguments);
    cluster().control_plane().run_kubectl(&all).unwrap()
}

fn report(name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": name, "labels": labels},
        "spec": {"source": {"configMapRef": {"name": name}}},
    })
}

fn config_map(name: &str, text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"report.md": text}})
}

/// What the API server's audit log holds, of the requests of operators.
fn requests() -> Vec<Value> {
    // The API server writes its log in batches.
    std::thread::sleep(Duration::from_millis(800));
    let log = std::fs::read_to_string(cluster().control_plane().audit_log()).unwrap();
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|entry| {
            entry["user"]["username"].as_str().is_some_and(|user| user.starts_with("system:serviceaccount:"))
        })
        .collect()
}

/// Those that changed something.
fn writes() -> Vec<Value> {
    let changes = |entry: &Value| matches!(entry["verb"].as_str(), Some("create" | "update" | "patch" | "delete"));
    requests().into_iter().filter(changes).collect()
}

/// The process that a request came from: the operator says its identity in the User-Agent.
fn writer(entry: &Value) -> String {
    let agent = entry["userAgent"].as_str().unwrap_or_default();
    agent.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(agent).to_owned()
}

#[test]
fn a_replica_that_stands_by_is_ready_writes_nothing_and_takes_over_when_the_leader_stops() {
    // The lease lasts far longer than the test waits: who takes over in time was given it.
    let mut replicas =
        Replicas::new("standby", &["--leader-election-lease-duration=600s", "--leader-election-retry-period=1s"]);
    replicas.start("a");
    replicas.until("led", || replicas.leader().is_some());
    replicas.start("b");
    let standby = &replicas.operators[&format!("{}-b", replicas.namespace)];
    let (status, body) = standby.health("/readyz").unwrap();
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("standing by") && body.contains(&format!("{}-a", replicas.namespace)), "{body}");
    let name = replicas.lease_name().unwrap();
    let metric = |operator: &Operator| operator.metrics().unwrap();
    assert!(metric(standby).contains(&format!("leader_election_master_status{{name=\"{name}\"}} 0")));

    replicas.apply(&config_map("r", TEXT));
    replicas.apply(&report("r", &json!({})));
    replicas.until("ready", || is_ready(&replicas.report("r")));
    let mine = |entry: &&Value| writer(entry).starts_with(&format!("{}-b_", replicas.namespace));
    assert_eq!(
        writes().iter().filter(mine).count(),
        0,
        "a replica that stands by writes nothing, not even to the lease"
    );

    let leader = replicas.operators.remove(&format!("{}-a", replicas.namespace)).unwrap();
    assert_eq!(leader.stop(), Some(0));
    replicas.until("taken over", || replicas.leader().is_some_and(|(name, _)| name.ends_with("-b")));
    replicas.until("known to the new leader", || {
        metric(&replicas.operators[&format!("{}-b", replicas.namespace)])
            .contains("conference_report_objects{ready=\"true\"} 1")
    });
    let work = |entry: &&Value| {
        let resource = entry["objectRef"]["resource"].as_str();
        mine(entry) && resource != Some("leases") && matches!(entry["verb"].as_str(), Some("get" | "patch"))
    };
    let work: Vec<Value> = requests().iter().filter(work).cloned().collect();
    assert!(work.is_empty(), "what the leader has written stands, nothing is read or written: {work:#?}");
    replicas.apply(&config_map("r", &format!("{TEXT} And Kyverno.")));
    replicas.until("aware of the edit", || names(&replicas.report("r"), "projects").contains(&"Kyverno".to_owned()));
    let standby = &replicas.operators[&format!("{}-b", replicas.namespace)];
    assert!(metric(standby).contains(&format!("leader_election_master_status{{name=\"{name}\"}} 1")));
    assert_eq!(replicas.lease().unwrap().lease_transitions, Some(1));
}

#[test]
fn a_leader_whose_lease_was_taken_ends_with_an_error_and_writes_no_more() {
    let flags = [
        "--leader-election-lease-duration=15s",
        "--leader-election-renew-deadline=10s",
        "--leader-election-retry-period=500ms",
    ];
    let mut replicas = Replicas::new("robbed", &flags);
    replicas.start("a");
    replicas.until("led", || replicas.leader().is_some());
    let lease = replicas.lease_name().unwrap();
    let theft = r#"{"spec": {"holderIdentity": "somebody-else"}}"#;
    operator_namespace(&["patch", "lease", &lease, "--type=merge", "-p", theft]);
    let name = format!("{}-a", replicas.namespace);
    replicas.until("noticed", || replicas.operators[&name].health("/livez").is_err());
    let log = replicas.operators[&name].log_text();
    assert!(log.contains("was taken by") && log.contains("somebody-else"), "{log}");
    let robbed = replicas.operators.remove(&name).unwrap();
    assert_eq!(robbed.stop(), Some(1), "Kubernetes must see that it did not end by itself");
    operator_namespace(&["delete", "lease", &lease]);
}

#[test]
fn shards_share_a_fleet_and_each_report_has_one_writer() {
    let shard = |selector: &str| {
        let mut replicas = Replicas::new("shard", &[&format!("--watch-label-selector={selector}")]);
        // All shards watch the namespace of the first.
        replicas.flags.remove(0);
        replicas
    };
    let mut shards = [
        shard("sharding.fluxcd.io/key=one"),
        shard("sharding.fluxcd.io/key in (two)"),
        shard("!sharding.fluxcd.io/key"),
    ];
    let namespace = shards[0].namespace.clone();
    for (number, shard) in shards.iter_mut().enumerate() {
        shard.namespace.clone_from(&namespace);
        shard.flags.push(format!("--watch-namespaces={namespace}"));
        shard.start(&number.to_string());
    }
    let leases: Vec<_> = shards.iter().map(|shard| shard.lease_name().unwrap()).collect();
    assert!(leases[0] != leases[1] && leases[1] != leases[2] && leases[0] != leases[2], "{leases:?}");
    for (name, labels) in [
        ("first", json!({"sharding.fluxcd.io/key": "one"})),
        ("second", json!({"sharding.fluxcd.io/key": "two"})),
        ("rest", json!({"team": "a"})),
    ] {
        shards[0].apply(&config_map(name, TEXT));
        shards[0].apply(&report(name, &labels));
    }
    let catalog = json!({
        "apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog",
        "metadata": {"name": "ours", "labels": {"sharding.fluxcd.io/key": "two"}},
        "spec": {"projects": [{"name": "Deployomatic"}]},
    });
    shards[0].apply(&catalog);
    for name in ["first", "second", "rest"] {
        shards[0].until("ready", || is_ready(&shards[0].report(name)));
    }
    let catalog =
        || -> Value { serde_json::from_str(&shards[0].kubectl(&["get", "cfcat", "ours", "-o", "json"])).unwrap() };
    shards[0].until("counted", || condition(&catalog(), "Ready").is_some());
    let mut writers: BTreeMap<String, String> = BTreeMap::new();
    for entry in writes().iter().filter(|entry| entry["objectRef"]["namespace"] == namespace.as_str()) {
        let name = entry["objectRef"]["name"].as_str().unwrap_or_default().to_owned();
        if entry["objectRef"]["subresource"] == "status" {
            let shard = writer(entry).split_once('_').map(|(name, _)| name.to_owned()).unwrap_or_default();
            let before = writers.insert(name.clone(), shard.clone());
            assert!(before.is_none_or(|before| before == shard), "{name} was written by two shards");
        }
    }
    let expected = [("first", 0), ("ours", 1), ("rest", 2), ("second", 1)];
    let expected = expected.map(|(name, shard)| (name.to_owned(), format!("{namespace}-{shard}")));
    assert_eq!(writers.into_iter().collect::<Vec<_>>(), expected);
}

/// A writer at a moment of the API server's clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    at: String,
    by: String,
}

#[test]
fn the_leader_is_killed_twenty_times_under_load_and_nothing_is_lost_or_written_by_two() {
    const KILLS: usize = 20;
    const REPORTS: usize = 12;
    let flags = [
        "--leader-election-lease-duration=2s",
        "--leader-election-renew-deadline=1500ms",
        "--leader-election-retry-period=200ms",
    ];
    let mut replicas = Replicas::new("killed", &flags);
    replicas.start("a");
    replicas.start("b");
    replicas.led();
    let mut objects = Vec::new();
    for number in 0..REPORTS {
        objects.extend([config_map(&format!("r{number}"), TEXT), report(&format!("r{number}"), &json!({}))]);
    }
    replicas.apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}));

    let editor = Editor::start(&replicas.namespace, REPORTS);
    let mut times = Vec::new();
    let mut random = 0x9e37_79b9_u64;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis((random >> 33) % 600));
        let name = replicas.led();
        replicas.operators.remove(&name).unwrap().kill().unwrap();
        let since = Instant::now();
        replicas.led();
        times.push(since.elapsed());
        replicas.start(short(&name));
    }
    let (edits, last) = editor.stop();
    for (name, text) in &last {
        let revision = conference_report_operator::source::revision_of(text.as_bytes());
        replicas.until("aware of the last edit", || {
            let report = replicas.report(name);
            is_ready(&report) && report["status"]["source"]["revision"] == revision.as_str()
        });
    }
    let lease = replicas.lease_name().unwrap();
    let status_writes = check_writers(&replicas.namespace, &lease);
    times.sort();
    let (first, median, longest) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{KILLS} leaders killed; another held the lease of 2 s after {first:.1?} at least, {median:.1?} in the middle, {longest:.1?} at most; \
         {edits} edits and {status_writes} status writes meanwhile, no two writers at a time, every last edit in its status"
    );
}

/// Checks in the audit log that every status was written by the process whose write to the lease was the last before. Gives how many
/// status writes there were.
fn check_writers(namespace: &str, lease: &str) -> usize {
    let (mut holders, mut status) = (Vec::new(), Vec::new());
    for entry in writes() {
        let succeeded = entry["responseStatus"]["code"].as_u64().is_some_and(|code| code < 300);
        let object = &entry["objectRef"];
        let at = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        if object["resource"] == "leases" && object["name"] == lease && succeeded {
            holders.push(Moment { at: at("stageTimestamp"), by: writer(&entry) });
        }
        if object["namespace"] == namespace && object["subresource"] == "status" {
            status.push(Moment { at: at("requestReceivedTimestamp"), by: writer(&entry) });
        }
    }
    holders.sort();
    let changes = holders.windows(2).filter(|pair| pair[0].by != pair[1].by).count();
    assert!(changes >= 20, "the lease changed hands only {changes} times");
    for write in &status {
        let holder = holders.iter().rev().find(|holder| holder.at <= write.at);
        assert_eq!(
            holder.map(|holder| &holder.by),
            Some(&write.by),
            "written at {} by who did not hold the lease",
            write.at
        );
    }
    status.len()
}

/// Edits ConfigMaps as fast as a user with a script would.
struct Editor {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(usize, BTreeMap<String, String>)>,
}

impl Editor {
    fn start(namespace: &str, reports: usize) -> Self {
        let (stop, namespace) = (Arc::new(AtomicBool::new(false)), namespace.to_owned());
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let api: Api<ConfigMap> = Api::namespaced(cluster().client().await.unwrap(), &namespace);
                let (mut edits, mut last) = (0, BTreeMap::new());
                while !told.load(Ordering::Relaxed) {
                    let name = format!("r{}", edits % reports);
                    let text = format!("{TEXT} This is what we wrote down when we came back for the {edits}th time.");
                    let patch = json!({"data": {"report.md": text}});
                    api.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
                    last.insert(name, text);
                    edits += 1;
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
                (edits, last)
            })
        });
        Self { stop, thread }
    }

    /// How many edits there were, and the last text of each ConfigMap.
    fn stop(self) -> (usize, BTreeMap<String, String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
