//! What `manifest` writes: names, checks and the manifests themselves. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use url::Url;

use crate::api::{GROUP, VERSION};
use crate::controller::schedule::parse_duration;

/// What a ConfigMap may hold is 1 MiB, everything else in it included.
const MOST_BYTES: usize = 1_000_000;
/// So that the name can be the value of a label too.
const LONGEST_NAME: usize = 63;

/// What all reports of one call have in common.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub namespace: Option<String>,
    pub catalogs: Vec<String>,
    pub language: Option<String>,
    pub interval: Option<String>,
}

impl Common {
    /// Checks what the API server would refuse.
    pub fn check(&self) -> Result<(), String> {
        for (flag, name) in self
            .namespace
            .iter()
            .map(|name| ("--namespace", name))
            .chain(self.catalogs.iter().map(|name| ("--catalog", name)))
        {
            checked_name(name).map_err(|error| format!("{flag}: {error}"))?;
        }
        if let Some(language) = &self.language
            && !(language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()))
        {
            return Err(format!("--language: {language:?} is no two-letter code in lower case, such as nl or en"));
        }
        if let Some(interval) = &self.interval {
            match parse_duration(interval) {
                Some(time) if time.as_secs() >= 60 => {}
                Some(_) => return Err(format!("--interval: {interval} is less than a minute, the least there is")),
                None => return Err(format!("--interval: {interval:?} is no duration; write one such as 30m or 6h")),
            }
        }
        Ok(())
    }
}

/// A text as it goes into a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Key in the ConfigMap, and name of the file.
    pub key: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl Text {
    /// A text of a file of that name. The key keeps the extension, by which the operator knows the format.
    pub fn new(file: &str, bytes: Vec<u8>, origin: &str) -> Result<Self, String> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(format!("{origin}: it is empty"));
        }
        if bytes.len() > MOST_BYTES {
            return Err(format!(
                "{origin}: it has {} bytes, and a ConfigMap holds {MOST_BYTES} at most; serve it at a URL and give that",
                bytes.len()
            ));
        }
        let key: String = file
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
            .collect();
        Ok(Self { key: key.trim_start_matches('.').to_owned(), bytes })
    }
}

/// Where a report comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Text(Text),
    Url(String),
}

/// A report to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub source: Source,
}

/// A manifest whose parts stand in the order people are used to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    api_version: String,
    kind: &'a str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    binary_data: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<Value>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

impl Entry {
    /// Everything that this report needs, as YAML documents.
    pub fn manifests(&self, common: &Common) -> Result<String, String> {
        let mut yaml = String::new();
        if let Source::Text(text) = &self.source {
            let mut map = self.manifest("v1".to_owned(), "ConfigMap", common);
            match std::str::from_utf8(&text.bytes) {
                Ok(content) => map.data = BTreeMap::from([(text.key.as_str(), content)]),
                Err(_) => {
                    let encoded = base64::engine::general_purpose::STANDARD.encode(&text.bytes);
                    map.binary_data = BTreeMap::from([(text.key.as_str(), encoded)]);
                }
            }
            document(&mut yaml, &map)?;
        }
        yaml.push_str(&self.report(common)?);
        Ok(yaml)
    }

    /// The ConferenceReport alone.
    pub fn report(&self, common: &Common) -> Result<String, String> {
        let mut spec = match &self.source {
            Source::Text(_) => json!({"source": {"configMapRef": {"name": self.name}}}),
            Source::Url(url) => json!({"source": {"http": {"url": url}}}),
        };
        if let (Source::Url(_), Some(interval)) = (&self.source, &common.interval) {
            spec["interval"] = json!(interval);
        }
        if let Some(language) = &common.language {
            spec["language"] = json!(language);
        }
        if !common.catalogs.is_empty() {
            let references: Vec<Value> = common.catalogs.iter().map(|name| json!({"name": name})).collect();
            spec["catalogRefs"] = Value::Array(references);
        }
        let mut report = self.manifest(format!("{GROUP}/{VERSION}"), "ConferenceReport", common);
        report.spec = Some(spec);
        let mut yaml = String::new();
        document(&mut yaml, &report)?;
        Ok(yaml)
    }

    fn manifest<'a>(&'a self, api_version: String, kind: &'a str, common: &'a Common) -> Manifest<'a> {
        Manifest {
            api_version,
            kind,
            metadata: Metadata { name: &self.name, namespace: common.namespace.as_deref() },
            data: BTreeMap::new(),
            binary_data: BTreeMap::new(),
            spec: None,
        }
    }
}

fn document(yaml: &mut String, manifest: &Manifest<'_>) -> Result<(), String> {
    let text = serde_saphyr::to_string(manifest).map_err(|error| error.to_string())?;
    let _ = write!(yaml, "---\n{text}");
    Ok(())
}

/// A name that Kubernetes takes: lower case letters, digits and hyphens. Accents are dropped, the rest becomes hyphens.
pub fn valid_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => name.push_str("ss"),
            'æ' => name.push_str("ae"),
            'œ' => name.push_str("oe"),
            'ø' => name.push('o'),
            c if c.is_ascii_alphanumeric() => name.push(c),
            // An apostrophe joins: what's becomes whats.
            '\'' | '’' => {}
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    shorten(name.trim_matches('-'), LONGEST_NAME)
}

/// The name, or the first of name-2, name-3 ... that is not taken.
pub fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    if name.is_empty() || !taken.contains(name) {
        return name.to_owned();
    }
    let numbered = |number: usize| {
        let end = format!("-{number}");
        format!("{}{end}", shorten(name, LONGEST_NAME - end.len()))
    };
    (2..=taken.len() + 2).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Cuts a name of ASCII characters; it ends with a letter or digit.
