//! Every node's chain, gone through again from the beginning by rules that are written down a second time.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::crypto::Digest;
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
        let mut tips = BTreeSet::new();
        for number in world.running() {
            let Some(clockwork) = world.node(number).clockwork() else { continue };
            let reader = clockwork.handle().reader();
            let tip = reader.tip();
            // The writer may be ahead of its readers only within a turn.
            let (root, audit) =
                clockwork.look(|_, ledger, _| (*ledger.commitments().state.as_bytes(), ledger.audit()));
            if let Err(error) = audit {
                found.push(Violation::Supply { node: number, error: error.to_string() });
            }
            if let Err(violation) = self.go_through(world, number, &reader, &mut found) {
                found.push(violation);
                continue;
            }
            tips.insert(tip.hash);
            let Some(model) = self.models.get(&tip.hash) else { continue };
            if let Some(what) = difference(model, &reader, &root) {
                found.push(Violation::State { node: number, height: tip.height, what });
            }
        }
        self.models.retain(|tip, _| tips.contains(tip));
        found
    }

    /// Goes through a node's chain: from where another was left, as far as they are the same.
    fn go_through(
        &mut self,
        world: &World,
        node: usize,
        reader: &Reader,
        found: &mut Vec<Violation>,
    ) -> Result<(), Violation> {
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
        for block in above.into_iter().rev() {
            let height = reader.header(&block).map_or(Height::GENESIS, |entry| entry.height);
            if world.record.block(&block).is_none() {
                found.push(Violation::Strange { node, block, height });
            }
            let invalid = |why| Violation::Invalid { node, block, height, why };
            let body = reader.block(&block).ok().flatten().ok_or_else(|| invalid("its body is gone"))?;
            model.follow(&body).map_err(invalid)?;
            if model.height() != height {
                return Err(invalid("it stands at another height"));
            }
        }
        self.models.insert(tip.hash, model);
        Ok(())
    }
}

/// In what the state of a reader, and of its ledger, is another than the model's.
fn difference(model: &Model, reader: &Reader, root: &Digest) -> Option<&'static str> {
    let is_same = |(address, expected): (&Address, &(u64, u64))| {
        let found = reader.account(address).ok().flatten().unwrap_or_default();
        (found.balance.pebbles(), found.nonce.0) == *expected
    };
    let supply = reader.supply().map(|supply| (supply.issued.pebbles(), supply.burned.pebbles()));
    if !model.accounts.iter().all(is_same) {
        return Some("somebody has more, or less");
    }
    if supply.ok() != Some(model.supply.unwrap_or_default()) {
        return Some("more was issued or burned, or less");
    }
    (model.root() != root).then_some("its root")
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
