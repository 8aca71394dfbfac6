//! Sentences of the blocks that are analysed.

use std::ops::Range;

/// A sentence, or a heading or list item that stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Where it is in [`super::Document::text`].
    pub span: Range<usize>,
    /// Index of its block.
    pub block: usize,
}
