//! Bytes to text: which encoding a source is in, and refusals of what is no text. Pure; no I/O.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Fetched;

/// Why bytes are not read as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing, or nothing but white space.
    #[error("the source is empty")]
    Empty,
    /// A well-known format that is not text.
    #[error("the source is {0}; text, Markdown or HTML is expected")]
    Format(&'static str),
    /// Bytes that no encoding makes a text of.
    #[error("the source is binary data; text, Markdown or HTML is expected")]
    Binary,
}

/// As much of the bytes as is looked at, in bytes.
const SAMPLE: usize = 8 * 1024;
/// HTML declares its encoding this early, in bytes.
const META: usize = 4 * 1024;

/// First bytes of formats that are not text.
const MAGIC: [(&[u8], &str); 14] = [
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"RIFF", "a WebP, WAV or AVI file"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"PK\x05\x06", "a ZIP archive or an Office document"),
    (b"\xD0\xCF\x11\xE0", "an Office document"),
    (b"\x1F\x8B", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\x28\xB5\x2F\xFD", "zstd data"),
    (b"\x7FELF", "a program"),
    (b"{\\rtf", "an RTF document"),
];

/// Decodes a source: by its byte order mark, else by the declared encoding, else by what an HTML page says, else as UTF-8 if it is valid,
/// else by guessing. Bytes that have no meaning in the encoding become U+FFFD.
///
/// # Errors
///
/// [`DecodeError`] if the source is empty or is not text.
pub fn decode(fetched: &Fetched) -> Result<String, DecodeError> {
    let bytes = fetched.bytes.as_slice();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(DecodeError::Empty);
    }
    if let Some((magic, name)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        // "RIFF" could begin a text.
        if *magic != b"RIFF" || bytes.get(..SAMPLE.min(bytes.len())).is_some_and(|s| s.contains(&0)) {
            return Err(DecodeError::Format(name));
        }
    }
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default()).0,
        None => encoding_of(bytes, fetched.charset.as_deref()).decode_without_bom_handling(bytes).0,
    };
    let text = text.into_owned();
    check(&text, fetched.media_type.as_deref())?;
    Ok(text)
}

fn encoding_of(bytes: &[u8], declared: Option<&str>) -> &'static Encoding {
    let declared = declared.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    // Zero bytes at every other place are UTF-16, whatever is declared.
    if let Some(encoding) = utf16(bytes) {
        return encoding;
    }
    let valid = std::str::from_utf8(bytes).is_ok();
    // Servers declare Latin-1 for everything; a text with UTF-8 sequences that are all valid is no coincidence.
    let lone = |e: &'static Encoding| e.is_single_byte() && valid && !bytes.is_ascii();
    if let Some(encoding) = declared.filter(|e| !lone(e) && (*e != UTF_8 || valid)) {
        return encoding;
    }
    if let Some(encoding) = meta(bytes).filter(|e| !lone(e) && (*e != UTF_8 || valid)) {
        return encoding;
    }
    if valid {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guessed = detector.guess(None, Utf8Detection::Allow);
    // One damaged place does not make a UTF-8 text another encoding.
    let (text, _) = UTF_8.decode_without_bom_handling(bytes);
    let damaged = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let sound = text.chars().filter(|c| !c.is_ascii() && *c != char::REPLACEMENT_CHARACTER).count();
    if sound > damaged * 4 {
        UTF_8
    } else if guessed == UTF_8 {
        WINDOWS_1252
    } else {
        guessed
    }
}

/// UTF-16 without a byte order mark, by the zero bytes of its ASCII characters.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..SAMPLE.min(bytes.len()) & !1)?;
    let mut zeros = [0usize; 2];
    for pair in sample.chunks_exact(2) {
        for (zero, byte) in zeros.iter_mut().zip(pair) {
            *zero += usize::from(*byte == 0);
        }
    }
    let pairs = sample.len() / 2;
    match zeros {
        [even, odd] if pairs >= 8 && odd * 10 >= pairs * 7 && even * 20 <= pairs => Some(UTF_16LE),
        [even, odd] if pairs >= 8 && even * 10 >= pairs * 7 && odd * 20 <= pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding that an HTML page declares in its head.
fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..META.min(bytes.len()))?.to_ascii_lowercase();
    let html = head.windows(5).any(|w| w == b"<meta" || w == b"<?xml");
    let at = head.windows(7).position(|w| w == b"charset").map(|at| at + 7).or_else(|| {
        let xml = head.trim_ascii_start().starts_with(b"<?xml");
        head.windows(8).position(|w| w == b"encoding").filter(|_| xml).map(|at| at + 8)
    })?;
    let rest = head.get(at..).filter(|_| html)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':')))?;
    // A page that could be read so far is not in UTF-16.
    Encoding::for_label(rest.get(..end)?).map(|e| if e == UTF_16LE || e == UTF_16BE { UTF_8 } else { e })
}

