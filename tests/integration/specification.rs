//! The pages of the specification hold every field and condition that the resources have, and none that they have not.

use std::collections::BTreeSet;
use std::fs;

use conference_report_operator::api::conditions::{FETCH_FAILED, OWN_TYPES};
use conference_report_operator::api::{Reason, crd};
use serde_json::Value;

/// The definition of a resource and the page that specifies it.
fn resources() -> [(Value, String); 2] {
    let manifests = crd::manifests();
    ["conferencereport.md", "reportcatalog.md"].map(|page| {
        let name = page.trim_end_matches(".md");
        let (_, manifest) = manifests.iter().find(|(file, _)| file.contains(&format!("_{name}s."))).unwrap();
        let path = testbed::repository().join("docs/spec/v1alpha1").join(page);
        (manifest.clone(), fs::read_to_string(path).unwrap())
    })
}

/// The part of a page under a heading of the second level.
fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let after = page.split_once(&format!("\n## {title}\n")).unwrap().1;
    after.split("\n## ").next().unwrap()
}

/// Paths of the fields that hold no others; `[]` after a list. All members of a map are one field.
fn leaves(path: &str, schema: &Value, found: &mut BTreeSet<String>) {
    let (inner, path) =
        if schema["items"].is_object() { (&schema["items"], format!("{path}[]")) } else { (schema, path.to_owned()) };
    let Some(members) = inner["properties"].as_object() else {
        found.insert(path.trim_end_matches("[]").to_owned());
        return;
    };
    for (name, member) in members {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        leaves(&path, member, found);
    }
}

/// What stands between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The fields that the tables of a section are about: those in the first column of tables of fields, `.name` after another field being its
/// neighbour, under a heading that names a list being its member; and in rows about a list the words of the second column.
fn mentioned(section: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut heading, mut in_fields) = (String::new(), false);
    for line in section.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            heading = title.to_owned();
        }
        in_fields = line.starts_with("| field ") || (in_fields && line.starts_with('|'));
        let Some((first, rest)) = line.trim_matches('|').split_once(" | ").filter(|_| in_fields) else { continue };
        let mut previous = String::new();
        for name in code(first) {
            let path = match name.strip_prefix('.') {
                Some(name) => format!("{}.{name}", previous.rsplit_once('.').unwrap().0),
                None => name.to_owned(),
            };
            if let Some(list) = path.strip_suffix("[]") {
                found.extend(code(rest).into_iter().map(|member| format!("{list}[].{member}")));
            }
            found.insert(format!("{heading}[].{path}"));
            found.insert(path.clone());
            previous = path;
        }
    }
    found
}

/// A field is mentioned by its whole path, or by the end of it that begins below the source or a like object.
fn is_mentioned(field: &str, mentioned: &BTreeSet<String>) -> bool {
    mentioned.contains(field)
        || mentioned.iter().any(|name| {
            name.contains('.') && field.strip_suffix(name.as_str()).is_some_and(|start| start.ends_with('.'))
        })
}

#[test]
fn every_field_is_on_its_page() {
    for (crd, page) in resources() {
        let kind = &crd["spec"]["names"]["kind"];
        let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        for (part, title) in [("spec", "Spec"), ("status", "Status")] {
            let mut fields = BTreeSet::new();
            leaves("", &schema[part], &mut fields);
            assert!(fields.len() > 3, "{kind} {part}");
            let mentioned = mentioned(section(&page, title));
            let missing: Vec<_> = fields.iter().filter(|field| !is_mentioned(field, &mentioned)).collect();
            assert!(
                missing.is_empty(),
                "{kind}: the tables under \"{title}\" do not mention {missing:?}; they mention {mentioned:?}"
            );
        }
    }
}

#[test]
fn every_condition_is_on_its_page() {
    let [(_, report), (_, catalog)] = resources();
    // A catalog fetches nothing.
    let of_catalogs = OWN_TYPES.into_iter().filter(|condition| *condition != FETCH_FAILED).collect();
    for (page, heading, expected) in
        [(report, "### Conditions\n", OWN_TYPES.to_vec()), (catalog, "### Conditions and reasons\n", of_catalogs)]
    {
        let table = page.split_once(heading).unwrap().1;
        let header = table.lines().find(|line| line.starts_with('|')).unwrap();
        let shown: Vec<&str> = code(header).into_iter().filter(|word| word.starts_with(char::is_uppercase)).collect();
        assert_eq!(shown, expected, "{header}");
    }
}

#[test]
fn the_reasons_of_catalogs_exist() {
    let [_, (_, page)] = resources();
    let table = page.split_once("### Conditions and reasons\n").unwrap().1;
    let reasons: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .skip(1)
        .filter_map(|row| code(row).get(1).copied())
        .collect();
    assert!(reasons.len() >= 3, "{reasons:?}");
    for reason in reasons {
        assert!(Reason::ALL.iter().any(|known| known.as_str() == reason), "{reason}");
    }
}
