//! `ConferenceReport`: the spec. Every rule that the API server enforces stands beside the field it is about.

// Each printer column has a type; clippy takes the repetition for a mistake.
#![allow(clippy::duplicated_attributes)]

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::ConferenceReportStatus;

/// Where the text of a report is and how to read it.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "confreports.dev",
    version = "v1alpha1",
    kind = "ConferenceReport",
    namespaced,
    status = "ConferenceReportStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "cfr",
    shortname = "confreport",
    category = "confreports",
    doc = "ConferenceReport reads the text of a conference report and says in its status which event it is about, which projects, organisations and themes it mentions, and what it says in short.",
    selectable = ".status.language",
    selectable = ".status.event.edition",
    selectable = ".status.event.year",
    annotation("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the status tells what the text of the current spec says"
    ),
    printcolumn(
        name = "Event",
        type_ = "string",
        json_path = ".status.event.edition",
        description = "Edition of the conference"
    ),
    printcolumn(
        name = "Language",
        type_ = "string",
        json_path = ".status.language",
        description = "Language of the text, ISO 639-1"
    ),
    printcolumn(
        name = "Projects",
        type_ = "integer",
        json_path = ".status.projectCount",
        description = "Number of projects mentioned"
    ),
    printcolumn(
        name = "Themes",
        type_ = "string",
        json_path = ".status.topThemes",
        description = "What the report is about, strongest first"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Source",
        type_ = "string",
        json_path = ".status.source.kind",
        priority = 1,
        description = "Where the text comes from"
    ),
    printcolumn(
        name = "Revision",
        type_ = "string",
        json_path = ".status.source.revision",
        priority = 1,
        description = "Digest of the text that was read"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1,
        description = "Message of the Ready condition"
    )
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
pub struct ConferenceReportSpec {
    /// Where the text is. Exactly one of configMapRef, http and inline.
    pub source: Source,

    /// Format of the text. Auto looks at the key's or the URL's file name extension, at the media type, and at the text itself.
    #[serde(default)]
    pub format: TextFormat,

    /// Language of the text as a two-letter ISO 639-1 code, for example nl. Overrides detection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new(super::rules::IS_LANGUAGE).message("language must be a two-letter ISO 639-1 code in lower case, for example nl, de, en, fr or es"))]
    pub language: Option<String>,

    /// What is known about the event. Each field that is set here overrides what the text says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventOverride>,

    /// ReportCatalogs in the same namespace whose projects, organisations and themes are used on top of the built-in catalog.
    /// Later ones win over earlier ones. Together they may hold 20,000 values (names, aliases, terms and the like) of 1 MiB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub catalog_refs: Vec<LocalReference>,

    /// How the summary is made.
    #[serde(default)]
    pub summary: SummaryOptions,

    /// How often a URL is looked at again, as a duration such as 30m or 6h; at least 1m. The moment within the interval is
    /// fixed for each report, so that many reports spread evenly. ConfigMaps are watched and need no interval,
    /// unless the operator was told to watch labelled ones only.
    #[serde(default = "default_interval")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new("self.matches('^([0-9]+([.][0-9]+)?(ms|s|m|h))+$')").message("interval must be a duration of numbers with the units ms, s, m or h, for example 30m or 1h30m"))]
    #[x_kube(validation = Rule::new("!self.matches('^([0-9]+([.][0-9]+)?(ms|s|m|h))+$') || duration(self) >= duration('1m')").message("interval must be at least 1m; ConfigMaps are watched and need no short interval"))]
    pub interval: String,

    /// Stops all work on this report: the status stays as it is until suspend is false again.
    #[serde(default)]
    pub suspend: bool,
}

/// Where the text of a report is: exactly one of the members.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.configMapRef), has(self.http), has(self.inline)].exists_one(x, x)").message("source must have exactly one of configMapRef, http and inline"))]
pub struct Source {
    /// Text in a key of a ConfigMap in the same namespace. It is watched: a change of the ConfigMap is seen at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigMapSource>,

    /// Text fetched from a URL, again after every interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpSource>,

    /// The text itself, for small texts and trials: up to 65,536 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_048_576))]
    #[x_kube(validation = Rule::new("self.size() <= 65536").message("inline holds at most 65536 characters; put a longer text into a ConfigMap and refer to it with configMapRef"))]
    #[x_kube(validation = Rule::new("self.size() > 0").message("inline is empty; put the text of the report here, or use configMapRef or http"))]
    pub inline: Option<String>,
}

