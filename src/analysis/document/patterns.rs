//! What a single line looks like: a date, a byline, a counter, a menu. Pure; lines in, yes or no out.
//!
//! Only shapes that hold in every language and a few short word lists are kept here; phrases of a language come from the catalog.

/// Marks that end a sentence.
const ENDS: [char; 6] = ['.', '!', '?', '…', '。', '؟'];
/// Marks that may stand behind the end of a sentence.
const CLOSERS: [char; 10] = ['"', '\'', '”', '’', '»', '“', ')', ']', '*', '›'];
/// Separators within bylines, breadcrumbs and menus on one line.
const SEPARATORS: [char; 9] = ['•', '|', '·', '»', '›', '>', '–', '—', '-'];

/// Whether a line ends like a sentence.
pub(super) fn ends_sentence(line: &str) -> bool {
    line.trim_end_matches(CLOSERS).trim_end().ends_with(ENDS)
}

/// Whether a line ends with a full stop, an exclamation mark or an ellipsis: titles of teasers end with a question mark too.
pub(super) fn ends_sentence_firmly(line: &str) -> bool {
    ends_sentence(line) && !line.trim_end_matches(CLOSERS).ends_with('?')
}

/// Number of words.
pub(super) fn words(line: &str) -> usize {
    line.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count()
}

/// Whether a line has at most this many words; a long one is not read to its end.
pub(super) fn has_at_most(line: &str, most: usize) -> bool {
    line.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).nth(most).is_none()
}

/// A "date 2022-10" that a content system left in front of the first sentence, and the rest of the text.
pub(super) fn junk_prefix(text: &str) -> Option<(&str, &str)> {
    let trimmed = text.trim_start();
    let (word, rest) = trimmed.split_once(char::is_whitespace)?;
    let known = ["date", "datum", "fecha", "published", "gepubliceerd"];
    if !known.contains(&word.trim_end_matches(':').to_lowercase().as_str()) {
        return None;
    }
    let (date, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    matches!(shape.as_str(), "0000-00" | "0000-00-00" | "00-00-0000" | "00/00/0000" | "00.00.0000")
        .then(|| (trimmed.get(..trimmed.len() - rest.len()).unwrap_or_default(), rest))
}

/// A lone date, or a date with a short name beside it ("23/05/2022 • Team X"). A range of days is not one: it may be the event's.
pub(super) fn is_date_line(line: &str, is_month: &dyn Fn(&str) -> bool, is_weekday: &dyn Fn(&str) -> bool) -> bool {
    if line.chars().count() > 80 || line.ends_with(':') {
        return false;
    }
    let lower = line.to_lowercase();
    let mut days = 0;
    let mut months = 0;
    let mut years = 0;
    let mut names = 0;
    for token in lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '•' | '|' | '·')) {
        let token = token.trim_matches(['.', ':', '–', '—']);
        match token {
            "" | "de" | "del" | "of" | "om" | "um" | "uhr" | "at" | "à" | "le" | "den" | "am" | "op" | "on" | "the"
            | "-" | "el" | "a" => {}
            "published" | "posted" | "updated" | "gepubliceerd" | "geplaatst" | "veröffentlicht" | "publié"
            | "publicado" => {}
            "pm" | "uur" | "gmt" | "utc" | "cet" | "cest" | "st" | "nd" | "rd" | "th" => {}
            "bis" | "tot" | "to" | "t/m" | "al" | "au" | "und" | "en" | "and" | "et" | "y" => return false,
            _ if is_month(token) => months += 1,
            _ if is_weekday(token) => {}
            _ if is_clock(token) => {}
            _ => match numeric_date(token) {
                Some(parts) if parts >= 3 => {
                    days += 1;
                    months += 1;
                    years += 1;
                }
                Some(_) => return false,
                None => match number(token) {
                    Some(1..=31) => days += 1,
                    Some(1990..=2099) => years += 1,
                    Some(_) => return false,
                    None => names += 1,
                },
            },
        }
    }
    let dated = days == 1 && months == 1 && years <= 1 || days == 0 && months == 1 && years == 1;
    let parted = line.contains(['•', '|', '·']);
    dated && (names == 0 || (parted && names <= 5))
}

