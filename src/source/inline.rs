//! The text that stands in the spec itself. No I/O.

use super::{Fetched, revision_of};

/// The text of `source.inline`.
pub fn fetch(text: &str) -> Fetched {
    Fetched {
        bytes: text.as_bytes().to_vec(),
        media_type: None,
        charset: Some("utf-8".to_owned()),
        file_name: None,
        revision: revision_of(text.as_bytes()),
        etag: None,
        last_modified: None,
        config_map: None,
    }
}

#[cfg(test)]
mod tests {
    use super::fetch;

    #[test]
    fn an_inline_text_carries_its_digest() {
        let fetched = fetch("abc");
        assert_eq!(fetched.revision, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(fetched.bytes, b"abc");
    }
}
