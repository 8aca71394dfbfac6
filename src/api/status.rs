//! `ConferenceReport`: the status. What the operator found in the text, and whether it is up to date.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator found in the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceReportStatus {
    /// Generation of the spec that this status tells about; -1 until the operator has seen the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Value of the annotation reconcile.fluxcd.io/requestedAt that was answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,

    /// Ready, and while they hold Reconciling, Stalled and FetchFailed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "super::crd::conditions_schema")]
    pub conditions: Vec<Condition>,

    /// The text that was analysed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceStatus>,

    /// Version of the analyser: the same text, catalog and version give the same result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzer_version: Option<String>,

    /// Digest of the catalog that was used: the built-in one and the ReportCatalogs of the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_revision: Option<String>,

    /// Language of the text as an ISO 639-1 code; und where it is not clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,

    /// Title of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,

    /// Words in the text, without menus, teasers and other page furniture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<i64>,

    /// The event that the report is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventStatus>,

    /// Whole sentences of the report, in its order, that say what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,

    /// Projects and products that are mentioned, most mentioned first; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<ProjectStatus>,

    /// Organisations that are mentioned, most mentioned first; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationStatus>,

    /// What the report is about, strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub themes: Vec<ThemeStatus>,

    /// Number of projects found, also where the list is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_count: Option<i64>,

    /// Names of the three strongest themes, for the printer column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_themes: Option<String>,

    /// Whether lists or texts were cut to keep the status below 32 KiB.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub truncated: bool,
}

/// The text that was analysed, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// Where the text came from: ConfigMap, HTTP or Inline.
    pub kind: String,
    /// Digest of the text's bytes, as sha256:<hex>.
    pub revision: String,
    /// Media type of the text, without parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Size of the text in bytes, after decompression.
    pub bytes: i64,
    /// ETag that the server sent with the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Last-Modified that the server sent with the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// ConfigMap that held the text at its last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapVersion>,
}

/// A version of a ConfigMap, so that an unchanged one need not be read again after a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapVersion {
    /// UID of the ConfigMap.
    pub uid: String,
    /// Resource version of the ConfigMap.
    pub resource_version: String,
}

/// The event that a report is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventStatus {
    /// Name of the series, for example KubeCon + CloudNativeCon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Edition, for example Europe 2024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Year of the edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// City, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// First day, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Last day, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// Fields that the text does not state but that follow from what it states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inferred: Vec<String>,
}

/// A project or product that the report mentions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectStatus {
    /// Name, as in the CNCF landscape or on the project's own site.
    pub name: String,
    /// Category, as in the CNCF landscape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// CNCF maturity: graduated, incubating, sandbox or archived; absent outside the CNCF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity: Option<String>,
    /// Home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Version that the report names first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Project that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How often the report names it.
    pub mentions: i64,
    /// A sentence of the report that names it.
    pub evidence: String,
}

/// An organisation that the report mentions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationStatus {
    /// Name.
    pub name: String,
    /// How often the report names it.
    pub mentions: i64,
    /// A sentence of the report that names it.
    pub evidence: String,
}

/// A theme that the report is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThemeStatus {
    /// Id of the theme, for example supply-chain-security.
    pub name: String,
    /// Title of the theme in English.
    pub title: String,
    /// How strongly the report is about it: 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub score: i64,
    /// How often its terms occur.
    pub mentions: i64,
    /// The sentence of the report that tells most about it.
    pub evidence: String,
}
