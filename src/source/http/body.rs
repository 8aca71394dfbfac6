//! Reading an answer's body within bounds: bytes are counted after decompression, and a server that stalls is left.

use std::io;
use std::time::Duration;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use futures::TryStreamExt;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

/// What bounds a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Most bytes after decompression.
    pub max_bytes: u64,
    /// Longest pause between two pieces.
    pub idle_timeout: Duration,
}

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    Idle,
    Encoding(String),
    Broken(String),
}

/// Reads a body to its end.
pub(super) async fn read(body: Incoming, encoding: Option<&str>, bounds: Bounds) -> Result<Vec<u8>, BodyError> {
    let stream = body.into_data_stream().map_err(|error| {
        let kind =
            if error.is_incomplete_message() { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::ConnectionReset };
        io::Error::new(kind, "the body broke off")
    });
    let raw = BufReader::new(StreamReader::new(stream));
    match encoding.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => drain(raw, bounds, false).await,
        Some("gzip" | "x-gzip") => drain(GzipDecoder::new(raw), bounds, true).await,
        Some("deflate") => drain(ZlibDecoder::new(raw), bounds, true).await,
        Some("br") => drain(BrotliDecoder::new(raw), bounds, true).await,
        Some("zstd") => drain(ZstdDecoder::new(raw), bounds, true).await,
        Some(other) => {
            let name: String = other.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
            Err(BodyError::Encoding(format!("it is encoded as {name:?}, which was not asked for")))
        }
    }
}

async fn drain(reader: impl AsyncRead, bounds: Bounds, decoded: bool) -> Result<Vec<u8>, BodyError> {
    let mut reader = std::pin::pin!(reader);
    let mut bytes = Vec::new();
    let mut chunk = vec![0_u8; 16 * 1024];
    loop {
        let read =
            tokio::time::timeout(bounds.idle_timeout, reader.read(&mut chunk)).await.map_err(|_| BodyError::Idle)?;
        match read {
            Ok(0) => return Ok(bytes),
            Ok(count) => {
                if bytes.len() as u64 + count as u64 > bounds.max_bytes {
                    return Err(BodyError::TooLarge);
                }
                bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            }
            Err(error) => return Err(classify(&error, decoded)),
        }
    }
}

fn classify(error: &io::Error, decoded: bool) -> BodyError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            BodyError::Broken("the answer broke off".to_owned())
        }
        _ if decoded => BodyError::Encoding("its compressed content is damaged".to_owned()),
        _ => BodyError::Broken(super::dial::describe(error)),
    }
}
