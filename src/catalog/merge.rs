//! From the data files to a catalog: entries merged by name, `displayName`, matching lists, terms parsed. Pure functions.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::fold::{fold, squash};
use super::raw::{
    RawAlias, RawCatalog, RawEdition, RawFile, RawLanguage, RawMatchingList, RawOrganization, RawPlace, RawProject,
    RawSeries,
};
use super::{
    Area, Catalog, City, Edition, LanguageData, Matching, Organization, Places, Project, Series, Shared, Surface, Term,
    Theme,
};

/// `sha256:<hex>` of data, as revisions are written.
pub fn digest(data: &[u8]) -> String {
    let bytes = Sha256::digest(data);
    bytes.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Merges the data files. The matchers are not built yet.
pub fn from_raw(raw: &RawCatalog) -> Catalog {
    let series: Vec<Series> = raw.events.iter().flat_map(|file| &file.data).map(series).collect();
    let block_phrases: Vec<String> = raw.block_phrases.iter().flat_map(|file| file.data.iter().cloned()).collect();
    Catalog {
        projects: projects(raw).into_iter().map(Shared::from).collect(),
        organizations: organizations(raw).into_iter().map(Shared::from).collect(),
        themes: themes(raw).into_iter().map(Shared::from).collect(),
        series: series.into(),
        places: places(raw).into(),
        languages: languages(raw).into(),
        words_of: words_of(raw).into(),
        block_phrases: block_phrases.into(),
        ..Catalog::default()
    }
}

/// Careful names that are words of some languages alone, with those languages.
fn words_of(raw: &RawCatalog) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let files = raw.project_matching.iter().chain(&raw.organization_matching);
    for (language, words) in files.flat_map(|file| &file.data.words_of) {
        for word in words {
            found.entry(fold(word)).or_default().insert(language.clone());
        }
    }
    found
}

/// How careful to be with single names, by their folded text.
struct MatchingLists(BTreeMap<String, Matching>);

impl MatchingLists {
    fn new(files: &[RawFile<RawMatchingList>]) -> Self {
        let mut map = BTreeMap::new();
        for file in files {
            for name in &file.data.needs_evidence {
                map.entry(fold(name)).or_insert(Matching::NeedsEvidence);
            }
            // A name in both lists is as dangerous as the stricter one says.
            for name in &file.data.needs_cue {
                map.insert(fold(name), Matching::NeedsCue);
            }
        }
        Self(map)
    }

    /// An alias says it itself, else the list knows this very spelling, else the entry says it for all its spellings.
    fn of(&self, folded: &str, own: Option<Matching>, entry: Option<Matching>) -> Matching {
        own.or_else(|| self.0.get(folded).copied()).or(entry).unwrap_or_default()
    }
}

impl RawAlias {
    /// The text and what is said about it.
    pub fn parts(&self) -> (&str, Option<Matching>) {
        match self {
            Self::Text(text) => (text, None),
            Self::Careful(alias) => (&alias.name, alias.matching),
        }
    }
}

/// The spellings of an entry: the reported name, the name it is merged by, the aliases; each once.
fn surfaces<'a>(
    names: impl IntoIterator<Item = &'a str>,
    aliases: &[RawAlias],
    entry: Option<Matching>,
    lists: &MatchingLists,
) -> Vec<Surface> {
    let mut surfaces: Vec<Surface> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    let spelled = names.into_iter().map(|name| (name, None)).chain(aliases.iter().map(RawAlias::parts));
    for (text, own) in spelled {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let folded = fold(text);
        let matching = lists.of(&folded, own, entry);
        match known.iter().position(|known| *known == folded).and_then(|at| surfaces.get_mut(at)) {
            // The same spelling again may only say how careful to be.
            Some(known) if own.is_some() => known.matching = matching,
            Some(_) => {}
            None => {
                surfaces.push(Surface { text: text.to_owned(), matching });
                known.push(folded);
            }
        }
    }
    surfaces
}

fn projects(raw: &RawCatalog) -> Vec<Project> {
    let mut merged: BTreeMap<String, (RawProject, bool)> = BTreeMap::new();
    let landscape = raw.products.iter().flat_map(|file| &file.data).map(|entry| (entry, false));
    let supplement = raw.projects.iter().flat_map(|file| &file.data).map(|entry| (entry, true));
    for (entry, curated) in landscape.chain(supplement) {
        let slot = merged
            .entry(squash(&entry.name))
            .or_insert_with(|| (RawProject { name: entry.name.clone(), ..RawProject::default() }, curated));
        slot.1 |= curated;
        override_project(&mut slot.0, entry);
    }
    let lists = MatchingLists::new(&raw.project_matching);
    let mut projects: Vec<Project> = merged
        .into_values()
        .map(|(entry, curated)| Project {
            surfaces: surfaces(
                entry.display_name.as_deref().into_iter().chain([entry.name.as_str()]),
                &entry.aliases,
                entry.matching,
                &lists,
            ),
            name: entry.display_name.unwrap_or(entry.name),
            category: entry.category,
            maturity: entry.maturity,
            homepage: entry.homepage,
            repository: entry.repository,
            vendor: entry.vendor,
            parent: entry.parent,
            themes: entry.themes,
            general: entry.general.unwrap_or_default(),
            curated,
        })
        .collect();
    resolve_parents(&mut projects);
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    projects
}

