//! What the operator asked of the API server, held against what its roles grant.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

/// A kind of request: verb, group, resource with subresource.
pub type Kind = (String, String, String);

/// The kinds of requests that an account made, and those of them that were refused.
///
/// # Errors
/// When the log cannot be read.
pub fn requests(log: &Path, account: &str) -> Result<(BTreeSet<Kind>, BTreeSet<Kind>)> {
    let user = format!("system:serviceaccount:{account}");
    let (mut asked, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for line in fs::read_to_string(log)?.lines() {
        // The last line may be half written.
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("/user/username") != user || text("/objectRef/resource").is_empty() {
            continue;
        }
        let resource = match text("/objectRef/subresource") {
            sub if sub.is_empty() => text("/objectRef/resource"),
            sub => format!("{}/{sub}", text("/objectRef/resource")),
        };
        let kind = (text("/verb"), text("/objectRef/apiGroup"), resource);
        if event.pointer("/responseStatus/code").and_then(Value::as_u64) == Some(403) {
            refused.insert(kind.clone());
        }
        asked.insert(kind);
    }
    Ok((asked, refused))
}

/// The kinds of requests that roles grant; each role as JSON.
pub fn granted<'a>(roles: impl IntoIterator<Item = &'a Value>) -> BTreeSet<Kind> {
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut kinds = BTreeSet::new();
    for rule in roles.into_iter().flat_map(|role| role["rules"].as_array().into_iter().flatten()) {
        for verb in strings(&rule["verbs"]) {
            for group in strings(&rule["apiGroups"]) {
                for resource in strings(&rule["resources"]) {
                    kinds.insert((verb.clone(), group.clone(), resource));
                }
            }
        }
    }
    kinds
}
