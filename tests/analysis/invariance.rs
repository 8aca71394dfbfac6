//! What must make no difference: how lines end, how characters are composed, which bullets are used, what a page puts around the text,
//! how often and on how many threads it is analysed.

use unicode_normalization::UnicodeNormalization;

use crate::corpus::{Text, analyze, document, texts};
use conference_report_operator::analysis::{Analysis, BlockKind};

fn plain_texts() -> Vec<Text> {
    let all = texts("deploy/samples/texts").into_iter().chain(texts("tests/golden/reports"));
    all.filter(|text| !text.name().ends_with(".html")).collect()
}

/// Everything but the words' count, which furniture may move by its own.
fn essence(analysis: &Analysis) -> String {
    let names: Vec<(&str, usize)> = analysis.projects.iter().map(|hit| (hit.name.as_str(), hit.mentions)).collect();
    let organizations: Vec<(&str, usize)> =
        analysis.organizations.iter().map(|hit| (hit.name.as_str(), hit.mentions)).collect();
    let themes: Vec<&str> = analysis.themes.iter().map(|hit| hit.name.as_str()).collect();
    format!(
        "{} {:?} {:?}\n{names:?}\n{organizations:?}\n{themes:?}\n{}",
        analysis.language, analysis.title, analysis.event, analysis.summary
    )
}

fn makes_no_difference(change: impl Fn(&Text) -> String) {
    for text in plain_texts() {
        let before = essence(&analyze(&text.text, text.name()));
        let after = essence(&analyze(&change(&text), text.name()));
        assert!(before == after, "{} changed\n--- before\n{before}\n--- after\n{after}", text.name());
    }
}

#[test]
fn the_end_of_lines_makes_no_difference() {
    makes_no_difference(|text| text.text.replace('\n', "\r\n"));
}

#[test]
fn the_composition_of_characters_makes_no_difference() {
    makes_no_difference(|text| text.text.nfd().collect());
}

#[test]
fn a_byte_order_mark_and_soft_hyphens_make_no_difference() {
    makes_no_difference(|text| format!("\u{feff}{}", text.text.replace("Kubernetes", "Kuber\u{ad}netes")));
}

#[test]
fn teasers_after_the_text_make_no_difference() {
    const TEASERS: [&str; 3] = [
        "\n\nLees ook\n\nVijf tips voor een opgeruimd bureau\nDe beste koptelefoons van dit jaar\nApple opent winkel in Utrecht\nHuawei toont nieuwe telefoon\nZo bespaar je op energie\nWat de Harbor ons leert\n",
        "\n\nRelated articles\n\nTen ways to keep your inbox empty\nWhy the new phone from Apple matters\nA vault full of old photographs\nThe envoy who never slept\nHow Target changed its logo\nSubscribe to our newsletter\n",
        "\n\n0 Kommentare\n\nDas könnte Sie auch interessieren\n\nNeue Kopfhörer im Test\nDer beste Kaffee der Stadt\nApple baut um\nEin Kasten voller Ideen\nHuawei wächst weiter\n",
    ];
    for teasers in TEASERS {
        makes_no_difference(|text| format!("{}{teasers}", text.text.trim_end()));
    }
}

#[test]
fn the_same_text_gives_the_same_result_on_any_number_of_threads() {
    let text = &plain_texts()[0];
    let expected = analyze(&text.text, text.name());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| analyze(&text.text, text.name()))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn every_piece_of_evidence_and_every_sentence_of_the_summary_stands_in_the_text() {
    for text in texts("deploy/samples/texts").into_iter().chain(texts("tests/golden/reports")) {
        let document = document(&text.text, text.name());
        let furniture: String = document
            .blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Furniture)
            .filter_map(|block| document.text.get(block.span.clone()))
            .collect();
        let analysis = analyze(&text.text, text.name());
        let evidence = analysis
            .projects
            .iter()
            .map(|hit| &hit.evidence)
            .chain(analysis.organizations.iter().map(|hit| &hit.evidence));
        for evidence in evidence.chain(analysis.themes.iter().map(|hit| &hit.evidence)) {
            assert!(!evidence.is_empty() && document.text.contains(evidence.as_str()), "{}: {evidence:?}", text.name());
        }
        let words = analysis.summary.split_whitespace().count();
        assert!((20..=120).contains(&words), "{}: the summary has {words} words: {}", text.name(), analysis.summary);
        // Sentences are joined by single spaces; each run up to a sentence's end must stand in the text as it is.
        let mut rest = analysis.summary.as_str();
        while !rest.is_empty() {
            let longest = rest
                .char_indices()
                .map(|(at, c)| at + c.len_utf8())
                .chain([rest.len()])
                .filter(|end| document.text.contains(rest.get(..*end).unwrap_or("\u{0}")))
                .max()
                .unwrap_or(0);
            let sentence = rest.get(..longest).unwrap();
            assert!(sentence.split_whitespace().count() >= 3, "{}: {rest:?} does not stand in the text", text.name());
            assert!(!furniture.contains(sentence), "{}: {sentence:?} is furniture", text.name());
            rest = rest.get(longest..).unwrap().trim_start();
        }
    }
}
