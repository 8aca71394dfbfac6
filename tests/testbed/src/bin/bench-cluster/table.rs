//! The results as text, for a terminal and for the documentation. Writing to a `String` cannot fail.

use std::fmt::Write;

use crate::latency::Phase;
use crate::requests;
use crate::results::Results;
use crate::subject::Subject;
use crate::throughput::{Setting, Throughput};

/// Everything.
pub fn text(results: &Results) -> String {
    let mut text = String::new();
    let out = &mut text;
    let facts = &results.workload;
    let _ = writeln!(
        out,
        "\nWorkload: {} texts ({}), {} bytes on average; a status has {}.",
        facts.texts,
        facts.languages.join(", "),
        facts.mean_text_bytes,
        facts.mean_status_bytes
    );
    let _ = writeln!(
        out,
        "Machine: {} cores; load average {:.1} at the begin, {:.1} at the end. `others` is how many cores were busy with something else.",
        results.cores, results.load[0], results.load[1]
    );
    if let Some(analysis) = results.analysis {
        let _ = writeln!(
            out,
            "Analysis alone: {:.2} s of processor time for 1,000 texts (load {:.1}).",
            analysis.seconds_per_1000, analysis.load
        );
    }
    start(out, results);
    throughput(out, results);
    latency(out, results);
    restart(out, results);
    unrelated(out, results);
    shards(out, results);
    growth(out, results);
    figures(out, results);
    text
}

fn title(out: &mut String, text: &str, columns: &str) {
    let _ = writeln!(out, "\n{text}\n{columns}");
}

fn start(out: &mut String, results: &Results) {
    if results.start.is_empty() {
        return;
    }
    title(
        out,
        "Start of the process, and at rest",
        &format!(
            "{:<16} {:>9} {:>12} {:>14} {:>10} {:>8} {:>7} {:>7}",
            "", "idle MiB", "watching ms", "1st status ms", "MiB after", "CPU s", "load", "others"
        ),
    );
    for it in &results.start {
        let watching = it.watching_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{:.0}", seconds * 1e3));
        let _ = writeln!(
            out,
            "{:<16} {:>9.1} {watching:>12} {:>14.0} {:>10.1} {:>8.2} {:>7.1} {:>7.1}",
            it.subject,
            it.idle_mib,
            it.first_status_seconds * 1e3,
            it.usage.resident_mib,
            it.usage.cpu_seconds,
            it.surroundings.load,
            it.surroundings.others_cores
        );
    }
}

fn throughput(out: &mut String, results: &Results) {
    if results.throughput.is_empty() {
        return;
    }
    title(
        out,
        "Cold start to all Ready",
        &format!(
            "{:>7} {:<5} {:<16} {:>7} {:>8} {:>7} {:>8} {:>7} {:>8} {:>8} {:>7} {:>6} {:>6}",
            "reports",
            "round",
            "",
            "s",
            "first s",
            "per s",
            "CPU s",
            "API s",
            "etcd s",
            "MiB",
            "peak",
            "load",
            "others"
        ),
    );
    for it in &results.throughput {
        let who = who(it);
        let _ = writeln!(
            out,
            "{:>7} {:<5} {who:<16} {:>7.2} {:>8.2} {:>7.0} {:>8.2} {:>7.2} {:>8.2} {:>8.1} {:>7.1} {:>6.1} {:>6.1}",
            it.reports,
            it.round + 1,
            it.seconds,
            it.first_seconds,
            it.rate,
            it.usage.cpu_seconds,
            it.control_plane_seconds[0],
            it.control_plane_seconds[1],
            it.usage.resident_mib,
            it.usage.peak_mib,
            it.surroundings.load,
            it.surroundings.others_cores
        );
    }
    title(
        out,
        "Rates as ratios within a round (median), and processor seconds for 1,000 reports without the start",
        &format!("{:>7} {:<16} {:>14} {:>14} {:>14}", "reports", "", "to bare loop", "the same apart", "CPU s / 1000"),
    );
    for &reports in &results.settings.reports {
        for subject in [Subject::BareLoop, Subject::Operator, Subject::Go, Subject::Kopf] {
            let ratio = |setting| {
                let ratio = results.rate_ratio(subject, Subject::BareLoop, setting, reports);
                ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
            };
            let Some(cpu) = results.cpu_per_1000(subject, reports) else { continue };
            let _ = writeln!(
                out,
                "{reports:>7} {subject:<16} {:>14} {:>14} {cpu:>14.2}",
                ratio(Setting::Plain),
                ratio(Setting::Apart)
            );
        }
    }
    let _ = writeln!(out, "\nRequests of a cold start");
    for it in results.throughput.iter().filter(|it| it.round == 0 && it.setting != Setting::Apart) {
        let who = who(it);
        let _ = writeln!(out, "{:>7} {who:<16} {}", it.reports, requests::line(&it.requests));
    }
}

fn who(it: &Throughput) -> String {
    match it.setting {
        Setting::Plain => it.subject.to_string(),
        Setting::Mixed => format!("{}, URLs", it.subject),
        Setting::Apart => format!("{}, apart", it.subject),
    }
}

