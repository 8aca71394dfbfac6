//! No input panics, and none takes more than its share of time and memory.

use std::time::{Duration, Instant};

use conference_report_operator::analysis::{Format, Hints};
use proptest::prelude::*;

use crate::corpus::analyzer;

fn run(text: &str, format: Format) {
    let analyzer = analyzer();
    if let Ok(document) = analyzer.read(text, format) {
        let analysis = analyzer.analyze(&document, &Hints::default());
        assert!(analysis.summary.split_whitespace().count() <= 120);
    }
}

/// Pieces that texts are made of, and that rules look for.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("KubeCon + CloudNativeCon Europe 2024".to_owned()),
        Just("vom 2. bis 4. Mai 2018 in Kopenhagen".to_owned()),
        Just("du 19 au 22 mars".to_owned()),
        Just("May 31-32, 99999".to_owned()),
        Just("Linkerd 2.12.".to_owned()),
        Just("Cilium’s".to_owned()),
        Just("Kubernetes-".to_owned()),
        Just("<div><p>".to_owned()),
        Just("</p><table><tr>".to_owned()),
        Just("```\n".to_owned()),
        Just("---\ntitle: x\n---\n".to_owned()),
        Just("\n\n# ".to_owned()),
        Just("\n- ".to_owned()),
        Just("|a|b|\n|-|-|\n".to_owned()),
        Just("[x](https://argoproj.github.io)".to_owned()),
        Just("İẞŉǰ\u{301}\u{200d}👩‍💻".to_owned()),
        Just("\u{feff}\u{ad}\u{0}\r".to_owned()),
        "\\PC{0,12}",
        "[a-zA-Z .,;:!?()\"'/&<>*_#\n-]{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(pieces in prop::collection::vec(piece(), 0..60), format in prop_oneof![Just(Format::Text), Just(Format::Markdown), Just(Format::Html)]) {
        run(&pieces.join(" "), format);
    }
}

#[test]
fn hostile_texts_end_within_seconds() {
    let cases: Vec<(&str, String, Format)> = vec![
        ("nested elements", "<div>".repeat(20_000), Format::Html),
        ("nested lists", "<ul><li>".repeat(8_000), Format::Html),
        ("nested quotes", "> ".repeat(20_000), Format::Markdown),
        ("nested emphasis", "*_".repeat(50_000), Format::Markdown),
        ("brackets", "[".repeat(100_000), Format::Markdown),
        ("one long line", "At KubeCon we saw Cilium. ".repeat(30_000), Format::Text),
        ("one long word", "Kubernetes".repeat(80_000), Format::Text),
        ("many headings", "# KubeCon\n".repeat(50_000), Format::Markdown),
        ("many dates", "May 2-4, 2018 ".repeat(40_000), Format::Text),
        ("many short lines", "Flux\n".repeat(100_000), Format::Text),
        ("many table cells", "|a".repeat(100_000), Format::Markdown),
        ("quotation marks", "\"".repeat(200_000), Format::Text),
        ("dots", ". ".repeat(200_000), Format::Text),
    ];
    for (what, text, format) in cases {
        let started = Instant::now();
        run(&text, format);
        let elapsed = started.elapsed();
        // Not a measurement: a bound that tells linear from quadratic on any machine.
        assert!(elapsed < Duration::from_secs(20), "{what} took {elapsed:?}");
    }
}
