//! `cairn wallet balance`: what accounts have, as a node says, or as its headers prove.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::Options;
use super::proofs::{Whose, prove_accounts};
use crate::api::view::AccountView;
use crate::cli::output::{Report, aligned, count, tell, tell_json};
use crate::light::{Headers, VerifiedBalance};
use crate::types::{Amount, Height};
use crate::wallet::keyring::Account;

#[derive(Args)]
pub(super) struct Balance {
    /// Whose [default: all accounts of the wallet].
    account: Option<String>,
    /// Believe nothing but work: check all headers of the chain, and have the balance proven against them.
    #[arg(long)]
    verify: bool,
}

/// What an account has, and what of that is proven.
struct Told<'a> {
    account: &'a Account,
    view: AccountView,
    proven: Option<VerifiedBalance>,
}

impl Balance {
    pub fn run(&self, options: &Options) -> Result<()> {
        let vault = options.vault()?;
        let file = vault.read()?;
        let chain = options.chain(file.network())?;
        let accounts: Vec<&Account> = match &self.account {
            Some(name) => vec![file.book().account(name)?],
            None => file.book().accounts().iter().collect(),
        };
        let whose = accounts.iter().map(|account| Whose::named(account.name().as_str(), account.address()));
        let whose: Vec<Whose> = whose.collect();
        let verified = self.verify.then(|| prove_accounts(&vault, &chain, &whose)).transpose()?;
        let (headers, proven) = verified.unzip();
        let mut proven = proven.into_iter().flatten();
        let mut told = Vec::new();
        for account in accounts {
            told.push(Told { account, view: chain.account(&account.address())?, proven: proven.next() });
        }
        if options.json {
            let one = self.account.is_some();
            let mut all: Vec<Value> = told.iter().map(Told::json).collect();
            return tell_json(&if one { all.swap_remove(0) } else { Value::from(all) });
        }
        match &told[..] {
            [] => tell("no accounts: `cairn wallet account new NAME` makes one\n"),
            [one] => one.report().tell(false),
            several => tell_table(several),
        }?;
        headers.map_or(Ok(()), |headers| tell_vouched(&headers))
    }
}

impl Told<'_> {
    fn json(&self) -> Value {
        let AccountView { balance, immature, spendable, incoming, outgoing, tip, .. } = &self.view;
        let mut json = json!({
            "account": self.account.name(),
            "address": self.view.address,
            "balance": balance,
            "spendable": spendable,
            "immature": immature,
            "incoming": incoming,
            "outgoing": outgoing,
            "tip": tip,
        });
        if let Some(proven) = &self.proven {
            json["proven"] = json!({
                "balance": balance_of(proven),
                "as_of": proven.as_of,
                "proven_by": proven.proven_by,
            });
        }
        json
    }

    fn report(&self) -> Report {
        let view = &self.view;
        let some = |report: Report, name: &str, amount: Amount| {
            if amount.is_zero() { report } else { report.line(name, amount) }
        };
        let report = Report::default().line("account", self.account.name()).line("balance", view.balance);
        let report =
            if view.spendable == view.balance { report } else { report.line("spendable", view.spendable) };
        let report = some(report, "immature", view.immature);
        let report = some(report, "incoming", view.incoming);
        let Some(proven) = &self.proven else { return report };
        let report = report
            .line("proven", format!("{}, after the block at height {}", balance_of(proven), proven.as_of));
        if balance_of(proven) == view.balance {
            return report;
        }
        report.line("unproven", format!("the node says {}; newer blocks are not proven yet", view.balance))
    }
}

fn balance_of(proven: &VerifiedBalance) -> Amount {
    proven.account.map_or(Amount::ZERO, |account| account.balance)
}

fn tell_table(told: &[Told<'_>]) -> Result<()> {
    let is_proven = told.iter().any(|told| told.proven.is_some());
    let mut head = vec!["account", "balance", "spendable", "immature", "incoming"];
    if is_proven {
        head.push("proven");
    }
    let row = |told: &Told<'_>| {
        let view = &told.view;
        let mut row = vec![told.account.name().to_string()];
        row.extend(
            [view.balance, view.spendable, view.immature, view.incoming].map(|amount| amount.to_string()),
        );
        row.extend(told.proven.as_ref().map(|proven| balance_of(proven).to_string()));
        row
    };
    let mut table = vec![head.into_iter().map(str::to_owned).collect()];
    table.extend(told.iter().map(row));
    tell(&format!("{}\n", aligned(&table).join("\n")))
}

/// Says what the proofs rest on.
fn tell_vouched(headers: &Headers) -> Result<()> {
    if headers.height() == Height::GENESIS {
        return tell(
            "\nProven as of genesis, which is what the chain's name stands for. There is no block above it yet, and nothing else to \
             prove.\n",
        );
    }
    tell(&format!(
        "\nProven as of height {}: {} were checked, which took {} hashes on average. What the block at height {} did is \
         not proven before the next one. A node that shows a branch of its own making would have had to do that work.\n",
        headers.height().0.saturating_sub(1),
        count(headers.height().0 as usize + 1, "header"),
        headers.work(),
        headers.height(),
    ))
}
