//! What came of a soak: which statuses are wrong, whether more was written than had changed, whether memory grew. Pure functions.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::world::Expected;

/// Runs that may be under way when the operator is killed, each of which may write once more afterwards: the default of
/// `--concurrency`.
const UNDER_WAY: usize = 16;
/// By how much resident memory may grow over the second half, by its trend. What is kept for a run is about a kilobyte, so a leak
/// of it shows from some thousand runs on; less than this is how an allocator and a kernel lay out pages.
const GROWTH: f64 = 4.0 * 1048576.0;
/// Share of the looks at the memory that is left out at first: buffers and caches fill once.
const WARM_UP: usize = 3;

/// What came of a soak.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Seed of everything random.
    pub seed: u64,
    /// How long it took, without the end.
    pub time: Duration,
    /// What users did how often.
    pub actions: BTreeMap<&'static str, usize>,
    /// What went wrong how often.
    pub faults: BTreeMap<String, usize>,
    /// Requests of reconcilers that a fault befell.
    pub injected: usize,
    /// Restarts by SIGKILL.
    pub kills: usize,
    /// Ends by SIGTERM, the last included.
    pub stops: usize,
    /// Ends by SIGTERM with another exit code than 0.
    pub unclean_stops: usize,
    /// Reports at the end.
    pub reports: usize,
    /// How long it took after the last fault until all was right.
    pub settled_after: Duration,
    /// Statuses that are not as they should be, with the reason.
    pub wrong: Vec<String>,
    /// How often what a status has to say changed.
    pub changes: usize,
    /// Statuses that were written.
    pub writes: usize,
    /// Resident memory in bytes over the second half.
    pub resident: Vec<(Duration, f64)>,
}

impl Verdict {
    /// The most writes: one a change; one more for a request that a fault befell, since it may have been carried out or have to be
    /// told; and those under way when the operator was killed.
    pub fn most_writes(&self) -> usize {
        self.changes + self.injected + self.kills * UNDER_WAY
    }

    /// Growth of resident memory over the looks that count, by the line of least squares, in bytes.
    pub fn growth(&self) -> f64 {
        let counted = self.resident.get(self.resident.len() / WARM_UP..).unwrap_or_default();
        let (Some(first), Some(last)) = (counted.first(), counted.last()) else { return 0.0 };
        slope(counted) * (last.0 - first.0).as_secs_f64()
    }

    /// Everything that is not as it should be.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.wrong.clone();
        if self.writes > self.most_writes() {
            problems.push(format!(
                "{} statuses were written, but {} at most should be",
                self.writes,
                self.most_writes()
            ));
        }
        if self.growth() > GROWTH {
            problems.push(format!("resident memory grew by {:.1} MiB", self.growth() / 1048576.0));
        }
        if self.unclean_stops > 0 {
            problems.push(format!("{} times SIGTERM did not end the operator in good order", self.unclean_stops));
        }
        problems
    }
}

/// Slope of the line of least squares, in bytes a second.
fn slope(points: &[(Duration, f64)]) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let count = points.len() as f64;
    let mean = |of: fn(&(Duration, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0.as_secs_f64()), mean(|point| point.1));
    let (mut above, mut below) = (0.0, 0.0);
    for (time, bytes) in points {
        let along = time.as_secs_f64() - x;
        above += along * (bytes - y);
        below += along * along;
    }
    if below > 0.0 { above / below } else { 0.0 }
}

/// Which reports do not say what they should, and why.
pub(super) fn wrong(expected: &BTreeMap<String, Expected>, reports: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    if reports.len() != expected.len() {
        wrong.push(format!("there are {} reports instead of {}", reports.len(), expected.len()));
    }
    for report in reports {
        let name = report.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let ready = report
            .pointer("/status/conditions")
            .and_then(Value::as_array)
            .and_then(|conditions| conditions.iter().find(|condition| condition["type"] == "Ready"))
            .cloned()
            .unwrap_or_default();
        let problem = match expected.get(name) {
            None => Some("it should have been deleted".to_owned()),
            Some(Expected::Missing) if ready["reason"] == "ConfigMapNotFound" => None,
            Some(Expected::Missing) => Some(format!("its ConfigMap is missing, but it says {ready}")),
            Some(Expected::Status(_)) if ready["status"] != "True" => Some(format!("it is not Ready: {ready}")),
            Some(Expected::Status(_))
                if report.pointer("/status/observedGeneration") != report.pointer("/metadata/generation") =>
            {
                Some("it is Ready for an older generation".to_owned())
            }
            Some(Expected::Status(status)) => difference(status, report.get("status").unwrap_or(&Value::Null)),
        };
        wrong.extend(problem.map(|problem| format!("{name}: {problem}")));
    }
    wrong
}

