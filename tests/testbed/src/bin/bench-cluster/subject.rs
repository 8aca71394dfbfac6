//! Who is measured: the operator, the bare limits, and the peers that do the same job in other frameworks. All are processes of their own
//! with the rights of the operator's service account.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use testbed::cluster::Cluster;
use testbed::operator::get;
use testbed::supervise::Supervised;
use testbed::{ports, tail};

use testbed::usage::{self, Usage};

/// How long a start with finished reports may take.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The bare loop of the two requests: the ceiling.
    BareLoop,
    /// The bare watch: the floor.
    BareWatch,
    /// The operator.
    Operator,
    /// A manager on Go's controller-runtime that watches metadata of ConfigMaps and reads them by name.
    Go,
    /// The same with the ConfigMaps in its cache, which is what its client does unless told otherwise.
    GoCached,
    /// A handler in Kopf, Python.
    Kopf,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BareLoop => "bare loop",
            Self::BareWatch => "bare watch",
            Self::Operator => "operator",
            Self::Go => "Go manager",
            Self::GoCached => "Go, maps cached",
            Self::Kopf => "Kopf",
        })
    }
}

/// The programs.
pub struct Programs {
    /// The operator.
    pub operator: PathBuf,
    /// This program, for the bare limits.
    pub own: PathBuf,
    /// The Go manager, where it is there.
    pub manager: Option<PathBuf>,
    /// A Python with Kopf, where it is there.
    pub kopf: Option<PathBuf>,
    /// Folder with the prepared statuses.
    pub statuses: PathBuf,
    /// Runs, requests or workers at a time.
    pub concurrency: usize,
}

/// What a subject is to look after.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// One namespace, or all.
    pub namespace: Option<&'a str>,
    /// Number of reports, for the bare loop.
    pub reports: usize,
    /// Further flags of the operator.
    pub flags: &'a [String],
    /// A way to the API server that is not the direct one.
    pub kubeconfig: Option<&'a Path>,
    /// The cores that it may run on, as `taskset` takes them; all where none are given.
    pub cores: Option<&'a str>,
}

impl<'a> Task<'a> {
    /// All reports of a namespace.
    pub fn all(namespace: &'a str, reports: usize) -> Self {
        Self { namespace: Some(namespace), reports, flags: &[], kubeconfig: None, cores: None }
    }
}

impl Programs {
    /// The peers that are there.
    pub fn peers(&self) -> Vec<Subject> {
        let go = self.manager.as_ref().map(|_| Subject::Go);
        go.into_iter().chain(self.kopf.as_ref().map(|_| Subject::Kopf)).collect()
    }

    /// Starts a subject.
    ///
    /// # Errors
    /// When its program cannot be started.
    pub fn start(&self, subject: Subject, cluster: &Cluster, task: Task<'_>) -> Result<Running> {
        let own = |name: &str, value: String| (name.to_owned(), value);
        let direct = cluster.operator_kubeconfig()?;
        let kubeconfig = task.kubeconfig.unwrap_or(&direct);
        let mut environment = vec![
            own("KUBECONFIG", kubeconfig.display().to_string()),
            own("STATUSES", self.statuses.display().to_string()),
            own("NAMESPACE", task.namespace.unwrap_or_default().to_owned()),
            own("CONCURRENCY", self.concurrency.to_string()),
            own("REPORTS", task.reports.to_string()),
        ];
        let [health, metrics] = [ports::free()?, ports::free()?];
        let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let peers = testbed::repository().join("tests/peers");
        let (program, arguments) = match subject {
            Subject::BareLoop => (self.own.clone(), text(&["bare", "loop"])),
            Subject::BareWatch => (self.own.clone(), text(&["bare", "watch"])),
            Subject::Go | Subject::GoCached => {
                environment.push(own("CACHE_CONFIG_MAPS", (subject == Subject::GoCached).to_string()));
                (self.manager.clone().context("the Go manager is not there")?, Vec::new())
            }
            Subject::Kopf => {
                let handler = peers.join("kopf/handler.py").display().to_string();
                let scope = match task.namespace {
                    Some(namespace) => format!("--namespace={namespace}"),
                    None => "--all-namespaces".to_owned(),
                };
                let python = self.kopf.clone().context("Kopf is not there")?;
                (python, text(&["-m", "kopf", "run", "--quiet", "--standalone", &scope, &handler]))
            }
            Subject::Operator => {
                let mut arguments = text(&["run", "--log-format=json"]);
                arguments.push(format!("--concurrency={}", self.concurrency));
                arguments.push(format!("--health-addr={health}"));
                arguments.push(format!("--metrics-addr={metrics}"));
                arguments.extend(task.namespace.map(|namespace| format!("--watch-namespaces={namespace}")));
                arguments.extend_from_slice(task.flags);
                (self.operator.clone(), arguments)
            }
        };
        let (program, arguments) = match task.cores {
            None => (program, arguments),
            // It becomes the program, under the same process id.
            Some(cores) => {
                let words = ["-c".to_owned(), cores.to_owned(), program.display().to_string()];
                (PathBuf::from("taskset"), words.into_iter().chain(arguments).collect())
            }
        };
        let log = cluster.control_plane().folder().join(format!("{subject}-{}.log", health.port()).replace(' ', "-"));
        let started = Instant::now();
        let process = Supervised::start(&program, &arguments, &environment, &log)?;
        let pid = pid_of(&process).with_context(|| format!("{subject} did not start; see {}", log.display()))?;
        Ok(Running { subject, process, pid, started, health, metrics, log })
    }
}

