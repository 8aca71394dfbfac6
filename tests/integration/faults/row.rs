//! A row of the fault table: its cases, and what was lost in them.

use std::io::Write;

/// What a case found wrong, for people.
pub type Case = Result<(), String>;

/// A row that is being worked through.
pub struct Row {
    title: &'static str,
    cases: usize,
    lost: Vec<String>,
    notes: Vec<String>,
}

impl Row {
    pub fn new(title: &'static str) -> Self {
        Self { title, cases: 0, lost: Vec::new(), notes: Vec::new() }
    }

    /// Counts a case.
    pub fn case(&mut self, name: impl std::fmt::Display, case: Case) {
        self.cases += 1;
        if let Err(problem) = case {
            self.lost.push(format!("{name}: {problem}"));
        }
    }

    /// Has a figure printed with the row.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Prints the row, and fails if anything was lost.
    pub fn finish(self) {
        let notes = if self.notes.is_empty() { String::new() } else { format!("; {}", self.notes.join(", ")) };
        say(&format!("fault: {:<52} {:>3} cases, {} lost{notes}", self.title, self.cases, self.lost.len()));
        assert!(self.lost.is_empty(), "{}:\n{}", self.title, self.lost.join("\n"));
    }
}

/// Prints a line that is seen even when the test passes.
pub fn say(line: &str) {
    // The test harness keeps what `println!` prints of passing tests; this is the result, not a note.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A problem unless it holds.
pub fn must(holds: bool, problem: impl FnOnce() -> String) -> Case {
    if holds { Ok(()) } else { Err(problem()) }
}