/// The first field that differs, beside those that say when and how the text was had.
fn difference(expected: &Value, status: &Value) -> Option<String> {
    let fields =
        |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut names = fields(expected);
    names.extend(fields(status));
    names.retain(|name| {
        !["conditions", "observedGeneration", "lastHandledReconcileAt", "source"].contains(&name.as_str())
    });
    let revision = "/source/revision";
    if expected.pointer(revision) != status.pointer(revision) {
        return Some(format!(
            "it tells of another text: {:?} instead of {:?}",
            status.pointer(revision),
            expected.pointer(revision)
        ));
    }
    names.into_iter().find(|name| expected.get(name) != status.get(name)).map(|name| {
        let (is, should) = (text(status.get(&name)), text(expected.get(&name)));
        // Lists are long, and most of both is the same.
        let same = is.chars().zip(should.chars()).take_while(|(is, should)| is == should).count();
        let from = |text: &str| text.chars().skip(same.saturating_sub(60)).take(200).collect::<String>();
        format!("{name} is ...{} instead of ...{}", from(&is), from(&should))
    })
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |counts: &mut dyn Iterator<Item = (String, usize)>| {
            counts.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
        };
        let mib = |bytes: f64| bytes / 1048576.0;
        let (first, last) =
            (self.resident.first().map_or(0.0, |look| look.1), self.resident.last().map_or(0.0, |look| look.1));
        writeln!(f, "{:<18} {} (SEED={} repeats the same choices)", "seed", self.seed, self.seed)?;
        writeln!(f, "{:<18} {:.0} s", "time", self.time.as_secs_f64())?;
        writeln!(
            f,
            "{:<18} {}",
            "actions",
            all(&mut self.actions.iter().map(|(name, count)| ((*name).to_owned(), *count)))
        )?;
        writeln!(f, "{:<18} {}", "faults", all(&mut self.faults.iter().map(|(name, count)| (name.clone(), *count))))?;
        writeln!(f, "{:<18} {} requests of reconcilers", "", self.injected)?;
        writeln!(
            f,
            "{:<18} {} by SIGKILL, {} by SIGTERM ({} not in good order)",
            "ends", self.kills, self.stops, self.unclean_stops
        )?;
        writeln!(
            f,
            "{:<18} {} of {} as `analyze` says, {:.1} s after the last fault",
            "statuses",
            self.reports.saturating_sub(self.wrong.len()),
            self.reports,
            self.settled_after.as_secs_f64()
        )?;
        writeln!(
            f,
            "{:<18} {} for {} changes (at most {}: one more a fault, {UNDER_WAY} a SIGKILL)",
            "writes",
            self.writes,
            self.changes,
            self.most_writes()
        )?;
        write!(
            f,
            "{:<18} {:.1} to {:.1} MiB, trend {:+.2} MiB over the last {} looks (at most {:.0})",
            "resident memory",
            mib(first),
            mib(last),
            mib(self.growth()),
            self.resident.len() - self.resident.len() / WARM_UP,
            mib(GROWTH)
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn looks(resident: impl Fn(u64) -> f64) -> Vec<(Duration, f64)> {
        (0..300).map(|second| (Duration::from_secs(second), resident(second))).collect()
    }

    #[test]
    fn a_leak_is_told_from_noise_and_from_warming_up() {
        let noise = |second: u64| if second.is_multiple_of(2) { 1048576.0 } else { 0.0 };
        let growth = |resident: Vec<(Duration, f64)>| Verdict { resident, ..Verdict::default() }.growth();
        assert!(growth(looks(|second| 40e6 + noise(second))).abs() < GROWTH / 10.0);
        assert!(
            growth(looks(|second| 40e6 + noise(second) + 9e6 * (second.min(60) as f64) / 60.0)).abs() < GROWTH / 10.0
        );
        assert!(growth(looks(|second| 40e6 + noise(second) + 30_000.0 * second as f64)) > GROWTH);
        assert!(growth(Vec::new()).abs() < 1.0);
    }

    #[test]
    fn a_status_that_is_wrong_missing_or_stale_is_named() {
        let status = json!({"source": {"revision": "sha256:1"}, "language": "nl"});
        let expected = BTreeMap::from([
            ("right".to_owned(), Expected::Status(Box::new(status.clone()))),
            ("wrong".to_owned(), Expected::Status(Box::new(status.clone()))),
            ("stale".to_owned(), Expected::Status(Box::new(status.clone()))),
            ("missing".to_owned(), Expected::Missing),
        ]);
        let report = |name: &str, observed: i64, ready: Value, language: &str| {
            let mut status = status.clone();
            status["language"] = json!(language);
            status["observedGeneration"] = json!(observed);
            status["conditions"] = json!([ready]);
            json!({"metadata": {"name": name, "generation": 2}, "status": status})
        };
        let ready = json!({"type": "Ready", "status": "True", "reason": "Succeeded"});
        let missing = json!({"type": "Ready", "status": "False", "reason": "ConfigMapNotFound"});
        let mut reports = vec![
            report("right", 2, ready.clone(), "nl"),
            report("wrong", 2, ready.clone(), "de"),
            report("stale", 1, ready, "nl"),
            report("missing", 1, missing, "nl"),
        ];
        let found = wrong(&expected, &reports);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("wrong: language") && found[1].starts_with("stale: "), "{found:?}");
        reports.pop();
        assert!(wrong(&expected, &reports)[0].contains("3 reports instead of 4"));
    }
}
