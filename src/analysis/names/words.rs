//! The words right before and behind a name that speak for or against it, in five languages. Data and look-ups; pure functions.

use crate::analysis::language::Language;

/// Words for software that may stand right before its name: "the CNCF project Keep", "das Werkzeug Score", "l'outil Clair".
const APPOSITIONS: &[&str] = &[
    "project",
    "projekt",
    "projekts",
    "projet",
    "proyecto",
    "tool",
    "tools",
    "werkzeug",
    "outil",
    "herramienta",
    "framework",
    "operator",
    "operador",
    "controller",
    "plugin",
    "software",
    "logiciel",
    "projecten",
    "projects",
    "projekte",
    "projets",
    "proyectos",
    "bibliothek",
    "library",
    "scanner",
    "distro",
    "distribution",
];

/// Words for software that may stand right behind its name: "the Keep project".
const POSTPOSITIONS: &[&str] =
    &["project", "projekt", "operator", "controller", "maintainers", "maintainer", "cli", "plugin"];

/// Words that qualify such a word as one of ours.
const QUALIFIERS: &[&str] = &[
    "cncf",
    "kubernetes",
    "open source",
    "opensource",
    "sandbox",
    "incubating",
    "graduated",
    "gitops",
    "k8s",
    "cloud native",
    "source",
    "native",
];

/// Whether the words before a name present it as software; `strict` asks for a qualifier too ("CNCF project").
pub(super) fn presented(before: &str, strict: bool) -> bool {
    let folded = crate::catalog::fold::fold(tail(before, 60));
    let trimmed = folded.trim_end_matches([' ', '"', '\'', ':', '“', '„', '«', '‘']);
    let mut words = trimmed.rsplit([' ', '\'', '/']);
    let Some(last) = words.next() else { return false };
    if !APPOSITIONS.contains(&last) {
        return false;
    }
    !strict || words.take(4).any(|word| QUALIFIERS.contains(&word))
}

