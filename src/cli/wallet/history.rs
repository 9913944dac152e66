//! `cairn wallet history`: what happened to accounts, and what is about to.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::Options;
use super::chain::Chain;
use crate::api::view::{ActionView, AddressText, ContentView, HistoryEntry, Moved};
use crate::cli::output::{aligned, tell, tell_json};
use crate::client::First;
use crate::types::{Address, Amount, Height, Reference};
use crate::wallet::keyring::{Account, Book};
use crate::wallet::{quoted, read_reference};

/// Entries that are asked for at a time.
const TOGETHER: u32 = 500;
/// People on the other side that a line names.
const NAMED_MAX: usize = 2;

#[derive(Args)]
pub(super) struct History {
    /// Whose [default: the first account's].
    account: Option<String>,
    /// No more than so many entries, newest first.
    #[arg(long, value_name = "COUNT", default_value = "20", value_parser = read_limit)]
    limit: usize,
    /// Only payments for this: an invoice's number, say.
    #[arg(long, value_name = "TEXT", value_parser = read_reference)]
    reference: Option<Reference>,
}

fn read_limit(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or("expected how many entries to show, at least 1")
}

/// What a node tells of an account.
struct Story<'a> {
    account: &'a Account,
    address: AddressText,
    book: &'a Book,
    chain: &'a Chain,
    /// Its own transactions that wait.
    outgoing: Vec<ContentView>,
    /// Those of others that pay it, and wait.
    incoming: Vec<ContentView>,
    entries: Vec<HistoryEntry>,
    /// The first block that the node keeps, where it does not keep all, and all that it keeps was asked for.
    kept_from: Option<Height>,
}

impl History {
    pub fn run(&self, options: &Options) -> Result<()> {
        let file = options.vault()?.read()?;
        let account = file.book().account_or_first(self.account.as_deref())?;
        let chain = options.chain(file.network())?;
        let story = self.story(account, file.book(), &chain)?;
        if options.json { story.tell_json() } else { story.tell() }
    }

    fn story<'a>(&self, account: &'a Account, book: &'a Book, chain: &'a Chain) -> Result<Story<'a>> {
        let address = AddressText(chain.text(&account.address()));
        let wanted = self.reference.as_ref().map(|reference| hex::encode(&reference[..]));
        let is_wanted =
            |references: &[String]| wanted.as_ref().is_none_or(|wanted| references.contains(wanted));
        let pending = chain.client.pending(&address)?;
        let waiting = |contents: Vec<ContentView>| {
            contents.into_iter().filter(|content| is_wanted(&references_of(content))).collect()
        };
        let mut entries: Vec<HistoryEntry> = Vec::new();
        let mut cursor = None;
        loop {
            let page = chain.client.history(&address, First::Newest, cursor.as_deref(), TOGETHER)?;
            let fits = |entry: &HistoryEntry| is_wanted(&references_in(entry));
            entries.extend(page.entries.into_iter().filter(fits));
            cursor = page.next;
            if cursor.is_none() || entries.len() >= self.limit {
                break;
            }
        }
        let is_all = cursor.is_none() && entries.len() <= self.limit;
        entries.truncate(self.limit);
        let base = chain.client.status()?.base;
        Ok(Story {
            account,
            address,
            book,
            chain,
            outgoing: waiting(pending.transactions),
            incoming: waiting(pending.incoming),
            entries,
            kept_from: base.next().filter(|_| is_all && base > Height::GENESIS),
        })
    }
}

