//! A team's own catalogs on top of another one. Pure functions.

use super::conflicts::{self, Conflict, Conflicts};
use super::fold::{fold, squash};
use super::matcher::{NameKind, NameMatcher, ThemeMatcher};
use super::merge::{digest, parse_term};
use super::{Catalog, Matching, Organization, Project, Shared, Surface, Theme};
use crate::api::{self, CatalogOrganization, CatalogProject, CatalogTheme, ReportCatalogSpec};

impl Catalog {
    /// This catalog with others, each with its name for messages, on top of it in their order; and the conflicts found: what is wrong within one,
    /// spellings that another entry has too, references that lead nowhere, exclusions of what is not there. Where spellings clash, the
    /// overlay's entry has it.
    pub fn with_overlays(&self, overlays: &[(&str, &ReportCatalogSpec)]) -> (Catalog, Vec<Conflict>) {
        let mut catalog = Catalog {
            revision: revision(&self.revision, overlays),
            projects: self.projects.clone(),
            organizations: self.organizations.clone(),
            themes: self.themes.clone(),
            series: self.series.clone(),
            places: self.places.clone(),
            languages: self.languages.clone(),
            block_phrases: self.block_phrases.clone(),
            words_of: self.words_of.clone(),
            names: NameMatcher::default(),
            theme_terms: self.theme_terms.clone(),
            series_names: self.series_names.clone(),
            place_names: self.place_names.clone(),
        };
        let mut found = Vec::new();
        for (name, spec) in overlays {
            let mut conflicts = Conflicts { catalog: name, found: Vec::new() };
            conflicts::within(spec, &mut conflicts);
            catalog.apply(spec, &mut conflicts);
            found.append(&mut conflicts.found);
        }
        catalog.names = NameMatcher::on_top(self, &catalog);
        if catalog.themes != self.themes {
            catalog.theme_terms = ThemeMatcher::new(&catalog.themes).into();
        }
        (catalog, found)
    }

    fn apply(&mut self, spec: &ReportCatalogSpec, conflicts: &mut Conflicts<'_>) {
        for theme in &spec.themes {
            self.apply_theme(theme);
        }
        for (at, project) in spec.projects.iter().enumerate() {
            self.apply_project(at, project, conflicts);
        }
        for (at, organization) in spec.organizations.iter().enumerate() {
            self.apply_organization(at, organization, conflicts);
        }
        for (at, excluded) in spec.exclude.iter().enumerate() {
            if !self.exclude(excluded) {
                let problem = format!(
                    "nothing is called {excluded:?}; write a name, an alias or the id of a theme, as `catalog list` prints them"
                );
                conflicts.error(format!("spec.exclude[{at}]"), problem);
            }
        }
        for (at, project) in spec.projects.iter().enumerate() {
            for (number, theme) in project.themes.iter().enumerate() {
                if !self.themes.iter().any(|known| known.name == *theme) {
                    let problem = format!(
                        "there is no theme {theme:?}; add it under spec.themes, or take one that `catalog list` prints"
                    );
                    conflicts.error(format!("spec.projects[{at}].themes[{number}]"), problem);
                }
            }
            if let Some(parent) = &project.parent
                && !self.projects.iter().any(|known| squash(&known.name) == squash(parent))
            {
                let problem = format!(
                    "there is no project {parent:?} that {:?} could be a part of; add it, or leave the parent out",
                    project.name
                );
                conflicts.warning(format!("spec.projects[{at}].parent"), problem);
            }
        }
    }

    fn apply_project(&mut self, at_entry: usize, entry: &CatalogProject, conflicts: &mut Conflicts<'_>) {
        let index = place_of(&mut self.projects, &entry.name);
        for taken in take_spellings(entry.names(), &mut self.projects, index) {
            conflicts.warning(format!("spec.projects[{at_entry}]"), taken);
        }
        let Some(project) = self.projects.get_mut(index).map(Shared::own) else { return };
        add_spellings(&mut project.surfaces, entry.names(), entry.matching.map(Matching::from));
        project.curated = true;
        // Who lists a project wants to see it, even one that the built-in catalog holds for everyday technology.
        project.general = false;
        for (field, later) in [
            (&mut project.category, &entry.category),
            (&mut project.maturity, &entry.maturity),
            (&mut project.homepage, &entry.homepage),
            (&mut project.vendor, &entry.vendor),
            (&mut project.parent, &entry.parent),
        ] {
            if later.is_some() {
                field.clone_from(later);
            }
        }
        if !entry.themes.is_empty() {
            project.themes.clone_from(&entry.themes);
        }
    }

