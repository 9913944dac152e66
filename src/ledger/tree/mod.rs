//! The authenticated state: a map whose root names its whole contents.
//!
//! In principle a binary tree over the 256 bits of a key, in which empty subtrees and those of one leaf collapse (see
//! `node.rs` for the rule). In memory the upper levels are one flat table of nodes, and below each node of its last
//! level hangs a short sorted list of entries; so a change touches one list and the table above it, and a thousand
//! changes hash each node they share once. How deep the table is depends on how much the map holds, and the root on
//! none of this.

mod batch;
mod bucket;
mod node;
mod past;
mod proof;

use super::{Entry, StateKey, View};
use crate::crypto::Digest;
use crate::types::StateRoot;
use batch::{Batch, Promise};
use bucket::{Bucket, Slot};
pub(super) use node::Node;
use node::{join_many, leaf_digests};
pub(super) use past::Past;
pub use past::{Change, Changes, Overwritten};
pub use proof::{ProofError, StateProof};

/// Entries per list, on average, before the table grows by a level.
const LOAD_MAX: usize = 2;
/// Levels of the table, at most: beyond, lists grow into halves of their own.
const DEPTH_MAX: usize = 22;
/// Keys read ahead at once: few enough to stay in the nearest caches until they are used.
pub(super) const READ_AHEAD: usize = 64;
/// Levels of the table whose overwritten nodes are remembered, for proofs at earlier roots: above, a node covers so
/// much that computing its past again would take long; below, so little that it does not.
const REMEMBERED_LEVELS: usize = 12;

/// Keys of one slice of everything share so many bits.
const SLICE_BITS: usize = 8;

