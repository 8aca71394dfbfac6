//! A team's own catalogs on top of another one. Pure functions.

use sha2::{Digest, Sha256};

use super::conflicts::{self, Conflict, Conflicts};
use super::fold::{fold, squash};
use super::load::{hex, parse_term};
use super::matcher::NameKind;
use super::{Catalog, Matching, Organization, Project, Surface, Theme};
use crate::api::{CatalogOrganization, CatalogProject, CatalogTheme, ReportCatalogSpec};

impl Catalog {
    /// This catalog with others, each with its name for messages, on top of it in their order; and the conflicts found: what is wrong within one,
    /// spellings that another entry has too, references that lead nowhere, exclusions of what is not there. Where spellings clash, the
    /// overlay's entry has it.
    pub fn with_overlays(&self, overlays: &[(&str, &ReportCatalogSpec)]) -> (Catalog, Vec<Conflict>) {
        let mut catalog = Catalog {
            revision: self.revision.clone(),
            projects: self.projects.clone(),
            organizations: self.organizations.clone(),
            themes: self.themes.clone(),
            series: self.series.clone(),
            places: self.places.clone(),
            languages: self.languages.clone(),
            block_phrases: self.block_phrases.clone(),
            ..Catalog::default()
        };
        let mut found = Vec::new();
        for (name, spec) in overlays {
            let mut conflicts = Conflicts { catalog: name, found: Vec::new() };
            conflicts::within(spec, &mut conflicts);
            catalog.apply(spec, &mut conflicts);
            found.append(&mut conflicts.found);
        }
        catalog.revision = revision(&self.revision, overlays);
        (catalog.compiled(), found)
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
        let at = self.projects.iter().position(|known| squash(&known.name) == squash(&entry.name));
        let index = at.unwrap_or_else(|| {
            self.projects.push(Project { name: entry.name.clone(), ..Project::default() });
            self.projects.len() - 1
        });
        for taken in
            take_spellings(entry.names(), self.projects.iter_mut().map(|p| (p.name.as_str(), &mut p.surfaces)), index)
        {
            conflicts.warning(format!("spec.projects[{at_entry}]"), taken);
        }
        let Some(project) = self.projects.get_mut(index) else { return };
        add_spellings(&mut project.surfaces, entry.names(), entry.matching);
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
        let at = self.organizations.iter().position(|known| squash(&known.name) == squash(&entry.name));
        let index = at.unwrap_or_else(|| {
            self.organizations.push(Organization { name: entry.name.clone(), ..Organization::default() });
            self.organizations.len() - 1
        });
        let names = || std::iter::once(entry.name.as_str()).chain(entry.aliases.iter().map(String::as_str));
        for taken in
            take_spellings(names(), self.organizations.iter_mut().map(|o| (o.name.as_str(), &mut o.surfaces)), index)
        {
            conflicts.warning(format!("spec.organizations[{at_entry}]"), taken);
        }
        let Some(organization) = self.organizations.get_mut(index) else { return };
        add_spellings(&mut organization.surfaces, names(), entry.matching);
        organization.curated = true;
    }

    fn apply_theme(&mut self, entry: &CatalogTheme) {
        let at = self.themes.iter().position(|known| known.name == entry.name);
        let index = at.unwrap_or_else(|| {
            self.themes.push(Theme { name: entry.name.clone(), title: entry.name.clone(), ..Theme::default() });
            self.themes.len() - 1
        });
        let Some(theme) = self.themes.get_mut(index) else { return };
        if let Some(title) = &entry.title {
            theme.title.clone_from(title);
        }
        for (language, terms) in &entry.terms {
            theme.terms.entry(language.clone()).or_default().extend(terms.iter().filter_map(|term| parse_term(term)));
        }
    }

    /// Removes what is called so, or the spelling where it is only an alias; false if there is neither.
    fn exclude(&mut self, name: &str) -> bool {
        let count = |catalog: &Self| {
            let surfaces = catalog.projects.iter().map(|known| known.surfaces.len());
            let surfaces = surfaces.chain(catalog.organizations.iter().map(|known| known.surfaces.len()));
            surfaces.sum::<usize>() + catalog.projects.len() + catalog.organizations.len() + catalog.themes.len()
        };
        let before = count(self);
        let key = squash(name);
        self.projects.retain(|known| squash(&known.name) != key);
        self.organizations.retain(|known| squash(&known.name) != key);
        let surfaces = self.projects.iter_mut().map(|known| &mut known.surfaces);
        for surfaces in surfaces.chain(self.organizations.iter_mut().map(|known| &mut known.surfaces)) {
            surfaces.retain(|surface| squash(&surface.text) != key);
        }
        self.themes.retain(|known| known.name != name);
        before != count(self)
    }

    /// Index of the entry that is called so.
    pub fn index_of(&self, kind: NameKind, name: &str) -> Option<usize> {
        match kind {
            NameKind::Project => self.projects.iter().position(|known| known.name == name),
            NameKind::Organization => self.organizations.iter().position(|known| known.name == name),
        }
    }
}

impl CatalogProject {
    /// The name and the aliases.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

/// Takes the spellings away from all entries but the one at `index`; says from which.
fn take_spellings<'a, 'b>(
    names: impl Iterator<Item = &'a str>,
    entries: impl Iterator<Item = (&'b str, &'b mut Vec<Surface>)>,
    index: usize,
) -> Vec<String> {
    let keys: Vec<(String, &str)> = names.map(|name| (squash(name), name)).collect();
    let mut taken = Vec::new();
    for (_, (owner, surfaces)) in entries.enumerate().filter(|(at, _)| *at != index) {
        surfaces.retain(|surface| {
            let key = squash(&surface.text);
            let clash = keys.iter().find(|(known, _)| *known == key);
            if let Some((_, name)) = clash {
                taken.push(format!(
                    "{name:?} is also a name of {owner:?}, and no longer means that; exclude {owner:?} if that is meant"
                ));
            }
            clash.is_none()
        });
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
    let mut digest = Sha256::new();
    digest.update(base.as_bytes());
    for (_, spec) in overlays {
        // A spec is maps, lists and strings: writing it cannot fail.
        digest.update(b"\n");
        digest.update(serde_json::to_vec(spec).unwrap_or_default());
    }
    format!("sha256:{}", hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
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
            projects: vec![project("Alpha", "Al"), project("Beta", "Be")],
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
        assert_eq!(catalog.projects.iter().map(|project| project.name.as_str()).collect::<Vec<_>>(), ["Beta", "Be"]);
        let parts = ["\"Be\" is also a name of \"Beta\"", "\"Omega\"", "no theme \"none\"", "no project \"Nobody\""];
        assert_eq!(conflicts.len(), parts.len(), "{conflicts:#?}");
        for part in parts {
            let told = |conflict: &Conflict| conflict.to_string().contains(part) && conflict.field.starts_with("spec.");
            assert!(conflicts.iter().any(told), "{part}: {conflicts:#?}");
        }
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
