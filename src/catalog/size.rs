//! How much the catalogs may hold together that are put on top of the built-in one. Pure functions.
//!
//! A catalog costs time and memory by the number and the length of what it holds, and each of its fields has a limit of its own. Those limits
//! multiply, and catalogs add up: without a limit for the whole, a few objects could keep the operator busy and fill its memory.

use crate::api::ReportCatalogSpec;

/// The most values together: names, aliases, categories, home pages, terms, exclusions and all else that is written as a text.
pub const MAX_VALUES: usize = 20_000;
/// The most bytes of all those values together.
pub const MAX_BYTES: usize = 1 << 20;

/// What catalogs hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Number of values.
    pub values: usize,
    /// Bytes of all values together, in UTF-8.
    pub bytes: usize,
}

/// Catalogs hold more than is put on top of the built-in one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there are {} values (names, aliases, terms and the like) of {} bytes, and the catalogs of a report may hold {MAX_VALUES} values of \
     {MAX_BYTES} bytes together; take out what reports never name, or refer to fewer catalogs",
    .size.values, .size.bytes
)]
pub struct TooMuch {
    /// Name of the catalog that is one too many, or too large by itself.
    pub catalog: String,
    /// What all of them hold.
    pub size: Size,
}

impl Size {
    /// What a catalog holds.
    pub fn of(spec: &ReportCatalogSpec) -> Self {
        let mut size = Self::default();
        for project in &spec.projects {
            size.add([&project.name]);
            size.add(&project.aliases);
            size.add(&project.themes);
            let facts = [&project.category, &project.maturity, &project.homepage, &project.vendor, &project.parent];
            size.add(facts.into_iter().flatten());
        }
        for organization in &spec.organizations {
            size.add([&organization.name]);
            size.add(&organization.aliases);
        }
        for theme in &spec.themes {
            size.add([&theme.name]);
            size.add(&theme.title);
            for (language, terms) in &theme.terms {
                size.add([language]);
                size.add(terms);
            }
        }
        size.add(&spec.exclude);
        size
    }

    /// How much of what is allowed this is, in thousandths, by number or by bytes, whichever is more: about how much memory it takes.
    pub fn share(&self) -> usize {
        let of = |had: usize, most: usize| had.saturating_mul(1000).div_ceil(most);
        of(self.values, MAX_VALUES).max(of(self.bytes, MAX_BYTES))
    }

    fn add<'v>(&mut self, values: impl IntoIterator<Item = &'v String>) {
        for value in values {
            self.values += 1;
            self.bytes += value.len();
        }
    }

    /// What catalogs, each with its name, hold together.
    ///
    /// # Errors
    /// When that is more than [`MAX_VALUES`] or [`MAX_BYTES`].
    pub fn of_all(catalogs: &[(&str, &ReportCatalogSpec)]) -> Result<Self, TooMuch> {
        let (mut size, mut one_too_many) = (Self::default(), None);
        for (name, spec) in catalogs {
            let own = Self::of(spec);
            size.values += own.values;
            size.bytes += own.bytes;
            if size.values > MAX_VALUES || size.bytes > MAX_BYTES {
                one_too_many = one_too_many.or(Some(*name));
            }
        }
        match one_too_many {
            None => Ok(size),
            Some(name) => Err(TooMuch { catalog: name.to_owned(), size }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{CatalogOrganization, CatalogProject, CatalogTheme};

    #[test]
    fn every_value_of_a_catalog_counts() {
        let text = |text: &str| Some(text.to_owned());
        let spec = ReportCatalogSpec {
            projects: vec![CatalogProject {
                name: "a".into(),
                aliases: vec!["bb".into()],
                category: text("c"),
                maturity: text("d"),
                homepage: text("e"),
                vendor: text("f"),
                parent: text("g"),
                themes: vec!["é".into()],
                matching: None,
            }],
            organizations: vec![CatalogOrganization { name: "i".into(), aliases: vec!["j".into()], matching: None }],
            themes: vec![CatalogTheme {
                name: "k".into(),
                title: text("l"),
                terms: [("nl".to_owned(), vec!["m".to_owned()])].into(),
            }],
            exclude: vec!["n".into()],
        };
        assert_eq!(Size::of(&spec), Size { values: 15, bytes: 18 });
        let written = serde_json::to_string(&spec).unwrap();
        let words = written.split('"').skip(1).step_by(2).filter(|word| word.chars().count() == 1).count();
        assert_eq!(words, 13, "a value was added to the catalog that is not counted: {written}");
    }

    #[test]
    fn catalogs_that_hold_too_much_together_are_refused_by_the_name_of_the_one_that_is_too_many() {
        let of =
            |values: usize| ReportCatalogSpec { exclude: vec!["x".into(); values], ..ReportCatalogSpec::default() };
        let (half, more) = (of(MAX_VALUES / 2), of(MAX_VALUES / 2 + 1));
        assert_eq!(Size::of_all(&[("a", &half), ("b", &half)]).map(|size| size.values), Ok(MAX_VALUES));
        let too_much = Size::of_all(&[("a", &half), ("b", &more), ("c", &more)]).unwrap_err();
        assert_eq!((too_much.catalog.as_str(), too_much.size.values), ("b", MAX_VALUES / 2 * 3 + 2));
        assert!(too_much.to_string().contains(&format!("{} values", too_much.size.values)), "{too_much}");

        assert_eq!(Size { values: MAX_VALUES / 2, bytes: MAX_BYTES / 4 }.share(), 500);
        assert_eq!(Size { values: 1, bytes: MAX_BYTES }.share(), 1000);
        let long = ReportCatalogSpec { exclude: vec!["x".repeat(MAX_BYTES + 1)], ..ReportCatalogSpec::default() };
        assert!(Size::of_all(&[("long", &long)]).is_err());
    }
}
