//! What an operator asked the API server for, from the audit log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::control_plane::ControlPlane;

/// A moment in the audit log.
pub(super) struct Asked(u64);

impl Asked {
    /// Now.
    pub(super) fn so_far(control_plane: &ControlPlane) -> Result<Self> {
        Ok(Self(std::fs::metadata(control_plane.audit_log())?.len()))
    }

    /// Requests of operators for objects of a namespace since then: how many of each verb and resource.
    pub(super) fn since(&self, control_plane: &ControlPlane, namespace: &str) -> Result<BTreeMap<String, usize>> {
        // The API server writes its log in batches.
        std::thread::sleep(Duration::from_secs(1));
        let mut file = File::open(control_plane.audit_log())?;
        file.seek(SeekFrom::Start(self.0))?;
        let mut counts = BTreeMap::new();
        for line in BufReader::new(file).lines() {
            let entry: Value = serde_json::from_str(&line?)?;
            let word = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let own = word("/user/username").starts_with("system:serviceaccount:");
            if own && word("/objectRef/namespace") == namespace {
                *counts.entry(format!("{} {}", word("/verb"), word("/objectRef/resource"))).or_default() += 1;
            }
        }
        Ok(counts)
    }
}
