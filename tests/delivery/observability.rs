//! A real Prometheus scrapes the real operator: every query of the dashboard and of the alerts returns what it should.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::cluster::Cluster;
use testbed::operator::{self, Operator};
use testbed::{on_path, output, ports, repository};

const NAMESPACE: &str = "observed";

fn chart_file(name: &str) -> String {
    fs::read_to_string(repository().join("charts/conference-report-operator/files").join(name)).unwrap()
}

fn need(program: &str) -> Command {
    assert!(on_path(program), "{program} is missing; on Debian: apt-get install prometheus");
    Command::new(program)
}

/// A Prometheus that ends with the test.
struct Prometheus {
    process: Child,
    address: SocketAddr,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    fn start(folder: &Path, target: SocketAddr) -> Self {
        let address = ports::free().unwrap();
        fs::write(folder.join("alerts.yaml"), chart_file("alerts.yaml")).unwrap();
        let config = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yaml"],
            "scrape_configs": [{"job_name": "conference-report-operator", "static_configs": [
                {"targets": [target.to_string()], "labels": {"namespace": "conference-report-system", "pod": "operator-0"}}]}],
        });
        fs::write(folder.join("prometheus.yaml"), config.to_string()).unwrap();
        let process = need("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yaml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("prometheus.log")).unwrap())
            .spawn()
            .unwrap();
        Self { process, address }
    }

    /// What the API answers under a path.
    fn ask(&self, path: &str) -> Option<Value> {
        let (status, body) = operator::get(self.address, path).ok()?;
        (status == 200).then(|| serde_json::from_str(&body).ok())?
    }

    fn query(&self, expression: &str) -> Value {
        let encoded: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("query", expression).finish();
        let answer = self.ask(&format!("/api/v1/query?{encoded}")).unwrap_or_else(|| panic!("not taken: {expression}"));
        answer["data"]["result"].clone()
    }
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !reached() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// The queries of the dashboard with their panels, as Grafana would send them.
fn panel_queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&chart_file("dashboard.json")).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{} shows nothing", panel["title"]);
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            let query = query.replace("$__rate_interval", "15s").replace("$namespace", ".*").replace("$job", ".*");
            queries.push((panel["title"].as_str().unwrap().to_owned(), query));
        }
    }
    queries
}

#[test]
fn every_panel_has_data_and_the_alerts_tell_of_what_is_wrong() {
    let cluster = Cluster::start().expect("the control plane should start; `make control-plane` provides it");
    cluster.control_plane().run_kubectl(&["create", "namespace", NAMESPACE]).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
    let operator =
        Operator::start(binary, &cluster, "observed", &["--http-allow-host=localhost", "--enable-leader-election"])
            .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(folder.path(), operator.metrics_address());
    until("Prometheus has scraped the operator", || {
        prometheus.ask("/api/v1/query?query=up").is_some_and(|answer| answer["data"]["result"][0]["value"][1] == "1")
    });

    // Some of everything: texts that change, one that cannot be read, a URL where nobody answers.
    let report = |name: &str, source: Value| json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": name}, "spec": {"source": source}});
    let map = |round: usize| {
        let text = format!("# KubeCon Europe 2024\n\nCilium and Falco in Paris, round {round}.\n");
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "text"}, "data": {"report.md": text}})
    };
    let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let all = vec![
        map(0),
        report("text", json!({"configMapRef": {"name": "text"}})),
        report("inline", json!({"inline": "# KubeCon Europe 2024\n\nFlux in Paris."})),
        report("missing", json!({"configMapRef": {"name": "nowhere"}})),
        report("unreachable", json!({"http": {"url": "https://localhost/nobody"}})),
    ];
    cluster.apply(NAMESPACE, &list(all)).unwrap();

    // Rates need a few scrapes with work going on.
    let mut queries = panel_queries();
    let count = queries.len();
    let mut round = 0;
    let mut empty = String::new();
    until("every panel has data", || {
        round += 1;
        cluster.apply(NAMESPACE, &list(vec![map(round)])).unwrap();
        queries.retain(|(panel, query)| {
            let result = prometheus.query(query);
            let has_data = result
                .as_array()
                .is_some_and(|series| !series.is_empty() && series.iter().any(|one| one["value"][1] != "NaN"));
            if !has_data {
                empty = format!("{panel}: {query}");
            }
            !has_data
        });
        if round % 40 == 0 {
            println!("still empty: {empty}");
        }
        queries.is_empty()
    });
    println!("{count} queries of the dashboard return data");

    // The alert on reports that are not Ready waits for half an hour before it fires; what it is about is seen at once.
    until("the alert on reports that are not Ready is pending", || {
        let answer = prometheus.ask("/api/v1/alerts").unwrap_or_default();
        let alerts = answer["data"]["alerts"].as_array().cloned().unwrap_or_default();
        alerts.iter().any(|alert| alert["labels"]["alertname"] == "ConferenceReportsNotReady")
    });
    let groups = prometheus.ask("/api/v1/rules").unwrap();
    let rules = groups["data"]["groups"][0]["rules"].as_array().unwrap().clone();
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    println!("{} alerts are evaluated without error", rules.len());

    let metrics = operator.metrics().unwrap();
    let mut lint =
        need("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut lint.stdin.take().unwrap(), metrics.as_bytes()).unwrap();
    let said = lint.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.trim().is_empty(), "promtool check metrics: {said}");
}

