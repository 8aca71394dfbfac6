//! Every way in which a server is known to misbehave, each with the reason that it must end in. The fetcher by itself and the whole
//! operator go through the same list.

use std::sync::OnceLock;
use std::time::Duration;

use conference_report_operator::api::Reason;
use testbed::keys::{Authority, self_signed};

use super::frames;
use super::servers::{PATIENCE, Server, answer, tls};

/// A server that misbehaves.
pub struct Case {
    pub what: &'static str,
    pub server: Server,
    /// The authority that the client trusts; the public ones where there is none.
    pub authority: Option<String>,
    pub expected: Reason,
}

/// All of them. The servers stay until the process ends.
pub fn all() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        [bodies(), heads(), statuses(), redirects(), sign_in(), handshakes(), http2()].into_iter().flatten().collect()
    })
}

fn plain(what: &'static str, server: Server, expected: Reason) -> Case {
    Case { what, server, authority: None, expected }
}

const HTML: &str = "content-type: text/html\r\n";

fn bodies() -> Vec<Case> {
    let bomb = |encoding: &str| {
        let headers = format!("{HTML}content-encoding: {encoding}\r\n");
        Server::answering(answer("200 OK", &headers, &compressed(encoding, 20 * 1024 * 1024)))
    };
    let with = |headers: &str, body: &[u8]| Server::answering(answer("200 OK", headers, body));
    let gzip = "content-encoding: gzip\r\n";
    let mut half = compressed("gzip", 1000);
    half.truncate(half.len() / 2);
    vec![
        plain(
            "an endless body",
            Server::start(|stream, _| {
                stream.write_all(&answer("200 OK", HTML, b""))?;
                loop {
                    stream.write_all(&[b'a'; 4096])?;
                }
            }),
            Reason::TooLarge,
        ),
        plain("an announced gigabyte", with("content-length: 1000000000\r\n", b"a"), Reason::TooLarge),
        plain(
            "a body that stalls",
            Server::start(|stream, _| {
                stream.write_all(&answer("200 OK", HTML, b"<p>Kube"))?;
                std::thread::sleep(PATIENCE);
                Ok(())
            }),
            Reason::TimedOut,
        ),
        plain(
            "a body that trickles",
            Server::start(|stream, _| {
                stream.write_all(&answer("200 OK", HTML, b""))?;
                loop {
                    stream.write_all(b"a")?;
                    std::thread::sleep(Duration::from_millis(100));
                }
            }),
            Reason::TimedOut,
        ),
        plain("a gzip bomb", bomb("gzip"), Reason::TooLarge),
        plain("a brotli bomb", bomb("br"), Reason::TooLarge),
        plain("a zstd bomb", bomb("zstd"), Reason::TooLarge),
        plain("damaged gzip", with(gzip, b"planted, and no gzip"), Reason::ConnectionFailed),
        plain("half a gzip", with(gzip, &half), Reason::ConnectionFailed),
        plain("damaged brotli", with("content-encoding: br\r\n", b"planted, and no br"), Reason::ConnectionFailed),
        plain("damaged zstd", with("content-encoding: zstd\r\n", b"planted, and no zstd"), Reason::ConnectionFailed),
        plain("an unknown encoding", with("content-encoding: rot13\r\n", b"x"), Reason::ConnectionFailed),
        plain("encodings on top of each other", with("content-encoding: gzip, br\r\n", b"x"), Reason::ConnectionFailed),
        plain("a body that breaks off", with("content-length: 100\r\n", b"KubeCon"), Reason::ConnectionFailed),
        plain(
            "a chunk that breaks off",
            with("transfer-encoding: chunked\r\n", b"ff\r\nKubeCon"),
            Reason::ConnectionFailed,
        ),
        plain(
            "a chunk of an impossible size",
            with("transfer-encoding: chunked\r\n", b"fffffffffffffffff\r\nKubeCon"),
            Reason::ConnectionFailed,
        ),
        plain(
            "a reset in the middle of the body",
            // What was asked is left unread, so closing the connection resets it.
            Server::raw(None, |stream| {
                std::thread::sleep(Duration::from_millis(50));
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nKubeCon")
            }),
            Reason::ConnectionFailed,
        ),
    ]
}

