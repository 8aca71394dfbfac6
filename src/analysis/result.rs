//! What an analysis says, and what may be said beforehand.

/// What the author of a resource knows beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    /// ISO 639-1 code that overrides detection.
    pub language: Option<String>,
    /// What is known about the event.
    pub event: EventHints,
    /// The most words the summary may have.
    pub summary_max_words: usize,
}

impl Default for Hints {
    fn default() -> Self {
        Self { language: None, event: EventHints::default(), summary_max_words: 120 }
    }
}

/// What is known about the event beforehand; each field overrides what the text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventHints {
    /// Name of the series.
    pub name: Option<String>,
    /// Edition, for example "Europe 2024".
    pub edition: Option<String>,
    /// Year of the edition.
    pub year: Option<i32>,
    /// City, in English.
    pub location: Option<String>,
    /// First day, as YYYY-MM-DD.
    pub start_date: Option<String>,
    /// Last day, as YYYY-MM-DD.
    pub end_date: Option<String>,
}

/// What a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// ISO 639-1 code, or "und".
    pub language: String,
    /// Title of the report.
    pub title: Option<String>,
    /// Words outside furniture.
    pub words: usize,
    /// The event, where one was found.
    pub event: Option<Event>,
    /// Whole sentences of the report, in its order.
    pub summary: String,
    /// Most mentioned first, then by name. Not capped.
    pub projects: Vec<ProjectHit>,
    /// Most mentioned first, then by name. Not capped.
    pub organizations: Vec<OrganizationHit>,
    /// Strongest first, then by name.
    pub themes: Vec<ThemeHit>,
}

/// The event that a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Name of the series.
    pub name: Option<String>,
    /// Edition, for example "Europe 2024".
    pub edition: Option<String>,
    /// Year of the edition.
    pub year: Option<i32>,
    /// City, in English.
    pub location: Option<String>,
    /// First day, as YYYY-MM-DD.
    pub start_date: Option<String>,
    /// Last day, as YYYY-MM-DD.
    pub end_date: Option<String>,
    /// Names of the fields above (as in the resource's status: "startDate") that follow from the text without being stated in it.
    pub inferred: Vec<&'static str>,
}

/// A project that is mentioned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectHit {
    /// Name that is reported.
    pub name: String,
    /// Category, as in the landscape.
    pub category: Option<String>,
    /// CNCF maturity.
    pub maturity: Option<String>,
    /// Home page.
    pub homepage: Option<String>,
    /// First version named after it.
    pub version: Option<String>,
    /// Project that it is a part of.
    pub parent: Option<String>,
    /// Number of mentions.
    pub mentions: usize,
    /// A sentence that names it, verbatim.
    pub evidence: String,
}

/// An organisation that is mentioned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationHit {
    /// Name that is reported.
    pub name: String,
    /// Number of mentions.
    pub mentions: usize,
    /// A sentence that names it, verbatim.
    pub evidence: String,
}

/// A theme that the report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeHit {
    /// Id.
    pub name: String,
    /// Title in English.
    pub title: String,
    /// 0 to 100.
    pub score: u32,
    /// Number of terms found.
    pub mentions: usize,
    /// The most telling sentence, verbatim.
    pub evidence: String,
}
