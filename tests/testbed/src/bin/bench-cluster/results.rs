//! The results of a run, and what follows from them: ratios within a round, growth over sizes, and which figures were reached. Pure.

use serde::Serialize;

use crate::analysis::Analysis;
use crate::lab::Settings;
use crate::latency::{Latency, Phase};
use crate::restart::Restart;
use crate::shards::Shards;
use crate::start::Start;
use crate::subject::Subject;
use crate::throughput::{Setting, Throughput};
use crate::unrelated::Unrelated;
use crate::workload::Facts;

/// Everything that was measured in one run.
#[derive(Debug, Serialize)]
pub struct Results {
    /// Version of the operator.
    pub operator: String,
    /// Cores of the machine.
    pub cores: usize,
    /// Load average of the last minute at the begin and at the end.
    pub load: [f64; 2],
    /// Settings.
    pub settings: Settings,
    /// What the reports are.
    pub workload: Facts,
    /// Analysis alone.
    pub analysis: Option<Analysis>,
    /// Starts.
    pub start: Vec<Start>,
    /// Cold starts.
    pub throughput: Vec<Throughput>,
    /// Edits.
    pub latency: Vec<Latency>,
    /// Restarts.
    pub restart: Vec<Restart>,
    /// Memory beside ConfigMaps that nothing refers to.
    pub unrelated: Vec<Unrelated>,
    /// Several processes that share the reports out.
    pub shards: Vec<Shards>,
    /// Which figures were reached; made from the rest.
    pub figures: Vec<Figure>,
    /// How costs grow with the number of reports; made from the rest.
    pub growth: Vec<Growth>,
}

/// A figure that is to be reached.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What it is.
    pub what: String,
    /// What it should be.
    pub goal: String,
    /// What it is in this run.
    pub got: String,
    /// Whether it is what it should be.
    pub reached: bool,
}

/// How a cost grows.
#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    /// What it is.
    pub what: String,
    /// Cost by number of reports.
    pub costs: Vec<(usize, f64)>,
    /// The power of the number of reports that the cost grows with, from the smallest to the largest: 1 is linear.
    pub exponent: f64,
}

impl Results {
    /// Results without any measurement yet.
    pub fn new(operator: String, settings: Settings, workload: Facts) -> Self {
        let load = testbed::usage::load();
        Self {
            operator,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load: [load, load],
            settings,
            workload,
            analysis: None,
            start: Vec::new(),
            throughput: Vec::new(),
            latency: Vec::new(),
            restart: Vec::new(),
            unrelated: Vec::new(),
            shards: Vec::new(),
            figures: Vec::new(),
            growth: Vec::new(),
        }
    }

    /// Adds what follows from the measurements.
    pub fn conclude(&mut self) {
        self.figures = self.make_figures();
        self.growth = self.make_growth();
    }

    /// Cold starts of a subject in a setting.
    pub fn cold_starts(&self, subject: Subject, setting: Setting, reports: usize) -> Vec<&Throughput> {
        let all = self.throughput.iter();
        all.filter(|it| it.subject == subject && it.setting == setting && it.reports == reports).collect()
    }

    /// Median over the rounds of the ratio of two subjects' rates within a round.
    pub fn rate_ratio(&self, subject: Subject, to: Subject, setting: Setting, reports: usize) -> Option<f64> {
        let others = self.cold_starts(to, setting, reports);
        let ratios = self
            .cold_starts(subject, setting, reports)
            .into_iter()
            .filter_map(|it| others.iter().find(|other| other.round == it.round).map(|other| it.rate / other.rate));
        median(ratios.collect())
    }

    /// Median over the rounds of a cost of a cold start.
    pub fn cost(&self, subject: Subject, reports: usize, of: impl Fn(&Throughput) -> f64) -> Option<f64> {
        median(self.cold_starts(subject, Setting::Plain, reports).into_iter().map(of).collect())
    }

    /// Processor seconds for a thousand reports, without those of a start.
    pub fn cpu_per_1000(&self, subject: Subject, reports: usize) -> Option<f64> {
        let at_rest = self.start.iter().find(|it| it.subject == subject).map_or(0.0, |it| it.usage.cpu_seconds);
        let used = self.cost(subject, reports, |it| it.usage.cpu_seconds)?;
        Some((used - at_rest).max(0.0) * 1000.0 / reports as f64)
    }

