//! `cairn wallet sign`: what a file asks for, shown and signed, with no node to ask.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;

use super::super::Options;
use super::super::ends::{Ended, Undone};
use super::super::order::ask_for_yes;
use super::super::paying::check_book;
use super::super::policies::own_keys_in;
use super::super::preimages::Preimages;
use super::super::wording::lack_words;
use super::carried::Carried;

#[derive(Args)]
pub(in super::super) struct Sign {
    /// A payment that `cairn wallet prepare` wrote; `-` is standard input.
    file: PathBuf,
    /// Write it, signed, to this file, which may be the same [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    preimages: Preimages,
    /// The file that the wallet's chain begins with [default: the one that a node told, or the devnet's].
    #[arg(long, env = "CAIRN_GENESIS", value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Sign a fee that is far more than it takes, without being asked.
    #[arg(long)]
    high_fee: bool,
}

impl Sign {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let wallet = vault.read()?;
        let genesis = options.ground(wallet.network(), self.genesis.as_deref())?;
        ensure!(
            self.file == Path::new("-") || self.file.exists(),
            "there is no file {}: to sign a text, say `cairn wallet sign-message`",
            self.file.display()
        );
        let mut carried = Carried::read(&self.file, &genesis, wallet.book())?;
        let preimages = self.preimages.all()?;
        let keys = own_keys_in(carried.policy(), wallet.book());
        ensure!(
            !keys.is_empty() || !preimages.is_empty(),
            "this wallet has no key that is asked for here: {}",
            lack_words(carried.lack().as_ref(), wallet.book()).join("; ")
        );
        preimages.into_iter().try_for_each(|preimage| carried.file.signing.add_preimage(preimage))?;
        self.agree(&carried)?;
        if !keys.is_empty() {
            let opened = vault.open(&options.passwords())?;
            check_book(&opened.wallet, &wallet)?;
            for secret in opened.wallet.keyring().secret_keys(carried.policy()) {
                carried.file.signing.sign(&secret)?;
            }
        }
        carried.hand_on(options, self.out.as_deref(), None)
    }

    fn agree(&self, carried: &Carried<'_>) -> Result<()> {
        if !self.yes {
            return ask_for_yes(&(carried.lines().join("\n") + "\n"), "Sign it?", Undone::Signed);
        }
        match carried.fee_beyond_reason() {
            Some(words) if !self.high_fee => {
                Err(Ended::declined(format!("{words} Say --high-fee if you mean it"), Undone::Signed))
            }
            _ => Ok(()),
        }
    }
}
