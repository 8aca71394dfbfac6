//! What a team's catalog says that has no effect, or another than its author meant, as far as the catalog alone tells: entries that stand twice, terms that
//! cannot be found, languages that do not exist. What clashes with the catalog below it is found while the two are put together
//! ([`super::overlay`]). Pure functions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::fold::{fold, squash};
use super::merge::parse_term;
use crate::api::{CatalogTheme, LANGUAGES, ReportCatalogSpec};

/// Something in a team's catalog that its author probably did not mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Name of the catalog.
    pub catalog: String,
    /// The field, from `spec` on.
    pub field: String,
    /// What is wrong with it, and what holds or would be right.
    pub problem: String,
    /// Whether what stands in the field has no effect; else it works, though maybe not as meant.
    pub error: bool,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

/// Collects the conflicts of one catalog.
pub(super) struct Conflicts<'a> {
    pub(super) catalog: &'a str,
    pub(super) found: Vec<Conflict>,
}

impl Conflicts<'_> {
    /// What stands in the field has no effect.
    pub(super) fn error(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.add(field.into(), problem.into(), true);
    }

    /// It has an effect that may not be meant.
    pub(super) fn warning(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.add(field.into(), problem.into(), false);
    }

    fn add(&mut self, field: String, problem: String, error: bool) {
        self.found.push(Conflict { catalog: self.catalog.to_owned(), field, problem, error });
    }
}

/// Finds what is wrong within a catalog.
pub(super) fn within(spec: &ReportCatalogSpec, conflicts: &mut Conflicts<'_>) {
    let projects = spec.projects.iter().map(|entry| (entry.name.as_str(), entry.aliases.as_slice()));
    spellings("projects", projects, conflicts);
    let organizations = spec.organizations.iter().map(|entry| (entry.name.as_str(), entry.aliases.as_slice()));
    spellings("organizations", organizations, conflicts);
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, theme) in spec.themes.iter().enumerate() {
        if let Some(first) = ids.insert(&theme.name, at) {
            let field = format!("spec.themes[{at}].name");
            conflicts.warning(
                field,
                format!("{:?} stands in spec.themes[{first}] already; put the terms of both into one", theme.name),
            );
        }
        terms(at, theme, conflicts);
    }
    let own = spec.projects.iter().map(|entry| &entry.name).chain(spec.organizations.iter().map(|entry| &entry.name));
    let own: BTreeSet<String> = own.map(|name| squash(name)).collect();
    for (at, name) in spec.exclude.iter().enumerate() {
        if own.contains(&squash(name)) {
            let problem =
                format!("{name:?} is an entry of this very catalog, which so has no effect; take out one of the two");
            conflicts.error(format!("spec.exclude[{at}]"), problem);
        }
    }
}

/// Names and aliases that stand twice: in two entries of a kind the later one has them, in one entry they are there for nothing.
fn spellings<'a>(kind: &str, entries: impl Iterator<Item = (&'a str, &'a [String])>, conflicts: &mut Conflicts<'_>) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut owners: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (at, (name, aliases)) in entries.enumerate() {
        let fields = std::iter::once((name, format!("spec.{kind}[{at}].name"))).chain(
            aliases.iter().enumerate().map(|(i, alias)| (alias.as_str(), format!("spec.{kind}[{at}].aliases[{i}]"))),
        );
        if let Some(first) = names.insert(squash(name), at) {
            let problem = format!("{name:?} stands in spec.{kind}[{first}] already; put both into one entry");
            conflicts.warning(format!("spec.{kind}[{at}].name"), problem);
            continue;
        }
        for (spelling, field) in fields {
            if !spelling.chars().any(char::is_alphanumeric) {
                conflicts.error(
                    field,
                    format!("{spelling:?} has no letter or digit and is never found; write a name, or leave it out"),
                );
                continue;
            }
            // Spellings that differ by a hyphen alone are two.
            match owners.insert(fold(spelling), (at, field.clone())) {
                Some((owner, first)) if owner == at => {
                    conflicts.warning(
                        field,
                        format!("{spelling:?} stands in {first} already, case, spaces and hyphens apart; leave it out"),
                    );
                }
                Some((_, first)) => {
                    conflicts.warning(
                        field,
                        format!(
                            "{spelling:?} stands in {first} too, which is no longer found by it; give it to one of them"
                        ),
                    );
                }
                None => {}
            }
        }
    }
}

