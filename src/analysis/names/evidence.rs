//! What speaks for and against a spelling being a mention: whole points, each with a label. Pure functions.
//!
//! Method: `Plain` spellings are accepted as they stand. Those that need evidence collect points from the document (other names in it), from the words
//! around them and from the catalog; [`THRESHOLD`] points accept them. Those that need a cue must have [`THRESHOLD`] points from explicit cues alone.
//! What is refused whatever speaks for it is told in [`super::gate`].

use super::boundaries::Tail;
use super::candidates::Spot;
use super::context::{Context, capitalized, has_lower, has_upper, letters};
use super::words::{self, Cue};
use crate::analysis::BlockKind;
use crate::analysis::language::Language;
use crate::catalog::fold::{fold, squash};
use crate::catalog::{Matching, NameKind, NameTarget};

/// Points that accept a spelling that is not plain.
pub(super) const THRESHOLD: i32 = 4;

/// Label: a capital where only names have one.
pub(super) const CAPITAL: &str = "a capital inside a sentence";
/// Label: words of companies nearby.
pub(super) const COMPANIES: &str = "words of companies nearby";
/// Label: another name beside it in an enumeration.
pub(super) const LIST: &str = "in a list beside another";
/// Label: other names on both sides of it in an enumeration, or two on one side.
pub(super) const BETWEEN: &str = "in a list between others";
/// Label: a project that the CNCF hosts.
pub(super) const HOSTED: &str = "a CNCF project";
/// Label: the project it is a part of is named as well.
pub(super) const PART: &str = "the project it is a part of is named too";
/// Label: after a word before which hardly anything but people and companies stand.
pub(super) const AT: &str = "after \"at\"";
/// Label: before a verb of those who speak.
pub(super) const SPEAKS: &str = "before what speakers do";

/// A reason for or against, with its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What was seen.
    pub label: &'static str,
    /// How much it counts; negative against.
    pub points: i32,
    /// Whether it is an explicit cue, which even the most ordinary word may be accepted by.
    pub cue: bool,
}

/// What is said by the words around a spelling, whatever else is accepted: the greater part of the work, done once.
pub(super) struct Surroundings {
    shape: Vec<Part>,
    kind: Vec<Part>,
}

impl Surroundings {
    pub(super) fn new(context: &Context<'_>, spot: &Spot, target: &NameTarget) -> Self {
        let (mut shape, mut kind) = (Parts(Vec::new()), Parts(Vec::new()));
        shape_points(context, spot, target, &mut shape);
        match target.kind {
            NameKind::Project => project_points(context, spot, target, &mut kind),
            NameKind::Organization => organization_points(context, spot, &mut kind),
        }
        Self { shape: shape.0, kind: kind.0 }
    }
}

/// All points for and against a spelling in one of its meanings. `index` is the spot's index in the context.
pub(super) fn points(
    context: &Context<'_>,
    index: usize,
    spot: &Spot,
    target: &NameTarget,
    surroundings: &Surroundings,
) -> Vec<Part> {
    let mut parts = Parts(Vec::new());
    document_points(context, target, spot.pattern, &mut parts);
    parts.0.extend_from_slice(&surroundings.shape);
    neighbour_points(context, spot, target, &mut parts);
    if spot.tail == Tail::Weak || spot.denied {
        parts.add("in a compound that says \"like it\"", -2);
    }
    parts.0.extend_from_slice(&surroundings.kind);
    if target.kind == NameKind::Project {
        match context.projects_near(index, 100) {
            0 => {}
            1 => parts.add("a certain project in the same sentence", 1),
            _ => parts.add("certain projects in the same sentence", 2),
        }
    }
    match context.list_neighbours(index, target.kind) {
        0 => {}
        1 => parts.add(LIST, 2),
        _ => parts.add_if_cue(BETWEEN, 4, target.kind == NameKind::Organization),
    }
    parts.0
}

struct Parts(Vec<Part>);

impl Parts {
    fn add(&mut self, label: &'static str, points: i32) {
        self.0.push(Part { label, points, cue: false });
    }

