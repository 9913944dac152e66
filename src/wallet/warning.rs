//! What a person must be asked about before a payment is signed.

use std::collections::BTreeSet;

use super::describe::address_words;
use super::draft::{Prepared, Scene, fee_for};
use crate::types::{Action, Address, Amount, Body, Height, Nonce, Prefix};

/// A fee is beyond reason when it is more than this share of what is sent, in percent, …
pub const FEE_SHARE_PERCENT_MAX: u64 = 1;
/// … and more than this many times the least that nodes take in.
pub const FEE_TIMES_LEAST_MAX: u64 = 100;
/// What a node says that it takes is believed up to this rate, in pebbles for a thousand bytes.
///
/// # Security
/// A node that mines could name any fee and be paid it by whoever asks nobody. Beyond this somebody has to say that they
/// mean it.
pub const RATE_BELIEVED_MAX: u64 = 10_000;
/// Nodes that take anything in at all are reckoned with at least this rate, in pebbles for a thousand bytes.
pub const RATE_LEAST: u64 = 100;
/// Whoever pays more than this share of the balance, in percent, may have meant to pay all of it, or not as much.
pub const NEARLY_ALL_PERCENT: u64 = 95;

/// Who said what the miner gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NamedBy {
    /// Whoever pays it. A large payment excuses a large fee.
    Payer,
    /// A node, which may mine.
    ///
    /// # Security
    /// Nothing excuses more than [`FEE_TIMES_LEAST_MAX`] times [`RATE_BELIEVED_MAX`]: else the node would have a hundredth of
    /// whatever is paid through it.
    Node,
}

/// Something about a payment that its sender may not have meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// A payment to the account that pays.
    PaysItself,
    /// Far more for the miner than it takes.
    FeeBeyondReason {
        /// What the miner gets.
        fee: Amount,
        /// What would do for nodes that ask for little.
        least: Amount,
    },
    /// Nodes will not take it in.
    FeeBelowFloor {
        /// What the miner gets.
        fee: Amount,
        /// The least that nodes take in.
        least: Amount,
    },
    /// Nobody ever paid this address: it costs a charge, and it may be mistyped or given up.
    NewRecipient {
        /// Who.
        to: Address,
        /// What is burned for it.
        charge: Amount,
    },
    /// Little is left.
    PaysNearlyAll {
        /// What is left.
        left: Amount,
    },
    /// The address's policy is seen for the first time, by everybody and for ever.
    RevealsPolicy,
    /// The note is seen by everybody and for ever.
    PublicNote,
    /// It cannot be mined yet.
    NotBefore(Height),
}

/// What to ask about a payment while the chain is known.
pub(super) fn warnings(
    prepared: &Prepared,
    scene: &Scene<'_>,
    min_height: Height,
    named_by: NamedBy,
) -> Vec<Warning> {
    let (body, settlement) = (&prepared.body, &prepared.settlement);
    let fee = fee_warning(body.fee, prepared.bytes, Some(prepared.sent()), scene.rate_floor, named_by);
    let mut found = of_body(body, fee);
    let sender = body.policy.address();
    let payees: BTreeSet<&Address> = body.payments().map(|(to, _)| to).collect();
    let strangers = payees.into_iter().filter(|to| **to != sender && !(scene.has_account)(to));
    let charge = scene.params.account_charge;
    found.extend(strangers.map(|to| Warning::NewRecipient { to: *to, charge }));
    let left = scene.balance.checked_sub(settlement.cost).unwrap_or_default();
    let pays_all = settlement.paid_all.is_some();
    if !pays_all && is_more_than_percent(settlement.cost, NEARLY_ALL_PERCENT, scene.balance) {
        found.push(Warning::PaysNearlyAll { left });
    }
    if min_height > scene.height {
        found.push(Warning::NotBefore(min_height));
    }
    found
}

/// What to ask about a body of which nothing else is known, and about its fee.
pub(super) fn of_body(body: &Body, fee: Option<Warning>) -> Vec<Warning> {
    let sender = body.policy.address();
    let mut found = Vec::new();
    if body.payments().any(|(to, _)| *to == sender) {
        found.push(Warning::PaysItself);
    }
    found.extend(fee);
    if body.nonce == Nonce(0) {
        found.push(Warning::RevealsPolicy);
    }
    if body.actions.iter().any(|action| matches!(action, Action::Note(_))) {
        found.push(Warning::PublicNote);
    }
    found
}

