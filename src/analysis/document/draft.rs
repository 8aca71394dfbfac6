//! Blocks while they are being put together: the parsers write drafts, furniture is marked on them, and they become a [`Document`].

use std::ops::Range;

use super::normalize::{self, Clean};
use super::{Block, BlockKind, Document, DocumentError, Link, guard};

/// A block with its own text; links are ranges of that text.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What it is.
    pub kind: BlockKind,
    /// Its text, trimmed and never empty.
    pub text: String,
    /// Links in it, in order.
    pub links: Vec<Link>,
    /// The kind is a guess from the look of the line (plain text), not from markup.
    pub guessed: bool,
}

impl Draft {
    /// A draft without links; `None` if nothing is left after trimming.
    pub(super) fn new(kind: BlockKind, text: &str) -> Option<Self> {
        let text = if kind == BlockKind::Code { text.trim_matches('\n').trim_end() } else { text.trim() };
        (!text.is_empty()).then(|| Self { kind, text: text.to_owned(), links: Vec::new(), guessed: false })
    }

    /// Whether the draft is marked as furniture.
    pub(super) fn is_furniture(&self) -> bool {
        self.kind == BlockKind::Furniture
    }

    /// Whether at least nine tenths of the text is linked.
    pub(super) fn is_all_link(&self) -> bool {
        let linked: usize = self.links.iter().map(|l| l.span.len()).sum();
        !self.links.is_empty() && linked * 10 >= self.text.len() * 9
    }
}

/// Stands for a hard line break (`<br>`, two spaces at a line's end) while a block is collected.
const BREAK: char = '\u{2028}';

/// Collects the text of one block with single spaces, its links and its hard breaks.
#[derive(Default)]
pub(super) struct Inline {
    text: String,
    links: Vec<Link>,
    open_link: Option<(usize, String)>,
    strong: usize,
    plain: bool,
}

impl Inline {
    /// Adds text; white space of any kind becomes a single space.
    pub(super) fn push(&mut self, text: &str) {
        for c in text.chars() {
            match normalize::clean(c) {
                Clean::Keep(c) if !c.is_whitespace() => {
                    self.text.push(c);
                    self.plain |= self.strong == 0 && c.is_alphanumeric();
                }
                Clean::Drop => {}
                _ if self.text.is_empty() || self.text.ends_with([' ', '\t', BREAK]) => {}
                _ => self.text.push(' '),
            }
        }
    }

    /// Ends a line within the block.
    pub(super) fn push_break(&mut self) {
        self.text.push(BREAK);
    }

    /// Ends a cell of a table's row.
    pub(super) fn push_cell_end(&mut self) {
        let end = self.text.trim_end_matches([' ', BREAK]).len();
        self.text.truncate(end);
        self.text.push('\t');
    }

    /// Begins a link.
    pub(super) fn start_link(&mut self, target: &str) {
        self.open_link = Some((self.text.len(), normalize::text(target).trim().to_owned()));
    }

    /// Ends the link.
    pub(super) fn end_link(&mut self) {
        if let Some((start, target)) = self.open_link.take()
            && !target.is_empty()
            && start < self.text.len()
        {
            self.links.push(Link { span: start..self.text.len(), target });
        }
    }

    /// Begins or ends strong text: a paragraph that is nothing else is a heading in disguise.
    pub(super) fn set_strong(&mut self, on: bool) {
        self.strong = if on { self.strong + 1 } else { self.strong.saturating_sub(1) };
    }

    /// Whether no letter or digit was added.
    pub(super) fn is_blank(&self) -> bool {
        !self.text.chars().any(|c| !c.is_whitespace())
    }

    /// Ends the block and hands over its drafts: one, or several where hard breaks separate lines that stand for themselves.
    pub(super) fn finish(&mut self, kind: BlockKind, out: &mut Vec<Draft>) {
        self.end_link();
        let inline = std::mem::take(self);
        let kind = if kind == BlockKind::Paragraph && !inline.plain && looks_like_heading(&inline.text) {
            BlockKind::Heading(4)
        } else {
            kind
        };
        for range in lines(&inline.text, kind) {
            // Links do not overlap, so those of the part stand together.
            let first = inline.links.partition_point(|link| link.span.end <= range.start);
            let links = inline.links.get(first..).unwrap_or_default().iter();
            let links = links.take_while(|link| link.span.start < range.end);
            out.extend(cut(&inline.text, range.clone(), links, kind));
        }
    }
}

/// Whether a line could be a heading by its length and end.
fn looks_like_heading(text: &str) -> bool {
    let text = text.trim();
    text.chars().count() <= 80
        && text.chars().any(char::is_alphabetic)
        && !text.ends_with(['.', '!', ',', ';', ':', '…'])
        && !text.contains(BREAK)
}

/// Splits at hard breaks, except where the sentence goes on.
fn lines(text: &str, kind: BlockKind) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    if matches!(kind, BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem) {
        for (at, _) in text.match_indices(BREAK) {
            let (before, after) = text.split_at(at);
            // The last of a row of breaks decides: only there is the rest of the row looked at.
            let goes_on = after.chars().nth(1).is_none_or(|c| c != BREAK)
                && after.trim_start().chars().next().is_some_and(char::is_lowercase)
                && !before.trim_end().ends_with(['.', '!', '?', ':'])
                && !after.trim_start_matches(BREAK).is_empty();
            if !goes_on {
                ranges.push(start..at);
                start = at + BREAK.len_utf8();
            }
        }
    }
    ranges.push(start..text.len());
    ranges
}

