//! The compiled matchers of a catalog: all spellings of names, of event series and places, and all terms of themes, looked for in folded text
//! (see [`super::fold`]).
//!
//! Every occurrence is found, overlapping ones too; boundaries are checked first and the longest is chosen after that. To take the longest right
//! away would let a long name that turns out to be half a word hide the short one inside it.

mod grouped;
mod name_table;
mod names;
pub(crate) mod spellings;
mod surfaces;
mod themes;

pub use names::{NameHit, NameKind, NameMatcher, NamePattern, NameTarget};
pub use surfaces::{PlaceRef, SurfaceHit, SurfaceMatcher};
pub use themes::{TermHit, ThemeMatcher, ThemeTerms};
