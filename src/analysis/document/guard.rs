//! Limits that are checked before a parser sees the text: one linear scan, no tree.
//!
//! Parsers of HTML pay for nesting with time or memory that grows with its square; a report needs little of either.

use super::DocumentError;

/// The longest text, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of elements, quotations and lists.
pub const MAX_NESTING: usize = 256;
/// The most elements, counting those that a parser repeats for formatting elements that were left open.
pub const MAX_ELEMENTS: usize = 50_000;
/// The most characters that may be Markdown's: a parser keeps a node for each of them, and one for the text between.
pub const MAX_MARKS: usize = 200_000;
/// The most lines of a plain text or Markdown: each may be a block of its own.
pub const MAX_LINES: usize = 200_000;
/// The most attributes of an element: a parser compares each with all before it.
pub const MAX_ATTRIBUTES: usize = 1_000;
/// Text that may come out beyond twice the input, in bytes.
const OUTPUT_SLACK: usize = 4_096;

/// Checks the length of a text.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] above [`MAX_BYTES`].
pub(super) fn size(text: &str) -> Result<(), DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(DocumentError::TooComplex(format!("it is longer than {} MiB", MAX_BYTES >> 20)));
    }
    Ok(())
}

/// Checks that the text of the blocks is not much longer than its source.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] if it is.
pub(super) fn output(output: usize, input: usize) -> Result<(), DocumentError> {
    if output > input.saturating_mul(2).saturating_add(OUTPUT_SLACK) {
        return Err(DocumentError::TooComplex("its text is longer than the page".to_owned()));
    }
    Ok(())
}

/// Checks the number of lines of a text.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] above [`MAX_LINES`].
pub(super) fn lines(text: &str) -> Result<(), DocumentError> {
    if text.bytes().filter(|b| *b == b'\n').count() > MAX_LINES {
        return Err(DocumentError::TooComplex(format!("more than {MAX_LINES} lines")));
    }
    Ok(())
}

/// Checks the containers that open at the start of a Markdown line ("> > - > ..."), and how much of the text is markup.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] above [`MAX_NESTING`], [`MAX_LINES`] or [`MAX_MARKS`].
pub(super) fn markdown(text: &str) -> Result<(), DocumentError> {
    lines(text)?;
    let marks = text
        .bytes()
        .filter(|b| matches!(b, b'*' | b'_' | b'~' | b'`' | b'[' | b']' | b'!' | b'<' | b'&' | b'|' | b'\\'));
    if marks.count() > MAX_MARKS {
        return Err(DocumentError::TooComplex(format!("more than {MAX_MARKS} marks of Markdown")));
    }
    for line in text.lines() {
        let markers = line
            .bytes()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'>' | b'-' | b'*' | b'+' | b'.' | b')' | b'0'..=b'9'))
            .filter(|b| matches!(b, b'>' | b'-' | b'*' | b'+' | b'.' | b')'))
            .count();
        let rest = line.trim_matches([' ', '-', '*', '_', '=', '\t']);
        // A rule across the page is long, but no nesting.
        if markers > MAX_NESTING && !rest.is_empty() {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// Checks nesting, number of elements, and attributes of HTML, as a parser would see them: with implied ends of paragraphs, list items and cells.
///
/// # Errors
///
/// [`DocumentError::TooComplex`] above [`MAX_NESTING`], [`MAX_ELEMENTS`] or [`MAX_ATTRIBUTES`].
pub(super) fn html(text: &str) -> Result<(), DocumentError> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, others: 0 };
    let mut open: Vec<Name> = Vec::new();
    let mut elements = 0usize;
    let mut formatting = 0usize;
    while let Some(tag) = scan.next_tag() {
        if tag.attributes > MAX_ATTRIBUTES {
            return Err(DocumentError::TooComplex(format!("an element with more than {MAX_ATTRIBUTES} attributes")));
        }
        if tag.closing {
            if let Some(at) = tag.name.closes(&open) {
                if tag.name.is_formatting() {
                    // What was opened inside stays open: "<b><div></b>" leaves the div.
                    open.remove(at);
                    formatting -= 1;
                } else {
                    close(&mut open, at, &mut formatting);
                }
            }
            continue;
        }
        // A parser opens formatting elements that were left open again in every following block.
        elements += 1 + formatting;
        if elements > MAX_ELEMENTS {
            return Err(too_many());
        }
        if let Some(at) = tag.name.implied_end(&open) {
            close(&mut open, at, &mut formatting);
        }
        // Within SVG and MathML a parser reads on after <title> or <style>.
        let foreign = open.iter().any(|n| matches!(n.as_bytes(), b"svg" | b"math"));
        if tag.name.is_raw_text() && !foreign {
            scan.skip_raw_text(&tag.name);
        } else if !tag.name.is_void() && !tag.self_closing {
            formatting += usize::from(tag.name.is_formatting());
            open.push(tag.name);
            if open.len() > MAX_NESTING {
                return Err(too_deep());
            }
        }
    }
    if elements + scan.others > MAX_ELEMENTS { Err(too_many()) } else { Ok(()) }
}

