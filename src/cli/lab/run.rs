//! `cairn lab run`: one scenario, told in the ways that are asked for.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Args;

use super::{named, unknown};
use crate::cli::output::tell;
use crate::lab::scenario::Scenario;
use crate::lab::{Listener, report};

#[derive(Args)]
pub(in crate::cli) struct Run {
    /// A file, or the name of one that is part of this program.
    #[arg(value_name = "FILE|NAME")]
    scenario: String,
    /// What chance follows from [default: what the scenario says, else 1].
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Answer in JSON: every figure, block and verdict.
    #[arg(long)]
    json: bool,
    /// Write JUnit's XML to this file, each expectation a case, for build servers.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page to this file: expectations, events, how blocks spread, the tree of blocks, figures.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write down all that happens as it does, a line each, to this file, or with `-` to standard error. It can be much.
    #[arg(long, value_name = "FILE|-")]
    trace: Option<PathBuf>,
}

impl Run {
    /// Runs it, and tells what came of it.
    pub(super) fn run(&self) -> Result<ExitCode> {
        let scenario = read(&self.scenario)?;
        let story = self.trace.as_deref().map(story).transpose()?;
        let junit = self.junit.as_deref().map(Page::open).transpose()?;
        let html = self.html.as_deref().map(Page::open).transpose()?;
        let outcome = scenario.run(self.seed, story);
        match self.json {
            true => tell(&format!("{}\n", report::json(&outcome)))?,
            false => tell(&report::text(&outcome))?,
        }
        if let Some(page) = junit {
            page.write(&report::junit(std::slice::from_ref(&outcome)))?;
        }
        if let Some(page) = html {
            page.write(&report::html(&outcome))?;
        }
        Ok(if outcome.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A scenario, from a file or from those that are part of the program. A file goes before a name.
fn read(name: &str) -> Result<Scenario> {
    let text = match (fs::read_to_string(name), named(name)) {
        (Ok(text), _) => text,
        (Err(_), Some(shipped)) => shipped.text.to_owned(),
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => return Err(unknown(name)),
        (Err(error), None) => return Err(anyhow!("cannot read {name}: {error}")),
    };
    Scenario::from_toml(&text).with_context(|| name.to_owned())
}

/// Where a story is written to. What cannot be written any more is left out: the outcome is told either way.
pub(super) fn story(path: &Path) -> Result<Listener> {
    let mut out: Box<dyn Write> = match path == Path::new("-") {
        true => Box::new(io::stderr()),
        false => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
    };
    Ok(Box::new(move |line| drop(writeln!(out, "{line}"))))
}

/// A file for an answer, opened before there is one: whoever waited for it should not learn only then that it cannot be written.
pub(super) struct Page<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Page<'a> {
    pub fn open(path: &'a Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file })
    }

    pub fn write(mut self, text: &str) -> Result<()> {
        let written = self.file.write_all(text.as_bytes());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}
