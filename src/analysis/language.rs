//! Which language a document is in: a classifier on letters and a vote of stop words must agree, or one of them must be sure. Pure.
//!
//! Only furniture-free running text is asked, without headings and quotations: titles of talks are English everywhere.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::document::{BlockKind, Document};
use super::lexicon::Lexicon;
use super::words::{Hash, each};
use crate::catalog::LanguageData;

/// A language that the rules know, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Dutch.
    Nl,
    /// German.
    De,
    /// English.
    En,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Another language, by its two-letter ISO 639-1 code: names are found, terms of themes only where they hold in any language.
    Other([u8; 2]),
    /// Not clear.
    Undetermined,
}

impl Language {
    /// The language of a code: ISO 639-1 or 639-2, with or without region ("nl", "nl-BE", "deu").
    pub fn from_code(code: &str) -> Self {
        let primary = code.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
        match primary.as_str() {
            "nl" | "nld" | "dut" => Self::Nl,
            "de" | "deu" | "ger" => Self::De,
            "en" | "eng" => Self::En,
            "fr" | "fra" | "fre" => Self::Fr,
            "es" | "spa" => Self::Es,
            other => match other.as_bytes() {
                [a, b] if a.is_ascii_lowercase() && b.is_ascii_lowercase() => Self::Other([*a, *b]),
                _ => Self::Undetermined,
            },
        }
    }

    /// ISO 639-1 code, or "und".
    pub fn code(&self) -> &str {
        match self {
            Self::Nl => "nl",
            Self::De => "de",
            Self::En => "en",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Other(code) => std::str::from_utf8(code).unwrap_or("und"),
            Self::Undetermined => "und",
        }
    }

    fn is_known(self) -> bool {
        !matches!(self, Self::Other(_) | Self::Undetermined)
    }
}

/// As much text as is asked, in bytes.
const SAMPLE: usize = 24 * 1024;
/// Less text than this, in characters, is asked only whether everything agrees.
const SHORT: usize = 100;
/// That many characters, the classifier is believed alone; more are not counted.
const ENOUGH: usize = 2 * SHORT;
/// What stands between quotation marks further apart, in bytes, is no quotation.
const LONGEST_QUOTATION: usize = 300;
/// Blocks shorter than this, in bytes, have no voice of their own.
const VOICE: usize = 40;

/// Says which language a document is in.
pub fn detect(document: &Document, lexicon: &Lexicon) -> Language {
    let sample = Sample::new(document);
    let declared = document.declared_language.as_deref().map(Language::from_code);
    if sample.letters == 0 {
        return declared.filter(|l| l.is_known()).unwrap_or(Language::Undetermined);
    }
    let whole = classify(&sample.text);
    let vote = Vote::new(&sample.text, &lexicon.stopwords);
    if lexicon.stopwords.languages.is_empty() {
        return if sample.letters >= ENOUGH { whole } else { declared.unwrap_or(Language::Undetermined) };
    }
    if sample.letters < SHORT {
        let agree = vote.first == Some(whole) && vote.hits >= 3;
        return if agree || (vote.hits > 0 && declared == vote.first && declared.is_some()) {
            vote.first.unwrap_or(Language::Undetermined)
        } else if !whole.is_known() && !is_latin(&sample.text) {
            whole
        } else {
            Language::Undetermined
        };
    }
    decide(&sample, whole, &vote)
}

/// Weighs the classifier against the vote.
fn decide(sample: &Sample, whole: Language, vote: &Vote) -> Language {
    let Some(first) = vote.first else { return if whole.is_known() { Language::Undetermined } else { whole } };
    if first == whole {
        return whole;
    }
    // Running text in its own language has more than a quarter of stop words; a related language shares some of them.
    let dense = vote.hits * 100 >= vote.words * 18;
    let clear = vote.hits * 2 >= vote.second * 3;
    if whole.is_known() {
        return if dense && clear { first } else { Language::Undetermined };
    }
    // Another language of the classifier: the vote wins only if most blocks alone are with it too.
    let shares = sample.shares();
    let share = |language: Language| shares.get(&language).copied().unwrap_or(0);
    let voices: usize = shares.values().sum();
    if dense && clear && share(first) * 2 > voices {
        first
    } else if share(whole) * 2 >= voices {
        whole
    } else {
        Language::Undetermined
    }
}

/// The text that is asked.
struct Sample {
    text: String,
    /// How many, up to [`ENOUGH`].
    letters: usize,
    /// Blocks that have a voice of their own, as parts of `text`.
    voices: Vec<Range<usize>>,
}

