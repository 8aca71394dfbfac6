//! What is wrong with the data files: names that stand twice, spellings that clash, references that lead nowhere, names too dangerous for how they are
//! matched. Pure functions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::fold::{fold, squash};
use super::raw::{RawAlias, RawCatalog, RawFile};
use super::{Catalog, Matching, builtin, merge};

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path below `catalog/`.
    pub file: String,
    /// Name of the entry.
    pub name: String,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Whether it must be mended; else it is worth a look.
    pub error: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.error { "error" } else { "warning" };
        write!(f, "{level}: catalog/{}: {:?}: {}", self.file, self.name, self.message)
    }
}

/// Checks the files that are compiled into the program.
pub fn builtin() -> Result<Vec<Finding>, serde_json::Error> {
    Ok(check(&builtin::written()?))
}

/// Checks data files; findings by file and name.
pub fn check(raw: &RawCatalog) -> Vec<Finding> {
    let catalog = merge::from_raw(raw);
    let mut findings = Findings(BTreeSet::new());
    let projects: Vec<Entry<'_>> = raw.products.iter().chain(&raw.projects).flat_map(entries_of_projects).collect();
    let organizations: Vec<Entry<'_>> =
        raw.members.iter().chain(&raw.organizations).flat_map(entries_of_organizations).collect();
    for entries in [&projects, &organizations] {
        duplicates(entries, &mut findings);
        clashes(entries, &mut findings);
    }
    references(raw, &catalog, &mut findings);
    dangers(&catalog, &projects, &organizations, &mut findings);
    cities(raw, &mut findings);
    findings.0.into_iter().collect()
}

struct Findings(BTreeSet<Finding>);

impl Findings {
    fn add(&mut self, error: bool, file: &str, name: &str, message: impl Into<String>) {
        self.0.insert(Finding { file: file.to_owned(), name: name.to_owned(), message: message.into(), error });
    }
}

/// What project and organisation entries have in common.
struct Entry<'a> {
    file: &'a str,
    name: &'a str,
    display_name: Option<&'a str>,
    aliases: &'a [RawAlias],
    matching: Option<Matching>,
}

impl<'a> Entry<'a> {
    fn spellings(&self) -> impl Iterator<Item = &'a str> {
        let aliases: &'a [RawAlias] = self.aliases;
        [Some(self.name), self.display_name].into_iter().flatten().chain(aliases.iter().map(|alias| alias.parts().0))
    }
}

fn entries_of_projects(file: &RawFile<Vec<super::raw::RawProject>>) -> impl Iterator<Item = Entry<'_>> {
    file.data.iter().map(|entry| Entry {
        file: &file.file,
        name: &entry.name,
        display_name: entry.display_name.as_deref(),
        aliases: &entry.aliases,
        matching: entry.matching,
    })
}

fn entries_of_organizations(file: &RawFile<Vec<super::raw::RawOrganization>>) -> impl Iterator<Item = Entry<'_>> {
    file.data.iter().map(|entry| Entry {
        file: &file.file,
        name: &entry.name,
        display_name: entry.display_name.as_deref(),
        aliases: &entry.aliases,
        matching: entry.matching,
    })
}

/// Entries that stand twice in the landscape or twice in the supplement: one is meant to be on top of the other only across the two.
fn duplicates(entries: &[Entry<'_>], findings: &mut Findings) {
    let mut seen: BTreeMap<(bool, String), &str> = BTreeMap::new();
    for entry in entries {
        if entry.name.trim().is_empty() || entry.name.trim() != entry.name {
            findings.add(true, entry.file, entry.name, "a name must not be empty, or begin or end with a space");
        }
        let key = (entry.file.starts_with("landscape/"), squash(entry.name));
        if let Some(first) = seen.insert(key, entry.file) {
            findings.add(
                true,
                entry.file,
                entry.name,
                format!("stands in {first} already, maybe in another case; put both into one entry"),
            );
        }
    }
}

/// Spellings of two entries of one kind that are reported by different names. The supplement decides which of two landscape entries has one, and
/// has one that it claims itself; it must not claim one twice.
fn clashes(entries: &[Entry<'_>], findings: &mut Findings) {
    let mut reported: BTreeMap<String, String> = BTreeMap::new();
    for entry in entries {
        let name = reported.entry(squash(entry.name)).or_insert_with(|| squash(entry.name));
        if let Some(display) = entry.display_name {
            *name = squash(display);
        }
    }
    let curated = |entry: &Entry<'_>| !entry.file.starts_with("landscape/");
    let mut owners: BTreeMap<String, BTreeMap<&str, &Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        let name = reported.get(&squash(entry.name)).map_or("", String::as_str);
        for spelling in entry.spellings() {
            let slot = owners.entry(squash(spelling)).or_default().entry(name).or_insert(entry);
            if curated(entry) {
                *slot = entry;
            }
        }
    }
    for (spelling, owners) in owners {
        let (ours, theirs): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) = owners.into_values().partition(|entry| curated(entry));
        let (first, second, remedy) = match (ours.as_slice(), theirs.as_slice()) {
            ([first, second, ..], _) => (first, second, "take it from one of them"),
            ([], [first, second, ..]) => {
                (first, second, "give it as an alias to the one that is meant, in projects/ or organizations/")
            }
            _ => continue,
        };
        findings.add(
            !ours.is_empty(),
            second.file,
            second.name,
            format!(
                "{spelling:?} is a name of {:?} ({}) too, and only one of them is found by it; {remedy}",
                first.name, first.file
            ),
        );
    }
}

