//! What the event rules look for besides names: months, weekdays and cue words, from the rules themselves and from the catalog's languages.
//! Pure: no I/O.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::cues;
use crate::analysis::phrases::Phrases;
use crate::analysis::words::{Hash, Set, Words};
use crate::catalog::LanguageData;

/// Which edition is meant, seen from the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tense {
    /// The edition that the report is about, as far as the words around it say.
    Now,
    /// An earlier edition.
    Past,
    /// A later edition.
    Future,
    /// A later edition, or that of the report itself if it begins before its event. Settled once the whole text is read.
    Soon,
}

/// What a cue says about its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// Somebody was at a conference.
    Report,
    /// A date beside it is that of the text.
    Published,
    /// Something was held.
    Held,
    /// It is about the cloud-native world.
    Field,
}

static CUES: LazyLock<Phrases<Cue>> = LazyLock::new(|| {
    let lists = [
        (Cue::Published, cues::PUBLISHED),
        (Cue::Held, cues::HELD),
        (Cue::Report, cues::REPORT),
        (Cue::Field, cues::FIELD),
    ];
    Phrases::new(lists.iter().flat_map(|(cue, list)| list.iter().map(|phrase| (*phrase, *cue))))
});

static TENSES: LazyLock<Phrases<Tense>> = LazyLock::new(|| {
    let lists =
        [(Tense::Past, cues::PAST), (Tense::Future, cues::FUTURE), (Tense::Soon, cues::SOON), (Tense::Now, cues::NOW)];
    Phrases::new(lists.iter().flat_map(|(tense, list)| list.iter().map(|phrase| (*phrase, *tense))))
});

/// The words that the rules look for.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// Months by their names and abbreviations, in lower case, without a dot.
    pub(super) months: HashMap<Box<str>, i8, Hash>,
    /// Names of weekdays, in lower case, without a dot.
    pub(super) weekdays: Set,
    tenses: Phrases<Tense>,
}

impl Vocabulary {
    /// Collects the words of all languages: texts mix them.
    pub(crate) fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        let languages = || languages.values();
        let bare = |name: &String| Box::from(name.trim_end_matches('.'));
        let past = languages().flat_map(|data| &data.last_year).map(|phrase| (phrase.as_str(), Tense::Past));
        let future = languages().flat_map(|data| &data.next_year).map(|phrase| (phrase.as_str(), Tense::Future));
        Self {
            months: languages().flat_map(|data| &data.months).map(|(name, month)| (bare(name), *month)).collect(),
            weekdays: languages().flat_map(|data| &data.weekdays).map(bare).collect(),
            tenses: Phrases::new(past.chain(future)),
        }
    }

    /// Cues of tense by the number of their first word, in text order.
    pub(super) fn tenses(&self, words: &Words<'_>) -> Vec<(usize, Tense)> {
        let own = TENSES.find(words);
        let mut found: Vec<_> = own.iter().chain(&self.tenses.find(words)).map(|hit| (hit.first, *hit.value)).collect();
        found.sort_unstable();
        found.dedup_by_key(|cue| cue.0);
        found
    }

    /// Other cues by the number of their first word, in text order.
    pub(super) fn cues(&self, words: &Words<'_>) -> Vec<(usize, Cue)> {
        CUES.find(words).iter().map(|hit| (hit.first, *hit.value)).collect()
    }
}
