//! What is paid to whom, in lines: before somebody agrees to it, and after it was sent.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::Chain;
use super::paying::Desk;
use crate::api::view::{ActionView, Standing, TransactionView};
use crate::cli::output::{Report, count};
use crate::client::ClientError;
use crate::types::{Action, Address, Amount, Reference, Transaction, Txid};
use crate::wallet::keyring::Book;
use crate::wallet::{Payment, quoted};

/// Payments that are told one by one. Of more, what they come to is told: nobody reads on.
const TOLD_EACH_MAX: usize = 24;
/// Payments of many that are named because they stand out; of more, their number.
const NAMED_MAX: usize = 5;
/// A payment stands out when it is more than so many times the usual one.
const USUAL_TIMES_MAX: u64 = 10;

/// What somebody is called, and their address.
pub(super) fn whom(address: &Address, book: &Book, chain: &Chain) -> String {
    match book.name_of(address) {
        Some(name) => format!("{name} ({})", chain.text(address)),
        None => chain.text(address),
    }
}

/// What an amount is for, to be put behind it.
fn what_for(reference: &Reference) -> String {
    if reference.is_empty() { String::new() } else { format!(", for {}", quoted(reference)) }
}

/// The payments, or what many come to, each line with its name.
pub(super) fn payment_lines(payments: &[Payment], book: &Book, chain: &Chain) -> Vec<(&'static str, String)> {
    let line = |Payment { to, amount, reference }: &Payment| {
        ("pays", format!("{amount} to {}{}", whom(to, book, chain), what_for(reference)))
    };
    if payments.len() < 2 {
        return payments.iter().map(line).collect();
    }
    let amounts = || payments.iter().map(|payment| payment.amount);
    let mut lines: Vec<_> = if payments.len() <= TOLD_EACH_MAX {
        payments.iter().map(line).collect()
    } else {
        let (least, most) = (amounts().min().unwrap_or_default(), amounts().max().unwrap_or_default());
        let each = if least == most { format!("{most} each") } else { format!("{least} to {most} each") };
        vec![("pays", format!("{}, {each}", count(payments.len(), "payment")))]
    };
    let payees: BTreeSet<Address> = payments.iter().map(|payment| payment.to).collect();
    // The chain refuses what cannot be counted, before this is shown.
    let total = Amount::checked_sum(amounts()).unwrap_or_default();
    lines.push(("total", format!("{total} to {}", count(payees.len(), "payee"))));
    lines
}

