//! The bytes that everybody writes: for each text the status that the operator would write for it, made by its `analyze` command, as a
//! file `<key>.json` in a folder that the bare loops and the peers read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::workload::Workload;

/// Statuses by key of the text.
pub type Statuses = BTreeMap<String, Map<String, Value>>;

/// Writes the files; the mean size of a status in bytes.
///
/// # Errors
/// When `analyze` fails.
pub fn prepare(operator: &Path, workload: &Workload, folder: &Path) -> Result<usize> {
    let texts = folder.join("texts");
    let statuses = folder.join("statuses");
    fs::create_dir_all(&texts)?;
    fs::create_dir_all(&statuses)?;
    for number in 0..workload.len() {
        fs::write(texts.join(workload.key(number)), workload.text(number, 0))?;
    }
    let mut bytes = 0;
    for object in analyze(operator, &texts)? {
        let key = object["metadata"]["name"].as_str().context("a report without a name")?.to_owned();
        let mut status = object["status"].as_object().context("a report without a status")?.clone();
        let message = "found what is to be found in the text, as the operator would tell in about as many words";
        let condition = json!({
            "type": "Ready", "status": "True", "reason": "Succeeded", "message": message, "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        status.insert("conditions".to_owned(), json!([condition]));
        status.insert("observedGeneration".to_owned(), json!(1));
        let text = serde_json::to_string(&status)?;
        bytes += text.len();
        fs::write(statuses.join(format!("{key}.json")), text)?;
    }
    Ok(bytes / workload.len())
}

/// Reads the files.
///
/// # Errors
/// When there are none.
pub fn load(folder: &Path) -> Result<Statuses> {
    let mut statuses = Statuses::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let key = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        statuses.insert(key, serde_json::from_slice(&fs::read(&path)?)?);
    }
    Ok(statuses)
}

/// What the status of a report is to be: the prepared one, with the text and the ConfigMap it is made from.
pub fn of_map(statuses: &Statuses, map: &Value) -> Result<Map<String, Value>> {
    let data = map["data"].as_object().context("a ConfigMap without data")?;
    let (key, text) = data.iter().next().context("an empty ConfigMap")?;
    let text = text.as_str().unwrap_or_default();
    let mut status = statuses.get(key).with_context(|| format!("no status for {key}"))?.clone();
    let source = json!({
        "kind": "ConfigMap",
        "revision": crate::workload::revision(text),
        "bytes": text.len(),
        "configMap": {"uid": map["metadata"]["uid"], "resourceVersion": map["metadata"]["resourceVersion"]},
    });
    status.insert("source".to_owned(), source);
    Ok(status)
}

fn analyze(operator: &Path, texts: &Path) -> Result<Vec<Value>> {
    let output = Command::new(operator).args(["analyze", "-o", "json"]).arg(texts).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut list: Value = serde_json::from_slice(&output.stdout)?;
    match list["items"].take() {
        Value::Array(items) => Ok(items),
        _ => bail!("`analyze` printed no list"),
    }
}
