//! Where the text comes from: one file a source. Each gives the same thing, [`Fetched`], or the same closed list of failures,
//! [`FetchError`].

pub mod configmap;
pub mod decode;
pub mod error;
pub mod http;
pub mod inline;
mod throttled;

pub use error::{Disposition, FetchError};
pub use throttled::Throttled;

/// The kinds of sources, as they stand in `status.source.kind` and in metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A key of a ConfigMap.
    ConfigMap,
    /// A URL.
    Http,
    /// The spec itself.
    Inline,
}

impl SourceKind {
    /// The kind as a word: ConfigMap, HTTP or Inline.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Http => "HTTP",
            Self::Inline => "Inline",
        }
    }
}

/// What a look at a source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// The source says that nothing changed since the look it was told about (HTTP 304).
    Unchanged,
    /// The text.
    Text(Box<Fetched>),
}

/// The digest of a text's bytes: `sha256:<hex>`.
pub fn revision_of(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write;
    let mut revision = String::with_capacity(7 + 64);
    revision.push_str("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(revision, "{byte:02x}");
    }
    revision
}

/// A text as it was read, before anybody looked into it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes, after decompression.
    pub bytes: Vec<u8>,
    /// Media type without parameters, in lower case, where the source says one.
    pub media_type: Option<String>,
    /// Character encoding label, where the source says one.
    pub charset: Option<String>,
    /// File name or key, for its extension.
    pub file_name: Option<String>,
    /// `sha256:<hex>` of the bytes.
    pub revision: String,
    /// ETag of an HTTP answer.
    pub etag: Option<String>,
    /// Last-Modified of an HTTP answer.
    pub last_modified: Option<String>,
    /// UID and resource version of the ConfigMap.
    pub config_map: Option<(String, String)>,
}

/// The body stays out of logs and panics.
impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetched")
            .field("bytes", &self.bytes.len())
            .field("media_type", &self.media_type)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}
