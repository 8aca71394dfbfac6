//! Which projects and organisations a document names.

use std::ops::Range;

/// The names found in a document.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Projects, by first mention.
    pub projects: Vec<Found>,
    /// Organisations, by first mention.
    pub organizations: Vec<Found>,
}

/// A catalog entry with its accepted mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index into the catalog's projects or organisations.
    pub entry: usize,
    /// Where it is named; in text order, never empty.
    pub mentions: Vec<Mention>,
    /// First version named after it ("Linkerd 2.12").
    pub version: Option<String>,
}

/// A place in the text that names an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where it is in the text.
    pub span: Range<usize>,
    /// Index of its block.
    pub block: usize,
}