fn is_clock(token: &str) -> bool {
    let digits = token.trim_end_matches(['h', 'z']);
    digits.contains(':') && digits.chars().all(|c| c.is_ascii_digit() || c == ':')
}

/// Number of parts of a date in digits ("2022-10-26", "23/05/2022").
fn numeric_date(token: &str) -> Option<usize> {
    let token = token.split('t').next().unwrap_or_default();
    let separator = ['-', '/', '.'].into_iter().find(|s| token.contains(*s))?;
    let parts: Vec<&str> = token.split(separator).collect();
    parts.iter().all(|p| !p.is_empty() && p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit())).then_some(parts.len())
}

/// A number, with or without an ordinal ending.
fn number(token: &str) -> Option<u32> {
    let digits =
        ["st", "nd", "rd", "th", "er", "e", "º"].into_iter().find_map(|s| token.strip_suffix(s)).unwrap_or(token);
    digits.parse().ok()
}

/// "5 min read", "Leestijd: 4 minuten": a duration and hardly anything else.
pub(super) fn is_reading_time(line: &str) -> bool {
    if !has_at_most(line, 8) {
        return false;
    }
    let lower = line.to_lowercase();
    let minutes = ["min", "mins", "min.", "minuten", "minutes", "minute", "minutos", "minuto", "minuut", "minutos."];
    let reading = ["read", "lees", "lese", "lire", "lecture", "lectura", "lezen"];
    lower.chars().any(|c| c.is_ascii_digit())
        && reading.iter().any(|r| lower.contains(r))
        && lower.split(|c: char| !c.is_alphabetic() && c != '.').any(|w| minutes.contains(&w))
}

/// "0 Kommentare", "Know-how – 3 comments": a count of reactions.
pub(super) fn is_counter(line: &str) -> bool {
    const COUNTED: [&str; 26] = [
        "comment",
        "comments",
        "reactie",
        "reacties",
        "kommentar",
        "kommentare",
        "commentaire",
        "commentaires",
        "comentario",
        "comentarios",
        "likes",
        "shares",
        "views",
        "replies",
        "weergaven",
        "aufrufe",
        "vues",
        "visitas",
        "respuestas",
        "réponses",
        "réactions",
        "antwoorden",
        "antworten",
        "claps",
        "retweets",
        "vistas",
    ];
    // A word has at least one token.
    if !has_at_most(line, 6) || !line.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let lower = line.to_lowercase();
    let tokens: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|t| !t.is_empty()).collect();
    tokens.len() <= 6
        && tokens
            .windows(2)
            .any(|pair| matches!(pair, [n, what] if n.bytes().all(|b| b.is_ascii_digit()) && COUNTED.contains(what)))
}

/// "By Jane Doe", "Door: Jan de Vries": a preposition of authorship and a name.
pub(super) fn is_byline(line: &str) -> bool {
    let mut tokens = line.split_whitespace();
    let first = tokens.next().unwrap_or_default().trim_end_matches(':');
    if !["By", "by", "BY", "Door", "door", "Von", "von", "Par", "par", "Por", "por"].contains(&first)
        || ends_sentence(line)
    {
        return false;
    }
    let names: Vec<&str> = tokens.map(|t| t.trim_matches(',')).filter(|t| !t.is_empty()).collect();
    (1..=20).contains(&names.len())
        && names.iter().all(|n| {
            let small =
                ["van", "de", "der", "den", "von", "and", "en", "und", "et", "y", "du", "la", "&", "|", "•", "·", "-"];
            small.contains(n) || n.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
        })
}

