//! Where the text comes from: one file a source. Each gives the same thing, [`Fetched`].

pub mod decode;

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
