//! What was measured when somebody last looked closely, as ratios that hold on other machines too, and what differs from it now. Reads and writes
//! `baseline.json` beside this file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;

/// What differs by more than this factor is told. Ratios of the same program on the same quiet machine differ by less.
const TOLERANCE: f64 = 1.25;
/// Set to write the baseline anew.
const SAVE: &str = "BENCH_SAVE";

/// Ratios by input and figure.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratios(BTreeMap<String, BTreeMap<String, f64>>);

impl Ratios {
    /// Notes a ratio, to three digits.
    pub fn note(&mut self, input: &str, figure: &str, ratio: f64) {
        let digits = if ratio < 10.0 { 100.0 } else { 10.0 };
        self.0.entry(input.to_owned()).or_default().insert(figure.to_owned(), (ratio * digits).round() / digits);
    }

    /// Says what differs from the baseline, or writes it anew if that is asked for.
    ///
    /// # Errors
    /// When the baseline cannot be read or written.
    pub fn settle(&self) -> Result<()> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/analysis/baseline.json");
        if std::env::var_os(SAVE).is_some_and(|value| !value.is_empty()) {
            fs::write(&path, serde_json::to_string_pretty(self)? + "\n")?;
            println!("\nbaseline: written to {}", path.display());
            return Ok(());
        }
        let baseline: Self = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let differences = self.differences(&baseline);
        println!("\nbaseline: {}", path.display());
        if differences.is_empty() {
            println!("nothing differs by more than {:.0} %", (TOLERANCE - 1.0) * 100.0);
        }
        for difference in differences {
            println!("{difference}");
        }
        Ok(())
    }

    /// One line for each ratio that differs, and for each that is in one of the two alone.
    fn differences(&self, baseline: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (input, figures) in &self.0 {
            for (figure, now) in figures {
                match baseline.0.get(input).and_then(|figures| figures.get(figure)) {
                    Some(then) if *now > then * TOLERANCE => lines.push(line("MORE", input, figure, *now, *then)),
                    Some(then) if now * TOLERANCE < *then => lines.push(line("less", input, figure, *now, *then)),
                    Some(_) => {}
                    None => lines.push(format!("new   {input} {figure}: {now}")),
                }
            }
        }
        for (input, figures) in &baseline.0 {
            let gone = figures.keys().filter(|figure| !self.0.get(input).is_some_and(|now| now.contains_key(*figure)));
            lines.extend(gone.map(|figure| format!("gone  {input} {figure}")));
        }
        lines
    }
}

fn line(verdict: &str, input: &str, figure: &str, now: f64, then: f64) -> String {
    format!("{verdict}  {input} {figure}: {now}, was {then} ({:+.0} %)", (now / then - 1.0) * 100.0)
}
