//! One form for every text: Unicode NFC, line feeds, plain spaces, no invisible characters. Pure functions on strings.
//!
//! Ligatures and typographic quotes stay as they are: what a summary quotes must be found in the text again.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clean {
    /// It stays.
    Keep(char),
    /// It becomes a plain space.
    Space,
    /// It becomes a line feed.
    Line,
    /// It goes.
    Drop,
}

/// Says what becomes of a character: odd spaces become spaces, odd line ends become line feeds; control characters, marks of
/// direction, soft hyphens, zero-width characters and the byte order mark go.
///
/// Joiners stay: emoji and several scripts need them.
pub(super) fn clean(c: char) -> Clean {
    match c {
        // Nearly all of a text.
        ' '..='~' => Clean::Keep(c),
        '\n' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Clean::Line,
        '\t' => Clean::Keep(c),
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Clean::Space,
        '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' => {
            Clean::Drop
        }
        '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' => Clean::Drop,
        c if c.is_control() => Clean::Drop,
        c => Clean::Keep(c),
    }
}

/// Brings a whole text into that form. A carriage return, alone or before a line feed, is one line end.
pub(super) fn text(input: &str) -> String {
    let mut cleaned = String::with_capacity(input.len());
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' {
            if chars.peek() != Some(&'\n') {
                cleaned.push('\n');
            }
            continue;
        }
        match clean(c) {
            Clean::Keep(c) => cleaned.push(c),
            Clean::Space => cleaned.push(' '),
            Clean::Line => cleaned.push('\n'),
            Clean::Drop => {}
        }
    }
    nfc(cleaned)
}

/// NFC, without a copy where the text is in it already.
pub(super) fn nfc(text: String) -> String {
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

/// Whether a text is in NFC beyond doubt.
pub(super) fn is_nfc(text: &str) -> bool {
    text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes || text.chars().eq(text.nfc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_one_form() {
        let table = [
            ("Zürich\r\nParis\rLyon", "Zürich\nParis\nLyon"),
            ("Zu\u{308}rich", "Zürich"),
            ("10\u{A0}000 personnes\u{202F}!", "10 000 personnes !"),
            ("Kuber\u{AD}netes, Cilium\u{200B}Mesh", "Kubernetes, CiliumMesh"),
            ("\u{FEFF}Titel\0\u{7}", "Titel"),
            ("one\u{2028}two\u{85}three", "one\ntwo\nthree"),
            ("e\u{FB03}cient “quoted”", "e\u{FB03}cient “quoted”"),
            ("a\tb", "a\tb"),
            ("e\u{AD}\u{301}", "é"),
        ];
        for (input, expected) in table {
            assert_eq!(text(input), expected, "{input:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(input in "\\PC{0,60}") {
            let once = text(&input);
            proptest::prop_assert_eq!(text(&once), once);
        }
    }
}
