//! `cairn lab figures`: the figures that people know of such networks, each found out by running whole ones.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;
use parking_lot::Mutex;

use super::run::Page;
use crate::cli::output::tell;
use crate::cli::progress::Progress;
use crate::lab::report::{findings_json, findings_page, findings_text};
use crate::lab::studies::{Effort, Finding, Study, studies};

#[derive(Args)]
pub(in crate::cli) struct Figures {
    /// Which of them [default: all].
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// What chance follows from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Fewer and smaller networks: seconds instead of minutes, and figures that are as rough.
    #[arg(long)]
    quick: bool,
    /// How many networks run at a time [default: as many as there are processors].
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
    /// Answer in JSON: every row, and every point of every curve.
    #[arg(long)]
    json: bool,
    /// Write a page to this file: what was measured, curves, and tables.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Figures {
    /// Finds them out, and tells them.
    pub(super) fn run(&self) -> Result<ExitCode> {
        let chosen = self.chosen()?;
        let html = self.html.as_deref().map(Page::open).transpose()?;
        let findings: Vec<Finding> = chosen.into_iter().map(|study| self.find(study)).collect();
        match self.json {
            true => tell(&format!("{}\n", findings_json(&findings)))?,
            false => tell(&findings_text(&findings))?,
        }
        if let Some(page) = html {
            page.write(&findings_page("Figures", &findings))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn chosen(&self) -> Result<Vec<&'static Study>> {
        let named = |name: &String| {
            studies().iter().find(|study| study.name == *name).ok_or_else(|| {
                let names: Vec<&str> = studies().iter().map(|study| study.name).collect();
                anyhow!("there are no figures {name}: name some of {}, or none for all", names.join(", "))
            })
        };
        if self.names.is_empty() {
            Ok(studies().iter().collect())
        } else {
            self.names.iter().map(named).collect()
        }
    }

    fn find(&self, study: &Study) -> Finding {
        let threads = super::threads(self.threads);
        let bar = Mutex::new(Progress::new(study.name, "networks", 0));
        let progress = |done: usize, all: usize| bar.lock().at(done as u64, all as u64);
        let finding =
            study.find(&Effort { seed: self.seed, is_quick: self.quick, threads, progress: &progress });
        bar.into_inner().finish();
        finding
    }
}