/// What stands out among several payments: the same twice, and some that are far larger than most.
pub(super) fn outstanding(payments: &[Payment], book: &Book, chain: &Chain) -> Vec<String> {
    let mut times: BTreeMap<(Address, Amount, &[u8]), usize> = BTreeMap::new();
    for Payment { to, amount, reference } in payments {
        *times.entry((*to, *amount, &reference[..])).or_default() += 1;
    }
    let twice = times.iter().filter(|(_, times)| **times > 1);
    let twice = twice.map(|((to, amount, _), times)| {
        format!("{amount} to {} is in it {times} times.", whom(to, book, chain))
    });
    let mut amounts: Vec<Amount> = payments.iter().map(|payment| payment.amount).collect();
    amounts.sort_unstable();
    // The lower of both in the middle, so that one of two can be too much.
    let usual = amounts.get(amounts.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let bound = usual.checked_mul(USUAL_TIMES_MAX);
    let large = payments.iter().filter(|payment| bound.is_some_and(|bound| payment.amount > bound));
    let large = large.map(|payment| {
        let whom = whom(&payment.to, book, chain);
        format!(
            "{} to {whom} is more than {USUAL_TIMES_MAX} times the usual {usual} of this batch.",
            payment.amount
        )
    });
    [named(twice.collect(), "others are in it more than once"), named(large.collect(), "others are as large")]
        .concat()
}

/// The first of many, and how many more there are.
fn named(mut lines: Vec<String>, more: &str) -> Vec<String> {
    if lines.len() > NAMED_MAX {
        let left = lines.len() - NAMED_MAX;
        lines.truncate(NAMED_MAX);
        lines.push(format!("{left} {more}."));
    }
    lines
}

/// Adds what a transaction paid, and to whom, to what is told of it.
pub(super) fn told(report: Report, transaction: &Transaction, desk: &Desk<'_>) -> Report {
    let (book, chain) = (desk.file.book(), &desk.chain);
    let payees: BTreeSet<Address> = transaction.body.payments().map(|(to, _)| *to).collect();
    // Where the node does not say, it is not told: the payment was sent all the same.
    let known = known(chain, &transaction.body.txid(), &payees).ok();
    let (view, burned) = known.unzip();
    let actions = &transaction.body.actions;
    let payments: Vec<Payment> = actions.iter().filter_map(payment).collect();
    let mut lines = payment_lines(&payments, book, chain);
    for action in actions {
        match action {
            Action::Pay { .. } => {}
            Action::PayAll { to, reference } => {
                let amount = paid_all(view.as_ref().and_then(Option::as_ref));
                let amount = amount.map_or_else(String::new, |amount| format!(", {amount},"));
                let whom = whom(to, book, chain);
                lines.push(("pays", format!("all that was left{amount} to {whom}{}", what_for(reference))));
            }
            Action::Note(note) if note.is_empty() => {}
            Action::Note(note) => lines.push(("says", quoted(note))),
        }
    }
    if lines.is_empty() {
        lines.push(("pays", "nobody".to_owned()));
    }
    let total = Amount::checked_sum(payments.iter().map(|payment| payment.amount)).unwrap_or_default();
    lines.extend(burned.and_then(burning).map(|text| ("burns", text)));
    lines
        .into_iter()
        .fold(report, |report, (name, text)| report.line(name, text))
        .only_json("total", total.pebbles().to_string())
        .only_json("payees", payees.len())
        .only_json("burned", burned.map(|burned| burned.pebbles().to_string()))
}

fn payment(action: &Action) -> Option<Payment> {
    match action {
        Action::Pay { to, amount, reference } => {
            Some(Payment { to: *to, amount: *amount, reference: reference.clone() })
        }
        Action::PayAll { .. } | Action::Note(_) => None,
    }
}

/// What the node says of a transaction, and what that burns for accounts that it brings into being: as it was mined, or as it would
/// be now.
pub(super) fn known(
    chain: &Chain,
    txid: &Txid,
    payees: &BTreeSet<Address>,
) -> Result<(Option<TransactionView>, Amount), ClientError> {
    let ask = || chain.client.transaction(txid);
    let charged = |view: &Option<TransactionView>| match view.as_ref().map(|view| &view.standing) {
        Some(Standing::Confirmed { charge, .. }) => Some(*charge),
        _ => None,
    };
    let view = ask()?;
    if let Some(charge) = charged(&view) {
        return Ok((view, charge));
    }
    let mut strangers = 0;
    for payee in payees {
        strangers += u64::from(!chain.has_account(payee)?);
    }
    // It may have been mined meanwhile, and then nobody is a stranger any more.
    let view = ask()?;
    let now = chain.params().account_charge.checked_mul(strangers).unwrap_or_default();
    let charge = charged(&view).unwrap_or(now);
    Ok((view, charge))
}

/// That something is burned, where it is.
pub(super) fn burning(burned: Amount) -> Option<String> {
    (!burned.is_zero()).then(|| format!("{burned} for new accounts"))
}

/// What all that was left came to: known once it is mined, and by the node's word.
fn paid_all(view: Option<&TransactionView>) -> Option<Amount> {
    view?.transaction.as_ref()?.actions.iter().find_map(|action| match action {
        ActionView::PayAll { amount, .. } => *amount,
        ActionView::Pay { .. } | ActionView::Note { .. } => None,
    })
}
