//! Which language a document is in.

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