impl Sample {
    fn new(document: &Document) -> Self {
        let mut sample = Self { text: String::new(), letters: 0, voices: Vec::new() };
        for block in &document.blocks {
            if !matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Quote) {
                continue;
            }
            let text = document.text.get(block.span.clone()).unwrap_or_default();
            let own = without_quotations(head(text, SAMPLE.saturating_sub(sample.text.len())));
            if own.len() >= VOICE {
                sample.voices.push(sample.text.len()..sample.text.len() + own.len());
            }
            sample.text.push_str(&own);
            sample.text.push('\n');
            if sample.text.len() >= SAMPLE {
                break;
            }
        }
        sample.letters = sample.text.chars().filter(|c| c.is_alphabetic()).take(ENOUGH).count();
        sample
    }

    /// Bytes of blocks by the language that they alone seem to be in. Costs as much as asking about the whole, and is seldom needed.
    fn shares(&self) -> BTreeMap<Language, usize> {
        let mut shares = BTreeMap::new();
        for voice in self.voices.iter().filter_map(|range| self.text.get(range.clone())) {
            *shares.entry(classify(voice)).or_default() += voice.len();
        }
        shares
    }
}

/// The start of a text, up to white space behind so many bytes.
fn head(text: &str, bytes: usize) -> &str {
    let Some(at) = (bytes..text.len()).find(|at| text.is_char_boundary(*at)) else { return text };
    let rest = text.get(at..).unwrap_or_default();
    let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
    text.get(..at + word).unwrap_or(text)
}

