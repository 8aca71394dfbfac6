//! Sentences of the blocks that are analysed: sentencex finds the ends, and rules of our own mend them. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use super::document::{BlockKind, Document};
use super::language::Language;
use super::lexicon::Lexicon;
use super::words::Set;
use crate::catalog::LanguageData;

/// A sentence, or a heading or list item that stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Where it is in [`super::Document::text`].
    pub span: Range<usize>,
    /// Index of its block.
    pub block: usize,
}

/// Longer blocks are handed over in parts of about this many bytes.
const PART: usize = 4_096;
/// A row of a table up to this many bytes is one sentence.
const ROW: usize = 200;

/// Splits the blocks of a document into sentences: trimmed, in order, each within one block, never empty.
///
/// Furniture and code give none. A row of a table is one sentence, or one a cell if it is long.
pub fn split(document: &Document, language: Language, lexicon: &Lexicon) -> Vec<Sentence> {
    let rules = lexicon.endings.rules(language);
    let mut sentences = Vec::new();
    for (index, block) in document.blocks.iter().enumerate() {
        let Some(text) = document.text.get(block.span.clone()) else { continue };
        let ranges = match block.kind {
            BlockKind::Furniture | BlockKind::Code => continue,
            BlockKind::TableRow if text.len() <= ROW => std::iter::once(0..text.len()).collect(),
            BlockKind::TableRow => cells(text).into_iter().flat_map(|c| rules.sentences(text, c)).collect(),
            _ => rules.sentences(text, 0..text.len()),
        };
        for range in ranges {
            if let Some(range) = trim(text, range) {
                let base = block.span.start;
                sentences.push(Sentence { span: base + range.start..base + range.end, block: index });
            }
        }
    }
    sentences
}

/// The cells of a row.
fn cells(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    text.split('\t')
        .map(|cell| {
            let range = at..at + cell.len();
            at = range.end + 1;
            range
        })
        .collect()
}

/// The range without the space around it; `None` if it holds no letter and no digit.
fn trim(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = text.get(range.clone())?;
    if !part.chars().any(char::is_alphanumeric) {
        return None;
    }
    let start = range.start + (part.len() - part.trim_start().len());
    Some(start..start + part.trim().len())
}

/// What is known about ends of sentences, by the codes of the languages.
#[derive(Debug)]
pub(super) struct Endings(BTreeMap<String, Dotted>);

/// Words of a language that a dot may follow within a sentence.
#[derive(Debug)]
struct Dotted {
    /// Abbreviations in lower case, with their dots.
    abbreviations: Set,
    months: Set,
}

impl Endings {
    pub(super) fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        let dotted = |data: &LanguageData| Dotted {
            abbreviations: data.abbreviations.iter().map(|a| a.to_lowercase().into()).collect(),
            months: data.months.keys().map(|m| m.trim_end_matches('.').to_lowercase().into()).collect(),
        };
        Self(languages.iter().map(|(code, data)| (code.clone(), dotted(data))).collect())
    }

    /// The rules for a text in a language, which may quote English.
    fn rules(&self, language: Language) -> Rules<'_> {
        let code = match language {
            Language::Undetermined => "en".to_owned(),
            known => known.code().to_owned(),
        };
        let day_with_dot = !matches!(code.as_str(), "en" | "fr" | "es" | "nl");
        Rules { own: self.0.get(&code), english: self.0.get("en"), code, day_with_dot }
    }
}

/// What is known about ends of sentences in one text.
struct Rules<'l> {
    code: String,
    own: Option<&'l Dotted>,
    english: Option<&'l Dotted>,
    day_with_dot: bool,
}

/// Abbreviations behind which a sentence may well end: there a capital letter decides for the end.
const MAY_END: [&str; 22] = [
    "etc.", "enz.", "usw.", "inc.", "ltd.", "co.", "corp.", "gmbh.", "e.v.", "e. v.", "a.m.", "p.m.", "u.s.", "u.k.",
    "jr.", "sr.", "e.d.", "e.a.", "al.", "llc.", "uu.", "jl.",
];

