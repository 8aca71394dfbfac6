//! Plain text: finds headings, paragraphs, list items, quotations, tables and code by the look of the lines. Pure.
//!
//! Two habits are told apart for the whole text: a paragraph on one line, or lines broken by hand at a column.

use super::draft::{Draft, Inline};
use super::{BlockKind, DocumentError, Parsed, guard, patterns};

/// The longest line, in characters, of a text that was broken by hand.
const MAX_WRAP: usize = 120;
/// The longest heading, in characters and words.
const MAX_HEADING: usize = 100;
const MAX_HEADING_WORDS: usize = 16;

/// Reads a plain text.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] if the guard refuses it.
pub(super) fn parse(text: &str) -> Result<Parsed, DocumentError> {
    guard::lines(text)?;
    let text = patterns::junk_prefix(text).map_or(text, |(_, rest)| rest);
    let lines: Vec<Line<'_>> = text.split('\n').map(Line::new).collect();
    let width = wrap_width(&lines);
    let mut units = Vec::new();
    let mut code: Option<String> = None;
    for (index, line) in lines.iter().enumerate() {
        if line.text.starts_with("```") {
            code = match code.take() {
                None => Some(String::new()),
                Some(done) => {
                    units.push(Unit::new(Kind::Code, done));
                    None
                }
            };
        } else if let Some(code) = &mut code {
            code.push_str(line.raw);
            code.push('\n');
        } else {
            let before = index.checked_sub(1).and_then(|i| lines.get(i));
            add(&mut units, line, before, width);
        }
    }
    units.extend(code.map(|c| Unit::new(Kind::Code, c)));
    Ok(Parsed { drafts: drafts(&units), ..Parsed::default() })
}

/// A line without the space around it.
struct Line<'a> {
    raw: &'a str,
    text: &'a str,
    chars: usize,
    indent: usize,
}

impl<'a> Line<'a> {
    fn new(raw: &'a str) -> Self {
        let text = raw.trim();
        let indent = raw.chars().take_while(|c| c.is_whitespace()).count();
        Self { raw, text, chars: text.chars().count(), indent }
    }
}

/// What a line, or the lines that belong together, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Bullet,
    Number,
    Heading(u8),
    Quote,
    Row,
    Code,
}

/// Lines that belong together.
struct Unit {
    kind: Kind,
    text: String,
    /// A blank line stands before it.
    apart: bool,
}

impl Unit {
    fn new(kind: Kind, text: String) -> Self {
        Self { kind, text, apart: true }
    }
}

/// The column at which the lines of a text were broken by hand, if they were.
fn wrap_width(lines: &[Line<'_>]) -> Option<usize> {
    let long = lines.iter().filter(|l| l.chars > MAX_WRAP).count();
    let filled = lines.iter().filter(|l| l.chars > 0).count();
    if long * 5 > filled {
        return None;
    }
    let width = lines.iter().map(|l| l.chars).filter(|n| *n <= MAX_WRAP).max()?;
    let mut pairs = 0;
    let mut open = 0;
    for pair in lines.windows(2) {
        if let [line, next] = pair
            && next.chars > 0
            && line.chars >= 45
            && line.chars <= MAX_WRAP
            && marker(next.text).is_none()
        {
            pairs += 1;
            open += usize::from(!patterns::ends_sentence(line.text) && !line.text.ends_with(':'));
        }
    }
    (pairs >= 2 && open * 2 >= pairs).then_some(width)
}

/// The marker of a list item at the start of a line, and the text behind it.
fn marker(line: &str) -> Option<(Kind, &str)> {
    let mut chars = line.chars();
    let first = chars.next()?;
    if matches!(first, '•' | '●' | '◦' | '▪' | '‣' | '■' | '▸' | '►' | '·' | '∙' | '○' | '\u{F0B7}' | '➤' | '✓' | '✔')
    {
        return Some((Kind::Bullet, chars.as_str().trim_start())).filter(|(_, rest)| !rest.is_empty());
    }
    if matches!(first, '-' | '*' | '+' | '–' | '—') {
        let rest = chars.as_str();
        let spaced = rest.starts_with([' ', '\t']);
        return Some((Kind::Bullet, rest.trim_start())).filter(|(_, rest)| spaced && !rest.is_empty());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..)?.strip_prefix(['.', ')'])?;
    ((1..=2).contains(&digits) && rest.starts_with([' ', '\t']) && !rest.trim().is_empty())
        .then(|| (Kind::Number, rest.trim_start()))
}

/// A line that begins something of its own, whatever stands before it.
fn opening<'a>(line: &'a Line<'_>) -> Option<(Kind, &'a str)> {
    let text = line.text;
    let hashes = text.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes)
        && let Some(rest) = text.get(hashes..)
        && rest.starts_with(' ')
    {
        return Some((Kind::Heading(u8::try_from(hashes).unwrap_or(6)), rest.trim().trim_end_matches('#').trim_end()));
    }
    if let Some(rest) = text.strip_prefix('>') {
        return Some((Kind::Quote, rest.trim_start_matches('>').trim_start()));
    }
    if text.starts_with("$ ") {
        return Some((Kind::Code, text));
    }
    if let Some(found) = marker(text) {
        return Some(found);
    }
    let cells = text.split('\t').filter(|c| !c.trim().is_empty()).count();
    (cells >= 2).then_some((Kind::Row, text))
}

