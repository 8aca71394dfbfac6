//! HTML pages: finds the part of the page that is the report and turns it into drafts.
//!
//! Readability says where the report is; the blocks are then read from the page as it was, because readability drops headings, lists full
//! of links and tables that belong to a report. A page or fragment that is too small for it is read whole, without navigation.

use std::collections::{BTreeMap, BTreeSet};

use dom_query::{Document as Dom, NodeRef};
use dom_smoothie::{Config, Readability, TextMode};

use super::dom::{self, Visit};
use super::draft::Draft;
use super::{BlockKind, DocumentError, Parsed, guard, published, title};

/// Attribute that numbers the elements of the page in document order.
const NUMBER: &str = "data-block-number";
/// Less text than this, in bytes, is no main text.
const MIN_MAIN: usize = 140;

/// What is longer than this, in bytes, is no heading of a page, but text in an element that was left open.
const MAX_HEADING: usize = 2_000;

/// Reads a page or a fragment.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] if the guard refuses it.
pub(super) fn parse(text: &str) -> Result<Parsed, DocumentError> {
    guard::html(text)?;
    let page = Dom::from(text);
    let mut depth = Depth::default();
    depth.check(&page.root())?;
    let headings: Vec<String> =
        page.select("h1").iter().map(|h| squeeze(&h.text())).filter(|heading| heading.len() <= MAX_HEADING).collect();
    let title = page_title(&page, &headings);
    let language = page.select_single("html[lang]").attr("lang").map(|l| l.to_string());
    let published = published::of_page(&page);
    let Some(body) = page.body() else { return Ok(Parsed { drafts: Vec::new(), title, language, published }) };

    number(&page);
    let mut drafts = match Region::find(&page) {
        Some(region) => region.blocks(&body),
        None => dom::blocks(&body, &outside_navigation),
    };
    if text_len(&drafts) < MIN_MAIN {
        let all = dom::blocks(&body, &outside_navigation);
        if text_len(&all) > text_len(&drafts) {
            drafts = all;
        }
    }
    if drafts.is_empty() {
        drafts = dom::blocks(&body, &|_| Visit::Walk);
    }
    restore_heading(&mut drafts, &headings, title.as_deref());
    Ok(Parsed { drafts, title, language, published })
}

fn text_len(drafts: &[Draft]) -> usize {
    drafts.iter().filter(|d| !d.is_furniture()).map(|d| d.text.len()).sum()
}

