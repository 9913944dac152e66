//! Adding everything up again, to see that nothing was created, lost or misremembered.

use super::{Entry, Ledger, StateKey, StateTree, Supply};
use crate::consensus::Genesis;
use crate::types::{Amount, StateRoot};

/// What everything adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// All balances.
    pub balances: Amount,
    /// All rewards that have yet to mature.
    pub immature: Amount,
    /// What was issued and burned since genesis.
    pub supply: Supply,
    /// What genesis allocated.
    pub allocated: Amount,
}

/// The state contradicts itself: a fault of ours, never of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Balances, immature rewards and burned money are not what was issued and allocated.
    #[error("money was created or lost: {0:?}")]
    Supply(Audit),
    /// The entries have another root than the tree says.
    #[error("the state's root is {expected}, its entries make {found}")]
    Root {
        /// What the tree says.
        expected: StateRoot,
        /// What its entries make.
        found: StateRoot,
    },
}

/// Adds up all money in a state and hashes the whole of it again. Takes a second for a million accounts.
///
/// # Invariants
/// Balances + immature rewards + burned = issued + allocation; the root is that of the entries.
///
/// # Errors
/// The invariant that does not hold.
///
/// # Panics
/// When sums of money overflow, which genesis proved they cannot.
pub fn audit_entries(
    genesis: &Genesis,
    entries: Vec<(StateKey, Entry)>,
    expected: &StateRoot,
) -> Result<Audit, AuditError> {
    let allocated = Amount::checked_sum(genesis.allocation().iter().map(|(_, amount)| *amount));
    audit(allocated.expect("genesis proved that no sum of money overflows"), entries, expected)
}

fn audit(
    allocated: Amount,
    entries: Vec<(StateKey, Entry)>,
    expected: &StateRoot,
) -> Result<Audit, AuditError> {
    let (mut balances, mut immature) = (Amount::ZERO, Amount::ZERO);
    let mut supply = Supply::default();
    for (_, entry) in &entries {
        let (sum, amount) = match entry {
            Entry::Account(account) => (&mut balances, account.balance),
            Entry::Reward(reward) => (&mut immature, reward.amount),
            Entry::Supply(found) => {
                supply = *found;
                continue;
            }
        };
        *sum = sum.checked_add(amount).expect("genesis proved that no sum of money overflows");
    }
    let audit = Audit { balances, immature, supply, allocated };
    let there = Amount::checked_sum([balances, immature, audit.supply.burned]);
    let made = Amount::checked_sum([audit.supply.issued, audit.allocated]);
    if there.is_none() || there != made {
        return Err(AuditError::Supply(audit));
    }
    let (expected, found) = (*expected, StateTree::new(entries).root());
    if expected == found { Ok(audit) } else { Err(AuditError::Root { expected, found }) }
}

impl Ledger {
    /// [`audit_entries`] of the present state.
    ///
    /// # Errors
    /// The invariant that does not hold.
    pub fn audit(&self) -> Result<Audit, AuditError> {
        let entries = self.tree.iter().map(|(key, entry)| (*key, entry.clone())).collect();
        audit(self.allocated, entries, &self.tree.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{Actor, Follower, Network};

    fn ledger() -> Ledger {
        let network = Network::new(3);
        let mut follower = Follower::new(&network);
        let alice = &network.actors[0];
        let payment = alice.pay(network.params(), 0, &Actor::new(9), 5, 1);
        follower.mine(alice.address(), vec![payment]);
        follower.mine_empty(alice.address(), 5);
        follower.ledger
    }

    #[test]
    fn honest_ledger_adds_up() {
        let audit = ledger().audit().unwrap();
        assert!(audit.supply.burned > Amount::ZERO && audit.immature > Amount::ZERO);
    }

    #[test]
    fn one_pebble_too_many_or_too_few_is_found() {
        for pebbles in [ledger().allocated.pebbles() - 1, ledger().allocated.pebbles() + 1] {
            let mut wrong = ledger();
            wrong.allocated = Amount::from_pebbles(pebbles);
            assert!(matches!(wrong.audit(), Err(AuditError::Supply(_))));
        }
        let mut forgetful = ledger();
        forgetful.tree.apply(&[(StateKey::account(&Actor::new(1).address()), None)]);
        assert!(matches!(forgetful.audit(), Err(AuditError::Supply(_))));
    }

    #[test]
    fn root_that_is_not_its_entries_is_found() {
        let mut wrong = ledger();
        wrong.tree.spoil_root();
        assert!(matches!(wrong.audit(), Err(AuditError::Root { .. })));
    }
}