    fn cue(&mut self, label: &'static str, points: i32) {
        self.0.push(Part { label, points, cue: true });
    }

    fn add_if_cue(&mut self, label: &'static str, points: i32, cue: bool) {
        self.0.push(Part { label, points, cue });
    }
}

/// What the rest of the document says.
fn document_points(context: &Context<'_>, target: &NameTarget, pattern: usize, parts: &mut Parts) {
    let (projects, organizations) = context.sure;
    match target.kind {
        NameKind::Project => match projects {
            0 => parts.add("no certain project in the text", -4),
            1 | 2 => parts.add("hardly any certain project in the text", -1),
            3..=7 => parts.add("several certain projects in the text", 2),
            _ => parts.add("many certain projects in the text", 3),
        },
        NameKind::Organization => match projects + organizations {
            0 => parts.add("no certain name in the text", -3),
            1..=3 => {}
            4..=7 => parts.add("several certain names in the text", 1),
            _ => parts.add("many certain names in the text", 2),
        },
    }
    let key = (target.kind, target.entry);
    if context.entries.get(&key).is_some_and(|patterns| patterns.iter().any(|known| *known != pattern)) {
        parts.cue("named by another spelling too", 4);
    }
    if let (NameKind::Project, Some(project)) = (target.kind, context.catalog.projects.get(target.entry)) {
        match project.maturity.as_deref() {
            // Graduated and incubating ones are the most talked about.
            Some("graduated" | "incubating") => parts.add(HOSTED, 2),
            Some(_) => parts.add(HOSTED, 1),
            None => {}
        }
        if project.parent.as_deref().is_some_and(|parent| context.projects.contains(parent)) {
            parts.add(PART, 2);
        }
    }
}

/// What the spelling and the words right beside it say.
fn shape_points(context: &Context<'_>, spot: &Spot, target: &NameTarget, parts: &mut Parts) {
    let found = context.text(&spot.span);
    let count = letters(found).chars().count();
    let before = context.before(spot);
    let shouted = context.is_shouted(spot);
    // Case that no place in a sentence and no title gives to a word: "AKS", "CoreOS", "Palo Alto".
    let own_case = !shouted && has_own_case(found);
    if own_case {
        parts.add("a case of its own", 2);
    }
    let own_word = is_word_of_this_language(context, found);
    if !has_upper(found) {
        // Some names have no capital of their own; one that has lost it is rather the word.
        parts.add("in lower case", if has_upper(&target.written) { -3 } else { -1 });
    } else if context.sentence_initial(spot) {
        // In French and Spanish a noun does not start a sentence without its article, so a bare word there is rather a name.
        if !own_case && !alone(context, spot) && !matches!(context.language, Language::Fr | Language::Es) {
            parts.add("at the start of a sentence", -1);
        } else if own_word && !own_case && !alone(context, spot) {
            parts.add("an ordinary word at the start of a sentence", -2);
        }
    } else if !context.capital_is_void(spot) {
        parts.add(CAPITAL, 2);
    }
    let inside = !context.sentence_initial(spot) && !context.capital_is_void(spot);
    if !inside && capitalized(found) && is_word_of_another_language(context, found) {
        parts.add("a word of another language", 2);
    }
    if count <= 3 && !own_case {
        parts.add("very short", -1);
    }
    let previous = previous_word(before);
    if before.ends_with([' ', '\u{a0}']) && words::is_article(previous, context.language) && spot.tail != Tail::Compound
    {
        // Where every noun has a capital, the article is all that tells a noun from a name; and French and Spanish give names none.
        let romance = own_word && matches!(context.language, Language::Fr | Language::Es);
        let points = if romance { -4 } else { -2 - i32::from(context.capital_is_void(spot)) };
        parts.add("after an article", points);
    } else if !has_upper(found) && article_before_adjective(before, context.language) {
        parts.add("after an article and a word", -2);
    }
}

/// The word, or account, that a text ends with.
fn previous_word(before: &str) -> &str {
    before.trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '@').next().unwrap_or_default()
}

