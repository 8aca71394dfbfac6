//! Front matter of Markdown files: title, language and day of publication, from YAML between `---` or TOML between `+++`. Pure.
//!
//! Only a few simple keys are wanted, so lines are read, not YAML: a damaged front matter must not make a report unreadable.

/// What the front matter says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub title: Option<String>,
    pub language: Option<String>,
    pub published: Option<jiff::civil::Date>,
}

/// The longest front matter, in lines.
const MAX_LINES: usize = 400;

/// Takes the front matter off the start of a text.
pub(super) fn split(text: &str) -> (FrontMatter, &str) {
    let body = text.trim_start();
    let fence = body.lines().next().unwrap_or_default().trim_end();
    if fence != "---" && fence != "+++" {
        return (FrontMatter::default(), text);
    }
    let mut lines: Vec<&str> = Vec::new();
    let mut at = 0;
    for (index, line) in body.split_inclusive('\n').enumerate() {
        at += line.len();
        if index == 0 {
            continue;
        }
        let trimmed = line.trim_end();
        if trimmed == fence || (fence == "---" && trimmed == "...") {
            // Two rules with prose between them are no front matter.
            if !lines.iter().any(|l| key_of(l).is_some()) && lines.iter().any(|l| !l.trim().is_empty()) {
                return (FrontMatter::default(), text);
            }
            return (read(&lines), body.get(at..).unwrap_or_default());
        }
        if index > MAX_LINES {
            break;
        }
        lines.push(trimmed);
    }
    (FrontMatter::default(), text)
}

/// Key and value of a line that starts at the first column.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(['=', ':'])?;
    let key = key.trim_end().trim_matches('"');
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    plain.then_some((key, value.trim()))
}

fn read(lines: &[&str]) -> FrontMatter {
    let mut found = FrontMatter::default();
    for (index, line) in lines.iter().enumerate() {
        let Some((key, value)) = key_of(line) else { continue };
        let value = || {
            let text = match value.trim_start_matches(['>', '|', '-', '+']).trim() {
                "" => folded(lines.get(index + 1..).unwrap_or_default()),
                _ => scalar(value),
            };
            Some(without_tags(&text)).filter(|v| !v.is_empty())
        };
        match key.to_ascii_lowercase().as_str() {
            "title" if found.title.is_none() => found.title = value(),
            "lang" | "language" | "locale" if found.language.is_none() => found.language = value(),
            "date" | "published" | "pubdate" | "publishdate" | "published_at" | "publishedat"
                if found.published.is_none() =>
            {
                found.published = value().as_deref().and_then(super::published::day);
            }
            _ => {}
        }
    }
    found
}

/// The indented lines that follow a key without a value.
fn folded(lines: &[&str]) -> String {
    let indented = lines.iter().take_while(|l| l.starts_with([' ', '\t']) && !l.trim_start().starts_with("- "));
    scalar(&indented.map(|l| l.trim()).collect::<Vec<_>>().join(" "))
}

/// Takes the quotes off a value, or the comment behind it.
fn scalar(value: &str) -> String {
    let value = value.trim();
    if let Some(rest) = value.strip_prefix('"') {
        let inner = closing(rest, '"').unwrap_or(rest);
        return inner.replace("\\\"", "\"").replace("\\\\", "\\");
    }
    if let Some(rest) = value.strip_prefix('\'') {
        return closing(rest, '\'').unwrap_or(rest).replace("''", "'");
    }
    value.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// The text up to the quote that closes it, where a backslash (or doubling it) hides a quote.
fn closing(text: &str, quote: char) -> Option<&str> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                chars.next();
            } else {
                return text.get(..at);
            }
        }
    }
    None
}

/// Titles carry entities and tags now and then.
fn without_tags(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.trim().to_owned();
    }
    let fragment = dom_query::Document::fragment(text);
    fragment.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_and_language_are_read() {
        let table = [
            (
                "---\ntitle: \"KubeCon: een \\\"korte\\\" week\"\nlang: nl\n---\nTekst",
                Some("KubeCon: een \"korte\" week"),
                Some("nl"),
                "Tekst",
            ),
            ("---\ntitle: 'It''s over'\n---\n\nText", Some("It's over"), None, "\nText"),
            ("---\ntitle: Two words # comment\ntags:\n  - a\n---\nText", Some("Two words"), None, "Text"),
            ("---\ntitle: >-\n  Folded\n  title\nauthor: x\n---\nText", Some("Folded title"), None, "Text"),
            ("+++\ntitle = \"Retour\"\nlanguage = 'fr'\n[extra]\n+++\nTexte", Some("Retour"), Some("fr"), "Texte"),
            ("---\ntitle: A &#8211; <span>B</span>\n---\nText", Some("A – B"), None, "Text"),
            ("---\n\nJust a rule and prose.\n\n---\nText", None, None, "---\n\nJust a rule and prose.\n\n---\nText"),
            ("---\ntitle: never closed\n\nText", None, None, "---\ntitle: never closed\n\nText"),
            ("No front matter", None, None, "No front matter"),
        ];
        for (text, title, language, body) in table {
            let (found, rest) = split(text);
            assert_eq!(found.title.as_deref(), title, "{text:?}");
            assert_eq!(found.language.as_deref(), language, "{text:?}");
            assert_eq!(rest, body);
        }
    }
}
