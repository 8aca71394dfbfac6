//! Servers that do to each connection what they are told and remember what they were asked, and a network that stays on loopback.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conference_report_operator::source::http::dial::Network;
use futures::future::BoxFuture;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use testbed::keys::Identity;

/// No case may take longer, whatever the server does.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Both ends of a conversation.
pub trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// A request, and when it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub head: String,
    pub at: Instant,
}

/// A server on loopback.
pub struct Server {
    pub port: u16,
    scheme: &'static str,
    requests: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// A server that treats connections, with or without TLS, before anything is read from them.
    pub fn raw(
        tls: Option<ServerConfig>,
        behave: impl Fn(&mut dyn Stream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (tls, behave) = (tls.map(Arc::new), Arc::new(behave));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (tls, behave) = (tls.clone(), Arc::clone(&behave));
                std::thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
                    // What goes wrong is that the client hangs up when it has had enough.
                    match tls {
                        None => drop(behave(&mut stream)),
                        Some(config) => {
                            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                            let _ = behave(&mut stream);
                            stream.conn.send_close_notify();
                            let _ = stream.flush();
                            linger(stream.sock);
                        }
                    }
                });
            }
        });
        Self { port, scheme, requests: Arc::default() }
    }

    /// A server that speaks HTTP/1.1 and treats requests.
    pub fn start(behave: impl Fn(&mut dyn Stream, &str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::over(None, behave)
    }

    /// The same, with or without TLS.
    pub fn over(
        tls: Option<ServerConfig>,
        behave: impl Fn(&mut dyn Stream, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let requests: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let server = Self::raw(tls, move |stream| {
            let head = read_head(stream);
            if head.is_empty() {
                return Ok(());
            }
            seen.lock().unwrap().push(Asked { head: head.clone(), at: Instant::now() });
            behave(stream, &head)
        });
        Self { requests, ..server }
    }

    /// A server that gives one answer to everything.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |stream, _| stream.write_all(&answer))
    }

    /// The same server under an https address, whatever it really speaks.
    pub fn said_to_speak_tls(self) -> Self {
        Self { scheme: "https", ..self }
    }

    pub fn url(&self) -> String {
        self.url_for("localhost")
    }

    pub fn url_for(&self, host: &str) -> String {
        format!("{}://{host}:{}/report.html", self.scheme, self.port)
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.requests.lock().unwrap().clone()
    }

    /// Their heads, one after the other.
    pub fn heads(&self) -> String {
        self.asked().into_iter().map(|asked| asked.head).collect()
    }
}

/// The head of a request, to the empty line; empty where there is none.
pub fn read_head(stream: &mut (impl Read + ?Sized)) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_exact(&mut byte).is_err() {
            return String::new();
        }
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An HTTP/1.1 answer after which the connection ends. Its length is not told unless `headers` do.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n").into_bytes();
    answer.extend(body);
    answer
}

/// Closes a connection in such a way that what was said last arrives: one that is closed while there is something to read is reset, and a
/// reset overtakes what was sent before it. The client may just be writing the rest of its handshake.
fn linger(mut socket: TcpStream) {
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = io::copy(&mut (&mut socket).take(1 << 20), &mut io::sink());
}

/// TLS settings of a server with an identity. `clients` is the authority that clients must have a certificate of.
pub fn tls(identity: &Identity, protocols: &[&str], clients: Option<&str>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    // With TLS 1.3 a missing certificate is refused after the client's handshake: one that is writing its request by then may see the
    // connection end before it sees why.
    let builder = match clients {
        None => builder.with_safe_default_protocol_versions().unwrap(),
        Some(_) => builder.with_protocol_versions(&[&rustls::version::TLS12]).unwrap(),
    };
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}

/// A network that knows the names it was given, connects to loopback only, and records every address that it was to connect to.
#[derive(Default)]
pub struct Loopback {
    names: BTreeMap<String, Vec<Vec<IpAddr>>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    asked: BTreeMap<String, usize>,
    dialled: Vec<SocketAddr>,
}

impl Loopback {
    /// Names with the answers that they get, one after the other; the last one stays.
    pub fn knowing(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let names = names.iter().map(|(name, answers)| ((*name).to_owned(), answers.iter().map(parse).collect()));
        Arc::new(Self { names: names.collect(), state: Mutex::default() })
    }

    /// How often a name was asked for.
    pub fn asked(&self, name: &str) -> usize {
        self.state.lock().unwrap().asked.get(name).copied().unwrap_or_default()
    }

    /// The addresses that were to be connected to.
    pub fn dialled(&self) -> Vec<SocketAddr> {
        self.state.lock().unwrap().dialled.clone()
    }
}

impl Network for Loopback {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut state = self.state.lock().unwrap();
        let turn = state.asked.entry(host.to_owned()).or_default();
        let answer = self.names.get(host).map(|answers| answers[(*turn).min(answers.len() - 1)].clone());
        *turn += 1;
        Box::pin(async move { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<tokio::net::TcpStream>> {
        self.state.lock().unwrap().dialled.push(address);
        Box::pin(async move {
            if address.ip().is_loopback() {
                tokio::net::TcpStream::connect(address).await
            } else {
                Err(io::ErrorKind::NetworkUnreachable.into())
            }
        })
    }
}

/// A stream's other end, for a proxy: copies until one side ends.
pub fn join(client: &TcpStream, server: &TcpStream) {
    let copy = |from: &TcpStream, to: &TcpStream| {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        })
    };
    let there = copy(client, server);
    let _ = copy(server, client).join();
    let _ = there.join();
}