/// Leaves out what stands between quotation marks within a line, and addresses.
fn without_quotations(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['“', '„', '«', '"']) {
        let (before, quoted) = rest.split_at(at);
        out.push_str(before);
        let mut chars = quoted.chars();
        let closers: &[char] = match chars.next() {
            Some('«') => &['»'],
            Some('"') => &['"'],
            _ => &['”', '“', '"'],
        };
        let inner = chars.as_str();
        match inner.char_indices().take_while(|(at, _)| *at <= LONGEST_QUOTATION).find(|(_, c)| closers.contains(c)) {
            Some((end, _)) => {
                out.push(' ');
                let mut tail = inner.get(end..).unwrap_or_default().chars();
                tail.next();
                rest = tail.as_str();
            }
            None => {
                out.push(' ');
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    if out.contains("://") {
        out = out.split(' ').filter(|w| !w.contains("://")).collect::<Vec<_>>().join(" ");
    }
    out
}

fn is_latin(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (latin, all) = letters.fold((0usize, 0usize), |(l, a), c| (l + usize::from(c < '\u{250}'), a + 1));
    latin * 2 > all
}

fn classify(text: &str) -> Language {
    use whichlang::Lang;
    match whichlang::detect_language(text) {
        Lang::Nld => Language::Nl,
        Lang::Deu => Language::De,
        Lang::Eng => Language::En,
        Lang::Fra => Language::Fr,
        Lang::Spa => Language::Es,
        Lang::Ara => Language::Other(*b"ar"),
        Lang::Cmn => Language::Other(*b"zh"),
        Lang::Hin => Language::Other(*b"hi"),
        Lang::Ita => Language::Other(*b"it"),
        Lang::Jpn => Language::Other(*b"ja"),
        Lang::Kor => Language::Other(*b"ko"),
        Lang::Por => Language::Other(*b"pt"),
        Lang::Rus => Language::Other(*b"ru"),
        Lang::Swe => Language::Other(*b"sv"),
        Lang::Tur => Language::Other(*b"tr"),
        Lang::Vie => Language::Other(*b"vi"),
    }
}

/// The stop words of all languages.
#[derive(Debug)]
pub(super) struct Stopwords {
    languages: Vec<Language>,
    /// Each word with the languages that it is a stop word of, by their place in `languages`.
    words: HashMap<Box<str>, Vec<usize>, Hash>,
}

impl Stopwords {
    pub(super) fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        let mut words: HashMap<Box<str>, Vec<usize>, Hash> = HashMap::default();
        for (language, data) in languages.values().enumerate() {
            for word in &data.stopwords {
                let known = words.entry(word.to_lowercase().into()).or_default();
                if known.last() != Some(&language) {
                    known.push(language);
                }
            }
        }
        Self { languages: languages.keys().map(|code| Language::from_code(code)).collect(), words }
    }
}

/// How many words of a text are stop words of each language.
struct Vote {
    first: Option<Language>,
    hits: usize,
    second: usize,
    words: usize,
}

impl Vote {
    fn new(text: &str, stopwords: &Stopwords) -> Self {
        let mut counts = vec![0usize; stopwords.languages.len()];
        let mut words = 0;
        each(text, |_, written, folded| {
            words += 1;
            for language in stopwords.words.get(folded.unwrap_or(written)).into_iter().flatten() {
                if let Some(count) = counts.get_mut(*language) {
                    *count += 1;
                }
            }
        });
        let mut order: Vec<(usize, Language)> = counts.into_iter().zip(stopwords.languages.iter().copied()).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let hits = order.first().map_or(0, |f| f.0);
        let second = order.get(1).map_or(0, |s| s.0);
        let first = order.first().filter(|f| f.0 > 0 && f.0 > second).map(|f| f.1);
        Self { first, hits, second, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::document::{Format, parse};

    fn languages() -> BTreeMap<String, LanguageData> {
        let lists: [(&str, &str); 5] = [
            (
                "nl",
                "de het een en van ik te dat die niet zijn is was op aan met als voor er maar om dan of wat door over bij ook tot uit naar heeft deze want nog meer worden",
            ),
            (
                "de",
                "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie",
            ),
            (
                "en",
                "the of and to in a is that it was for on are with as at be this have from or had by not but what all were we when your can there an which their if will each about how",
            ),
            (
                "fr",
                "le la les de des du un une et en est que qui dans pour pas sur au avec ce il sont plus par ne se nous on ou mais comme cette été",
            ),
            (
                "es",
                "el la los las de que y en un una ser se no por con para como su más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde",
            ),
        ];
        lists
            .into_iter()
            .map(|(code, words)| {
                let stopwords = words.split(' ').map(str::to_owned).collect();
                (code.to_owned(), LanguageData { stopwords, ..LanguageData::default() })
            })
            .collect()
    }

    fn of(text: &str) -> Language {
        let lexicon = Lexicon::new(&languages());
        detect(&parse(text, Format::Markdown, &lexicon).unwrap(), &lexicon)
    }

    #[test]
    fn running_text_tells_the_language() {
        let table = [
            (
                "Vorige week waren we met vier collega's op de conferentie, en wat ons opviel is dat er veel meer over kosten werd gepraat dan over techniek. De zaal was vol.",
                "nl",
            ),
            (
                "Letzte Woche waren wir auf der Konferenz, und uns ist aufgefallen, dass viel mehr über Kosten als über Technik gesprochen wird. Der Saal war voll und laut.",
                "de",
            ),
            (
                "Last week we went to the conference, and what struck us is that there was much more talk about costs than about technology. The room was full and loud.",
                "en",
            ),
            (
                "La semaine dernière nous étions à la conférence, et ce qui nous a frappés est que l'on parle plus de coûts que de technique. La salle était pleine.",
                "fr",
            ),
            (
                "La semana pasada estuvimos en la conferencia, y lo que más nos llamó la atención es que se habla más de costes que de técnica. La sala estaba llena.",
                "es",
            ),
            (
                "Na semana passada estivemos na conferência, e o que mais nos chamou a atenção foi que se fala mais de custos do que de técnica. A sala estava cheia e não havia lugar.",
                "pt",
            ),
            (
                "La settimana scorsa siamo stati alla conferenza, e quello che ci ha colpito è che si parla più di costi che di tecnica. La sala era piena, e non c'era più posto per gli altri.",
                "it",
            ),
            (
                "На прошлой неделе мы были на конференции, и больше всего нас удивило, что о стоимости говорят больше, чем о технике.",
                "ru",
            ),
        ];
        for (text, code) in table {
            assert_eq!(of(text).code(), code, "{text}");
        }
    }

    #[test]
    fn english_terms_titles_and_quotations_do_not_flip_dutch() {
        let text = "## Scaling Platform Teams Without Losing Your Mind\n\n\
            De talk “How We Run Four Hundred Clusters With Three People and a Lot of Coffee” was het hoogtepunt van de dag.\n\n\
            ## Progressive Delivery in the Real World\n\nMet Argo Rollouts doe je canary releases, blue-green deployments en automated rollbacks via GitOps workflows.\n\n\
            ## The Future of Service Mesh\n\nAmbient mesh haalt de sidecars weg, en dat scheelt memory en CPU op elke worker node van het cluster.";
        assert_eq!(of(text), Language::Nl);
    }

    #[test]
    fn too_little_text_is_not_clear() {
        assert_eq!(of("KubeCon 2024"), Language::Undetermined);
        assert_eq!(of("# Title only"), Language::Undetermined);
        assert_eq!(of("---\nlang: nl\n---\nMet dank aan Falco en Cilium."), Language::Nl);
    }

    #[test]
    fn codes_are_read_and_written() {
        for (code, expected) in [
            ("nl", "nl"),
            ("NL-be", "nl"),
            ("deu", "de"),
            ("en_US", "en"),
            ("pt-BR", "pt"),
            ("und", "und"),
            ("", "und"),
            ("klingon", "und"),
        ] {
            assert_eq!(Language::from_code(code).code(), expected, "{code}");
        }
    }
}