fn latency(out: &mut String, results: &Results) {
    if results.latency.is_empty() {
        return;
    }
    title(
        out,
        "Edit of a ConfigMap to new status, ms",
        &format!(
            "{:>7} {:<12} {:<5} {:>6} {:>8} {:>8} {:>8} {:>8} {:>9} {:>6} {:>6}",
            "reports", "", "", "edits", "p50", "p95", "p99", "max", "refreshed", "load", "others"
        ),
    );
    for it in &results.latency {
        let phase = if it.phase == Phase::Idle { "idle" } else { "wave" };
        let _ = writeln!(
            out,
            "{:>7} {:<12} {phase:<5} {:>6} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>9} {:>6.1} {:>6.1}",
            it.reports,
            it.subject,
            it.answered,
            it.p50,
            it.p95,
            it.p99,
            it.max,
            it.refreshed,
            it.surroundings.load,
            it.surroundings.others_cores
        );
        if it.unanswered > 0 {
            let _ = writeln!(out, "        {} edits were not answered in time", it.unanswered);
        }
    }
}

fn restart(out: &mut String, results: &Results) {
    if results.restart.is_empty() {
        return;
    }
    title(
        out,
        "Restart with finished reports",
        &format!(
            "{:>7} {:>8} {:>9} {:>7} {:>8} {:>8} {:>8} {:>11} {:>10} {:>9} {:>6} {:>6}",
            "reports",
            "ready s",
            "settled s",
            "CPU s",
            "MiB",
            "peak",
            "relist",
            "worked MiB",
            "API MiB",
            "etcd MiB",
            "load",
            "others"
        ),
    );
    for it in &results.restart {
        let _ = writeln!(
            out,
            "{:>7} {:>8.2} {:>9.2} {:>7.2} {:>8.1} {:>8.1} {:>8.1} {:>11.1} {:>10.0} {:>9.0} {:>6.1} {:>6.1}",
            it.reports,
            it.ready_seconds,
            it.settled_seconds,
            it.usage.cpu_seconds,
            it.usage.resident_mib,
            it.usage.peak_mib,
            it.relist_peak_mib,
            it.worked.resident_mib,
            it.api_server_mib,
            it.etcd_mib,
            it.surroundings.load,
            it.surroundings.others_cores
        );
    }
    for it in &results.restart {
        let _ = writeln!(out, "{:>7} restart: {}", it.reports, requests::line(&it.requests));
        let _ = writeln!(out, "{:>7} every ConfigMap changed, no text: {}", it.reports, requests::line(&it.touched));
    }
}

fn unrelated(out: &mut String, results: &Results) {
    if results.unrelated.is_empty() {
        return;
    }
    title(
        out,
        "Memory beside ConfigMaps of 1 MiB that nothing refers to, MiB",
        &format!(
            "{:>7} {:<16} {:>8} {:>8} {:>8} {:>14} {:>8} {:>6}",
            "maps", "", "before", "after", "peak", "peak of start", "started", "load"
        ),
    );
    for it in &results.unrelated {
        let _ = writeln!(
            out,
            "{:>7} {:<16} {:>8.1} {:>8.1} {:>8.1} {:>14.1} {:>8.1} {:>6.1}",
            it.maps,
            it.subject,
            it.before_mib,
            it.after_mib,
            it.peak_mib,
            it.started_peak_mib,
            it.started_mib,
            it.surroundings.load
        );
    }
}

fn shards(out: &mut String, results: &Results) {
    if results.shards.is_empty() {
        return;
    }
    title(
        out,
        "Cold start of several processes that share the reports out",
        &format!(
            "{:>7} {:>6} {:>7} {:>7} {:>7} {:>7} {:>8} {:>6} {:>6}  MiB of each",
            "reports", "shards", "s", "per s", "CPU s", "API s", "etcd s", "load", "others"
        ),
    );
    for it in &results.shards {
        let memory: Vec<String> = it.resident_mib.iter().map(|mib| format!("{mib:.1}")).collect();
        let _ = writeln!(
            out,
            "{:>7} {:>6} {:>7.2} {:>7.0} {:>7.2} {:>7.2} {:>8.2} {:>6.1} {:>6.1}  {}",
            it.reports,
            it.shards,
            it.seconds,
            it.rate,
            it.cpu_seconds,
            it.control_plane_seconds[0],
            it.control_plane_seconds[1],
            it.surroundings.load,
            it.surroundings.others_cores,
            memory.join(" ")
        );
    }
}

fn growth(out: &mut String, results: &Results) {
    if results.growth.is_empty() {
        return;
    }
    title(
        out,
        "Growth with the number of reports (power 1 is linear)",
        &format!("{:<36} {:>6}  by number of reports", "", "power"),
    );
    for it in &results.growth {
        let costs: Vec<String> = it.costs.iter().map(|(reports, cost)| format!("{reports}: {cost:.2}")).collect();
        let _ = writeln!(out, "{:<36} {:>6.2}  {}", it.what, it.exponent, costs.join("   "));
    }
}

fn figures(out: &mut String, results: &Results) {
    title(out, "Figures", &format!("{:<62} {:>10} {:>10}", "", "goal", "got"));
    for it in &results.figures {
        let _ = writeln!(
            out,
            "{:<62} {:>10} {:>10}  {}",
            it.what,
            it.goal,
            it.got,
            if it.reached { "reached" } else { "MISSED" }
        );
    }
}
