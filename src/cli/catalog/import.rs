//! `catalog import`: the facts of the CNCF landscape (landscape.yml of cncf/landscape), written as the catalog's landscape files. Pure but for reading one
//! file and writing two.
//!
//! Kept are names, categories, maturities, home pages, repositories and memberships; logos, texts, Crunchbase data and accounts are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::catalog::fold::squash;

/// Categories whose items are organisations, training partners or the like, and no products.
const NO_PRODUCTS: [&str; 4] =
    ["CNCF Members", "Special", "Kubernetes Certified Service Provider", "Kubernetes Training Partner"];

/// The category of the members.
const MEMBERS: &str = "CNCF Members";

#[derive(Debug, Deserialize)]
struct Landscape {
    landscape: Vec<Category>,
}

#[derive(Debug, Deserialize)]
struct Category {
    name: String,
    #[serde(default)]
    subcategories: Vec<Subcategory>,
}

#[derive(Debug, Deserialize)]
struct Subcategory {
    name: String,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Default, Deserialize)]
struct Item {
    name: String,
    #[serde(default)]
    homepage_url: Option<String>,
    #[serde(default)]
    repo_url: Option<String>,
    #[serde(default)]
    project: Option<String>,
    #[serde(default)]
    extra: Option<Extra>,
}

#[derive(Debug, Default, Deserialize)]
struct Extra {
    #[serde(default)]
    parent_project: Option<String>,
}

/// The lines of a file by the name of their entries, compared without case, spaces and hyphens.
type Lines = BTreeMap<String, (String, String)>;