/// Closes everything from a place of the stack on.
fn close(open: &mut Vec<Name>, at: usize, formatting: &mut usize) {
    for name in open.drain(at.min(open.len())..) {
        *formatting -= usize::from(name.is_formatting());
    }
}

fn too_many() -> DocumentError {
    DocumentError::TooComplex(format!("more than {MAX_ELEMENTS} elements and comments"))
}

fn too_deep() -> DocumentError {
    DocumentError::TooComplex(format!("nested more than {MAX_NESTING} deep"))
}

/// The first bytes of a tag's name in lower case: enough to tell apart those that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name([u8; 12]);

impl Name {
    fn new(bytes: &[u8]) -> Self {
        let mut name = [0; 12];
        for (to, from) in name.iter_mut().zip(bytes) {
            *to = from.to_ascii_lowercase();
        }
        Self(name)
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.split(|b| *b == 0).next().unwrap_or_default()
    }

    fn is_void(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"area"
                | b"base"
                | b"br"
                | b"col"
                | b"embed"
                | b"hr"
                | b"img"
                | b"input"
                | b"link"
                | b"meta"
                | b"param"
                | b"source"
                | b"track"
                | b"wbr"
        )
    }

    fn is_raw_text(&self) -> bool {
        matches!(self.as_bytes(), b"script" | b"style" | b"textarea" | b"title" | b"xmp" | b"noembed" | b"noframes")
    }

    /// The elements that a parser opens again after a block that ended with them open.
    fn is_formatting(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"a" | b"b"
                | b"big"
                | b"code"
                | b"em"
                | b"font"
                | b"i"
                | b"nobr"
                | b"s"
                | b"small"
                | b"strike"
                | b"strong"
                | b"tt"
                | b"u"
        )
    }

    /// Elements that an end tag of an inline element does not reach across.
    fn is_block(&self) -> bool {
        self.group() > 0
            || self.is_scope()
            || matches!(
                self.as_bytes(),
                b"address"
                    | b"aside"
                    | b"body"
                    | b"center"
                    | b"details"
                    | b"dir"
                    | b"fieldset"
                    | b"figcaption"
                    | b"form"
                    | b"hgroup"
                    | b"html"
                    | b"main"
                    | b"menu"
                    | b"nav"
                    | b"noscript"
                    | b"search"
                    | b"select"
                    | b"summary"
            )
    }

    /// Elements that no end tag from inside reaches across, but those of tables.
    fn is_scope(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"applet" | b"button" | b"caption" | b"marquee" | b"object" | b"table" | b"td" | b"template" | b"th"
        )
    }

    /// Where the element is that this end tag closes, if it closes one.
    fn closes(&self, open: &[Name]) -> Option<usize> {
        for (at, name) in open.iter().enumerate().rev() {
            if name == self {
                return Some(at);
            }
            let barrier = match self.as_bytes() {
                b"table" | b"tbody" | b"thead" | b"tfoot" | b"tr" | b"td" | b"th" | b"caption" => {
                    matches!(name.as_bytes(), b"table" | b"template")
                }
                b"li" => name.is_scope() || matches!(name.as_bytes(), b"ul" | b"ol"),
                _ if self.is_block() || self.is_formatting() => name.is_scope(),
                _ => name.is_block(),
            };
            if barrier {
                return None;
            }
        }
        None
    }

    /// Groups of elements whose start ends an open one of the same group.
    fn group(&self) -> u8 {
        match self.as_bytes() {
            b"p" | b"div" | b"ul" | b"ol" | b"dl" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"table"
            | b"pre" | b"blockquote" | b"section" | b"article" | b"header" | b"footer" | b"figure" | b"hr" => 1,
            b"li" => 2,
            b"dt" | b"dd" => 3,
            b"option" | b"optgroup" => 4,
            b"td" | b"th" => 5,
            b"tr" => 6,
            b"tbody" | b"thead" | b"tfoot" => 7,
            _ => 0,
        }
    }

    /// From where the stack is closed when this element starts, if it ends others by itself.
    fn implied_end(&self, open: &[Name]) -> Option<usize> {
        let group = self.group();
        if group == 0 {
            return None;
        }
        let mut found = None;
        for (at, name) in open.iter().enumerate().rev() {
            let other = name.group();
            let ends = match group {
                1 => name.as_bytes() == b"p",
                6 => other == 5 || other == 6,
                7 => (5..=7).contains(&other),
                _ => other == group,
            };
            if ends {
                found = Some(at);
                if group < 6 {
                    break;
                }
            } else if !(name.is_formatting() || name.as_bytes() == b"p" || name.as_bytes() == b"span") {
                break;
            }
        }
        found
    }
}

