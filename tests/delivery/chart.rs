//! The chart as Helm, kubeconform and the API server see it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use conference_report_operator::api::FIELD_MANAGER;
use conference_report_operator::runtime::lease;
use kube::core::Selector;
use testbed::cluster::Cluster;
use testbed::{programs, repository};

use crate::schemas;
use crate::values::WRONG;

/// A namespace that refuses what does not pass the strictest level.
const RESTRICTED: &str = "restricted";

pub fn helm(arguments: &[&str]) -> Output {
    let helm = programs::HELM.existing().expect("`make test-delivery` provides Helm").join("helm");
    Command::new(helm).args(arguments).output().unwrap()
}

pub fn chart() -> String {
    repository().join("charts/conference-report-operator").display().to_string()
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let cluster = Cluster::start().expect("the control plane should start; `make control-plane` provides it");
        let kubectl = |arguments: &[&str]| cluster.control_plane().run_kubectl(arguments).unwrap();
        kubectl(&["create", "namespace", RESTRICTED]);
        kubectl(&["label", "namespace", RESTRICTED, "pod-security.kubernetes.io/enforce=restricted"]);
        // Nobody makes it where there are no controllers.
        kubectl(&["-n", RESTRICTED, "create", "serviceaccount", "default"]);
        for namespace in ["team-a", "team-b", "monitoring"] {
            kubectl(&["create", "namespace", namespace]);
        }
        kubectl(&["create", "priorityclass", "platform", "--value=1000"]);
        let monitoring = schemas::prometheus_operator_crds();
        kubectl(&["apply", "--server-side", "-f", &monitoring.display().to_string()]);
        kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
        cluster
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The sets of values, by file.
fn value_sets() -> Vec<PathBuf> {
    let folder = repository().join("tests/delivery/values");
    let mut sets: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.sort();
    assert!(sets.len() >= 10, "there are only {} sets of values", sets.len());
    sets
}

fn render(set: &std::path::Path) -> String {
    let set = set.display().to_string();
    // The test cluster has the rights of the release `conference-report-operator` already.
    let output = helm(&["template", "trial", &chart(), "-n", RESTRICTED, "-f", &set]);
    assert!(output.status.success(), "{set}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn helm_finds_nothing_to_complain_about_with_any_set_of_values() {
    for set in value_sets() {
        let output = helm(&["lint", "--strict", &chart(), "-f", &set.display().to_string()]);
        assert!(output.status.success(), "{}: {}{}", set.display(), text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn wrong_values_are_refused_with_the_name_of_the_value() {
    for (setting, named) in WRONG {
        let output = helm(&["template", "x", &chart(), "--set-json", setting]);
        assert!(!output.status.success(), "{setting} is taken");
        let message = text(&output.stderr);
        assert!(message.contains(named), "{setting}: the message does not name {named}:\n{message}");
    }
}

#[test]
fn every_set_of_values_renders_what_the_schemas_allow() {
    let schemas = schemas::of_cluster(cluster());
    let kubeconform =
        programs::KUBECONFORM.existing().expect("`make test-delivery` provides kubeconform").join("kubeconform");
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for set in value_sets() {
        let file = folder.path().join(set.file_name().unwrap());
        fs::write(&file, render(&set)).unwrap();
        files.push(file);
    }
    files.push(repository().join("deploy/install.yaml"));
    let location = format!("{}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", schemas.path().display());
    let output = Command::new(kubeconform)
        .args(["-strict", "-summary", "-schema-location", &location])
        .args(&files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    println!("{}", text(&output.stdout).trim());
}

#[test]
fn the_api_server_takes_every_set_of_values_at_the_restricted_level() {
    for set in value_sets() {
        let manifests = render(&set);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifests.yaml");
        // A pod is refused when its account is not there, and a dry run leaves nothing behind.
        for account in accounts(&manifests) {
            fs::write(&file, account.to_string()).unwrap();
            let apply = ["apply", "--server-side", "-f", &file.display().to_string()];
            cluster().control_plane().run_kubectl(&apply).unwrap();
        }
        fs::write(&file, &manifests).unwrap();
        let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f"];
        let output = cluster().control_plane().kubectl().args(apply).arg(&file).output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{}: {said}", set.display());
        assert!(!said.contains("Warning"), "{}: {said}", set.display());
        // A Deployment is only warned about; it is its pods that would be refused.
        let pod = pod_of_deployment(&manifests);
        fs::write(&file, pod.to_string()).unwrap();
        let output = cluster().control_plane().kubectl().args(apply).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}: {}", set.display(), text(&output.stderr));
    }
}

fn accounts(manifests: &str) -> Vec<serde_json::Value> {
    let mut documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(manifests).unwrap();
    documents.retain(|document| document["kind"] == "ServiceAccount");
    documents
}

fn pod_of_deployment(manifests: &str) -> serde_json::Value {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(manifests).unwrap();
    let deployment = documents.iter().find(|document| document["kind"] == "Deployment").unwrap();
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "trial".into();
    pod["metadata"]["namespace"] = RESTRICTED.into();
    // Not every set of values makes an account.
    pod["spec"]["serviceAccountName"] = "default".into();
    pod
}

#[test]
fn the_operator_takes_the_flags_that_the_chart_gives_it() {
    for set in value_sets() {
        let pod = pod_of_deployment(&render(&set));
        let mut arguments: Vec<&str> = Vec::new();
        for argument in pod["spec"]["containers"][0]["args"].as_array().unwrap() {
            arguments.push(argument.as_str().unwrap());
        }
        // Asked for help last, it reads all flags before and does not run.
        arguments.push("--help");
        let output = Command::new(env!("CARGO_BIN_EXE_conference-report-operator")).args(&arguments).output().unwrap();
        assert!(output.status.success(), "{}: {arguments:?}: {}", set.display(), text(&output.stderr));
    }
}

#[test]
fn the_role_for_leases_names_the_lease_that_the_operator_makes() {
    let folder = repository().join("tests/delivery/values");
    for (set, namespaces) in [("01-defaults.yaml", vec![]), ("02-namespaced.yaml", vec!["team-a", "team-b"])] {
        let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(&render(&folder.join(set))).unwrap();
        let is_for_leases = |document: &&serde_json::Value| {
            let name = document["metadata"]["name"].as_str().unwrap_or_default();
            document["kind"] == "Role" && name.ends_with("-leader-election")
        };
        let role = documents.iter().find(is_for_leases).unwrap();
        let namespaces: Vec<String> = namespaces.into_iter().map(str::to_owned).collect();
        let lease = lease::name(FIELD_MANAGER, &namespaces, &Selector::default());
        assert_eq!(role["rules"][0]["verbs"], serde_json::json!(["create"]), "{set}");
        assert_eq!(role["rules"][1]["resourceNames"], serde_json::json!([lease]), "{set}");
    }
}

#[test]
fn a_release_may_have_any_name_that_helm_takes() {
    let long = "a".repeat(53);
    for name in ["2024", "true", "1e3", "v1.2", &long] {
        let output = helm(&["template", name, &chart(), "-n", RESTRICTED, "--set=tests.enabled=false"]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifests.yaml");
        fs::write(&file, &output.stdout).unwrap();
        let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f"];
        let output = cluster().control_plane().kubectl().args(apply).arg(&file).output().unwrap();
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn the_report_of_the_notes_can_be_pasted_and_is_one_that_the_release_works_on() {
    for (setting, labels) in [
        (r#"logFormat="json""#, serde_json::Value::Null),
        (
            r#"watchLabelSelector="sharding.fluxcd.io/key=shard1""#,
            serde_json::json!({"sharding.fluxcd.io/key": "shard1"}),
        ),
    ] {
        let output = helm(&["install", "trial", &chart(), "--dry-run=client", "--set-json", setting]);
        assert!(output.status.success(), "{setting}: {}", text(&output.stderr));
        let said = text(&output.stdout);
        let (_, after) = said.split_once("kubectl apply -f - <<'EOF'\n").unwrap();
        let (manifest, _) = after.split_once("\nEOF\n").unwrap();
        let report: serde_json::Value = serde_saphyr::from_str(manifest).unwrap();
        assert_eq!(report["kind"], "ConferenceReport", "{setting}");
        assert_eq!(report["metadata"]["labels"], labels, "{setting}");
    }
}

#[test]
fn the_test_of_the_release_makes_a_report_that_the_release_works_on() {
    for (settings, expected) in [
        (r#"watchLabelSelector="team=a,tier==1""#, Some(("team", "a"))),
        (r#"watchLabelSelector="!team""#, None),
        (r#"watchLabelSelector="team in (a,b)",tests.labels={"team":"b"}"#, Some(("team", "b"))),
    ] {
        let output = helm(&["template", "trial", &chart(), "--set-json", settings]);
        assert!(output.status.success(), "{settings}: {}", text(&output.stderr));
        let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(&text(&output.stdout)).unwrap();
        let report = documents.iter().find(|document| document["kind"] == "ConferenceReport");
        let label = expected.map(|(key, _)| report.unwrap()["metadata"]["labels"][key].as_str().unwrap_or_default());
        assert_eq!(label, expected.map(|(_, value)| value), "{settings}");
        assert_eq!(report.is_some(), expected.is_some(), "{settings}");
    }
}

#[test]
fn every_kustomization_can_be_built() {
    let folders = [
        "deploy/base",
        "deploy/overlays/monitored",
        "deploy/overlays/namespaced",
        "deploy/flux/reports",
        "deploy/flux/clusters/my-cluster",
    ];
    for folder in folders {
        let path = repository().join(folder).display().to_string();
        let rendered = cluster().control_plane().run_kubectl(&["kustomize", &path]).unwrap();
        assert!(rendered.contains("kind:"), "{folder} renders nothing");
        if folder == "deploy/overlays/namespaced" {
            assert!(!rendered.contains("name: conference-report-operator\nrules"), "{rendered}");
            assert!(!rendered.contains("kind: ClusterRoleBinding"), "{rendered}");
            assert!(rendered.contains("--watch-namespaces=reports"), "{rendered}");
            assert!(!rendered.contains("resourceNames"), "the Lease has another name here:\n{rendered}");
        }
        if folder == "deploy/flux/reports" {
            assert!(
                !rendered.contains("\n      name: kcd-utrecht\n"),
                "a hashed name did not reach the report:\n{rendered}"
            );
        }
    }
}