    /// Latency of a size.
    pub fn latency_of(&self, subject: Subject, phase: Phase, reports: usize) -> Option<&Latency> {
        self.latency.iter().find(|it| it.subject == subject && it.phase == phase && it.reports == reports)
    }

    fn make_figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut add = |what: String, goal: &str, got: Option<f64>, reached: &dyn Fn(f64) -> bool, unit: &str| {
            if let Some(value) = got {
                let got = if value.abs() < 10.0 { format!("{value:.2}{unit}") } else { format!("{value:.0}{unit}") };
                figures.push(Figure { what, goal: goal.to_owned(), got, reached: reached(value) });
            }
        };
        for &reports in &self.settings.reports {
            let against = |to| self.rate_ratio(Subject::Operator, to, Setting::Plain, reports);
            let named = |to: &str| format!("throughput to {to}, {reports} reports");
            add(named("the bare loop"), ">= 0.90", against(Subject::BareLoop), &|it| it >= 0.9, "");
            add(named("Kopf"), ">= 3.00", against(Subject::Kopf), &|it| it >= 3.0, "");
            add(named("the Go manager"), "> 1.00", against(Subject::Go), &|it| it > 1.0, "");
            let own = self.cpu_per_1000(Subject::Operator, reports);
            let rest = own.zip(self.analysis).map(|(own, analysis)| (own - analysis.seconds_per_1000).max(0.0));
            for peer in [Subject::Go, Subject::Kopf] {
                let ratio = rest.zip(self.cpu_per_1000(peer, reports)).map(|(rest, peer)| rest / peer);
                let what = format!("processor time without analysis to {peer}, {reports} reports");
                add(what, "< 1.00", ratio, &|it| it < 1.0, "");
            }
        }
        if let Some(reports) = self.settings.middle_size() {
            let against = |to| self.rate_ratio(Subject::Operator, to, Setting::Apart, reports);
            let named = |to: &str| format!("throughput to {to}, {reports} reports, API server apart");
            add(named("the bare loop"), ">= 0.90", against(Subject::BareLoop), &|it| it >= 0.9, "");
            add(named("Kopf"), ">= 3.00", against(Subject::Kopf), &|it| it >= 3.0, "");
            add(named("the Go manager"), "> 1.00", against(Subject::Go), &|it| it > 1.0, "");
        }
        for &reports in &self.settings.latency {
            let operator = self.latency_of(Subject::Operator, Phase::Idle, reports);
            let floor = self.latency_of(Subject::BareWatch, Phase::Idle, reports);
            let p99 = operator.map(|it| it.p99);
            add(format!("edit to status, p99, {reports} reports"), "< 50 ms", p99, &|it| it < 50.0, " ms");
            let ratio = operator.zip(floor).map(|(operator, floor)| operator.p50 / floor.p50);
            add(format!("edit to status, p50 to the floor, {reports} reports"), "< 1.50", ratio, &|it| it < 1.5, "");
        }
        for restart in &self.restart {
            let writes =
                restart.requests.iter().filter(|(asked, _)| !asked.starts_with("LIST") && !asked.starts_with("WATCH"));
            let count = writes.map(|(_, count)| *count).sum::<u64>();
            let what = format!("writes and fetches of a restart, {} finished reports", restart.reports);
            add(what, "0", Some(count as f64), &|it| it < 0.5, "");
        }
        let idle = self.start.iter().find(|it| it.subject == Subject::Operator);
        add("memory idle".to_owned(), "< 20 MiB", idle.map(|it| it.idle_mib), &|it| it < 20.0, " MiB");
        if let (Some(idle), Some(largest)) = (idle, self.restart.last()) {
            let slope = |resident: f64| (resident - idle.idle_mib) * 1000.0 / largest.reports as f64;
            let what = format!("memory a 1,000 reports, of {}", largest.reports);
            add(
                format!("{what}, after a restart"),
                "< 10 MiB",
                Some(slope(largest.usage.resident_mib)),
                &|it| it < 10.0,
                " MiB",
            );
            add(
                format!("{what}, after work on all"),
                "< 10 MiB",
                Some(slope(largest.worked.resident_mib)),
                &|it| it < 10.0,
                " MiB",
            );
        }
        let unrelated = self.unrelated.iter().find(|it| it.subject == Subject::Operator);
        let more = unrelated.map(|it| it.after_mib - it.before_mib);
        add("memory more beside unrelated ConfigMaps".to_owned(), "< 5 MiB", more, &|it| it < 5.0, " MiB");
        let watching = idle.and_then(|it| it.watching_seconds).map(|seconds| seconds * 1e3);
        add("start of the process to watching".to_owned(), "< 300 ms", watching, &|it| it < 300.0, " ms");
        figures
    }

    fn make_growth(&self) -> Vec<Growth> {
        let cold = |of: &dyn Fn(&Throughput) -> f64| -> Vec<(usize, f64)> {
            let sizes = self.settings.reports.iter();
            sizes.filter_map(|&reports| Some((reports, self.cost(Subject::Operator, reports, of)?))).collect()
        };
        let restart = |of: &dyn Fn(&Restart) -> f64| self.restart.iter().map(|it| (it.reports, of(it))).collect();
        let edit = |of: &dyn Fn(&Latency) -> f64| -> Vec<(usize, f64)> {
            let own = self.latency.iter().filter(|it| it.subject == Subject::Operator && it.phase == Phase::Idle);
            own.map(|it| (it.reports, of(it))).collect()
        };
        let idle = self.start.iter().find(|it| it.subject == Subject::Operator).map_or(0.0, |it| it.idle_mib);
        [
            ("cold start, s", cold(&|it| it.seconds)),
            ("cold start, processor s", cold(&|it| it.usage.cpu_seconds)),
            ("cold start, API server s", cold(&|it| it.control_plane_seconds[0])),
            ("edit to status, p50 ms", edit(&|it| it.p50)),
            ("edit to status, p99 ms", edit(&|it| it.p99)),
            ("restart, s", restart(&|it| it.settled_seconds)),
            ("restart, processor s", restart(&|it| it.usage.cpu_seconds)),
            ("memory above idle, MiB", restart(&|it| it.usage.resident_mib - idle)),
            ("peak of the lists above idle, MiB", restart(&|it| it.usage.peak_mib - idle)),
            ("etcd on disk, MiB", restart(&|it| it.etcd_mib)),
            ("API server memory, MiB", restart(&|it| it.api_server_mib)),
        ]
        .into_iter()
        .filter_map(|(what, costs)| Growth::of(what, costs))
        .collect()
    }
}

