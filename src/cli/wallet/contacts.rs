//! `cairn wallet contacts`: whom you pay, by name.

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::json;

use super::Options;
use crate::cli::output::{aligned, tell, tell_json};
use crate::types::Prefix;
use crate::wallet::keyring::{Contact, Name};
use crate::wallet::read_address;

#[derive(Subcommand)]
pub(super) enum ContactsCommand {
    /// Note whose an address is.
    Add {
        /// What to call them.
        name: Name,
        /// Where they are paid.
        address: String,
    },
    /// Forget a contact.
    Remove {
        /// Whom.
        name: String,
    },
    /// Say who is noted.
    List,
}

impl ContactsCommand {
    pub fn run(&self, options: &Options) -> Result<()> {
        match self {
            Self::Add { name, address } => add(options, name, address),
            Self::Remove { name } => {
                let vault = options.vault()?;
                let gone = vault.change(&options.passwords(), |wallet| {
                    Ok(wallet.keyring_mut().remove_contact(name)?)
                })?;
                super::tell_done(options, &format!("`{}` is forgotten", gone.name))
            }
            Self::List => list(options),
        }
    }
}

fn add(options: &Options, name: &Name, text: &str) -> Result<()> {
    let vault = options.vault()?;
    let parse = |prefix: &Prefix| read_address(text, prefix).with_context(|| text.to_owned());
    // Before a password is asked for.
    parse(vault.read()?.network().prefix())?;
    vault.change(&options.passwords(), |wallet| {
        let address = parse(wallet.network().prefix())?;
        Ok(wallet.keyring_mut().add_contact(name.clone(), address)?)
    })?;
    super::tell_done(options, &format!("`{name}` is {text}"))
}

fn list(options: &Options) -> Result<()> {
    let file = options.vault()?.read()?;
    let mut contacts: Vec<&Contact> = file.book().contacts().iter().collect();
    contacts.sort_by_key(|contact| contact.name.as_str().to_lowercase());
    let address = |contact: &Contact| contact.address.to_text(file.network().prefix());
    if options.json {
        let json = contacts.iter().map(|it| json!({ "name": it.name, "address": address(it) }));
        return tell_json(&json.collect::<Vec<_>>());
    }
    if contacts.is_empty() {
        return tell("nobody yet: `cairn wallet contacts add NAME ADDRESS` notes whose an address is\n");
    }
    let table: Vec<_> = contacts.iter().map(|it| vec![it.name.to_string(), address(it)]).collect();
    tell(&format!("{}\n", aligned(&table).join("\n")))
}
