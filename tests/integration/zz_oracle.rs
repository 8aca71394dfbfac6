//! The last test: every status that any operator wrote in this run, as the API server's audit log has it, keeps the rules.
//!
//! Tests run in the order of their names, so this one starts when all others have been started, and it waits until they have ended.
//! Where only some tests are run, it has to be named too: `cargo test --test integration -- faults oracle`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use conference_report_operator::api::conditions::check;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::Value;
use testbed::operator::Operator;

use crate::support::cluster;

/// The most bytes of a status.
const STATUS_LIMIT: usize = 32 * 1024;
/// How long no operator must have run before the others count as ended: between two operators of one test goes less time.
const QUIET: Duration = Duration::from_secs(3);

/// A status that was written.
struct Write {
    uid: String,
    version: u64,
    generation: i64,
    /// Whether it was applied as a whole. What takes out conditions that somebody else has added says nothing else, nor of what kind it is.
    applied: bool,
    status: Value,
}

#[test]
fn every_status_that_was_ever_written_keeps_the_rules() {
    wait_for_the_others();
    let writes = writes();
    let mut broken = Vec::new();
    let mut latest: BTreeMap<&str, &Write> = BTreeMap::new();
    for write in &writes {
        let before = latest.insert(&write.uid, write);
        let problems = problems(write, before);
        if !problems.is_empty() {
            broken.push(format!("{}\nin {:#}", problems.join("\n"), write.status));
        }
    }
    crate::faults::say(&format!(
        "conditions: {} status writes of {} resources checked, {} against the rules",
        writes.len(),
        latest.len(),
        broken.len()
    ));
    assert!(broken.is_empty(), "{} statuses break rules; the first:\n{}", broken.len(), broken[0]);
}

fn wait_for_the_others() {
    let mut quiet_since = Instant::now();
    while quiet_since.elapsed() < QUIET {
        if Operator::running() > 0 {
            quiet_since = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn problems(write: &Write, before: Option<&Write>) -> Vec<String> {
    let mut problems = Vec::new();
    let conditions = conditions(&write.status);
    let observed = write.status["observedGeneration"].as_i64();
    problems.extend(check(observed, &conditions, write.generation).err().into_iter().flatten());
    let bytes = write.status.to_string().len();
    if bytes > STATUS_LIMIT {
        problems.push(format!("the status has {bytes} bytes"));
    }
    let Some(before) = before else { return problems };
    if observed < before.status["observedGeneration"].as_i64() {
        problems.push(format!("observedGeneration goes back from {}", before.status["observedGeneration"]));
    }
    for old in self::conditions(&before.status) {
        let moved = conditions.iter().any(|new| {
            new.type_ == old.type_ && new.status == old.status && new.last_transition_time != old.last_transition_time
        });
        if moved {
            problems.push(format!("lastTransitionTime of {} moved though its status did not flip", old.type_));
        }
    }
    problems
}

fn conditions(status: &Value) -> Vec<Condition> {
    serde_json::from_value(status["conditions"].clone()).unwrap_or_default()
}

/// Every status that an operator wrote, in the order in which the API server took them.
fn writes() -> Vec<Write> {
    let log = std::fs::read_to_string(cluster().control_plane().audit_log()).unwrap();
    let mut writes: Vec<Write> = log
        .lines()
        .filter(|line| line.contains(r#""subresource":"status""#))
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|entry| {
            let user = entry["user"]["username"].as_str().unwrap_or_default();
            user.starts_with("system:serviceaccount:") && entry["responseStatus"]["code"] == 200
        })
        .map(|mut entry| {
            let metadata = &entry["responseObject"]["metadata"];
            Write {
                uid: metadata["uid"].as_str().expect("the audit log should hold the answer").to_owned(),
                version: metadata["resourceVersion"].as_str().and_then(|version| version.parse().ok()).unwrap(),
                generation: metadata["generation"].as_i64().unwrap(),
                applied: entry["requestObject"]["kind"].is_string(),
                status: entry["requestObject"]["status"].take(),
            }
        })
        .collect();
    writes.sort_by_key(|write| write.version);
    // One that was not applied leaves the rest as it was before.
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    for write in &mut writes {
        if !write.applied
            && let Some(before) = latest.get(&write.uid)
        {
            let conditions = write.status["conditions"].take();
            write.status = before.clone();
            write.status["conditions"] = conditions;
        }
        latest.insert(write.uid.clone(), write.status.clone());
    }
    // A write that changed nothing has the version of the one before.
    writes
}
