//! What a namespace full of other people's ConfigMaps costs. On a control plane of its own: they are a gigabyte.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use testbed::cluster::Cluster;
use testbed::operator::Operator;

use crate::support::{config_map, metric, report};

const MAPS: usize = 1000;
const MIB: usize = 1 << 20;

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