/// Parents may be named by the landscape's form of a name; what is reported is the parent's own name.
fn resolve_parents(projects: &mut [Project]) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for project in projects.iter().rev() {
        for surface in project.surfaces.iter().take(2) {
            names.insert(squash(&surface.text), project.name.clone());
        }
    }
    for project in projects.iter() {
        names.insert(squash(&project.name), project.name.clone());
    }
    for project in projects {
        if let Some(name) = project.parent.as_deref().and_then(|parent| names.get(&squash(parent))) {
            project.parent = Some(name.clone());
        }
    }
}

/// Fields that the later entry sets override; aliases are added.
fn override_project(entry: &mut RawProject, later: &RawProject) {
    fn set<T: Clone>(field: &mut Option<T>, later: &Option<T>) {
        if later.is_some() {
            field.clone_from(later);
        }
    }
    set(&mut entry.display_name, &later.display_name);
    set(&mut entry.category, &later.category);
    set(&mut entry.maturity, &later.maturity);
    set(&mut entry.homepage, &later.homepage);
    set(&mut entry.repository, &later.repository);
    set(&mut entry.vendor, &later.vendor);
    set(&mut entry.parent, &later.parent);
    set(&mut entry.matching, &later.matching);
    set(&mut entry.general, &later.general);
    if !later.themes.is_empty() {
        entry.themes.clone_from(&later.themes);
    }
    entry.aliases.extend(later.aliases.iter().cloned());
}

fn organizations(raw: &RawCatalog) -> Vec<Organization> {
    let mut merged: BTreeMap<String, (RawOrganization, bool)> = BTreeMap::new();
    let landscape = raw.members.iter().flat_map(|file| &file.data).map(|entry| (entry, false));
    let supplement = raw.organizations.iter().flat_map(|file| &file.data).map(|entry| (entry, true));
    for (entry, curated) in landscape.chain(supplement) {
        let slot = merged
            .entry(squash(&entry.name))
            .or_insert_with(|| (RawOrganization { name: entry.name.clone(), ..RawOrganization::default() }, curated));
        slot.1 |= curated;
        let known = &mut slot.0;
        if entry.display_name.is_some() {
            known.display_name.clone_from(&entry.display_name);
        }
        if entry.homepage.is_some() {
            known.homepage.clone_from(&entry.homepage);
        }
        if entry.matching.is_some() {
            known.matching = entry.matching;
        }
        known.aliases.extend(entry.aliases.iter().cloned());
    }
    let lists = MatchingLists::new(&raw.organization_matching);
    let mut organizations: Vec<Organization> = merged
        .into_values()
        .map(|(entry, curated)| Organization {
            surfaces: surfaces(
                entry.display_name.as_deref().into_iter().chain([entry.name.as_str()]),
                &entry.aliases,
                entry.matching,
                &lists,
            ),
            name: entry.display_name.unwrap_or(entry.name),
            homepage: entry.homepage,
            curated,
        })
        .collect();
    organizations.sort_by(|a, b| a.name.cmp(&b.name));
    organizations
}

fn themes(raw: &RawCatalog) -> Vec<Theme> {
    let mut merged: BTreeMap<String, Theme> = BTreeMap::new();
    for entry in raw.themes.iter().map(|file| &file.data) {
        let theme =
            merged.entry(entry.name.clone()).or_insert_with(|| Theme { name: entry.name.clone(), ..Theme::default() });
        if let Some(title) = &entry.title {
            theme.title.clone_from(title);
        }
        for (language, terms) in &entry.terms {
            theme.terms.entry(language.clone()).or_default().extend(terms.iter().filter_map(|term| parse_term(term)));
        }
    }
    let mut themes: Vec<Theme> = merged.into_values().collect();
    for theme in &mut themes {
        if theme.title.is_empty() {
            theme.title.clone_from(&theme.name);
        }
    }
    themes
}

/// Parses a term as the catalog writes it: "beveilig*^3", "*sicherheit". None for one without a letter.
pub(super) fn parse_term(written: &str) -> Option<Term> {
    let (text, weight) = match written.rsplit_once('^') {
        Some((text, weight)) => (text, weight.trim().parse().unwrap_or(2).clamp(1, 3)),
        None => (written, 2),
    };
    let text = text.trim();
    let (text, open_start) = text.strip_prefix('*').map_or((text, false), |rest| (rest, true));
    let (text, open_end) = text.strip_suffix('*').map_or((text, false), |rest| (rest, true));
    let text = fold(text);
    text.chars().any(char::is_alphanumeric).then_some(Term { text, open_start, open_end, weight })
}

fn series(entry: &RawSeries) -> Series {
    Series {
        name: entry.name.clone(),
        surfaces: surfaces([entry.name.as_str()], &entry.aliases, entry.matching, &MatchingLists(BTreeMap::new())),
        co_located: entry.co_located,
        editions: entry.editions.iter().map(edition).collect(),
    }
}

