//! `cairn wallet show`: what became of one transaction.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Options;
use super::chain::Chain;
use super::history::{address_of, shown_references};
use super::paid::{burning, known, whom as named};
use crate::api::view::{ActionView, AddressText, ContentView, Standing, TransactionView};
use crate::cli::output::{Report, count, tell_json};
use crate::types::Txid;
use crate::wallet::keyring::Book;
use crate::wallet::{Progress, Sent, quoted};

/// `cairn wallet show`.
pub(super) fn show(options: &Options, txid: &Txid) -> Result<()> {
    let vault = options.vault()?;
    let file = vault.read()?;
    let chain = options.chain(file.network())?;
    let view = chain.client.transaction(txid)?;
    let (own, may_be_sent) = vault.note(|file| {
        let own = file.outbox.find(txid);
        Ok((own.cloned(), own.is_some_and(|own| file.outbox.may_be_sent(own))))
    })?;
    ensure!(
        view.is_some() || own.is_some(),
        "the node at {} never heard of {txid}, or has forgotten it, and this wallet remembers nothing of it",
        chain.client.url()
    );
    let signed = own.as_ref().map(|own| ContentView::new(own.transaction(), None, &chain.params().prefix));
    if options.json {
        return tell_json(&for_programs(txid, view.as_ref(), own.as_ref(), signed)?);
    }
    let status = view.as_ref().map_or_else(
        || "this node never heard of it, or has forgotten it".to_owned(),
        |view| words(&view.standing),
    );
    let report = Report::default().line("transaction", txid).line("status", status);
    let report = match own.as_ref().filter(|_| !is_there(view.as_ref())) {
        Some(own) => {
            let may_be_sent = may_be_sent && own.is_timely(chain.next_height()?);
            report.line("here", known_here(own, may_be_sent))
        }
        None => report,
    };
    let content = view.as_ref().and_then(|view| view.transaction.clone()).or(signed);
    let report = match &content {
        Some(content) => told(report, content, file.book(), &chain),
        None => report,
    };
    match view.and_then(|view| burned(&view, &chain)) {
        Some(text) => report.line("burns", text),
        None => report,
    }
    .tell(false)
}

/// Whether the node has it.
fn is_there(view: Option<&TransactionView>) -> bool {
    view.is_some_and(|view| matches!(view.standing, Standing::Pending { .. } | Standing::Confirmed { .. }))
}

/// What the node says, with what the wallet knows of it by itself.
fn for_programs(
    txid: &Txid,
    view: Option<&TransactionView>,
    own: Option<&Sent>,
    signed: Option<ContentView>,
) -> Result<Value> {
    let mut told = match view {
        Some(view) => serde_json::to_value(view)?,
        None => json!({ "txid": txid, "status": "unknown" }),
    };
    if told["transaction"].is_null() {
        told["transaction"] = serde_json::to_value(signed)?;
    }
    if let Some(own) = own {
        told["wallet"] = json!({ "progress": own.progress(), "once": own.once() });
    }
    Ok(told)
}

/// What the wallet knows of what it signed, and what can be done about it.
fn known_here(own: &Sent, may_be_sent: bool) -> String {
    let txid = own.txid();
    let ways = format!(
        "; `cairn wallet bump {txid}` sends it, `cairn wallet cancel {txid}` puts nothing in its place"
    );
    let known = match own.progress() {
        Progress::Signed => "signed, and no node may have heard of it".to_owned(),
        Progress::Taken => "sent, and a node took it".to_owned(),
        Progress::Refused if own.was_taken() => {
            "sent, a node took it, and one did not take it again".to_owned()
        }
        Progress::Refused => "sent, and a node did not take it; what is paid next has its number".to_owned(),
        Progress::Passed { .. } => "sent; by a node's word another has its number".to_owned(),
        Progress::Mined { height } => format!("sent, and seen in the block at height {height}"),
    };
    let is_open = own.is_on_its_way() || own.progress() == Progress::Refused;
    let ways = if is_open && may_be_sent { ways } else { String::new() };
    let key = own.once().map_or_else(String::new, |key| format!(" for the order `{key}`"));
    format!("this wallet{key}: {known}{ways}")
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