fn shorten(name: &str, longest: usize) -> String {
    name.get(..longest).unwrap_or(name).trim_end_matches('-').to_owned()
}

/// A name that a user gave, if Kubernetes takes it.
pub fn checked_name(name: &str) -> Result<String, String> {
    let valid = valid_name(name);
    if valid == name && !name.is_empty() {
        return Ok(valid);
    }
    let proposal = if valid.is_empty() { String::new() } else { format!("; {valid} would be one") };
    Err(format!(
        "{name:?} is no name for Kubernetes: up to {LONGEST_NAME} lower case letters, digits and hyphens{proposal}"
    ))
}

/// An address that a report may have.
pub fn checked_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text}: it is no address: {error}"))?;
    match url.scheme() {
        "https" => {}
        "http" => {
            return Err(format!(
                "{text}: reports are fetched by https; where there is none, set spec.source.http.insecure: true by hand"
            ));
        }
        other => return Err(format!("{text}: reports are fetched by https, not by {other}")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong into an address; put them into a Secret and name it in spec.source.http.secretRef".to_owned());
    }
    Ok(url)
}

/// What the name of a report at this address is made from: the last part of the path, or the host.
pub fn name_of_url(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty())).unwrap_or_default();
    let stem = match last.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => last,
    };
    let decoded = percent_decode_str(stem).decode_utf8_lossy().into_owned();
    if valid_name(&decoded).is_empty() { url.host_str().unwrap_or_default().to_owned() } else { decoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, file: &str, bytes: &[u8]) -> Entry {
        Entry { name: name.to_owned(), source: Source::Text(Text::new(file, bytes.to_vec(), file).unwrap()) }
    }

    #[test]
    fn names_become_what_kubernetes_takes() {
        for (text, name) in [
            ("KubeCon_Paris 2024", "kubecon-paris-2024"),
            ("Größe & Maß: où ça", "grosse-mass-ou-ca"),
            ("what's new", "whats-new"),
            ("--x--", "x"),
            ("日本", ""),
            (&"a".repeat(80), &"a".repeat(63)),
        ] {
            assert_eq!(valid_name(text), name, "{text}");
        }
        let taken = BTreeSet::from(["a".to_owned(), "a-2".to_owned()]);
        assert_eq!(free_name("a", &taken), "a-3");
        let error = checked_name("KubeCon Paris").unwrap_err();
        assert!(error.contains("kubecon-paris would be one"), "{error}");
    }

    #[test]
    fn addresses_give_names_and_only_https_without_credentials_is_taken() {
        let name = |url: &str| valid_name(&name_of_url(&checked_url(url).unwrap()));
        assert_eq!(name("https://example.org/blog/2024/KubeCon%20Paris.html"), "kubecon-paris");
        assert_eq!(name("https://example.org/"), "example-org");
        assert!(checked_url("http://example.org/x").unwrap_err().contains("insecure"));
        assert!(checked_url("ftp://example.org/x").is_err());
        let error = checked_url("https://me:secret-word@example.org/x").unwrap_err();
        assert!(error.contains("secretRef") && !error.contains("secret-word"), "{error}");
    }

    #[test]
    fn a_text_becomes_a_configmap_and_a_report_that_can_be_read_again() {
        let content = "# KubeCon\n\nTrailing spaces:  \n\ttabs, \"quotes\": yes\n--- and a line like a separator\n";
        let yaml = text("paris", "Paris notes.md", content.as_bytes()).manifests(&Common::default()).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0]["data"]["Paris-notes.md"], content);
        assert_eq!(documents[1]["kind"], "ConferenceReport");
        assert_eq!(documents[1]["spec"]["source"]["configMapRef"]["name"], "paris");
    }

    #[test]
    fn a_text_in_an_old_charset_is_kept_byte_by_byte() {
        let yaml = text("n", "n.txt", b"caf\xe9").manifests(&Common::default()).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
        assert_eq!(documents[0]["binaryData"]["n.txt"], "Y2Fm6Q==");
    }

    #[test]
    fn what_the_reports_have_in_common_is_written_where_it_belongs() {
        let common = Common {
            namespace: Some("reports".into()),
            catalogs: vec!["ours".into()],
            language: Some("nl".into()),
            interval: Some("6h".into()),
        };
        common.check().unwrap();
        let url = Entry { name: "a".into(), source: Source::Url("https://example.org/a".into()) };
        let report: Value = serde_saphyr::from_str(url.report(&common).unwrap().trim_start_matches("---\n")).unwrap();
        assert_eq!(report["metadata"]["namespace"], "reports");
        assert_eq!(report["spec"]["catalogRefs"][0]["name"], "ours");
        assert_eq!(report["spec"]["interval"], "6h");
        let file = text("b", "b.md", b"# B").report(&common).unwrap();
        assert!(!file.contains("interval"), "a ConfigMap is watched: {file}");
    }

    #[test]
    fn what_cannot_work_is_refused_with_what_would_be_right() {
        let check = |common: Common| common.check().unwrap_err();
        assert!(check(Common { interval: Some("10s".into()), ..Common::default() }).contains("a minute"));
        assert!(check(Common { interval: Some("soon".into()), ..Common::default() }).contains("30m"));
        assert!(check(Common { language: Some("Dutch".into()), ..Common::default() }).contains("nl"));
        assert!(check(Common { namespace: Some("A b".into()), ..Common::default() }).contains("a-b would be one"));
        assert!(Text::new("a.md", b" \n".to_vec(), "a.md").unwrap_err().contains("empty"));
        assert!(Text::new("a.md", vec![b'x'; MOST_BYTES + 1], "a.md").unwrap_err().contains("URL"));
    }
}