fn edition(entry: &RawEdition) -> Edition {
    Edition {
        name: entry.name.clone(),
        year: entry.year,
        city: entry.city.clone(),
        start: entry.start.as_deref().and_then(|date| date.parse().ok()),
        end: entry.end.as_deref().and_then(|date| date.parse().ok()),
        is_virtual: entry.is_virtual,
    }
}

fn places(raw: &RawCatalog) -> Places {
    let none = MatchingLists(BTreeMap::new());
    let spelled = |place: &RawPlace| surfaces([place.name.as_str()], &place.aliases, place.matching, &none);
    let area =
        |place: &RawPlace| Area { name: place.name.clone(), region: place.region.clone(), surfaces: spelled(place) };
    let mut places = Places::default();
    for file in &raw.places {
        let countries: BTreeMap<&str, &str> = file
            .data
            .countries
            .iter()
            .filter_map(|country| Some((country.name.as_str(), country.region.as_deref()?)))
            .collect();
        places.cities.extend(file.data.cities.iter().map(|city| {
            let country = city.country.clone().unwrap_or_default();
            let region = city.region.as_deref().or_else(|| countries.get(country.as_str()).copied());
            City {
                name: city.name.clone(),
                region: region.unwrap_or_default().to_owned(),
                country,
                surfaces: spelled(city),
            }
        }));
        places.countries.extend(file.data.countries.iter().map(area));
        places.regions.extend(file.data.regions.iter().map(area));
    }
    places
}

fn languages(raw: &RawCatalog) -> BTreeMap<String, LanguageData> {
    let mut languages = BTreeMap::new();
    for file in &raw.languages {
        for (code, entry) in &file.data {
            languages.insert(code.clone(), language(entry));
        }
    }
    languages
}

fn language(entry: &RawLanguage) -> LanguageData {
    LanguageData {
        stopwords: entry.stopwords.clone(),
        openers: entry.openers.clone(),
        months: entry.months.clone(),
        weekdays: entry.weekdays.keys().cloned().collect(),
        calls_to_action: entry.calls_to_action.clone(),
        furniture: entry.furniture.clone(),
        abbreviations: entry.abbreviations.clone(),
        last_year: entry.last_year.clone(),
        next_year: entry.next_year.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file<T>(data: T) -> RawFile<T> {
        RawFile { file: "test.yaml".into(), data }
    }

    fn project(name: &str) -> RawProject {
        RawProject { name: name.into(), ..RawProject::default() }
    }

    #[test]
    fn a_later_entry_overrides_fields_and_adds_aliases() {
        let raw = RawCatalog {
            products: vec![file(vec![RawProject {
                category: Some("A".into()),
                homepage: Some("https://a.example".into()),
                ..project("Long Name of Harbour Service")
            }])],
            projects: vec![file(vec![RawProject {
                display_name: Some("Harbour".into()),
                category: Some("B".into()),
                aliases: vec![RawAlias::Text("HS".into())],
                ..project("Long name of harbour-service")
            }])],
            project_matching: vec![file(RawMatchingList {
                needs_evidence: vec!["HS".into(), "harbour".into()],
                needs_cue: vec!["HS".into()],
                ..RawMatchingList::default()
            })],
            ..RawCatalog::default()
        };
        let catalog = from_raw(&raw);
        let [project] = catalog.projects.as_slice() else { panic!("one entry, not {}", catalog.projects.len()) };
        assert_eq!(project.name, "Harbour");
        assert_eq!(project.category.as_deref(), Some("B"));
        assert_eq!(project.homepage.as_deref(), Some("https://a.example"));
        let spellings: Vec<_> = project.surfaces.iter().map(|s| (s.text.as_str(), s.matching)).collect();
        assert_eq!(
            spellings,
            [
                ("Harbour", Matching::NeedsEvidence),
                ("Long Name of Harbour Service", Matching::Plain),
                ("HS", Matching::NeedsCue)
            ]
        );
    }

    #[test]
    fn parents_are_given_by_the_name_that_is_reported() {
        let raw = RawCatalog {
            projects: vec![file(vec![
                RawProject { display_name: Some("Short".into()), ..project("The Long One") },
                RawProject { parent: Some("The Long One".into()), ..project("Part") },
            ])],
            ..RawCatalog::default()
        };
        let catalog = from_raw(&raw);
        assert_eq!(catalog.projects.iter().find(|p| p.name == "Part").unwrap().parent.as_deref(), Some("Short"));
    }

    #[test]
    fn terms_are_parsed() {
        let term =
            |text: &str, open_start, open_end, weight| Some(Term { text: text.into(), open_start, open_end, weight });
        let table = [
            ("beveilig*^3", term("beveilig", false, true, 3)),
            ("*sicherheit", term("sicherheit", true, false, 2)),
            ("Zero-Trust^1", term("zero trust", false, false, 1)),
            ("odd^9", term("odd", false, false, 3)),
            ("*^2", None),
            ("", None),
        ];
        for (written, want) in table {
            assert_eq!(parse_term(written), want, "{written}");
        }
    }
}
