//! One block model for plain text, Markdown and HTML: a string goes in, blocks with byte spans come out. Pure; no I/O.
//!
//! ```text
//! text --normalize--> text --guard--> html | markdown | text --> drafts --furniture--> drafts --assemble--> Document
//! ```

mod dom;
mod draft;
mod format;
mod front_matter;
pub(super) mod furniture;
mod guard;
mod html;
mod markdown;
mod normalize;
mod patterns;
mod published;
mod shortcodes;
mod text;
mod title;

use std::ops::Range;

use super::Lexicon;
pub use format::detect as detect_format;
pub use guard::{MAX_ATTRIBUTES, MAX_BYTES, MAX_ELEMENTS, MAX_LINES, MAX_MARKS, MAX_NESTING};

/// Format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain text.
    Text,
    /// CommonMark.
    Markdown,
    /// An HTML page.
    Html,
}

/// A text in blocks. All spans are byte ranges of [`Document::text`] at character boundaries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The text as a reader sees it, in NFC, without markup; blocks are separated by line feeds.
    pub text: String,
    /// The blocks in reading order; they do not overlap.
    pub blocks: Vec<Block>,
    /// The title, from the front matter, the HTML head or the first heading.
    pub title: Option<String>,
    /// The day it was published, where the front matter or the HTML head says so.
    pub published: Option<jiff::civil::Date>,
    /// The language that the front matter or the HTML page declares, as it stands there; templates often get it wrong.
    pub declared_language: Option<String>,
}

/// What a parser makes of a text.
#[derive(Debug, Default)]
struct Parsed {
    drafts: Vec<draft::Draft>,
    /// Title from the front matter or the head of the page.
    title: Option<String>,
    language: Option<String>,
    published: Option<jiff::civil::Date>,
}

/// Reads a text as a document.
///
/// Furniture is recognised by its shape and by the phrases of all languages, because pages mix them. The time is linear in the length of
/// the text; [`MAX_BYTES`], [`MAX_NESTING`], [`MAX_ELEMENTS`], [`MAX_ATTRIBUTES`], [`MAX_MARKS`] and [`MAX_LINES`] limit what
/// is read at all.
///
/// # Errors
///
/// [`DocumentError::Empty`] if there is nothing to read, [`DocumentError::TooComplex`] if a limit is exceeded.
pub fn parse(text: &str, format: Format, lexicon: &Lexicon) -> Result<Document, DocumentError> {
    guard::size(text)?;
    let normal = normalize::text(text);
    if normal.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    let mut parsed = match format {
        Format::Text => text::parse(&normal)?,
        Format::Markdown => markdown::parse(&normal)?,
        Format::Html => html::parse(&normal)?,
    };
    furniture::mark(&mut parsed.drafts, parsed.title.as_deref(), &lexicon.furniture);
    let title = title::choose(parsed.title, &parsed.drafts);
    let mut document = draft::assemble(parsed.drafts, normal.len())?;
    document.title = title;
    document.declared_language = parsed.language;
    document.published = parsed.published;
    Ok(document)
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it is in the text.
    pub span: Range<usize>,
    /// Links in it, in text order: the text that is linked and the address. They do not overlap.
    pub links: Vec<Link>,
}

/// A link within a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The text that is linked.
    pub span: Range<usize>,
    /// The address.
    pub target: String,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading with its level, 1 to 6.
    Heading(u8),
    /// Running text.
    Paragraph,
    /// An item of a list.
    ListItem,
    /// A quotation.
    Quote,
    /// Source code, a command, or its output.
    Code,
    /// A row of a table, cells separated by tabs.
    TableRow,
    /// Menus, teasers, banners and the like: kept, so that it can be explained why something in it was ignored, but not analysed.
    Furniture,
}

