//! The results as a picture: panels of horizontal bars, as SVG that needs nothing but itself.

use std::fmt::Write;

use crate::latency::Phase;
use crate::results::Results;
use crate::subject::Subject;
use crate::throughput::Setting;

const WIDTH: usize = 440;
const ROW: usize = 22;
const LABEL: usize = 170;
const VALUE: usize = 64;
const MARGIN: usize = 18;

/// Bars of one kind.
struct Panel {
    title: String,
    bars: Vec<Bar>,
}

struct Bar {
    label: String,
    value: f64,
    colour: &'static str,
}

fn colour(subject: Subject) -> &'static str {
    match subject {
        Subject::Operator => "#1b6ec2",
        Subject::BareLoop | Subject::BareWatch => "#8a8f98",
        Subject::Go | Subject::GoCached => "#35a27f",
        Subject::Kopf => "#d08a2c",
    }
}

/// Draws the panels that there are measurements for.
pub fn draw(results: &Results) -> String {
    let panels: Vec<Panel> = panels(results).into_iter().filter(|panel| !panel.bars.is_empty()).collect();
    let height = |panel: &Panel| 40 + panel.bars.len() * ROW + MARGIN;
    let mut columns = [MARGIN, MARGIN];
    let mut body = String::new();
    for panel in &panels {
        // Into the column that is shorter so far.
        let column = usize::from(columns[1] < columns[0]);
        draw_panel(&mut body, panel, MARGIN + column * (WIDTH + MARGIN), columns[column]);
        columns[column] += height(panel);
    }
    let (width, height) = (2 * WIDTH + 3 * MARGIN, columns[0].max(columns[1]) + MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

fn draw_panel(body: &mut String, panel: &Panel, x: usize, y: usize) {
    let largest = panel.bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let room = (WIDTH - LABEL - VALUE) as f64;
    // Writing to a String cannot fail.
    let _ = writeln!(
        body,
        "<text x=\"{x}\" y=\"{}\" font-weight=\"600\" fill=\"#1f2328\">{}</text>",
        y + 22,
        escape(&panel.title)
    );
    for (row, bar) in panel.bars.iter().enumerate() {
        let top = y + 34 + row * ROW;
        let length = (room * bar.value / largest).max(1.0);
        let value = if bar.value < 10.0 { format!("{:.2}", bar.value) } else { format!("{:.0}", bar.value) };
        let _ = writeln!(body, "<text x=\"{x}\" y=\"{}\" fill=\"#1f2328\">{}</text>", top + 14, escape(&bar.label));
        let _ = writeln!(
            body,
            "<rect x=\"{}\" y=\"{top}\" width=\"{length:.1}\" height=\"{}\" fill=\"{}\"/>",
            x + LABEL,
            ROW - 5,
            bar.colour
        );
        let _ = writeln!(
            body,
            "<text x=\"{:.1}\" y=\"{}\" fill=\"#59636e\">{value}</text>",
            (x + LABEL) as f64 + length + 6.0,
            top + 14
        );
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn panels(results: &Results) -> Vec<Panel> {
    let subjects = [Subject::BareLoop, Subject::Operator, Subject::Go, Subject::Kopf];
    let by_size = |of: &dyn Fn(Subject, usize) -> Option<f64>| -> Vec<Bar> {
        let sizes = results.settings.reports.iter();
        sizes
            .flat_map(|&reports| subjects.map(|subject| (subject, reports)))
            .filter_map(|(subject, reports)| {
                Some(Bar {
                    label: format!("{subject}, {reports}"),
                    value: of(subject, reports)?,
                    colour: colour(subject),
                })
            })
            .collect()
    };
    let rest = |of: &dyn Fn(&crate::start::Start) -> f64| -> Vec<Bar> {
        let bars = results.start.iter();
        bars.map(|it| Bar { label: it.subject.to_string(), value: of(it), colour: colour(it.subject) }).collect()
    };
    let latency = results.latency.iter().flat_map(|it| {
        let phase = if it.phase == Phase::Idle { "" } else { " in a wave" };
        let who = if it.subject == Subject::BareWatch { "floor" } else { "operator" };
        [("p50", it.p50), ("p99", it.p99)].map(|(rank, value)| {
            (
                it.phase,
                Bar { label: format!("{who}{phase}, {}, {rank}", it.reports), value, colour: colour(it.subject) },
            )
        })
    });
    let (idle, waves): (Vec<_>, Vec<_>) = latency.partition(|(phase, _)| *phase == Phase::Idle);
    let bars = |pairs: Vec<(Phase, Bar)>| pairs.into_iter().map(|(_, bar)| bar).collect();
    let restart = |of: &dyn Fn(&crate::restart::Restart) -> f64| -> Vec<Bar> {
        let bars = results.restart.iter();
        bars.map(|it| Bar {
            label: format!("{} reports", it.reports),
            value: of(it),
            colour: colour(Subject::Operator),
        })
        .collect()
    };
    let unrelated = results.unrelated.iter();
    [
        (
            "Statuses a second, to the bare loop",
            by_size(&|subject, reports| results.rate_ratio(subject, Subject::BareLoop, Setting::Plain, reports)),
        ),
        ("Processor seconds for 1,000 reports", by_size(&|subject, reports| results.cpu_per_1000(subject, reports))),
        (
            "Memory after a cold start, MiB",
            by_size(&|subject, reports| {
                if subject == Subject::BareLoop {
                    None
                } else {
                    results.cost(subject, reports, |it| it.usage.resident_mib)
                }
            }),
        ),
        ("Memory idle, MiB", rest(&|it| it.idle_mib)),
        ("Start of the process to the first status, ms", rest(&|it| it.first_status_seconds * 1e3)),
        ("Edit to new status, ms", bars(idle)),
        ("Edit to new status while all are refreshed, ms", bars(waves)),
        ("Restart with finished reports, s until settled", restart(&|it| it.settled_seconds)),
        ("Memory after a restart, MiB", restart(&|it| it.usage.resident_mib)),
        (
            "Memory beside unrelated ConfigMaps of 1 MiB, MiB",
            unrelated
                .map(|it| Bar { label: it.subject.to_string(), value: it.after_mib, colour: colour(it.subject) })
                .collect(),
        ),
    ]
    .into_iter()
    .map(|(title, bars)| Panel { title: title.to_owned(), bars })
    .collect()
}
