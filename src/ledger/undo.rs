//! What it takes to take a block back, whole and packed.

use std::sync::Arc;

use super::tree::Changes;
use super::{Entry, StateKey};
use crate::codec::{Canonical, Decode, ENCODING_BYTES_MAX, Encode, List};
use crate::consensus::{CheckedBlock, Params};
use crate::types::{Address, Block, BlockHash, Height, StateRoot};

/// What it takes to take a block back.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Undo {
    /// The block that was applied.
    pub block: BlockHash,
    /// The block below it.
    pub below: BlockHash,
    /// The state below it.
    pub state: StateRoot,
    /// What stood under each key that it changed.
    pub entries: Arc<Changes>,
}

impl Canonical for Undo {
    const BYTES_MAX: usize = ENCODING_BYTES_MAX;
}

/// What stood under a key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
enum Was {
    /// What stands there after the block, too.
    Same,
    Nothing,
    Entry(Entry),
}

/// Keys that a block can touch.
const KEYS_MAX: usize = 1 << 22;

/// An undo without what its block says anyway: the keys, which are most of it, follow from whom the block concerns.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PackedUndo {
    /// Whose reward matured with the block: the one account that the block itself does not name.
    matured: Option<Address>,
    /// What stood under each key that the block can touch, in the order of keys.
    values: List<Was, 0, KEYS_MAX>,
}

impl PackedUndo {
    /// Packs the undo of this block.
    ///
    /// # Panics
    /// When the undo is another block's, and so has keys that this one cannot touch.
    pub fn new(undo: &Undo, block: &CheckedBlock, params: &Params) -> Self {
        assert_eq!(undo.block, block.hash(), "the undo of this block");
        let height = block.height();
        let matured = undo.entries.iter().find_map(|(key, entry)| match entry {
            Some(Entry::Reward(reward)) if Some(*key) == matured_key(height, params) => {
                Some(reward.recipient)
            }
            _ => None,
        });
        let accounts = block.spends().flat_map(|spend| spend.accounts().copied());
        let mut entries = undo.entries.iter().peekable();
        let values = keys(height, matured, accounts, params).into_iter().map(|key| {
            match entries.next_if(|(changed, _)| *changed == key) {
                None => Was::Same,
                Some((_, None)) => Was::Nothing,
                Some((_, Some(entry))) => Was::Entry(entry.clone()),
            }
        });
        let values = List::new(values.collect()).expect("a block touches fewer keys than it has bytes");
        assert!(entries.next().is_none(), "a block changes what it concerns and nothing else");
        Self { matured, values }
    }

    /// Unpacks it with the block that it was packed with; nothing where that is another one.
    pub fn unpack(&self, block: &Block, params: &Params) -> Option<Undo> {
        let accounts = block.transactions.iter().flat_map(|transaction| {
            let body = &transaction.body;
            std::iter::once(body.policy.address()).chain(body.payments().map(|(to, _)| *to))
        });
        let keys = keys(block.coinbase.height, self.matured, accounts, params);
        if keys.len() != self.values.len() {
            return None;
        }
        let changed = keys.into_iter().zip(&self.values).filter_map(|(key, was)| match was {
            Was::Same => None,
            Was::Nothing => Some((key, None)),
            Was::Entry(entry) => Some((key, Some(entry.clone()))),
        });
        Some(Undo {
            block: block.header.hash(),
            below: block.header.previous,
            state: block.commitments.state,
            entries: Arc::new(List::new(changed.collect()).ok()?),
        })
    }
}

fn matured_key(height: Height, params: &Params) -> Option<StateKey> {
    height.0.checked_sub(params.maturity).map(|earned| StateKey::reward(Height(earned)))
}

/// Every key that a block at this height can touch, sorted.
fn keys(
    height: Height,
    matured: Option<Address>,
    accounts: impl Iterator<Item = Address>,
    params: &Params,
) -> Vec<StateKey> {
    let accounts = accounts.chain(matured).map(|address| StateKey::account(&address));
    let others = [Some(StateKey::supply()), Some(StateKey::reward(height)), matured_key(height, params)];
    let mut keys: Vec<StateKey> = accounts.chain(others.into_iter().flatten()).collect();
    keys.sort_unstable_by(StateKey::compare);
    keys.dedup();
    keys
}