fn heads() -> Vec<Case> {
    let with = |headers: &str| Server::answering(answer("200 OK", headers, b"planted"));
    let media = |media_type: &str| with(&format!("content-type: {media_type}\r\n"));
    vec![
        plain(
            "a head that trickles",
            Server::start(|stream, _| {
                for byte in "HTTP/1.1 200 OK\r\n".bytes().chain(std::iter::repeat(b'x')) {
                    stream.write_all(&[byte])?;
                    std::thread::sleep(Duration::from_millis(50));
                }
                Ok(())
            }),
            Reason::TimedOut,
        ),
        plain(
            "no answer at all",
            Server::start(|_, _| {
                std::thread::sleep(PATIENCE);
                Ok(())
            }),
            Reason::TimedOut,
        ),
        plain("no HTTP", Server::answering("220 mail.example ESMTP\r\n"), Reason::ConnectionFailed),
        plain("a hang-up", Server::answering(""), Reason::ConnectionFailed),
        plain("a hang-up in the head", Server::answering("HTTP/1.1 200 O"), Reason::ConnectionFailed),
        plain("HTTP/2 without being asked", Server::answering(frames::frame(4, 0, 0, &[])), Reason::ConnectionFailed),
        plain("a megabyte of headers", with(&format!("x: {}\r\n", "y".repeat(1 << 20))), Reason::ConnectionFailed),
        plain("ten thousand headers", with(&"x: y\r\n".repeat(10_000)), Reason::ConnectionFailed),
        plain("two lengths", with("content-length: 7\r\ncontent-length: 9\r\n"), Reason::ConnectionFailed),
        plain("a negative length", with("content-length: -1\r\n"), Reason::ConnectionFailed),
        plain("a header without a colon", with("no colon\r\n"), Reason::ConnectionFailed),
        plain("a header with a zero byte", with("x: \0y\r\n"), Reason::ConnectionFailed),
        plain("a status that is none", Server::answering("HTTP/1.1 42 Planted\r\n\r\n"), Reason::ConnectionFailed),
        plain(
            "interim answers without end",
            Server::start(|stream, _| {
                loop {
                    stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")?;
                }
            }),
            Reason::TimedOut,
        ),
        plain("PDF", media("application/pdf"), Reason::UnsupportedMediaType),
        plain("JSON", media("application/json"), Reason::UnsupportedMediaType),
        plain("an image", media("image/png"), Reason::UnsupportedMediaType),
        plain("a program", media("text/javascript"), Reason::UnsupportedMediaType),
    ]
}

fn statuses() -> Vec<Case> {
    let status = |line: &str| Server::answering(answer(line, "content-length: 7\r\nretry-after: 7\r\n", b"planted"));
    vec![
        plain("401", status("401 Unauthorized"), Reason::AuthenticationFailed),
        plain("403", status("403 Forbidden"), Reason::AuthenticationFailed),
        plain("407", status("407 Proxy Authentication Required"), Reason::AuthenticationFailed),
        plain("404", status("404 Not Found"), Reason::NotFound),
        plain("410", status("410 Gone"), Reason::NotFound),
        plain("418", status("418 I'm a teapot"), Reason::HttpClientError),
        plain("429", status("429 Too Many Requests"), Reason::RateLimited),
        plain("500", status("500 Internal Server Error"), Reason::HttpServerError),
        plain("503", status("503 Service Unavailable"), Reason::HttpServerError),
        plain("204", status("204 No Content"), Reason::HttpServerError),
        plain("206 that nobody asked for", status("206 Partial Content"), Reason::HttpServerError),
        plain("304 that nobody asked for", status("304 Not Modified"), Reason::HttpServerError),
    ]
}

