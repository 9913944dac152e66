//! `cairn lab soak`: many networks that seeds draw, and whether each came through what befell it.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::run::story;
use crate::cli::output::{tell, tell_json};
use crate::cli::progress::Progress;
use crate::lab::{Outcome, Violation, replay, soak};

#[derive(Args)]
pub(in crate::cli) struct Soak {
    /// How many networks.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed; the others follow it.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// This seed alone.
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Write down all that happens with `--seed`, a line each, to this file, or with `-` to standard error.
    #[arg(long, value_name = "FILE|-", requires = "seed")]
    trace: Option<PathBuf>,
    /// How many run at a time [default: as many as there are processors].
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
    /// Stop at the first network that did not come through.
    #[arg(long)]
    fail_fast: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Soak {
    /// Runs them, and tells which did not come through.
    pub(super) fn run(&self) -> Result<ExitCode> {
        // What the code says when it stops itself is told with its seed.
        let story = self.trace.as_deref().map(story).transpose()?;
        panic::set_hook(Box::new(|_| {}));
        let outcomes = match self.seed {
            Some(seed) => vec![replay(seed, story)],
            None => self.soak(self.from..self.from.saturating_add(self.seeds)),
        };
        drop(panic::take_hook());
        self.tell(&outcomes)?;
        let all_sound = outcomes.iter().all(Outcome::is_sound);
        Ok(if all_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn soak(&self, seeds: Range<u64>) -> Vec<Outcome> {
        let threads = super::threads(self.threads);
        let total = seeds.end - seeds.start;
        let mut progress = Progress::new("soaking", "networks", total);
        let mut outcomes = Vec::new();
        soak(seeds, threads, |outcome| {
            let goes_on = outcome.is_sound() || !self.fail_fast;
            outcomes.push(outcome);
            progress.at(outcomes.len() as u64, total);
            goes_on
        });
        progress.finish();
        outcomes.sort_by_key(|outcome| outcome.seed);
        outcomes
    }

    fn tell(&self, outcomes: &[Outcome]) -> Result<()> {
        let unsound: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.is_sound()).collect();
        if self.json {
            let told = unsound.iter().map(|outcome| {
                let told = |violation: &Violation| {
                    json!({ "kind": violation.kind(), "what": violation.to_string() })
                };
                let violations: Vec<_> = outcome.violations.iter().map(told).collect();
                json!({ "seed": outcome.seed, "violations": violations, "replay": again(outcome) })
            });
            let failed: Vec<_> = told.collect();
            let mut answer = json!({ "networks": outcomes.len(), "failed": failed });
            if let Some(outcome) = self.alone(outcomes) {
                answer["events"] = outcome.events.into();
                answer["blocks"] = outcome.blocks.into();
                answer["digest"] = outcome.digest.map(|digest| format!("{digest:032x}")).into();
            }
            return tell_json(&answer);
        }
        for outcome in &unsound {
            for violation in &outcome.violations {
                tell(&format!("seed {}: {violation}\n", outcome.seed))?;
            }
            tell(&format!("  again: {}\n", again(outcome)))?;
        }
        if let Some(outcome) = self.alone(outcomes) {
            let digest = outcome.digest.map_or_else(|| "none".to_owned(), |digest| format!("{digest:032x}"));
            tell(&format!("{} events, {} blocks, digest {digest}\n", outcome.events, outcome.blocks))?;
        }
        let sound = outcomes.len() - unsound.len();
        tell(&format!("{sound} of {} networks came through all that befell them\n", outcomes.len()))
    }

    /// The only one, where it was asked for by its seed.
    fn alone<'a>(&self, outcomes: &'a [Outcome]) -> Option<&'a Outcome> {
        self.seed.and(outcomes.first())
    }
}

/// The line that replays a seed.
fn again(outcome: &Outcome) -> String {
    format!("cairn lab soak --seed {} --trace story.txt", outcome.seed)
}
