//! How good an analysis is: a status held against what a careful reader wrote down. Pure.
//!
//! Names count when they are asked for (`must`, `main`), are neutral when they are listed as `may` or `mentioned`, and are wrong
//! otherwise. Precision, recall and F1 are micro averages: over all names of all documents.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// What a careful reader finds in a text.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Gold {
    /// ISO 639-1.
    pub language: String,
    /// `negative` for a text that names no cloud-native project.
    #[serde(default)]
    pub kind: Option<String>,
    /// The event, where there is one.
    #[serde(default)]
    pub event: Option<GoldEvent>,
    /// Projects and products.
    #[serde(default)]
    pub projects: Option<GoldNames>,
    /// Organisations.
    #[serde(default)]
    pub organizations: Option<GoldNames>,
    /// Themes.
    #[serde(default)]
    pub themes: Option<GoldThemes>,
}

/// The event that a text is about.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct GoldEvent {
    /// Edition, as commonly named.
    #[serde(default)]
    pub edition: Option<String>,
    /// Year.
    #[serde(default)]
    pub year: Option<i64>,
    /// City, in English.
    #[serde(default)]
    pub location: Option<String>,
    /// Other names of the city that count.
    #[serde(default, rename = "locationAka")]
    pub location_aka: Vec<String>,
    /// First day.
    #[serde(default, alias = "startDate")]
    pub start: Option<String>,
    /// Last day.
    #[serde(default, alias = "endDate")]
    pub end: Option<String>,
    /// Fields that the text does not state: right or absent are both good.
    #[serde(default)]
    pub optional: Vec<String>,
}

/// Names that are asked for, that are neutral, and that would be mistakes.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct GoldNames {
    /// Named and meant.
    #[serde(default)]
    pub must: Vec<GoldName>,
    /// Neutral.
    #[serde(default)]
    pub may: Vec<GoldName>,
    /// The word is there, but something else is meant.
    #[serde(default)]
    pub not: Vec<GoldName>,
}

/// A name, alone or with other spellings that count.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum GoldName {
    /// With other spellings.
    WithAliases {
        /// Canonical name.
        name: String,
        /// Other spellings.
        #[serde(default)]
        aka: Vec<String>,
    },
    /// Alone.
    Plain(String),
}

/// Themes that are asked for, and those that are neutral.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct GoldThemes {
    /// What the text is about.
    #[serde(default)]
    pub main: Vec<String>,
    /// Touched in passing.
    #[serde(default, alias = "may")]
    pub mentioned: Vec<String>,
}

/// Right, wrong and missed names of one kind.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Names that were asked for and found.
    pub found: Vec<String>,
    /// Names that are neither asked for nor neutral.
    pub wrong: Vec<String>,
    /// Names that were asked for and not found.
    pub missed: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.found.extend(other.found);
        self.wrong.extend(other.wrong);
        self.missed.extend(other.missed);
    }

    /// Share of what was found that is right.
    pub fn precision(&self) -> f64 {
        ratio(self.found.len(), self.found.len() + self.wrong.len())
    }

    /// Share of what is there that was found.
    pub fn recall(&self) -> f64 {
        ratio(self.found.len(), self.found.len() + self.missed.len())
    }

    /// Harmonic mean of the two.
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// How good one analysis is, or many together.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Documents.
    pub documents: usize,
    /// Documents whose language is right.
    pub language: usize,
    /// Event fields that are right, and all that were asked for.
    pub event: (usize, usize),
    /// Event fields that are wrong, with what was said instead.
    pub event_wrong: Vec<String>,
    /// Projects.
    pub projects: Tally,
    /// Organisations.
    pub organizations: Tally,
    /// Themes.
    pub themes: Tally,
    /// Projects found in texts that name none.
    pub negatives: Vec<String>,
}

impl Score {
    /// Adds another score.
    pub fn add(&mut self, other: Score) {
        self.documents += other.documents;
        self.language += other.language;
        self.event.0 += other.event.0;
        self.event.1 += other.event.1;
        self.event_wrong.extend(other.event_wrong);
        self.projects.add(other.projects);
        self.organizations.add(other.organizations);
        self.themes.add(other.themes);
        self.negatives.extend(other.negatives);
    }

