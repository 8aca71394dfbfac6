//! The sentences that can stand in a summary: whole, in prose, saying something by themselves. Pure: no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::cues;
use crate::analysis::language::Language;
use crate::analysis::phrases::Phrases;
use crate::analysis::sentences::Sentence;
use crate::analysis::words::{Set, Words};
use crate::analysis::{BlockKind, Document};
use crate::catalog::LanguageData;

/// Fewest and most words of a sentence.
const LENGTH: Range<usize> = 6..71;
/// Most words of a catchword before a sentence.
const LABEL: usize = 3;
/// Fewest function words of a sentence: without them it is a headline or a list.
const FUNCTION_WORDS: usize = 2;

/// A sentence that may be taken.
#[derive(Debug)]
pub(super) struct Candidate<'t> {
    pub text: &'t str,
    /// Numbers of its words.
    pub words: Range<usize>,
    /// Number of its words as a reader counts them.
    pub length: usize,
    pub span: Range<usize>,
    /// Number of its section.
    pub section: usize,
    /// Whether it is the first sentence of a section, or of the whole report.
    pub first_in_section: bool,
    /// Number among the sentences of prose.
    pub order: usize,
    /// Number among all sentences.
    pub sentence: usize,
    pub list_item: bool,
    /// Whether a catchword stands before it that it may refer to: "Secrets. We keep too many of them."
    pub labelled: bool,
    /// Whether it leans on the sentence before.
    pub leans: bool,
    /// Whether the author speaks of themselves in it.
    pub personal: bool,
    /// Whether it speaks to the reader.
    pub addressed: bool,
    pub chatter: bool,
    pub telling: usize,
    /// How much it says: filled in by `weigh`.
    pub weight: i64,
    /// Forms of its words that carry meaning, with what each is worth: filled in by `weigh`.
    pub content: Vec<(usize, i64)>,
}

/// What the cue phrases say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cue {
    Opener,
    Call,
    Chatter,
    Telling,
}

static CUES: LazyLock<[Phrases<Cue>; 3]> = LazyLock::new(|| {
    let of = |list: &'static [&'static str], cue| Phrases::new(list.iter().map(move |phrase| (*phrase, cue)));
    let both = cues::CALLS
        .iter()
        .map(|phrase| (*phrase, Cue::Call))
        .chain(cues::CHATTER.iter().map(|phrase| (*phrase, Cue::Chatter)));
    [of(cues::OPENERS, Cue::Opener), Phrases::new(both), of(cues::TELLING, Cue::Telling)]
});

/// The words of the catalog's languages.
#[derive(Debug)]
pub(crate) struct Vocabulary(BTreeMap<String, Spoken>);

/// The words of a language.
#[derive(Debug)]
struct Spoken {
    stop: Set,
    /// Openers and calls.
    cues: Phrases<Cue>,
}

impl Vocabulary {
    pub(crate) fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        let spoken = |data: &LanguageData| {
            let openers = data.openers.iter().map(|phrase| (phrase.as_str(), Cue::Opener));
            let calls = data.calls_to_action.iter().map(|phrase| (phrase.as_str(), Cue::Call));
            let stop = data.stopwords.iter().map(|word| word.as_str().into()).collect();
            Spoken { stop, cues: Phrases::new(openers.chain(calls)) }
        };
        Self(languages.iter().map(|(code, data)| (code.clone(), spoken(data))).collect())
    }

    /// The languages that a text in this one has words of: all if it is unknown, and else English too, which texts in any language quote.
    fn spoken(&self, language: Language) -> Vec<&Spoken> {
        let known = [language.code(), "en"];
        let unknown = !self.0.contains_key(language.code());
        let read = |code: &str| unknown || known.contains(&code);
        self.0.iter().filter(|(code, _)| read(code)).map(|(_, spoken)| spoken).collect()
    }
}

/// The words of the catalog and the rules, as numbers of this text's forms.
pub(super) struct Rules {
    /// Function words of any language.
    pub stop: Vec<bool>,
    personal: Vec<bool>,
    reader: Vec<bool>,
    /// First words of openers, with the number of words of each.
    openers: BTreeMap<usize, usize>,
    calls: BTreeSet<usize>,
    chatter: BTreeSet<usize>,
    telling: BTreeSet<usize>,
}

