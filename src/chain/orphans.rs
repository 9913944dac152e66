//! Things that wait for a block below them: a few, for a while.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::BlockHash;

/// Values keyed by a block, waiting for the block below; when there is no room, the oldest go.
///
/// # Security
/// Anybody can send blocks that stand on nothing. Count and bytes are bounded, so they cost a fixed amount of memory; but
/// what difficulty their branch asks is not known, so whoever fills this can push others out. Whoever keeps blocks here
/// makes sure that a body is its header's, by [`Block::merkle_root`](crate::types::Block::merkle_root): the first to come
/// under a hash stays, and anybody can send an honest header with another body.
#[derive(Clone, Debug)]
pub struct Orphans<T> {
    count_max: usize,
    bytes_max: usize,
    bytes: usize,
    next_age: u64,
    by_age: BTreeMap<u64, Orphan<T>>,
    age_of: BTreeMap<BlockHash, u64>,
    /// (block below, age)
    waiting: BTreeSet<(BlockHash, u64)>,
}

#[derive(Clone, Debug)]
struct Orphan<T> {
    hash: BlockHash,
    below: BlockHash,
    bytes: usize,
    value: T,
}

impl<T> Orphans<T> {
    /// Room for so many, and for so many bytes of them.
    pub fn new(count_max: usize, bytes_max: usize) -> Self {
        Self {
            count_max,
            bytes_max,
            bytes: 0,
            next_age: 0,
            by_age: BTreeMap::new(),
            age_of: BTreeMap::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.by_age.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    /// Bytes of those that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether this block waits.
    pub fn contains(&self, hash: &BlockHash) -> bool {
        self.age_of.contains_key(hash)
    }

    /// Keeps a block until the one `below` it comes; the oldest make room. One that waits already, or that would not
    /// fit alone, is not kept.
    pub fn insert(&mut self, hash: BlockHash, below: BlockHash, bytes: usize, value: T) {
        if self.contains(&hash) || bytes > self.bytes_max || self.count_max == 0 {
            return;
        }
        while self.by_age.len() >= self.count_max || self.bytes + bytes > self.bytes_max {
            let Some((&oldest, _)) = self.by_age.first_key_value() else { break };
            self.remove(oldest);
        }
        let age = self.next_age;
        self.next_age += 1;
        self.bytes += bytes;
        self.age_of.insert(hash, age);
        self.waiting.insert((below, age));
        self.by_age.insert(age, Orphan { hash, below, bytes, value });
    }

    /// Takes out all that wait for this block, oldest first.
    pub fn take_above(&mut self, below: &BlockHash) -> Vec<T> {
        let ages: Vec<u64> =
            self.waiting.range((*below, 0)..=(*below, u64::MAX)).map(|(_, age)| *age).collect();
        ages.into_iter().filter_map(|age| self.remove(age)).collect()
    }

    fn remove(&mut self, age: u64) -> Option<T> {
        let orphan = self.by_age.remove(&age)?;
        self.age_of.remove(&orphan.hash);
        self.waiting.remove(&(orphan.below, age));
        self.bytes -= orphan.bytes;
        Some(orphan.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u8) -> BlockHash {
        BlockHash::from_bytes([number; 32])
    }

    #[test]
    fn waiting_blocks_come_out_with_their_parent_oldest_first() {
        let mut orphans = Orphans::new(10, 100);
        orphans.insert(hash(2), hash(1), 1, "first");
        orphans.insert(hash(3), hash(1), 1, "second");
        orphans.insert(hash(4), hash(2), 1, "other");
        orphans.insert(hash(2), hash(1), 1, "again");
        assert_eq!(orphans.take_above(&hash(1)), ["first", "second"]);
        assert_eq!(orphans.take_above(&hash(1)), Vec::<&str>::new());
        assert!(orphans.contains(&hash(4)) && !orphans.contains(&hash(2)));
    }

    #[test]
    fn oldest_make_room_by_count_and_by_bytes() {
        let mut orphans = Orphans::new(3, 10);
        for number in 1..=4 {
            orphans.insert(hash(number), hash(0), 1, number);
        }
        assert_eq!(orphans.len(), 3);
        assert!(!orphans.contains(&hash(1)));
        orphans.insert(hash(9), hash(0), 9, 9);
        assert_eq!((orphans.len(), orphans.bytes()), (2, 10));
        orphans.insert(hash(10), hash(0), 11, 10);
        assert!(!orphans.contains(&hash(10)), "larger than all the room there is");
        assert_eq!(orphans.take_above(&hash(0)), [4, 9]);
        assert_eq!(orphans.bytes(), 0);
    }
}