fn squeeze(text: &str) -> String {
    super::normalize::text(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The title of the page: og:title, else `<title>` without the site, else the only `<h1>`.
fn page_title(page: &Dom, headings: &[String]) -> Option<String> {
    let meta = |property: &str| {
        let selector = format!("meta[property=\"{property}\"], meta[name=\"{property}\"]");
        page.select(&selector).attr("content").map(|c| squeeze(&c)).filter(|c| !c.is_empty())
    };
    let site = meta("og:site_name");
    let head = squeeze(&page.select("head title").text());
    let title = meta("og:title").or_else(|| Some(head).filter(|t| !t.is_empty()));
    let title = title.map(|t| title::without_site(&t, site.as_deref(), headings).to_owned());
    title.or_else(|| headings.first().filter(|_| headings.len() == 1).cloned()).filter(|t| !t.is_empty())
}

/// The page's own heading often stands in a header outside the main text.
fn restore_heading(drafts: &mut Vec<Draft>, headings: &[String], title: Option<&str>) {
    let Some(heading) = headings.iter().find(|h| title.is_some_and(|t| same(t, h))).or_else(|| headings.first()) else {
        return;
    };
    let lone = headings.len() == 1 || title.is_some_and(|t| same(t, heading));
    if !lone || drafts.iter().any(|d| !d.is_furniture() && same(&d.text, heading)) {
        return;
    }
    if let Some(draft) = drafts.iter_mut().find(|d| same(&d.text, heading)) {
        draft.kind = BlockKind::Heading(1);
    } else if let Some(draft) = Draft::new(BlockKind::Heading(1), heading) {
        drafts.insert(0, draft);
    }
}

fn same(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

/// The letters and digits of a text in lower case, one after the other: most texts differ in the first.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Numbers all elements in document order.
fn number(page: &Dom) {
    // The tree may not change while it is walked.
    let elements: Vec<NodeRef<'_>> = page.root().descendants_it().filter(|n| n.is_element()).collect();
    for (index, node) in elements.into_iter().enumerate() {
        node.set_attr(NUMBER, &index.to_string());
    }
}

fn number_of(node: &NodeRef<'_>) -> Option<usize> {
    node.attr(NUMBER)?.parse().ok()
}

/// Depth of the tree that the parser really built.
#[derive(Default)]
struct Depth {
    nodes: usize,
}

impl Depth {
    fn check(&mut self, root: &NodeRef<'_>) -> Result<(), DocumentError> {
        let mut stack: Vec<(NodeRef<'_>, usize)> = vec![(*root, 0)];
        while let Some((node, depth)) = stack.pop() {
            self.nodes += 1;
            if depth > guard::MAX_NESTING * 2 || self.nodes > guard::MAX_ELEMENTS * 4 {
                return Err(DocumentError::TooComplex("its elements are nested too deep".to_owned()));
            }
            stack.extend(node.children_it(false).map(|child| (child, depth + 1)));
        }
        Ok(())
    }
}

/// The part of a page that is the report.
struct Region {
    /// Number of the first and the last element of the page that belong to it.
    first: usize,
    last: usize,
    /// Elements that contain text of the report, or are contained in such an element.
    kept: BTreeSet<usize>,
}

impl Region {
    /// Asks readability where the main text of a numbered page is.
    fn find(page: &Dom) -> Option<Self> {
        let config = Config {
            text_mode: TextMode::Raw,
            disable_json_ld: true,
            max_elements_to_parse: guard::MAX_ELEMENTS * 2,
            ..Config::default()
        };
        let mut readability = Readability::with_document(page.clone(), None, Some(config)).ok()?;
        let article = readability.parse().ok()?;
        if article.text_content.trim().len() < MIN_MAIN {
            return None;
        }
        let mut speaking = BTreeSet::new();
        for node in readability.doc.root().descendants_it().filter(|n| n.is_element()) {
            let speaks = node.children_it(false).any(|c| c.is_text() && c.text().chars().any(char::is_alphanumeric));
            speaking.extend(number_of(&node).filter(|_| speaks));
        }
        let (first, last) = (*speaking.first()?, *speaking.last()?);
        let mut kept = speaking.clone();
        let mut parents: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        for node in page.root().descendants_it().filter(|n| n.is_element()) {
            if let Some(n) = number_of(&node) {
                parents.insert(n, node.parent().and_then(|p| number_of(&p)));
            }
        }
        for n in &speaking {
            let mut at = parents.get(n).copied().flatten();
            while let Some(parent) = at.filter(|p| kept.insert(*p)) {
                at = parents.get(&parent).copied().flatten();
            }
        }
        Some(Self { first, last: Self::extend(page, last), kept })
    }

    /// Goes on behind the last element as long as paragraphs, lists and tables follow as its brothers: a list of links at the end of a
    /// report is dropped by readability.
    fn extend(page: &Dom, last: usize) -> usize {
        let mut end = last;
        let found = page.root().descendants_it().find(|n| number_of(n) == Some(last));
        let Some(mut node) = found else { return end };
        while let Some(parent) = node.parent() {
            let name = node.node_name().unwrap_or_default();
            if is_text_block(&name) && !matches!(&*name, "li" | "tr" | "dd" | "dt") {
                break;
            }
            node = parent;
        }
        if node.parent().is_none() {
            return end;
        }
        let numbers = |n: &NodeRef<'_>| n.descendants_it().filter_map(|d| number_of(&d)).max().or(number_of(n));
        end = end.max(numbers(&node).unwrap_or(end));
        let mut next = node.next_element_sibling();
        while let Some(sibling) = next {
            let name = sibling.node_name().unwrap_or_default();
            if !is_text_block(&name) || suspicion(&sibling) != Suspicion::None {
                break;
            }
            end = end.max(numbers(&sibling).unwrap_or(end));
            next = sibling.next_element_sibling();
        }
        end
    }

    fn blocks(&self, body: &NodeRef<'_>) -> Vec<Draft> {
        let total = body.text().len().max(1);
        dom::blocks(body, &|node| self.visit(node, total))
    }

    fn visit(&self, node: &NodeRef<'_>, total: usize) -> Visit {
        let Some(number) = number_of(node) else { return Visit::Walk };
        let kept = self.kept.contains(&number);
        if kept {
            // A part of the report by readability, but its own name says otherwise: only if it is a small part.
            if suspicion(node) == Suspicion::Strong && node.text().len() * 4 < total {
                return Visit::Furniture;
            }
            return Visit::Walk;
        }
        if number < self.first || number > self.last {
            return Visit::Skip;
        }
        if suspicion(node) != Suspicion::None { Visit::Furniture } else { Visit::Walk }
    }
}

fn is_text_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "ul"
            | "ol"
            | "dl"
            | "li"
            | "dd"
            | "dt"
            | "tr"
            | "table"
            | "pre"
            | "blockquote"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
    )
}

/// How much an element's name, class and id speak against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspicion {
    None,
    /// Furniture, unless readability chose it.
    Weak,
    /// Furniture, unless it is most of the page.
    Strong,
}

fn suspicion(node: &NodeRef<'_>) -> Suspicion {
    let name = node.node_name().unwrap_or_default();
    match &*name {
        "body" | "article" | "main" | "html" => return Suspicion::None,
        "nav" | "footer" | "aside" => return Suspicion::Strong,
        "form" | "header" => return Suspicion::Weak,
        _ => {}
    }
    let class = node.class().unwrap_or_default();
    let id = node.id_attr().unwrap_or_default();
    let names = format!("{class} {id}").to_ascii_lowercase();
    let mut found = Suspicion::None;
    for word in names.split(|c: char| !c.is_ascii_alphanumeric()) {
        match word {
            "share" | "sharing" | "sharebar" | "addtoany" | "related" | "relatedposts" | "newsletter" | "subscribe"
            | "comments" | "disqus" | "cookie" | "cookies" | "cookiebanner" | "consent" | "breadcrumb"
            | "breadcrumbs" | "pagination" | "pager" | "toc" | "tableofcontents" | "authorbox" | "recommended"
            | "instagram" => return Suspicion::Strong,
            "social" | "subscription" | "comment" | "promo" | "sidebar" | "advert" | "advertisement" | "ad" | "ads"
            | "banner" | "byline" | "author" | "bio" | "tags" | "taglist" | "meta" | "postmeta" | "popular"
            | "teaser" | "teasers" | "signup" | "cta" | "nav" | "navigation" | "menu" | "footer" | "feedback"
            | "readmore" | "popup" | "modal" | "pub" | "publicite" | "publicidad" | "werbung" | "anzeige"
            | "advertentie" | "sponsor" | "sponsored" | "commentaires" | "comentarios" | "kommentare" | "reacties" => {
                found = Suspicion::Weak;
            }
            _ => {}
        }
    }
    found
}

/// For pages without a main text: everything but what the element itself says is not the text.
fn outside_navigation(node: &NodeRef<'_>) -> Visit {
    let name = node.node_name().unwrap_or_default();
    match &*name {
        "nav" | "footer" | "aside" => Visit::Furniture,
        "header" if node.parent().is_some_and(|p| p.has_name("body")) => Visit::Furniture,
        "form" if node.text().len() < 500 => Visit::Furniture,
        _ if suspicion(node) == Suspicion::Strong && node.text().len() < 500 => Visit::Furniture,
        _ => Visit::Walk,
    }
}