/// Abbreviations of more than one language that the lists must not forget.
const ALWAYS: [&str; 20] = [
    "o.a.", "t/m.", "z. b.", "z.b.", "u. a.", "d. h.", "p. ej.", "ee.", "ee. uu.", "m.", "mm.", "mme.", "mr.", "dr.",
    "prof.", "st.", "e.g.", "i.e.", "vs.", "inc.",
];

/// Names that are written small even at the start of a sentence.
const SMALL_NAMES: [&str; 12] = [
    "kubectl",
    "kubeadm",
    "kubelet",
    "etcd",
    "containerd",
    "runc",
    "cert-manager",
    "in-toto",
    "ko",
    "crun",
    "kcp",
    "iptables",
];

impl Rules<'_> {
    fn dotted(&self) -> impl Iterator<Item = &Dotted> {
        self.own.into_iter().chain(self.english)
    }

    /// Whether a word in lower case is a month.
    fn is_month(&self, word: &str) -> bool {
        self.dotted().any(|dotted| dotted.months.contains(word))
    }

    /// Whether something in lower case, with its dots, is an abbreviation.
    fn is_abbreviation(&self, text: &str) -> bool {
        ALWAYS.contains(&text) || self.dotted().any(|dotted| dotted.abbreviations.contains(text))
    }

    fn sentences(&self, text: &str, range: Range<usize>) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::new();
        for part in parts(text, range) {
            let Some(piece) = text.get(part.clone()) else { continue };
            for line in lines(piece) {
                let Some(line_text) = piece.get(line.clone()) else { continue };
                let first = out.len();
                for boundary in sentencex::get_sentence_boundaries(&self.code, line_text) {
                    let base = part.start + line.start;
                    let range = base + boundary.start_byte..base + boundary.end_byte;
                    for range in self.cut(text, range) {
                        self.push(text, &mut out, first, range);
                    }
                }
            }
        }
        out
    }

    /// Adds a piece, to the last sentence if that has not ended.
    fn push(&self, text: &str, out: &mut Vec<Range<usize>>, first: usize, mut range: Range<usize>) {
        if out.len() > first
            && let Some(last) = out.last_mut()
        {
            let (Some(before), Some(after)) = (text.get(last.clone()), text.get(range.clone())) else { return };
            // Closing marks belong to the sentence before.
            let closing = after.len() - after.trim_start_matches(['”', '’', '»', ')', ']']).len();
            if closing > 0 {
                last.end = range.start + closing;
                range.start += closing;
                if range.is_empty() {
                    return;
                }
            } else if !self.ends(before, after) {
                last.end = range.end;
                return;
            }
        }
        out.push(range);
    }

    /// Whether a sentence ends between the two.
    fn ends(&self, before: &str, after: &str) -> bool {
        let spaced = before.ends_with(char::is_whitespace) || after.starts_with(char::is_whitespace);
        let before = before.trim_end();
        let next = after.trim_start();
        if !next.chars().any(char::is_alphanumeric) || before.chars().filter(|c| c.is_alphanumeric()).count() < 2 {
            return false;
        }
        if !spaced && before.ends_with(['.', '!', '?']) {
            return false;
        }
        let word = next.split_whitespace().next().unwrap_or_default();
        if word.starts_with(char::is_lowercase) && !is_small_name(word) {
            return false;
        }
        if !before.ends_with('.') {
            return true;
        }
        let last = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default()
            .trim_start_matches(['(', '[', '„', '“', '"', '«']);
        let stem = last.trim_end_matches('.');
        // "2. bis 4. Mai", "am 3. Oktober"
        let day = (1..=2).contains(&stem.len()) && stem.bytes().all(|b| b.is_ascii_digit());
        if day && (self.day_with_dot || self.is_month(&bare(word))) {
            let month = self.is_month(&bare(word));
            return !(month || word.starts_with(|c: char| c.is_ascii_digit()));
        }
        // "J. Smith", "M. Dupont"
        let mut letters = stem.chars();
        if let (Some(c), None) = (letters.next(), letters.next()) {
            return !c.is_uppercase() && !self.is_abbreviation(&last.to_lowercase());
        }
        match self.abbreviation(before) {
            Some(found) if found == "ee." => !word.to_lowercase().starts_with("uu"),
            Some(found) => MAY_END.contains(&found.as_str()),
            None => true,
        }
    }

    /// The abbreviation that a text ends with: its last word, or its last two ("z. B.").
    fn abbreviation(&self, before: &str) -> Option<String> {
        let mut words = before.rsplit(char::is_whitespace);
        let last = words.next()?.trim_start_matches(['(', '[', '„', '“', '"', '«']).to_lowercase();
        let two = format!("{} {last}", words.next().unwrap_or_default().trim_start_matches(['(', '[']).to_lowercase());
        [two, last].into_iter().find(|a| self.is_abbreviation(a))
    }

    /// Cuts a piece where sentencex saw no end: before a name that is written small ("... safe. eBPF ..."), and between the sentences of
    /// a long quotation.
    fn cut(&self, text: &str, range: Range<usize>) -> Vec<Range<usize>> {
        let Some(piece) = text.get(range.clone()) else { return Vec::new() };
        let long_quotation = piece.len() > 300 && piece.trim_start().starts_with(['“', '"', '„', '«', '‘', '(']);
        let mut cuts = Vec::new();
        for (at, end) in piece.match_indices(['.', '!', '?']) {
            let Some((before, after)) = piece.split_at_checked(at + end.len()) else { continue };
            let Some(next) = after.strip_prefix(' ') else { continue };
            let word = next.split_whitespace().next().unwrap_or_default();
            let sentence = long_quotation && word.starts_with(char::is_uppercase) && before.len() > 40;
            if !(sentence || is_small_name(word)) {
                continue;
            }
            let last = before.rsplit(char::is_whitespace).next().unwrap_or_default();
            let plain = last.chars().filter(|c| c.is_lowercase()).count() >= 3 && self.abbreviation(before).is_none();
            if plain && self.ends(before, after) {
                cuts.push(range.start + at + end.len());
            }
        }
        let mut out = Vec::with_capacity(cuts.len() + 1);
        let mut start = range.start;
        for cut in cuts {
            out.push(start..cut);
            start = cut;
        }
        out.push(start..range.end);
        out
    }
}

