//! What a block must be before anybody's money is looked at.

use std::collections::VecDeque;

use super::witness::meets;
use super::{Broken, tagged};
use crate::codec::encode;
use crate::consensus::{Genesis, PowMode};
use crate::crypto::{Digest, sha256d};
use crate::types::{Action, Block, BlockHash, Transaction};

/// Blocks whose times the next one is held against.
const TIMES: usize = 11;

/// The blocks below: where the next one stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Below {
    pub height: u32,
    hash: BlockHash,
    /// When the last were made, oldest first.
    times: VecDeque<u32>,
}

impl Below {
    pub fn genesis(genesis: &Genesis) -> Self {
        let header = genesis.block().header;
        Self { height: 0, hash: header.hash(), times: VecDeque::from([header.time.0]) }
    }

    /// Another block stands on top.
    pub fn grow(&mut self, block: &Block) {
        (self.height, self.hash) = (self.height + 1, block.header.hash());
        self.times.push_back(block.header.time.0);
        if self.times.len() > TIMES {
            self.times.pop_front();
        }
    }

    fn median_time(&self) -> u32 {
        let mut times: Vec<u32> = self.times.iter().copied().collect();
        times.sort_unstable();
        times[times.len() / 2]
    }

    /// Whether a block may stand here, whatever it does to anybody's money. How difficult it has to be is looked at only
    /// where that never changes.
    pub fn check(&self, block: &Block, genesis: &Genesis) -> Result<(), Broken> {
        let params = genesis.params();
        let header = &block.header;
        let is = |holds: bool, broken: Broken| if holds { Ok(()) } else { Err(broken) };
        is(header.previous == self.hash, "it stands on another block")?;
        is(header.time.0 >= self.median_time(), "it is older than those below it")?;
        is(params.pow_mode != PowMode::Fixed || header.bits == params.genesis_bits, "it is too easy")?;
        is(*header.merkle_root.as_bytes() == merkle_root(block), "its body is another's")?;
        is(block.coinbase.height.0 == self.height + 1, "its coinbase tells of another height")?;
        let actions: usize =
            block.transactions.iter().map(|transaction| transaction.body.actions.len()).sum();
        is(actions <= params.block_actions_max as usize, "it does too much")?;
        is(encode(block).len() <= params.block_bytes_max as usize, "it is too long")?;
        block.transactions.iter().try_for_each(|transaction| self.check_transaction(transaction, genesis))
    }

    fn check_transaction(&self, transaction: &Transaction, genesis: &Genesis) -> Result<(), Broken> {
        let (params, body, height) = (genesis.params(), &transaction.body, self.height + 1);
        let is = |holds: bool, broken: Broken| if holds { Ok(()) } else { Err(broken) };
        let chain = genesis.block().header.hash();
        is(body.chain.0[..] == chain.as_bytes()[..body.chain.0.len()], "a transaction is for another chain")?;
        is(encode(transaction).len() <= params.transaction_bytes_max as usize, "a transaction is too long")?;
        is(body.expiry.is_none_or(|expiry| height <= expiry.0), "a transaction comes too late")?;
        let (mut notes, last) = (0, body.actions.len() - 1);
        for (at, action) in body.actions.iter().enumerate() {
            match action {
                Action::Pay { amount, .. } => is(amount.pebbles() > 0, "a payment of nothing")?,
                Action::PayAll { .. } => is(at == last, "something follows what pays all")?,
                Action::Note(_) => notes += 1,
            }
        }
        is(notes <= 1, "a second note")?;
        let txid = tagged("cairn/tx", &encode(body));
        let message = tagged("cairn/sign", &[&chain.as_bytes()[..], &txid].concat());
        is(meets(&body.policy, &transaction.witness, &message, height), "who spends may not")
    }
}

/// What the header of a block must say, from the leaves up: an odd one is carried up as it is.
fn merkle_root(block: &Block) -> Digest {
    let pair = |left: &Digest, right: &Digest| sha256d(&[&left[..], right].concat());
    let mut level = vec![sha256d(&encode(&block.coinbase))];
    level.extend(block.transactions.iter().map(|transaction| sha256d(&encode(transaction))));
    while level.len() > 1 {
        let up = level.chunks(2).map(|two| if two.len() == 2 { pair(&two[0], &two[1]) } else { two[0] });
        level = up.collect();
    }
    let (state, history) = (block.commitments.state.as_bytes(), block.commitments.history.as_bytes());
    pair(&level[0], &sha256d(&[&[1][..], state, history].concat()))
}
