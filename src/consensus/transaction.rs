//! Rules of transactions that need no balance, one error each.

use super::owners::broken_owners;
use super::witness::{Met, meet};
use super::{Params, Rule, WitnessError};
use crate::crypto::{Claim, Culprits};
use crate::types::{
    Action, Address, Amount, Body, ChainTag, Height, Names, Policy, Transaction, TxHash, Txid,
};

/// An entry of exactly this many bytes could pass for two nodes of the merkle tree above it.
pub const NODE_BYTES: usize = 64;

/// A rule that a transaction broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Made for another network.
    #[error("made for chain {found}, this is chain {expected}")]
    OtherChain {
        /// This chain.
        expected: ChainTag,
        /// The transaction's.
        found: ChainTag,
    },
    /// Longer than this chain allows.
    #[error("{bytes} bytes, but at most {bytes_max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The chain's bound.
        bytes_max: u32,
    },
    /// Exactly 64 bytes.
    #[error("64 bytes long, which could pass for a node of the merkle tree")]
    NodeSized,
    /// Pays nothing.
    #[error("action {action} pays nothing")]
    PaysNothing {
        /// Which action.
        action: usize,
    },
    /// `PayAll` with something behind it.
    #[error("action {action} pays all and is not the last")]
    PayAllNotLast {
        /// Which action.
        action: usize,
    },
    /// A second `Note`.
    #[error("action {action} is a second note")]
    SecondNote {
        /// Which action.
        action: usize,
    },
    /// More money than there can be.
    #[error("payments and fee add up to more than there can be")]
    Overflow,
    /// The witness does not fit the policy.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// A signature does not hold.
    #[error("a signature does not hold")]
    Signature,
}

/// A transaction outside its window of heights: the one verdict that changes with the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    /// Not valid yet.
    #[error("valid from height {min_height}, not yet at {height}")]
    Locked {
        /// The first height.
        min_height: Height,
        /// The height asked about.
        height: Height,
    },
    /// Valid no longer.
    #[error("expired after height {expiry}, no longer valid at {height}")]
    Expired {
        /// The last height.
        expiry: Height,
        /// The height asked about.
        height: Height,
    },
}

/// What checking a transaction found out about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Its name for people.
    pub txid: Txid,
    /// Its name for machines.
    pub hash: TxHash,
    /// Length of its encoding.
    pub bytes: usize,
    /// Whose account pays.
    pub sender: Address,
    /// What it pays and gives as fee, without what `PayAll` takes.
    pub spent: Amount,
    /// The first height it may stand at: the highest chosen `After`, and the activation of all that it uses.
    pub min_height: Height,
}

/// A transaction as the ledger applies it, wherever it is kept. All its rules hold; its signatures do where it comes from a
/// [`CheckedTransaction`] or a [`CheckedBlock`](super::CheckedBlock).
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    body: &'a Body,
    facts: &'a Facts,
}

impl<'a> Spend<'a> {
    pub(super) fn new(body: &'a Body, facts: &'a Facts) -> Self {
        Self { body, facts }
    }

    /// What is to happen.
    pub fn body(&self) -> &'a Body {
        self.body
    }

    /// What is known about it.
    pub fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// Every account it touches: the sender's, then whoever is paid, in order.
    pub fn accounts(&self) -> impl Iterator<Item = &'a Address> + use<'a> {
        let paid = self.body.payments().map(|(to, _)| to);
        std::iter::once(&self.facts.sender).chain(paid)
    }

    /// Checks that it may stand in a block of this height.
    ///
    /// # Consensus
    /// `min_height ≤ height ≤ expiry`, both inclusive. The one rule on transactions that depends on height, so no
    /// verdict that includes it may be remembered.
    ///
    /// # Errors
    /// On which side of its window the height lies.
    pub fn check_height(&self, height: Height) -> Result<(), Untimely> {
        let min_height = self.facts.min_height;
        if height < min_height {
            return Err(Untimely::Locked { min_height, height });
        }
        match self.body.expiry {
            Some(expiry) if height > expiry => Err(Untimely::Expired { expiry, height }),
            Some(_) | None => Ok(()),
        }
    }
}

/// Looks at everything but signatures, which come back as claims.
pub(super) fn check_form(
    transaction: &Transaction,
    names: &Names,
    params: &Params,
) -> Result<(Facts, Vec<Claim>), TransactionError> {
    let Body { chain, policy, actions, fee, .. } = &transaction.body;
    let expected = params.chain.tag();
    if *chain != expected {
        return Err(TransactionError::OtherChain { expected, found: *chain });
    }
    let Names { txid, hash, bytes } = *names;
    if bytes > params.transaction_bytes_max as usize {
        return Err(TransactionError::TooLong { bytes, bytes_max: params.transaction_bytes_max });
    }
    if bytes == NODE_BYTES {
        return Err(TransactionError::NodeSized);
    }
    check_actions(actions)?;
    let pays = actions.iter().filter_map(|action| match action {
        Action::Pay { amount, .. } => Some(*amount),
        Action::PayAll { .. } | Action::Note(_) => None,
    });
    let spent = Amount::checked_sum(pays.chain([*fee])).ok_or(TransactionError::Overflow)?;
    let Met { claims, min_height } =
        meet(policy, &transaction.witness, &txid.signing_message(&params.chain))?;
    let min_height = min_height.max(activation(&transaction.body, params));
    Ok((Facts { txid, hash, bytes, sender: policy.address(), spent, min_height }, claims))
}

