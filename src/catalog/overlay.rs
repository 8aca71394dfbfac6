//! A team's own catalogs on top of another one. Pure functions.

use std::collections::BTreeMap;

use super::conflicts::{self, Conflict, Conflicts};
use super::entries::{Entries, Entry};
use super::matcher::{NameKind, NameMatcher, ThemeMatcher};
use super::merge::{digest, parse_term};
use super::size::{Size, TooMuch};
use super::{Catalog, Matching, Organization, Project, Shared, Theme};
use crate::api::{self, CatalogOrganization, CatalogProject, CatalogTheme, ReportCatalogSpec};

impl Catalog {
    /// This catalog with others, each with its name for messages, on top of it in their order; and the conflicts found: what is wrong within one,
    /// spellings that another entry has too, references that lead nowhere, exclusions of what is not there. Where spellings clash, the
    /// overlay's entry has it.
    ///
    /// # Errors
    /// When the others hold too much.
    pub fn with_overlays(&self, overlays: &[(&str, &ReportCatalogSpec)]) -> Result<(Catalog, Vec<Conflict>), TooMuch> {
        let revision = self.revision_with(overlays)?;
        let mut layers = Layers {
            projects: Entries::new(self.projects.clone()),
            organizations: Entries::new(self.organizations.clone()),
            themes: Themes::new(self.themes.clone()),
        };
        let mut found = Vec::new();
        for (name, spec) in overlays {
            let mut conflicts = Conflicts { catalog: name, found: Vec::new() };
            conflicts::within(spec, &mut conflicts);
            layers.apply(spec, &mut conflicts);
            found.append(&mut conflicts.found);
        }
        let mut catalog = Catalog {
            revision,
            projects: layers.projects.finish(),
            organizations: layers.organizations.finish(),
            themes: layers.themes.list,
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
        catalog.names = NameMatcher::on_top(self, &catalog);
        if catalog.themes != self.themes {
            catalog.theme_terms = ThemeMatcher::new(&catalog.themes).into();
        }
        Ok((catalog, found))
    }

    /// The revision that the catalog has with others on top of it: a digest of this one's and of all that lies on top, in its order. Known
    /// without putting them together.
    ///
    /// # Errors
    /// When the others hold too much.
    pub fn revision_with(&self, overlays: &[(&str, &ReportCatalogSpec)]) -> Result<String, TooMuch> {
        Size::of_all(overlays)?;
        if overlays.is_empty() {
            return Ok(self.revision.clone());
        }
        let mut all = self.revision.as_bytes().to_vec();
        for (_, spec) in overlays {
            all.push(b'\n');
            // A spec is maps, lists and strings: writing it cannot fail.
            all.extend(serde_json::to_vec(spec).unwrap_or_default());
        }
        Ok(digest(&all))
    }

    /// Index of the entry that is called so.
    pub fn index_of(&self, kind: NameKind, name: &str) -> Option<usize> {
        match kind {
            NameKind::Project => self.projects.iter().position(|known| known.name == name),
            NameKind::Organization => self.organizations.iter().position(|known| known.name == name),
        }
    }
}

/// A catalog while others are put on top of it.
struct Layers {
    projects: Entries<Project>,
    organizations: Entries<Organization>,
    themes: Themes,
}

impl Layers {
    fn apply(&mut self, spec: &ReportCatalogSpec, conflicts: &mut Conflicts<'_>) {
        for theme in &spec.themes {
            self.themes.apply(theme);
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
                if !self.themes.places.contains_key(theme) {
                    let problem = format!(
                        "there is no theme {theme:?}; add it under spec.themes, or take one that `catalog list` prints"
                    );
                    conflicts.error(format!("spec.projects[{at}].themes[{number}]"), problem);
                }
            }
            if let Some(parent) = &project.parent
                && !self.projects.is_called(parent)
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
        let index = add(&mut self.projects, (&entry.name, &entry.aliases), entry.matching, |taken| {
            conflicts.warning(format!("spec.projects[{at_entry}]"), taken);
        });
        let Some(project) = self.projects.get_mut(index) else { return };
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
        let index = add(&mut self.organizations, (&entry.name, &entry.aliases), entry.matching, |taken| {
            conflicts.warning(format!("spec.organizations[{at_entry}]"), taken);
        });
        let Some(organization) = self.organizations.get_mut(index) else { return };
        organization.curated = true;
    }

    /// Removes what is called so, or the spelling where it is only an alias; false if there is neither.
    fn exclude(&mut self, name: &str) -> bool {
        // All, not only the first.
        let found = [self.themes.remove(name), self.projects.clear(name), self.organizations.clear(name)];
        found.contains(&true)
    }
}

/// Adds an entry with a name and aliases, or gives these to the one that is called so, and tells which spellings others lose by that. The
/// index of the entry.
fn add<E: Entry>(
    entries: &mut Entries<E>,
    (name, aliases): (&str, &[String]),
    matching: Option<api::Matching>,
    mut tell: impl FnMut(String),
) -> usize {
    let names = || std::iter::once(name).chain(aliases.iter().map(String::as_str));
    let index = entries.place_of(name);
    for (spelling, owner) in entries.take(names(), index) {
        tell(format!(
            "{spelling:?} is also a name of {owner:?}, and no longer means that; choose another spelling unless that is meant"
        ));
    }
    entries.add(index, names(), matching.map(Matching::from));
    index
}

/// Themes with their places in the list, by id.
struct Themes {
    list: Vec<Shared<Theme>>,
    places: BTreeMap<String, usize>,
}

impl Themes {
    fn new(list: Vec<Shared<Theme>>) -> Self {
        let places = list.iter().enumerate().map(|(place, theme)| (theme.name.clone(), place)).collect();
        Self { list, places }
    }

