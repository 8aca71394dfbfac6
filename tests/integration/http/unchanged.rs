//! A site with thousands of reports that does not change: what one interval costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use conference_report_operator::api::ConferenceReport;
use futures::{StreamExt, TryStreamExt, stream};
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use super::servers::{Server, answer};
use crate::support::{Bench, cluster, report, status_writes};

const REPORTS: usize = 2000;
const SUSPENDED: usize = 20;
const INTERVAL: Duration = Duration::from_secs(60);
/// What a busy machine may be late by.
const SLACK: Duration = Duration::from_secs(6);

#[test]
fn an_interval_of_two_thousand_unchanged_urls_costs_a_conditional_request_each_and_nothing_else() {
    let server = Server::start(|stream, request| {
        let known = request.contains("if-none-match: \"same\"");
        let text = b"At KubeCon Europe 2023 in Amsterdam we saw Cilium and Linkerd at work.";
        stream.write_all(&if known {
            answer("304 Not Modified", "etag: \"same\"\r\n", b"")
        } else {
            answer("200 OK", "content-type: text/plain\r\netag: \"same\"\r\n", text)
        })
    });
    let port = format!("--http-allow-port={}", server.port);
    let bench = Bench::new("unchanged", &["--http-allow-host=localhost", &port, "--http-max-per-host=12"]);
    let made = |number: usize| {
        let suspend = number < SUSPENDED;
        let url = format!("{}?report={number}&", server.url());
        let spec = json!({"source": {"http": {"url": url, "insecure": true}}, "interval": "1m", "suspend": suspend});
        report(&format!("r{number}"), spec)
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let api: Api<ConferenceReport> = Api::namespaced(cluster().client().await.unwrap(), &bench.namespace);
        stream::iter((0..REPORTS + SUSPENDED).map(made))
            .map(|report| {
                let api = api.clone();
                async move { api.create(&PostParams::default(), &serde_json::from_value(report).unwrap()).await }
            })
            .buffer_unordered(16)
            .try_for_each(|_| async { Ok(()) })
            .await
            .unwrap();
    });
    let deadline = Instant::now() + Duration::from_secs(120);
    while bench.metric("conference_report_objects{ready=\"true\"}") < REPORTS as f64 {
        assert!(Instant::now() < deadline, "not all reports became ready: {}", bench.operator.metrics().unwrap());
        std::thread::sleep(Duration::from_millis(200));
    }
    // New reports go before looks: those that became due meanwhile are made up for first.
    loop {
        let before = server.asked().len();
        std::thread::sleep(INTERVAL / 10);
        if server.asked().len() - before <= REPORTS * 3 / 20 {
            break;
        }
        assert!(Instant::now() < deadline, "the looks that are late come to no end");
    }
    let unchanged = || bench.metric("conference_report_fetch_total{source=\"HTTP\",outcome=\"unchanged\"}");
    let written = || bench.metric("conference_report_status_writes_total{outcome=\"written\"}");
    let analysed = || bench.metric("conference_report_analysis_duration_seconds_count");
    // A look at a report of which the first was late may follow at once; from here on each has one an interval.
    let (first, asked_before) = (Instant::now(), server.asked().len());
    let (unchanged_before, written_before, analysed_before) = (unchanged(), written(), analysed());
    let audited = status_writes(&bench.namespace);
    std::thread::sleep((first + INTERVAL + SLACK).saturating_duration_since(Instant::now()));
    let all = server.asked().split_off(asked_before);
    let mut looks: BTreeMap<&str, Vec<Instant>> = BTreeMap::new();
    for asked in &all {
        let report = asked.head.split(['=', '&']).nth(1).unwrap_or_default();
        looks.entry(report).or_default().push(asked.at);
    }
    let asked: Vec<_> = all.iter().filter(|asked| asked.at < first + INTERVAL).collect();
    let conditional = asked.iter().filter(|asked| asked.head.contains("if-none-match: \"same\"")).count();
    let mut tenths = [0_usize; 10];
    for asked in &asked {
        let tenth = (asked.at - first).as_millis() * 10 / INTERVAL.as_millis();
        tenths[usize::try_from(tenth).unwrap().min(9)] += 1;
    }
    println!(
        "{REPORTS} URL reports of an unchanged site, one interval: {} requests, {conditional} of them conditional, {} answered by 304, \
         {} analyses, {} status writes; spread over tenths of the interval: {tenths:?}",
        asked.len(),
        unchanged() - unchanged_before,
        analysed() - analysed_before,
        written() - written_before,
    );
    assert_eq!(conditional, asked.len(), "every request should be conditional");
    assert_eq!(looks.len(), REPORTS, "each report should be looked at once an interval");
    let mut apart = Vec::new();
    for (report, times) in &looks {
        let between: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            between.iter().all(|time| *time >= INTERVAL - SLACK),
            "report {report} was looked at too often: {times:?}"
        );
        apart.extend(between);
    }
    // Those whose looks fell into both ends of the time.
    apart.sort();
    let median = apart[apart.len() / 2];
    assert!(median.abs_diff(INTERVAL) < Duration::from_secs(1), "{median:?} between looks");
    assert_eq!((analysed() - analysed_before, written() - written_before), (0.0, 0.0));
    assert_eq!(status_writes(&bench.namespace), audited, "the API server saw a write");
    assert!(tenths.iter().all(|count| (REPORTS / 20..REPORTS / 5).contains(count)), "bunched: {tenths:?}");
    let looked_at = |number: usize| server.heads().contains(&format!("?report={number}& "));
    assert!((0..SUSPENDED).all(|number| !looked_at(number)), "suspended reports are not looked at");
}
