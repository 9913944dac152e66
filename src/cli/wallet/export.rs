//! `cairn wallet export` and `change-password`: what only the owner may do, and what they had better think about first.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use super::Options;
use super::passwords::Passwords;
use super::terminal::confirm;
use crate::cli::output::{Report, tell_json};
use crate::cli::secrets::random;
use crate::wallet::keyring::SeedIndex;
use crate::wallet::keystore::{Costs, Protection, Salt, Unlocked};

#[derive(Args)]
pub(super) struct Export {
    /// The key of this account alone [default: the words that all derived accounts follow from].
    account: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
pub(super) struct ChangePassword {
    /// Read the new password from this file; `-` is standard input [default: CAIRN_WALLET_NEW_PASSWORD, else it is asked for].
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    new_password_file: Option<PathBuf>,
    /// From now on, no password: whoever can read the file can spend. For test networks.
    #[arg(long)]
    open: bool,
}

impl Export {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let file = vault.read()?;
        if let Some(name) = &self.account {
            file.book().account(name)?;
        }
        let warning = "Whoever sees what is shown next can spend all that it guards.";
        confirm(self.yes, warning, vault.name())?;
        let wallet = vault.open(&options.passwords())?.wallet;
        match &self.account {
            Some(name) => tell_key(options, &wallet, name),
            None => tell_words(options, &wallet),
        }
    }
}

fn tell_key(options: &Options, wallet: &Unlocked, name: &str) -> Result<()> {
    let account = wallet.keyring().book().account(name)?;
    let secret = account.own_key().and_then(|key| wallet.keyring().secret_key(&key));
    let secret =
        secret.with_context(|| format!("this wallet has no key of its own for `{}`", account.name()))?;
    let digits = zeroize::Zeroizing::new(hex::encode(&secret.reveal()[..]));
    Report::default()
        .same("account", "account", account.name())
        .same("address", "address", account.address().to_text(wallet.network().prefix()))
        .same("key", "key", digits.as_str())
        .tell(options.json)
}

fn tell_words(options: &Options, wallet: &Unlocked) -> Result<()> {
    let keyring = wallet.keyring();
    let mut told = Vec::new();
    let mut report = Report::default();
    for seed in (0..keyring.seed_count()).map(|seed| SeedIndex(seed as u8)) {
        let (Some(mnemonic), Some(passphrase)) = (keyring.mnemonic(seed), keyring.passphrase(seed)) else {
            continue;
        };
        let words = mnemonic.reveal();
        report = report.line("words", words.as_str());
        if !passphrase.is_empty() {
            report = report.line("passphrase", passphrase);
        }
        told.push(json!({ "mnemonic": words.as_str(), "passphrase": passphrase }));
    }
    anyhow::ensure!(!told.is_empty(), "this wallet has no words: name an account, and its key is shown");
    if options.json { tell_json(&Value::from(told)) } else { report.tell(false) }
}

impl ChangePassword {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        // Whoever does not know the old one need not think of a new one.
        let opened = vault.open(&options.passwords())?;
        let protection = if self.open {
            Protection::Open
        } else {
            let password = Passwords::new(self.new_password_file.as_deref()).choose()?;
            Protection::Password(password, Costs::STANDARD)
        };
        let salt = Salt(*random()?);
        vault.change_opened(opened, |wallet| Ok(wallet.protect(&protection, salt)?))?;
        let done = if self.open {
            "the wallet has no password any more: whoever can read its file can spend"
        } else {
            "the wallet has another password; copies of its file from before still open with the old one"
        };
        super::tell_done(options, done)
    }
}