fn references(raw: &RawCatalog, catalog: &Catalog, findings: &mut Findings) {
    let projects: BTreeSet<String> =
        catalog.projects.iter().flat_map(|p| p.surfaces.iter().map(|s| squash(&s.text))).collect();
    let organizations: BTreeSet<String> =
        catalog.organizations.iter().flat_map(|o| o.surfaces.iter().map(|s| squash(&s.text))).collect();
    let themes: BTreeSet<&str> = catalog.themes.iter().map(|theme| theme.name.as_str()).collect();
    for file in raw.products.iter().chain(&raw.projects) {
        for entry in &file.data {
            if let Some(parent) = &entry.parent {
                if !projects.contains(&squash(parent)) {
                    findings.add(
                        true,
                        &file.file,
                        &entry.name,
                        format!("parent {parent:?} is no project; add that one, or leave the parent out"),
                    );
                } else if squash(parent) == squash(&entry.name) {
                    findings.add(true, &file.file, &entry.name, "is its own parent");
                }
            }
            if let Some(vendor) = entry.vendor.as_ref().filter(|vendor| !organizations.contains(&squash(vendor))) {
                findings.add(
                    false,
                    &file.file,
                    &entry.name,
                    format!("vendor {vendor:?} is no organisation; add it to organizations/, or leave the vendor out"),
                );
            }
            for theme in entry.themes.iter().filter(|theme| !themes.is_empty() && !themes.contains(theme.as_str())) {
                findings.add(
                    true,
                    &file.file,
                    &entry.name,
                    format!("theme {theme:?} does not exist; themes/ has a file for each that does"),
                );
            }
        }
    }
}

/// Plain names that are too short or function words of a language.
fn dangers(catalog: &Catalog, projects: &[Entry<'_>], organizations: &[Entry<'_>], findings: &mut Findings) {
    let stop: BTreeMap<String, &str> = catalog
        .languages
        .iter()
        .flat_map(|(code, data)| data.stopwords.iter().map(move |word| (fold(word), code.as_str())))
        .collect();
    let file_of = |entries: &[Entry<'_>], name: &str, own: &str| {
        let found = entries.iter().rev().find(|entry| entry.name == name || entry.display_name == Some(name));
        let plain = found.is_some_and(|entry| {
            entry.matching == Some(Matching::Plain)
                || entry
                    .aliases
                    .iter()
                    .any(|alias| matches!(alias.parts(), (text, Some(Matching::Plain)) if text == own))
        });
        (found.map_or("", |entry| entry.file).to_owned(), plain)
    };
    let all = catalog
        .projects
        .iter()
        .filter(|project| !project.general)
        .map(|project| (projects, &project.name, &project.surfaces))
        .chain(
            catalog
                .organizations
                .iter()
                .map(|organization| (organizations, &organization.name, &organization.surfaces)),
        );
    for (entries, name, surfaces) in all {
        for surface in surfaces.iter().filter(|surface| surface.matching == Matching::Plain) {
            let text = fold(&surface.text);
            let word = stop.get(&text);
            let short = text.chars().count() <= 3 && !surface.text.chars().any(|c| c.is_ascii_digit());
            if word.is_none() && !short {
                continue;
            }
            let (file, said) = file_of(entries, name, &surface.text);
            if let Some(language) = word {
                findings.add(
                    true,
                    &file,
                    name,
                    format!(
                        "{:?} is a word of the language {language:?}, but plain; put it into matching/ or give it `matching: NeedsCue`",
                        surface.text
                    ),
                );
            } else if !said {
                findings.add(
                    false,
                    &file,
                    name,
                    format!(
                        "{:?} is very short for a plain name: give it `matching: NeedsEvidence`, or `matching: Plain` if it means nothing else",
                        surface.text
                    ),
                );
            }
        }
    }
}

