//! One block model for plain text, Markdown and HTML.

use std::ops::Range;

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
