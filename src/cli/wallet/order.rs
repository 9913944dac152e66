//! What is to be paid: from what was typed to a body that is ready to be signed, put before whoever signs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};

use anyhow::{Result, anyhow};
use clap::Args;

use super::chain::Chain;
use super::ends::{Ended, Undone};
use super::follow::Patience;
use super::paid::{outstanding, payment_lines, whom};
use super::paying::Desk;
use super::preimages::Preimages;
use super::terminal::Terminal;
use super::wording::{shared_lines, why_not_alone};
use crate::codec::List;
use crate::types::{ACTIONS_MAX, Action, Address, Amount, Height, Nonce, Note, Policy, Txid};
use crate::wallet::keyring::{Account, Book};
use crate::wallet::{
    Draft, Fee, Means, OrderKey, Payment, Prepared, Purpose, Rest, Scene, Sent, Warning, Way,
    explain_mistyped, quoted, warning_lines, ways,
};

/// What all commands that pay take.
#[derive(Args, Clone)]
pub(super) struct Terms {
    /// Which account pays [default: the first].
    #[arg(long, value_name = "ACCOUNT")]
    pub from: Option<String>,
    /// What the miner gets, in coins [default: what the node says it takes to be in the next block].
    #[arg(long, value_name = "AMOUNT")]
    pub fee: Option<Amount>,
    /// Say something with it: public, and kept for ever.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Void it where it is not mined within so many blocks.
    #[arg(long, value_name = "BLOCKS", value_parser = clap::value_parser!(u32).range(1..))]
    pub expires: Option<u32>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Give a fee that is far more than it takes, without being asked.
    #[arg(long)]
    pub high_fee: bool,
    #[command(flatten)]
    pub preimages: Preimages,
}

/// What commands take that sign a payment and wait for it.
#[derive(Args)]
pub(super) struct Manner {
    #[command(flatten)]
    pub terms: Terms,
    #[command(flatten)]
    repeat: Repeat,
    /// Call this order KEY, whatever you like: said again with that KEY it is the same order, and never a second payment, also when it
    /// ended long ago. For programs.
    #[arg(long, value_name = "KEY", conflicts_with = "again")]
    once: Option<OrderKey>,
    #[command(flatten)]
    patience: Patience,
}

/// Which order it is, among those that would pay just the same.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// The same as the one before, as far as that can be known.
    Plain,
    /// One more, beside the payment of this name.
    Beside(&'a Txid),
    /// The one of this key.
    Once(&'a OrderKey),
}

impl<'a> Which<'a> {
    /// What is signed for it.
    pub fn purpose(self) -> Purpose<'a> {
        match self {
            Self::Plain => Purpose::Order(None),
            Self::Beside(named) => Purpose::Beside(named),
            Self::Once(key) => Purpose::Order(Some(key)),
        }
    }

    /// Whether a transaction was signed for this very order.
    pub fn is_of(self, sent: &Sent, account: &Address, actions: &[Action]) -> bool {
        match self {
            Self::Once(key) => sent.once() == Some(key),
            Self::Plain | Self::Beside(_) => sent.once().is_none() && sent.does(account, actions),
        }
    }
}

/// Whether the same is paid once more.
#[derive(Args)]
pub(super) struct Repeat {
    /// Pay the same once more, beside the payment of this name, which waits for a block or may yet be mined. However often this is said
    /// of one payment, one more is made.
    #[arg(long, value_name = "TXID")]
    again: Option<Txid>,
}

impl Manner {
    /// Pays these, and to somebody all that is left.
    pub fn pay(&self, desk: &Desk<'_>, payments: Vec<Payment>, rest: Option<Rest>) -> Result<()> {
        let order = self.terms.order(desk.file.book(), payments, rest)?;
        let which = self.once.as_ref().map_or_else(|| self.repeat.which(), Which::Once);
        desk.pay(order, &self.terms, which, &self.patience)
    }
}

impl Repeat {
    /// Which order it is.
    pub fn which(&self) -> Which<'_> {
        self.again.as_ref().map_or(Which::Plain, Which::Beside)
    }
}

