//! What others can make the operator's memory hold: a namespace full of their ConfigMaps, and texts that are built to need much.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use testbed::cluster::Cluster;
use testbed::operator::Operator;

use crate::http::servers::{Server, answer};
use crate::support::{Bench, config_map, metric, ready_reason, report};

const MAPS: usize = 1000;
const MIB: usize = 1 << 20;

/// On a control plane of its own: they are a gigabyte.
#[test]
fn a_gigabyte_of_unrelated_config_maps_and_a_thousand_changes_leave_memory_flat_and_wake_nobody() {
    let cluster = Cluster::start().unwrap();
    let namespace = cluster.namespace("crowd").unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_conference-report-operator"));
    let watch = format!("--watch-namespaces={namespace}");
    let operator = Operator::start(binary, &cluster, "crowd", &[&watch]).unwrap();
    let text = config_map("texts", "r.md", "At KubeCon Europe 2023 we saw Cilium and Linkerd at work.");
    let items = json!({"apiVersion": "v1", "kind": "List", "items": [text, report("r", json!({"source": {"configMapRef": {"name": "texts"}}}))]});
    cluster.apply(&namespace, &items.to_string()).unwrap();
    let within = |seconds| Instant::now() + Duration::from_secs(seconds);
    let deadline = within(30);
    while metric(&operator, "conference_report_objects{ready=\"true\"}") < 1.0 {
        assert!(Instant::now() < deadline, "the report never became ready\n{}", operator.log_text());
        std::thread::sleep(Duration::from_millis(50));
    }
    // What an idle second takes of memory for the first time is no growth.
    std::thread::sleep(Duration::from_secs(1));
    let memory = || metric(&operator, "process_resident_memory_bytes") / MIB as f64;
    let runs = || metric(&operator, "controller_runtime_reconcile_total");
    let (memory_before, runs_before) = (memory(), runs());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let api: Api<ConfigMap> = Api::namespaced(cluster.client().await.unwrap(), &namespace);
        let filling = "x".repeat(MIB - 1024);
        stream::iter(0..MAPS)
            .map(|number| {
                let map = serde_json::from_value(config_map(&format!("other{number}"), "text", &filling)).unwrap();
                let api = api.clone();
                async move { api.create(&PostParams::default(), &map).await.map(|_| ()) }
            })
            .buffer_unordered(8)
            .try_collect::<Vec<()>>()
            .await
            .unwrap();
    });
    let memory_full = memory();
    runtime.block_on(async {
        let api: Api<ConfigMap> = Api::namespaced(cluster.client().await.unwrap(), &namespace);
        stream::iter(0..MAPS)
            .map(|number| {
                let change = Patch::Merge(json!({"data": {"more": format!("change {number}")}}));
                let (api, name) = (api.clone(), format!("other{number}"));
                async move { api.patch(&name, &PatchParams::default(), &change).await.map(|_| ()) }
            })
            .buffer_unordered(8)
            .try_collect::<Vec<()>>()
            .await
            .unwrap();
    });
    std::thread::sleep(Duration::from_secs(1));
    let (memory_after, runs_after) = (memory(), runs());
    println!(
        "resident memory with one report: {memory_before:.1} MiB; with {MAPS} unrelated ConfigMaps of 1 MiB: {memory_full:.1} MiB; after \
         1000 changes of them: {memory_after:.1} MiB; runs: {}",
        runs_after - runs_before
    );
    assert_eq!(runs_after, runs_before, "ConfigMaps that no report refers to should wake nobody");
    assert!(memory_after - memory_before < 16.0, "a thousand names and versions should need next to nothing");
}

/// The limit of the deployment and the chart, in MiB.
const DEFAULT_LIMIT: f64 = 256.0;

#[test]
fn texts_that_are_built_to_need_much_memory_leave_the_operator_within_its_limit() {
    // As large as texts may be by default, and all there is in them makes something that is kept.
    let seeds = [
        "Helm Flux. ",
        "[a](b)",
        "# a\n",
        "security ",
        "- a\n",
        "a|",
        "A. ",
        "**a** ",
        "KubeCon Europe 2024 in Paris\n",
    ];
    let server = Server::start(move |stream, request| {
        let number =
            request.split(['=', '&']).nth(1).and_then(|number| number.parse::<usize>().ok()).unwrap_or_default();
        let seed = seeds[number % seeds.len()];
        let text = format!("{number} {}", seed.repeat((2 * MIB - 16) / seed.len()));
        stream.write_all(&answer("200 OK", "content-type: text/markdown\r\n", text.as_bytes()))
    });
    let port = format!("--http-allow-port={}", server.port);
    let flags = ["--http-allow-host=localhost", &port, "--http-max-per-host=16", "--analysis-timeout=2m"];
    // glibc keeps much of what was freed for later; the image's allocator is told not to, and here only large pieces are told so.
    let bench = Bench::with_environment("hoarders", &flags, &[("MALLOC_MMAP_THRESHOLD_", "131072")]);
    let all = 2 * seeds.len();
    let made = |number: usize| {
        let url = format!("{}?report={number}&", server.url());
        report(&format!("r{number}"), json!({"source": {"http": {"url": url, "insecure": true}}, "interval": "1h"}))
    };
    bench.apply_all((0..all).map(made).collect());
    let deadline = Instant::now() + Duration::from_secs(180);
    let reasons = loop {
        let reasons: Vec<String> = bench.reports().iter().map(ready_reason).collect();
        let settled = |reason: &String| ["Succeeded", "UnreadableDocument"].contains(&reason.as_str());
        if reasons.iter().all(settled) {
            break reasons;
        }
        assert!(Instant::now() < deadline, "these never came to an end: {reasons:?}\n{}", bench.operator.log_text());
        std::thread::sleep(Duration::from_millis(500));
    };
    assert!(reasons.contains(&"Succeeded".to_owned()), "some of them are texts like others: {reasons:?}");
    let Some(process) = bench.operator.process() else {
        return println!("SKIPPED: this system does not tell how much memory a process had at most");
    };
    let peak = testbed::usage::of(process).peak_mib;
    println!("{all} texts of 2 MiB that are built to need memory: {peak:.0} MiB at most; {reasons:?}");
    assert!(peak > 0.0 && peak < DEFAULT_LIMIT, "the kernel would have ended the operator: it took {peak} MiB");
}