    fn apply(&mut self, entry: &CatalogTheme) {
        let place = *self.places.entry(entry.name.clone()).or_insert_with(|| {
            let (name, title) = (entry.name.clone(), entry.name.clone());
            self.list.push(Theme { name, title, ..Theme::default() }.into());
            self.list.len() - 1
        });
        let Some(theme) = self.list.get_mut(place).map(Shared::own) else { return };
        if let Some(title) = &entry.title {
            theme.title.clone_from(title);
        }
        for (language, terms) in &entry.terms {
            theme.terms.entry(language.clone()).or_default().extend(terms.iter().filter_map(|term| parse_term(term)));
        }
    }

    /// Removes the theme with this id; false if there is none.
    fn remove(&mut self, name: &str) -> bool {
        let Some(place) = self.places.remove(name) else { return false };
        self.list.remove(place);
        self.places.values_mut().filter(|behind| **behind > place).for_each(|behind| *behind -= 1);
        true
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fold::FOLDED;
    use super::super::{NameHit, NamePattern, Surface};
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
        let (catalog, conflicts) = base().with_overlays(&[("team", &spec)]).unwrap();
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
        let (catalog, conflicts) = base().with_overlays(&[("team", &spec)]).unwrap();
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
        let (catalog, _) = base.with_overlays(&[("team", &spec)]).unwrap();
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

    /// Folding a text is what everything here is made of, so its number tells the cost without a clock.
    #[test]
    fn twice_as_large_a_catalog_costs_twice_as_much_also_where_all_of_it_clashes() {
        let base = Catalog::builtin();
        let (half, whole) = (1000, 2000);
        let names = |number: usize| -> [String; 4] {
            let known = &base.projects[number % base.projects.len()].name;
            // Its own, a built-in one, one that its neighbour has too, and one that all have.
            [format!("Own {number}"), known.clone(), format!("Shared {}", number / 2), "Everybody's".to_owned()]
        };
        let entry = |number| {
            let [name, aliases @ ..] = names(number);
            CatalogProject { aliases: aliases.into(), parent: Some(name.clone()), ..project(&name) }
        };
        // All are one, with ever more spellings.
        let same = |number| {
            let aliases = vec![format!("Spelling {number}"), format!("Spelling-{number}"), format!("Spelling{number}")];
            CatalogProject { aliases, ..project(if number % 2 == 0 { "The same" } else { "the-same" }) }
        };
        let cost = |entries: usize, entry: &dyn Fn(usize) -> CatalogProject, excluded: bool| {
            let spec = ReportCatalogSpec {
                projects: (0..entries).map(entry).collect(),
                exclude: if excluded {
                    (0..entries).map(|number| format!("Own {number}")).collect()
                } else {
                    Vec::new()
                },
                ..ReportCatalogSpec::default()
            };
            FOLDED.set(0);
            base.with_overlays(&[("team", &spec)]).unwrap();
            FOLDED.get()
        };
        let none = cost(0, &entry, false);
        let growing = |kind: &str, [half, whole]: [usize; 2]| {
            assert!(
                whole - none < (half - none) * 5 / 2,
                "{kind}: {half} texts folded for half of it, {whole} for all"
            );
        };
        growing("clashing", [half, whole].map(|entries| cost(entries, &entry, false)));
        growing("excluded", [half, whole].map(|entries| cost(entries, &entry, true)));
        growing("the same", [half, whole].map(|entries| cost(entries, &same, false)));
    }

    #[test]
    fn the_revision_is_known_without_putting_anything_together() {
        let spec = ReportCatalogSpec { projects: vec![project("One")], ..ReportCatalogSpec::default() };
        for overlays in [&[][..], &[("a", &spec)], &[("a", &spec), ("b", &spec)]] {
            let base = base();
            assert_eq!(base.revision_with(overlays).unwrap(), base.with_overlays(overlays).unwrap().0.revision);
        }
    }

    #[test]
    fn an_excluded_alias_is_gone_and_its_entry_stays() {
        let spec = ReportCatalogSpec { exclude: vec!["AL".into()], ..ReportCatalogSpec::default() };
        let (catalog, conflicts) = base().with_overlays(&[("team", &spec)]).unwrap();
        assert_eq!(conflicts, Vec::new());
        assert!(catalog.names.lookup("al").is_none() && catalog.names.lookup("alpha").is_some());
    }

    #[test]
    fn without_overlays_nothing_changes() {
        let (catalog, conflicts) = base().with_overlays(&[]).unwrap();
        assert_eq!((catalog.revision, catalog.projects, conflicts), (base().revision, base().projects, Vec::new()));
    }

    #[test]
    fn the_order_of_overlays_is_a_part_of_the_revision() {
        let (one, two) = (
            ReportCatalogSpec { projects: vec![project("One")], ..ReportCatalogSpec::default() },
            ReportCatalogSpec { projects: vec![project("Two")], ..ReportCatalogSpec::default() },
        );
        let revision = |overlays: &[(&str, &ReportCatalogSpec)]| base().with_overlays(overlays).unwrap().0.revision;
        assert_ne!(revision(&[("a", &one), ("b", &two)]), revision(&[("b", &two), ("a", &one)]));
    }
}