impl Terms {
    /// The account that pays, and under which policy.
    pub fn payer<'a>(&self, book: &'a Book) -> Result<(&'a Account, Policy)> {
        let account = book.account_or_first(self.from.as_deref())?;
        let policy = account.policy().ok_or_else(|| {
            anyhow!(
                "`{0}` is only watched: this wallet has no key that could spend from it. Where you have the key, \
                 `cairn wallet import {0}` takes it in",
                account.name()
            )
        })?;
        Ok((account, policy))
    }

    /// An order on these terms.
    pub fn order(&self, book: &Book, payments: Vec<Payment>, rest: Option<Rest>) -> Result<Order> {
        let (_, from) = self.payer(book)?;
        Ok(Order { from, payments, rest, note: self.note()?, fee: self.fee, expires: self.expires })
    }

    /// The note, if it fits.
    pub fn note(&self) -> Result<Option<Note>> {
        let note = |text: &String| {
            let bytes = text.len();
            Note::new(text.as_bytes())
                .map_err(|_| anyhow!("--note: {bytes} bytes, and a note has at most 256"))
        };
        self.note.as_ref().map(note).transpose()
    }
}

/// An address with a slip in it, and where that likely is.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Mistyped(pub String);

/// A fee for which nodes take nothing in.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct FeeTooLow(pub String);

/// Whom a text names: an account or a contact of the wallet, or an address, whose slips are pointed at.
pub(super) fn payee(text: &str, book: &Book, chain: &Chain) -> Result<Address> {
    let prefix = &chain.params().prefix;
    match book.address_of(text, prefix) {
        Ok(address) => Ok(address),
        Err(error) => match Address::parse(text, prefix) {
            Err(slip) if text.len() > 32 => Err(Mistyped(explain_mistyped(text, &slip, prefix)).into()),
            _ => Err(error.into()),
        },
    }
}

/// What is to be paid, by whom, on what terms.
pub(super) struct Order {
    pub from: Policy,
    pub payments: Vec<Payment>,
    pub rest: Option<Rest>,
    pub note: Option<Note>,
    pub fee: Option<Amount>,
    pub expires: Option<u32>,
}

/// An order, and all that was asked of the node about it.
pub(super) struct Asked {
    order: Order,
    known: BTreeMap<Address, bool>,
    height: Height,
    /// What can be spent; what its own pending transactions cost is off it already.
    pub balance: Amount,
    /// The nonce that the node expects.
    pub expected: Nonce,
    rate: u64,
    rate_floor: u64,
}

impl Order {
    /// What it does, whether or not the account can afford it.
    pub fn actions(&self) -> Result<List<Action, 1, ACTIONS_MAX>> {
        Ok(self.draft(Nonce(0), Fee::Exactly(Amount::ZERO), None).actions()?)
    }

    fn draft(&self, nonce: Nonce, fee: Fee, expiry: Option<Height>) -> Draft {
        Draft {
            policy: self.from.clone(),
            nonce,
            fee,
            expiry,
            payments: self.payments.clone(),
            note: self.note.clone(),
            rest: self.rest.clone(),
        }
    }

    /// Asks the node what it takes to know.
    pub fn ask(self, chain: &Chain) -> Result<Asked> {
        let account = chain.account(&self.from.address())?;
        let fees = chain.client.fees()?;
        let payees = self.payments.iter().map(|payment| payment.to);
        let payees = payees.chain(self.rest.as_ref().map(|rest| rest.to));
        let payees: BTreeSet<Address> = payees.collect();
        let known: Result<BTreeMap<Address, bool>> =
            payees.into_iter().map(|to| Ok((to, chain.has_account(&to)?))).collect();
        let height = fees.tip.height.next().unwrap_or(Height(u32::MAX));
        Ok(Asked {
            order: self,
            known: known?,
            height,
            balance: account.spendable,
            expected: account.next_nonce,
            rate: fees.next_block,
            rate_floor: fees.floor,
        })
    }
}

impl Asked {
    /// Whose account pays.
    pub fn account(&self) -> Address {
        self.order.from.address()
    }

    /// The height of the next block.
    pub fn height(&self) -> Height {
        self.height
    }

    /// The body, with this nonce, and what it does. `means` are the keys that will sign, and what else will be shown.
    pub fn prepare(&self, chain: &Chain, book: &Book, nonce: Nonce, means: &Means) -> Result<Prepared> {
        let policy = &self.order.from;
        match ways(policy, means).first() {
            Some(way) => self.prepare_for(chain, nonce, way),
            None => Err(anyhow!("{}", why_not_alone(policy, means, book))),
        }
    }

    /// The body, with this nonce, to be signed in this way.
    pub fn prepare_for(&self, chain: &Chain, nonce: Nonce, way: &Way) -> Result<Prepared> {
        let scene = Scene {
            params: chain.params(),
            height: self.height,
            balance: self.balance,
            has_account: &|address| self.known.get(address).copied().unwrap_or(false),
            rate_floor: self.rate_floor,
        };
        Ok(self.draft(nonce).prepare(way, &scene)?)
    }