#[test]
fn promtool_finds_nothing_to_complain_about_in_the_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alerts.yaml");
    fs::write(&file, chart_file("alerts.yaml")).unwrap();
    output(need("promtool").args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(&file)).unwrap();
}

#[test]
fn alerts_fire_for_what_is_wrong_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("alerts.yaml"), chart_file("alerts.yaml")).unwrap();
    let cases = folder.path().join("cases.yaml");
    fs::copy(repository().join("tests/delivery/alerts.yaml"), &cases).unwrap();
    output(need("promtool").args(["test", "rules"]).arg(&cases)).unwrap();
}

#[test]
fn alerts_and_dashboard_are_about_metrics_that_are_documented_and_each_alert_is_explained() {
    let docs = |name: &str| fs::read_to_string(repository().join("docs").join(name)).unwrap();
    let (operations, monitoring) = (docs("operations.md"), docs("monitoring.md"));
    let alerts: Value = serde_saphyr::from_str(&chart_file("alerts.yaml")).unwrap();
    let rules = alerts["groups"][0]["rules"].as_array().unwrap();
    let queries = rules.iter().map(|rule| rule["expr"].as_str().unwrap().to_owned());
    for query in queries.chain(panel_queries().into_iter().map(|(_, query)| query)) {
        for metric in metrics_of(&query) {
            assert!(
                operations.contains(&format!("`{}`", family(&metric))),
                "docs/operations.md does not know {metric}"
            );
        }
    }
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(monitoring.contains(&format!("`{name}`")), "docs/monitoring.md does not explain {name}");
    }
}

/// Names of metrics in a query.
fn metrics_of(query: &str) -> Vec<String> {
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let prefixes =
        ["conference_report_", "controller_runtime_", "rest_client_", "process_", "workqueue_", "leader_election_"];
    let mut names: Vec<String> =
        words.filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix))).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// The family that a sample belongs to.
fn family(metric: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|suffix| metric.strip_suffix(suffix)).unwrap_or(metric)
}

#[test]
fn kube_state_metrics_is_pointed_at_fields_that_exist() {
    let config: Value = serde_saphyr::from_str(&chart_file("kube-state-metrics.yaml")).unwrap();
    let crd = fs::read_to_string(repository().join("crds/confreports.dev_conferencereports.yaml")).unwrap();
    let crd: Value = serde_saphyr::from_str(&crd).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let resource = &config["spec"]["resources"][0];
    for metric in resource["metrics"].as_array().unwrap() {
        let kind = metric["each"]["type"].as_str().unwrap().to_lowercase();
        let each = &metric["each"][&kind];
        let base = each.get("path").map_or(schema, |path| field(schema, path));
        for path in
            each["labelsFromPath"].as_object().into_iter().flatten().map(|(_, path)| path).chain(each.get("valueFrom"))
        {
            field(base, path);
        }
    }
}

/// The schema of a field, through lists.
fn field<'a>(schema: &'a Value, path: &Value) -> &'a Value {
    path.as_array().unwrap().iter().fold(schema, |schema, name| {
        let object = if schema["type"] == "array" { &schema["items"] } else { schema };
        let name = name.as_str().unwrap();
        let found = &object["properties"][name];
        assert!(!found.is_null(), "there is no field {name} in {path}");
        // The items of a list, for what comes after.
        if found["type"] == "array" { &found["items"] } else { found }
    })
}
