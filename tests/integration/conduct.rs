//! How the operator behaves when it is busy, stopped in the middle of something, or has to say the same thing again.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use conference_report_operator::api::{ConferenceReport, ReportCatalog};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use testbed::operator::Operator;

use crate::support::{Bench, PLANTED, cluster, condition, start_operator};

const TEXT: &str = "# KubeCon\n\nAt KubeCon we saw Cilium at work in a large Kubernetes cluster.";

fn report(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": name}, "spec": spec})
}

fn ready(report: &ConferenceReport) -> bool {
    let status = report.status.as_ref();
    status.is_some_and(|status| {
        status.observed_generation == report.metadata.generation
            && status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
    })
}

/// A server that takes a connection, reads, and never answers.
fn silent_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let (mut stream, mut all) = (stream, Vec::new());
                let _ = stream.read_to_end(&mut all);
            });
        }
    });
    port
}

#[test]
fn a_signal_during_a_fetch_ends_the_operator_in_good_order_and_leaves_no_half_status() {
    let port = silent_server();
    let allowed = format!("--http-allow-port={port}");
    let flags = ["--http-allow-host=localhost", allowed.as_str(), "--shutdown-grace=10s"];
    let bench = Bench::new("stop", &flags);
    let url = format!("http://localhost:{port}/report.md");
    bench.apply(&report("slow", json!({"source": {"http": {"url": url, "insecure": true, "timeout": "5m"}}})));
    let before = bench.until("slow", "fetched", |report| condition(report, "Reconciling").is_some());
    let Bench { namespace, operator } = bench;
    let log = || operator.log_text();
    assert!(!log().contains("stopped"));
    assert_eq!(operator.stop(), Some(0), "a fetch that nobody waits for any more must not hold up the end");
    let bench = Bench { operator: start_operator(&namespace, &flags), namespace };
    let after = bench.report("slow");
    assert_eq!(after["status"]["conditions"], before["status"]["conditions"]);
    assert_eq!(after["status"]["observedGeneration"], -1, "the generation was not dealt with");
    bench.apply(&report("slow", json!({"source": {"inline": TEXT}})));
    bench.until_ready("slow");
}

#[test]
fn a_proxy_before_the_api_server_is_refused_and_its_password_is_not_logged() {
    let namespace = cluster().namespace("proxied").unwrap();
    let kubeconfig = cluster().operator_kubeconfig().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
    for (variable, scheme) in [("HTTPS_PROXY", "http"), ("https_proxy", "socks5"), ("HTTPS_PROXY", "ftp")] {
        let address = format!("{scheme}://somebody:{PLANTED}@proxy.example:3128");
        let variables = [(variable, address.as_str())];
        let watch = format!("--watch-namespaces={namespace}");
        let mut operator = Operator::launch(binary, cluster(), &namespace, &[&watch], &variables, &kubeconfig).unwrap();
        let log = operator.wait_until_ready().unwrap_err().to_string();
        assert!(log.contains("HTTPS_PROXY names one"), "{scheme}: {log}");
        assert!(!log.contains(PLANTED) && !log.contains("proxy.example"), "{scheme}: {log}");
        assert_eq!(operator.stop(), Some(1), "{scheme}");
    }
}

#[test]
fn chosen_authorities_that_cannot_be_read_are_not_replaced_by_the_public_ones() {
    let namespace = cluster().namespace("authorities").unwrap();
    let kubeconfig = cluster().operator_kubeconfig().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.crt");
    std::fs::write(&file, "no certificate").unwrap();
    let watch = format!("--watch-namespaces={namespace}");
    // A shell may have set the other of the two.
    let empty = tempfile::tempdir().unwrap();
    let variables = [("SSL_CERT_FILE", file.to_str().unwrap()), ("SSL_CERT_DIR", empty.path().to_str().unwrap())];
    let mut operator = Operator::launch(binary, cluster(), &namespace, &[&watch], &variables, &kubeconfig).unwrap();
    let log = operator.wait_until_ready().unwrap_err().to_string();
    assert!(log.contains("SSL_CERT_FILE"), "{log}");
    assert_eq!(operator.stop(), Some(1));
}

