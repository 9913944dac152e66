//! Whether what people paid came to be, and soon.

use std::collections::{BTreeMap, HashMap};

use super::Violation;
use crate::lab::clock::{MINUTE, SECOND};
use crate::lab::world::{Paid, World};
use crate::node::Reader;
use crate::types::{Address, Height, Transaction, TxHash};

/// Violations that are told of: where one payment is not mined, many are not.
const TOLD_MAX: usize = 3;

/// What those who pay may rely on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promise {
    /// Since when nothing befalls the network.
    pub calm_since: u64,
    /// How long a payment takes at most from then, or from when a node took it in, until the block is found that holds it.
    pub within: u64,
    /// Until when blocks are found: what may be mined later is not looked at.
    pub mined_until: u64,
    /// Whether others sign for those who pay: then something else may stand in the place of what was paid.
    pub is_contested: bool,
}

/// What the chain says, as one of the nodes has it in the end.
struct Mined {
    reader: Reader,
    /// When the block was found that holds a payment.
    at: HashMap<TxHash, u64>,
    /// How many payments of each of the people are in the chain.
    nonces: BTreeMap<Address, u64>,
}

impl Mined {
    fn of(world: &World) -> Option<Self> {
        let reader = world.node(*world.running().first()?).handle()?.reader();
        let mut at = HashMap::new();
        for height in 1..=reader.tip().height.0 {
            let Some(entry) = reader.header_at(Height(height)) else { continue };
            let found = world.record.block(&entry.hash).map_or(0, |story| story.found);
            let block = reader.block(&entry.hash).ok().flatten();
            let hashes = block.iter().flat_map(|block| &block.transactions).map(Transaction::hash);
            at.extend(hashes.map(|hash| (hash, found)));
        }
        let nonce = |address: Address| {
            let account = reader.account(&address).ok().flatten().unwrap_or_default();
            (address, account.nonce.0)
        };
        let nonces = world.ground().people.iter().map(|person| nonce(person.address())).collect();
        Some(Self { reader, at, nonces })
    }

    /// From which nonce on nothing is promised to those of the people of whom something expired: they have to pay that anew
    /// before anything else of theirs is mined.
    fn gaps(&self, world: &World) -> BTreeMap<Address, u64> {
        let height = self.reader.tip().height;
        let paid = world.users().map_or(&[][..], |users| &users.paid);
        let is_over = |paid: &&Paid| paid.expiry.is_some_and(|expiry| expiry <= height);
        let mut gaps = BTreeMap::new();
        for paid in paid.iter().filter(is_over).filter(|paid| !self.at.contains_key(&paid.hash)) {
            let gap = gaps.entry(paid.sender).or_insert(paid.nonce.0);
            *gap = paid.nonce.0.min(*gap);
        }
        gaps
    }
}

impl Promise {
    /// Payments that were taken in so long ago, and are not mined, or were mined too late.
    ///
    /// Only what people pay of what they had from the start is promised to be mined: other money may be gone, with the block
    /// that it came from. And of that, not what its node lost with its power before it was mined: the pool is not
    /// synced, and its sender's wallet pays again. What it then pays may stand in the place of what others still had.
    pub(super) fn broken(&self, world: &World) -> Vec<Violation> {
        let (Some(users), Some(mined)) = (world.users(), Mined::of(world)) else { return Vec::new() };
        let gaps = mined.gaps(world);
        let all = users.paid.iter().filter(|paid| {
            let is_behind = gaps.get(&paid.sender).is_some_and(|gap| *gap <= paid.nonce.0);
            mined.nonces.contains_key(&paid.sender) && !is_behind
        });
        let broken = all.filter_map(|paid| {
            let admitted = paid.admitted?;
            let since = admitted.max(self.calm_since);
            match mined.at.get(&paid.hash) {
                // What a node forgot may have kept what others knew from being mined until it was paid anew.
                Some(_) if admitted < self.calm_since && world.node(paid.node).lost_power.is_some() => None,
                Some(found) => self.is_late(paid, since, *found),
                None if since + self.within > self.mined_until => None,
                None if self.is_excused(world, &mined, paid, admitted) => None,
                None => Some(Violation::NotMined {
                    hash: paid.hash,
                    node: paid.node,
                    minutes: (world.micros() - paid.at) / MINUTE,
                }),
            }
        });
        broken.take(TOLD_MAX).collect()
    }

    fn is_late(&self, paid: &Paid, since: u64, found: u64) -> Option<Violation> {
        let took = found.saturating_sub(since);
        let (seconds, max) = (took / SECOND, self.within / SECOND);
        (took > self.within).then_some(Violation::Late { hash: paid.hash, node: paid.node, seconds, max })
    }

    /// Whether a payment may be gone that is not mined.
    fn is_excused(&self, world: &World, mined: &Mined, paid: &Paid, admitted: u64) -> bool {
        let may_be_superseded = self.is_contested || world.node(paid.node).lost_power.is_some();
        let is_superseded = mined.nonces.get(&paid.sender).is_some_and(|nonce| paid.nonce.0 < *nonce);
        (may_be_superseded && is_superseded) || world.lost_power_since(paid.node, admitted)
    }
}