fn add(units: &mut Vec<Unit>, line: &Line<'_>, before: Option<&Line<'_>>, width: Option<usize>) {
    if line.text.is_empty() {
        return;
    }
    let apart = before.is_none_or(|b| b.text.is_empty());
    if let Some(level) = underline(line.text) {
        if let Some(last) = units.last_mut()
            && !apart
            && last.kind == Kind::Plain
            && !last.text.contains('\n')
            && last.text.chars().count() <= MAX_HEADING
        {
            last.kind = Kind::Heading(level);
        }
        return;
    }
    if let Some((kind, text)) = opening(line) {
        if let Some(last) = units.last_mut()
            && !apart
            && last.kind == kind
            && matches!(kind, Kind::Quote | Kind::Code)
        {
            last.text.push(if kind == Kind::Code { '\n' } else { ' ' });
            last.text.push_str(text);
            return;
        }
        units.push(Unit { kind, text: text.to_owned(), apart });
        return;
    }
    if let (Some(last), Some(before), false) = (units.last_mut(), before, apart)
        && goes_on(last, before, line, width)
    {
        last.text.push(' ');
        last.text.push_str(line.text);
        return;
    }
    units.push(Unit { kind: Kind::Plain, text: line.text.to_owned(), apart });
}

/// The level of a heading that is underlined by this line.
fn underline(text: &str) -> Option<u8> {
    let level = match text.bytes().next()? {
        b'=' => 1,
        b'-' | b'~' => 2,
        _ => return None,
    };
    let first = text.chars().next()?;
    (text.len() >= 3 && text.chars().all(|c| c == first)).then_some(level)
}

/// Whether a line continues the unit that the line before it belongs to.
fn goes_on(last: &Unit, before: &Line<'_>, line: &Line<'_>, width: Option<usize>) -> bool {
    match last.kind {
        Kind::Plain => {}
        Kind::Bullet | Kind::Number => {
            if line.indent > before.indent && marker(before.text).is_some() {
                return true;
            }
            if marker(before.text).is_none() && line.indent == before.indent && line.indent > 0 {
                return true;
            }
        }
        _ => return false,
    }
    let lower = line.text.chars().next().is_some_and(char::is_lowercase);
    if lower && before.chars >= 30 && !patterns::ends_sentence(before.text) {
        return true;
    }
    let Some(width) = width else { return false };
    // A line was broken because the next word did not fit; otherwise its author ended it.
    let next_word = line.text.split_whitespace().next().map_or(0, |w| w.chars().count());
    let slack = width / 10;
    before.chars + 1 + next_word + slack > width && before.chars <= MAX_WRAP
}

/// Guesses headings and turns the units into drafts.
fn drafts(units: &[Unit]) -> Vec<Draft> {
    let mut out = Vec::new();
    let mut text_seen = false;
    for (index, unit) in units.iter().enumerate() {
        let after = units.get(index + 1);
        let mut guessed = false;
        let kind = match unit.kind {
            Kind::Plain if is_heading(unit, after) => {
                guessed = true;
                BlockKind::Heading(if text_seen { 2 } else { 1 })
            }
            Kind::Number if unit.apart && is_heading(unit, after) && after.is_some_and(|a| a.apart && is_body(a)) => {
                guessed = true;
                BlockKind::Heading(2)
            }
            Kind::Plain => BlockKind::Paragraph,
            Kind::Bullet | Kind::Number => BlockKind::ListItem,
            Kind::Heading(level) => BlockKind::Heading(level),
            Kind::Quote => BlockKind::Quote,
            Kind::Row => BlockKind::TableRow,
            Kind::Code => BlockKind::Code,
        };
        text_seen |= matches!(kind, BlockKind::Heading(_)) || patterns::ends_sentence(&unit.text);
        let from = out.len();
        match kind {
            BlockKind::Code => out.extend(Draft::new(kind, &unit.text)),
            BlockKind::TableRow => {
                let cells: Vec<&str> = unit.text.split('\t').map(str::trim).filter(|c| !c.is_empty()).collect();
                out.extend(Draft::new(kind, &cells.join("\t")));
            }
            kind => {
                let mut inline = Inline::default();
                inline.push(&unit.text);
                // Plain text has no strong words; the collector must not take a line for one.
                inline.finish(kind, &mut out);
            }
        }
        for draft in out.iter_mut().skip(from) {
            draft.guessed = guessed;
        }
    }
    out
}