/// Whether the word before the last one is an article: "a first draft".
fn article_before_adjective(before: &str, language: Language) -> bool {
    let lead = before.trim_end();
    let previous = previous_word(lead);
    lead.strip_suffix(previous)
        .is_some_and(|lead| lead.ends_with([' ', '\u{a0}']) && words::is_article(previous_word(lead), language))
}

/// Whether a spelling is known to be an ordinary word of the language of the document.
fn is_word_of_this_language(context: &Context<'_>, found: &str) -> bool {
    context.catalog.words_of.get(&fold(found)).is_some_and(|homes| homes.contains(context.language.code()))
}

/// Whether a spelling is an ordinary word, but not in the language of the document: a capital that says nothing there is then a name's.
fn is_word_of_another_language(context: &Context<'_>, found: &str) -> bool {
    let homes = context.catalog.words_of.get(&fold(found));
    context.language != Language::Undetermined && homes.is_some_and(|homes| !homes.contains(context.language.code()))
}

/// Whether the case of a spelling is that of no ordinary word: all capitals, a capital inside a word, or several words with a capital each.
fn has_own_case(found: &str) -> bool {
    let mut words = found.split([' ', '-', '\u{a0}']).filter(|word| !word.is_empty());
    let several = found.contains([' ', '\u{a0}']) && words.clone().all(capitalized);
    let acronym = letters(found).chars().count() >= 2 && has_upper(found) && !has_lower(found);
    several || acronym || words.any(|word| has_lower(word) && word.chars().skip(1).any(char::is_uppercase))
}

/// What words with a capital right before and behind say: "Harbor Lights Hotel" is something else than Harbor.
fn neighbour_points(context: &Context<'_>, spot: &Spot, target: &NameTarget, parts: &mut Parts) {
    if context.language == Language::De || context.capital_is_void(spot) {
        return;
    }
    let before = context.before(spot);
    let lead = before.trim_end();
    let previous = previous_word(before);
    let careful = target.matching == Matching::NeedsCue;
    if before.ends_with(' ') && !previous.is_empty() && lead.ends_with(previous) && capitalized(previous) {
        let further = lead.strip_suffix(previous).unwrap_or_default().trim_end();
        let first_word = further.is_empty() || further.ends_with(['.', '!', '?', ':']);
        let known = context.is_known_at(spot.span.start.saturating_sub(2));
        if careful {
            parts.add("part of a phrase with capitals", -3);
        } else if !first_word && !known {
            parts.add("after an unknown word with a capital", -2);
        }
    }
    let Some(rest) = context.behind(spot).strip_prefix(' ').filter(|rest| capitalized(rest)) else { return };
    let mut following = rest.split(' ');
    let word = following.next().unwrap_or_default();
    let software = || words::cues(word, 0..word.len()).first().is_some_and(|(cue, _)| *cue == Cue::Software);
    if careful {
        parts.add("part of a phrase with capitals", -3);
    } else if !context.is_known_at(spot.span.end + 1) && !software() {
        let longer = word.chars().all(char::is_alphanumeric) && following.next().is_some_and(capitalized);
        parts.add("before an unknown word with a capital", if longer { -3 } else { -2 });
    }
}

/// Whether a heading, list item or line is nothing but the name.
fn alone(context: &Context<'_>, spot: &Spot) -> bool {
    let other = |text: &str| text.chars().any(char::is_alphanumeric);
    !other(context.before(spot)) && !other(context.behind(spot))
}

