//! From what somebody wants to pay to a body that the chain will take.

use super::trial;
use super::warning::{NamedBy, Warning, warnings};
use super::way::Way;
use crate::codec::List;
use crate::consensus::{Params, TransactionError, Untimely};
use crate::ledger::{Account, Settlement, SpendError, StateKey, settle};
use crate::types::{ACTIONS_MAX, Action, Address, Amount, Body, Height, Nonce, Note, Policy, Reference};

/// One payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// Who is paid.
    pub to: Address,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub reference: Reference,
}

/// Who gets whatever is left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rest {
    /// Who is paid.
    pub to: Address,
    /// What for.
    pub reference: Reference,
}

/// What the miner gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fee {
    /// This much.
    Exactly(Amount),
    /// So many pebbles for a thousand bytes, as nodes name rates; rounded up, so that it is never a little less.
    PerKilobyte(u64),
}

/// What somebody wants to happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Whose account pays.
    pub policy: Policy,
    /// The number of the account's next transaction.
    pub nonce: Nonce,
    /// What the miner gets.
    pub fee: Fee,
    /// The last block it may stand in.
    pub expiry: Option<Height>,
    /// Who is paid how much, in order.
    pub payments: Vec<Payment>,
    /// What is said, after the payments.
    pub note: Option<Note>,
    /// Who gets whatever is left, last.
    pub rest: Option<Rest>,
}

/// What is known about the chain while drafting.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Its rules.
    pub params: &'a Params,
    /// The height of the next block.
    pub height: Height,
    /// What the account can spend.
    pub balance: Amount,
    /// Whether an address has an account: one that has none costs a charge.
    pub has_account: &'a dyn Fn(&Address) -> bool,
    /// The rate below which nodes take nothing in, in pebbles for a thousand bytes.
    pub rate_floor: u64,
}

/// Why there is no body to be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// No payment, no note.
    #[error("nothing to do: neither a payment nor a note")]
    Nothing,
    /// More actions than a transaction holds.
    #[error("{0} actions, but a transaction holds at most {ACTIONS_MAX}: split it")]
    Actions(usize),
    /// The chain would refuse it whatever the balance.
    #[error("the chain would refuse this: {0}")]
    Refused(TransactionError),
    /// The balance does not allow it.
    #[error(transparent)]
    Spend(#[from] SpendError),
    /// It would expire before it can be mined.
    #[error(transparent)]
    Untimely(#[from] Untimely),
}

impl From<TransactionError> for DraftError {
    fn from(error: TransactionError) -> Self {
        Self::Refused(error)
    }
}

/// A body that the chain will take once it is signed in the way it was made for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prepared {
    /// What is to be signed.
    pub body: Body,
    /// The way it was made for.
    pub way: Way,
    /// Length of the transaction when signed that way.
    pub bytes: usize,
    /// What it does to the balance.
    pub settlement: Settlement,
    /// What a person must be asked about.
    pub warnings: Vec<Warning>,
}

impl Prepared {
    /// All that is paid, what is left included where that is paid too; neither fee nor charges.
    pub fn sent(&self) -> Amount {
        // The ledger found that all of it is there.
        Amount::checked_sum(self.settlement.credits.iter().map(|(_, amount)| *amount)).unwrap_or_default()
    }
}

impl Draft {
    /// Makes the body, its fee included, and puts it before the chain's own rules: those of transactions and those of
    /// balances. Nothing has been signed.
    ///
    /// # Errors
    /// Why the chain would refuse it.
    pub fn prepare(&self, way: &Way, scene: &Scene<'_>) -> Result<Prepared, DraftError> {
        let body = self.body(way, scene.params)?;
        let sound = trial::examine(&body, way, scene.params)?;
        let spend = sound.spend();
        // Before it can be mined at all nothing has expired.
        spend.check_height(scene.height.max(sound.facts().min_height))?;
        let sender = self.policy.address();
        let keys: Vec<StateKey> = std::iter::once(&sender)
            .chain(body.payments().map(|(to, _)| to))
            .map(StateKey::account)
            .collect();
        let settlement = settle(spend, &keys, scene.params.account_charge, |key| {
            if key == keys[0] {
                return Some(Account { balance: scene.balance, nonce: self.nonce });
            }
            let mut payees = body.payments().map(|(to, _)| to);
            let exists = payees.any(|to| StateKey::account(to) == key && (scene.has_account)(to));
            exists.then(Account::default)
        })?;
        let bytes = sound.facts().bytes;
        let mut prepared = Prepared { body, way: way.clone(), bytes, settlement, warnings: Vec::new() };
        let named_by = match self.fee {
            Fee::Exactly(_) => NamedBy::Payer,
            Fee::PerKilobyte(_) => NamedBy::Node,
        };
        prepared.warnings = warnings(&prepared, scene, sound.facts().min_height, named_by);
        Ok(prepared)
    }

    /// What it does, whether or not the account can afford it.
    ///
    /// # Errors
    /// When it does nothing, or more than one transaction has room for.
    pub fn actions(&self) -> Result<List<Action, 1, ACTIONS_MAX>, DraftError> {
        let pays = self.payments.iter().map(|Payment { to, amount, reference }| Action::Pay {
            to: *to,
            amount: *amount,
            reference: reference.clone(),
        });
        let rest = self
            .rest
            .iter()
            .map(|Rest { to, reference }| Action::PayAll { to: *to, reference: reference.clone() });
        let actions: Vec<Action> = pays.chain(self.note.clone().map(Action::Note)).chain(rest).collect();
        let count = actions.len();
        List::new(actions)
            .map_err(|_| if count == 0 { DraftError::Nothing } else { DraftError::Actions(count) })
    }

    fn body(&self, way: &Way, params: &Params) -> Result<Body, DraftError> {
        let actions = self.actions()?;
        let mut body = Body {
            chain: params.chain.tag(),
            policy: self.policy.clone(),
            nonce: self.nonce,
            fee: Amount::ZERO,
            expiry: self.expiry,
            actions,
        };
        body.fee = match self.fee {
            Fee::Exactly(fee) => fee,
            Fee::PerKilobyte(rate) => fee_at(rate, &mut body, way),
        };
        Ok(body)
    }
}

/// The least fee that is no lower a rate. The fee takes part in the length it is for, so it is looked for from below; its
/// encoding has four lengths, so that ends after a few steps.
fn fee_at(rate: u64, body: &mut Body, way: &Way) -> Amount {
    loop {
        let fee = fee_for(rate, trial::bytes(body, way));
        if fee == body.fee {
            return fee;
        }
        body.fee = fee;
    }
}

/// What so many bytes cost at a rate in pebbles for a thousand bytes, rounded up.
pub fn fee_for(rate: u64, bytes: usize) -> Amount {
    let pebbles = (u128::from(rate) * bytes as u128).div_ceil(1000);
    Amount::from_pebbles(u64::try_from(pebbles).unwrap_or(u64::MAX))
}