/// A line of details about the text: at least two of author, date, reading time and count, between separators
/// ("By Jane Doe · 3 May 2019 · 5 min read").
pub(super) fn is_details(line: &str, is_date: &dyn Fn(&str) -> bool) -> bool {
    if line.chars().count() > 200 || ends_sentence(line) {
        return false;
    }
    let pieces: Vec<&str> = SEPARATORS
        .into_iter()
        .filter(|separator| line.contains(*separator))
        .map(|separator| line.split(format!(" {separator} ").as_str()).map(str::trim).collect::<Vec<_>>())
        .max_by_key(Vec::len)
        .unwrap_or_default();
    let is_author = |p: &str| {
        let mut rest = p.chars();
        // "door Jan de Vries, team X": what follows a comma may be anything short.
        let person = p.split(',').next().unwrap_or(p);
        rest.next().is_some() && is_byline(person)
    };
    let details =
        pieces.iter().filter(|p| is_date(p) || is_reading_time(p) || is_duration(p) || is_author(p) || is_counter(p));
    pieces.len() >= 2 && details.count() >= 2
}

/// "leestijd 8 minuten", "8 min": a number of minutes and little else.
fn is_duration(piece: &str) -> bool {
    let lower = piece.to_lowercase();
    words(piece) <= 4 && lower.contains("min") && lower.chars().any(|c| c.is_ascii_digit())
}

/// "— Jane Doe (@jane) May 2, 2018": who wrote an embedded post.
pub(super) fn is_post_author(line: &str) -> bool {
    line.starts_with(['—', '–', '-']) && line.contains("(@") && words(line) <= 14
}

/// A sentence about what somebody does for a living.
pub(super) fn is_about_person(line: &str) -> bool {
    const ROLES: [&str; 34] = [
        "editor",
        "writer",
        "journalist",
        "author",
        "engineer",
        "developer",
        "architect",
        "consultant",
        "manager",
        "advocate",
        "evangelist",
        "founder",
        "cto",
        "ceo",
        "lead",
        "analyst",
        "blogger",
        "redacteur",
        "schrijver",
        "ontwikkelaar",
        "adviseur",
        "journaliste",
        "rédacteur",
        "ingénieur",
        "développeur",
        "autor",
        "autorin",
        "entwickler",
        "entwicklerin",
        "redakteur",
        "redakteurin",
        "ingeniero",
        "ingeniera",
        "desarrollador",
    ];
    let lower = line.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .take(30)
        .any(|w| ROLES.contains(&w) || matches!(w, "he" | "she" | "his" | "her"))
}

/// A row of two to five capitalised words without an end: a person's name stands so above a short biography.
pub(super) fn is_name(line: &str) -> bool {
    let tokens: Vec<&str> = line.split_whitespace().collect();
    let small = ["van", "de", "der", "den", "von", "du", "la", "le", "ten", "ter", "el", "da", "dos"];
    (2..=5).contains(&tokens.len())
        && tokens.iter().all(|t| {
            small.contains(t)
                || t.chars().next().is_some_and(char::is_uppercase)
                    && t.chars().all(|c| c.is_alphabetic() || "-'’.".contains(c))
        })
}

/// Only hash tags.
pub(super) fn is_hash_tags(line: &str) -> bool {
    let mut tokens = line.split_whitespace().peekable();
    tokens.peek().is_some() && tokens.all(|t| t.len() > 1 && t.starts_with('#') && !t.starts_with("##"))
}

/// Only addresses.
pub(super) fn is_address(line: &str) -> bool {
    let mut tokens = line.split_whitespace().peekable();
    tokens.peek().is_some()
        && tokens.all(|t| t.starts_with("http://") || t.starts_with("https://") || t.starts_with("www."))
}

/// "Home > Blog > Events", "Home | Blog | Contact": short pieces between equal separators.
pub(super) fn is_trail(line: &str) -> bool {
    if line.chars().count() > 140 || ends_sentence(line) || line.contains(':') {
        return false;
    }
    SEPARATORS.into_iter().any(|separator| {
        let spaced = format!(" {separator} ");
        let pieces: Vec<&str> = line.split(spaced.as_str()).collect();
        let least = if matches!(separator, '»' | '›' | '>') { 3 } else { 4 };
        pieces.len() >= least
            && pieces.iter().take(pieces.len() - 1).all(|p| (1..=3).contains(&words(p)) && p.chars().count() <= 25)
    })
}

