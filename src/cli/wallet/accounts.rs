//! Accounts: listed, made, brought from elsewhere, called otherwise, forgotten.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Options;
use super::passwords::read_secret;
use super::terminal::{Terminal, confirm};
use crate::api::view::PolicyView;
use crate::cli::output::{tell, tell_json};
use crate::crypto::SecretKey;
use crate::types::Prefix;
use crate::wallet::keyring::{Account, AccountKind, GAP, Name, SeedIndex};
use crate::wallet::keystore::Network;
use crate::wallet::read_address;

#[derive(Subcommand)]
pub(super) enum AccountCommand {
    /// Make the next account that follows from the wallet's words.
    ///
    /// The words bring it back, and nothing new has to be written down.
    New {
        /// What to call it.
        name: Name,
    },
    /// Forget an account. One that follows from the words comes back as the next new one; an imported key and a policy are gone for
    /// good.
    Remove {
        /// Which.
        name: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(super) struct Import {
    /// What to call it.
    name: Name,
    /// Read the key, 64 hexadecimal digits, from this file; `-` is standard input [default: it is asked for].
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    key_file: Option<PathBuf>,
    /// Only keep track of this address; nothing can be spent from it here.
    #[arg(long, value_name = "ADDRESS")]
    watch: Option<String>,
}

/// What an account is, in a word, and what that word is in JSON.
pub(super) fn kind_of(account: &Account) -> &'static str {
    match account.kind() {
        AccountKind::Derived { .. } => "derived",
        AccountKind::Imported { .. } => "imported",
        AccountKind::Watched { .. } => "watched",
        AccountKind::Shared { .. } => "shared",
    }
}

/// An account, for programs.
pub(super) fn as_json(account: &Account, prefix: &Prefix) -> Value {
    let mut json = json!({
        "name": account.name(),
        "kind": kind_of(account),
        "address": account.address().to_text(prefix),
    });
    if let AccountKind::Derived { seed, number, .. } = account.kind() {
        json["seed"] = seed.0.into();
        json["number"] = (*number).into();
    }
    if let Some(policy) = account.policy() {
        json["policy"] = json!(PolicyView::from(&policy));
    }
    json
}

fn tell_account(options: &Options, account: &Account, network: &Network) -> Result<()> {
    if options.json {
        return tell_json(&as_json(account, network.prefix()));
    }
    tell(&format!("{}  {}\n", account.name(), account.address().to_text(network.prefix())))
}

impl AccountCommand {
    pub fn run(&self, options: &Options) -> Result<()> {
        match self {
            Self::New { name } => new(options, name),
            Self::Remove { name, yes } => remove(options, name, *yes),
        }
    }
}

fn new(options: &Options, name: &Name) -> Result<()> {
    let (account, network) = options.vault()?.change(&options.passwords(), |wallet| {
        let network = wallet.network().clone();
        Ok((wallet.keyring_mut().derive_next(name.clone(), SeedIndex(0))?.clone(), network))
    })?;
    tell_account(options, &account, &network)?;
    match account.kind() {
        AccountKind::Derived { number, .. } if *number >= GAP && !options.json => tell(&format!(
            "\n`cairn wallet restore` looks for {GAP} accounts beyond the last that was used. Should this one be further, say \
             `--accounts {}` to it.\n",
            number + 1
        )),
        _ => Ok(()),
    }
}

fn remove(options: &Options, name: &str, yes: bool) -> Result<()> {
    let vault = options.vault()?;
    let account = vault.read()?.book().account(name)?.clone();
    let what = match account.kind() {
        AccountKind::Imported { .. } => Some("key"),
        // Without it no key spends what is there.
        AccountKind::Shared { .. } => Some("policy"),
        AccountKind::Derived { .. } | AccountKind::Watched { .. } => None,
    };
    if let Some(what) = what {
        let warning = format!(
            "The {what} of `{}` is in this wallet alone, unless you have kept it elsewhere.",
            account.name()
        );
        confirm(yes, &warning, account.name().as_str())?;
    }
    vault.change(&options.passwords(), |wallet| Ok(wallet.keyring_mut().remove_account(name)?))?;
    super::tell_done(options, &format!("`{}` is forgotten", account.name()))
}

/// `cairn wallet rename`.
pub(super) fn rename(options: &Options, from: &str, to: &Name) -> Result<()> {
    options
        .vault()?
        .change(&options.passwords(), |wallet| Ok(wallet.keyring_mut().rename(from, to.clone())?))?;
    super::tell_done(options, &format!("`{from}` is called `{to}` now"))
}

impl Import {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let prefix = vault.read()?.network().prefix().clone();
        let name = self.name.clone();
        let watched = self
            .watch
            .as_ref()
            .map(|text| read_address(text, &prefix).with_context(|| format!("--watch {text}")));
        let watched = watched.transpose()?;
        let key = if watched.is_some() { None } else { Some(self.key()?) };
        let (account, network) = vault.change(&options.passwords(), |wallet| {
            let network = wallet.network().clone();
            let keyring = wallet.keyring_mut();
            let account = match (watched, key) {
                (Some(address), _) => keyring.watch(name, address)?,
                (None, Some(key)) => keyring.import(name, key)?,
                (None, None) => return Err(anyhow!("there is nothing to import")),
            };
            Ok((account.clone(), network))
        })?;
        tell_account(options, &account, &network)
    }

    fn key(&self) -> Result<SecretKey> {
        let digits = match &self.key_file {
            Some(file) => read_secret(file)?,
            None => {
                let none = "there is no terminal to ask for the key: say --key-file FILE";
                Terminal::open().context(none)?.ask_unseen("The key, 64 hexadecimal digits: ")?
            }
        };
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        let is_key = hex::decode_to_slice(digits.trim(), &mut bytes[..]).is_ok();
        // What was said instead may be a secret, too.
        ensure!(is_key, "this is no key: expected 64 hexadecimal digits");
        Ok(SecretKey::from_bytes(&bytes))
    }
}
