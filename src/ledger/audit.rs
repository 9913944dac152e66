//! Adding everything up again, to see that nothing was created, lost or misremembered.

use super::tree::{Node, root_over};
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
    /// More money than there can be.
    #[error("sums of money overflow")]
    Overflow,
    /// The entries have another root than the tree says.
    #[error("the state's root is {expected}, its entries make {found}")]
    Root {
        /// What the tree says.
        expected: StateRoot,
        /// What its entries make.
        found: StateRoot,
    },
}

/// An audit under way: adds up all money in a state and hashes the whole of it again, a slice at a time, so that whoever
/// makes it can do other things in between, or leave it. All of it takes a second for a million accounts.
///
/// # Invariants
/// Balances + immature rewards + burned = issued + allocation; the root is that of the entries.
#[derive(Debug)]
pub struct Auditing {
    allocated: Amount,
    balances: Amount,
    immature: Amount,
    supply: Supply,
    slices: Vec<Node>,
}

impl Auditing {
    /// Begins.
    ///
    /// # Panics
    /// When what genesis allocates overflows, which genesis proved it cannot.
    pub fn new(genesis: &Genesis) -> Self {
        let allocated = Amount::checked_sum(genesis.allocation().iter().map(|(_, amount)| *amount));
        Self::of(allocated.expect("genesis proved that no sum of money overflows"))
    }

    fn of(allocated: Amount) -> Self {
        let (balances, immature) = (Amount::ZERO, Amount::ZERO);
        Self { allocated, balances, immature, supply: Supply::default(), slices: Vec::new() }
    }

    /// Goes on with all entries whose keys begin with the next byte, from 0 on.
    ///
    /// # Errors
    /// When there is more money than there can be.
    pub fn slice(&mut self, entries: Vec<(StateKey, Entry)>) -> Result<(), AuditError> {
        for (_, entry) in &entries {
            let (sum, amount) = match entry {
                Entry::Account(account) => (&mut self.balances, account.balance),
                Entry::Reward(reward) => (&mut self.immature, reward.amount),
                Entry::Supply(found) => {
                    self.supply = *found;
                    continue;
                }
            };
            *sum = sum.checked_add(amount).ok_or(AuditError::Overflow)?;
        }
        let first_byte = u8::try_from(self.slices.len()).expect("one slice for each byte");
        self.slices.push(StateTree::new(entries).slice(first_byte));
        Ok(())
    }

    /// Ends, once every slice was there.
    ///
    /// # Errors
    /// The invariant that does not hold.
    pub fn finish(self, expected: &StateRoot) -> Result<Audit, AuditError> {
        let Self { allocated, balances, immature, supply, slices } = self;
        let audit = Audit { balances, immature, supply, allocated };
        let there = Amount::checked_sum([balances, immature, supply.burned]);
        let made = Amount::checked_sum([supply.issued, allocated]);
        if there.is_none() || there != made {
            return Err(AuditError::Supply(audit));
        }
        let (expected, found) = (*expected, root_over(slices));
        if expected == found { Ok(audit) } else { Err(AuditError::Root { expected, found }) }
    }
}

impl Ledger {
    /// [`Auditing`] of the present state, in one go.
    ///
    /// # Errors
    /// The invariant that does not hold.
    pub fn audit(&self) -> Result<Audit, AuditError> {
        let mut auditing = Auditing::of(self.allocated);
        let mut entries = self.tree.iter().peekable();
        for first_byte in 0..=u8::MAX {
            let slice = std::iter::from_fn(|| entries.next_if(|(key, _)| key.as_bytes()[0] == first_byte));
            auditing.slice(slice.map(|(key, entry)| (*key, entry.clone())).collect())?;
        }
        auditing.finish(&self.tree.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Account;
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
    fn more_money_than_there_can_be_is_found() {
        let mut wrong = ledger();
        let rich = |number| {
            let account = Account { balance: Amount::from_pebbles(u64::MAX), ..Account::default() };
            (StateKey::account(&Actor::new(number).address()), Some(Entry::Account(account)))
        };
        let mut changes = vec![rich(1), rich(2)];
        changes.sort_by_key(|(key, _)| *key);
        wrong.tree.apply(&changes);
        assert_eq!(wrong.audit(), Err(AuditError::Overflow));
    }

    #[test]
    fn root_that_is_not_its_entries_is_found() {
        let mut wrong = ledger();
        wrong.tree.spoil_root();
        assert!(matches!(wrong.audit(), Err(AuditError::Root { .. })));
    }
}
