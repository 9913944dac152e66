//! `cairn wallet show`: what became of one transaction.

use anyhow::{Result, bail};
use serde_json::Value;

use super::Options;
use super::chain::Chain;
use super::history::{address_of, shown_references};
use super::paid::{burning, known, whom as named};
use crate::api::view::{ActionView, AddressText, ContentView, Standing, TransactionView};
use crate::cli::output::{Report, count, tell_json};
use crate::types::Txid;
use crate::wallet::keyring::Book;
use crate::wallet::quoted;

/// `cairn wallet show`.
pub(super) fn show(options: &Options, txid: &Txid) -> Result<()> {
    let file = options.vault()?.read()?;
    let chain = options.chain(file.network())?;
    let Some(view) = chain.client.transaction(txid)? else {
        bail!("the node at {} never heard of {txid}, or has forgotten it", chain.client.url())
    };
    if options.json {
        return tell_json(&view);
    }
    let report = Report::default().line("transaction", txid).line("status", words(&view.standing));
    let report = match &view.transaction {
        Some(content) => told(report, content, file.book(), &chain),
        None => report,
    };
    match burned(&view, &chain) {
        Some(text) => report.line("burns", text),
        None => report,
    }
    .tell(false)
}

/// What it burns for accounts that it brings into being: as it was mined, or as it would be now.
fn burned(view: &TransactionView, chain: &Chain) -> Option<String> {
    let amount = match (&view.standing, &view.transaction) {
        (Standing::Confirmed { charge, .. }, _) => *charge,
        (Standing::Pending { .. }, Some(content)) => {
            let to = content.actions.iter().filter_map(|action| match action {
                ActionView::Pay { to, .. } | ActionView::PayAll { to, .. } => address_of(to, chain),
                ActionView::Note { .. } => None,
            });
            known(chain, &view.txid, &to.collect()).ok()?.1
        }
        _ => return None,
    };
    burning(amount)
}

/// Where a transaction stands, for people.
fn words(standing: &Standing) -> String {
    match standing {
        Standing::Pending { seconds, ready: true } => format!("has waited for a block for {seconds} s"),
        Standing::Pending { seconds, ready: false } => {
            format!("has waited for an earlier one of its account for {seconds} s")
        }
        Standing::Confirmed { height, depth, block, .. } => {
            format!("in the block at height {height}, {block}, {}", count(*depth as usize, "confirmation"))
        }
        Standing::Replaced { by: Some(by) } => format!("by this node's word {by} took its place"),
        Standing::Replaced { by: None } => "by this node's word another took its place".to_owned(),
        Standing::Expired => "by this node's word the last block it could stand in has passed".to_owned(),
        Standing::Dropped { .. } => format!(
            "the node gave it up unmined ({}); it may come again",
            serde_json::to_value(standing).unwrap_or(Value::Null)["why"].as_str().unwrap_or("no room")
        ),
    }
}

/// Adds what a transaction does.
fn told(report: Report, content: &ContentView, book: &Book, chain: &Chain) -> Report {
    let whom = |text: &AddressText| match address_of(text, chain) {
        Some(address) => named(&address, book, chain),
        // Whatever it is, it is a stranger's text.
        None => "?".to_owned(),
    };
    let mut report = report.line("from", whom(&content.from)).line("nonce", content.nonce);
    for action in &content.actions {
        report = match action {
            ActionView::Pay { to, amount, reference } => {
                let what_for = shown_references(std::slice::from_ref(&reference.0));
                let what_for = if what_for.is_empty() { what_for } else { format!(", for {what_for}") };
                report.line("pays", format!("{amount} to {}{what_for}", whom(to)))
            }
            ActionView::PayAll { to, amount, .. } => {
                let amount = amount.map_or_else(String::new, |amount| format!(", {amount},"));
                report.line("pays", format!("all that was left{amount} to {}", whom(to)))
            }
            ActionView::Note { bytes, .. } => {
                report.line("says", quoted(&hex::decode(&bytes.0).unwrap_or_default()))
            }
        };
    }
    let report = report.line("fee", content.fee).line("bytes", content.bytes);
    match content.expiry {
        Some(expiry) => report.line("void after", format!("height {expiry}")),
        None => report,
    }
}
