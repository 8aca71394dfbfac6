//! The operator as a process of its own, with the rights it has in production.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cluster::Cluster;
use crate::ports;
use crate::supervise::Supervised;

/// How long the operator may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Operators of this process that run now.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Looks at an operator that is about to end.
type Inspection = Box<dyn Fn(&Operator) + Send>;

/// A running operator. Dropping it stops it as Kubernetes would: with SIGTERM.
pub struct Operator {
    process: Supervised,
    log: PathBuf,
    health: SocketAddr,
    metrics: SocketAddr,
    inspection: Option<Inspection>,
}

impl Operator {
    /// Starts the operator and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not become ready in time; the message holds its log.
    pub fn start(binary: &Path, cluster: &Cluster, name: &str, flags: &[&str]) -> Result<Self> {
        Self::start_with(binary, cluster, name, flags, &[])
    }

    /// The same with additional environment variables.
    ///
    /// # Errors
    /// When it does not become ready in time; the message holds its log.
    pub fn start_with(
        binary: &Path,
        cluster: &Cluster,
        name: &str,
        flags: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let kubeconfig = cluster.operator_kubeconfig()?;
        let mut operator = Self::launch(binary, cluster, name, flags, variables, &kubeconfig)?;
        operator.wait_until_ready()?;
        Ok(operator)
    }

    /// The same with a kubeconfig of one's own, and without waiting for anything.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(
        binary: &Path,
        cluster: &Cluster,
        name: &str,
        flags: &[&str],
        variables: &[(&str, &str)],
        kubeconfig: &Path,
    ) -> Result<Self> {
        let [health, metrics] = [ports::free()?, ports::free()?];
        let log = cluster.control_plane().folder().join(format!("operator-{name}.log"));
        let mut arguments = vec![
            "run".to_owned(),
            format!("--health-addr={health}"),
            format!("--metrics-addr={metrics}"),
            "--log-format=json".to_owned(),
        ];
        arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let mut environment = vec![
            ("KUBECONFIG".to_owned(), kubeconfig.display().to_string()),
            ("POD_NAMESPACE".to_owned(), crate::cluster::OPERATOR_NAMESPACE.to_owned()),
            ("POD_NAME".to_owned(), name.to_owned()),
        ];
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let process = Supervised::start(binary, &arguments, &environment, &log)?;
        RUNNING.fetch_add(1, Ordering::AcqRel);
        Ok(Self { process, log, health, metrics, inspection: None })
    }

    /// How many operators of this process run now.
    pub fn running() -> usize {
        RUNNING.load(Ordering::Acquire)
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// When it ends, or does not become ready in time; the message holds its log.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if get(self.health, "/readyz").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            if self.process.has_ended() || Instant::now() > deadline {
                bail!("the operator did not become ready\n{}", self.log_text());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its process; none where `/proc` does not tell.
    pub fn process(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }

    /// What it has logged so far.
    pub fn log_text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Where it serves its metrics.
    pub fn metrics_address(&self) -> SocketAddr {
        self.metrics
    }

    /// Its metrics in the text format.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metrics(&self) -> Result<String> {
        let (status, body) = get(self.metrics, "/metrics")?;
        if status != 200 {
            bail!("/metrics answered {status}");
        }
        Ok(body)
    }

    /// The number of a metric that counts something, by its name and labels; 0 where there is none yet.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metric(&self, name: &str) -> Result<usize> {
        let metrics = self.metrics()?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.map_or(Ok(0), str::parse)?)
    }

    /// Status code and body of one of its health endpoints, for example `/livez`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn health(&self, path: &str) -> Result<(u16, String)> {
        get(self.health, path)
    }

    /// Has something looked at before it ends, however it ends, as long as the test goes well.
    pub fn inspect_at_end(&mut self, inspection: impl Fn(&Operator) + Send + 'static) {
        self.inspection = Some(Box::new(inspection));
    }

    fn inspect(&mut self) {
        if let Some(inspection) = self.inspection.take().filter(|_| !std::thread::panicking()) {
            inspection(self);
        }
    }

    /// Stops it with SIGTERM and waits; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.inspect();
        self.process.stop()
    }

    /// Kills it without warning, as a node that loses its power would, and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(mut self) -> Result<()> {
        self.inspection = None;
        self.process.kill()?;
        // Its port is free when the kernel has taken it apart.
        while TcpStream::connect_timeout(&self.health, Duration::from_secs(1)).is_ok() {
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.inspect();
        self.process.stop();
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Status code and body of a plain HTTP answer.
///
/// # Errors
/// When there is none within five seconds.
pub fn get(address: SocketAddr, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status code")?;
    Ok((status, body.to_owned()))
}