/// A short line without an end that stands before longer text.
fn is_heading(unit: &Unit, after: Option<&Unit>) -> bool {
    let text = unit.text.as_str();
    let Some(after) = after else { return false };
    if text.chars().count() > MAX_HEADING
        || text.split_whitespace().count() > MAX_HEADING_WORDS
        || !text.chars().any(char::is_alphabetic)
        || text.ends_with(['.', '!', ',', ';', ':', '…', '”', '"', ')'])
        || text.starts_with(['(', '“', '"', '@', '#'])
        || (begins_small(text) && patterns::words(text) > 3)
    {
        return false;
    }
    match after.kind {
        Kind::Plain => {
            is_body(after) || (after.apart && unit.apart) || after.text.chars().count() > text.chars().count() * 2
        }
        Kind::Row => false,
        _ => true,
    }
}

/// Whether a line begins with a small letter, and not with a name that is written so ("eBPF").
fn begins_small(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    word.starts_with(char::is_lowercase) && !word.chars().any(|c| c.is_uppercase() || c.is_ascii_digit())
}

/// Text that a heading may stand above.
fn is_body(unit: &Unit) -> bool {
    let text = unit.text.as_str();
    unit.kind == Kind::Plain
        && (patterns::ends_sentence(text) || text.ends_with(':') || text.chars().count() > MAX_HEADING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::*;

    fn blocks(text: &str) -> Vec<(BlockKind, String)> {
        parse(text).unwrap().drafts.into_iter().map(|d| (d.kind, d.text)).collect()
    }

    fn check(text: &str, expected: &[(BlockKind, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(k, t)| (*k, (*t).to_owned())).collect();
        assert_eq!(blocks(text), expected, "{text}");
    }

    #[test]
    fn one_paragraph_a_line() {
        check(
            "Drie dagen in Gent\n\nHet was druk, en dat was te merken aan de rijen voor elke zaal.\nDe tweede dag ging over kosten.\n\nNetwerken\nCilium kreeg veel aandacht, vooral van banken.",
            &[
                (Heading(1), "Drie dagen in Gent"),
                (Paragraph, "Het was druk, en dat was te merken aan de rijen voor elke zaal."),
                (Paragraph, "De tweede dag ging over kosten."),
                (Heading(2), "Netwerken"),
                (Paragraph, "Cilium kreeg veel aandacht, vooral van banken."),
            ],
        );
    }

    #[test]
    fn lines_broken_by_hand_are_joined() {
        check(
            "The hallway was full of people who run clusters for a living and who\nwanted to know what an upgrade costs. Nobody had a good answer, but the\ntalk about rollbacks came close.\n\n* a first point that is long enough to be broken by hand at the column\n  and goes on here\n* a second point",
            &[
                (
                    Paragraph,
                    "The hallway was full of people who run clusters for a living and who wanted to know what an upgrade costs. Nobody had a good answer, but the talk about rollbacks came close.",
                ),
                (ListItem, "a first point that is long enough to be broken by hand at the column and goes on here"),
                (ListItem, "a second point"),
            ],
        );
    }

    #[test]
    fn lists_rows_quotes_code_and_underlined_headings() {
        check(
            "Resumen\n=======\n  • uno\n  • dos\n1. tres\n– cuatro\nHerramienta\tUso\nFalco\tseguridad\n> Una cita\n> larga\n$ kubectl get pods\n$ exit\n## Fin ##\nAdiós.",
            &[
                (Heading(1), "Resumen"),
                (ListItem, "uno"),
                (ListItem, "dos"),
                (ListItem, "tres"),
                (ListItem, "cuatro"),
                (TableRow, "Herramienta\tUso"),
                (TableRow, "Falco\tseguridad"),
                (Quote, "Una cita larga"),
                (Code, "$ kubectl get pods\n$ exit"),
                (Heading(2), "Fin"),
                (Paragraph, "Adiós."),
            ],
        );
    }

    #[test]
    fn a_short_last_line_is_no_heading() {
        check(
            "Une phrase entière, avec un point.\n\nÀ bientôt",
            &[(Paragraph, "Une phrase entière, avec un point."), (Paragraph, "À bientôt")],
        );
    }
}
