//! Folding of text for matching, with a way back to the original. Pure functions.
//!
//! Folded are case, typographic apostrophes, hyphens (as spaces), every kind of white space (runs as one space), and invisible characters
//! (dropped). Lower-casing may change the length of a text ("İ"), so offsets of the folded text never hold in the original: every byte of the
//! folded text remembers the character that it came from.

use std::ops::Range;

/// A folded text that knows where each of its characters came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// Where the parts of the folded text came from, in its order. Between characters that folding makes longer or shorter every byte stands for
    /// one byte, so there are few.
    runs: Vec<Run>,
    /// Places of the folded text that are not inside a word, but spaces: where a name may start.
    starts: Vec<u32>,
}

/// A part of the folded text and the part of the original that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Where it starts in the folded text; it ends where the next one starts.
    at: u32,
    /// Where its original starts.
    start: u32,
    /// Where its original ends.
    end: u32,
    /// Whether each byte stands for one byte; else the whole stands for the whole.
    even: bool,
}

impl Folded {
    /// Folds `span` of `text`; offsets given back are those of `text`. An odd span gives an empty text. Texts are at most 4 GiB long.
    pub fn new(text: &str, span: Range<usize>) -> Self {
        let mut folded = Self::default();
        let base = span.start;
        let Some(part) = text.get(span) else { return folded };
        folded.text.reserve(part.len());
        let mut read = 0;
        while let Some(piece) = fold_piece(part.get(read..).unwrap_or_default(), &mut folded.text) {
            let original = base + read..base + read + piece.read;
            read += piece.read;
            match piece.written {
                0 if piece.swallowed => folded.widen(original.end),
                0 => {}
                written => folded.came_from(written, original),
            }
        }
        folded.text.make_ascii_lowercase();
        folded.starts = starts(&folded.text);
        folded
    }

    /// The places of the folded text where a name may start, each with the text from there on: all that are not inside a word.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (usize, &str)> {
        self.starts.iter().map(|at| *at as usize).filter_map(|at| Some((at, self.text.get(at..)?)))
    }

    /// Notes where the last `written` bytes of the folded text came from.
    fn came_from(&mut self, written: usize, original: Range<usize>) {
        let even = original.len() == written;
        let at = offset(self.text.len().saturating_sub(written));
        let (start, end) = (offset(original.start), offset(original.end));
        match self.runs.last_mut() {
            Some(run) if even && run.even && run.end == start => run.end = end,
            _ => self.runs.push(Run { at, start, end, even }),
        }
    }

    /// Notes that the last byte, a space, stands for all white space up to `end`.
    fn widen(&mut self, end: usize) {
        let end = offset(end);
        match self.runs.last_mut() {
            Some(run) if run.even => {
                run.end -= 1;
                let start = run.end;
                if run.start == start {
                    self.runs.pop();
                }
                self.runs.push(Run { at: offset(self.text.len()).saturating_sub(1), start, end, even: false });
            }
            Some(run) => run.end = end,
            None => {}
        }
    }

    /// The range in the original text that a range of the folded text came from, both at character boundaries.
    pub fn original(&self, range: Range<usize>) -> Option<Range<usize>> {
        if range.end > self.text.len() {
            return None;
        }
        let run = |at: usize| {
            let behind = self.runs.partition_point(|run| run.at as usize <= at);
            self.runs.get(behind.checked_sub(1)?)
        };
        let last = range.end.checked_sub(1)?;
        let (first_run, last_run) = (run(range.start)?, run(last)?);
        let start = first_run.start as usize + if first_run.even { range.start - first_run.at as usize } else { 0 };
        let end = if last_run.even {
            last_run.start as usize + range.end - last_run.at as usize
        } else {
            last_run.end as usize
        };
        (start < end).then_some(start..end)
    }
}

/// See [`Folded::starts`].
fn starts(text: &str) -> Vec<u32> {
    let mut starts = Vec::with_capacity(text.len() / 4);
    let mut inside = false;
    for (at, byte) in text.bytes().enumerate() {
        let letter = match byte {
            // Nearly all of a text, in which no character need be decoded.
            b'a'..=b'z' | b'0'..=b'9' => true,
            _ if byte.is_ascii() => false,
            _ => match text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) => c.is_alphanumeric(),
                // Inside a character.
                None => continue,
            },
        };
        if byte != b' ' && !(inside && letter) {
            starts.push(offset(at));
        }
        inside = letter;
    }
    starts
}

/// An offset as it is kept.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Folds a text that needs no way back, such as a name of the catalog.
pub fn fold(text: &str) -> String {
    #[cfg(test)]
    FOLDED.with(|count| count.set(count.get() + 1));
    let mut folded = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some(piece) = fold_piece(rest, &mut folded) {
        rest = rest.get(piece.read..).unwrap_or_default();
    }
    folded.make_ascii_lowercase();
    // A hyphen at an end is a space too.
    folded.truncate(folded.trim_end().len());
    if folded.starts_with(char::is_whitespace) { folded.trim_start().to_owned() } else { folded }
}

