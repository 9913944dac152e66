//! Whether what people paid came to be.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::lab::world::World;
use crate::types::{Address, Height, Transaction, TxHash};

/// Payments that were taken in so long ago, and are not mined, nor was another of the same sender in their place.
///
/// One that its node lost with its power, before it was mined, may be gone: the pool is not synced, and its sender's
/// wallet pays again. What it then pays may stand in the place of what others still had.
pub(super) fn unmined(world: &World, patience: u64) -> Vec<Violation> {
    let Some(users) = world.users() else { return Vec::new() };
    let Some(reader) = world.running().first().and_then(|node| Some(world.node(*node).handle()?.reader()))
    else {
        return Vec::new();
    };
    let mut mined: BTreeSet<TxHash> = BTreeSet::new();
    for height in 1..=reader.tip().height.0 {
        let block = reader.header_at(Height(height)).and_then(|entry| reader.block(&entry.hash).ok()?);
        mined.extend(block.iter().flat_map(|block| &block.transactions).map(Transaction::hash));
    }
    let nonces: BTreeMap<Address, u64> = (world.ground().people.iter())
        .map(|person| {
            let account = reader.account(&person.address()).ok().flatten().unwrap_or_default();
            (person.address(), account.nonce.0)
        })
        .collect();
    let is_due = |at: u64| at + patience <= world.micros();
    let wrong = users.paid.iter().filter(|paid| {
        let Some(admitted) = paid.admitted.filter(|at| is_due(*at)) else { return false };
        let forgot = world.node(paid.node).lost_power.is_some();
        let is_superseded = forgot && nonces.get(&paid.sender).is_some_and(|nonce| paid.nonce.0 < *nonce);
        !mined.contains(&paid.hash) && !is_superseded && !world.lost_power_since(paid.node, admitted)
    });
    wrong
        .map(|paid| Violation::NotMined {
            hash: paid.hash,
            node: paid.node,
            minutes: (world.micros() - paid.at) / crate::lab::clock::MINUTE,
        })
        .take(3)
        .collect()
}
