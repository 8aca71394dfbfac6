//! Memory beside large ConfigMaps that no report refers to, in all namespaces: while they appear, and when the process starts beside them.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use testbed::progress::Step;

use crate::lab::Lab;
use crate::subject::{Subject, Task};
use testbed::usage::{self, Surroundings};

/// After this long, what was needed for a moment is given back.
const REST: Duration = Duration::from_secs(5);

/// Memory of a subject.
#[derive(Clone, Debug, Serialize)]
pub struct Unrelated {
    /// Who.
    pub subject: Subject,
    /// Number of ConfigMaps, of a mebibyte each.
    pub maps: usize,
    /// Resident memory before there were any, in MiB.
    pub before_mib: f64,
    /// Resident memory when all are there.
    pub after_mib: f64,
    /// Highest while they appeared.
    pub peak_mib: f64,
    /// Highest of a process that is started when all are there.
    pub started_peak_mib: f64,
    /// Resident memory of that process at rest.
    pub started_mib: f64,
    /// What went on around.
    pub surroundings: Surroundings,
}

/// Measures all subjects, side by side.
///
/// # Errors
/// When one of them fails.
pub async fn measure(lab: &Lab) -> Result<Vec<Unrelated>> {
    let maps = lab.settings.unrelated.unwrap_or(1000);
    let step = Step::start(format!("Memory beside {maps} ConfigMaps of 1 MiB"));
    let site = lab.site().await?;
    let mut subjects = vec![Subject::Operator];
    subjects.extend(lab.programs.peers());
    if subjects.contains(&Subject::Go) {
        subjects.push(Subject::GoCached);
    }
    let task = Task { namespace: None, ..Task::all("", 0) };
    let meter = site.meter();
    let mut running = Vec::new();
    for &subject in &subjects {
        running.push(lab.programs.start(subject, &site.cluster, task)?);
    }
    tokio::time::sleep(REST).await;
    let before: Vec<f64> = running.iter().map(|running| running.usage().resident_mib).collect();
    running.iter().for_each(|running| usage::reset_peak(running.pid));
    step.note("creating them");
    site.objects("unrelated")?.create_unrelated(maps).await?;
    tokio::time::sleep(REST).await;
    let after: Vec<_> = running.iter().map(|running| running.usage()).collect();
    for subject in &mut running {
        subject.must_be_alive()?;
    }
    running.into_iter().for_each(crate::subject::Running::stop);

    let mut results = Vec::new();
    for ((&subject, before_mib), after) in subjects.iter().zip(before).zip(after) {
        step.note(&format!("starting {subject} beside them"));
        let mut again = lab.programs.start(subject, &site.cluster, task)?;
        tokio::time::sleep(REST * 2).await;
        again.must_be_alive()?;
        let started = again.usage();
        again.stop();
        results.push(Unrelated {
            subject,
            maps,
            before_mib,
            after_mib: after.resident_mib,
            peak_mib: after.peak_mib,
            started_peak_mib: started.peak_mib,
            started_mib: started.resident_mib,
            surroundings: meter.stop_without(0.0),
        });
    }
    let shown: Vec<String> = results.iter().map(|it| format!("{} {:.0} MiB", it.subject, it.after_mib)).collect();
    step.done(&shown.join(", "));
    Ok(results)
}