/// "© 2022 Example".
pub(super) fn is_legal(line: &str) -> bool {
    let begins = |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    line.starts_with('©') || begins("(c) 20") || begins("copyright ") && has_at_most(line, 12)
}

/// Capital letters only, as labels of categories are written.
pub(super) fn is_label(line: &str) -> bool {
    line.chars().count() <= 60
        && line.chars().any(char::is_alphabetic)
        && !line.chars().any(|c| c.is_lowercase() || c.is_ascii_digit())
        && !ends_sentence(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(token: &str) -> bool {
        ["mei", "may", "mai", "mayo", "october", "okt", "oct", "maart"].contains(&token)
    }

    #[test]
    fn lines_are_told_apart() {
        type Check = (fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);
        let table: [Check; 10] = [
            (
                |l| is_date_line(l, &month, &|d| d == "monday"),
                &[
                    "23/05/2022 • Team Wolk",
                    "2022-10-26",
                    "12 mei 2023",
                    "May 3, 2019 at 10:15",
                    "le 4 mai 2018",
                    "October 2016",
                    "Monday, 3 May 2019",
                    "3rd May 2019 | Jane Doe",
                ],
                &[
                    "19 – 22 maart 2024",
                    "19-22 maart 2024",
                    "Van 19 t/m 22 maart",
                    "2. bis 4. Mai 2018",
                    "KubeCon 12 May 2019",
                    "May",
                    "2024",
                    "Day 1",
                ],
            ),
            (
                is_reading_time,
                &["5 min read", "Leestijd: 4 minuten", "Temps de lecture : 6 min", "Lesezeit 3 Minuten"],
                &["It took 5 minutes", "Read this"],
            ),
            (
                is_counter,
                &["0 Kommentare", "Know-how – 3 comments", "12 reacties"],
                &["Comments on Kubernetes", "300 sessions"],
            ),
            (
                is_byline,
                &["By Jane Doe", "Door: Jan de Vries", "Von Max Muster"],
                &["By the way", "Par exemple, cela", "By 2027 it is done."],
            ),
            (
                |l| is_details(l, &|p| is_date_line(p, &month, &|_| false)),
                &[
                    "Von Birte Muster · 22. October 2025 · 9 Minuten Lesezeit",
                    "2 mei 2023 - leestijd 8 minuten - door Jan de Vries en Piet Smit, team Wolk",
                ],
                &["KubeCon Europe - 3 May 2019 - Barcelona", "Cilium - Falco - Istio"],
            ),
            (is_name, &["Jane Doe", "Klaas-Jan van der Berg"], &["Falco", "What we saw", "Jane Doe, CTO"]),
            (
                is_trail,
                &["Home > Blog > Events", "Home | Blog | About us | Contact"],
                &["Cilium - Falco", "Security: A > B > C", "One thing - another - and a rather long third piece - x"],
            ),
            (is_hash_tags, &["#kubecon #cilium"], &["# Heading", "We are #1"]),
            (
                is_legal,
                &["© 2022 Voorbeeld", "Copyright Example 2020"],
                &["Copyright law was discussed at length in the hallway, and nobody agreed on anything."],
            ),
            (is_label, &["CLOUD & DIENSTEN", "NEWS"], &["KUBECON 2018", "News", "STOP!"]),
        ];
        for (check, yes, no) in table {
            for line in yes {
                assert!(check(line), "{line}");
            }
            for line in no {
                assert!(!check(line), "{line}");
            }
        }
    }

    #[test]
    fn a_date_fused_to_the_text_is_found() {
        assert_eq!(junk_prefix(" date 2022-10 Acht jaar"), Some(("date 2022-10 ", "Acht jaar")));
        assert_eq!(junk_prefix("Date palms grow here"), None);
        assert_eq!(junk_prefix(""), None);
    }
}
