//! Blocks that did their work and break a rule.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Deserialize;

use super::villain::{Mischief, one, tell};
use crate::codec::{List, encode};
use crate::consensus::Params;
use crate::lab::Actor;
use crate::lab::clock::MINUTE;
use crate::lab::shadow::Shadow;
use crate::lab::world::Stage;
use crate::protocol::{BlockBytes, Compact, Message, Parts, PeerId};
use crate::template::{Extranonce, Job as Work, Payout, Rolled, VERSION};
use crate::types::{Amount, Block, BlockHash, StateRoot, Transaction};

/// Whom blocks of strangers pay.
const STRANGER: u32 = 3_000_000;
/// Blocks that can still be asked for.
const KEPT_MAX: usize = 64;
const FEE: u64 = 20_000;

/// Which rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockFlaw {
    /// A payment is signed by another.
    Signature,
    /// Two payments spend the same.
    DoubleSpend,
    /// A payment leaves out one before it.
    NonceGap,
    /// Somebody pays more than they have.
    NoMoney,
    /// It commits to another state.
    State,
    /// The miner takes more than it is owed.
    Reward,
    /// It says that it stands higher than it does.
    Height,
    /// Its body is not its header's.
    OtherBody,
}

/// How others come by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Pushed,
    CaughtUp,
}

/// Makes blocks that break a rule, and hands them over: by turns unasked, and as a branch that is better by two.
pub struct InvalidBlocks {
    flaw: BlockFlaw,
    /// A node whose chain it reads.
    model: usize,
    way: Way,
    shadow: Option<Shadow>,
    kept: BTreeMap<BlockHash, Block>,
    /// Their order, the oldest first.
    order: VecDeque<BlockHash>,
    branch: Vec<Block>,
}

impl InvalidBlocks {
    /// They are pushed to whoever is connected.
    pub fn pushed(flaw: BlockFlaw, model: usize) -> Self {
        Self {
            flaw,
            model,
            way: Way::Pushed,
            shadow: None,
            kept: BTreeMap::new(),
            order: VecDeque::new(),
            branch: Vec::new(),
        }
    }

    /// Others are told of a block on top, and ask for what is below.
    pub fn caught_up(flaw: BlockFlaw, model: usize) -> Self {
        Self { way: Way::CaughtUp, ..Self::pushed(flaw, model) }
    }

    fn keep(&mut self, block: &Block) {
        let hash = block.header.hash();
        if self.kept.insert(hash, block.clone()).is_none() {
            self.order.push_back(hash);
        }
        if self.order.len() > KEPT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
    }
}

impl Mischief for InvalidBlocks {
    fn period(&self) -> u64 {
        MINUTE
    }

    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let shadow = self.shadow.get_or_insert_with(|| Shadow::new(stage.ground, None, stage.draws));
        shadow.set_time(stage.now);
        let Some(mut block) = next(shadow, stage, self.model) else { return };
        spoil(&mut block, self.flaw, stage, self.model);
        self.keep(&block);
        match self.way {
            Way::Pushed => tell(stage, peers, &Message::from(Compact::of(&block))),
            Way::CaughtUp => {
                let mut above = block.clone();
                above.header.previous = block.header.hash();
                above.coinbase.height.0 += 1;
                above.header.merkle_root = above.merkle_root();
                self.keep(&above);
                tell(stage, peers, &Message::News(one(above.header)));
                self.branch = vec![block, above];
            }
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        match message {
            Message::GetHeaders(_) => {
                let headers = self.branch.iter().map(|block| block.header).collect();
                stage.send(peer, &Message::Headers(List::new(headers).unwrap_or_default()));
            }
            Message::GetCompact(hash) => match self.kept.get(hash) {
                Some(block) => stage.send(peer, &Message::from(Compact::of(block))),
                None => stage.send(peer, &Message::Missing(one(*hash))),
            },
            Message::GetBlocks(hashes) => hashes.iter().for_each(|hash| {
                let bytes = self.kept.get(hash).and_then(|block| BlockBytes::new(encode(block)).ok());
                match bytes {
                    Some(bytes) => stage.send(peer, &Message::Block(bytes)),
                    None => stage.send(peer, &Message::Missing(one(*hash))),
                }
            }),
            Message::GetParts(asked) => {
                let Some(block) = self.kept.get(&asked.block) else { return };
                let parts = asked.places.iter().filter_map(|place| block.transactions.get(*place as usize));
                if let Ok(transactions) = List::new(parts.cloned().collect()) {
                    stage.send(peer, &Message::Parts(Parts { block: asked.block, transactions }));
                }
            }
            _ => {}
        }
    }
}

