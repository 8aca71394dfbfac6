//! One block model for plain text, Markdown and HTML: a string goes in, blocks with byte spans come out. Pure; no I/O.
//!
//! ```text
//! text --normalize--> text --guard--> html | markdown | text --> drafts --furniture--> drafts --assemble--> Document
//! ```

mod dom;
mod draft;
mod format;
mod front_matter;
mod furniture;
mod guard;
mod html;
mod markdown;
mod normalize;
mod patterns;
mod published;
mod shortcodes;
mod text;
mod title;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::catalog::LanguageData;
pub use format::detect as detect_format;
pub use guard::{MAX_BYTES, MAX_ELEMENTS, MAX_NESTING};

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
/// the text; [`MAX_BYTES`], [`MAX_NESTING`] and [`MAX_ELEMENTS`] limit what is read at all.
///
/// # Errors
///
/// [`DocumentError::Empty`] if there is nothing to read, [`DocumentError::TooComplex`] if a limit is exceeded.
pub fn parse(
    text: &str,
    format: Format,
    languages: &BTreeMap<String, LanguageData>,
) -> Result<Document, DocumentError> {
    guard::size(text)?;
    let normal = normalize::text(text);
    if normal.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    let mut parsed = match format {
        Format::Text => text::parse(&normal),
        Format::Markdown => markdown::parse(&normal)?,
        Format::Html => html::parse(&normal)?,
    };
    furniture::mark(&mut parsed.drafts, parsed.title.as_deref(), languages);
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
    /// Links in it: the text that is linked and the address.
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
