//! What is said of the event of a report, by the way the report begins.

use std::collections::BTreeMap;

use conference_report_operator::analysis::Event;
use serde::Deserialize;

use crate::corpus::analyze;

/// `tests/golden/events/leads.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leads {
    bodies: BTreeMap<String, String>,
    cases: Vec<Lead>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lead {
    name: String,
    lang: String,
    /// File name extension.
    #[serde(default)]
    format: Option<String>,
    text: String,
    /// `none` leaves out the middle part.
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    after: Option<String>,
    want: String,
    #[serde(default)]
    inferred: Option<Vec<String>>,
    /// Why this is not reached yet. As soon as it is, the remark has to go.
    #[serde(default)]
    open: Option<String>,
}

impl Lead {
    fn whole_text(&self, bodies: &BTreeMap<String, String>) -> String {
        let body = match self.body.as_deref() {
            Some("none") => "",
            Some(other) => panic!("{}: body is none or absent, not {other:?}", self.name),
            None => &bodies[&self.lang],
        };
        format!("{}\n{body}\n{}", self.text, self.after.as_deref().unwrap_or(""))
    }
}

/// Series, edition, year, city and days in one line.
fn show(event: Option<&Event>) -> String {
    let Some(event) = event else { return "none".to_owned() };
    let or = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let days = event.start_date.clone().zip(event.end_date.clone()).map(|(start, end)| format!("{start}..{end}"));
    let year = event.year.map(|year| year.to_string());
    let parts = [event.name.clone(), event.edition.clone(), year, event.location.clone(), days];
    parts.map(or).join(" | ")
}

/// What is wrong about the event that is found; nothing where it is the one that is wanted.
fn difference(lead: &Lead, bodies: &BTreeMap<String, String>) -> Option<String> {
    let file_name = format!("lead.{}", lead.format.as_deref().unwrap_or("txt"));
    let event = analyze(&lead.whole_text(bodies), &file_name).event;
    let got = show(event.as_ref());
    if got != lead.want {
        return Some(format!("{} ({})\n  got      {got}\n  expected {}", lead.name, lead.lang, lead.want));
    }
    let (mut got, mut want) = (event.map(|event| event.inferred).unwrap_or_default(), lead.inferred.clone()?);
    got.sort_unstable();
    want.sort_unstable();
    (got != want).then(|| format!("{} ({})\n  inferred {got:?}\n  expected {want:?}", lead.name, lead.lang))
}

#[test]
fn the_event_is_read_from_beginnings_of_many_shapes() {
    let path = testbed::repository().join("tests/golden/events/leads.yaml");
    let leads: Leads = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut open = 0;
    for lead in &leads.cases {
        match (difference(lead, &leads.bodies), &lead.open) {
            (None, None) => {}
            (Some(difference), None) => wrong.push(difference),
            (Some(difference), Some(why)) => {
                println!("open, {why}: {difference}");
                open += 1;
            }
            (None, Some(_)) => wrong.push(format!("{} ({}) is reached now: take out `open`", lead.name, lead.lang)),
        }
    }
    let count = leads.cases.len();
    println!("{count} beginnings, {} as wanted, {open} open", count - open - wrong.len());
    assert!(wrong.is_empty(), "{count} beginnings, {} differ\n{}", wrong.len(), wrong.join("\n"));
}
