//! `cairn wallet list`: which accounts there are, and what they have where somebody can be asked.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::Options;
use super::accounts::{as_json, kind_of};
use crate::api::view::AccountView;
use crate::cli::output::{Report, aligned, tell, tell_json};
use crate::wallet::keyring::Account;
use crate::wallet::keystore::WalletFile;

#[derive(Args)]
pub(super) struct List {
    /// Ask no node what they have.
    #[arg(long)]
    offline: bool,
}

/// What a node says that accounts have, in their order.
struct Balances {
    node: String,
    views: Vec<AccountView>,
}

impl List {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let file = vault.read()?;
        let asked = if self.offline { Err("no node was asked".to_owned()) } else { ask(options, &file) };
        if options.json {
            return tell_json(&json!({
                "wallet": vault.path(),
                "network": file.network().name(),
                "chain": file.network().chain().to_string(),
                "open": file.is_open(),
                "accounts": accounts_json(&file, asked.as_ref().ok()),
                "balances": match &asked {
                    Ok(Balances { node, .. }) => json!({ "node": node }),
                    Err(why) => json!({ "missing": why }),
                },
            }));
        }
        Report::default()
            .line("wallet", vault.path().display())
            .line("network", file.network().name())
            .tell(false)?;
        if file.book().accounts().is_empty() {
            return tell("no accounts: `cairn wallet account new NAME` makes one\n");
        }
        tell(&format!("\n{}\n", aligned(&table(&file, asked.as_ref().ok())).join("\n")))?;
        match asked {
            Err(why) if !self.offline => tell(&format!("\nWithout balances: {why}\n")),
            _ => Ok(()),
        }
    }
}

/// Why there is no answer is told instead of it: what accounts there are is known all the same.
fn ask(options: &Options, file: &WalletFile) -> Result<Balances, String> {
    let ask = || -> Result<Balances> {
        let chain = options.chain(file.network())?;
        let accounts = file.book().accounts().iter();
        let views: Result<_, _> = accounts.map(|account| chain.account(&account.address())).collect();
        Ok(Balances { node: chain.client.url().to_owned(), views: views? })
    };
    ask().map_err(|error| format!("{error:#}"))
}

fn accounts_json(file: &WalletFile, balances: Option<&Balances>) -> Vec<Value> {
    let accounts = file.book().accounts().iter().enumerate();
    let json = accounts.map(|(at, account)| {
        let mut json = as_json(account, file.network().prefix());
        if let Some(balances) = balances {
            json["balance"] = json!(balances.views[at].balance);
        }
        json
    });
    json.collect()
}

fn table(file: &WalletFile, balances: Option<&Balances>) -> Vec<Vec<String>> {
    let head = ["account", "kind"].into_iter().chain(balances.map(|_| "balance")).chain(["address"]);
    let mut table = vec![head.map(str::to_owned).collect()];
    let prefix = file.network().prefix();
    let row = |(at, account): (usize, &Account)| {
        let mut row = vec![account.name().to_string(), kind_of(account).to_owned()];
        row.extend(balances.map(|balances| balances.views[at].balance.to_string()));
        row.push(account.address().to_text(prefix));
        row
    };
    table.extend(file.book().accounts().iter().enumerate().map(row));
    table
}
