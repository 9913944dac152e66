//! Every node's chain, gone through again from the beginning by rules that are written down a second time.

use std::collections::BTreeMap;

use super::Violation;
use crate::lab::model::Model;
use crate::lab::world::World;
use crate::node::Reader;
use crate::types::{Address, BlockHash, Height};

/// Blocks of a chain in which it is checked that all is found: each so-manieth.
const LOOKED_UP_EACH: usize = 7;

/// Chains that were gone through, by the tips of nodes.
#[derive(Default)]
pub(super) struct Chains {
    models: BTreeMap<BlockHash, Model>,
}

impl Chains {
    /// Goes through what each node follows.
    pub fn check(&mut self, world: &World) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut kept = BTreeMap::new();
        for number in world.running() {
            let Some(clockwork) = world.node(number).clockwork() else { continue };
            let reader = clockwork.handle().reader();
            let tip = reader.tip();
            let model = match self.model_at(world, number, &reader) {
                Ok(model) => model,
                Err(violation) => {
                    found.push(violation);
                    continue;
                }
            };
            if !is_as_the_model(&model, &reader) {
                found.push(Violation::State { node: number, height: tip.height });
            }
            // The writer may be ahead of its readers only within a turn.
            if let Err(error) = clockwork.look(|_, ledger, _| ledger.audit()) {
                found.push(Violation::Supply { node: number, error: error.to_string() });
            }
            kept.insert(tip.hash, model);
        }
        self.models = kept;
        found
    }

    /// What a node's chain leads to: from where another was left, as far as they are the same.
    fn model_at(&self, world: &World, node: usize, reader: &Reader) -> Result<Model, Violation> {
        let tip = reader.tip();
        let mut above: Vec<BlockHash> = Vec::new();
        let mut at = tip.hash;
        let mut model = loop {
            if let Some(model) = self.models.get(&at) {
                break model.clone();
            }
            match reader.header(&at) {
                Some(entry) if entry.height > Height::GENESIS => {
                    above.push(at);
                    at = entry.header.previous;
                }
                _ => break Model::new(&world.ground().genesis),
            }
        };
        for hash in above.into_iter().rev() {
            let block = reader.block(&hash).ok().flatten();
            let height = reader.header(&hash).map_or(Height::GENESIS, |entry| entry.height);
            if !block.is_some_and(|block| model.apply(&block)) {
                return Err(Violation::Invalid { node, block: hash, height });
            }
        }
        Ok(model)
    }
}

/// Whether what a reader says of everybody is what the model says.
fn is_as_the_model(model: &Model, reader: &Reader) -> bool {
    let is_same = |(address, expected): (&Address, &(u64, u64))| {
        let found = reader.account(address).ok().flatten().unwrap_or_default();
        (found.balance.pebbles(), found.nonce.0) == *expected
    };
    let supply = reader.supply().map(|supply| (supply.issued.pebbles(), supply.burned.pebbles()));
    model.accounts.iter().all(is_same) && supply.ok() == Some(model.supply.unwrap_or_default())
}

/// Whether a node finds the transactions of its chain by their names, where they are.
pub(super) fn check_index(world: &World, node: usize) -> Option<Violation> {
    let reader = world.node(node).handle()?.reader();
    let wrong = |what: String| Some(Violation::Index { node, what });
    for height in (1..=reader.tip().height.0).rev().step_by(LOOKED_UP_EACH) {
        let entry = reader.header_at(Height(height))?;
        let Some(block) = reader.block(&entry.hash).ok().flatten() else {
            return wrong(format!("block {} at {height}", entry.hash));
        };
        for (at, transaction) in block.transactions.iter().enumerate() {
            let txid = transaction.body.txid();
            let found = match reader.transaction(&txid) {
                Ok(found) => found,
                Err(error) => return wrong(format!("transaction {txid}: {error}")),
            };
            let place = found.map(|found| (found.block, found.place.position as usize));
            if place != Some((entry.hash, at + 1)) {
                return wrong(format!("transaction {txid} at {height}: found at {place:?}"));
            }
        }
    }
    None
}