/// # Consensus
/// A `Pay` pays at least a pebble, a `PayAll` comes last, there is at most one `Note`.
fn check_actions(actions: &[Action]) -> Result<(), TransactionError> {
    let mut noted = false;
    for (at, action) in actions.iter().enumerate() {
        match action {
            Action::Pay { amount, .. } if amount.is_zero() => {
                return Err(TransactionError::PaysNothing { action: at });
            }
            Action::PayAll { .. } if at + 1 != actions.len() => {
                return Err(TransactionError::PayAllNotLast { action: at });
            }
            Action::Note(_) if std::mem::replace(&mut noted, true) => {
                return Err(TransactionError::SecondNote { action: at });
            }
            Action::Pay { .. } | Action::PayAll { .. } | Action::Note(_) => {}
        }
    }
    Ok(())
}

/// The height from which everything that a transaction uses is in force.
fn activation(body: &Body, params: &Params) -> Height {
    if params.activations.0.is_empty() {
        return Height::GENESIS;
    }
    let from_actions = body.actions.iter().filter_map(|action| match action {
        Action::Pay { .. } => None,
        Action::PayAll { .. } => Some(Rule::PayAll),
        Action::Note(_) => Some(Rule::Note),
    });
    let mut rules: Vec<Rule> = from_actions.chain(body.expiry.map(|_| Rule::Expiry)).collect();
    collect_rules(&body.policy, &mut rules);
    rules.into_iter().map(|rule| params.activations.height(rule)).max().unwrap_or(Height::GENESIS)
}

fn collect_rules(policy: &Policy, rules: &mut Vec<Rule>) {
    match policy {
        Policy::Key(_) => {}
        Policy::After(_) => rules.push(Rule::After),
        Policy::Preimage(_) => rules.push(Rule::Preimage),
        Policy::Threshold(threshold) => {
            rules.push(Rule::Threshold);
            threshold.children().iter().for_each(|child| collect_rules(child, rules));
        }
    }
}

/// A transaction that holds in all but its signatures, which are still claims.
///
/// # Security
/// Signatures are what costs most, and a nonce, a balance or an expiry that does not fit is nobody's fault. So whoever
/// takes in transactions asks first whether the window of heights and the accounts allow this one.
#[derive(Clone, Debug)]
pub struct SoundTransaction {
    unproven: CheckedTransaction,
    claims: Vec<Claim>,
}

impl SoundTransaction {
    /// Checks everything but signatures.
    ///
    /// # Errors
    /// The rule that it broke.
    pub fn examine(transaction: Transaction, params: &Params) -> Result<Self, TransactionError> {
        let (facts, claims) = check_form(&transaction, &transaction.names(), params)?;
        Ok(Self { unproven: CheckedTransaction { transaction, facts }, claims })
    }

    /// The transaction as checked, its signatures unseen.
    ///
    /// # Security
    /// For whoever remembers, by [`TxHash`], that they hold.
    pub fn trust_signatures(self) -> CheckedTransaction {
        self.unproven
    }

    /// What is known about it; that the signatures hold is not.
    pub fn facts(&self) -> &Facts {
        &self.unproven.facts
    }

    /// The transaction as it would be applied, to ask whether it could be; that its signatures hold is not known.
    pub fn spend(&self) -> Spend<'_> {
        self.unproven.spend()
    }

    /// The signatures that must hold.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }
}

/// A transaction all of whose rules hold that need no balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTransaction {
    transaction: Transaction,
    facts: Facts,
}

impl CheckedTransaction {
    /// One that was checked as part of a block.
    pub(super) fn of_block(transaction: Transaction, facts: Facts) -> Self {
        Self { transaction, facts }
    }

    /// The transaction.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// What is known about it.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// As the ledger applies it.
    pub fn spend(&self) -> Spend<'_> {
        Spend::new(&self.transaction.body, &self.facts)
    }
}

/// Checks one transaction, its signatures one by one.
///
/// # Errors
/// The rule that it broke.
pub fn check_transaction(
    transaction: Transaction,
    params: &Params,
) -> Result<CheckedTransaction, TransactionError> {
    let sound = SoundTransaction::examine(transaction, params)?;
    if sound.claims.iter().all(Claim::holds) { Ok(sound.unproven) } else { Err(TransactionError::Signature) }
}

/// Checks the signatures of many transactions together, by [`verify_batch`](crate::crypto::verify_batch) or the same on
/// many cores; the verdicts are those that [`check_transaction`] gives, in their order.
pub fn check_transactions(
    transactions: Vec<SoundTransaction>,
    verify: impl FnOnce(&[Claim]) -> Result<(), Culprits>,
) -> Vec<Result<CheckedTransaction, TransactionError>> {
    let (mut owners, mut claims) = (Vec::new(), Vec::new());
    for (at, sound) in transactions.iter().enumerate() {
        owners.extend(sound.claims.iter().map(|_| at));
        claims.extend_from_slice(&sound.claims);
    }
    let broken = broken_owners(&owners, verify(&claims));
    let verdict = |(at, sound): (usize, SoundTransaction)| {
        if broken.contains(&at) { Err(TransactionError::Signature) } else { Ok(sound.unproven) }
    };
    transactions.into_iter().enumerate().map(verdict).collect()
}