impl Story<'_> {
    fn tell_json(&self) -> Result<()> {
        tell_json(&json!({
            "account": self.account.name(),
            "address": self.address,
            "pending": self.outgoing,
            "incoming": self.incoming,
            "entries": self.entries,
            "kept_from": self.kept_from,
        }))
    }

    fn tell(&self) -> Result<()> {
        let mut table =
            vec![["height", "", "amount", "who", "for", "transaction"].map(str::to_owned).to_vec()];
        table.extend(self.outgoing.iter().map(|content| self.going(content)));
        table.extend(self.incoming.iter().map(|content| self.coming(content)));
        table.extend(self.entries.iter().map(|entry| self.happened(entry)));
        let is_empty = table.len() == 1;
        match self.kept_from {
            Some(first) if is_empty => tell(&format!(
                "nothing that this node knows of: before block {first} it keeps nothing; ask one that keeps all blocks with --node\n"
            )),
            None if is_empty => tell("nothing has happened to this account\n"),
            Some(first) => tell(&format!(
                "{}\n\nBefore block {first} this node keeps nothing: there may have been more.\n",
                aligned(&table).join("\n")
            )),
            None => tell(&format!("{}\n", aligned(&table).join("\n"))),
        }
    }

    /// One of its own that waits.
    fn going(&self, content: &ContentView) -> Vec<String> {
        let payments = content.actions.iter().filter_map(payment);
        let (payees, amounts): (Vec<&AddressText>, Vec<Option<Amount>>) = payments.unzip();
        let mut others: Vec<AddressText> = Vec::new();
        for payee in payees {
            if *payee != self.address && !others.contains(payee) {
                others.push(payee.clone());
            }
        }
        let way = if others.is_empty() { "itself" } else { "out" };
        let amounts = amounts.into_iter().chain([Some(content.fee)]);
        self.waiting(content, way, amounts.collect(), self.who(&others, others.len()))
    }

    /// One of somebody else's that pays it, and waits.
    fn coming(&self, content: &ContentView) -> Vec<String> {
        let payments = content.actions.iter().filter_map(payment);
        let amounts = payments.filter(|(to, _)| **to == self.address).map(|(_, amount)| amount);
        self.waiting(content, "in", amounts.collect(), self.who(std::slice::from_ref(&content.from), 1))
    }

    fn waiting(
        &self,
        content: &ContentView,
        way: &str,
        amounts: Vec<Option<Amount>>,
        who: String,
    ) -> Vec<String> {
        let sum = amounts.into_iter().collect::<Option<Vec<_>>>().and_then(Amount::checked_sum);
        vec![
            "pending".to_owned(),
            way.to_owned(),
            sum.map_or_else(|| "what is left".to_owned(), |sum| sum.to_string()),
            who,
            shown_references(&references_of(content)),
            content.txid.to_string(),
        ]
    }

    fn happened(&self, entry: &HistoryEntry) -> Vec<String> {
        let flow = &entry.flow;
        let (way, amount) = match flow.moved {
            Moved::In => ("in", flow.received),
            Moved::Out => ("out", flow.sent),
            Moved::Itself => ("itself", flow.fee),
            Moved::Reward => ("reward", flow.received),
        };
        vec![
            entry.height.to_string(),
            way.to_owned(),
            amount.to_string(),
            self.who(&entry.others, entry.others_count),
            shown_references(&references_in(entry)),
            entry.txid.map_or_else(String::new, |txid| txid.to_string()),
        ]
    }

    /// Who was on the other side, of so many.
    fn who(&self, others: &[AddressText], count: usize) -> String {
        let called = |text: &AddressText| match address_of(text, self.chain) {
            Some(address) => match self.book.name_of(&address) {
                Some(name) => name.to_string(),
                None => shortened(&self.chain.text(&address)),
            },
            None => "?".to_owned(),
        };
        let named: Vec<String> = others.iter().take(NAMED_MAX).map(called).collect();
        match count.saturating_sub(named.len()) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}

/// What is paid to whom by an action; no amount where that is all that is left.
fn payment(action: &ActionView) -> Option<(&AddressText, Option<Amount>)> {
    match action {
        ActionView::Pay { to, amount, .. } => Some((to, Some(*amount))),
        ActionView::PayAll { to, amount, .. } => Some((to, *amount)),
        ActionView::Note { .. } => None,
    }
}

/// An address in a table.
///
/// # Security
/// Too short to be copied and paid: strangers make payments from addresses that look like those of friends.
fn shortened(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    match letters.len() {
        ..=20 => text.to_owned(),
        length => format!(
            "{}…{}",
            letters[..12].iter().collect::<String>(),
            letters[length - 6..].iter().collect::<String>()
        ),
    }
}

/// An address that a node said, where it is one.
pub(super) fn address_of(text: &AddressText, chain: &Chain) -> Option<Address> {
    Address::parse(&text.0, &chain.params().prefix).ok()
}

fn references_of(content: &ContentView) -> Vec<String> {
    let reference = |action: &ActionView| match action {
        ActionView::Pay { reference, .. } | ActionView::PayAll { reference, .. } => Some(reference.0.clone()),
        ActionView::Note { .. } => None,
    };
    content.actions.iter().filter_map(reference).collect()
}

fn references_in(entry: &HistoryEntry) -> Vec<String> {
    entry.flow.references.iter().map(|reference| reference.0.clone()).collect()
}

/// References, which are strangers' texts.
pub(super) fn shown_references(references: &[String]) -> String {
    let shown = |digits: &String| quoted(&hex::decode(digits).unwrap_or_default());
    let mut shown: Vec<String> = references.iter().filter(|digits| !digits.is_empty()).map(shown).collect();
    shown.dedup();
    shown.join(", ")
}