/// A word in lower case without the marks around it.
fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// A name that begins with a small letter everywhere: "eBPF", "k3s", "kubectl".
fn is_small_name(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let head = word.split(['-', '’', '\'']).next().unwrap_or_default();
    word.starts_with(char::is_lowercase)
        && (SMALL_NAMES.contains(&word)
            || SMALL_NAMES.contains(&head)
            || head.chars().skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit()))
}

/// The lines of a piece, for blocks that keep line feeds.
fn lines(piece: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    piece
        .split_inclusive('\n')
        .map(|line| {
            let range = at..at + line.len();
            at = range.end;
            range
        })
        .collect()
}

/// Cuts a long block into parts at white space, behind the end of a sentence where there is one: sentencex is not meant for long lines.
fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = range.start;
    while range.end.saturating_sub(start) > 2 * PART {
        let mut limit = start + PART;
        while !text.is_char_boundary(limit) {
            limit += 1;
        }
        let mut stop = limit + PART / 2;
        while !text.is_char_boundary(stop) {
            stop += 1;
        }
        let window = text.get(limit..stop.min(range.end)).unwrap_or_default();
        let ends_here = |at: usize| {
            let next = window.get(at + 2..).and_then(|rest| rest.chars().next());
            let word = window.get(..at).and_then(|before| before.rsplit(' ').next()).unwrap_or_default();
            next.is_some_and(char::is_uppercase) && word.chars().filter(|c| c.is_lowercase()).count() >= 4
        };
        let end = window
            .match_indices(". ")
            .map(|(at, _)| at)
            .find(|at| ends_here(*at))
            .map(|at| at + 2)
            .or_else(|| window.find(' ').map(|at| at + 1))
            .unwrap_or(window.len());
        if end == 0 {
            break;
        }
        out.push(start..limit + end);
        start = limit + end;
    }
    out.push(start..range.end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::document::{Block, Format, parse};

    fn languages() -> BTreeMap<String, LanguageData> {
        let data = |abbreviations: &[&str], months: &[&str]| LanguageData {
            abbreviations: abbreviations.iter().map(|a| (*a).to_owned()).collect(),
            months: (1i8..).zip(months).map(|(n, m)| ((*m).to_owned(), n)).collect(),
            ..LanguageData::default()
        };
        [
            ("nl", data(&["o.a.", "bijv.", "d.w.z."], &["mei"])),
            ("de", data(&["z. B.", "u. a.", "d. h.", "bzw."], &["mai"])),
            ("en", data(&["Dr.", "e.g.", "Inc."], &["may"])),
            ("fr", data(&["M.", "p. ex."], &["mai"])),
            ("es", data(&["p. ej.", "Sr."], &["mayo"])),
        ]
        .into_iter()
        .map(|(code, data)| (code.to_owned(), data))
        .collect()
    }

    fn of(code: &str, text: &str) -> Vec<String> {
        let block = Block { kind: BlockKind::Paragraph, span: 0..text.len(), links: Vec::new() };
        let document = Document { text: text.to_owned(), blocks: vec![block], ..Document::default() };
        let sentences = split(&document, Language::from_code(code), &Lexicon::new(&languages()));
        sentences.into_iter().map(|s| document.text[s.span].to_owned()).collect()
    }

    #[test]
    fn sentences_end_where_they_end() {
        let table: [(&str, &[&str]); 22] = [
            ("nl", &["We zagen o.a. Cilium en Falco.", "Daarna aten we."]),
            ("nl", &["Van 19 t/m 22 maart was het druk.", "Ook daarna."]),
            ("nl", &["Dat is veilig.", "eBPF maakt het mogelijk."]),
            ("nl", &["Het draait op v1.24.", "Daarna kwam 1.25."]),
            ("nl", &["“Het werkt.”", "Dat zei de spreker."]),
            ("nl", &["Dat (zie de slides.) was het.", "Klaar."]),
            ("de", &["Vom 2. bis 4. Mai waren wir dort.", "Es war laut."]),
            ("de", &["Es gibt z. B. Falco und u. a. Cilium.", "Beide helfen."]),
            ("de", &["Das ist neu, d. h. Niemand kennt es.", "Noch nicht."]),
            ("de", &["Am 3. Mai sprach Dr. Weber.", "Der Saal war voll."]),
            ("en", &["It runs on Node.js and .NET today.", "It works."]),
            ("en", &["Acme Inc. announced a release.", "Nobody came."]),
            ("en", &["Is it done?", "Yes!", "It is."]),
            ("en", &["J. Smith spoke first.", "Then came lunch."]),
            ("en", &["We waited ... and waited.", "Then it came."]),
            ("en", &["It is small.", "kubectl is smaller."]),
            ("fr", &["M. Dupont a parlé de Flux.", "La salle était pleine."]),
            ("fr", &["Est-ce utile ?", "Oui !"]),
            ("fr", &["« C'est fini. »", "Il a souri."]),
            ("es", &["Vino de EE. UU. con su equipo.", "Habló de Falco."]),
            ("es", &["Usan herramientas, p. ej. Falco.", "Funciona."]),
            ("es", &["¿Qué vimos?", "¡Mucho!", "El Sr. García habló."]),
        ];
        for (code, expected) in table {
            assert_eq!(of(code, &expected.join(" ")), expected, "{code}");
        }
    }

    #[test]
    fn blocks_keep_their_sentences() {
        let text = "# What we saw\n\n- Falco\n- Cilium is fast. It is new.\n\n```\nno. Sentence.\n```\n\n| A | B |\n|---|---|\n| x | y. Z. |";
        let document = parse(text, Format::Markdown, &Lexicon::new(&BTreeMap::new())).unwrap();
        let sentences = split(&document, Language::En, &Lexicon::new(&languages()));
        let texts: Vec<_> = sentences.iter().map(|s| &document.text[s.span.clone()]).collect();
        assert_eq!(texts, ["What we saw", "Falco", "Cilium is fast.", "It is new.", "A\tB", "x\ty. Z."]);
    }

    #[test]
    fn long_blocks_are_split_in_linear_time() {
        let start = std::time::Instant::now();
        let text =
            "The cluster was upgraded at night (as always). Nobody noticed it, e.g. because of Falco. ".repeat(1_200);
        assert_eq!(of("en", text.trim()).len(), 2_400);
        assert!(start.elapsed().as_secs() < 5);
        assert!(!of("en", &"no end and no space".repeat(6_000).replace(' ', "")).is_empty());
    }
}