/// Whether the words behind a name present it as software.
pub(super) fn presented_behind(after: &str) -> bool {
    let after = after.trim_start_matches([' ', '-', '"', '”', '“', '\'', '’']);
    let word: String = after.chars().take_while(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    POSTPOSITIONS.contains(&word.as_str())
}

/// The last bytes of a text, at most about `bytes`, cut at a character boundary.
pub(super) fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while start < text.len() && !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

/// Articles; a name after one is rather a word.
const ARTICLES: &[&str] = &[
    "a", "an", "the", "een", "de", "het", "ein", "eine", "einen", "einem", "einer", "eines", "der", "die", "das",
    "den", "dem", "des", "un", "une", "le", "la", "les", "du", "el", "los", "las", "una", "unos", "unas", "al", "del",
    "au", "aux", "im", "zum", "zur", "vom", "beim", "our", "their", "this", "that", "my", "your", "his", "her", "its",
    "deze", "dit", "onze", "hun", "diese", "dieser", "dieses", "unser", "ihr", "ce", "cette", "notre", "leur", "este",
    "esta", "su", "nuestro",
];

/// Whether a word is an article of a language or stands in place of one. "de" is one in Dutch alone: in French and Spanish it means "of", and what
/// follows is as often a name.
pub(super) fn is_article(word: &str, language: Language) -> bool {
    let word = word.to_lowercase();
    let preposition = word == "de" && matches!(language, Language::Fr | Language::Es);
    !preposition && ARTICLES.contains(&word.as_str())
}

/// Prepositions after which a company stands: "CTO of", "Entwickler bei", "chez".
const AT: &[&str] = &[
    "at", "from", "of", "with", "by", "bei", "von", "van", "bij", "chez", "de", "en", "para", "door", "met", "mit",
    "durch", "@", "for",
];

/// Whether a word may join a position to a company.
pub(super) fn joins_company(word: &str) -> bool {
    AT.contains(&word.to_lowercase().as_str())
}

/// Words for a cluster, and what may stand between one and the software that it was made with.
const CLUSTERS: &[&str] = &["cluster", "clusters", "clustern", "clúster", "clústeres", "grappe", "grappes"];
const MADE_WITH: &[&str] = &["of", "with", "by", "van", "met", "von", "mit", "de", "avec", "sous", "con", "en"];

/// Whether the words before a name are "a cluster of".
pub(super) fn cluster_of(before: &str) -> bool {
    let mut words = before.trim_end().rsplit(' ').map(str::to_lowercase);
    before.ends_with(' ')
        && words.next().is_some_and(|word| MADE_WITH.contains(&word.as_str()))
        && words.next().is_some_and(|word| CLUSTERS.contains(&word.as_str()))
}

/// Whether a name is followed by the word for a cluster: "kind cluster", "k3d-Cluster".
pub(super) fn is_cluster(behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix([' ', '-']) else { return false };
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    CLUSTERS.contains(&word.as_str())
}

/// Verbs right before a preposition and a company: "they come from", "arbeitet bei".
const COMES_OR_WORKS: &[&str] = &[
    "come",
    "comes",
    "came",
    "coming",
    "work",
    "works",
    "worked",
    "working",
    "employed",
    "joined",
    "left",
    "acquired",
    "komt",
    "komen",
    "kwam",
    "kwamen",
    "werkt",
    "werken",
    "werkte",
    "werkzaam",
    "kommt",
    "kommen",
    "kam",
    "kamen",
    "arbeitet",
    "arbeiten",
    "arbeitete",
    "vient",
    "viennent",
    "venait",
    "travaille",
    "travaillent",
    "travaillait",
    "viene",
    "vienen",
    "trabaja",
    "trabajan",
    "trabajaba",
];

/// Whether a word before a preposition says that a company follows.
pub(super) fn comes_or_works(word: &str) -> bool {
    COMES_OR_WORKS.contains(&word.to_lowercase().as_str())
}

/// What speakers do, in the third person: right behind a name they speak for a company.
const SPEAKS: &[&str] = &[
    "told",
    "tells",
    "showed",
    "shows",
    "explained",
    "explains",
    "presented",
    "presents",
    "demoed",
    "demonstrated",
    "described",
    "reported",
    "shared",
    "admitted",
    "claimed",
    "promised",
    "vertelde",
    "vertelt",
    "toonde",
    "toont",
    "presenteerde",
    "presenteert",
    "demonstreerde",
    "beloofde",
    "deelde",
    "liet",
    "legde",
    "erzählte",
    "erzählt",
    "zeigte",
    "zeigt",
    "präsentierte",
    "präsentiert",
    "berichtete",
    "berichtet",
    "schilderte",
    "schildert",
    "erklärte",
    "erklärt",
    "verspricht",
    "stellte",
    "raconte",
    "racontait",
    "montre",
    "montrait",
    "présente",
    "présentait",
    "explique",
    "expliquait",
    "détaille",
    "promet",
    "contó",
    "cuenta",
    "mostró",
    "muestra",
    "presentó",
    "presenta",
    "explicó",
    "explica",
    "compartió",
    "enseñó",
];

/// Whether a word, in lower case, is what speakers do.
pub(super) fn speaks(word: &str) -> bool {
    SPEAKS.contains(&word)
}

/// Prepositions after which hardly anything but people and their companies stand.
pub(super) fn is_chez(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "bei" | "bij" | "chez" | "@")
}

/// Prepositions before a place.
const TO: &[&str] = &[
    "in", "at", "to", "from", "near", "nach", "aus", "naar", "uit", "te", "à", "en", "de", "vers", "depuis", "a",
    "desde", "hasta", "bei", "bij",
];

/// Whether a word may stand before a place.
pub(super) fn joins_place(word: &str) -> bool {
    TO.contains(&word.to_lowercase().as_str())
}

/// Titles before a person's name.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "herr", "frau", "herrn", "mevrouw", "meneer", "dhr", "mevr", "monsieur", "madame",
    "mme", "señor", "señora", "sr", "sra", "sir",
];

/// Whether a word is a title of a person.
pub(super) fn is_title(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase) && TITLES.contains(&word.to_lowercase().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_presented_by_the_words_around_them() {
        assert!(presented("das CNCF-Projekt „", true));
        assert!(presented("the open source tool ", true));
        assert!(!presented("the project ", true));
        assert!(presented("l'outil ", false));
        assert!(!presented("to ", false));
        assert!(presented_behind(" project was"));
        assert!(!presented_behind(" projections"));
    }

    #[test]
    fn persons_are_known_by_titles() {
        assert!(is_title("Herr") && is_title("Dr.") && !is_title("the"));
    }
}