/// What a body pays, as far as it says: not where it pays whatever is left.
pub fn paid_by(body: &Body) -> Option<Amount> {
    let pays = body.actions.iter().map(|action| match action {
        Action::Pay { amount, .. } => Some(*amount),
        Action::PayAll { .. } => None,
        Action::Note(_) => Some(Amount::ZERO),
    });
    pays.collect::<Option<Vec<Amount>>>().and_then(Amount::checked_sum)
}

/// What to say about a fee for so many bytes, where a node takes in nothing below a rate. Where nobody knows how much is sent,
/// how many times the least it is decides alone; and where a node named it, how many times what is believed of nodes.
pub fn fee_warning(
    fee: Amount,
    bytes: usize,
    sent: Option<Amount>,
    rate_floor: u64,
    named_by: NamedBy,
) -> Option<Warning> {
    let least = fee_for(rate_floor, bytes);
    if fee < least {
        return Some(Warning::FeeBelowFloor { fee, least });
    }
    let least = fee_for(rate_floor.clamp(RATE_LEAST, RATE_BELIEVED_MAX), bytes);
    let is_many_times = |of: Amount| of.checked_mul(FEE_TIMES_LEAST_MAX).is_some_and(|most| fee > most);
    let is_large_share = sent.is_none_or(|sent| is_more_than_percent(fee, FEE_SHARE_PERCENT_MAX, sent));
    let is_beyond_belief = named_by == NamedBy::Node && is_many_times(fee_for(RATE_BELIEVED_MAX, bytes));
    let is_beyond_reason = is_beyond_belief || (is_many_times(least) && is_large_share);
    is_beyond_reason.then_some(Warning::FeeBeyondReason { fee, least })
}

fn is_more_than_percent(part: Amount, percent: u64, whole: Amount) -> bool {
    u128::from(part.pebbles()) * 100 > u128::from(whole.pebbles()) * u128::from(percent)
}

/// Addresses that one warning names.
const NAMED_MAX: usize = 3;

/// All of them for people. What would be said of one payee after the other is said once, with their number; `whom` says what they
/// are called.
pub fn warning_lines(
    warnings: &[Warning],
    prefix: &Prefix,
    whom: &dyn Fn(&Address) -> String,
) -> Vec<String> {
    let strangers = warnings.iter().filter_map(|warning| match warning {
        Warning::NewRecipient { to, charge } => Some((to, charge)),
        _ => None,
    });
    let strangers: Vec<(&Address, &Amount)> = strangers.collect();
    let [(_, charge), _, ..] = strangers[..] else {
        return warnings.iter().map(|warning| warning.words(prefix)).collect();
    };
    let others = warnings.iter().filter(|warning| !matches!(warning, Warning::NewRecipient { .. }));
    let named: Vec<String> = strangers.iter().take(NAMED_MAX).map(|(to, _)| whom(to)).collect();
    let more = match strangers.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let new = format!(
        "Nobody ever paid {} of these payees: {}{more}. Make sure that they are the right ones; each account costs {charge} once.",
        strangers.len(),
        named.join(", ")
    );
    others.map(|warning| warning.words(prefix)).chain([new]).collect()
}

impl Warning {
    /// The same for people, on the network of this prefix.
    pub fn words(&self, prefix: &Prefix) -> String {
        match self {
            Self::PaysItself => "This pays the account that it comes from.".to_owned(),
            Self::FeeBeyondReason { fee, least } => {
                format!("The fee of {fee} is far more than it usually takes: {least} would do.")
            }
            Self::FeeBelowFloor { fee, least } => {
                format!("Nodes will not take this in: they ask for a fee of {least}, this offers {fee}.")
            }
            Self::NewRecipient { to, charge } => format!(
                "Nobody ever paid {}. Make sure that it is the right one; its account costs {charge} once.",
                address_words(to, prefix)
            ),
            Self::PaysNearlyAll { left } => {
                format!("This pays nearly everything: {left} is left. To pay all of it, say so.")
            }
            Self::RevealsPolicy => {
                "This is the first payment from this address: it shows everybody for ever \
                under which conditions it is spent."
                    .to_owned()
            }
            Self::PublicNote => "The note is public and kept for ever.".to_owned(),
            Self::NotBefore(height) => format!("This cannot be mined before height {height}."),
        }
    }
}
