//! How much goes on at a time, and leaving servers alone that ask for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::servers::{Server, answer};
use crate::support::{Bench, is_ready, ready_reason, report};

const TEXT: &[u8] = b"At KubeCon Europe 2023 in Amsterdam we saw Cilium and Linkerd at work.";

/// Counts what goes on at a time, and remembers the most.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    fn enter(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

#[test]
fn no_more_fetches_go_on_than_the_flags_allow_in_all_and_from_one_host() {
    let all = Arc::new(Gauge::default());
    let slow = |own: &Arc<Gauge>| {
        let (own, all) = (Arc::clone(own), Arc::clone(&all));
        Server::start(move |stream, _| {
            own.enter();
            all.enter();
            std::thread::sleep(Duration::from_millis(250));
            let done = stream.write_all(&answer("200 OK", "content-type: text/plain\r\n", TEXT));
            own.leave();
            all.leave();
            done
        })
    };
    let gauges = [Arc::new(Gauge::default()), Arc::new(Gauge::default())];
    let servers = [slow(&gauges[0]), slow(&gauges[1])];
    let ports = format!("--http-allow-port={},{}", servers[0].port, servers[1].port);
    let flags = ["--http-allow-host=localhost,127.0.0.1", &ports, "--http-max-in-flight=3", "--http-max-per-host=2"];
    let bench = Bench::new("limits", &flags);
    let urls = [servers[0].url_for("localhost"), servers[1].url_for("127.0.0.1")];
    let reports: Vec<_> = (0..16)
        .map(|number| {
            let url = &urls[number % 2];
            report(&format!("r{number}"), json!({"source": {"http": {"url": url, "insecure": true}}}))
        })
        .collect();
    bench.apply_all(reports);
    for number in 0..16 {
        bench.until(&format!("r{number}"), "ready", is_ready);
    }
    println!(
        "at most {} fetches at a time, of these {} and {} from one host",
        all.most(),
        gauges[0].most(),
        gauges[1].most()
    );
    assert!(all.most() <= 3 && gauges.iter().all(|gauge| gauge.most() <= 2), "more at a time than was allowed");
    assert!(all.most() >= 2, "fetches should go on side by side");
}

#[test]
fn a_slow_host_leaves_the_others_their_places() {
    let stuck = Server::start(|_, _| {
        std::thread::sleep(Duration::from_secs(30));
        Ok(())
    });
    let quick = Server::answering(answer("200 OK", "content-type: text/plain\r\n", TEXT));
    let ports = format!("--http-allow-port={},{}", stuck.port, quick.port);
    let bench = Bench::new("slow-host", &["--http-allow-host=localhost,127.0.0.1", &ports, "--http-max-per-host=1"]);
    let mut reports: Vec<_> = (0..40)
        .map(|number| {
            report(
                &format!("stuck{number}"),
                json!({"source": {"http": {"url": stuck.url(), "insecure": true, "timeout": "4s"}}}),
            )
        })
        .collect();
    reports.push(report("quick", json!({"source": {"http": {"url": quick.url_for("127.0.0.1"), "insecure": true}}})));
    bench.apply_all(reports);
    bench.until_ready("quick");
    // Waiting for a place is not the server's fault: only who has asked it can have been kept waiting by it.
    let late = bench.reports().iter().filter(|report| ready_reason(report) == "TimedOut").count();
    let asked = stuck.asked().len();
    assert!(
        late <= asked && asked < 40,
        "{late} reports blame the server for being late, which was asked {asked} times"
    );
}

#[test]
fn a_server_that_asks_to_be_left_alone_is_left_alone_for_as_long() {
    let date = |from_now: u64| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(from_now));
    for (what, refusal) in [("seconds", "429 Too Many Requests"), ("date", "503 Service Unavailable")] {
        let refusals = Mutex::new(1);
        let server = Server::start(move |stream, _| {
            let mut left = refusals.lock().unwrap();
            if *left == 0 {
                return stream.write_all(&answer("200 OK", "content-type: text/plain\r\n", TEXT));
            }
            *left -= 1;
            let after = if what == "seconds" { "4".to_owned() } else { date(5) };
            stream.write_all(&answer(refusal, &format!("retry-after: {after}\r\n"), b"planted"))
        });
        let port = format!("--http-allow-port={}", server.port);
        let bench = Bench::new("retry-after", &["--http-allow-host=localhost", &port]);
        bench.apply(&report("r", json!({"source": {"http": {"url": server.url(), "insecure": true}}})));
        bench.until_ready("r");
        let asked = server.asked();
        assert_eq!(asked.len(), 2, "{what}: once before and once after the wait");
        let waited = asked[1].at - asked[0].at;
        println!("Retry-After in {what}: asked again after {waited:?}");
        // The first wait of the operator's own is at most one second.
        assert!(waited >= Duration::from_millis(3900), "{what}: asked again after {waited:?}");
    }
}
