//! The rules again, as plainly as they can be said: slow, obvious, and written without looking at the real ones' code.
//!
//! What a block does to everybody's money is in this file; what it must be before in `form.rs`, and who may spend in
//! `witness.rs`. Not gone through again are the commitment to the history of headers and difficulty where it changes.

mod form;
mod witness;

use std::collections::BTreeMap;

use self::form::Below;
use crate::codec::encode;
use crate::consensus::Genesis;
use crate::crypto::{Digest, sha256};
use crate::ledger::{Account, Entry, Reward, StateKey, Supply};
use crate::types::{Action, Address, Amount, Block, Height, Nonce, Transaction};

/// A rule that a block broke, in words.
pub type Broken = &'static str;

/// What everybody has, who is owed what, how much there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Balance and nonce by address.
    pub accounts: BTreeMap<Address, (u64, u64)>,
    /// Rewards by height.
    pub rewards: BTreeMap<u32, (Address, u64)>,
    /// Issued and burned; nothing before the first block.
    pub supply: Option<(u64, u64)>,
    maturity: u32,
    account_charge: u64,
    genesis: Genesis,
    below: Below,
    root: Digest,
}

impl Model {
    /// At genesis.
    pub fn new(genesis: &Genesis) -> Self {
        let accounts = genesis.allocation().iter().map(|(address, amount)| (*address, (amount.pebbles(), 0)));
        let mut model = Self {
            accounts: accounts.collect(),
            rewards: BTreeMap::new(),
            supply: None,
            maturity: genesis.params().maturity,
            account_charge: genesis.params().account_charge.pebbles(),
            genesis: genesis.clone(),
            below: Below::genesis(genesis),
            root: Digest::default(),
        };
        model.root = naive_root(&model.entries());
        model
    }

    /// Applies a block to a copy and keeps it if all went well.
    pub fn apply(&mut self, block: &Block) -> bool {
        self.follow(block).is_ok()
    }

    /// Applies a block to a copy and keeps it if all went well.
    ///
    /// # Errors
    /// The rule that it broke.
    pub fn follow(&mut self, block: &Block) -> Result<(), Broken> {
        self.below.check(block, &self.genesis)?;
        if *block.commitments.state.as_bytes() != self.root {
            return Err("it commits to another state");
        }
        let mut next = self.clone();
        next.settle(block)?;
        next.below.grow(block);
        next.root = naive_root(&next.entries());
        *self = next;
        Ok(())
    }

    /// The root of its state.
    pub fn root(&self) -> &Digest {
        &self.root
    }

    /// How high it stands.
    pub fn height(&self) -> Height {
        Height(self.below.height)
    }

    fn settle(&mut self, block: &Block) -> Result<(), Broken> {
        let height = self.below.height + 1;
        if height >= self.maturity
            && let Some((recipient, amount)) = self.rewards.remove(&(height - self.maturity))
            && amount > 0
        {
            self.accounts.entry(recipient).or_default().0 += amount;
        }
        let (issued, mut burned) = self.supply.unwrap_or_default();
        let mut fees = 0;
        for transaction in &block.transactions {
            burned += self.spend(transaction)?;
            fees += u128::from(transaction.body.fee.pebbles());
        }
        let subsidy = self.genesis.params().issuance.subsidy(Height(height)).pebbles();
        let claimed = block.coinbase.amount.pebbles();
        if u128::from(claimed) != u128::from(subsidy) + fees {
            return Err("its miner claims another amount than is due");
        }
        self.rewards.insert(height, (block.coinbase.recipient, claimed));
        self.supply = Some((issued + subsidy, burned));
        Ok(())
    }

    /// Settles a transaction, and says what it burned.
    fn spend(&mut self, transaction: &Transaction) -> Result<u64, Broken> {
        let body = &transaction.body;
        let sender = body.policy.address();
        let (balance, nonce) = *self.accounts.get(&sender).ok_or("somebody spends who has nothing")?;
        if body.nonce != Nonce(nonce) {
            return Err("a transaction is not its sender's next");
        }
        let mut cost = u128::from(body.fee.pebbles());
        let mut strangers: Vec<Address> = Vec::new();
        for action in &body.actions {
            let (Action::Pay { to, .. } | Action::PayAll { to, .. }) = action else { continue };
            if let Action::Pay { amount, .. } = action {
                cost += u128::from(amount.pebbles());
            }
            if !self.accounts.contains_key(to) && !strangers.contains(to) {
                strangers.push(*to);
                cost += u128::from(self.account_charge);
            }
        }
        let left =
            u128::from(balance).checked_sub(cost).ok_or("a coin is spent twice, or was never there")? as u64;
        let pays_all = matches!(body.actions.last(), Some(Action::PayAll { .. }));
        if pays_all && left == 0 {
            return Err("all of nothing is paid");
        }
        self.accounts.insert(sender, (if pays_all { 0 } else { left }, nonce + 1));
        for action in &body.actions {
            let (to, amount) = match action {
                Action::Pay { to, amount, .. } => (to, amount.pebbles()),
                Action::PayAll { to, .. } => (to, left),
                Action::Note(_) => continue,
            };
            self.accounts.entry(*to).or_default().0 += amount;
        }
        Ok(strangers.len() as u64 * self.account_charge)
    }

    /// The state as entries.
    pub fn entries(&self) -> BTreeMap<StateKey, Entry> {
        let amount = Amount::from_pebbles;
        let accounts = self.accounts.iter().map(|(address, (balance, nonce))| {
            let account = Account { balance: amount(*balance), nonce: Nonce(*nonce) };
            (StateKey::account(address), Entry::Account(account))
        });
        let rewards = self.rewards.iter().map(|(height, (recipient, owed))| {
            let reward = Reward { recipient: *recipient, amount: amount(*owed) };
            (StateKey::reward(Height(*height)), Entry::Reward(Box::new(reward)))
        });
        let supply = self.supply.map(|(issued, burned)| {
            (StateKey::supply(), Entry::Supply(Supply { issued: amount(issued), burned: amount(burned) }))
        });
        accounts.chain(rewards).chain(supply).collect()
    }
}

/// The root over sorted entries by the tree's definition, word for word.
pub fn naive_root(entries: &BTreeMap<StateKey, Entry>) -> Digest {
    let sorted: Vec<(&StateKey, &Entry)> = entries.iter().collect();
    subtree(&sorted, 0)
}

fn subtree(entries: &[(&StateKey, &Entry)], level: usize) -> Digest {
    match entries {
        [] => [0; 32],
        [(key, entry)] => tagged("cairn/leaf", &[&key.as_bytes()[..], &sha256(&encode(*entry))].concat()),
        _ => {
            let right = |key: &StateKey| key.as_bytes()[level / 8] & (0x80 >> (level % 8)) != 0;
            let (right, left): (Vec<_>, Vec<_>) = entries.iter().copied().partition(|(key, _)| right(key));
            tagged("cairn/node", &[subtree(&left, level + 1), subtree(&right, level + 1)].concat())
        }
    }
}

fn tagged(tag: &str, bytes: &[u8]) -> Digest {
    let tag = sha256(tag.as_bytes());
    sha256(&[&tag[..], &tag, bytes].concat())
}