/// A start or end tag.
struct Tag {
    name: Name,
    closing: bool,
    self_closing: bool,
    /// How many there are at most.
    attributes: usize,
}

/// A scanner for tags that knows comments, quoted attributes and elements of raw text.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Comments and the like so far: a parser keeps them as well.
    others: usize,
}

impl Scan<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn next_tag(&mut self) -> Option<Tag> {
        loop {
            self.at += self.rest().iter().position(|b| *b == b'<')? + 1;
            if self.rest().starts_with(b"!--") {
                self.others += 1;
                self.at = self.comment_end().unwrap_or(self.bytes.len());
                continue;
            }
            let closing = self.rest().first() == Some(&b'/');
            self.at += usize::from(closing);
            let length =
                self.rest().iter().take_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'/')).count();
            let name = self.rest().get(..length).unwrap_or_default();
            if !name.first().is_some_and(u8::is_ascii_alphabetic) {
                self.others += usize::from(closing || name.starts_with(b"!") || name.starts_with(b"?"));
                continue;
            }
            let name = Name::new(name);
            self.at += length;
            let (self_closing, attributes) = self.skip_attributes();
            // Only foreign elements may close themselves; elsewhere a parser ignores the slash.
            let foreign =
                matches!(name.as_bytes(), b"path" | b"use" | b"circle" | b"rect" | b"line" | b"g" | b"polygon");
            return Some(Tag { name, closing, self_closing: self_closing && foreign, attributes });
        }
    }

    /// Where the comment ends whose `!--` is next: behind "-->", or "--!>" that does not overlap its beginning.
    fn comment_end(&self) -> Option<usize> {
        let from = self.at + 1;
        (from..self.bytes.len()).find_map(|at| match self.bytes.get(at..)? {
            [b'-', b'-', b'>', ..] => Some(at + 3),
            [b'-', b'-', b'!', b'>', ..] if at >= from + 2 => Some(at + 4),
            _ => None,
        })
    }

    /// Moves behind the `>`; whether a slash stands before it, and how many attributes there are at most: space, a slash or the end of a
    /// quotation may part them.
    fn skip_attributes(&mut self) -> (bool, usize) {
        let mut attributes = 0;
        let mut parted = true;
        let mut quote = None;
        let mut last = 0;
        let mut after_equals = false;
        while let Some(b) = self.bytes.get(self.at).copied() {
            self.at += 1;
            match quote {
                Some(q) if b == q => quote = None,
                Some(_) => {}
                None if b == b'>' => return (last == b'/', attributes),
                None if after_equals && matches!(b, b'"' | b'\'') => quote = Some(b),
                None => {}
            }
            if quote.is_some() {
                continue;
            }
            let space = b.is_ascii_whitespace();
            let parts = space || matches!(b, b'/' | b'"' | b'\'');
            attributes += usize::from(parted && !parts);
            parted = parts;
            if !space {
                after_equals = b == b'=';
                last = b;
            }
        }
        (false, attributes)
    }

    fn skip_raw_text(&mut self, name: &Name) {
        while let Some(found) = find(self.bytes, self.at, b"</") {
            self.at = found;
            let rest = self.rest();
            let same = rest.get(..name.as_bytes().len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
            if same {
                return;
            }
        }
        self.at = self.bytes.len();
    }
}

