//! Steps as a person sees them: what is going on, and how long it took.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A step that is under way: a spinner on a terminal, a plain line elsewhere.
pub struct Step {
    bar: ProgressBar,
    title: String,
    started: Instant,
}

impl Step {
    /// Says that a step begins.
    pub fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(title.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
        if bar.is_hidden() {
            eprintln!("... {title}");
        }
        Self { bar, title, started: Instant::now() }
    }

    /// Says what is going on within the step.
    pub fn note(&self, text: &str) {
        self.bar.set_message(format!("{}: {text}", self.title));
        if self.bar.is_hidden() {
            eprintln!("    {text}");
        }
    }

    /// Says that the step is done, and what came of it.
    pub fn done(self, outcome: &str) {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed().as_secs_f64();
        let separator = if outcome.is_empty() { "" } else { ": " };
        eprintln!("==> {}{separator}{outcome} ({seconds:.1} s)", self.title);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}
