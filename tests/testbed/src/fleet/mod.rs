//! A fleet: ten thousand reports on one operator. Two questions, which small tests cannot answer: does a restart leave finished reports
//! alone, and does a newcomer wait while all others are looked at again?

mod asked;
mod verdict;
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cluster::Cluster;
use crate::operator::Operator;
use crate::report_server::ReportServer;
use asked::Asked;
use world::{Kind, World};

pub use verdict::Verdict;

/// How long all reports may take to become Ready for the first time, and to be looked at after a restart.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long is waited for what should not come.
const QUIET: Duration = Duration::from_secs(5);
/// How long a newcomer may take until its waiting counts as lost.
const LOST: Duration = Duration::from_secs(60);

/// Has so many reports analysed, restarts the operator, and creates newcomers while all others are looked at again.
///
/// # Errors
/// When something of the testbed fails, or the reports do not become Ready. What the operator got wrong is in the verdict.
pub fn fleet(binary: &Path, reports: usize, newcomers: usize, progress: impl Fn(&str)) -> Result<Verdict> {
    let cluster = Cluster::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = runtime.block_on(ReportServer::plain())?;
    let client = runtime.block_on(cluster.client())?;
    let world = World::new(client, &server, cluster.namespace("fleet")?);
    let watch = format!("--watch-namespaces={}", world.namespace);
    let port = format!("--http-allow-port={}", server.port());
    let flags = [watch.as_str(), "--http-allow-host=localhost", port.as_str()];
    let mut verdict = Verdict { reports, ..Verdict::default() };

    progress("creating the reports and having them analysed");
    let first = Operator::start(binary, &cluster, "fleet-1", &flags)?;
    let began = Instant::now();
    runtime.block_on(world.create(reports))?;
    verdict.created_in = began.elapsed();
    until_ready(&first, reports)?;
    verdict.ready_in = began.elapsed();
    verdict.stopped_well = first.stop() == Some(0);

    progress("starting again");
    // What the first was still asking for is on record by then.
    std::thread::sleep(Duration::from_secs(1));
    let asked = Asked::so_far(cluster.control_plane())?;
    let fetched = server.seen().len();
    let began = Instant::now();
    let operator = Operator::start(binary, &cluster, "fleet-2", &flags)?;
    until_ready(&operator, reports)?;
    verdict.restarted_in = began.elapsed();
    std::thread::sleep(QUIET);
    verdict.asked = asked.since(cluster.control_plane(), &world.namespace)?;
    verdict.fetched = server.seen().len() - fetched;

    progress("creating some newcomers while nothing else goes on");
    let create = |number| {
        let kind = Kind::of(number);
        let took = runtime.block_on(world.newcomer(number, kind, LOST))?;
        anyhow::Ok((kind.name(), took))
    };
    let before = newcomers.div_ceil(5);
    verdict.undisturbed = (0..before).map(create).collect::<Result<_>>()?;

    progress("having all looked at again, and creating newcomers meanwhile");
    runtime.block_on(world.change_catalog())?;
    let deadline = Instant::now() + PATIENCE;
    while waiting(&operator)? < reports / 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    for number in before..before + newcomers {
        verdict.left = waiting(&operator)?;
        if verdict.left == 0 {
            break;
        }
        verdict.newcomers.push(create(number)?);
    }
    Ok(verdict)
}

/// Waits until the operator has looked at all reports since its start and found them Ready.
fn until_ready(operator: &Operator, reports: usize) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while operator.metric("conference_report_objects{ready=\"true\"}")? < reports {
        if Instant::now() > deadline {
            bail!("the reports were not Ready within {PATIENCE:?}\n{}", operator.metrics()?);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Reports that wait for their turn.
fn waiting(operator: &Operator) -> Result<usize> {
    operator.metric("workqueue_depth{name=\"conferencereport\"}")
}
