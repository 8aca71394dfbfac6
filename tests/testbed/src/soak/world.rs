//! What users do: they write reports, edit texts and specs, delete and recreate, all at random. Keeps what should be there now, and how
//! many times what a status has to say changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::objects::Objects;
use crate::report_server::{Page, ReportServer};

/// Reports that may be there at a time. A place has a kind of source of its own.
const PLACES: usize = 40;
const KEY: &str = "report.txt";

/// What a report should say.
pub(super) enum Expected {
    /// This, as far as it does not depend on when it was made.
    Status(Box<Value>),
    /// That its ConfigMap is missing.
    Missing,
}

/// The world.
pub(super) struct World<'a> {
    objects: &'a Objects,
    server: &'a ReportServer,
    rng: Rng,
    sentences: Vec<String>,
    /// Specs by the place of the report.
    reports: BTreeMap<usize, Value>,
    /// Texts by the place of the report: of ConfigMaps, and of pages.
    texts: BTreeMap<usize, String>,
    requests: usize,
    changes: usize,
    counts: BTreeMap<&'static str, usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Map,
    Inline,
    Url,
}

const fn kind(place: usize) -> Kind {
    match place % 4 {
        0 | 1 => Kind::Map,
        2 => Kind::Inline,
        _ => Kind::Url,
    }
}

fn name(place: usize) -> String {
    format!("r{place}")
}