/// The root over all slices.
pub(super) fn root_over(mut slices: Vec<Node>) -> StateRoot {
    assert_eq!(slices.len(), 1 << SLICE_BITS, "one slice for each byte");
    while slices.len() > 1 {
        slices = slices.chunks_exact(2).map(|pair| Node::join(&pair[0], &pair[1])).collect();
    }
    StateRoot::from_bytes(slices[0].digest)
}

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
        let leaves = leaf_digests(entries.iter().map(|(key, entry)| (key, entry)));
        for ((key, entry), leaf) in entries.into_iter().zip(leaves) {
            tree.buckets[key.prefix(tree.depth)].put(Slot { key, leaf, entry }, tree.depth);
        }
        tree.table = vec![Node::EMPTY; 2 << tree.depth];
        let (promises, batch) = tree.promise_all();
        tree.hash_above(&promises, batch);
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

    /// Proves what stands, or that nothing stands, under `key` in the state before everything in `since`, oldest first;
    /// in the present one, where that is nothing.
    pub fn prove(&self, key: &StateKey, since: Vec<&Overwritten>) -> StateProof {
        StateProof::new(&Past::new(self, since), key)
    }

    /// Makes these changes, and answers with everything that they overwrote.
    ///
    /// # Panics
    /// When the changes are not sorted by key, each key once: they come from a map.
    pub fn apply(&mut self, changes: &[Change]) -> Overwritten {
        assert!(changes.is_sorted_by(|one, next| one.0 < next.0), "changes come sorted, each key once");
        let written = changes.iter().filter_map(|(key, entry)| entry.as_ref().map(|entry| (key, entry)));
        let mut leaves = leaf_digests(written).into_iter();
        let mut before = Vec::with_capacity(changes.len());
        let (mut batch, mut promises) = (Batch::default(), Vec::with_capacity(changes.len()));
        let depth = self.depth;
        let by_bucket: Vec<&[Change]> =
            changes.chunk_by(|(one, _), (next, _)| one.prefix(depth) == next.prefix(depth)).collect();
        for some in by_bucket.chunks(READ_AHEAD) {
            self.read_ahead(some.iter().map(|changes| &changes[0].0));
            for changes in some {
                let at = changes[0].0.prefix(depth);
                before.extend(
                    changes.iter().map(|(key, entry)| (*key, self.put(*key, entry.clone(), &mut leaves))),
                );
                promises.push((at, self.buckets[at].promise(depth, &mut batch)));
            }
        }
        let nodes = self.hash_above(&promises, batch);
        let overwritten = Overwritten::new(before, nodes, depth.min(REMEMBERED_LEVELS - 1));
        while self.len > LOAD_MAX << self.depth && self.depth < DEPTH_MAX {
            self.grow();
        }
        overwritten
    }

    /// Puts an entry, whose leaf is the next, under its key; or takes away what is there.
    fn put(
        &mut self,
        key: StateKey,
        entry: Option<Entry>,
        leaves: &mut impl Iterator<Item = Digest>,
    ) -> Option<Entry> {
        let bucket = &mut self.buckets[key.prefix(self.depth)];
        let before = match entry {
            Some(entry) => {
                self.len += 1;
                let leaf = leaves.next().expect("a leaf for each entry");
                bucket.put(Slot { key, leaf, entry }, self.depth)
            }
            None => bucket.take(&key, self.depth),
        };
        self.len -= usize::from(before.is_some());
        before
    }

    /// Reads what stands under these keys into the processor's caches; a few dozen at a time, shortly before use.
    ///
    /// Here no access waits for another, so many are under way at once; met one by one in the midst of other work,
    /// each would cost the whole way to memory.
    pub(super) fn read_ahead<'a>(&self, keys: impl Iterator<Item = &'a StateKey>) {
        let buckets = keys.map(|key| &self.buckets[key.prefix(self.depth)]);
        std::hint::black_box(buckets.fold(0, |sum, bucket| sum ^ bucket.touch()));
    }

    /// Writes the nodes over these buckets and hashes the table again above them, level by level; answers with the
    /// upper nodes that were there before.
    fn hash_above(&mut self, buckets: &[(usize, Promise)], batch: Batch) -> Vec<(u32, Node)> {
        let mut overwritten = Vec::new();
        let remember = |overwritten: &mut Vec<_>, table: &[Node], place: usize| {
            if place < 1 << REMEMBERED_LEVELS {
                overwritten.push((place as u32, table[place]));
            }
        };
        let hashed = batch.hash();
        let mut places = Vec::with_capacity(buckets.len());
        for (bucket, promise) in buckets {
            let place = (1 << self.depth) + bucket;
            remember(&mut overwritten, &self.table, place);
            self.table[place] = hashed.node(promise);
            places.push(place);
        }
        while places.first().is_some_and(|place| *place > 1) {
            places.iter_mut().for_each(|place| *place >>= 1);
            places.dedup();
            let (mut pairs, mut waiting) =
                (Vec::with_capacity(places.len()), Vec::with_capacity(places.len()));
            for &place in &places {
                remember(&mut overwritten, &self.table, place);
                let (left, right) = (&self.table[2 * place], &self.table[2 * place + 1]);
                match Node::join_unhashed(left, right) {
                    Some(node) => self.table[place] = node,
                    None => {
                        pairs.push([left.digest, right.digest]);
                        waiting.push(place);
                    }
                }
            }
            for (place, digest) in waiting.into_iter().zip(join_many(&pairs)) {
                self.table[place] = Node::inner(digest);
            }
        }
        overwritten
    }

    /// The nodes over all buckets.
    fn promise_all(&self) -> (Vec<(usize, Promise)>, Batch) {
        let mut batch = Batch::default();
        let promises = self.buckets.iter().map(|bucket| bucket.promise(self.depth, &mut batch));
        (promises.enumerate().collect(), batch)
    }

    /// Adds a level to the table. Every node that was there stays where it is.
    fn grow(&mut self) {
        let level = self.depth;
        let halves = std::mem::take(&mut self.buckets).into_iter().map(|bucket| bucket.split(level));
        self.buckets = halves.flat_map(|(left, right)| [left, right]).collect();
        self.depth += 1;
        self.table.resize(2 << self.depth, Node::EMPTY);
        let (promises, batch) = self.promise_all();
        let (first, hashed) = (1 << self.depth, batch.hash());
        for (place, promise) in promises {
            self.table[first + place] = hashed.node(&promise);
        }
    }

    /// Makes the root another than that of the entries, as damaged memory would.
    #[cfg(test)]
    pub(super) fn spoil_root(&mut self) {
        self.table[1].digest[0] ^= 1;
    }

    /// The node over all entries whose keys begin with this byte.
    pub(super) fn slice(&self, first_byte: u8) -> Node {
        let mut key = [0; 32];
        key[0] = first_byte;
        self.node_towards(&StateKey::from_bytes(key), SLICE_BITS)
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
