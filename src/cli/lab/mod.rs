//! `cairn lab`: whole networks in virtual time, from a file that says what befalls them and what is expected of them.

mod figures;
mod run;
mod soak;

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{complain, tell, tell_json};
use crate::lab::scenario::{Scenario, Shipped, shipped};

/// What a command ends with that was asked for something that cannot be read.
const UNREADABLE: u8 = 2;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run a scenario: a network of whole nodes in a time of its own, what befalls it, and what is expected of it.
    ///
    /// The scenario is a file, or one of those that `cairn lab list` names. An hour passes as fast as this machine works off
    /// what happens in it. The same scenario and seed do the same on every machine: the digest says whether they did.
    ///
    /// Ends with 0 when all expectations hold, 1 when one does not, 2 when there is no such scenario or its file says what
    /// cannot be.
    #[command(after_help = RUN_HELP)]
    Run(run::Run),
    /// Run many networks that seeds draw, each with what befalls it, and check that every one comes through.
    ///
    /// Each seed draws nodes, lines, miners, people who pay, crashes, lost power, full disks, wrong clocks, closed ways and
    /// those who mean harm. Beside the nodes stand checkers: all end on one tip, no coin is spent twice, the supply adds up,
    /// nothing acknowledged is lost, nobody honest is punished, what was paid is mined.
    ///
    /// Ends with 0 when every network came through, else with 1, and a line that replays each that did not.
    Soak(soak::Soak),
    /// Find out the figures that people know of such networks, each by running whole ones.
    ///
    /// How fast blocks spread; how many come to nothing, by the time between two; what selfish mining earns; how often payments are
    /// taken back; how long a network takes to become one again; what an eclipse costs. Where there is a known formula it
    /// stands beside what was measured. All of them take some minutes, and use all processors. The same seed gives the same
    /// figures on every machine.
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
        Command::Show(show) => match named(&show.name) {
            Some(shipped) => tell(shipped.text).map(|()| ExitCode::SUCCESS),
            None => return unreadable(&unknown(&show.name)),
        },
    };
    answer.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    })
}

fn unreadable(error: &anyhow::Error) -> ExitCode {
    complain(error);
    ExitCode::from(UNREADABLE)
}

fn named(name: &str) -> Option<&'static Shipped> {
    shipped().iter().find(|shipped| shipped.name == name)
}

fn unknown(name: &str) -> anyhow::Error {
    let names: Vec<&str> = shipped().iter().map(|shipped| shipped.name).collect();
    anyhow!("there is no scenario {name}: name a file, or one of {}", names.join(", "))
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
            format!("{name} ({nodes} nodes, {duration})\n{}\n", indented(&scenario.about))
        });
        tell(&told.collect::<Vec<_>>().join("\n"))
    }
}

/// A paragraph in lines that a terminal holds.
fn indented(text: &str) -> String {
    const WIDTH: usize = 90;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| line.is_empty() || line.len() + word.len() < WIDTH);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