fn redirects() -> Vec<Case> {
    let redirect = |to: &str| Server::answering(answer("302 Found", &format!("location: {to}\r\n"), b"planted"));
    vec![
        plain("a redirect to itself", redirect("/report.html"), Reason::TooManyRedirects),
        plain(
            "a redirect without an address",
            Server::answering(answer("302 Found", "", b"")),
            Reason::TooManyRedirects,
        ),
        plain("a redirect to a file", redirect("file:///etc/passwd"), Reason::TooManyRedirects),
        plain("a redirect with credentials", redirect("http://a:planted@localhost/"), Reason::TooManyRedirects),
        plain("a redirect to no address", redirect("http://300.1.1.1/"), Reason::TooManyRedirects),
        plain(
            "a chain of redirects",
            Server::start(|stream, request| {
                let step = request.matches('x').count() + 1;
                stream.write_all(&answer(
                    "307 Temporary Redirect",
                    &format!("location: /{}\r\n", "x".repeat(step)),
                    b"",
                ))
            }),
            Reason::TooManyRedirects,
        ),
        plain("a redirect to the metadata service", redirect("http://169.254.169.254/latest"), Reason::AddressBlocked),
        plain("a redirect to a decimal loopback", redirect("http://2130706433/"), Reason::AddressBlocked),
        plain("a redirect to a mapped private address", redirect("http://[::ffff:10.0.0.1]/"), Reason::AddressBlocked),
        plain("a redirect to another port", redirect("http://localhost:22/"), Reason::AddressBlocked),
    ]
}

fn sign_in() -> Vec<Case> {
    let form = b"<html><title>Wiki</title><form method=post><input name=u><input type=password name=p></form>planted";
    let saml = b"<html><body onload=go()><form action=https://idp.example/><input type=hidden name=SAMLRequest value=planted></form>";
    let page = |body: &[u8]| Server::answering(answer("200 OK", HTML, body));
    let redirect = |to: &str| Server::answering(answer("302 Found", &format!("location: {to}\r\n"), b""));
    vec![
        plain("200 with a password form", page(form), Reason::LoginPage),
        plain("200 with a hand-over to a sign-in service", page(saml), Reason::LoginPage),
        plain("a redirect to a sign-in page", redirect("/login?next=%2Freport.html"), Reason::LoginPage),
        plain("a redirect to a sign-in service", redirect("https://login.example.com/planted"), Reason::LoginPage),
    ]
}

fn handshakes() -> Vec<Case> {
    let good = Authority::new("good").unwrap();
    let other = Authority::new("other").unwrap();
    let trusted = Some(good.certificate());
    let serve = |identity: &testbed::keys::Identity, clients: Option<&str>| {
        let good = answer("200 OK", "content-type: text/plain\r\n", b"planted");
        Server::over(Some(tls(identity, &["http/1.1"], clients)), move |stream, _| stream.write_all(&good))
    };
    let right = good.server(&["localhost"]).unwrap();
    let broken = |what, sent: &'static [u8], expected| {
        let server = Server::raw(None, move |stream| {
            // The client's greeting comes first.
            let mut greeting = [0; 32];
            stream.read_exact(&mut greeting)?;
            stream.write_all(sent)?;
            std::thread::sleep(Duration::from_millis(100));
            Ok(())
        });
        Case { what, server: server.said_to_speak_tls(), authority: trusted.clone(), expected }
    };
    let case = |what, server, authority: &Option<String>| Case {
        what,
        server,
        authority: authority.clone(),
        expected: Reason::TlsError,
    };
    vec![
        case("an expired certificate", serve(&good.expired_server(&["localhost"]).unwrap(), None), &trusted),
        case("a certificate for another name", serve(&good.server(&["reports.example.org"]).unwrap(), None), &trusted),
        case("a certificate of an unknown authority", serve(&right, None), &Some(other.certificate())),
        case("a certificate that no public authority vouches for", serve(&right, None), &None),
        case("a certificate that vouches for itself", serve(&self_signed(&["localhost"]).unwrap(), None), &trusted),
        case("a client's certificate as a server's", serve(&good.client("localhost").unwrap(), None), &trusted),
        case("a server that wants a certificate", serve(&right, Some(&good.certificate())), &trusted),
        broken("a version of TLS that is too old", b"\x15\x03\x03\x00\x02\x02\x46", Reason::TlsError),
        broken("no cipher in common", b"\x15\x03\x03\x00\x02\x02\x28", Reason::TlsError),
        broken("plain HTTP where TLS should be", b"HTTP/1.1 400 Bad Request\r\n\r\nplanted", Reason::TlsError),
        broken("a handshake that breaks off", b"\x16\x03\x03\x00\x7a\x02\x00", Reason::ConnectionFailed),
        broken("a hang-up in place of a handshake", b"", Reason::ConnectionFailed),
    ]
}