    /// Share of event fields that are right.
    pub fn event_share(&self) -> f64 {
        ratio(self.event.0, self.event.1)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "documents      {}", self.documents)?;
        writeln!(f, "language       {:.3}", ratio(self.language, self.documents))?;
        writeln!(f, "event          {:.3}  ({} of {} fields)", self.event_share(), self.event.0, self.event.1)?;
        for (name, tally) in
            [("projects", &self.projects), ("organizations", &self.organizations), ("themes", &self.themes)]
        {
            writeln!(
                f,
                "{name:<14} precision {:.3}  recall {:.3}  F1 {:.3}",
                tally.precision(),
                tally.recall(),
                tally.f1()
            )?;
        }
        write!(f, "negatives      {} false projects", self.negatives.len())
    }
}

/// Holds a status against what a careful reader wrote down.
pub fn score(gold: &Gold, status: &Value) -> Score {
    let projects = gold.projects.clone().unwrap_or_default();
    let organizations = gold.organizations.clone().unwrap_or_default();
    let themes = gold.themes.clone().unwrap_or_default();
    let names = |key: &str| -> Vec<String> {
        let list = status.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(|entry| entry.get("name")?.as_str().map(str::to_owned)).collect()
    };
    let plain = |names: &[String]| names.iter().cloned().map(GoldName::Plain).collect::<Vec<_>>();
    // A company's product and the company itself are easily both meant: neutral for each other.
    let neutral = |own: &GoldNames, other: &GoldNames| [own.may.as_slice(), &other.must, &other.may].concat();
    let project_tally = tally(&names("projects"), &projects.must, &neutral(&projects, &organizations));
    let negatives = if gold.kind.as_deref() == Some("negative") { project_tally.wrong.clone() } else { Vec::new() };
    let (event, event_wrong) = event(gold.event.as_ref(), status.get("event"));
    Score {
        documents: 1,
        language: usize::from(status.get("language").and_then(Value::as_str) == Some(gold.language.as_str())),
        event,
        event_wrong,
        organizations: tally(&names("organizations"), &organizations.must, &neutral(&organizations, &projects)),
        themes: tally(&names("themes"), &plain(&themes.main), &plain(&themes.mentioned)),
        projects: project_tally,
        negatives,
    }
}

fn tally(found: &[String], must: &[GoldName], neutral: &[GoldName]) -> Tally {
    let neutral: BTreeSet<String> = neutral.iter().flat_map(GoldName::keys).collect();
    let must: Vec<(String, BTreeSet<String>)> =
        must.iter().map(|name| (name.canonical().to_owned(), name.keys().collect())).collect();
    let mut hit = BTreeSet::new();
    let mut tally = Tally::default();
    for name in found {
        let keys: BTreeSet<String> = GoldName::Plain(name.clone()).keys().collect();
        let matching: Vec<&String> =
            must.iter().filter(|(_, wanted)| !wanted.is_disjoint(&keys)).map(|(canonical, _)| canonical).collect();
        if matching.is_empty() && neutral.is_disjoint(&keys) {
            tally.wrong.push(name.clone());
        }
        hit.extend(matching.into_iter().cloned());
    }
    tally.missed = must.iter().map(|(canonical, _)| canonical).filter(|name| !hit.contains(*name)).cloned().collect();
    tally.found = hit.into_iter().collect();
    tally
}

impl GoldName {
    fn canonical(&self) -> &str {
        match self {
            Self::WithAliases { name, .. } | Self::Plain(name) => name,
        }
    }

    /// All spellings in a form in which they can be compared.
    fn keys(&self) -> impl Iterator<Item = String> + use<> {
        let mut spellings = vec![self.canonical().to_owned()];
        if let Self::WithAliases { aka, .. } = self {
            spellings.extend(aka.iter().cloned());
        }
        let bare: Vec<String> =
            spellings.iter().filter_map(|name| name.split_once('(').map(|(head, _)| head.to_owned())).collect();
        spellings.into_iter().chain(bare).map(|name| normal(&name))
    }
}

