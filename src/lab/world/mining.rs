//! Miners: who finds a block is drawn, by how much of all hashes is theirs.

use std::sync::Arc;

use serde::Deserialize;

use super::hoard::Hoard;
use super::node::Party;
use super::work::Job;
use super::{Event, World};
use crate::lab::chance::wait;
use crate::lab::clock::SECOND;
use crate::lab::people::Actor;
use crate::lab::shadow::assemble;
use crate::template::{Extranonce, Job as Work, Payout, Rolled, VERSION};
use crate::types::{Address, Bits, Block, Target, Timestamp};

/// People of these numbers and above are paid for blocks.
pub(super) const FIRST_MINER: u32 = 1_000_000;

/// What a miner does with a block that it found; a scenario file says it by these names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Strategy {
    /// Submits it to its node at once.
    #[default]
    Honest,
    /// Keeps it to itself, and lets others have it when that costs them most: Eyal and Sirer's.
    Selfish,
    /// Submits it at once, but while it takes a payment back: then it keeps to itself what it finds on a branch that does,
    /// until the payment has so many blocks.
    DoubleSpending(u32),
    /// Keeps it to itself for ever.
    Withholding,
    /// Submits it at once, with a time so many seconds off.
    Shifting(i32),
}

/// A miner of a world.
pub struct Miner {
    /// The node that it mines on.
    pub node: usize,
    /// Hashes that it does in a second; none of them is done.
    pub rate: f64,
    /// What it does with what it finds.
    pub strategy: Strategy,
    /// Who is paid.
    pub recipient: Address,
    /// How many blocks it has found.
    pub found: u64,
    /// Which drawing counts.
    epoch: u32,
    /// The difficulty that was drawn for.
    bits: Option<Bits>,
    /// What it keeps to itself, if it does.
    pub(super) hoard: Option<Box<Hoard>>,
}

impl World {
    /// Lets somebody mine on a node with so much of what makes one block in the chain's spacing, and says the miner's
    /// number.
    pub fn add_miner(&mut self, node: usize, share: f64, strategy: Strategy) -> usize {
        let number = self.miners.len();
        let params = self.ground.params();
        let rate = share * hashes(params.genesis_bits) / f64::from(params.spacing);
        let recipient = Actor::new(FIRST_MINER + number as u32).address();
        let hoard = strategy.hoards().then(|| self.new_hoard());
        if hoard.is_some() {
            self.hoarders.push(number);
        }
        self.node_mut(node).miners.push(number);
        self.miners.push(Miner { node, rate, strategy, recipient, found: 0, epoch: 0, bits: None, hoard });
        self.draw_find(number);
        number
    }

    /// All miners.
    pub fn miners(&self) -> &[Miner] {
        &self.miners
    }

    /// Lets a miner have another share.
    pub fn set_share(&mut self, miner: usize, share: f64) {
        let params = self.ground.params();
        self.miners[miner].rate = share * hashes(params.genesis_bits) / f64::from(params.spacing);
        self.miners[miner].bits = None;
        self.draw_find(miner);
    }

    /// The tip of a node moved: where that changes the difficulty, it is drawn again when its miners find their next.
    pub(super) fn tip_moved(&mut self, node: usize) {
        self.hoarders_look(node);
        for at in 0..self.node(node).miners.len() {
            self.draw_find(self.node(node).miners[at]);
        }
    }

    /// Draws when a miner finds its next block; as likely in the next moment as in any other, however long it has been at it.
    fn draw_find(&mut self, number: usize) {
        let node = self.miners[number].node;
        let bits = self.node(node).handle().and_then(|handle| match self.miners[number].hoard {
            Some(_) => self.hoarded_bits(number),
            None => {
                handle.look(|chain, _| chain.context_above(&chain.tip().hash).map(|context| context.bits))
            }
        });
        let miner = &mut self.miners[number];
        // Whoever has waited in vain so far is as far from it as before.
        if bits.is_some() && bits == miner.bits {
            return;
        }
        miner.bits = bits;
        miner.epoch += 1;
        if let (Some(bits), true) = (bits, miner.rate > 0.0) {
            let mean = hashes(bits) / miner.rate * SECOND as f64;
            let wait = wait(&mut self.fate, mean);
            let event = Event::Find { miner: number as u32, epoch: miner.epoch };
            self.queue.put(self.clock.micros().saturating_add(wait as u64), event);
        }
    }

    pub(super) fn find(&mut self, number: usize, epoch: u32) {
        let miner = &mut self.miners[number];
        if miner.epoch != epoch {
            return;
        }
        miner.bits = None;
        let (node, strategy, recipient) = (miner.node, miner.strategy, miner.recipient);
        let turned = (miner.found as u32).to_be_bytes();
        let extranonce = Extranonce { assigned: (number as u32).to_be_bytes(), turned };
        let made = match strategy.hoards() {
            true => self.make_hoarded(number, extranonce),
            false => self.make(node, strategy, recipient, extranonce),
        };
        let made = if self.see_to_power(node) { None } else { made };
        if let Some(block) = made {
            self.miners[number].found += 1;
            let below = block.header.previous;
            self.record.found(self.clock.micros(), number, node, &block, below);
            match strategy {
                Strategy::Honest | Strategy::Shifting(_) => self.bring(node, Job::Mined(Box::new(block))),
                Strategy::Selfish | Strategy::DoubleSpending(_) => self.hoard(number, block),
                Strategy::Withholding => {}
            }
        }
        self.draw_find(number);
    }

    /// The block that a miner finds now: of the best that its node has to offer.
    fn make(
        &mut self,
        node: usize,
        strategy: Strategy,
        recipient: Address,
        extranonce: Extranonce,
    ) -> Option<Block> {
        let nonce = self.fate.any() as u32;
        let Party::Node(node) = &mut self.parties[node] else { return None };
        let running = node.running.as_mut()?;
        let template = assemble(&mut running.clockwork);
        running.look_when_to_turn();
        let template = template?;
        let time = match strategy {
            Strategy::Shifting(seconds) => {
                let shifted = template.time().0.saturating_add_signed(seconds);
                Timestamp(shifted).max(template.groundwork().context.median_time)
            }
            _ => template.time(),
        };
        let work = Work::new(Arc::new(template), &Payout::to(recipient));
        Some(work.block(&Rolled { extranonce, version: VERSION, time, nonce }))
    }
}

/// How many hashes a block takes.
fn hashes(bits: Bits) -> f64 {
    let work = Target::from_bits(bits).map(Target::work);
    work.map_or(f64::INFINITY, |work| f64::from(work.number()))
}