/// Terms under a language that does not exist, and terms that cannot be found.
fn terms(at: usize, theme: &CatalogTheme, conflicts: &mut Conflicts<'_>) {
    for (language, terms) in &theme.terms {
        let field = format!("spec.themes[{at}].terms.{language}");
        if language != "any" && !LANGUAGES.contains(&language.as_str()) {
            let problem = "is no language, and its terms are never looked for; write an ISO 639-1 code such as nl, de, en, fr or es, or any for all";
            conflicts.error(&field, problem);
        }
        for (number, term) in terms.iter().enumerate() {
            if let Some(problem) = unusable(term) {
                conflicts.error(format!("{field}[{number}]"), format!("{term:?} {problem}"));
            }
        }
    }
}

/// Why a term cannot be used as it is written.
fn unusable(term: &str) -> Option<&'static str> {
    let (text, weight) = term.rsplit_once('^').map_or((term, None), |(text, weight)| (text, Some(weight.trim())));
    if parse_term(term).is_none() {
        return Some(
            "has no letter or digit and is never found; write the words, with ^1 to ^3 behind them if need be",
        );
    }
    if weight.is_some_and(|weight| !matches!(weight, "1" | "2" | "3")) {
        return Some("ends in a weight that does not exist and is taken for the nearest; write ^1, ^2 or ^3");
    }
    let text = text.trim();
    let inner = text.strip_prefix('*').unwrap_or(text);
    let inner = inner.strip_suffix('*').unwrap_or(inner);
    inner
        .contains('*')
        .then_some("has a * inside and is never found; a * stands at the start or the end of a term only")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{CatalogOrganization, CatalogProject};

    fn of(spec: &ReportCatalogSpec) -> Vec<String> {
        let mut conflicts = Conflicts { catalog: "team", found: Vec::new() };
        within(spec, &mut conflicts);
        conflicts
            .found
            .iter()
            .map(|found| format!("{} {found}", if found.error { "error" } else { "warning" }))
            .collect()
    }

    #[test]
    fn every_conflict_names_the_field_what_is_wrong_and_what_would_be_right() {
        let project = |name: &str, aliases: &[&str]| CatalogProject {
            name: name.into(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            ..CatalogProject::default()
        };
        let terms = [("nl", vec!["dataopslag*^3", "^9", "opslag^9", "da*ta"]), ("dutch", vec!["opslag"])];
        let theme = CatalogTheme {
            name: "residency".into(),
            terms: terms
                .into_iter()
                .map(|(key, terms)| (key.into(), terms.into_iter().map(Into::into).collect()))
                .collect(),
            ..CatalogTheme::default()
        };
        let spec = ReportCatalogSpec {
            projects: vec![project("Alpha", &["al pha", "--"]), project("alpha", &[]), project("Beta", &["Alpha"])],
            organizations: vec![CatalogOrganization { name: "Gamma".into(), ..CatalogOrganization::default() }],
            themes: vec![theme.clone(), theme],
            exclude: vec!["gamma".into()],
        };
        let found = of(&spec);
        for want in [
            "error spec.projects[0].aliases[1]: \"--\" has no letter",
            "warning spec.projects[1].name: \"alpha\" stands in spec.projects[0] already; put both",
            "warning spec.projects[2].aliases[0]: \"Alpha\" stands in spec.projects[0].name too",
            "error spec.themes[0].terms.dutch: is no language",
            "error spec.themes[0].terms.nl[1]: \"^9\" has no letter",
            "error spec.themes[0].terms.nl[2]: \"opslag^9\" ends in a weight",
            "error spec.themes[0].terms.nl[3]: \"da*ta\" has a * inside",
            "warning spec.themes[1].name: \"residency\" stands in spec.themes[0] already",
            "error spec.exclude[0]: \"gamma\" is an entry of this very catalog",
        ] {
            assert!(found.iter().any(|line| line.starts_with(want)), "{want}\n{found:#?}");
        }
        assert!(!found.iter().any(|line| line.contains("nl[0]")), "{found:#?}");
    }

    #[test]
    fn a_good_catalog_has_no_conflict() {
        let theme = CatalogTheme {
            name: "residency".into(),
            terms: [("any".to_owned(), vec!["data residency^3".into()]), ("pt".to_owned(), vec!["*dados*".into()])]
                .into(),
            ..CatalogTheme::default()
        };
        assert_eq!(
            of(&ReportCatalogSpec { themes: vec![theme], ..ReportCatalogSpec::default() }),
            Vec::<String>::new()
        );
    }
}
