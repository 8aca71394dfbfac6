//! What goes wrong between the operator and the API server, at random: a fault for a few seconds, a pause, and the next.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::faults::{Fault, FaultProxy, On, WatchFault};

const WATCHED: [&str; 3] = ["conferencereports", "configmaps", "reportcatalogs"];

/// The faults of a soak.
pub(super) struct Trouble<'a> {
    proxy: &'a FaultProxy,
    rng: Rng,
    next: Instant,
    counts: BTreeMap<String, usize>,
}

impl<'a> Trouble<'a> {
    /// None yet.
    pub(super) fn new(proxy: &'a FaultProxy, rng: Rng) -> Self {
        Self { proxy, rng, next: Instant::now(), counts: BTreeMap::new() }
    }

    /// Ends the present fault, or begins the next, when it is time.
    pub(super) fn step(&mut self) {
        if Instant::now() < self.next {
            return;
        }
        self.proxy.lift_all();
        let (mut seconds, mut name) = (0.5 + 2.5 * self.rng.f64(), "none".to_owned());
        if self.rng.u8(..3) > 0 {
            name = if self.rng.bool() { self.calls() } else { self.watches() };
        } else {
            seconds /= 2.0;
        }
        *self.counts.entry(name).or_default() += 1;
        self.next = Instant::now() + Duration::from_secs_f64(seconds);
    }

    /// What was done how often.
    pub(super) fn into_counts(mut self) -> BTreeMap<String, usize> {
        self.counts.remove("none");
        self.counts
    }

    /// Calls of the reconcilers go wrong.
    fn calls(&mut self) -> String {
        let faults = [
            Fault::refuse(409),
            Fault::refuse(429),
            Fault::Refuse { code: 429, retry_after: Some(1) },
            Fault::refuse(500),
            Fault::refuse(503),
            Fault::Refuse { code: 503, retry_after: Some(1) },
            Fault::Delay(Duration::from_millis(self.rng.u64(1..800))),
            Fault::Drop,
            Fault::DropAnswer,
            Fault::Reset,
            Fault::CutAnswer,
            Fault::Hang,
            Fault::HangAnswer,
        ];
        let fault = self.rng.choice(faults).unwrap_or(Fault::Drop);
        let name = match fault {
            Fault::Delay(_) => "Delay".to_owned(),
            _ => format!("{fault:?}"),
        };
        let some = self.rng.usize(1..12);
        self.proxy.inject(On::reconcilers().first(some), fault);
        name
    }

    /// Lists and watches go wrong, in ways that a real API server and a real network know.
    fn watches(&mut self) -> String {
        let resource = self.rng.choice(WATCHED).unwrap_or("configmaps");
        let faults: [Fault; 8] = [
            WatchFault::EndAfter(1).into(),
            WatchFault::Repeat(2).into(),
            WatchFault::late(Duration::from_millis(300), |_| true).into(),
            WatchFault::Bookmarks(Duration::from_millis(10)).into(),
            WatchFault::Expired.into(),
            Fault::refuse(410),
            Fault::refuse(500),
            Fault::Reset,
        ];
        let fault = self.rng.choice(faults).unwrap_or(Fault::Reset);
        let name = format!("watch {fault:?}");
        // A few only: what never stops is another test's.
        self.proxy.inject(On::watch(resource).first(3), fault);
        if self.rng.bool() {
            self.proxy.inject(On::list(resource).first(1), Fault::CutAnswer);
        }
        self.proxy.cut_watches(resource);
        name
    }
}
