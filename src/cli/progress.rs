//! How far a long command is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Tells on standard error how far something is.
pub(super) struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    begun: Instant,
    told: Instant,
    done: u64,
    total: u64,
}

impl Progress {
    /// Begins; `unit` is what is counted, or `bytes`.
    pub fn new(what: &'static str, unit: &'static str, total: u64) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let counted = match unit {
                "bytes" => "{bytes}/{total_bytes}, {bytes_per_sec}".to_owned(),
                unit => format!("{{pos}}/{{len}} {unit}, {{per_sec}}"),
            };
            let template = format!("{{prefix}} [{{bar:30}}] {counted}, {{eta}} left");
            let style = ProgressStyle::with_template(&template).expect("the template is ours");
            ProgressBar::new(total).with_style(style.progress_chars("=> ")).with_prefix(what)
        });
        let now = Instant::now();
        Self { what, bar, begun: now, told: now, done: 0, total }
    }

    /// So much is done.
    pub fn at(&mut self, done: u64, total: u64) {
        (self.done, self.total) = (done, total);
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(done);
            }
            None if self.told.elapsed() >= EVERY => {
                self.told = Instant::now();
                self.line();
            }
            None => {}
        }
    }

    /// It is over.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self) {
        let percent = self.done.saturating_mul(100).checked_div(self.total).unwrap_or(100);
        let seconds = self.begun.elapsed().as_secs();
        let _ = writeln!(stderr(), "{}: {percent} % after {seconds} s", self.what);
    }
}