/// The shell needs a moment to start the command.
fn pid_of(process: &Supervised) -> Option<u32> {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        if let Some(pid) = process.pid() {
            return Some(pid);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// A subject that runs. Dropping it stops it.
pub struct Running {
    /// Who it is.
    pub subject: Subject,
    process: Supervised,
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    pub started: Instant,
    health: SocketAddr,
    metrics: SocketAddr,
    log: PathBuf,
}

impl Running {
    /// What it uses now.
    pub fn usage(&self) -> Usage {
        usage::of(self.pid)
    }

    /// Waits until the operator says that it is ready; seconds from its start.
    ///
    /// # Errors
    /// When it ends or takes too long; the message holds the end of its log.
    pub async fn until_ready(&mut self, within: Duration) -> Result<f64> {
        loop {
            if get(self.health, "/readyz").is_ok_and(|(status, _)| status == 200) {
                return Ok(self.started.elapsed().as_secs_f64());
            }
            self.must_be_alive()?;
            if self.started.elapsed() > within {
                bail!("not ready within {within:?}\n{}", self.log_tail());
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Waits until the operator counts so many reports as Ready: it has then looked at each. Seconds from its start.
    ///
    /// # Errors
    /// When it ends or takes too long; the message holds the end of its log.
    pub async fn until_settled(&mut self, reports: usize) -> Result<f64> {
        loop {
            let ready = self.metric("conference_report_objects{ready=\"true\"}").unwrap_or_default();
            let seconds = self.started.elapsed().as_secs_f64();
            if ready as usize >= reports {
                return Ok(seconds);
            }
            self.must_be_alive()?;
            if seconds > SETTLED_WITHIN.as_secs_f64() {
                bail!("{ready} of {reports} reports were looked at within {SETTLED_WITHIN:?}\n{}", self.log_tail());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sum of the operator's metrics whose name with labels begins so.
    ///
    /// # Errors
    /// When it does not answer.
    fn metric(&self, begin: &str) -> Result<f64> {
        let (_, text) = get(self.metrics, "/metrics")?;
        let values = text.lines().filter_map(|line| line.strip_prefix(begin)?.rsplit_once(' '));
        Ok(values.filter_map(|(_, value)| value.parse::<f64>().ok()).sum())
    }

    /// The last lines that it has logged.
    pub fn log_tail(&self) -> String {
        tail(&self.log, 12)
    }

    /// Fails when the process has ended.
    ///
    /// # Errors
    /// With the end of its log.
    pub fn must_be_alive(&mut self) -> Result<()> {
        if self.process.has_ended() {
            bail!("{} ended:\n{}", self.subject, self.log_tail());
        }
        Ok(())
    }

    /// Stops it as Kubernetes would, and waits.
    pub fn stop(mut self) {
        self.process.stop();
    }
}