    /// What it does, whether or not the account can afford it.
    pub fn actions(&self) -> Result<List<Action, 1, ACTIONS_MAX>> {
        self.order.actions()
    }

    fn draft(&self, nonce: Nonce) -> Draft {
        let order = &self.order;
        let fee = order.fee.map_or(Fee::PerKilobyte(self.rate.max(self.rate_floor)), Fee::Exactly);
        let expiry = order.expires.map(|blocks| Height(self.height.0.saturating_add(blocks - 1)));
        order.draft(nonce, fee, expiry)
    }

    /// Shows what will happen, and asks, where it is not settled that it shall.
    pub fn agree(&self, prepared: &Prepared, book: &Book, chain: &Chain, terms: &Terms) -> Result<()> {
        self.check_fee(prepared, chain, terms.high_fee || !terms.yes, Undone::Sent)?;
        if terms.yes {
            return Ok(());
        }
        ask_for_yes(&self.shown(prepared, book, chain), "Send it?", Undone::Sent)
    }

    /// Refuses a fee that nodes do not take, and one far beyond what it takes, unless that is meant or asked about.
    pub fn check_fee(
        &self,
        prepared: &Prepared,
        chain: &Chain,
        high_is_meant: bool,
        undone: Undone,
    ) -> Result<()> {
        let words = |warning: &Warning| warning.words(&chain.params().prefix);
        let low = prepared.warnings.iter().find(|warning| matches!(warning, Warning::FeeBelowFloor { .. }));
        if let Some(low) = low {
            return Err(FeeTooLow(words(low)).into());
        }
        let high =
            prepared.warnings.iter().find(|warning| matches!(warning, Warning::FeeBeyondReason { .. }));
        match high {
            Some(high) if !high_is_meant => {
                Err(Ended::declined(format!("{} Say --high-fee if you mean it", words(high)), undone))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What will happen, line by line.
    pub fn shown(&self, prepared: &Prepared, book: &Book, chain: &Chain) -> String {
        let whom = |address: &Address| whom(address, book, chain);
        let order = &self.order;
        let mut lines = vec![format!("From    {}", whom(&self.account()))];
        for (name, text) in payment_lines(&order.payments, book, chain) {
            lines.push(format!("{:8}{text}", if name == "total" { "Total" } else { "Pays" }));
        }
        if let (Some(rest), Some(amount)) = (&order.rest, prepared.settlement.paid_all) {
            lines.push(format!("Pays    {amount}, which is all that is left, to {}", whom(&rest.to)));
        }
        if let Some(note) = &order.note {
            lines.push(format!("Says    {}", quoted(note)));
        }
        lines.push(format!("Fee     {} for {} bytes", prepared.body.fee, prepared.bytes));
        if !prepared.settlement.charge.is_zero() {
            lines.push(format!("Burns   {} for new accounts", prepared.settlement.charge));
        }
        let left = self.balance.checked_sub(prepared.settlement.cost).unwrap_or_default();
        lines.push(format!("Leaves  {left} of {}", self.balance));
        if let Some(expiry) = prepared.body.expiry {
            lines.push(format!("Void    after height {expiry}"));
        }
        let notes = warning_lines(&prepared.warnings, &chain.params().prefix, &whom);
        let notes = notes.into_iter().chain(outstanding(&order.payments, book, chain));
        lines.extend(notes.map(|note| format!("Note    {note}")));
        let payees = prepared.body.payments().map(|(to, _)| *to);
        let parties: BTreeSet<Address> = payees.chain([self.account()]).collect();
        let spacing = chain.params().spacing;
        lines.extend(parties.iter().flat_map(|party| shared_lines(party, book, self.height, spacing)));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Shows something, and has a person say yes to it; else this does not happen.
pub(super) fn ask_for_yes(shown: &str, question: &str, undone: Undone) -> Result<()> {
    let Some(mut terminal) = Terminal::open().filter(|_| io::stdin().is_terminal()) else {
        // Nobody may be there to read it either.
        let _ = write!(io::stderr(), "{shown}");
        return Err(Ended::declined("there is nobody to ask, say --yes if you mean it", undone));
    };
    terminal.say(shown)?;
    match terminal.ask(&format!("{question} [y/N] "))?.to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Ended::declined("you did not say yes", undone)),
    }
}