fn project_points(context: &Context<'_>, spot: &Spot, target: &NameTarget, parts: &mut Parts) {
    let (before, behind) = (context.before(spot), context.behind(spot));
    let project = context.catalog.projects.get(target.entry);
    if let Some(project) = project
        && links_to(context, spot, [project.homepage.as_deref(), project.repository.as_deref()])
    {
        parts.cue("linked to its own site", 6);
    }
    if words::presented(before, true) {
        parts.cue("presented as a project of ours", 4);
    } else if words::presented(before, false) {
        parts.add("presented as software", 3);
    } else if words::presented_behind(behind) {
        parts.add("presented as software", 2);
    }
    if let Some(vendor) = project.and_then(|project| project.vendor.as_deref())
        && vendor_beside(before, behind, vendor)
    {
        parts.cue("beside its vendor", 4);
    }
    if let Some(vendor) = project.and_then(|project| project.vendor.as_deref())
        && !vendor_beside(before, behind, vendor)
        && vendor_in_sentence(context, spot, vendor)
    {
        parts.add("its vendor in the same sentence", 2);
    }
    if heads_its_item(before, behind) {
        parts.add("heads its line", 3);
    }
    let previous = previous_word(before);
    if before.ends_with(' ')
        && words::cues(previous, 0..previous.len())
            .first()
            .is_some_and(|(cue, range)| *cue == Cue::Company && range.start == 0)
    {
        parts.add("called a company", -3);
    }
    if super::versions::after(behind).is_some() {
        parts.add("before a version", 2);
    }
    if context.cue_near(spot, Cue::Software, 80) {
        parts.add("words of software nearby", 2);
    }
    if project
        .and_then(|project| project.category.as_deref())
        .is_some_and(|category| field_near(context, spot, category))
    {
        parts.add("words of its own field nearby", 1);
    }
}

/// Whether a line begins with the name and goes on to say what is to be said about it: "Kargo (Akuity): ...", "Tempo – ...".
fn heads_its_item(before: &str, behind: &str) -> bool {
    let marked = behind.trim_start_matches(['*', '_', '"', '”', '“']);
    !before.chars().any(char::is_alphanumeric)
        && (marked.starts_with(':')
            || marked.trim_start().starts_with(['(', '–', '—'])
            || marked.trim_start().starts_with("- ") && marked.starts_with(' '))
}

/// Whether the vendor stands somewhere in the sentence of a spelling, outside it.
fn vendor_in_sentence(context: &Context<'_>, spot: &Spot, vendor: &str) -> bool {
    let vendor = fold(vendor);
    let Some(sentence) = context.sentence_of(spot.span.start) else { return false };
    let parts = [sentence.span.start..spot.span.start, spot.span.end..sentence.span.end];
    let starts_word = |text: &str, at: usize| {
        !text.get(..at).and_then(|lead| lead.chars().next_back()).is_some_and(char::is_alphanumeric)
    };
    vendor.chars().count() >= 3
        && parts.into_iter().filter(|part| part.start < part.end && part.len() <= 600).any(|part| {
            let text = fold(context.text(&part));
            text.match_indices(vendor.as_str()).any(|(at, _)| starts_word(&text, at))
        })
}

/// Whether a link on the spelling, or around it, leads to one of the addresses.
fn links_to<const N: usize>(context: &Context<'_>, spot: &Spot, addresses: [Option<&str>; N]) -> bool {
    let Some(block) = context.document.blocks.get(spot.block) else { return false };
    // Links of a block do not overlap, so at most one holds the spelling.
    let link = block.links.partition_point(|link| link.span.end < spot.span.end);
    block.links.get(link).is_some_and(|link| {
        link.span.start <= spot.span.start
            && addresses.into_iter().flatten().any(|address| same_site(&link.target, address))
    })
}

/// Whether an address leads to a site or below it.
fn same_site(target: &str, site: &str) -> bool {
    let plain = |address: &str| {
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        address.trim_start_matches("www.").trim_end_matches('/').to_lowercase()
    };
    let (target, site) = (plain(target), plain(site));
    !site.is_empty()
        && target.strip_prefix(&site).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Whether the vendor stands right before the name ("HashiCorp Vault", "HashiCorps Vault") or right behind it ("Flux von Weaveworks").
fn vendor_beside(before: &str, behind: &str, vendor: &str) -> bool {
    let vendor = squash(vendor);
    if vendor.is_empty() {
        return false;
    }
    let lead = squash(words::tail(before, 60));
    let lead = lead.trim_end_matches(['\'', '"', '„', '“']);
    if lead.ends_with(&vendor)
        || lead.strip_suffix('s').map(|lead| lead.trim_end_matches('\'')).is_some_and(|lead| lead.ends_with(&vendor))
    {
        return true;
    }
    let head: String = behind.chars().take(60).collect();
    // "Kargo (Akuity)", "Score-Workloadspec (Humanitec)"
    let aside = head.split_once('(').filter(|(lead, _)| lead.split_whitespace().count() <= 1);
    if aside.is_some_and(|(_, rest)| squash(rest.split([')', ',', ';']).next().unwrap_or_default()) == vendor) {
        return true;
    }
    let head = fold(&head);
    let Some((joint, rest)) = head.trim_start_matches(['"', ',', '(', ' ']).split_once(' ') else { return false };
    matches!(joint, "von" | "van" | "from" | "by" | "of" | "de" | "door" | "par" | "por" | "at")
        && squash(rest).starts_with(&vendor)
}

/// Whether a longer word of the entry's category stands nearby.
fn field_near(context: &Context<'_>, spot: &Spot, category: &str) -> bool {
    let before = words::tail(context.before(spot), 80);
    let behind: String = context.behind(spot).chars().take(80).collect();
    let around = format!("{} {}", fold(before), fold(&behind));
    fold(category)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= 5 && *word != "cloud" && *word != "native")
        .any(|word| around.contains(word))
}

