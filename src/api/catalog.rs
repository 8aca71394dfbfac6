//! `ReportCatalog`: a team's own projects, organisations, themes and words on top of the built-in catalog.

// Each printer column has a type; clippy takes the repetition for a mistake.
#![allow(clippy::duplicated_attributes)]

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Projects, organisations, themes and words on top of the built-in catalog.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "confreports.dev",
    version = "v1alpha1",
    kind = "ReportCatalog",
    namespaced,
    status = "ReportCatalogStatus",
    derive = "PartialEq",
    derive = "Default",
    shortname = "cfcat",
    category = "confreports",
    doc = "ReportCatalog holds a team's own projects, organisations, themes and words, used on top of the built-in catalog by the ConferenceReports that refer to it.",
    annotation("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the catalog can be used"
    ),
    printcolumn(
        name = "Projects",
        type_ = "integer",
        json_path = ".status.projects",
        description = "Number of projects"
    ),
    printcolumn(
        name = "Organizations",
        type_ = "integer",
        json_path = ".status.organizations",
        description = "Number of organisations"
    ),
    printcolumn(name = "Themes", type_ = "integer", json_path = ".status.themes", description = "Number of themes"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
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
pub struct ReportCatalogSpec {
    /// Projects and products. One with the name of a built-in project adds to it and overrides the fields that it sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub projects: Vec<CatalogProject>,

    /// Organisations. One with the name of a built-in organisation adds to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub organizations: Vec<CatalogOrganization>,

    /// Themes. One with the name of a built-in theme adds its terms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub themes: Vec<CatalogTheme>,

    /// Names of projects, organisations and themes that are not to be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(min = 1, max = 128)))]
    pub exclude: Vec<String>,
}

/// How careful to be with a name.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Matching {
    /// No ordinary word: accepted in any case.
    #[default]
    Plain,
    /// An ordinary word, such as Flux, Harbor or Draft: accepted in its own spelling when the text around it speaks for it.
    NeedsEvidence,
    /// So ordinary that only an explicit cue counts, such as "CNCF project Keep" or a link to its home page.
    NeedsCue,
}

/// A project or product.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogProject {
    /// Name that is reported.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Other spellings, acronyms and former names. Differences of case, space and hyphen need none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 128)))]
    pub aliases: Vec<String>,
    /// Category, as in the CNCF landscape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub category: Option<String>,
    /// CNCF maturity: graduated, incubating, sandbox or archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub maturity: Option<String>,
    /// Home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub homepage: Option<String>,
    /// Organisation behind a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub vendor: Option<String>,
    /// Project that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub parent: Option<String>,
    /// Names of the themes that a mention speaks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(min = 1, max = 64)))]
    pub themes: Vec<String>,
    /// How careful to be with the name and its aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

/// An organisation.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogOrganization {
    /// Name that is reported.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Other spellings, acronyms and former names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 128)))]
    pub aliases: Vec<String>,
    /// How careful to be with the name and its aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

/// A theme.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogTheme {
    /// Id of the theme, for example data-residency.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("self.size() <= 64 && self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("a theme's name must be of lower-case letters, digits and '-', at most 64 characters, for example data-residency"))]
    pub name: String,
    /// Title in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub title: Option<String>,
    /// Terms by language (nl, de, en, fr, es, or any). A * at a term's start or end stands for any letters; ^1, ^2 and ^3 at its
    /// end say how much it tells about the theme (2 where nothing is said).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::crd::terms_schema")]
    pub terms: BTreeMap<String, Vec<String>>,
}

/// What the operator made of a catalog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportCatalogStatus {
    /// Generation of the spec that this status tells about; -1 until the operator has seen the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, and Stalled while the catalog needs its author.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "super::crd::conditions_schema")]
    pub conditions: Vec<Condition>,
    /// Digest of what the catalog holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Number of projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<i64>,
    /// Number of organisations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizations: Option<i64>,
    /// Number of themes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub themes: Option<i64>,
    /// Names that clash with the built-in catalog or with each other, and references that lead nowhere; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
}