/// Refuses what is no text for readers.
fn check(text: &str, media_type: Option<&str>) -> Result<(), DecodeError> {
    if text.chars().all(|c| c.is_whitespace() || c == '\u{FEFF}') {
        return Err(DecodeError::Empty);
    }
    let (mut odd, mut all) = (0usize, 0usize);
    for c in text.chars().take(SAMPLE) {
        all += 1;
        let control = c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{0B}' | '\u{0C}' | '\u{1B}' | '\u{85}');
        odd += usize::from(control || c == char::REPLACEMENT_CHARACTER);
    }
    if odd * 20 > all {
        return Err(DecodeError::Binary);
    }
    let json_type = media_type.is_some_and(|m| m == "application/json" || m.ends_with("+json"));
    let trimmed = text.trim_start_matches('\u{FEFF}').trim();
    let looks = trimmed.starts_with(['{', '[']) && trimmed.ends_with(['}', ']']);
    if json_type || (looks && serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_ok()) {
        return Err(DecodeError::Format("a JSON document"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(bytes: &[u8], charset: Option<&str>, media_type: Option<&str>) -> Fetched {
        Fetched {
            bytes: bytes.to_vec(),
            media_type: media_type.map(str::to_owned),
            charset: charset.map(str::to_owned),
            file_name: None,
            revision: String::new(),
            etag: None,
            last_modified: None,
            config_map: None,
        }
    }

    fn text(bytes: &[u8], charset: Option<&str>) -> Result<String, DecodeError> {
        decode(&fetched(bytes, charset, None))
    }

    fn utf16(text: &str, swap: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if swap { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn the_encoding_is_found() {
        let german = "Über Zürich und Köln schrieben wir schon früher ausführlich.";
        let latin: Vec<u8> = german.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let with_bom = [b"\xEF\xBB\xBF".as_slice(), german.as_bytes()].concat();
        let utf16_bom = [b"\xFF\xFE".as_slice(), &utf16(german, false)].concat();
        let page = [b"<html><meta charset=\"iso-8859-1\"><p>".as_slice(), &latin].concat();
        assert_eq!(text(german.as_bytes(), None).unwrap(), german);
        assert_eq!(text(&with_bom, Some("iso-8859-1")).unwrap(), german);
        assert_eq!(text(&latin, Some("ISO-8859-1")).unwrap(), german);
        assert_eq!(text(&latin, None).unwrap(), german);
        assert_eq!(text(&latin, Some("no-such-label")).unwrap(), german);
        assert_eq!(text(&latin, Some("utf-8")).unwrap(), german);
        assert_eq!(text(german.as_bytes(), Some("iso-8859-1")).unwrap(), german);
        assert_eq!(text(&utf16_bom, None).unwrap(), german);
        assert_eq!(text(&utf16(german, false), None).unwrap(), german);
        assert_eq!(text(&utf16(german, true), Some("utf-8")).unwrap(), german);
        assert!(text(&page, None).unwrap().ends_with(german));
    }

    #[test]
    fn one_damaged_byte_leaves_utf8_readable() {
        let mut bytes = "Één, twéé, dríé, viér en vijf: café, hôtel, crème.".as_bytes().to_vec();
        bytes.push(0xC3);
        assert!(text(&bytes, None).unwrap().starts_with("Één, twéé"));
    }

    #[test]
    fn what_is_no_text_is_refused_in_plain_words() {
        let table: [(&[u8], &str); 8] = [
            (b"%PDF-1.7 ...", "the source is a PDF document; text, Markdown or HTML is expected"),
            (b"\x89PNG\r\n\x1a\n", "the source is a PNG image; text, Markdown or HTML is expected"),
            (b"PK\x03\x04xx", "the source is a ZIP archive or an Office document; text, Markdown or HTML is expected"),
            (b"\x1F\x8B\x08", "the source is gzip data; text, Markdown or HTML is expected"),
            (b"{\"title\": \"x\", \"n\": [1]}", "the source is a JSON document; text, Markdown or HTML is expected"),
            (
                b"\x00\x01\x02\x03\x04\x05\x06\x07text\x00\x00",
                "the source is binary data; text, Markdown or HTML is expected",
            ),
            (b"", "the source is empty"),
            (b"\xEF\xBB\xBF \n", "the source is empty"),
        ];
        for (bytes, message) in table {
            assert_eq!(text(bytes, None).unwrap_err().to_string(), message);
        }
        let json = decode(&fetched(b"true", None, Some("application/json")));
        assert_eq!(json.unwrap_err(), DecodeError::Format("a JSON document"));
        assert!(text(b"[KubeCon] was fun (see {this})", None).is_ok());
        assert!(text(b"RIFFs on Kubernetes", None).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), charset in "[a-z0-9-]{0,12}") {
            let _ = text(&bytes, Some(&charset));
        }
    }
}
