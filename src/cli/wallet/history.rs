//! `cairn wallet history` and `show`: what happened to accounts, and what became of one transaction.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::Options;
use super::chain::Chain;
use crate::api::view::{ActionView, AddressText, ContentView, HistoryEntry, Moved, Standing};
use crate::cli::output::{Report, aligned, count, tell, tell_json};
use crate::client::Order;
use crate::types::{Amount, Reference, Txid};
use crate::wallet::keyring::Book;
use crate::wallet::{quoted, read_reference};

/// Entries that are asked for at a time.
const TOGETHER: u32 = 500;

#[derive(Args)]
pub(super) struct History {
    /// Whose [default: the first account's].
    account: Option<String>,
    /// No more than so many entries, newest first.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
    /// Only payments for this: an invoice's number, say.
    #[arg(long, value_name = "TEXT", value_parser = read_reference)]
    reference: Option<Reference>,
}

impl History {
    pub fn run(&self, options: &Options) -> Result<()> {
        let file = options.vault()?.read()?;
        let account = match &self.account {
            Some(name) => file.book().account(name)?,
            None => file.book().default_account().context("this wallet has no account")?,
        };
        let chain = options.chain(file.network())?;
        let address = AddressText(chain.text(&account.address()));
        let pending = chain.client.pending(&address)?.transactions;
        let wanted = self.reference.as_ref().map(|reference| hex::encode(&reference[..]));
        let is_wanted =
            |references: &[String]| wanted.as_ref().is_none_or(|wanted| references.contains(wanted));
        let pending: Vec<ContentView> =
            pending.into_iter().filter(|content| is_wanted(&references_of(content))).collect();
        let mut entries: Vec<HistoryEntry> = Vec::new();
        let mut cursor = None;
        while entries.len() < self.limit {
            let page = chain.client.history(&address, Order::Newest, cursor.as_deref(), TOGETHER)?;
            let fits = |entry: &HistoryEntry| {
                is_wanted(
                    &entry.flow.references.iter().map(|reference| reference.0.clone()).collect::<Vec<_>>(),
                )
            };
            entries.extend(page.entries.into_iter().filter(fits));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        entries.truncate(self.limit);
        if options.json {
            return tell_json(&json!({
                "account": account.name(), "address": address, "pending": pending, "entries": entries,
            }));
        }
        tell_entries(&pending, &entries)
    }
}

fn references_of(content: &ContentView) -> Vec<String> {
    let reference = |action: &ActionView| match action {
        ActionView::Pay { reference, .. } | ActionView::PayAll { reference, .. } => Some(reference.0.clone()),
        ActionView::Note { .. } => None,
    };
    content.actions.iter().filter_map(reference).collect()
}

fn tell_entries(pending: &[ContentView], entries: &[HistoryEntry]) -> Result<()> {
    if pending.is_empty() && entries.is_empty() {
        return tell("nothing has happened to this account\n");
    }
    let mut table = vec![["height", "", "amount", "for", "transaction"].map(str::to_owned).to_vec()];
    for content in pending {
        let paid = content.actions.iter().filter_map(|action| match action {
            ActionView::Pay { amount, .. } => Some(*amount),
            ActionView::PayAll { amount, .. } => *amount,
            ActionView::Note { .. } => None,
        });
        let amount = Amount::checked_sum(paid.chain([content.fee])).unwrap_or_default();
        let references = shown_references(&references_of(content));
        table.push(vec![
            "pending".to_owned(),
            "out".to_owned(),
            amount.to_string(),
            references,
            content.txid.to_string(),
        ]);
    }
    table.extend(entries.iter().map(row));
    tell(&format!("{}\n", aligned(&table).join("\n")))
}

fn row(entry: &HistoryEntry) -> Vec<String> {
    let flow = &entry.flow;
    let (way, amount) = match flow.moved {
        Moved::In => ("in", flow.received),
        Moved::Out => ("out", flow.sent),
        Moved::Itself => ("itself", flow.fee),
        Moved::Reward => ("reward", flow.received),
    };
    let references: Vec<String> = flow.references.iter().map(|reference| reference.0.clone()).collect();
    vec![
        entry.height.to_string(),
        way.to_owned(),
        amount.to_string(),
        shown_references(&references),
        entry.txid.map_or_else(String::new, |txid| txid.to_string()),
    ]
}

/// References, which are strangers' texts.
fn shown_references(references: &[String]) -> String {
    let shown = |digits: &String| quoted(&hex::decode(digits).unwrap_or_default());
    let shown: Vec<String> = references.iter().filter(|digits| !digits.is_empty()).map(shown).collect();
    shown.join(", ")
}

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
    report.tell(false)
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
        Standing::Replaced { by: Some(by) } => format!("will not be mined: {by} took its place"),
        Standing::Replaced { by: None } => "will not be mined: another took its place".to_owned(),
        Standing::Expired => "will not be mined: the last block it could stand in has passed".to_owned(),
        Standing::Dropped { .. } => format!(
            "the node gave it up unmined ({}); it may come again",
            serde_json::to_value(standing).unwrap_or(Value::Null)["why"].as_str().unwrap_or("no room")
        ),
    }
}

/// Adds what a transaction does.
fn told(report: Report, content: &ContentView, book: &Book, chain: &Chain) -> Report {
    let prefix = &chain.params().prefix;
    let whom = |text: &AddressText| {
        let address = crate::types::Address::parse(&text.0, prefix).ok();
        let name = address.as_ref().and_then(|address| book.name_of(address));
        name.map_or_else(|| text.0.clone(), |name| format!("{name} ({})", text.0))
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