/// Makes a draft of a part of a collected text.
fn cut<'a>(text: &str, range: Range<usize>, links: impl Iterator<Item = &'a Link>, kind: BlockKind) -> Option<Draft> {
    let part = text.get(range.clone())?;
    let trimmed = part.trim();
    if trimmed.is_empty() {
        return None;
    }
    let base = range.start + (part.len() - part.trim_start().len());
    let end = base + trimmed.len();
    // Pieces between the ends of links are brought into NFC one by one, so that the ends stay known.
    let mut out = String::with_capacity(trimmed.len());
    let mut spans = Vec::new();
    let mut at = base;
    for link in links {
        let (from, to) = (link.span.start.max(at), link.span.end.min(end));
        let Some(linked) = text.get(from..to).filter(|_| from < to) else { continue };
        let lead = linked.len() - linked.trim_start_matches([' ', BREAK]).len();
        push_piece(&mut out, text.get(at..from + lead));
        let start = out.len();
        push_piece(&mut out, Some(linked.trim_matches([' ', BREAK])));
        if out.len() > start {
            spans.push(Link { span: start..out.len(), target: link.target.clone() });
        }
        at = from + lead + linked.trim_matches([' ', BREAK]).len();
    }
    push_piece(&mut out, text.get(at..end));
    if !normalize::is_nfc(&out) {
        // A combining mark right behind a link's end: the text matters more than the link.
        out = normalize::nfc(out);
        spans.clear();
    }
    let mut draft = Draft::new(kind, &out)?;
    spans.retain(|l| draft.text.get(l.span.clone()).is_some());
    draft.links = spans;
    Some(draft)
}

/// Appends a piece in NFC with hard breaks as spaces.
fn push_piece(out: &mut String, piece: Option<&str>) {
    let piece = piece.unwrap_or_default();
    let composed = (!normalize::is_nfc(piece)).then(|| normalize::nfc(piece.to_owned()));
    for c in composed.as_deref().unwrap_or(piece).chars() {
        let c = if c == BREAK { ' ' } else { c };
        if c != ' ' || !(out.is_empty() || out.ends_with(' ')) {
            out.push(c);
        }
    }
}

/// Puts the drafts into one text.
///
/// # Errors
///
/// [`DocumentError::Empty`] if there are none, [`DocumentError::TooComplex`] if the text is much longer than its source.
pub(super) fn assemble(drafts: Vec<Draft>, source_len: usize) -> Result<Document, DocumentError> {
    let mut document = Document::default();
    for draft in drafts {
        if !document.text.is_empty() {
            document.text.push('\n');
        }
        let base = document.text.len();
        document.text.push_str(&draft.text);
        guard::output(document.text.len(), source_len)?;
        let links = draft.links.into_iter();
        document.blocks.push(Block {
            kind: draft.kind,
            span: base..document.text.len(),
            links: links.map(|l| Link { span: base + l.span.start..base + l.span.end, target: l.target }).collect(),
        });
    }
    if document.text.is_empty() { Err(DocumentError::Empty) } else { Ok(document) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(inline: &mut Inline, kind: BlockKind) -> Vec<String> {
        let mut out = Vec::new();
        inline.finish(kind, &mut out);
        out.into_iter().map(|d| d.text).collect()
    }

    #[test]
    fn white_space_collapses_and_links_keep_their_place() {
        let mut inline = Inline::default();
        inline.push("  We saw\n  ");
        inline.start_link("https://cilium.io");
        inline.push(" Cilium ");
        inline.end_link();
        inline.push(" there. ");
        let mut out = Vec::new();
        inline.finish(BlockKind::Paragraph, &mut out);
        let draft = out.first().unwrap();
        assert_eq!(draft.text, "We saw Cilium there.");
        assert_eq!(&draft.text[draft.links[0].span.clone()], "Cilium");
    }

    #[test]
    fn a_hard_break_separates_lines_but_not_a_running_sentence() {
        let mut inline = Inline::default();
        inline.push("Dates: 4 to 6 May");
        inline.push_break();
        inline.push("Place: Lyon");
        assert_eq!(texts(&mut inline, BlockKind::Paragraph), ["Dates: 4 to 6 May", "Place: Lyon"]);
        inline.push("a line that was");
        inline.push_break();
        inline.push("broken by hand");
        assert_eq!(texts(&mut inline, BlockKind::Paragraph), ["a line that was broken by hand"]);
    }

    #[test]
    fn a_strong_line_is_a_heading() {
        let mut inline = Inline::default();
        inline.set_strong(true);
        inline.push("What we learned");
        inline.set_strong(false);
        let mut out = Vec::new();
        inline.finish(BlockKind::Paragraph, &mut out);
        assert_eq!(out.first().unwrap().kind, BlockKind::Heading(4));
    }

    #[test]
    fn a_combining_mark_behind_a_link_joins_its_letter() {
        let mut inline = Inline::default();
        inline.start_link("https://example.org");
        inline.push("cafe");
        inline.end_link();
        inline.push("\u{301} noir");
        assert_eq!(texts(&mut inline, BlockKind::Paragraph), ["café noir"]);
    }
}
