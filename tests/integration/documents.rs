//! The documentation says what the program does: every reason, every flag, and every control of the threat model with a test that exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conference_report_operator::api::Reason;

fn read(path: &str) -> String {
    fs::read_to_string(testbed::repository().join(path)).unwrap()
}

/// The cells of the rows of all tables in a page.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// Text and target of the links in a Markdown text.
fn links(text: &str) -> Vec<(&str, &str)> {
    text.split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once("]("))
        .filter_map(|(label, rest)| Some((label, rest.split_once(')')?.0)))
        .collect()
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { markdown(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

#[test]
fn every_reason_is_documented_with_what_to_do() {
    let page = read("docs/spec/v1alpha1/conferencereport.md");
    let reasons = page.split("### Reasons").nth(1).unwrap().split("\n## ").next().unwrap();
    let documented: BTreeSet<&str> = rows(reasons)
        .into_iter()
        .filter(|row| row[0].starts_with('`'))
        .inspect(|row| assert!(row.last().is_some_and(|todo| todo.len() > 5), "nothing to do about it: {row:?}"))
        .map(|row| row[0].trim_matches('`'))
        .collect();
    let existing: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(documented, existing);
}

#[test]
fn every_flag_is_documented_and_every_documented_flag_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_conference-report-operator")).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let existing: BTreeSet<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().trim_start_matches("-h, ").split([' ', '=', '[']).next())
        .filter(|word| word.starts_with("--") && *word != "--help")
        .collect();
    let page = read("docs/operations.md");
    let documented: BTreeSet<&str> = rows(&page)
        .into_iter()
        .filter_map(|row| row[0].strip_prefix('`')?.strip_suffix('`'))
        .filter(|cell| cell.starts_with("--"))
        .collect();
    assert!(existing.len() > 10, "{help}");
    assert_eq!(documented, existing);
}

#[test]
fn every_threat_has_controls_and_every_control_a_test_that_exists() {
    let page = read("docs/threat-model.md");
    let all = rows(&page);
    let of = |letter: char| -> Vec<&Vec<&str>> {
        all.iter().filter(|row| row[0].starts_with(letter) && row[0][1..].chars().all(|c| c.is_ascii_digit())).collect()
    };
    let names = |letter: char| -> BTreeSet<&str> { of(letter).iter().map(|row| row[0]).collect() };
    let (assets, controls) = (names('A'), names('C'));
    assert!(assets.len() > 3 && of('T').len() > 8 && controls.len() > 8, "the tables should be there");
    let mut used = BTreeSet::new();
    for threat in of('T') {
        let words: Vec<&str> = threat[2].split(", ").chain(threat[3].split(", ")).collect();
        for word in &words {
            assert!(
                assets.contains(word) || controls.contains(word),
                "{} refers to {word}, which is not there",
                threat[0]
            );
        }
        assert!(words.iter().any(|word| controls.contains(word)), "{} has no control", threat[0]);
        used.extend(words);
    }
    assert!(controls.is_subset(&used), "controls against nothing: {:?}", controls.difference(&used));
    for control in of('C') {
        let tests: Vec<(&str, &str)> = control.iter().skip(2).flat_map(|cell| links(cell)).collect();
        assert!(!tests.is_empty(), "{} has no test", control[0]);
        for (label, target) in tests {
            let source = read(&format!("docs/{target}"));
            let function = format!("fn {}(", label.trim_matches('`'));
            assert!(source.contains(&function), "{}: {target} has no {function}", control[0]);
        }
    }
}

/// Anchors of the headings of a page, as GitHub makes them: small letters, hyphens for spaces, no other signs, numbers for repetitions.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut in_block = false;
    for line in text.lines() {
        in_block ^= line.trim_start().starts_with("```");
        let Some(title) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')).filter(|_| !in_block) else {
            continue;
        };
        let anchor: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
            .map(|character| if character == ' ' { '-' } else { character })
            .collect();
        let free =
            (1..).map(|number| format!("{anchor}-{number}")).find(|candidate| !found.contains(candidate)).unwrap();
        found.insert(if found.contains(&anchor) { free } else { anchor });
    }
    found
}

#[test]
fn links_between_the_pages_lead_to_files_and_headings_that_exist() {
    let root = testbed::repository();
    let mut pages: Vec<PathBuf> =
        ["docs", "charts", "catalog", "deploy/flux"].iter().flat_map(|folder| markdown(&root.join(folder))).collect();
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "deploy/samples/README.md",
        "deploy/samples/expected/README.md",
    ];
    pages.extend(others.iter().map(|page| root.join(page)));
    let mut followed = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for (label, target) in links(&text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.contains(' ') || file.contains(':') {
                continue;
            }
            let led = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(led.exists(), "{}: [{label}]({target})", page.display());
            let known = anchor.is_empty() || anchors(&fs::read_to_string(&led).unwrap()).contains(anchor);
            assert!(known, "{}: [{label}]({target}): no such heading", page.display());
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed} links");
}

#[test]
fn every_page_is_listed_in_the_table_of_contents() {
    let docs = testbed::repository().join("docs");
    let contents = read("docs/README.md");
    let listed: BTreeSet<PathBuf> = links(&contents).into_iter().map(|(_, target)| docs.join(target)).collect();
    let missing: Vec<PathBuf> =
        markdown(&docs).into_iter().filter(|page| *page != docs.join("README.md") && !listed.contains(page)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_changelog_begins_with_the_version_of_the_program() {
    let changelog = read("CHANGELOG.md");
    let newest =
        changelog.lines().filter_map(|line| line.strip_prefix("## [")).find(|rest| !rest.starts_with("Unreleased"));
    assert!(newest.is_some_and(|rest| rest.starts_with(concat!(env!("CARGO_PKG_VERSION"), "]"))), "{newest:?}");
}