/// A block that holds, on what a node follows.
pub(super) fn next(shadow: &mut Shadow, stage: &mut Stage<'_>, model: usize) -> Option<Block> {
    shadow.follow(stage.node(model)?);
    let template = shadow.template()?;
    let time = template.time();
    let work = Work::new(Arc::new(template), &Payout::to(Actor::new(STRANGER).address()));
    let [a, b, c, d, turned @ ..] = stage.draws.any().to_be_bytes();
    let extranonce = Extranonce { assigned: [a, b, c, d], turned };
    Some(work.block(&Rolled { extranonce, version: VERSION, time, nonce: 0 }))
}

/// Breaks one rule, and no other.
fn spoil(block: &mut Block, flaw: BlockFlaw, stage: &mut Stage<'_>, model: usize) {
    let params = stage.ground.params();
    let at = stage.draws.place(stage.ground.people.len());
    let person = &stage.ground.people[at];
    let other = &stage.ground.people[(at + 1) % stage.ground.people.len()];
    let account = stage.node(model).and_then(|node| node.reader().account(&person.address()).ok().flatten());
    let nonce = account.map_or(0, |account| account.nonce.0);
    let pay = |amount| person.payment(params, nonce, other.address(), amount, FEE);
    match flaw {
        BlockFlaw::Signature => add(block, params, vec![other.sign(params, pay(1))]),
        BlockFlaw::DoubleSpend => {
            add(block, params, vec![person.sign(params, pay(1)), person.sign(params, pay(2))]);
        }
        BlockFlaw::NonceGap => {
            let body = person.payment(params, nonce + 1, other.address(), 1, FEE);
            add(block, params, vec![person.sign(params, body)]);
        }
        BlockFlaw::NoMoney => add(block, params, vec![person.sign(params, pay(u64::MAX >> 12))]),
        BlockFlaw::State => block.commitments.state = StateRoot::from_bytes(stage.draws.bytes()),
        BlockFlaw::Reward => {
            let more = block.coinbase.amount.checked_add(Amount::from_pebbles(1));
            block.coinbase.amount = more.expect("a reward is far from all money");
        }
        BlockFlaw::Height => block.coinbase.height.0 += 1,
        BlockFlaw::OtherBody => {
            // The header is another body's.
            block.header.merkle_root = block.merkle_root();
            block.coinbase.recipient = person.address();
            return;
        }
    }
    block.header.merkle_root = block.merkle_root();
}

/// Adds transactions, and takes their fees.
fn add(block: &mut Block, params: &Params, transactions: Vec<Transaction>) {
    let mut all = block.transactions.to_vec();
    all.extend(transactions);
    let fees = all.iter().map(|transaction| transaction.body.fee);
    let amount = Amount::checked_sum(fees.chain([params.issuance.subsidy(block.coinbase.height)]));
    block.coinbase.amount = amount.expect("fees that are far from all money");
    block.transactions = List::new(all).expect("a few transactions");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Ground, GroundOptions};

    #[test]
    fn oldest_block_is_forgotten_first() {
        let mut block = Ground::new(&GroundOptions::default()).genesis.block().clone();
        let mut stranger = InvalidBlocks::pushed(BlockFlaw::State, 0);
        let mut kept = |stranger: &mut InvalidBlocks| {
            block.header.nonce += 1;
            stranger.keep(&block);
            block.header.hash()
        };
        let hashes: Vec<BlockHash> = (0..3 * KEPT_MAX).map(|_| kept(&mut stranger)).collect();
        let (old, young) = hashes.split_at(2 * KEPT_MAX);
        assert!(young.iter().all(|hash| stranger.kept.contains_key(hash)));
        assert!(old.iter().all(|hash| !stranger.kept.contains_key(hash)));
        assert_eq!(stranger.order, young);
    }
}