impl<'a> World<'a> {
    /// An empty world, but for what pages are trusted by.
    pub(super) fn new(objects: &'a Objects, server: &'a ReportServer, rng: Rng) -> Result<Self> {
        objects.apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca"}, "stringData": {"ca.crt": server.authority()},
        }))?;
        Ok(Self {
            objects,
            server,
            rng,
            sentences: sentences()?,
            reports: BTreeMap::new(),
            texts: BTreeMap::new(),
            requests: 0,
            changes: 0,
            counts: BTreeMap::new(),
        })
    }

    /// One change, of whatever kind.
    pub(super) fn step(&mut self) -> Result<()> {
        let place = self.rng.usize(..PLACES);
        if !self.reports.contains_key(&place) {
            return self.create(place);
        }
        match self.rng.u8(..100) {
            0..50 => self.edit_text(place),
            50..65 => self.edit_spec(place),
            65..75 => self.touch(place),
            75..85 => self.ask(place),
            85..93 => self.delete(place),
            _ => self.delete_map(place),
        }
    }

    /// Some changes while no operator runs.
    pub(super) fn away(&mut self, rng: &mut Rng) -> Result<()> {
        for _ in 0..rng.usize(..8) {
            self.step()?;
        }
        Ok(())
    }

    /// How many times at most a status should have been written.
    pub(super) const fn changes(&self) -> usize {
        self.changes
    }

    /// What was done how often.
    pub(super) fn into_counts(self) -> BTreeMap<&'static str, usize> {
        self.counts
    }

    fn did(&mut self, what: &'static str, changes: usize) {
        *self.counts.entry(what).or_default() += 1;
        self.changes += changes;
    }

    fn create(&mut self, place: usize) -> Result<()> {
        // Now and then a report comes before its text.
        if kind(place) != Kind::Map || self.rng.u8(..10) > 0 {
            self.write_text(place)?;
        }
        self.write_spec(place)?;
        // A URL is announced before it is fetched.
        self.did("report created", if kind(place) == Kind::Url { 2 } else { 1 });
        Ok(())
    }

    fn edit_text(&mut self, place: usize) -> Result<()> {
        if kind(place) == Kind::Inline {
            return self.edit_spec(place);
        }
        self.write_text(place)?;
        self.did("text edited", 1);
        if kind(place) == Kind::Url {
            self.request(place)?;
        }
        Ok(())
    }

    fn edit_spec(&mut self, place: usize) -> Result<()> {
        self.write_spec(place)?;
        self.did("spec edited", if kind(place) == Kind::Url { 2 } else { 1 });
        Ok(())
    }

    /// Something about the ConfigMap changes that no report is about.
    fn touch(&mut self, place: usize) -> Result<()> {
        let Some(text) = self.texts.get(&place).cloned().filter(|_| kind(place) == Kind::Map) else { return Ok(()) };
        self.requests += 1;
        let mut map = map(place, &text);
        map["metadata"]["labels"] = json!({"touched": self.requests.to_string()});
        self.objects.apply(&map)?;
        self.did("ConfigMap touched", 0);
        Ok(())
    }

    fn ask(&mut self, place: usize) -> Result<()> {
        self.request(place)?;
        self.did("reconcile asked for", 1);
        Ok(())
    }

    fn delete(&mut self, place: usize) -> Result<()> {
        self.objects.delete("ConferenceReport", &name(place))?;
        self.reports.remove(&place);
        self.did("report deleted", 0);
        Ok(())
    }

    fn delete_map(&mut self, place: usize) -> Result<()> {
        if kind(place) != Kind::Map || self.texts.remove(&place).is_none() {
            return Ok(());
        }
        self.objects.delete("ConfigMap", &name(place))?;
        self.did("ConfigMap deleted", 1);
        Ok(())
    }

    /// Has the operator look at a report now, which it says it did.
    fn request(&mut self, place: usize) -> Result<()> {
        self.requests += 1;
        if let Some(spec) = self.reports.get(&place) {
            self.objects.apply(&report(place, spec, self.requests))?;
        }
        Ok(())
    }

    fn write_spec(&mut self, place: usize) -> Result<()> {
        let source = match kind(place) {
            Kind::Map => json!({"configMapRef": {"name": name(place)}}),
            Kind::Inline => json!({"inline": self.text()}),
            Kind::Url => json!({"http": {"url": self.server.url(&name(place)), "certSecretRef": {"name": "ca"}}}),
        };
        let spec = json!({
            "source": source,
            "format": "Text",
            "event": {"location": *self.rng.choice(["Paris", "Valencia", "Detroit", "Tokyo"]).as_ref().unwrap_or(&"Paris")},
            "summary": {"maxWords": self.rng.u32(20..200)},
        });
        self.objects.apply(&report(place, &spec, self.requests))?;
        self.reports.insert(place, spec);
        Ok(())
    }

    fn write_text(&mut self, place: usize) -> Result<()> {
        let text = self.text();
        match kind(place) {
            Kind::Map => drop(self.objects.apply(&map(place, &text))?),
            Kind::Url => self.server.put(&name(place), Page::new("text/plain; charset=utf-8", text.clone())),
            Kind::Inline => return Ok(()),
        }
        self.texts.insert(place, text);
        Ok(())
    }

    /// Some sentences in a random order; no two texts are the same.
    fn text(&mut self) -> String {
        let number = self.requests + self.changes;
        let mut text = format!("KubeCon + CloudNativeCon Europe 2024, notes number {number}\n\n");
        for _ in 0..self.rng.usize(3..40) {
            if let Some(sentence) = self.sentences.get(self.rng.usize(..self.sentences.len())) {
                text.push_str(sentence);
                text.push_str("\n\n");
            }
        }
        text
    }

    /// What every report should say now: `analyze` is asked, in one go.
    pub(super) fn expected(&self, binary: &Path) -> Result<BTreeMap<String, Expected>> {
        let mut items = Vec::new();
        let mut expected = BTreeMap::new();
        for (place, spec) in &self.reports {
            let mut spec = spec.clone();
            if kind(*place) != Kind::Inline {
                let Some(text) = self.texts.get(place) else {
                    expected.insert(name(*place), Expected::Missing);
                    continue;
                };
                spec["source"] = json!({"configMapRef": {"name": name(*place)}});
                items.push(map(*place, text));
            }
            items.push(report(*place, &spec, 0));
        }
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("manifests.json");
        std::fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())?;
        let output = Command::new(binary).args(["analyze", "-o", "json"]).arg(&file).output()?;
        if !output.status.success() {
            bail!("analyze: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut list: Value = serde_json::from_slice(&output.stdout)?;
        for item in list.get_mut("items").and_then(Value::as_array_mut).context("analyze printed no List")? {
            let name = item.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
            expected.insert(name, Expected::Status(Box::new(item["status"].take())));
        }
        Ok(expected)
    }
}

fn map(place: usize, text: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name(place)}, "data": {KEY: text}})
}

/// A report; `request` is what its last reconcile was asked for by.
fn report(place: usize, spec: &Value, request: usize) -> Value {
    json!({
        "apiVersion": "confreports.dev/v1alpha1",
        "kind": "ConferenceReport",
        "metadata": {"name": name(place), "annotations": {"reconcile.fluxcd.io/requestedAt": request.to_string()}},
        "spec": spec,
    })
}

/// Sentences of the repository's own samples.
fn sentences() -> Result<Vec<String>> {
    let folder = crate::repository().join("deploy/samples/texts");
    let mut sentences = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt" || extension == "md") {
            let text = std::fs::read_to_string(&path)?;
            sentences.extend(text.lines().filter(|line| line.len() > 60).map(str::to_owned));
        }
    }
    // The order of a folder is nobody's promise, but the seed's result depends on it.
    sentences.sort();
    Ok(sentences)
}