    fn apply_organization(&mut self, at_entry: usize, entry: &CatalogOrganization, conflicts: &mut Conflicts<'_>) {
        let index = place_of(&mut self.organizations, &entry.name);
        let names = || std::iter::once(entry.name.as_str()).chain(entry.aliases.iter().map(String::as_str));
        for taken in take_spellings(names(), &mut self.organizations, index) {
            conflicts.warning(format!("spec.organizations[{at_entry}]"), taken);
        }
        let Some(organization) = self.organizations.get_mut(index).map(Shared::own) else { return };
        add_spellings(&mut organization.surfaces, names(), entry.matching.map(Matching::from));
        organization.curated = true;
    }

    fn apply_theme(&mut self, entry: &CatalogTheme) {
        let at = self.themes.iter().position(|known| known.name == entry.name);
        let index = at.unwrap_or_else(|| {
            let (name, title) = (entry.name.clone(), entry.name.clone());
            self.themes.push(Theme { name, title, ..Theme::default() }.into());
            self.themes.len() - 1
        });
        let Some(theme) = self.themes.get_mut(index).map(Shared::own) else { return };
        if let Some(title) = &entry.title {
            theme.title.clone_from(title);
        }
        for (language, terms) in &entry.terms {
            theme.terms.entry(language.clone()).or_default().extend(terms.iter().filter_map(|term| parse_term(term)));
        }
    }

    /// Removes what is called so, or the spelling where it is only an alias; false if there is neither.
    fn exclude(&mut self, name: &str) -> bool {
        let themes = self.themes.len();
        self.themes.retain(|known| known.name != name);
        // Both, not only the first.
        let (projects, organizations) = (clear(&mut self.projects, name), clear(&mut self.organizations, name));
        projects || organizations || self.themes.len() < themes
    }

    /// Index of the entry that is called so.
    pub fn index_of(&self, kind: NameKind, name: &str) -> Option<usize> {
        match kind {
            NameKind::Project => self.projects.iter().position(|known| known.name == name),
            NameKind::Organization => self.organizations.iter().position(|known| known.name == name),
        }
    }
}

impl From<api::Matching> for Matching {
    fn from(matching: api::Matching) -> Self {
        match matching {
            api::Matching::Plain => Self::Plain,
            api::Matching::NeedsEvidence => Self::NeedsEvidence,
            api::Matching::NeedsCue => Self::NeedsCue,
        }
    }
}

impl CatalogProject {
    /// The name and the aliases.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

/// What projects and organisations have in common.
trait Entry: Clone + Default {
    fn called(name: &str) -> Self;
    fn name(&self) -> &str;
    fn surfaces(&self) -> &[Surface];
    fn surfaces_mut(&mut self) -> &mut Vec<Surface>;

