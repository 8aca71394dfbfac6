//! How good the analysis is, on texts whose authors wrote down what is in them.

use testbed::scoring::{Score, score};

use crate::corpus::{Text, analyze, gold, status_of, texts};

/// Least figures for a set of texts: a floor that a change must not fall through, somewhat below what was measured.
struct Floor {
    projects: (f64, f64),
    organizations: (f64, f64),
    themes: f64,
    event: f64,
}

fn measure(name: &str, texts: &[Text], gold_of: impl Fn(&Text) -> std::path::PathBuf, floor: &Floor) {
    let mut total = Score::default();
    let mut details = String::new();
    for text in texts {
        let one = score(&gold(&gold_of(text)), &status_of(&analyze(&text.text, text.name()), &text.text));
        details.push_str(&format!("{}\n", text.name()));
        for (kind, tally) in
            [("projects", &one.projects), ("organizations", &one.organizations), ("themes", &one.themes)]
        {
            details.push_str(&format!("  {kind}: missed {:?}, wrong {:?}\n", tally.missed, tally.wrong));
        }
        details.push_str(&format!("  event: {:?}\n", one.event_wrong));
        total.add(one);
    }
    println!("{name}\n{total}\n");
    let checks = [
        ("language", total.language as f64 / total.documents as f64, 1.0),
        ("event", total.event_share(), floor.event),
        ("projects, precision", total.projects.precision(), floor.projects.0),
        ("projects, recall", total.projects.recall(), floor.projects.1),
        ("organizations, precision", total.organizations.precision(), floor.organizations.0),
        ("organizations, recall", total.organizations.recall(), floor.organizations.1),
        ("themes, F1", total.themes.f1(), floor.themes),
    ];
    for (what, measured, least) in checks {
        assert!(
            measured >= least,
            "{name}: {what} is {measured:.3}, at least {least} was expected\n{total}\n{details}"
        );
    }
}

#[test]
fn the_samples_are_understood_as_their_authors_meant_them() {
    let root = testbed::repository().join("deploy/samples/expected");
    let id = |text: &Text| text.name().splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
    let floor = Floor { projects: (0.95, 0.90), organizations: (0.90, 0.75), themes: 0.75, event: 0.95 };
    measure("samples", &texts("deploy/samples/texts"), |text| root.join(format!("{}.yaml", id(text))), &floor);
}

#[test]
fn the_golden_reports_are_understood_as_their_authors_meant_them() {
    let floor = Floor { projects: (0.93, 0.88), organizations: (0.90, 0.75), themes: 0.70, event: 0.90 };
    measure("golden reports", &texts("tests/golden/reports"), |text| text.path.with_extension("expected.yaml"), &floor);
}

#[test]
fn texts_about_other_things_name_no_project() {
    let mut found = Vec::new();
    for text in texts("tests/golden/negatives") {
        let analysis = analyze(&text.text, text.name());
        found
            .extend(analysis.projects.iter().map(|hit| format!("{}: {} in {:?}", text.name(), hit.name, hit.evidence)));
    }
    assert!(found.is_empty(), "{} false projects\n{}", found.len(), found.join("\n"));
}

#[test]
fn ordinary_prose_has_at_most_one_false_project_in_ten_thousand_words() {
    for text in texts("tests/golden/prose") {
        let analysis = analyze(&text.text, text.name());
        let rate = analysis.projects.len() as f64 * 1000.0 / analysis.words.max(1) as f64;
        println!("{}: {} false projects in {} words", text.name(), analysis.projects.len(), analysis.words);
        assert!(rate <= 0.1, "{}: {rate:.2} false projects per 1,000 words: {:?}", text.name(), analysis.projects);
    }
}