/// Why a text cannot be read as a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// More markup than a report has; parsing it would cost too much.
    #[error("the text is not a readable page: {0}")]
    TooComplex(String),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The words of no language.
    fn none() -> Lexicon {
        Lexicon::new(&BTreeMap::new())
    }

    /// Words, marks and line ends in an order that no author would choose.
    fn messy() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[A-Za-zéüñß ]{1,30}",
            2 => Just("\n".to_owned()),
            1 => Just("\r\n\r\n".to_owned()),
            1 => "[\\[\\](){}<>*_`#|=~:./!&;\"'-]{1,6}",
            1 => prop_oneof![
                Just("<p>"), Just("</p>"), Just("<ul><li>"), Just("<b>"), Just("</div>"), Just("<a href=x>"), Just("<br>"),
                Just("<pre>"), Just("<table><tr><td>"), Just("<!--"), Just("{{<"), Just(">}}"), Just("---\n"), Just("> "),
                Just("- "), Just("1. "), Just("\t"), Just("\u{AD}"), Just("\u{301}"), Just("\u{2028}"), Just("😀"),
            ].prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|v| v.concat())
    }

    fn formats() -> [Format; 3] {
        [Format::Text, Format::Markdown, Format::Html]
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_block_model(text in messy()) {
            for format in formats() {
                let Ok(document) = parse(&text, format, &none()) else { continue };
                let mut end = 0;
                for block in &document.blocks {
                    prop_assert!(block.span.start >= end && block.span.end > block.span.start);
                    let inner = document.text.get(block.span.clone());
                    prop_assert!(inner.is_some_and(|t| !t.trim().is_empty()));
                    for link in &block.links {
                        prop_assert!(link.span.start >= block.span.start && link.span.end <= block.span.end);
                        prop_assert!(document.text.get(link.span.clone()).is_some());
                    }
                    end = block.span.end;
                }
                prop_assert!(normalize::is_nfc(&document.text));
                let sentences = crate::analysis::sentences::split(&document, crate::analysis::language::Language::De, &none());
                let mut end = 0;
                for sentence in &sentences {
                    let block = document.blocks.get(sentence.block);
                    prop_assert!(block.is_some_and(|b| b.span.start <= sentence.span.start && sentence.span.end <= b.span.end));
                    prop_assert!(sentence.span.start >= end);
                    let inner = document.text.get(sentence.span.clone());
                    prop_assert!(inner.is_some_and(|t| !t.is_empty() && t.trim() == t));
                    end = sentence.span.end;
                }
            }
        }

        #[test]
        fn line_ends_and_composition_do_not_matter(text in "[A-Za-zéüñ .:#*>-]{0,40}(\n{1,2}[A-Za-zéüñ .:#*>-]{0,60}){0,8}") {
            use unicode_normalization::UnicodeNormalization;
            for format in formats() {
                let plain = parse(&text, format, &none());
                let windows = parse(&text.replace('\n', "\r\n"), format, &none());
                let decomposed = parse(&text.nfd().collect::<String>(), format, &none());
                prop_assert_eq!(&plain, &windows);
                prop_assert_eq!(&plain, &decomposed);
            }
        }
    }

    #[test]
    fn hostile_texts_cost_little() {
        let start = std::time::Instant::now();
        for text in [
            "<div>".repeat(20_000),
            "<ul><li>".repeat(5_000),
            format!("<p>{}", "<b>x".repeat(5_000)),
            "<p>x".repeat(10_000),
            "<a href=x>".repeat(10_000),
            "> ".repeat(20_000),
            "- x\n".repeat(10_000),
            "x\n".repeat(20_000),
            "\"“(".repeat(10_000),
        ] {
            for format in formats() {
                let _ = parse(&text, format, &none());
            }
        }
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }

    #[test]
    fn a_page_becomes_its_report() {
        let paragraph = "The week was about clusters that nobody wanted to upgrade, and about the people who had to do it anyway, at night. ";
        let page = format!(
            "<!doctype html><html lang=en><head><title>A week in Lyon | Example Blog</title></head><body>\
             <nav><ul><li><a href=/>Home</a></li><li><a href=/b>Blog</a></li></ul></nav>\
             <header><h1>A week in Lyon</h1></header><main><article><div class=content><p>{0}{0}</p><h2>Networking</h2>\
             <p>{0}{0}{0}</p><ul><li><a href=https://cilium.io>Cilium in ten minutes</a></li><li><a href=https://falco.org>Falco for all</a></li></ul>\
             <p>{0}{0}</p></div><div class=share-buttons><a href=x>Tweet</a></div></article></main>\
             <aside><h3>Latest</h3><p>Something about phones that fold twice and cost a lot.</p></aside><footer>Example Blog, Lyon</footer></body></html>",
            paragraph
        );
        let document = parse(&page, Format::Html, &none()).unwrap();
        let text = |b: &Block| document.text[b.span.clone()].trim().to_owned();
        let kept: Vec<_> = document.blocks.iter().filter(|b| b.kind != BlockKind::Furniture).collect();
        assert_eq!(document.title.as_deref(), Some("A week in Lyon"));
        assert_eq!(document.declared_language.as_deref(), Some("en"));
        assert_eq!(kept.first().map(|b| (b.kind, text(b))), Some((BlockKind::Heading(1), "A week in Lyon".to_owned())));
        assert!(kept.iter().any(|b| b.kind == BlockKind::Heading(2) && text(b) == "Networking"));
        assert_eq!(kept.iter().filter(|b| b.kind == BlockKind::ListItem).count(), 2);
        assert_eq!(kept.len(), 7, "{kept:?}");
    }

    #[test]
    fn a_fragment_is_read_whole() {
        let document = parse("<p>Een <b>kort</b> stuk.</p><ul><li>Falco</li></ul>", Format::Html, &none()).unwrap();
        assert_eq!(document.text, "Een kort stuk.\nFalco");
        assert_eq!(parse(" \u{FEFF}\n", Format::Text, &none()), Err(DocumentError::Empty));
        assert_eq!(parse("<p><img src=x></p>", Format::Html, &none()), Err(DocumentError::Empty));
    }
}
