//! Git repositories over HTTP on loopback, read-only, by git's own http-backend.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// A running server. Dropping it stops it.
pub struct GitServer {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl GitServer {
    /// Serves the bare repositories below a folder.
    ///
    /// # Errors
    /// When git or a free port is missing.
    pub async fn start(root: &Path) -> Result<Self> {
        let backend =
            PathBuf::from(crate::output(Command::new("git").arg("--exec-path"))?.trim()).join("git-http-backend");
        if !backend.is_file() {
            bail!("{} is missing", backend.display());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let served = Arc::new(Served { backend, root: root.to_owned() });
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                connections.spawn(async move {
                    let service = service_fn(move |request| {
                        let served = Arc::clone(&served);
                        async move { Ok::<_, std::convert::Infallible>(answer(&served, request).await) }
                    });
                    let _ =
                        auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(Self { address, task })
    }

    /// Address of a repository.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Served {
    backend: PathBuf,
    root: PathBuf,
}

async fn answer(served: &Served, request: Request<Incoming>) -> Response<Full<Bytes>> {
    run_backend(served, request).await.unwrap_or_else(|error| {
        let mut response = Response::new(Full::new(Bytes::from(format!("{error:#}\n"))));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// One request as CGI (RFC 3875) wants it: the head in variables, the body on standard input, head and body of the answer on standard output.
async fn run_backend(served: &Served, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let header =
        |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = body.collect().await?.to_bytes();
    let mut child = tokio::process::Command::new(&served.backend)
        .env("GIT_PROJECT_ROOT", &served.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REQUEST_METHOD", head.method.as_str())
        .env("PATH_INFO", head.uri.path())
        .env("QUERY_STRING", head.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    child.stdin.take().context("no standard input")?.write_all(&body).await?;
    let output = child.wait_with_output().await?.stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").context("git said nothing")?;
    let (lines, body) = (output.get(..end).unwrap_or_default(), output.get(end + 4..).unwrap_or_default());
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(body)));
    for (name, value) in String::from_utf8_lossy(lines).lines().filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("status") {
            *response.status_mut() = value.split(' ').next().unwrap_or_default().parse()?;
        } else {
            response.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
    }
    Ok(response)
}
