//! Answers: aligned lines for people, one JSON object for programs.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::ValueEnum;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::Answered;
pub(super) use crate::api::explorer::written::count;
use crate::api::explorer::written::scaled;
use crate::wallet::plain;

/// Time between two lines of which there may be too many.
const SELDOM: Duration = Duration::from_secs(1);

/// Something that a command found out, to be told either way.
#[derive(Default)]
pub(super) struct Report {
    lines: Vec<(String, String)>,
    json: Map<String, Value>,
}

impl Report {
    /// Adds a fact: its name in JSON, its name for people, and its value for each.
    pub fn fact(mut self, key: &str, name: &str, text: impl Display, value: impl Into<Value>) -> Self {
        self.lines.push((name.to_owned(), format!("{text}")));
        self.only_json(key, value)
    }

    /// Adds a fact that reads the same for both.
    pub fn same(self, key: &str, name: &str, value: impl Display) -> Self {
        let text = format!("{value}");
        self.fact(key, name, &text, text.as_str())
    }

    /// Adds a line for people alone, whose fact programs are told otherwise.
    pub fn line(mut self, name: &str, text: impl Display) -> Self {
        self.lines.push((name.to_owned(), text.to_string()));
        self
    }

    /// Adds a fact that is too much for people, or that a line of theirs says already.
    pub fn only_json(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.json.insert(key.to_owned(), value.into());
        self
    }

    /// Tells everything.
    pub fn tell(self, as_json: bool) -> Result<()> {
        self.deliver(as_json).map(drop)
    }

    /// Tells everything, and says whether it was taken.
    pub fn deliver(self, as_json: bool) -> Result<Delivery> {
        if as_json {
            return deliver_json(&self.json);
        }
        let width = self.lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines = self.lines.iter().map(|(name, text)| format!("{name:width$}  {text}\n"));
        deliver(&lines.collect::<String>())
    }
}

/// Whether somebody was there to take an answer.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Delivery {
    /// It was taken.
    Taken,
    /// Whoever was to read it has gone away.
    Gone,
}

/// Writes an answer in JSON.
pub(super) fn tell_json(answer: &impl Serialize) -> Result<()> {
    deliver_json(answer).map(drop)
}

/// Writes an answer in JSON, and says whether it was taken.
pub(super) fn deliver_json(answer: &impl Serialize) -> Result<Delivery> {
    let text = serde_json::to_string_pretty(answer).context("cannot write JSON")?;
    deliver(&format!("{text}\n"))
}

/// Writes an answer. A reader that has gone away, as `head` does, is no error.
pub(super) fn tell(text: &str) -> Result<()> {
    deliver(text).map(drop)
}

/// Writes an answer, and says whether it was taken: where money hangs on it that somebody knows, a reader that has gone away
/// knows nothing.
pub(super) fn deliver(text: &str) -> Result<Delivery> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Delivery::Taken),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Delivery::Gone),
        Err(error) => Err(error).context("cannot write the answer"),
    }
}

/// How the lines of a log are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LogFormat {
    /// For people.
    Human,
    /// For programs: one object a line.
    Json,
}

/// Whether lines are for programs. There is one log, and whoever writes to it need not know.
static IN_JSON: AtomicBool = AtomicBool::new(false);

/// From now on lines are written like this.
pub(super) fn write_lines(format: LogFormat) {
    IN_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
}

/// Somewhere else that lines can go.
type Elsewhere = Box<dyn Fn(&str) + Send>;

/// Where they go, while something else is drawn where they would stand.
static ASIDE: Mutex<Option<Elsewhere>> = Mutex::new(None);

/// Has lines go elsewhere until it is dropped.
pub(super) struct Aside;

/// From now on lines go there.
pub(super) fn say_aside(to: impl Fn(&str) + Send + 'static) -> Aside {
    *ASIDE.lock() = Some(Box::new(to));
    Aside
}

impl Drop for Aside {
    fn drop(&mut self) {
        *ASIDE.lock() = None;
    }
}

/// Writes a line for a log. A node goes on without one: the disk may be full that it is kept on.
pub(super) fn say(line: &str) {
    if let Some(aside) = &*ASIDE.lock() {
        aside(line);
    } else if IN_JSON.load(Ordering::Relaxed) {
        line.lines().for_each(|line| say_json(&json!({ "time": now(), "line": line })));
    } else {
        let _ = tell(&format!("{line}\n"));
    }
}

/// Writes a line on a request.
pub(super) fn say_answered(answered: &Answered<'_>) {
    let Answered { id, method, path, status, milliseconds, bytes } = *answered;
    if IN_JSON.load(Ordering::Relaxed) {
        let request = json!({
            "id": id, "method": method, "path": path, "status": status, "milliseconds": milliseconds, "bytes": bytes,
        });
        return say_json(&json!({ "time": now(), "request": request }));
    }
    let bytes = bytes.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
    let _ = tell(&format!("{method} {path} {status} in {milliseconds:.3} ms{bytes}, {id}\n"));
}

fn say_json(line: &Value) {
    let _ = tell(&format!("{line}\n"));
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Writes lines for a log, but one a second at most; the next says how many were left out.
pub(super) fn say_seldom() -> impl Fn(&str) + Send + Sync + 'static {
    let last: Mutex<(Option<Instant>, u32)> = Mutex::default();
    move |line| {
        let mut last = last.lock();
        if last.0.is_some_and(|said| said.elapsed() < SELDOM) {
            last.1 += 1;
            return;
        }
        let left_out = match std::mem::take(&mut last.1) {
            0 => String::new(),
            count => format!(", and {count} before it"),
        };
        last.0 = Some(Instant::now());
        say(&format!("{line}{left_out}"));
    }
}

/// Rows whose columns stand below each other.
pub(super) fn aligned(table: &[Vec<String>]) -> Vec<String> {
    let columns = table.first().map_or(0, Vec::len);
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    table.iter().map(line).collect()
}

/// Hashes a second, for people.
pub(super) fn hash_rate(hashes: f64) -> String {
    scaled(hashes, "H/s")
}

/// Says what went wrong, and whether anybody took it. Where even that cannot be written, the exit code still says that something
/// did.
///
/// # Security
/// Errors quote what they are about, and that may be a stranger's file.
pub(super) fn complain(error: &anyhow::Error) -> Delivery {
    let lines: Vec<String> = format!("{error:#}").split('\n').map(plain).collect();
    match writeln!(io::stderr(), "error: {}", lines.join("\n")) {
        Ok(()) => Delivery::Taken,
        Err(_) => Delivery::Gone,
    }
}