impl Growth {
    /// The growth from the smallest to the largest size; none where there is just one.
    fn of(what: &str, costs: Vec<(usize, f64)>) -> Option<Self> {
        let (&(few, small), &(many, large)) = (costs.first()?, costs.last()?);
        let exponent = (large / small).ln() / (many as f64 / few as f64).ln();
        exponent.is_finite().then(|| Self { what: what.to_owned(), exponent, costs })
    }
}

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Requests;
    use testbed::usage::{Surroundings, Usage};

    fn cold_start(subject: Subject, round: usize, rate: f64) -> Throughput {
        Throughput {
            subject,
            setting: Setting::Plain,
            reports: 10,
            round,
            first_seconds: 0.1,
            seconds: 1.0,
            rate,
            usage: Usage::default(),
            control_plane_seconds: [0.0; 2],
            requests: Requests::new(),
            surroundings: Surroundings::default(),
        }
    }

    #[test]
    fn rates_are_compared_within_a_round_and_the_median_counts() {
        let mut results = Results::new(String::new(), crate::lab::tests::settings(), crate::workload::tests::facts());
        for (round, (own, other)) in [(90.0, 100.0), (10.0, 5.0), (50.0, 100.0)].into_iter().enumerate() {
            results.throughput.push(cold_start(Subject::Operator, round, own));
            results.throughput.push(cold_start(Subject::BareLoop, round, other));
        }
        assert_eq!(results.rate_ratio(Subject::Operator, Subject::BareLoop, Setting::Plain, 10), Some(0.9));
        assert_eq!(results.rate_ratio(Subject::Operator, Subject::Kopf, Setting::Plain, 10), None);
    }

    #[test]
    fn a_cost_that_grows_with_the_square_has_the_power_two() {
        let costs = vec![(100, 1.0), (200, 4.0), (400, 16.0)];
        let growth = Growth::of("squares", costs).unwrap();
        assert!((growth.exponent - 2.0).abs() < 1e-9, "{}", growth.exponent);
        assert!(Growth::of("one size only", vec![(100, 1.0)]).is_none());
    }
}