fn cities(raw: &RawCatalog, findings: &mut Findings) {
    let known: BTreeSet<&str> =
        raw.places.iter().flat_map(|file| &file.data.cities).map(|city| city.name.as_str()).collect();
    if known.is_empty() {
        return;
    }
    for file in &raw.events {
        for series in &file.data {
            for edition in &series.editions {
                if let Some(city) = edition.city.as_deref().filter(|city| !known.contains(city)) {
                    findings.add(
                        true,
                        &file.file,
                        &series.name,
                        format!("the city {city:?} of {:?} is not in places.yaml", edition.name),
                    );
                }
                for date in [&edition.start, &edition.end].into_iter().flatten() {
                    if date.parse::<jiff::civil::Date>().is_err() {
                        findings.add(
                            true,
                            &file.file,
                            &series.name,
                            format!("{date:?} of {:?} is no date (YYYY-MM-DD)", edition.name),
                        );
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::raw::{RawEdition, RawPlace, RawPlaces, RawProject, RawSeries};
    use super::*;

    fn file<T>(name: &str, data: T) -> RawFile<T> {
        RawFile { file: name.into(), data }
    }

    #[test]
    fn the_built_in_catalog_has_no_error_and_nothing_left_to_look_at() {
        let findings: Vec<String> = builtin().unwrap().iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    #[test]
    fn two_landscape_entries_may_share_a_spelling_that_the_supplement_gives_to_one() {
        let project = |name: &str, alias: &str| RawProject {
            name: name.into(),
            aliases: vec![RawAlias::Text(alias.into())],
            ..RawProject::default()
        };
        let landscape = file("landscape/products.yaml", vec![project("Alpha", "XQS"), project("Beta", "XQS")]);
        let clashes = |supplement: Vec<RawProject>| {
            let raw = RawCatalog {
                products: vec![landscape.clone()],
                projects: vec![file("projects/a.yaml", supplement)],
                ..RawCatalog::default()
            };
            check(&raw)
                .iter()
                .filter(|found| found.message.contains("only one of them"))
                .map(|found| found.error)
                .collect::<Vec<_>>()
        };
        assert_eq!(clashes(vec![]), [false]);
        assert_eq!(clashes(vec![project("Beta", "XQS")]), Vec::<bool>::new());
        assert_eq!(clashes(vec![project("Beta", "XQS"), project("Gamma", "XQS")]), [true]);
        let same = RawProject { display_name: Some("Beta".into()), ..project("Alpha", "XQS") };
        assert_eq!(clashes(vec![same]), Vec::<bool>::new(), "both are reported by one name");
    }

    #[test]
    fn what_is_wrong_is_found_with_file_and_name() {
        let project = |name: &str| RawProject { name: name.into(), ..RawProject::default() };
        let raw = RawCatalog {
            projects: vec![file(
                "projects/a.yaml",
                vec![
                    RawProject { parent: Some("Nobody".into()), themes: vec![], ..project("Alpha") },
                    RawProject { aliases: vec![RawAlias::Text("al-pha".into())], ..project("Beta") },
                    project("Beta"),
                    project("xyz"),
                ],
            )],
            events: vec![file(
                "events/a.yaml",
                vec![RawSeries {
                    name: "Con".into(),
                    editions: vec![RawEdition {
                        name: "One".into(),
                        year: 2020,
                        city: Some("Nowhere".into()),
                        start: Some("2020-13-01".into()),
                        ..RawEdition::default()
                    }],
                    ..RawSeries::default()
                }],
            )],
            places: vec![file(
                "places.yaml",
                RawPlaces {
                    cities: vec![RawPlace { name: "Paris".into(), ..RawPlace::default() }],
                    ..RawPlaces::default()
                },
            )],
            ..RawCatalog::default()
        };
        let found: Vec<String> = check(&raw).iter().map(ToString::to_string).collect();
        let parts = [
            "Nobody",
            "stands in projects/a.yaml already",
            "\"alpha\" is a name of",
            "very short",
            "Nowhere",
            "no date",
        ];
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for part in parts {
            assert!(found.iter().any(|line| line.contains(part)), "{part}: {found:#?}");
        }
    }
}
