//! `cairn completions` and `cairn man`: what shells and `man` know of this program, from the definitions that it reads its
//! arguments by.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::aot::{self, generate};
use clap_mangen::{Man, generate_to};

use super::Cli;
use super::output::tell;

/// Shells for which completions are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Shell {
    /// Bourne again.
    Bash,
    /// Z.
    Zsh,
    /// The friendly one.
    Fish,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  cairn completions bash > ~/.local/share/bash-completion/completions/cairn
  cairn completions zsh > \"${fpath[1]}/_cairn\"
  cairn completions fish > ~/.config/fish/completions/cairn.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  cairn man | man -l -
  cairn man --out ~/.local/share/man/man1        then `man cairn-wallet-send`";

#[derive(Args)]
#[command(after_long_help = COMPLETIONS_EXAMPLES, after_help = COMPLETIONS_EXAMPLES)]
pub(super) struct Completions {
    /// For which shell.
    shell: Shell,
}

#[derive(Args)]
#[command(after_long_help = MAN_EXAMPLES, after_help = MAN_EXAMPLES)]
pub(super) struct Manual {
    /// Write a page for each command into this folder [default: the first page alone, to standard output].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Completions {
    pub fn run(&self) -> Result<()> {
        let shell = match self.shell {
            Shell::Bash => aot::Shell::Bash,
            Shell::Zsh => aot::Shell::Zsh,
            Shell::Fish => aot::Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut Cli::command(), "cairn", &mut script);
        tell(&String::from_utf8(script)?)
    }
}

impl Manual {
    pub fn run(&self) -> Result<()> {
        let Some(folder) = &self.out else {
            let mut page = Vec::new();
            Man::new(Cli::command().disable_help_subcommand(true)).render(&mut page)?;
            return tell(&String::from_utf8(page)?);
        };
        let shown = || format!("cannot write to {}", folder.display());
        fs::create_dir_all(folder).with_context(shown)?;
        generate_to(Cli::command(), folder).with_context(shown)?;
        tell(&format!(
            "written to {}: `man {}/cairn.1` shows the first\n",
            folder.display(),
            folder.display()
        ))
    }
}