/// Reads the landscape, writes both files, and says what has changed in them.
pub(super) fn run(landscape: &Path, output: &Path) -> Result<String, String> {
    let text = fs::read_to_string(landscape).map_err(|error| format!("{}: {error}", landscape.display()))?;
    let (products, members) = convert(&text).map_err(|error| format!("{}: {error}", landscape.display()))?;
    let mut report = String::new();
    for (name, hint, lines) in
        [("products.yaml", "../projects", &products), ("members.yaml", "../organizations", &members)]
    {
        let path = output.join(name);
        let before = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let _ = writeln!(report, "{name}: {}", changes(&before, lines));
        let text = file(lines, hint);
        if text != before {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(report)
}

/// Products and members of a landscape.yml.
fn convert(text: &str) -> Result<(Lines, Lines), String> {
    let landscape: Landscape = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    if landscape.landscape.is_empty() {
        return Err("there is no category in it; a landscape.yml has a list under `landscape`".to_owned());
    }
    let (mut products, mut members) = (Lines::new(), Lines::new());
    for category in &landscape.landscape {
        for subcategory in &category.subcategories {
            for item in &subcategory.items {
                if category.name == MEMBERS {
                    add_member(&mut members, item, &subcategory.name);
                } else if !NO_PRODUCTS.contains(&category.name.as_str())
                    && !NO_PRODUCTS.contains(&subcategory.name.as_str())
                {
                    add_product(&mut products, item, &subcategory.name);
                }
            }
        }
    }
    Ok((products, members))
}

fn add_product(lines: &mut Lines, item: &Item, category: &str) {
    let (name, aliases) = names(&item.name, false);
    let line = entry(
        &[
            ("name", Some(name.as_str())),
            ("aliases", None),
            ("category", Some(category)),
            ("maturity", item.project.as_deref()),
            ("homepage", item.homepage_url.as_deref()),
            ("repository", item.repo_url.as_deref()),
            ("parent", item.extra.as_ref().and_then(|extra| extra.parent_project.as_deref())),
        ],
        &aliases,
    );
    // An item that stands in two categories is listed first where it is at home.
    lines.entry(squash(&name)).or_insert((name, line));
}

fn add_member(lines: &mut Lines, item: &Item, membership: &str) {
    let (name, aliases) = names(&item.name, true);
    let line = entry(
        &[
            ("name", Some(name.as_str())),
            ("aliases", None),
            ("homepage", item.homepage_url.as_deref()),
            ("membership", Some(membership)),
        ],
        &aliases,
    );
    lines.entry(squash(&name)).or_insert((name, line));
}

/// An entry on one line.
fn entry(fields: &[(&str, Option<&str>)], aliases: &[String]) -> String {
    let mut parts = Vec::new();
    for (key, value) in fields {
        if *key == "aliases" && !aliases.is_empty() {
            let list: Vec<String> = aliases.iter().map(|alias| quoted(alias)).collect();
            parts.push(format!("aliases: [{}]", list.join(", ")));
        } else if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            parts.push(format!("{key}: {}", quoted(value)));
        }
    }
    format!("- {{{}}}", parts.join(", "))
}

/// A YAML string in double quotes; JSON strings are such.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Legal forms at the end of a company's name.
const LEGAL_FORMS: [&str; 22] = [
    "inc",
    "inc.",
    "ltd",
    "ltd.",
    "limited",
    "llc",
    "gmbh",
    "ag",
    "b.v.",
    "bv",
    "s.a.",
    "sa",
    "sas",
    "corp",
    "corp.",
    "corporation",
    "co.",
    "co",
    "plc",
    "pty",
    "kg",
    "oy",
];

/// The name without trademark signs, parentheses and (for members) legal forms; and the acronym or former name that stood in the parentheses.
fn names(written: &str, member: bool) -> (String, Vec<String>) {
    let plain: String = written.chars().filter(|c| !matches!(c, '™' | '®' | '©')).collect();
    let mut name = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut aliases = Vec::new();
    while let Some((start, end)) = name.find('(').and_then(|start| Some((start, start + name.get(start..)?.find(')')?)))
    {
        let inner = name.get(start + 1..end).unwrap_or_default().trim().to_owned();
        let outer = format!(
            "{} {}",
            name.get(..start).unwrap_or_default().trim(),
            name.get(end + 1..).unwrap_or_default().trim()
        );
        let outer = outer.trim().to_owned();
        if outer.is_empty() {
            break;
        }
        name = outer;
        let former =
            ["formerly ", "previously ", "ex "].iter().find_map(|lead| inner.strip_prefix(lead)).map(str::trim);
        match former {
            Some(former) => aliases.push(former.to_owned()),
            // Roles and remarks in parentheses ("member", "by Example") are no names.
            None if inner.chars().any(char::is_uppercase) && !inner.contains(' ')
                || inner.chars().filter(|c| c.is_uppercase()).count() >= 2 =>
            {
                aliases.push(inner);
            }
            None => {}
        }
    }
    if member {
        while let Some((rest, last)) = name.rsplit_once([' ', ',']) {
            let rest = rest.trim_end_matches([' ', ',']);
            if rest.is_empty() || !(last.is_empty() || LEGAL_FORMS.contains(&last.to_lowercase().as_str())) {
                break;
            }
            name = rest.to_owned();
        }
    }
    aliases.retain(|alias| squash(alias) != squash(&name));
    (name, aliases)
}

/// The file: two lines that say where it is from, then the entries by name without regard to case.
fn file(lines: &Lines, hint: &str) -> String {
    let mut sorted: Vec<&(String, String)> = lines.values().collect();
    sorted.sort_by_key(|(name, _)| (name.to_lowercase(), name.clone()));
    let mut text = String::from(
        "# Facts of the CNCF landscape (cncf/landscape, landscape.yml; Apache-2.0 or CC BY 4.0). See NOTICE.\n",
    );
    let _ = writeln!(text, "# Refreshed by `conference-report-operator catalog import`; corrections go into {hint}.");
    for (_, line) in sorted {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// What is new, gone and different, one line each.
fn changes(before: &str, after: &Lines) -> String {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let old: BTreeMap<String, (String, &str)> = before
        .lines()
        .filter(|line| line.starts_with("- "))
        .filter_map(|line| {
            let name = serde_saphyr::from_str::<Vec<Named>>(line).ok()?.into_iter().next()?.name;
            Some((squash(&name), (name, line)))
        })
        .collect();
    let names: BTreeSet<&String> = old.keys().chain(after.keys()).collect();
    let (mut lines, mut counts) = (String::new(), [0; 3]);
    for key in names {
        match (old.get(key), after.get(key)) {
            (None, Some((name, _))) => {
                counts[0] += 1;
                let _ = write!(lines, "\n  added    {name}");
            }
            (Some((name, _)), None) => {
                counts[1] += 1;
                let _ = write!(lines, "\n  removed  {name}");
            }
            (Some((_, before)), Some((name, line))) if before != line => {
                counts[2] += 1;
                let _ = write!(lines, "\n  changed  {name}");
            }
            _ => {}
        }
    }
    let [added, removed, changed] = counts;
    format!("{added} added, {removed} removed, {changed} changed{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANDSCAPE: &str = r#"
landscape:
  - category:
    name: Runtime
    subcategories:
      - subcategory:
        name: Cloud Native Network
        items:
          - item:
            name: Sample Net (SN)
            homepage_url: https://net.example/
            repo_url: https://code.example/net
            project: sandbox
            logo: net.svg
            crunchbase: https://crunch.example/net
            extra:
              parent_project: Sample
          - item:
            name: Sample Net (SN)
            homepage_url: https://other.example/
  - category:
    name: CNCF Members
    subcategories:
      - subcategory:
        name: Silver
        items:
          - item:
            name: Sample™ Works GmbH (member)
            homepage_url: https://works.example
"#;

    #[test]
    fn facts_are_kept_and_all_else_is_dropped() {
        let (products, members) = convert(LANDSCAPE).unwrap();
        let line = |lines: &Lines| lines.values().map(|(_, line)| line.clone()).collect::<Vec<_>>();
        assert_eq!(
            line(&products),
            [
                r#"- {name: "Sample Net", aliases: ["SN"], category: "Cloud Native Network", maturity: "sandbox", homepage: "https://net.example/", repository: "https://code.example/net", parent: "Sample"}"#
            ]
        );
        assert_eq!(
            line(&members),
            [r#"- {name: "Sample Works", homepage: "https://works.example", membership: "Silver"}"#]
        );
    }

    #[test]
    fn a_second_run_changes_nothing_and_changes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("landscape.yml");
        fs::write(&source, LANDSCAPE).unwrap();
        let first = run(&source, folder.path()).unwrap();
        assert!(first.contains("added    Sample Net") && first.contains("added    Sample Works"), "{first}");
        assert_eq!(
            run(&source, folder.path()).unwrap(),
            "products.yaml: 0 added, 0 removed, 0 changed\nmembers.yaml: 0 added, 0 removed, 0 changed\n"
        );
        fs::write(&source, LANDSCAPE.replace("sandbox", "incubating")).unwrap();
        assert!(run(&source, folder.path()).unwrap().contains("changed  Sample Net"));
    }

    #[test]
    fn names_are_freed_of_signs_remarks_and_legal_forms() {
        let table = [
            ("Open Thing (OT)", false, "Open Thing", vec!["OT"]),
            ("Thing ADC (formerly Net Thing)", false, "Thing ADC", vec!["Net Thing"]),
            ("Thing, Inc.", true, "Thing", vec![]),
            ("Thing Co., Ltd.", true, "Thing", vec![]),
            ("Thing (member)", true, "Thing", vec![]),
            ("AG", true, "AG", vec![]),
            ("(odd", false, "(odd", vec![]),
        ];
        for (written, member, name, aliases) in table {
            assert_eq!(
                names(written, member),
                (name.to_owned(), aliases.into_iter().map(str::to_owned).collect()),
                "{written}"
            );
        }
    }

    #[test]
    fn another_file_is_refused() {
        assert!(convert("a: 1").is_err());
        assert!(convert("landscape: []").unwrap_err().contains("category"));
    }
}
