//! The soak: random edits, deletions, faults and restarts for some minutes, and then the question whether anything was lost.
//!
//! The first half restarts the operator again and again, by SIGTERM and SIGKILL. The second half lets one process run, since only
//! such a one shows whether its memory grows. Everything random comes from one seed, which is printed.

mod judge;
mod trouble;
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fastrand::Rng;

use crate::cluster::Cluster;
use crate::faults::{FaultProxy, On};
use crate::objects::Objects;
use crate::operator::Operator;
use crate::report_server::ReportServer;
use trouble::Trouble;
use world::World;

pub use judge::Verdict;

/// Mean time between two changes of the world.
const STEP: Duration = Duration::from_millis(40);
/// Mean time between two restarts in the first half.
const RESTART: Duration = Duration::from_secs(8);
/// Time between two looks at the memory.
const LOOK: Duration = Duration::from_millis(500);
/// How long after the last fault everything must be right: the longest pause after a few failures, and a silent minute.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);

/// The processes of a soak.
struct Stage<'a> {
    binary: &'a Path,
    cluster: &'a Cluster,
    proxy: &'a FaultProxy,
    flags: Vec<String>,
    starts: usize,
}

impl Stage<'_> {
    fn start(&mut self) -> Result<Operator> {
        self.starts += 1;
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let name = format!("soak-{}", self.starts);
        let mut operator = Operator::launch(self.binary, self.cluster, &name, &flags, &[], self.proxy.kubeconfig())?;
        operator.wait_until_ready()?;
        Ok(operator)
    }
}

/// Soaks for about `time`; what came of it.
///
/// # Errors
/// When something of the testbed fails, or the operator does not start again. What the operator got wrong is in the verdict.
pub fn soak(binary: &Path, time: Duration, seed: u64, progress: impl Fn(&str)) -> Result<Verdict> {
    let cluster = Cluster::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = runtime.block_on(ReportServer::start())?;
    let proxy = FaultProxy::start(&cluster)?;
    let objects = Objects::new(&cluster, "soak")?;
    let mut rng = Rng::with_seed(seed);
    let mut world = World::new(&objects, &server, rng.fork())?;
    let mut trouble = Trouble::new(&proxy, rng.fork());
    let mut stage = Stage {
        binary,
        cluster: &cluster,
        proxy: &proxy,
        flags: vec![
            format!("--watch-namespaces={}", objects.namespace),
            "--api-timeout=2s".to_owned(),
            "--http-allow-host=localhost".to_owned(),
            format!("--http-allow-port={}", server.port()),
        ],
        starts: 0,
    };
    let mut operator = stage.start()?;
    let mut verdict = Verdict { seed, time, ..Verdict::default() };

    let began = Instant::now();
    let mut next_restart = began + RESTART;
    progress("edits, faults and restarts");
    while began.elapsed() < time / 2 {
        world.step()?;
        trouble.step();
        if Instant::now() > next_restart {
            if rng.bool() {
                operator.kill().context("SIGKILL")?;
                verdict.kills += 1;
            } else {
                verdict.unclean_stops += usize::from(operator.stop() != Some(0));
                verdict.stops += 1;
            }
            world.away(&mut rng)?;
            operator = stage.start()?;
            next_restart = Instant::now() + RESTART / 2 + RESTART.mul_f64(rng.f64());
        }
        std::thread::sleep(STEP.mul_f64(2.0 * rng.f64()));
    }
    progress("edits and faults, one process");
    let began = Instant::now();
    let mut next_look = began;
    while began.elapsed() < time / 2 {
        world.step()?;
        trouble.step();
        if Instant::now() > next_look {
            verdict.resident.push((began.elapsed(), resident(&operator)?));
            next_look = Instant::now() + LOOK;
        }
        std::thread::sleep(STEP.mul_f64(2.0 * rng.f64()));
    }
    progress("no more faults; waiting until all is right");
    proxy.lift_all();
    verdict.faults = trouble.into_counts();
    let expected = world.expected(binary)?;
    let deadline = Instant::now() + SETTLED_WITHIN;
    let calm = Instant::now();
    loop {
        verdict.wrong = judge::wrong(&expected, &objects.all("ConferenceReport")?);
        if verdict.wrong.is_empty() || Instant::now() > deadline {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    verdict.settled_after = calm.elapsed();
    verdict.reports = expected.len();
    verdict.changes = world.changes();
    verdict.actions = world.into_counts();
    verdict.writes = proxy.calls(&On::patch("conferencereports")).iter().filter(|call| call.succeeded()).count();
    verdict.injected = proxy.injected(&On::reconcilers());
    verdict.unclean_stops += usize::from(operator.stop() != Some(0));
    verdict.stops += 1;
    Ok(verdict)
}

fn resident(operator: &Operator) -> Result<f64> {
    let text = operator.metrics()?;
    let line = text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    Ok(line.context("no process_resident_memory_bytes")?.trim().parse()?)
}
