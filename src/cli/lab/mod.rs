//! `cairn lab`: whole networks in virtual time, from a file that says what befalls them and what is expected of them.

mod figures;
mod run;
mod soak;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{complain, tell, tell_json};
use crate::lab::report::paragraph;
use crate::lab::scenario::{Scenario, Shipped, shipped};

/// What a command ends with of which nothing came: it was asked for something that is not there, or that cannot be written.
const NOTHING_CAME_OF_IT: u8 = 2;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run a scenario: a network of whole nodes in a time of its own, what befalls it, and what is expected of it.
    ///
    /// The scenario is a file, or one of those that `cairn lab list` names. An hour passes as fast as this machine works off
    /// what happens in it. What a file can say is told in docs/lab.md. The same scenario and seed do the same on every machine: the digest says whether they did.
    ///
    /// Ends with 0 when all expectations hold; with 1 when one does not, or something that was to happen could not; with 2 when
    /// nothing came of it: there is no such scenario, its file says what cannot be, or an answer cannot be written.
    #[command(after_help = RUN_HELP)]
    Run(run::Run),
    /// Run many networks that seeds draw, each with what befalls it, and check that every one comes through.
    ///
    /// Each seed draws nodes, lines, miners, people who pay, crashes, lost power, full disks, wrong clocks, closed ways and
    /// those who mean harm. Beside the nodes stand checkers: all end on one tip, no coin is spent twice, the supply adds up,
    /// nothing acknowledged is lost, nobody honest is punished, what was paid is mined.
    ///
    /// Ends with 0 when every network came through; with 1 when one did not, and a line that replays each; with 2 when an
    /// answer cannot be written.
    #[command(after_help = SOAK_HELP)]
    Soak(soak::Soak),
    /// Find out the figures that people know of such networks, each by running whole ones.
    ///
    /// How fast blocks spread; how many come to nothing, by the time between two; what selfish mining earns; how often payments are
    /// taken back; how long a network takes to become one again; what an eclipse costs. Where there is a known formula it
    /// stands beside what was measured. All of them take some minutes, and use all processors. What is measured with the
    /// same seed is the same on every machine.
    #[command(after_help = FIGURES_HELP)]
    Figures(figures::Figures),
    /// Name the scenarios that are part of this program, and say what each teaches.
    List(List),
    /// Print the file of one of them: where a scenario of your own begins.
    Show(Show),
}

const RUN_HELP: &str = "Examples:
  cairn lab run partition                        tell in lines how a split network becomes one again
  cairn lab run partition --html page.html       the same as a page, with the tree of blocks
  cairn lab run partition --seed 7 --trace -     by another chance, and every message of it
  cairn lab show partition > mine.toml           a file to change
  cairn lab run mine.toml";

const SOAK_HELP: &str = "Examples:
  cairn lab soak --seeds 1000                    a thousand networks, as many at a time as there are processors
  cairn lab soak --seed 994 --trace story.txt    one of them again, with all that happened in it";

const FIGURES_HELP: &str = "Names: propagation, stale, selfish, double-spend, partition, eclipse

Examples:
  cairn lab figures                              all of them, as tables
  cairn lab figures selfish --html page.html     one of them, also as a page with curves
  cairn lab figures stale --quick                roughly, within seconds
  cairn lab figures --seed 7 --json              by another chance, for programs";

#[derive(Args)]
pub(super) struct List {
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Show {
    /// What it is called.
    #[arg(value_name = "NAME")]
    name: String,
}

/// Does what is asked, and says how the process ends.
pub(super) fn run(command: &Command) -> ExitCode {
    let answer = match command {
        Command::Run(run) => run.run(),
        Command::Soak(soak) => soak.run(),
        Command::Figures(figures) => figures.run(),
        Command::List(list) => list.run().map(|()| ExitCode::SUCCESS),
        Command::Show(show) => show.run().map(|()| ExitCode::SUCCESS),
    };
    // 1 says that something does not hold: whoever asked for what cannot be has to know that it is not that.
    answer.unwrap_or_else(|error| {
        let _ = complain(&error);
        ExitCode::from(NOTHING_CAME_OF_IT)
    })
}

/// How many networks run at a time.
fn threads(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| thread::available_parallelism().ok()).map_or(1, usize::from)
}

fn named(name: &str) -> Option<&'static Shipped> {
    shipped().iter().find(|shipped| shipped.name == name)
}

fn unknown(name: &str) -> anyhow::Error {
    let names: Vec<&str> = shipped().iter().map(|shipped| shipped.name).collect();
    anyhow!("there is no scenario {name}: name a file, or one of {}", names.join(", "))
}

impl Show {
    fn run(&self) -> Result<()> {
        match named(&self.name) {
            Some(shipped) => tell(shipped.text),
            None => Err(unknown(&self.name)),
        }
    }
}

impl List {
    fn run(&self) -> Result<()> {
        let mut all = Vec::new();
        for shipped in shipped() {
            let scenario = Scenario::from_toml(shipped.text).with_context(|| shipped.name.to_owned())?;
            all.push((shipped.name, scenario));
        }
        if self.json {
            let told = all.iter().map(|(name, scenario)| {
                let (nodes, seconds) = (scenario.nodes(), scenario.duration.seconds());
                json!({ "name": name, "about": scenario.about.trim(), "nodes": nodes, "seconds": seconds })
            });
            return tell_json(&json!({ "scenarios": told.collect::<Vec<_>>() }));
        }
        let told = all.iter().map(|(name, scenario)| {
            let (nodes, duration) = (scenario.nodes(), scenario.duration);
            format!("{name} ({nodes} nodes, {duration})\n{}", paragraph(&scenario.about, 4))
        });
        tell(&told.collect::<Vec<_>>().join("\n"))
    }
}