impl Rules {
    pub fn new(words: &Words<'_>, language: Language, vocabulary: &Vocabulary) -> Self {
        let (person, reader) = (cues::first_person(language), cues::second_person(language));
        let spoken = vocabulary.spoken(language);
        let stop = |form: &str| FALLBACK.contains(form) || spoken.iter().any(|known| known.stop.contains(form));
        let [openers, calls, telling] = &*CUES;
        let hits: Vec<(usize, usize, Cue)> = [openers, calls, telling]
            .into_iter()
            .chain(spoken.iter().map(|known| &known.cues))
            .flat_map(|phrases| phrases.find(words))
            .map(|hit| (hit.first, hit.count, *hit.value))
            .collect();
        let mut openers = BTreeMap::new();
        for (first, count, _) in hits.iter().filter(|hit| hit.2 == Cue::Opener) {
            openers.entry(*first).and_modify(|known: &mut usize| *known = (*known).max(*count)).or_insert(*count);
        }
        let at = |wanted: Cue| hits.iter().filter(|hit| hit.2 == wanted).map(|hit| hit.0).collect();
        Self {
            stop: words.forms().iter().map(|form| stop(form)).collect(),
            personal: words.forms().iter().map(|form| person.contains(&form.as_ref())).collect(),
            reader: words.forms().iter().map(|form| reader.contains(&form.as_ref())).collect(),
            openers,
            calls: at(Cue::Call),
            chatter: at(Cue::Chatter),
            telling: at(Cue::Telling),
        }
    }
}

/// Frequent function words, for a catalog without languages.
static FALLBACK: LazyLock<Set> = LazyLock::new(|| {
    let words = "the of and to in is a for with on de het een van en der die das und mit le la les des et est el los las que y con";
    words.split(' ').map(Box::from).collect()
});

/// The sentences that can stand alone, and those that lean on the one before, which are taken only with it.
pub(super) fn find<'t>(
    document: &'t Document,
    sentences: &[Sentence],
    words: &Words<'_>,
    language: Language,
    rules: &Rules,
) -> Vec<Candidate<'t>> {
    let stop = |form: usize| rules.stop.get(form).copied().unwrap_or(false);
    prose(document, sentences, words)
        .filter(|candidate| {
            let forms = || candidate.words.clone().filter_map(|at| words.list().get(at)).map(|word| word.form);
            LENGTH.contains(&candidate.length)
                && is_whole(candidate.text)
                && forms().filter(|form| stop(*form)).count() >= FUNCTION_WORDS
                && !is_headline(words, &candidate.words)
                && rules.calls.range(candidate.words.clone()).next().is_none()
        })
        .map(|mut candidate| {
            let range = candidate.words.clone();
            candidate.leans = match rules.openers.get(&range.start) {
                Some(1) => !is_article(words, range.start, language, rules),
                Some(_) => true,
                None => false,
            } || (candidate.labelled
                && range.clone().any(|at| cues::REFERS.contains(&words.form(at))));
            candidate.chatter = rules.chatter.range(range.clone()).next().is_some();
            candidate.telling = rules.telling.range(range.clone()).count();
            let any = |marked: &[bool]| {
                let mut forms = range.clone().filter_map(|at| words.list().get(at)).map(|word| word.form);
                forms.any(|form| marked.get(form).copied().unwrap_or(false))
            };
            candidate.personal = any(&rules.personal);
            candidate.addressed = any(&rules.reader);
            candidate
        })
        .collect()
}

/// For a text without any whole sentence: its list items, or else whatever it has.
pub(super) fn find_any<'t>(document: &'t Document, sentences: &[Sentence], words: &Words<'_>) -> Vec<Candidate<'t>> {
    let mut found: Vec<_> = prose(document, sentences, words).collect();
    let is_long = |candidate: &Candidate<'_>| candidate.length >= 4;
    let is_item = |candidate: &Candidate<'_>| candidate.list_item && is_long(candidate);
    if found.iter().any(is_item) {
        found.retain(is_item);
    } else if found.iter().any(is_long) {
        found.retain(is_long);
    }
    found
}