    /// Whether the name is this, squashed; that of an entry that was taken away is none.
    fn is_called(&self, squashed: &str) -> bool {
        !self.name().is_empty() && squash(self.name()) == squashed
    }
}

impl Entry for Project {
    fn called(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn surfaces(&self) -> &[Surface] {
        &self.surfaces
    }

    fn surfaces_mut(&mut self) -> &mut Vec<Surface> {
        &mut self.surfaces
    }
}

impl Entry for Organization {
    fn called(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn surfaces(&self) -> &[Surface] {
        &self.surfaces
    }

    fn surfaces_mut(&mut self) -> &mut Vec<Surface> {
        &mut self.surfaces
    }
}

/// The index of the entry that is called so, which is added if there is none.
fn place_of<E: Entry>(entries: &mut Vec<Shared<E>>, name: &str) -> usize {
    let key = squash(name);
    entries.iter().position(|known| known.is_called(&key)).unwrap_or_else(|| {
        entries.push(E::called(name).into());
        entries.len() - 1
    })
}

/// Leaves nothing of the entries that are called so but their places, since others are known by theirs, and takes the spelling from those
/// that have it as an alias; says whether there were any.
fn clear<E: Entry>(entries: &mut [Shared<E>], name: &str) -> bool {
    let key = squash(name);
    let is_it = |surface: &Surface| squash(&surface.text) == key;
    let mut found = false;
    for entry in entries {
        if entry.is_called(&key) {
            *entry = Shared::default();
            found = true;
        } else if entry.surfaces().iter().any(is_it) {
            entry.own().surfaces_mut().retain(|surface| !is_it(surface));
            found = true;
        }
    }
    found
}

/// Takes the spellings away from all entries but the one at `index`; says from which.
fn take_spellings<'a, E: Entry>(
    names: impl Iterator<Item = &'a str>,
    entries: &mut [Shared<E>],
    index: usize,
) -> Vec<String> {
    let keys: Vec<(String, &str)> = names.map(|name| (squash(name), name)).collect();
    let name_of = |surface: &Surface| {
        let key = squash(&surface.text);
        keys.iter().find(|(known, _)| *known == key).map(|(_, name)| *name)
    };
    let mut taken = Vec::new();
    for (_, entry) in entries.iter_mut().enumerate().filter(|(at, _)| *at != index) {
        let lost: Vec<&str> = entry.surfaces().iter().filter_map(name_of).collect();
        if lost.is_empty() {
            continue;
        }
        let owner = entry.name();
        taken.extend(lost.iter().map(|name| {
            format!(
                "{name:?} is also a name of {owner:?}, and no longer means that; choose another spelling unless that is meant"
            )
        }));
        entry.own().surfaces_mut().retain(|surface| name_of(surface).is_none());
    }
    taken
}

/// Adds spellings, or says anew how careful to be with them. Spellings that differ by a hyphen are two: the variants of a name have
/// hyphens only between its words.
fn add_spellings<'a>(surfaces: &mut Vec<Surface>, names: impl Iterator<Item = &'a str>, matching: Option<Matching>) {
    for name in names.map(str::trim).filter(|name| !name.is_empty()) {
        match surfaces.iter_mut().find(|known| fold(&known.text) == fold(name)) {
            Some(known) => known.matching = matching.unwrap_or(known.matching),
            None => surfaces.push(Surface { text: name.to_owned(), matching: matching.unwrap_or_default() }),
        }
    }
}

/// Digest of the base and all that lies on top of it, in its order.
fn revision(base: &str, overlays: &[(&str, &ReportCatalogSpec)]) -> String {
    if overlays.is_empty() {
        return base.to_owned();
    }
    // A spec is maps, lists and strings: writing it cannot fail.
    let specs = overlays.iter().map(|(_, spec)| serde_json::to_vec(spec).unwrap_or_default());
    let mut all = base.as_bytes().to_vec();
    for spec in specs {
        all.push(b'\n');
        all.extend(spec);
    }
    digest(&all)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::{NameHit, NamePattern};
    use super::*;

    fn base() -> Catalog {
        let project = |name: &str, alias: &str| Project {
            name: name.to_owned(),
            surfaces: [name, alias]
                .iter()
                .map(|text| Surface { text: (*text).to_owned(), ..Surface::default() })
                .collect(),
            category: Some("Built in".into()),
            ..Project::default()
        };
        Catalog {
            revision: "sha256:0".into(),
            projects: vec![project("Alpha", "Al").into(), project("Beta", "Be").into()],
            ..Catalog::default()
        }
        .compiled()
    }

    fn project(name: &str) -> CatalogProject {
        CatalogProject { name: name.to_owned(), ..CatalogProject::default() }
    }

    #[test]
    fn an_entry_of_the_same_name_adds_and_overrides() {
        let spec = ReportCatalogSpec {
            projects: vec![CatalogProject {
                aliases: vec!["AlphaStore".into()],
                homepage: Some("https://a.example".into()),
                ..project("alpha")
            }],
            ..ReportCatalogSpec::default()
        };
        let (catalog, conflicts) = base().with_overlays(&[("team", &spec)]);
        assert_eq!(conflicts, Vec::new());
        let alpha = &catalog.projects[0];
        assert_eq!(
            (alpha.name.as_str(), alpha.category.as_deref(), alpha.homepage.as_deref()),
            ("Alpha", Some("Built in"), Some("https://a.example"))
        );
        assert!(catalog.names.lookup("alphastore").is_some() && base().names.lookup("alphastore").is_none());
        assert_ne!(catalog.revision, base().revision);
    }

    #[test]
    fn clashes_dead_references_and_empty_exclusions_are_told() {
        let spec = ReportCatalogSpec {
            projects: vec![CatalogProject {
                parent: Some("Nobody".into()),
                themes: vec!["none".into()],
                ..project("Be")
            }],
            exclude: vec!["Alpha".into(), "Omega".into()],
            ..ReportCatalogSpec::default()
        };
        let (catalog, conflicts) = base().with_overlays(&[("team", &spec)]);
        assert_eq!(
            catalog.projects.iter().map(|project| project.name.as_str()).collect::<Vec<_>>(),
            ["", "Beta", "Be"]
        );
        let found = catalog.names.find("Alpha Al Beta Be", 0..16);
        let meant = |hit: &NameHit| catalog.names.pattern(hit.pattern).unwrap().targets[0].entry;
        // "Be" is found at the start of "Beta" too.
        assert_eq!(found.iter().map(meant).collect::<Vec<_>>(), [1, 2, 2]);
        let parts = ["\"Be\" is also a name of \"Beta\"", "\"Omega\"", "no theme \"none\"", "no project \"Nobody\""];
        assert_eq!(conflicts.len(), parts.len(), "{conflicts:#?}");
        for part in parts {
            let told = |conflict: &Conflict| conflict.to_string().contains(part) && conflict.field.starts_with("spec.");
            assert!(conflicts.iter().any(told), "{part}: {conflicts:#?}");
        }
    }

    /// A catalog on top of another finds what one finds that was compiled as a whole, and keeps little for itself.
    #[test]
    fn what_lies_on_top_is_as_if_it_had_been_compiled_with_all_the_rest() {
        let base = Catalog::builtin();
        let spec = ReportCatalogSpec {
            projects: vec![
                CatalogProject { aliases: vec!["Deploy-o-Matic".into(), "Istio".into()], ..project("Deployomatic") },
                CatalogProject { aliases: vec!["KubeThing".into()], ..project("Kubernetes") },
            ],
            organizations: vec![CatalogOrganization { name: "Buoyant".into(), ..CatalogOrganization::default() }],
            exclude: vec!["Falco".into(), "Red Hat".into()],
            ..ReportCatalogSpec::default()
        };
        let (catalog, _) = base.with_overlays(&[("team", &spec)]);
        let known: BTreeMap<&str, NamePattern<'_>> = catalog.names.patterns().collect();
        let anew = NameMatcher::new(&catalog);
        assert!(known.into_iter().eq(anew.patterns()));
        let words = |matcher: &NameMatcher| {
            let words = ('a'..='z')
                .flat_map(|c| matcher.plain_words(c).map(|(text, at)| (text.to_owned(), at)).collect::<Vec<_>>());
            words.collect::<BTreeSet<_>>()
        };
        assert_eq!(words(&catalog.names), words(&anew));
        for word in ["istio", "falco", "kubernetes", "kube thing", "red hat", "deploy o matic", "helm"] {
            let meaning = |matcher: &NameMatcher| {
                matcher.lookup(word).and_then(|at| matcher.pattern(at)).map(|p| p.targets.to_vec())
            };
            assert_eq!(meaning(&catalog.names), meaning(&anew), "{word}");
        }
        let (below, top) = catalog.names.memory();
        assert!(top * 20 < below, "{top} of {below} bytes");
        assert!(catalog.theme_terms.is(&base.theme_terms));
        let shared = catalog.projects.iter().zip(&base.projects).filter(|(ours, theirs)| ours.is(theirs)).count();
        assert_eq!(base.projects.len() - shared, 3, "Kubernetes, Istio and Falco are changed");
    }

    #[test]
    fn an_excluded_alias_is_gone_and_its_entry_stays() {
        let spec = ReportCatalogSpec { exclude: vec!["AL".into()], ..ReportCatalogSpec::default() };
        let (catalog, conflicts) = base().with_overlays(&[("team", &spec)]);
        assert_eq!(conflicts, Vec::new());
        assert!(catalog.names.lookup("al").is_none() && catalog.names.lookup("alpha").is_some());
    }

    #[test]
    fn without_overlays_nothing_changes() {
        let (catalog, conflicts) = base().with_overlays(&[]);
        assert_eq!((catalog.revision, catalog.projects, conflicts), (base().revision, base().projects, Vec::new()));
    }

    #[test]
    fn the_order_of_overlays_is_a_part_of_the_revision() {
        let (one, two) = (
            ReportCatalogSpec { projects: vec![project("One")], ..ReportCatalogSpec::default() },
            ReportCatalogSpec { projects: vec![project("Two")], ..ReportCatalogSpec::default() },
        );
        let revision = |overlays: &[(&str, &ReportCatalogSpec)]| base().with_overlays(overlays).0.revision;
        assert_ne!(revision(&[("a", &one), ("b", &two)]), revision(&[("b", &two), ("a", &one)]));
    }
}
