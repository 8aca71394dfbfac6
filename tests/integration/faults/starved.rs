//! A watch that is refused for ever starves no other: reports are served as fast as without it.

use std::time::{Duration, Instant};

use testbed::faults::{Fault, On, WatchFault};

use super::row::{Row, must};
use super::stage::{SOON, Stage, inline};

/// Reports that are timed on each side.
const REPORTS: usize = 15;
/// How much longer the median may be. A pause shared by all watches would make it hundreds of times as long.
const SLOWER: f64 = 5.0;

#[test]
fn a_secondary_watch_that_is_refused_for_ever_does_not_slow_the_others() {
    let mut row = Row::new("secondary watch refused (403) for ever");
    for resource in ["configmaps", "reportcatalogs"] {
        let compared = compare(resource);
        if let Ok((ratio, requests)) = &compared {
            row.note(format!("{resource}: latency x{ratio:.2}, {requests} requests refused"));
        }
        row.case(resource, compared.map(drop));
    }
    row.finish();
}

/// How many times longer the median latency is, and how often the refused watch was tried meanwhile.
fn compare(resource: &str) -> Result<(f64, usize), String> {
    let sound = Stage::open("sound", &[]);
    let starved = Stage::open("starved", &[]);
    let refusal = starved.proxy.inject(On::list_and_watch(resource), Fault::refuse(403));
    let began = Instant::now();
    starved.proxy.cut_watches(resource);
    must(refusal.wait_for(1, SOON), || "the watch was not opened again".to_owned())?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    // In turns, so that what else the machine does falls on both.
    for number in 0..REPORTS {
        without.push(latency(&sound, number)?);
        with.push(latency(&starved, number)?);
    }
    let ratio = median(with).as_secs_f64() / median(without).as_secs_f64();
    let refused = starved.proxy.injected(&On::list_and_watch(resource));
    must(ratio <= SLOWER, || format!("{ratio:.1} times slower"))?;
    // Pauses of at least half a second, even if they did not grow.
    let most = 2 + began.elapsed().as_millis() as usize / 500;
    must((1..=most).contains(&refused), || format!("{refused} tries in {:?}", began.elapsed()))?;
    Ok((ratio, refused))
}

#[test]
fn a_watch_that_is_ended_as_soon_as_it_is_accepted_is_not_opened_without_end() {
    const AWHILE: Duration = Duration::from_secs(5);
    let mut row = Row::new("watch ended at once, again and again");
    let stage = Stage::open("ended", &[]);
    stage.proxy.inject(On::watch("configmaps"), WatchFault::EndAfter(0));
    stage.proxy.cut_watches("configmaps");
    let before = stage.proxy.calls(&On::watch("configmaps")).len();
    std::thread::sleep(AWHILE);
    let opened = stage.proxy.calls(&On::watch("configmaps")).len() - before;
    row.case("opened", must((2..=7).contains(&opened), || format!("{opened} times in {AWHILE:?}")));
    stage.apply(&inline("r", "Cilium"));
    row.case("other reports", stage.ready("r").map(drop));
    row.note(format!("opened {opened} times in {AWHILE:?}"));
    row.finish();
}

fn latency(stage: &Stage, number: usize) -> Result<Duration, String> {
    let name = format!("r{number}");
    let began = Instant::now();
    stage.apply(&inline(&name, "Cilium"));
    stage.ready(&name)?;
    Ok(began.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
