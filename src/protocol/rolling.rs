//! A memory that forgets the oldest.

use core::hash::Hash;
use std::collections::HashSet;

use ahash::RandomState;

use crate::ledger::MapSeed;

/// What was put in lately: at least the last `max`, and less than twice as many. It takes memory as it is used.
///
/// There are two generations. When the young one is full the old one is forgotten, so that nothing has to be put in order.
pub(super) struct Rolling<K> {
    young: HashSet<K, RandomState>,
    old: HashSet<K, RandomState>,
    max: usize,
}

impl<K: Eq + Hash> Rolling<K> {
    pub fn new(max: usize, seed: MapSeed) -> Self {
        Self { young: HashSet::with_hasher(seed.hasher()), old: HashSet::with_hasher(seed.hasher()), max }
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Puts one in; whether it was not there.
    pub fn insert(&mut self, key: K) -> bool {
        let fresh = !self.old.contains(&key);
        let fresh = self.young.insert(key) && fresh;
        if self.young.len() >= self.max {
            core::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        fresh
    }

    /// Takes one out; whether it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        // Both: it may have been put in again.
        self.young.remove(key) | self.old.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_no_more_than_two_generations_kept() {
        let contains = |memory: &Rolling<u32>, key| memory.young.contains(&key) || memory.old.contains(&key);
        let mut memory = Rolling::new(10, MapSeed([1; 4]));
        for key in 0..1000_u32 {
            assert!(memory.insert(key));
            assert!(!memory.insert(key), "it is there");
            assert!(memory.young.len() + memory.old.len() < 20);
            assert!(key < 10 || contains(&memory, key - 9), "the last ten are there");
        }
        assert!(!contains(&memory, 979));
        assert!(memory.remove(&999) && !memory.remove(&999) && !contains(&memory, 999));
    }
}
