//! Folding of text for matching, with a way back to the original. Pure functions.
//!
//! Folded are case, typographic apostrophes, hyphens (as spaces), every kind of white space (runs as one space), and invisible characters
//! (dropped). Lower-casing may change the length of a text ("İ"), so offsets of the folded text never hold in the original: every byte of the
//! folded text remembers the character that it came from.

use std::ops::Range;

/// A folded text that knows where each of its bytes came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// For each byte of the folded text, where its character starts in the original text.
    starts: Vec<u32>,
    /// For each byte of the folded text, where its character ends in the original text.
    ends: Vec<u32>,
}

impl Folded {
    /// Folds `span` of `text`; offsets given back are those of `text`. An odd span gives an empty text. Texts are at most 4 GiB long.
    pub fn new(text: &str, span: Range<usize>) -> Self {
        let mut folded = Self::default();
        let base = span.start;
        let Some(part) = text.get(span) else { return folded };
        folded.text.reserve(part.len());
        folded.starts.reserve(part.len());
        folded.ends.reserve(part.len());
        for (offset, c) in part.char_indices() {
            let start = u32::try_from(base + offset).unwrap_or(u32::MAX);
            let end = u32::try_from(base + offset + c.len_utf8()).unwrap_or(u32::MAX);
            fold_char(c, |c| {
                if c == ' ' && folded.text.ends_with(' ') {
                    if let Some(last) = folded.ends.last_mut() {
                        *last = end;
                    }
                    return;
                }
                folded.text.push(c);
                for _ in 0..c.len_utf8() {
                    folded.starts.push(start);
                    folded.ends.push(end);
                }
            });
        }
        folded
    }

    /// The range in the original text that a range of the folded text came from.
    pub fn original(&self, range: Range<usize>) -> Option<Range<usize>> {
        let start = *self.starts.get(range.start)? as usize;
        let end = *self.ends.get(range.end.checked_sub(1)?)? as usize;
        (start < end).then_some(start..end)
    }
}

/// Folds a text that needs no way back, such as a name of the catalog.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, |c| {
            if c != ' ' || !folded.ends_with(' ') {
                folded.push(c);
            }
        });
    }
    folded.trim().to_owned()
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
    fold(text).replace(' ', "")
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
    }
}
