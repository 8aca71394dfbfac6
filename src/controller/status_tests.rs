//! Tests of the status builder.

use super::*;
use crate::analysis::{Event, OrganizationHit, ProjectHit, ThemeHit};
use crate::source::inline;
use proptest::prelude::*;

fn project(name: &str, evidence: &str) -> ProjectHit {
    ProjectHit { name: name.into(), mentions: 2, evidence: evidence.into(), ..ProjectHit::default() }
}

fn built(analysis: &Analysis) -> ConferenceReportStatus {
    build(analysis, &inline::fetch("x"), SourceKind::Inline, "sha256:c")
}

#[test]
fn an_ordinary_analysis_goes_in_whole() {
    let analysis = Analysis {
        language: "nl".into(),
        words: 900,
        summary: "Veel mensen, weinig stoelen.".into(),
        projects: vec![project("Cilium", "Cilium was overal.")],
        themes: ["security", "networking", "ebpf", "cost"]
            .map(|name| ThemeHit { name: name.into(), score: 400, ..ThemeHit::default() })
            .into(),
        ..Analysis::default()
    };
    let status = built(&analysis);
    assert!(!status.truncated);
    assert_eq!(status.top_themes.as_deref(), Some("security, networking, ebpf"));
    assert_eq!(status.themes.first().map(|theme| theme.score), Some(100));
    assert_eq!(status.project_count, Some(1));
    assert_eq!(message(&status), "found 1 project, 0 organizations and 4 themes in 900 words");
    assert_eq!(status.source.map(|source| source.kind).as_deref(), Some("Inline"));
}

#[test]
fn lists_are_capped_and_the_true_number_is_kept() {
    let many = |n: usize| (0..n).map(|n| project(&format!("P{n}"), "x"));
    let analysis = Analysis { projects: many(130).collect(), ..Analysis::default() };
    let status = built(&analysis);
    assert_eq!((status.projects.len(), status.project_count, status.truncated), (MAX_PROJECTS, Some(130), true));
}

#[test]
fn what_is_cut_does_not_depend_on_where_the_text_came_from() {
    let validator = "e".repeat(400);
    for evidence in 150..250 {
        let evidence = "x ".repeat(evidence / 2);
        let projects = (0..90).map(|n| project(&format!("P{n}"), &evidence)).collect();
        let analysis = Analysis { projects, ..Analysis::default() };
        let inline = built(&analysis);
        let mut fetched = inline::fetch("x");
        fetched.etag = Some(validator.clone());
        fetched.last_modified = Some(validator.clone());
        let http = build(&analysis, &fetched, SourceKind::Http, "sha256:c");
        assert_eq!((inline.projects, inline.truncated), (http.projects, http.truncated), "{} bytes", evidence.len());
    }
}

#[test]
fn the_size_is_that_of_the_api_server() {
    for (text, bytes) in [("plain", 7), ("a<b>&", 22), ("\u{2028}\u{2029}\u{2027}€", 20), ("\"\n", 6)] {
        assert_eq!(json_size(text), bytes, "{text:?}");
    }
}

#[test]
fn an_excerpt_is_a_substring_at_whole_words_around_the_name() {
    let text = "Zwischen den vielen Vorträgen über Netze und Kosten fiel vor allem Backstage auf, das überall lief";
    let part = excerpt(text, "Backstage", 40);
    assert!(text.contains(part) && part.contains("Backstage") && part.len() <= 40, "{part:?}");
    assert!(part.starts_with("allem") || part.starts_with("vor"), "{part:?}");
    assert_eq!(excerpt(text, "Zwischen", 20), "Zwischen den vielen");
    assert_eq!(excerpt("kurz", "Backstage", 40), "kurz");
    assert_eq!(excerpt("ééééééééé", "", 5), "éé", "no word boundary to cut at");
}

/// A long text of a kind that is costly in JSON.
fn texts() -> impl Strategy<Value = String> {
    (proptest::sample::select(vec!["a ", "<&>", "é", "\u{2028}", "\u{1}", "\"\\", "woord ", "日本"]), 0usize..3000)
        .prop_map(|(piece, times)| piece.repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_analysis_gives_a_status_above_the_limit(
        long in texts(), name in texts(), projects in 0usize..400, organizations in 0usize..300, themes in 0usize..60
    ) {
        let opt = || Some(long.clone());
        let analysis = Analysis {
            language: long.clone(),
            title: opt(),
            words: usize::MAX,
            event: Some(Event { name: opt(), edition: opt(), location: opt(), start_date: opt(), end_date: opt(), ..Event::default() }),
            summary: long.clone(),
            projects: (0..projects).map(|_| ProjectHit {
                category: opt(), maturity: opt(), homepage: opt(), version: opt(), parent: opt(), ..project(&name, &long)
            }).collect(),
            organizations: (0..organizations).map(|_| OrganizationHit { name: name.clone(), mentions: 1, evidence: long.clone() }).collect(),
            themes: (0..themes).map(|_| ThemeHit { name: name.clone(), title: long.clone(), score: 9, mentions: 1, evidence: long.clone() }).collect(),
        };
        let mut fetched = inline::fetch(&long);
        fetched.etag = opt();
        fetched.last_modified = opt();
        fetched.media_type = opt();
        let status = build(&analysis, &fetched, SourceKind::Http, "sha256:c");
        prop_assert!(json_size(&status) <= STATUS_LIMIT - RESERVED, "{}", json_size(&status));
        let source = json_size(&status.source);
        prop_assert!(source <= RESERVED_FOR_SOURCE, "{source}");
        prop_assert!(status.projects.iter().all(|hit| long.contains(&hit.evidence)));
    }
}
