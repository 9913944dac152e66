//! The authenticated state: a map whose root names its whole contents.
//!
//! In principle a binary tree over the 256 bits of a key, in which empty subtrees and those of one leaf collapse (see
//! `node.rs` for the rule). In memory the upper levels are one flat table of nodes, and below each node of its last
//! level hangs a short sorted list of entries; so a change touches one list and the table above it, and a thousand
//! changes hash each node they share once. How deep the table is depends on how much the map holds, and the root on
//! none of this.

mod bucket;
mod node;
mod past;
mod proof;

use super::{Entry, StateKey, View};
use crate::types::StateRoot;
use bucket::{Bucket, Slot};
use node::Node;
pub(super) use past::Past;
pub use past::{Change, Changes, Overwritten};
pub use proof::{ProofError, StateProof};

/// Entries per list, on average, before the table grows by a level.
const LOAD_MAX: usize = 4;
/// Levels of the table, at most: beyond, lists grow into halves of their own.
const DEPTH_MAX: usize = 22;
/// Levels of the table whose overwritten nodes are remembered, for proofs at earlier roots: above, a node covers so
/// much that computing its past again would take long; below, so little that it does not.
const REMEMBERED_LEVELS: usize = 12;

/// The map from keys to entries, and its root.
#[derive(Clone, Debug)]
pub struct StateTree {
    depth: usize,
    /// The root is at 1, the children of `i` at `2i` and `2i + 1`, the nodes over the buckets from `2^depth` on.
    table: Vec<Node>,
    buckets: Vec<Bucket>,
    len: usize,
}

impl Default for StateTree {
    fn default() -> Self {
        Self { depth: 0, table: vec![Node::EMPTY; 2], buckets: vec![Bucket::EMPTY], len: 0 }
    }
}

impl View for StateTree {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.buckets[key.prefix(self.depth)].find(key, self.depth).map(|slot| slot.entry.clone())
    }
}

impl StateTree {
    /// A tree of these entries, which need not be sorted; of two under one key the later one stands.
    pub fn new(mut entries: Vec<(StateKey, Entry)>) -> Self {
        entries.sort_by_key(|(key, _)| *key);
        entries.reverse();
        entries.dedup_by_key(|(key, _)| *key);
        entries.reverse();
        let mut tree = Self { len: entries.len(), ..Self::default() };
        while tree.len > LOAD_MAX << tree.depth && tree.depth < DEPTH_MAX {
            tree.depth += 1;
        }
        tree.buckets = vec![Bucket::EMPTY; 1 << tree.depth];
        for (key, entry) in entries {
            tree.buckets[key.prefix(tree.depth)].push(Slot::new(key, entry), tree.depth);
        }
        tree.table = vec![Node::EMPTY; 2 << tree.depth];
        tree.hash_buckets();
        for at in (1..1 << tree.depth).rev() {
            tree.join_at(at);
        }
        tree
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The name of everything in it.
    pub fn root(&self) -> StateRoot {
        StateRoot::from_bytes(self.table[1].digest)
    }

    /// All entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&StateKey, &Entry)> {
        self.buckets.iter().flat_map(|bucket| bucket.slots().map(|slot| (&slot.key, &slot.entry)))
    }

    /// Makes these changes, and answers with everything that they overwrote.
    ///
    /// # Panics
    /// When the changes are not sorted by key, each key once: they come from a map.
    pub fn apply(&mut self, changes: Vec<Change>) -> Overwritten {
        assert!(changes.is_sorted_by(|one, next| one.0 < next.0), "changes come sorted, each key once");
        let mut before = Vec::with_capacity(changes.len());
        let mut dirty: Vec<usize> = Vec::with_capacity(changes.len());
        for (key, entry) in changes {
            let at = key.prefix(self.depth);
            let (had, has) = (self.len, usize::from(entry.is_some()));
            let overwritten = self.buckets[at].put(key, entry, self.depth);
            self.len = had + has - usize::from(overwritten.is_some());
            before.push((key, overwritten));
            if dirty.last() != Some(&at) {
                dirty.push(at);
            }
        }
        let nodes = self.hash_dirty(dirty);
        let overwritten = Overwritten::new(before, nodes, self.depth.min(REMEMBERED_LEVELS - 1));
        while self.len > LOAD_MAX << self.depth && self.depth < DEPTH_MAX {
            self.grow();
        }
        overwritten
    }

    /// Hashes the table again above these buckets, level by level, and answers with the nodes that were there before.
    fn hash_dirty(&mut self, mut dirty: Vec<usize>) -> Vec<(u32, Node)> {
        let mut overwritten = Vec::new();
        for level in (0..=self.depth).rev() {
            let first = 1 << level;
            for place in &dirty {
                let at = first + place;
                if level < REMEMBERED_LEVELS {
                    overwritten.push((at as u32, self.table[at]));
                }
                if level == self.depth {
                    self.table[at] = self.buckets[*place].node(level);
                } else {
                    self.join_at(at);
                }
            }
            dirty.iter_mut().for_each(|place| *place >>= 1);
            dirty.dedup();
        }
        overwritten
    }

    fn join_at(&mut self, at: usize) {
        self.table[at] = Node::join(&self.table[2 * at], &self.table[2 * at + 1]);
    }

    fn hash_buckets(&mut self) {
        let first = 1 << self.depth;
        for (node, bucket) in self.table[first..].iter_mut().zip(&self.buckets) {
            *node = bucket.node(self.depth);
        }
    }

    /// Adds a level to the table. Every node that was there stays where it is.
    fn grow(&mut self) {
        let level = self.depth;
        let halves = std::mem::take(&mut self.buckets).into_iter().map(|bucket| bucket.split(level));
        self.buckets = halves.flat_map(|(left, right)| [left, right]).collect();
        self.depth += 1;
        self.table.resize(2 << self.depth, Node::EMPTY);
        self.hash_buckets();
    }

    /// The node at `level` on the way to `key`.
    fn node_towards(&self, key: &StateKey, level: usize) -> Node {
        if level <= self.depth {
            self.table[(1 << level) + key.prefix(level)]
        } else {
            self.buckets[key.prefix(self.depth)].node_towards(key, self.depth, level)
        }
    }

    /// The slots whose keys share the first `bits` bits with `key`.
    fn slots_sharing<'a>(
        &'a self,
        key: &'a StateKey,
        bits: usize,
    ) -> Box<dyn Iterator<Item = &'a Slot> + 'a> {
        if bits >= self.depth {
            return self.buckets[key.prefix(self.depth)].slots_sharing(key, self.depth, bits);
        }
        let spread = self.depth - bits;
        let first = key.prefix(bits) << spread;
        Box::new(self.buckets[first..first + (1 << spread)].iter().flat_map(Bucket::slots))
    }
}
