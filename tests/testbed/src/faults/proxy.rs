//! The proxy itself: a thread of its own that listens on loopback, the rules, and the record of what passed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use super::call::Call;
use super::forward;
use super::rule::{Fault, On};
use super::wire::Wire;
use crate::cluster::Cluster;

/// A proxy in front of the API server of a cluster. Dropping it closes every connection.
pub struct FaultProxy {
    shared: Arc<Shared>,
    kubeconfig: PathBuf,
    // Kept for its tasks; taken when it ends, since a runtime must not be dropped within another.
    runtime: Option<Runtime>,
}

/// What the connections share.
pub(super) struct Shared {
    upstream: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    authority: Authority,
    started: Instant,
    state: Mutex<State>,
    cuts: broadcast::Sender<String>,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    calls: Vec<Call>,
}

struct Rule {
    on: On,
    fault: Fault,
    /// Requests of this kind since the rule was made.
    seen: usize,
    /// Those that the fault befell.
    hits: usize,
    lifted: bool,
}

/// A rule that is in force until it is lifted; dropping this leaves it in force.
pub struct Injected {
    shared: Arc<Shared>,
    at: usize,
}

impl FaultProxy {
    /// Starts a proxy; without rules it hands everything on.
    ///
    /// # Errors
    /// When no port is free or the API server's certificate cannot be read.
    pub fn start(cluster: &Cluster) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let control_plane = cluster.control_plane();
        let url: Uri = control_plane.url().parse()?;
        let (cuts, _) = broadcast::channel(64);
        let shared = Arc::new(Shared {
            upstream: upstream(&control_plane.certificate())?,
            authority: url.authority().cloned().context("the API server has no address")?,
            started: Instant::now(),
            state: Mutex::default(),
            cuts,
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).context("no free port")?;
        let address = listener.local_addr()?;
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        let kubeconfig = cluster.operator_kubeconfig_at(&url_of(address))?;
        Ok(Self { shared, kubeconfig, runtime: Some(runtime) })
    }

    /// A kubeconfig with the operator's rights that leads through the proxy.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// From now on the fault befalls these requests. Of several rules for a request the newest decides.
    pub fn inject(&self, on: On, fault: impl Into<Fault>) -> Injected {
        let mut state = self.shared.lock();
        state.rules.push(Rule { on, fault: fault.into(), seen: 0, hits: 0, lifted: false });
        Injected { shared: Arc::clone(&self.shared), at: state.rules.len() - 1 }
    }

    /// Lifts all rules. Requests that hang already go on hanging.
    pub fn lift_all(&self) {
        self.shared.lock().rules.iter_mut().for_each(|rule| rule.lifted = true);
    }

    /// Ends the present watches of a resource in good order, as the API server does it when their time is up.
    pub fn cut_watches(&self, resource: &str) {
        // Nobody listens where nobody watches.
        let _ = self.shared.cuts.send(resource.to_owned());
    }

    /// The requests so far of this kind, in the order in which they came.
    pub fn calls(&self, on: &On) -> Vec<Call> {
        self.shared.lock().calls.iter().filter(|call| on.matches(call)).cloned().collect()
    }

    /// How many requests a rule of any kind has had its way with so far.
    pub fn injected(&self, on: &On) -> usize {
        self.shared.lock().calls.iter().filter(|call| call.injected && on.matches(call)).count()
    }

    /// Forgets the requests so far; those that are under way are no longer recorded.
    pub fn forget(&self) {
        let mut state = self.shared.lock();
        state.calls.clear();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Injected {
    /// How many requests the fault has befallen so far.
    pub fn hits(&self) -> usize {
        self.shared.lock().rules.get(self.at).map_or(0, |rule| rule.hits)
    }

    /// Waits until the fault has befallen so many requests; whether it did in time.
    pub fn wait_for(&self, hits: usize, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.hits() < hits {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    /// Ends the rule. Requests that hang already go on hanging.
    pub fn lift(&self) {
        if let Some(rule) = self.shared.lock().rules.get_mut(self.at) {
            rule.lifted = true;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since the proxy was started.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Records a request; the time that names it and what is to happen to it.
    pub(super) fn note(&self, mut call: Call) -> (Duration, Option<Fault>) {
        let mut state = self.lock();
        let mut fault = None;
        for rule in state.rules.iter_mut().rev().filter(|rule| !rule.lifted && rule.on.matches(&call)) {
            let takes = rule.on.takes(rule.seen);
            rule.seen += 1;
            if takes && fault.is_none() {
                rule.hits += 1;
                fault = Some(rule.fault.clone());
            }
        }
        call.injected = fault.is_some();
        // The time of its arrival names a request; two never have the same.
        call.at = state.calls.last().map_or(call.at, |last| call.at.max(last.at + Duration::from_nanos(1)));
        let at = call.at;
        state.calls.push(call);
        (at, fault)
    }

    /// Changes what is recorded about a request.
    pub(super) fn update(&self, at: Duration, change: impl FnOnce(&mut Call)) {
        let mut state = self.lock();
        if let Ok(found) = state.calls.binary_search_by_key(&at, |call| call.at)
            && let Some(call) = state.calls.get_mut(found)
        {
            change(call);
        }
    }

    /// Tells when watches are to end.
    pub(super) fn cuts(&self) -> broadcast::Receiver<String> {
        self.cuts.subscribe()
    }

    /// Sends a request to the API server.
    pub(super) async fn hand_on(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority.clone());
        *request.uri_mut() = Uri::from_parts(parts)?;
        let headers = request.headers_mut();
        headers.remove(header::HOST);
        // What passes is read, and so must be plain.
        headers.remove(header::ACCEPT_ENCODING);
        Ok(self.upstream.request(request).await?)
    }
}

fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn upstream(certificate: &Path) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(certificate)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1();
    Ok(Client::builder(TokioExecutor::new()).build(connector.build()))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (shared, reset) = (Arc::clone(&shared), Arc::new(AtomicBool::new(false)));
        let wire = TokioIo::new(Wire::new(stream, Arc::clone(&reset)));
        tokio::spawn(async move {
            let service = service_fn(move |request| forward::answer(Arc::clone(&shared), Arc::clone(&reset), request));
            // A connection that breaks is what this is for.
            let _ = http1::Builder::new().serve_connection(wire, service).await;
        });
    }
}
