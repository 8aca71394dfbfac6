//! The stages of the analysis, each runnable alone on what the stages before it made of a text. Pure.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use conference_report_operator::analysis::document::{Document, parse};
use conference_report_operator::analysis::language::{self, Language};
use conference_report_operator::analysis::names::{self, Names};
use conference_report_operator::analysis::sentences::{self, Sentence};
use conference_report_operator::analysis::words::Words;
use conference_report_operator::analysis::{Analyzer, Hints, ThemeHit, event, summary, themes};
use conference_report_operator::catalog::Catalog;

use crate::Result;
use crate::inputs::Input;

/// A stage that can be measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A scan of the bare text for all spellings of names with nothing else: the limit.
    Scan,
    /// Text to blocks.
    Parse,
    /// Which language.
    Language,
    /// Blocks to sentences.
    Sentences,
    /// Projects and organisations.
    Names,
    /// The event.
    Event,
    /// The themes.
    Themes,
    /// The summary.
    Summary,
    /// Everything, from the text on.
    All,
}

/// All stages in their order.
pub const STAGES: [Stage; 9] = [
    Stage::Scan,
    Stage::Parse,
    Stage::Language,
    Stage::Sentences,
    Stage::Names,
    Stage::Event,
    Stage::Themes,
    Stage::Summary,
    Stage::All,
];

/// A text with what each stage made of it.
pub struct Prepared<'i> {
    input: &'i Input,
    analyzer: Analyzer,
    document: Document,
    language: Language,
    sentences: Vec<Sentence>,
    names: Names,
    themes: Vec<ThemeHit>,
}

impl<'i> Prepared<'i> {
    /// Runs all stages once.
    ///
    /// # Errors
    /// When the text cannot be read.
    pub fn new(input: &'i Input) -> Result<Self> {
        let analyzer = Analyzer::new(Catalog::builtin());
        let (catalog, lexicon) = (analyzer.catalog(), analyzer.lexicon());
        let document = parse(&input.text, input.format, lexicon)?;
        let language = language::detect(&document, lexicon);
        let sentences = sentences::split(&document, language, lexicon);
        let names = names::find(&document, &sentences, language, catalog);
        let themes = themes::score(&document, &sentences, language, &names, catalog);
        Ok(Self { input, analyzer, document, language, sentences, names, themes })
    }

    /// Runs no stage: enough for [`Stage::All`].
    pub fn bare(input: &'i Input) -> Self {
        Self {
            input,
            analyzer: Analyzer::new(Catalog::builtin()),
            document: Document::default(),
            language: Language::Undetermined,
            sentences: Vec::new(),
            names: Names::default(),
            themes: Vec::new(),
        }
    }
}

/// An automaton of the spellings that the catalog's own has.
static BARE: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(Catalog::builtin().names.patterns().map(|(text, _)| text))
        .ok()
});

impl Stage {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Parse => "parse",
            Self::Language => "language",
            Self::Sentences => "sentences",
            Self::Names => "names",
            Self::Event => "event",
            Self::Themes => "themes",
            Self::Summary => "summary",
            Self::All => "all",
        }
    }

    /// The stage of a name.
    pub fn of(name: &str) -> Option<Self> {
        STAGES.into_iter().find(|stage| stage.name() == name)
    }

    /// Runs the stage once; gives a number that depends on its result, so that no part of it can be left out.
    pub fn run(self, prepared: &Prepared<'_>) -> usize {
        let Prepared { input, analyzer, document, language, sentences, names, themes } = prepared;
        let (catalog, lexicon) = (analyzer.catalog(), analyzer.lexicon());
        let hints = Hints::default();
        match self {
            Self::Scan => BARE.as_ref().map_or(0, |bare| bare.find_overlapping_iter(&input.text).count()),
            Self::Parse => parse(&input.text, input.format, lexicon).map_or(0, |document| document.blocks.len()),
            Self::Language => language::detect(document, lexicon).code().len(),
            Self::Sentences => sentences::split(document, *language, lexicon).len(),
            Self::Names => names::find(document, sentences, *language, catalog).projects.len(),
            Self::Event => {
                event::find(document, sentences, &Words::of_document(document), catalog, lexicon, &hints.event)
                    .map_or(0, |_| 1)
            }
            Self::Themes => themes::score(document, sentences, *language, names, catalog).len(),
            Self::Summary => {
                let terms = catalog.theme_terms.read(&document.text, language.code());
                let terms = &terms;
                let knowledge = summary::Knowledge { language: *language, names, terms, themes, event: None, catalog };
                summary::extract(
                    document,
                    sentences,
                    &Words::of_document(document),
                    &knowledge,
                    lexicon,
                    hints.summary_max_words,
                )
                .len()
            }
            Self::All => {
                analyzer.read(&input.text, input.format).map_or(0, |document| analyzer.analyze(&document, &hints).words)
            }
        }
    }
}
