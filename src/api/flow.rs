//! Which way money went, seen from one account: the same in a history and in the events.

use super::view::{FlowView, Hex, Moved};
use crate::ledger::Receipt;
use crate::types::{Action, Address, Amount, Transaction};

impl FlowView {
    /// Of a reward.
    pub fn reward(amount: Amount) -> Self {
        let (sent, fee) = (Amount::ZERO, Amount::ZERO);
        Self { moved: Moved::Reward, received: amount, sent, fee, references: Vec::new() }
    }

    /// Of a mined transaction, and what became of it.
    pub fn of(transaction: &Transaction, receipt: &Receipt, address: &Address) -> Self {
        let body = &transaction.body;
        let is_own = body.policy.address() == *address;
        let mut flow = Self {
            moved: Moved::In,
            received: Amount::ZERO,
            sent: Amount::ZERO,
            fee: Amount::ZERO,
            references: Vec::new(),
        };
        let mut to_others = false;
        for action in body.actions.iter() {
            let (to, amount, reference) = match action {
                Action::Pay { to, amount, reference } => (to, *amount, reference),
                Action::PayAll { to, reference } => (to, receipt.paid_all.unwrap_or_default(), reference),
                Action::Note(_) => continue,
            };
            let to_itself = to == address;
            to_others |= !to_itself;
            if to_itself {
                add(&mut flow.received, amount);
            }
            if is_own {
                add(&mut flow.sent, amount);
            }
            let said = Hex::of(&**reference);
            if (to_itself || is_own) && !reference.is_empty() && !flow.references.contains(&said) {
                flow.references.push(said);
            }
        }
        if is_own {
            flow.fee = body.fee;
            add(&mut flow.sent, body.fee);
            add(&mut flow.sent, receipt.charge);
            flow.moved = if to_others { Moved::Out } else { Moved::Itself };
        }
        flow
    }
}

/// What was mined was paid, so no sum of it overflows.
fn add(sum: &mut Amount, amount: Amount) {
    *sum = sum.checked_add(amount).unwrap_or(*sum);
}