/// Letters, digits and what tells C from C++, in lower case and without accents.
fn normal(name: &str) -> String {
    const ACCENTS: &str = "áaàaâaäaãaåaéeèeêeëeíiìiîiïióoòoôoöoõoúuùuûuüuñnçcýy";
    name.to_lowercase()
        .chars()
        .filter_map(|c| {
            let accented = ACCENTS.chars().collect::<Vec<_>>();
            let plain = accented.chunks(2).find(|pair| pair.first() == Some(&c)).and_then(|pair| pair.get(1)).copied();
            let c = plain.unwrap_or(c);
            (c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '.')).then_some(c)
        })
        .collect::<String>()
        .trim_matches('.')
        .to_owned()
}

fn event(gold: Option<&GoldEvent>, got: Option<&Value>) -> ((usize, usize), Vec<String>) {
    let Some(gold) = gold else { return ((0, 0), Vec::new()) };
    let year = gold.year.map(|year| year.to_string());
    let fields = [
        ("year", "year", year.as_ref()),
        ("location", "location", gold.location.as_ref()),
        ("edition", "edition", gold.edition.as_ref()),
        ("start", "startDate", gold.start.as_ref()),
        ("end", "endDate", gold.end.as_ref()),
    ];
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for (field, key, wanted) in fields {
        let Some(wanted) = wanted else { continue };
        let said = got.and_then(|event| event.get(key)).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let optional = gold.optional.iter().any(|name| name == field || name == key);
        if said.is_none() && optional {
            continue;
        }
        all += 1;
        let said = said.unwrap_or_default();
        let good = match field {
            "edition" => edition_words(wanted).is_subset(&edition_words(&said)),
            "location" => [wanted].into_iter().chain(&gold.location_aka).any(|name| {
                let (name, said) = (normal(name), normal(&said));
                !said.is_empty() && (said.contains(&name) || name.contains(&said))
            }),
            _ => said == *wanted,
        };
        if good {
            right += 1;
        } else {
            wrong.push(format!("{field}: {said:?} instead of {wanted:?}"));
        }
    }
    ((right, all), wrong)
}

fn edition_words(edition: &str) -> BTreeSet<String> {
    edition
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !matches!(*word, "and" | "the" | "kubecon" | "cloudnativecon" | "america"))
        .map(|word| match word {
            "eu" => "europe".to_owned(),
            "na" => "north".to_owned(),
            other => other.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn gold() -> Gold {
        serde_json::from_value(json!({
            "language": "nl",
            "event": {"edition": "North America 2022", "year": 2022, "location": "Detroit", "start": "2022-10-24", "optional": ["start"]},
            "projects": {"must": ["Cilium", {"name": "Argo CD", "aka": ["Argo"]}], "may": ["Docker"]},
            "organizations": {"must": ["Isovalent"]},
            "themes": {"main": ["security"], "mentioned": ["edge"]},
        }))
        .unwrap()
    }

    #[test]
    fn what_is_right_wrong_missed_and_neutral_is_told_apart() {
        let status = json!({
            "language": "nl",
            "event": {"edition": "North America 2022", "year": 2022, "location": "Chicago"},
            "projects": [{"name": "cilium"}, {"name": "Docker"}, {"name": "Isovalent"}, {"name": "Keep"}],
            "themes": [{"name": "security"}, {"name": "edge"}, {"name": "data"}],
        });
        let score = score(&gold(), &status);
        assert_eq!(score.language, 1);
        assert_eq!(score.event, (2, 3));
        assert_eq!(score.projects.found, ["Cilium"]);
        assert_eq!(score.projects.wrong, ["Keep"]);
        assert_eq!(score.projects.missed, ["Argo CD"]);
        assert_eq!(score.organizations.missed, ["Isovalent"]);
        assert_eq!((score.themes.found.len(), score.themes.wrong.len()), (1, 1));
    }

    #[test]
    fn an_empty_status_finds_nothing_and_says_nothing_wrong() {
        let score = score(&gold(), &json!({}));
        assert_eq!((score.projects.precision(), score.projects.recall()), (1.0, 0.0));
        assert_eq!(score.event, (0, 3));
    }
}