/// The sentences outside headings, code, tables and furniture, one after the other: a text may have very many that are none.
fn prose<'a, 't>(
    document: &'t Document,
    sentences: &'a [Sentence],
    words: &'a Words<'_>,
) -> impl Iterator<Item = Candidate<'t>> + use<'a, 't> {
    let (mut section, mut order, mut opened) = (0, 0, true);
    let mut label = None;
    sentences.iter().enumerate().filter_map(move |(number, sentence)| {
        let kind = document.blocks.get(sentence.block)?.kind;
        if matches!(kind, BlockKind::Heading(_)) {
            section += 1;
            opened = true;
        }
        if !matches!(kind, BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem) {
            return None;
        }
        let raw = document.text.get(sentence.span.clone())?;
        let text = raw.trim();
        let start = sentence.span.start + (raw.len() - raw.trim_start().len());
        let span = start..start + text.len();
        let candidate = Candidate {
            text,
            words: words.within(&span),
            length: text.split_whitespace().count(),
            span,
            section,
            first_in_section: opened,
            order,
            sentence: number,
            list_item: kind == BlockKind::ListItem,
            labelled: label == Some(sentence.block),
            leans: false,
            personal: false,
            addressed: false,
            chatter: false,
            telling: 0,
            weight: 0,
            content: Vec::new(),
        };
        order += 1;
        opened = false;
        label = (candidate.length <= LABEL).then_some(sentence.block);
        Some(candidate)
    })
}

/// Whether a text starts and ends as a sentence does, asks nothing, and closes what it opens.
fn is_whole(text: &str) -> bool {
    let bare = text.trim_end_matches(['"', '”', '“', '»', '’', '\'', ')', ' ', '\u{a0}', '*', '_']);
    if !bare.ends_with(['.', '!', '…']) || bare.ends_with("...") {
        return false;
    }
    let start = text.trim_start_matches(['"', '“', '„', '«', '»', '‘', '\'', '(', ' ', '\u{a0}', '¡']);
    let first: String = start.chars().take_while(|c| c.is_alphanumeric()).collect();
    // "eBPF", "k3s" and "containerd's" own spelling begins small; a name has a capital or a figure further on
    let aside = text.starts_with('(');
    let begins = !aside
        && (first.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
            || first.chars().any(|c| c.is_uppercase() || c.is_ascii_digit()));
    begins && is_balanced(text) && !text.contains(['?', '\n', '\t', '|', '{', '}', '→']) && !text.contains("http")
}

fn is_balanced(text: &str) -> bool {
    let (mut double, mut low, mut left, mut right) = (0, 0, 0, 0);
    // How many more were opened than closed.
    let (mut angled, mut round, mut square) = (0, 0, 0);
    for c in text.chars() {
        match c {
            '"' => double += 1,
            '„' => low += 1,
            '“' => left += 1,
            '”' => right += 1,
            '«' => angled += 1,
            '»' => angled -= 1,
            '(' => round += 1,
            ')' => round -= 1,
            '[' => square += 1,
            ']' => square -= 1,
            _ => {}
        }
    }
    // “…” in English and Dutch, „…“ in German, „…” in Dutch: openers and closers must be as many
    let curly = if low > 0 { low == left + right } else { left == right };
    double % 2 == 0 && curly && (angled, round, square) == (0, 0, 0)
}

/// Whether the word that a sentence starts with is only the article of what follows ("Das neue Framework"), not a pronoun ("Das bleibt").
fn is_article(words: &Words<'_>, first: usize, language: Language, rules: &Rules) -> bool {
    let is_capital = |at: usize| words.written(at).starts_with(char::is_uppercase);
    let next = words.form(first + 1);
    match (language, words.form(first)) {
        // a noun has a capital, and an adjective between the two this ending
        (Language::De, "das" | "die" | "der" | "den") => {
            is_capital(first + 1) || (next.ends_with(['e', 'n']) && is_capital(first + 2))
        }
        // no verb: these end in "t", or "te" and "de" for the past
        (Language::Nl, "het") => {
            let form = words.list().get(first + 1).map(|word| word.form);
            let function = form.is_none_or(|form| rules.stop.get(form).copied().unwrap_or(false));
            !function && !next.ends_with('t') && !next.ends_with("te") && !next.ends_with("de")
        }
        _ => false,
    }
}

/// Whether most words begin with a capital, as in a title or a list of names.
fn is_headline(words: &Words<'_>, range: &Range<usize>) -> bool {
    let capital = range.clone().filter(|at| words.written(*at).starts_with(char::is_uppercase)).count();
    3 * capital > 2 * range.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_sentences_are_told_from_fragments() {
        for good in [
            "The room was full.",
            "eBPF made it simple.",
            "“Das ist neu”, sagte sie.",
            "„Das ist neu“, sagte er.",
            "It (nearly) worked!",
            "10.000 mensen kwamen.",
        ] {
            assert!(is_whole(good), "{good}");
        }
        for bad in [
            "the room was full.",
            "Our topics:",
            "Was it full?",
            "He said “it works.",
            "Tools and more...",
            "A list (of things.",
            "No full stop",
            "See https://example.com.",
        ] {
            assert!(!is_whole(bad), "{bad}");
        }
    }
}