/// Where the first `needle` from `from` on ends.
fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(needle.len()).position(|w| w == needle).map(|at| from + at + needle.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused() {
        for tag in ["div", "ul", "b", "blockquote", "svg"] {
            assert!(html(&format!("<{tag}>").repeat(20_000)).is_err(), "{tag}");
        }
        assert!(html(&format!("{}x{}", "<div>".repeat(200), "</div>".repeat(200))).is_ok());
    }

    #[test]
    fn nesting_is_seen_behind_end_tags_that_a_parser_ignores() {
        for tags in [
            "<div><table><tr><td></div>",
            "<b><div></b>",
            "<span><div></span>",
            "<ul><li></ul_><ul></li>",
            "<!--><div><!--x-->",
            "<!--x--!><div><!--x-->",
        ] {
            assert!(html(&tags.repeat(1_000)).is_err(), "{tags}");
        }
        assert!(html(&format!("<svg><title>{}", "<div>".repeat(1_000))).is_err());
    }

    #[test]
    fn elements_that_end_themselves_do_not_nest() {
        for tags in
            ["<p>text", "<ul><li>one<li>two</ul>", "<table><tr><td>1<td>2<tr><td>3</table>", "<dl><dt>a<dd>b</dl>"]
        {
            assert!(html(&tags.repeat(1_000)).is_ok(), "{tags}");
        }
        let items = format!("<ul>{}</ul>", "<li><a href=x>text</a>".repeat(2_000));
        assert!(html(&items).is_ok());
        let rows = format!("<table><tbody>{}</table>", "<tr><td><p>a<td>b".repeat(2_000));
        assert!(html(&rows).is_ok());
        assert!(html(&"<br><img src='a>b'>".repeat(2_000)).is_ok());
    }

    #[test]
    fn open_formatting_elements_count_again_in_every_block() {
        let page = format!("{}{}", "<b id=x>".repeat(200), "<p>x".repeat(1_000));
        assert!(html(&page).is_err());
        assert!(html(&"<p>x".repeat(60_000)).is_err());
    }

    #[test]
    fn elements_with_very_many_attributes_are_refused() {
        for attribute in [" a=b", " a", "/a", " a='b'", "a=\"b\""] {
            assert!(html(&format!("<p {}>x", attribute.repeat(MAX_ATTRIBUTES + 1))).is_err(), "{attribute}");
            assert!(html(&format!("<p {}>x", attribute.repeat(MAX_ATTRIBUTES / 2))).is_ok(), "{attribute}");
        }
        assert!(html(&format!("<p style='{}'>x", "a b; ".repeat(MAX_ATTRIBUTES))).is_ok(), "one long attribute");
    }

    #[test]
    fn comments_count_like_elements_and_cost_no_more() {
        for other in ["<!---->", "<!--x--!>", "<?a>", "<!x>", "</ >"] {
            assert!(html(&other.repeat(MAX_ELEMENTS + 1)).is_err(), "{other}");
            assert!(html(&other.repeat(MAX_ELEMENTS / 10)).is_ok(), "{other}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_line_ends_is_refused() {
        assert!(lines(&"a\n".repeat(MAX_LINES + 1)).is_err());
        assert!(lines(&"a line of a talk\n".repeat((2 << 20) / 17)).is_ok(), "two megabytes of short lines");
    }

    #[test]
    fn tags_in_scripts_comments_and_attributes_do_not_count() {
        let page = format!(
            "<script>{}</script><!-- {} --><p title=\"{}\">x",
            "<div>".repeat(500),
            "<div>".repeat(500),
            "<div>".repeat(500)
        );
        assert!(html(&page).is_ok());
    }

    #[test]
    fn a_page_that_never_closes_anything_costs_little() {
        let start = std::time::Instant::now();
        let _ = html(&"<div".repeat(500_000));
        let _ = html(&"<!--".repeat(500_000));
        let _ = html(&"<script></".repeat(200_000));
        assert!(start.elapsed().as_secs() < 2);
    }

    #[test]
    fn markdown_containers_are_limited_but_rules_are_not() {
        assert!(markdown(&"> ".repeat(300)).is_err());
        assert!(markdown(&"- ".repeat(300)).is_ok());
        assert!(markdown(&format!("{}x", "- ".repeat(300))).is_err());
        assert!(markdown(&"-".repeat(2_000)).is_ok());
    }

    #[test]
    fn a_text_that_is_mostly_markup_is_refused() {
        for marks in ["[a](b)", "**a** ", "a|", "`a`", "<a@b.c>", "&amp;", "\\a"] {
            assert!(markdown(&marks.repeat(MAX_MARKS + 1)).is_err(), "{marks}");
        }
        let links =
            "We saw [Cilium](https://cilium.example/) and [Linkerd](https://linkerd.example/) at work in **Paris**. ";
        assert!(markdown(&links.repeat((2 << 20) / links.len())).is_ok(), "two megabytes of links");
    }
}