fn http2() -> Vec<Case> {
    let authority = Authority::new("http2").unwrap();
    let identity = authority.server(&["localhost"]).unwrap();
    let case = |what, expected, behave: fn(&mut dyn super::servers::Stream) -> std::io::Result<()>| {
        let server = Server::raw(Some(tls(&identity, &["h2"], None)), move |stream| {
            frames::greet(stream)?;
            behave(stream)?;
            std::thread::sleep(Duration::from_millis(300));
            Ok(())
        });
        Case { what, server, authority: Some(authority.certificate()), expected }
    };
    vec![
        case("HTTP/2: the connection is given up (GOAWAY)", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 2]))
        }),
        case("HTTP/2: the request is refused (RST_STREAM)", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::frame(3, 0, 1, &[0, 0, 0, 2]))
        }),
        case("HTTP/2: the body is given up (RST_STREAM)", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::head(None))?;
            stream.write_all(&frames::data(b"planted", false))?;
            stream.write_all(&frames::frame(3, 0, 1, &[0, 0, 0, 2]))
        }),
        case("HTTP/2: headers that never end (CONTINUATION)", Reason::ConnectionFailed, frames::endless_headers),
        case("HTTP/2: headers that are too large", Reason::ConnectionFailed, frames::heavy_headers),
        case("HTTP/2: less than was announced", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::head(Some("100")))?;
            stream.write_all(&frames::data(b"planted", true))
        }),
        case("HTTP/2: more than was announced", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::head(Some("3")))?;
            stream.write_all(&frames::data(b"planted", true))
        }),
        case("HTTP/2: a frame that is too large", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::head(None))?;
            stream.write_all(&frames::data(&vec![b'a'; 1 << 20], true))
        }),
        case("HTTP/2: frames of nonsense", Reason::ConnectionFailed, |stream| {
            stream.write_all(&frames::frame(1, 4, 1, &[0xff; 40]))
        }),
        case("HTTP/2: an endless body", Reason::TooLarge, |stream| {
            stream.write_all(&frames::head(None))?;
            // As much as the client's window allows, and then on and on: the client is gone long before.
            loop {
                stream.write_all(&frames::data(&[b'a'; 8192], false))?;
            }
        }),
        case("HTTP/2: silence", Reason::TimedOut, |_| {
            std::thread::sleep(PATIENCE);
            Ok(())
        }),
        case("HTTP/2: a body that stalls", Reason::TimedOut, |stream| {
            stream.write_all(&frames::head(None))?;
            stream.write_all(&frames::data(b"KubeCon", false))?;
            std::thread::sleep(PATIENCE);
            Ok(())
        }),
    ]
}

/// Many letters in few bytes.
pub fn compressed(encoding: &str, size: usize) -> Vec<u8> {
    use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
    use tokio::io::{AsyncWrite, AsyncWriteExt};
    async fn write(mut encoder: impl AsyncWrite + Unpin, size: usize) {
        encoder.write_all(&vec![b'a'; size]).await.unwrap();
        encoder.shutdown().await.unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut out = Vec::new();
    runtime.block_on(async {
        match encoding {
            "gzip" => write(GzipEncoder::new(&mut out), size).await,
            "br" => write(BrotliEncoder::new(&mut out), size).await,
            _ => write(ZstdEncoder::new(&mut out), size).await,
        }
    });
    out
}