#[cfg(test)]
thread_local! {
    /// How many texts this thread has folded: what putting catalogs together costs.
    pub(super) static FOLDED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Which bytes are ordinary characters: spaces, and all of ASCII that is seen but what stands for another character.
const ORDINARY: [bool; 256] = {
    let mut ordinary = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        ordinary[byte as usize] = !matches!(byte, b'-' | b'`');
        byte += 1;
    }
    ordinary
};

/// What became of a piece of a text.
struct Piece {
    /// Bytes of the text.
    read: usize,
    /// Bytes of the folded text, ASCII capitals left as they are; none for a character that is dropped.
    written: usize,
    /// Whether a space was dropped because it would have followed another.
    swallowed: bool,
}

/// Folds the start of a text: a run of ordinary characters, which is nearly all of a text, or one that is not.
fn fold_piece(text: &str, folded: &mut String) -> Option<Piece> {
    let first = text.chars().next()?;
    let mut spaced = folded.ends_with(' ');
    let ends = |byte: &u8| {
        let (is_space, before) = (*byte == b' ', spaced);
        spaced = is_space;
        !ORDINARY[usize::from(*byte)] || (is_space && before)
    };
    let run = text.as_bytes().iter().position(ends).unwrap_or(text.len());
    if run > 0 {
        folded.push_str(text.get(..run)?);
        return Some(Piece { read: run, written: run, swallowed: false });
    }
    let before = folded.len();
    let mut swallowed = false;
    fold_char(first, |c| {
        if c == ' ' && folded.ends_with(' ') {
            swallowed = true;
        } else {
            folded.push(c);
        }
    });
    Some(Piece { read: first.len_utf8(), written: folded.len() - before, swallowed })
}

/// Gives the characters that stand for one character in a folded text: mostly one, sometimes none.
fn fold_char(c: char, mut push: impl FnMut(char)) {
    match c {
        'a'..='z' | '0'..='9' => push(c),
        'A'..='Z' => push(c.to_ascii_lowercase()),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
        '-' | '\u{2010}' | '\u{2011}' | '\u{2012}' => push(' '),
        '\u{2018}' | '\u{2019}' | '\u{b4}' | '\u{2bc}' | '`' => push('\''),
        '™' | '®' | '©' => {}
        _ if c.is_whitespace() => push(' '),
        _ => c.to_lowercase().for_each(push),
    }
}

/// Whether two texts are the same name when folded and without the spaces in them ("JenkinsX", "Jenkins X").
pub fn same_name(a: &str, b: &str) -> bool {
    squash(a) == squash(b)
}

/// A name without case, spaces and hyphens: what names are compared by when entries are merged and checked.
pub fn squash(text: &str) -> String {
    without_spaces(&fold(text))
}

/// A folded text squashed.
pub(super) fn without_spaces(folded: &str) -> String {
    folded.replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_case_apostrophes_hyphens_and_spaces() {
        let table = [
            ("Argo-CD", "argo cd"),
            ("Argo\u{a0}CD", "argo cd"),
            ("Argo  \n CD", "argo cd"),
            ("eBPF\u{2019}s", "ebpf's"),
            ("cert\u{2011}manager", "cert manager"),
            ("Kuber\u{ad}netes", "kubernetes"),
            ("ÉLAN", "élan"),
            ("Docker®", "docker"),
        ];
        for (text, want) in table {
            assert_eq!(fold(text), want);
            assert_eq!(Folded::new(text, 0..text.len()).text, want);
        }
    }

    #[test]
    fn offsets_lead_back_when_lower_case_is_longer() {
        let text = "İİ Flux İ";
        let folded = Folded::new(text, 0..text.len());
        let at = folded.text.find("flux").unwrap();
        assert_eq!(&text[folded.original(at..at + 4).unwrap()], "Flux");
    }

    #[test]
    fn dropped_characters_inside_a_name_belong_to_it() {
        let text = "x Kuber\u{ad}netes y";
        let folded = Folded::new(text, 0..text.len());
        let at = folded.text.find("kubernetes").unwrap();
        assert_eq!(&text[folded.original(at..at + 10).unwrap()], "Kuber\u{ad}netes");
    }

    #[test]
    fn an_odd_span_gives_nothing() {
        assert_eq!(Folded::new("é", 1..2).text, "");
        assert_eq!(Folded::new("a", 0..5).text, "");
        assert_eq!(Folded::default().original(0..1), None);
    }

    proptest! {
        #[test]
        fn every_char_boundary_leads_back_to_one(text in "\\PC{0,60}") {
            let folded = Folded::new(&text, 0..text.len());
            for (start, c) in folded.text.char_indices() {
                let range = folded.original(start..start + c.len_utf8()).unwrap();
                prop_assert!(text.get(range).is_some());
            }
            prop_assert_eq!(fold(&text), folded.text.trim());
        }

        #[test]
        fn names_may_start_everywhere_but_inside_a_word(text in "[aB1é .-]{0,20}|\\PC{0,40}") {
            let folded = Folded::new(&text, 0..text.len());
            let mut want = Vec::new();
            let mut before = ' ';
            for (at, c) in folded.text.char_indices() {
                if c != ' ' && !(before.is_alphanumeric() && c.is_alphanumeric()) {
                    want.push(at);
                }
                before = c;
            }
            prop_assert_eq!(folded.starts().map(|(at, _)| at).collect::<Vec<_>>(), want);
        }
    }
}
