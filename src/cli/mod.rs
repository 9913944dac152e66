//! The command line: what a person types, and what they are told.
//!
//! This room reads arguments, files and the clock, calls the other rooms and words their answers. It decides nothing.
//!
//! A command answers on standard output, in lines for people or with `--json` for programs, and complains on standard
//! error. It ends with 0 when it did what was asked, 1 when it could not, 2 when it was asked wrongly.

mod chain;
mod config;
mod control;
mod crew;
mod devnet;
mod files;
mod genesis;
mod lab;
mod manuals;
mod mine;
mod mining;
mod network;
mod node;
mod output;
mod peers;
mod progress;
mod ready;
mod secrets;
mod serving;
mod signals;
mod wallet;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A proof-of-work cryptocurrency in one binary: chains of your own, real to the last byte.
#[derive(Parser)]
#[command(name = "cairn", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a network of real nodes on this machine, with funded accounts and blocks to order, and give it orders.
    ///
    /// Its nodes are what `cairn node` runs, in one process: others may join from outside, wallets and miners connect as to any. It
    /// ends on Ctrl-C, and goes on where it was left when it is started again.
    Devnet(Box<devnet::Devnet>),
    /// Make, check and explain the file that a chain begins with.
    #[command(subcommand)]
    Genesis(genesis::Command),
    /// Run a node until it is told to stop, by Ctrl-C or SIGTERM.
    ///
    /// It keeps its chain in the data directory: everything that it acknowledged is there after any kill. Settings come
    /// from a file, then the environment, then the command line, each over the one before.
    Node(Box<node::Run>),
    /// Mine for a pool or a node over Stratum, make blocks to order, or see how fast this machine hashes.
    ///
    /// Threads give way to whatever else wants the processor. With `--stratum` it connects again when the connection is
    /// lost, and ends only when it is told to or the pool refuses the user. To mine as part of a node, see `cairn node`.
    Mine(mine::Run),
    /// See whom a running node is connected to, and have a say in it.
    ///
    /// The node is the one that runs on the data directory.
    #[command(subcommand)]
    Peers(peers::Command),
    /// Say whether a node is of use: it ends with 0 where it is, with 1 and the reason where it is not.
    ///
    /// It is not while it takes nothing in, catches up, or hears of no new blocks where blocks come by work.
    Ready(ready::Ready),
    /// Keep keys, accounts and the people you pay in a file of your own.
    Wallet(Box<wallet::Wallet>),
    /// Run whole networks in virtual time: what befalls them is in a file, and so is what is expected of them.
    #[command(subcommand)]
    Lab(lab::Command),
    /// Work on the data of a node that is not running.
    #[command(subcommand)]
    Chain(chain::Command),
    /// Write what a shell needs to complete these commands.
    Completions(manuals::Completions),
    /// Write pages for `man`, one for each command.
    Man(manuals::Manual),
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => {
            if error.use_stderr() {
                wallet::Wallet::asked_wrongly(std::env::args_os(), &error.to_string());
            }
            error.exit()
        }
    };
    let answer = match command {
        Command::Devnet(command) => devnet::run(&command),
        Command::Genesis(command) => genesis::run(&command),
        Command::Node(run) => node::run(&run),
        Command::Mine(run) => mine::run(&run),
        Command::Peers(command) => peers::run(&command),
        Command::Ready(ready) => ready.run(),
        Command::Wallet(wallet) => return wallet.run(),
        Command::Lab(command) => return lab::run(&command),
        Command::Chain(command) => chain::run(&command),
        Command::Completions(completions) => completions.run(),
        Command::Man(manual) => manual.run(),
    };
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