#[test]
fn events_say_what_is_true_now_and_count_what_is_said_again() {
    let bench = Bench::new("events", &[]);
    let point_at = |map: &str| {
        bench.apply(&report("r", json!({"source": {"configMapRef": {"name": map}}})));
        bench.until("r", "waiting", |report| {
            condition(report, "Ready")
                .is_some_and(|ready| ready["message"].as_str().unwrap().contains(&format!("\"{map}\"")))
        });
    };
    let recover = || {
        bench.apply(&report("r", json!({"source": {"inline": TEXT}})));
        bench.until_ready("r");
    };
    for map in ["first", "second", "first"] {
        point_at(map);
        recover();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let events = runtime.block_on(async {
            let api: Api<Event> = Api::namespaced(cluster().client().await.unwrap(), &bench.namespace);
            api.list(&ListParams::default()).await.unwrap().items
        });
        let said = |map: &str| {
            let notes =
                events.iter().filter(|event| event.note.as_deref().unwrap_or_default().contains(&format!("\"{map}\"")));
            notes.map(|event| event.series.as_ref().map_or(1, |series| series.count)).collect::<Vec<_>>()
        };
        if said("first") == [2] && said("second") == [1] {
            return;
        }
        assert!(Instant::now() < deadline, "{events:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_report_created_during_a_wave_of_all_others_does_not_wait_for_them() {
    // `make fleet` does the same with ten thousand, and limits the time.
    const REPORTS: usize = 600;
    const NEW: usize = 40;
    let namespace = cluster().namespace("wave").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let flags = ["--analysis-timeout=120s"];
    let operator = start_operator(&namespace, &flags);
    let (times, left) = runtime.block_on(async {
        let client = cluster().client().await.unwrap();
        let all: Api<ConferenceReport> = Api::namespaced(client.clone(), &namespace);
        let catalogs: Api<ReportCatalog> = Api::namespaced(client, &namespace);
        let catalog = |project: &str| {
            let spec = json!({"projects": [{"name": project}]});
            Patch::Apply(json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog", "metadata": {"name": "ours"}, "spec": spec}))
        };
        let make = |name: String, catalogs: Value| -> ConferenceReport {
            serde_json::from_value(report(&name, json!({"source": {"inline": TEXT}, "catalogRefs": catalogs}))).unwrap()
        };
        let apply = PatchParams::apply("test");
        catalogs.patch("ours", &apply, &catalog("Deployomatic")).await.unwrap();
        let numbers: Vec<usize> = (0..REPORTS).collect();
        for chunk in numbers.chunks(50) {
            let creations = chunk.iter().map(|number| {
                let (all, object) = (all.clone(), make(format!("old-{number}"), json!([{"name": "ours"}])));
                async move { all.create(&PostParams::default(), &object).await.map(drop) }
            });
            futures::future::try_join_all(creations).await.unwrap();
        }
        let revision = |report: &ConferenceReport| report.status.as_ref().and_then(|status| status.catalog_revision.clone());
        let first = loop {
            let list = all.list(&ListParams::default()).await.unwrap().items;
            if list.iter().all(ready) {
                break revision(&list[0]);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        // Every report has to be analysed anew.
        catalogs.patch("ours", &apply, &catalog("Rolloutomatic")).await.unwrap();
        let left = || async {
            let list = all.list(&ListParams::default()).await.unwrap().items;
            let old = |report: &&ConferenceReport| report.metadata.name.as_ref().unwrap().starts_with("old-");
            list.iter().filter(old).filter(|report| revision(report) == first).count()
        };
        let (mut times, mut left_then) = (Vec::new(), 0);
        for number in 0..NEW {
            let name = format!("new-{number}");
            let created = Instant::now();
            all.create(&PostParams::default(), &make(name.clone(), json!([]))).await.unwrap();
            while !ready(&all.get(&name).await.unwrap()) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            times.push(created.elapsed());
            if number == 0 {
                left_then = left().await;
            }
        }
        (times, left_then)
    });
    let mut sorted = times.clone();
    sorted.sort();
    println!(
        "{NEW} reports created while {REPORTS} others were analysed anew: ready after {:.0?} in the middle, {:.0?} at the 99th percentile; \
         {left} of the others still waited when the first was ready",
        sorted[NEW / 2],
        sorted[NEW * 99 / 100]
    );
    assert!(left > 0, "the first was ready only after all {REPORTS} others");
    assert!(operator.metrics().unwrap().contains("workqueue_queue_duration_seconds_count{name=\"conferencereport\"}"));
}