fn organization_points(context: &Context<'_>, spot: &Spot, parts: &mut Parts) {
    for (label, points, cue) in company_cues(context, spot) {
        parts.add_if_cue(label, points, cue);
    }
    if context.cue_near(spot, Cue::Company, 60) {
        parts.add(COMPANIES, 2);
    }
    if alone(context, spot)
        && matches!(context.document.blocks.get(spot.block).map(|block| block.kind), Some(BlockKind::Heading(_)))
    {
        parts.add("a heading of its own", 1);
    }
}

/// What says that a company is meant, with its points and whether it is an explicit cue.
pub(super) fn company_cues(context: &Context<'_>, spot: &Spot) -> Vec<(&'static str, i32, bool)> {
    let mut found = Vec::new();
    let (before, behind) = (context.before(spot), context.behind(spot));
    if before.ends_with('@') {
        found.push(("an account", 4, true));
    }
    let previous = before.trim_end().rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    if before.ends_with([' ', '\u{a0}']) && words::joins_company(previous) {
        let lead = before.trim_end().strip_suffix(previous).unwrap_or_default();
        if words::comes_or_works(previous_word(lead)) {
            found.push(("where somebody comes from or works", 4, true));
        }
        let near = words::cues(lead, lead.len() - words::tail(lead, 40).len()..lead.len());
        if near.iter().any(|(cue, range)| {
            *cue == Cue::Role && !lead.get(range.end..).unwrap_or_default().contains(['.', '!', '?', ';'])
        }) {
            found.push(("a position in it", 4, true));
        } else if words::is_chez(previous) {
            found.push((AT, 2, false));
        }
    }
    let head: String = behind.chars().take(24).collect();
    let head = fold(head.trim_start_matches([',', ' ', '(', '-', '\u{2010}', '\u{2011}']));
    let first = head.split([' ', ',', ')', ';']).next().unwrap_or_default();
    if matches!(
        first,
        "gmbh"
            | "inc"
            | "inc."
            | "ltd"
            | "ltd."
            | "b.v."
            | "bv"
            | "s.a."
            | "ag"
            | "plc"
            | "llc"
            | "sas"
            | "corp"
            | "corp."
    ) {
        found.push(("a legal form", 4, true));
    }
    let compound = matches!(spot.tail, Tail::Compound | Tail::Possessive);
    let role = |text: &str| {
        words::cues(text, 0..text.len()).first().is_some_and(|(cue, range)| *cue == Cue::Role && range.start == 0)
    };
    let head = head.trim_start_matches(['\'', '’']).trim_start_matches("s ");
    if role(head) {
        found.push(("a position in it", if compound { 4 } else { 3 }, true));
    }
    if words::cues(head, 0..head.len()).first().is_some_and(|(cue, range)| *cue == Cue::Company && range.start == 0) {
        found.push(("what companies do or have", 3, false));
    }
    if words::speaks(first) {
        found.push((SPEAKS, 2, false));
    }
    if before.ends_with('(') && behind.starts_with([')', ',']) {
        found.push(("in parentheses", 1, false));
    }
    found
}
