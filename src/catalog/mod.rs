//! What the analysis knows: put together from the data files in `catalog/` and compiled when the program is built, with ReportCatalogs on top
//! where there are any.

mod builtin;
pub mod check;
pub mod conflicts;
mod entries;
pub mod fold;
pub mod matcher;
mod merge;
mod model;
mod overlay;
pub mod raw;
mod shared;
pub mod size;
pub mod surfaces;

pub(crate) use matcher::spellings;
pub use matcher::{NameHit, NameKind, NameMatcher, NamePattern, NameTarget, PlaceRef, SurfaceHit, TermHit, ThemeTerms};
pub use model::{
    Area, Catalog, City, Edition, LanguageData, Matching, Organization, Places, Project, Series, Surface, Term, Theme,
};
pub use shared::Shared;
