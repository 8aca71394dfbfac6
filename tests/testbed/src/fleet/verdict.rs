//! What came of a fleet, and whether it is as it should be. Pure functions.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How soon a newcomer must be Ready, 99 times of 100.
const SOON: Duration = Duration::from_secs(1);
/// On a machine that is too busy for that without a wave as well: so many times as long as without one.
const TIMES: u32 = 5;

/// So many newcomers make a 99th percentile.
const ENOUGH: usize = 100;

/// Kind of a newcomer, and how long it took.
pub type Newcomer = (&'static str, Duration);

/// What came of a fleet.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Reports, without the newcomers.
    pub reports: usize,
    /// How long it took to create them.
    pub created_in: Duration,
    /// How long it took until all were Ready, from the first creation on.
    pub ready_in: Duration,
    /// Whether the operator ended in good order.
    pub stopped_well: bool,
    /// How long it took after the restart until all were looked at.
    pub restarted_in: Duration,
    /// What the restarted operator asked the API server for: verb and resource.
    pub asked: BTreeMap<String, usize>,
    /// Pages that the restarted operator fetched.
    pub fetched: usize,
    /// How long each newcomer took to become Ready while nothing else went on, with its kind.
    pub undisturbed: Vec<Newcomer>,
    /// The same while all others were looked at again.
    pub newcomers: Vec<Newcomer>,
    /// Reports that still waited for their turn when the last newcomer was created.
    pub left: usize,
}

impl Verdict {
    /// Everything that is not as it should be.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, problem: String| {
            if !holds {
                problems.push(problem);
            }
        };
        must(self.stopped_well, "SIGTERM did not end the operator in good order".to_owned());
        for (what, count) in &self.asked {
            let listing = what.starts_with("list ") || what.starts_with("watch ");
            must(listing, format!("the restart asked for {what} {count} times"));
        }
        must(!self.asked.is_empty(), "the audit log shows nothing of the restart".to_owned());
        must(self.fetched == 0, format!("the restart fetched {} pages", self.fetched));
        let count = self.newcomers.len();
        must(count >= ENOUGH, format!("the wave was over after {count} newcomers: use more reports"));
        let late = percentile(&self.newcomers, 99);
        let limit = SOON.max(percentile(&self.undisturbed, 99) * TIMES);
        must(late <= limit, format!("1 newcomer of 100 was Ready only after {late:.2?}; at most {limit:.2?} is right"));
        problems
    }
}

/// How long so many of 100 newcomers took at most.
fn percentile(newcomers: &[Newcomer], percent: usize) -> Duration {
    let mut times: Vec<Duration> = newcomers.iter().map(|(_, took)| *took).collect();
    times.sort();
    // The smallest time that so many of them did not exceed.
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// A line about newcomers.
fn line(f: &mut fmt::Formatter<'_>, title: &str, kind: &str, newcomers: &[Newcomer]) -> fmt::Result {
    let [half, most, worst] = [50, 99, 100].map(|percent| percentile(newcomers, percent).as_secs_f64());
    let count = newcomers.len();
    writeln!(f, "{title:<18} {count} {kind}: p50 {half:.3} s, p99 {most:.3} s, longest {worst:.3} s")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = self.ready_in.as_secs_f64();
        let created = self.created_in.as_secs_f64();
        writeln!(f, "{:<18} {} created in {created:.1} s, all Ready after {ready:.1} s", "reports", self.reports)?;
        let asked: Vec<String> = self.asked.iter().map(|(what, count)| format!("{count} {what}")).collect();
        writeln!(
            f,
            "{:<18} all looked at after {:.2} s; asked for: {}; pages fetched: {}",
            "restart",
            self.restarted_in.as_secs_f64(),
            asked.join(", "),
            self.fetched
        )?;
        line(f, "newcomers", "undisturbed", &self.undisturbed)?;
        line(f, "", "during the wave", &self.newcomers)?;
        let mut kinds: Vec<&str> = self.newcomers.iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let of_kind: Vec<Newcomer> = self.newcomers.iter().filter(|(name, _)| *name == kind).copied().collect();
            line(f, "", &format!("of these {kind}"), &of_kind)?;
        }
        write!(f, "{:<18} {} others still waited when the last newcomer was created", "wave", self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Verdict {
        Verdict {
            stopped_well: true,
            asked: BTreeMap::from([("list configmaps".to_owned(), 40), ("watch configmaps".to_owned(), 1)]),
            newcomers: (1..=100).map(|n| ("inline", Duration::from_millis(if n == 100 { 5000 } else { n }))).collect(),
            ..Verdict::default()
        }
    }

    #[test]
    fn one_slow_newcomer_of_a_hundred_is_allowed_and_two_are_not() {
        let mut verdict = good();
        assert_eq!(verdict.problems(), [""; 0]);
        assert_eq!(percentile(&verdict.newcomers, 50), Duration::from_millis(50));
        verdict.newcomers[0].1 = Duration::from_secs(2);
        assert_eq!(verdict.problems().len(), 1, "{:?}", verdict.problems());
        verdict.undisturbed = vec![("inline", Duration::from_millis(400))];
        assert_eq!(verdict.problems(), [""; 0], "the machine is busy with something else");
    }

    #[test]
    fn whatever_a_restart_reads_or_writes_is_named() {
        let mut verdict = good();
        verdict.asked.insert("patch conferencereports".to_owned(), 2);
        verdict.fetched = 3;
        let problems = verdict.problems();
        assert_eq!(problems, ["the restart asked for patch conferencereports 2 times", "the restart fetched 3 pages"]);
    }
}
