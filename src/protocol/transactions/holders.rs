//! Which peers have which transactions, as far as is known.
//!
//! There is one memory for all peers: most of what one has the others have too, so that each transaction is kept once, with
//! a bit for each peer, and not once for each. It forgets the oldest.
//!
//! # Security
//! Who offers very much that does not exist makes this forget sooner what others have. Those are then told of what they
//! have: once, since nothing is announced twice; and it costs whoever does it more bytes than it makes us send.

use std::collections::{BTreeMap, HashMap};

use ahash::RandomState;

use super::fingerprint;
use crate::ledger::MapSeed;
use crate::protocol::PeerId;
use crate::types::TxHash;

/// Transactions of which it is remembered who has them, at least; of older ones somebody may be told again. As many as one
/// table of 65,536 places holds.
pub(in crate::protocol) const REMEMBERED_MAX: usize = 57_344;
/// The latest of these, which are kept together: all that have to do with a transaction that is on its way look here.
const LATEST_MAX: usize = 896;
/// Peers in one row.
const ROW: usize = u64::BITS as usize;

/// Who has which transactions.
///
/// There are two generations. When the young one is full the old one is forgotten, so that nothing has to be put in order.
/// In front of them is a small one; it is complete, so what is in it is looked up nowhere else.
pub(super) struct Holders {
    hasher: RandomState,
    latest: Table,
    young: Table,
    old: Table,
    /// The place of each peer, and whether it was ever said to have anything.
    places: BTreeMap<PeerId, (usize, bool)>,
    /// So many rows hold all places that were ever taken.
    rows: usize,
}

/// A bit for each of 64 peers, by the fingerprint of a transaction and, added to it, the number of their row.
type Table = HashMap<u64, u64, RandomState>;

impl Holders {
    /// How many peers there are.
    pub fn peers(&self) -> usize {
        self.places.len()
    }

    /// Of how many transactions it is remembered who has them, over all rows of peers.
    pub fn len(&self) -> usize {
        self.latest.len() + self.young.len() + self.old.len()
    }

    /// How many these can be.
    pub fn max(&self) -> usize {
        self.rows * (LATEST_MAX + 2 * REMEMBERED_MAX)
    }

    pub fn new(seed: MapSeed) -> Self {
        let empty = || HashMap::with_hasher(seed.hasher());
        let (latest, young, old) = (empty(), empty(), empty());
        Self { hasher: seed.hasher(), latest, young, old, places: BTreeMap::new(), rows: 1 }
    }

    /// Somebody is there, who has nothing as far as is known.
    pub fn connected(&mut self, peer: PeerId) {
        self.disconnected(peer);
        let mut taken = vec![false; self.places.len() + 1];
        for (place, _) in self.places.values() {
            taken.get_mut(*place).into_iter().for_each(|taken| *taken = true);
        }
        let free = taken.iter().position(|taken| !taken).unwrap_or(taken.len());
        self.places.insert(peer, (free, false));
        self.rows = self.rows.max(free / ROW + 1);
    }

    /// Somebody is gone: another may have its place.
    pub fn disconnected(&mut self, peer: PeerId) {
        if let Some((place, true)) = self.places.remove(&peer) {
            let kept = !(1 << (place % ROW));
            // Another row's bit may be lost, too, which costs an offer.
            for table in [&mut self.latest, &mut self.young, &mut self.old] {
                table.retain(|_, bits| {
                    *bits &= kept;
                    *bits != 0
                });
            }
        }
    }

    /// Remembers that a peer has one; whether that was not known.
    pub fn insert(&mut self, peer: PeerId, hash: &TxHash) -> bool {
        let print = fingerprint(&self.hasher, hash);
        let Some((place, has_any)) = self.places.get_mut(&peer) else { return false };
        *has_any = true;
        let (row, bit) = (print.wrapping_add((*place / ROW) as u64), 1 << (*place % ROW));
        let Self { latest, young, old, .. } = self;
        let bits = latest.entry(row).or_insert_with(|| earlier(young, old, row));
        let is_known = *bits & bit != 0;
        *bits |= bit;
        if latest.len() >= LATEST_MAX * self.rows {
            self.put_by();
        }
        !is_known
    }

    /// Puts by what was the latest.
    fn put_by(&mut self) {
        for (row, bits) in self.latest.drain() {
            self.young.insert(row, bits);
            if self.young.len() >= REMEMBERED_MAX * self.rows {
                core::mem::swap(&mut self.young, &mut self.old);
                self.young.clear();
            }
        }
    }

    /// Those who do not have one, as far as is known, in the order of their numbers.
    pub fn without(&self, hash: &TxHash) -> Vec<PeerId> {
        let print = fingerprint(&self.hasher, hash);
        let in_row = |number: usize| {
            let row = print.wrapping_add(number as u64);
            self.latest.get(&row).copied().unwrap_or_else(|| earlier(&self.young, &self.old, row))
        };
        let rows: Vec<u64> = (0..self.rows).map(in_row).collect();
        let has = |place: usize| rows[place / ROW] & 1 << (place % ROW) != 0;
        self.places.iter().filter(|(_, (place, _))| !has(*place)).map(|(peer, _)| *peer).collect()
    }
}

/// What was put by of a row. What is in the young table was complete when it was put there.
fn earlier(young: &Table, old: &Table, row: u64) -> u64 {
    young.get(&row).or_else(|| old.get(&row)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u32) -> TxHash {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        TxHash::from_bytes(bytes)
    }

    #[test]
    fn what_one_has_is_known_of_it_and_of_nobody_else() {
        let mut holders = Holders::new(MapSeed([1; 4]));
        let peers: Vec<PeerId> = (0..200).map(PeerId).collect();
        peers.iter().for_each(|peer| holders.connected(*peer));
        for peer in &peers[..150] {
            assert!(holders.insert(*peer, &hash(1)));
            assert!(!holders.insert(*peer, &hash(1)), "it has it");
        }
        assert_eq!(holders.without(&hash(1)), peers[150..]);
        assert_eq!(holders.without(&hash(2)), peers);
    }

    #[test]
    fn who_takes_the_place_of_another_has_nothing() {
        let mut holders = Holders::new(MapSeed([1; 4]));
        (0..3).for_each(|peer| holders.connected(PeerId(peer)));
        (0..3).for_each(|peer| assert!(holders.insert(PeerId(peer), &hash(1))));
        holders.disconnected(PeerId(1));
        assert!(!holders.insert(PeerId(1), &hash(1)), "it is gone");
        holders.connected(PeerId(7));
        assert_eq!(holders.places[&PeerId(7)].0, 1);
        assert_eq!(holders.without(&hash(1)), [PeerId(7)]);
    }

    #[test]
    fn the_oldest_are_forgotten_and_no_more_than_two_generations_kept() {
        let mut holders = Holders::new(MapSeed([1; 4]));
        holders.connected(PeerId(1));
        for number in 0..3 * REMEMBERED_MAX as u32 {
            assert!(holders.insert(PeerId(1), &hash(number)));
            assert!(holders.latest.len() < LATEST_MAX);
            assert!(holders.young.len() + holders.old.len() < 2 * REMEMBERED_MAX);
        }
        let known = |number: u32| holders.without(&hash(number)).is_empty();
        assert!(known(3 * REMEMBERED_MAX as u32 - 1) && known(2 * REMEMBERED_MAX as u32) && !known(0));
    }
}
