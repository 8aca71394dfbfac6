//! HTTP/2 by hand, as far as it takes to break its rules: frames (RFC 9113, 4.1) with headers out of the static table of HPACK.

use std::io::{self, Read};

use super::servers::Stream;

/// `:status: 200` (entry 8 of HPACK's static table).
const OK: u8 = 0x88;
/// Flag of HEADERS and CONTINUATION: no more headers follow.
const END_HEADERS: u8 = 0x4;
/// Flag of DATA and HEADERS: nothing follows on this stream.
const END_STREAM: u8 = 0x1;

/// A frame. Type 0 is DATA, 1 HEADERS, 3 RST_STREAM, 4 SETTINGS, 7 GOAWAY, 9 CONTINUATION.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Reads up to the client's first request and opens the connection for the server's side.
pub fn greet(stream: &mut dyn Stream) -> io::Result<()> {
    stream.write_all(&frame(4, 0, 0, &[]))?;
    stream.read_exact(&mut [0; 24])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u64::from(u32::from_be_bytes([0, head[0], head[1], head[2]]));
        io::copy(&mut Read::take(&mut *stream, length), &mut io::sink())?;
        match head[3] {
            1 => return Ok(()),
            4 if head[4] == 0 => stream.write_all(&frame(4, 1, 0, &[]))?,
            _ => {}
        }
    }
}

/// The head of a good answer, with `content-length` where one is given (entry 28 of the static table).
pub fn head(length: Option<&str>) -> Vec<u8> {
    let mut block = vec![OK];
    if let Some(length) = length {
        block.extend([0x5c, u8::try_from(length.len()).unwrap()]);
        block.extend(length.as_bytes());
    }
    frame(1, END_HEADERS, 1, &block)
}

/// A piece of the body; the last one if so said.
pub fn data(body: &[u8], last: bool) -> Vec<u8> {
    frame(0, if last { END_STREAM } else { 0 }, 1, body)
}

/// Headers that go on in CONTINUATION frames and never end.
pub fn endless_headers(stream: &mut dyn Stream) -> io::Result<()> {
    stream.write_all(&frame(1, 0, 1, &[OK]))?;
    loop {
        // A literal header "a: b" that no table keeps.
        stream.write_all(&frame(9, 0, 1, &[0, 1, b'a', 1, b'b']))?;
    }
}

/// A header of 16 KiB, again and again, in one block: more than anybody wants to keep.
pub fn heavy_headers(stream: &mut dyn Stream) -> io::Result<()> {
    let mut piece = vec![0, 1, b'a', 0x7f, 0x81, 0x7f];
    piece.extend(vec![b'b'; 16_384]);
    let mut block = vec![OK];
    (0..10).for_each(|_| block.extend(&piece));
    let mut pieces = block.chunks(16_000).peekable();
    let mut kind = 1;
    while let Some(piece) = pieces.next() {
        stream.write_all(&frame(kind, if pieces.peek().is_none() { END_HEADERS } else { 0 }, 1, piece))?;
        kind = 9;
    }
    stream.write_all(&data(b"planted", true))
}