/// A key of a ConfigMap.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapSource {
    /// Name of the ConfigMap, in the same namespace.
    #[schemars(length(max = 4096))]
    #[x_kube(validation = Rule::new("self.size() <= 253 && self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("configMapRef.name must be the name of a ConfigMap in this namespace: lower-case letters, digits, '-' and '.', at most 253 characters, for example kubecon-2024"))]
    pub name: String,

    /// Key under data or binaryData that holds the text. May be left out when the ConfigMap has exactly one key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    #[x_kube(validation = Rule::new("self.size() <= 253 && self.matches('^[-._a-zA-Z0-9]+$')").message("configMapRef.key must be a key of the ConfigMap: letters, digits, '-', '_' and '.', at most 253 characters, for example report.md; leave it out when the ConfigMap has exactly one key"))]
    pub key: Option<String>,
}

/// A text behind a URL.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.url.startsWith('https://') || (self.url.startsWith('http://') && has(self.insecure) && self.insecure)").message("http.url must begin with https://; a plain http:// address needs insecure: true beside it"))]
// Not on the field itself: the API server's message would then repeat the password.
#[x_kube(validation = Rule::new("!self.url.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*@')").message("http.url must not hold a user name or password; put them into a Secret and refer to it with secretRef"))]
#[x_kube(validation = Rule::new("!(has(self.insecure) && self.insecure && self.url.startsWith('http://') && (has(self.secretRef) || has(self.certSecretRef)))").message("http.secretRef and http.certSecretRef need an https:// address: over plain http:// the credentials could be read by anyone on the way"))]
pub struct HttpSource {
    /// Address of the text, beginning with https://. It must not hold a user name or password; use secretRef for them.
    #[schemars(length(max = 8192))]
    #[x_kube(validation = Rule::new("self.size() <= 2048").message("http.url may have at most 2048 characters"))]
    #[x_kube(validation = Rule::new("!self.matches('[ \\t\\r\\n]')").message("http.url must not hold spaces or line breaks; write a space as %20"))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]+')").message("http.url must be a full address with a host, for example https://example.org/report.md"))]
    pub url: String,

    /// Allows a plain http:// address.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub insecure: bool,

    /// Secret in the same namespace with the credentials: username and password for basic authentication, or token for a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,

    /// Secret in the same namespace with ca.crt, the certificates of the authorities to trust instead of the public ones,
    /// and for mutual TLS tls.crt and tls.key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,

    /// Time that one fetch may take in all, as a duration such as 30s; 1s to 5m.
    #[serde(default = "default_timeout")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = Rule::new("self.matches('^([0-9]+([.][0-9]+)?(ms|s|m|h))+$')").message("http.timeout must be a duration of numbers with the units ms, s, m or h, for example 30s"))]
    #[x_kube(validation = Rule::new("!self.matches('^([0-9]+([.][0-9]+)?(ms|s|m|h))+$') || (duration(self) >= duration('1s') && duration(self) <= duration('5m'))").message("http.timeout must lie between 1s and 5m"))]
    pub timeout: String,
}

/// The name of a resource in the same namespace.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LocalReference {
    /// Name of the resource, in the same namespace.
    #[schemars(length(max = 4096))]
    #[x_kube(validation = Rule::new("self.size() <= 253 && self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("name must be the name of a resource in this namespace: lower-case letters, digits, '-' and '.', at most 253 characters"))]
    pub name: String,
}

/// Format of a text.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextFormat {
    /// Decide by file name extension, media type and the text itself.
    #[default]
    Auto,
    /// Plain text.
    Text,
    /// CommonMark, with or without front matter.
    Markdown,
    /// An HTML page; its main text is used.
    #[serde(rename = "HTML")]
    Html,
}

/// What the author of the resource knows about the event.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.startDate) || !has(self.endDate) || self.startDate <= self.endDate").message("event.endDate must not lie before event.startDate"))]
pub struct EventOverride {
    /// Name of the series, for example KubeCon + CloudNativeCon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub name: Option<String>,
    /// Edition, for example Europe 2024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub edition: Option<String>,
    /// Year of the edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self >= 2000 && self <= 2100").message("event.year must be a year between 2000 and 2100"))]
    pub year: Option<i32>,
    /// City, in English, for example Paris.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub location: Option<String>,
    /// First day, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new(super::rules::IS_DATE).message("event.startDate must be a day that exists, as YYYY-MM-DD, for example 2024-03-19"))]
    pub start_date: Option<String>,
    /// Last day, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new(super::rules::IS_DATE).message("event.endDate must be a day that exists, as YYYY-MM-DD, for example 2024-03-22"))]
    pub end_date: Option<String>,
}

/// How the summary is made.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryOptions {
    /// The most words the summary may have: 20 to 500.
    #[serde(default = "default_max_words")]
    #[x_kube(validation = Rule::new("self >= 20 && self <= 500").message("summary.maxWords must lie between 20 and 500"))]
    pub max_words: i32,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self { max_words: default_max_words() }
    }
}

fn default_interval() -> String {
    "1h".to_owned()
}

fn default_timeout() -> String {
    "30s".to_owned()
}

fn default_max_words() -> i32 {
    120
}
