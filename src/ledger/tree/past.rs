//! The tree as it was a few blocks ago, seen through what has been overwritten since.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Entry, StateKey, View};
use super::StateTree;
use super::bucket::{Bucket, Slot, sharing};
use super::node::{Kind, Node, entry_digest, leaf_digest};
use crate::codec::List;

/// An entry to be put under a key, or taken away.
pub type Change = (StateKey, Option<Entry>);

/// Keys that one block can change: each takes bytes of the block, and there are not as many.
const CHANGES_MAX: usize = 1 << 22;

/// Changes sorted by key, each key once.
pub type Changes = List<Change, 0, CHANGES_MAX>;

/// What one set of changes overwrote: enough to take it back, and to see the tree as it was.
#[derive(Clone, Debug)]
pub struct Overwritten {
    /// What stood under each key, sorted.
    entries: Arc<Changes>,
    /// Nodes of the upper levels by their place in the table, sorted.
    nodes: Vec<(u32, Node)>,
    /// The last level whose nodes are among them.
    level_max: usize,
}

impl Overwritten {
    pub(super) fn new(entries: Vec<Change>, mut nodes: Vec<(u32, Node)>, level_max: usize) -> Self {
        nodes.sort_unstable_by_key(|(at, _)| *at);
        // It is kept for many blocks.
        nodes.shrink_to_fit();
        Self {
            entries: Arc::new(List::new(entries).expect("a block changes fewer keys than it has bytes")),
            nodes,
            level_max,
        }
    }

    /// What stood under each key that was changed, sorted: applying it takes the changes back.
    pub fn entries(&self) -> &Arc<Changes> {
        &self.entries
    }

    /// What stood under a key, if that was changed.
    fn entry(&self, key: &StateKey) -> Option<&Option<Entry>> {
        let found = self.entries.binary_search_by(|(other, _)| other.compare(key)).ok()?;
        Some(&self.entries[found].1)
    }

    fn sharing(&self, key: &StateKey, bits: usize) -> &[Change] {
        sharing(&self.entries, |(key, _)| key, key, bits)
    }

    fn node(&self, place: usize) -> Option<Node> {
        let found = self.nodes.binary_search_by_key(&place, |(at, _)| *at as usize).ok()?;
        Some(self.nodes[found].1)
    }
}

/// The tree before some sets of changes, given the tree after them.
pub(in crate::ledger) struct Past<'a> {
    tree: &'a StateTree,
    /// What was overwritten since, oldest first.
    since: Vec<&'a Overwritten>,
}

impl<'a> Past<'a> {
    pub fn new(tree: &'a StateTree, since: Vec<&'a Overwritten>) -> Self {
        Self { tree, since }
    }

    /// What stood under `key`.
    pub fn entry(&self, key: &StateKey) -> Option<Entry> {
        // The first change after that time remembers what stood there at that time.
        match self.since.iter().find_map(|overwritten| overwritten.entry(key)) {
            Some(before) => before.clone(),
            None => self.tree.entry(key),
        }
    }

    /// The node at `level` on the way to `key`, as it was.
    pub fn node_towards(&self, key: &StateKey, level: usize) -> Node {
        let Some(first) = self.since.iter().find(|overwritten| !overwritten.sharing(key, level).is_empty())
        else {
            return self.tree.node_towards(key, level);
        };
        if level <= first.level_max {
            let place = (1 << level) + key.prefix(level);
            return first.node(place).expect("every node above a change was remembered");
        }
        if level < self.tree.depth {
            let (left, right) = self.children(key, level);
            return Node::join(&left, &right);
        }
        let entries = self.entries_sharing(key, level).into_iter();
        let slots =
            entries.map(|(key, entry)| Slot { key, leaf: leaf_digest(&key, &entry_digest(&entry)), entry });
        Bucket::List(slots.collect()).node_towards(key, level, level)
    }

    fn children(&self, key: &StateKey, level: usize) -> (Node, Node) {
        let (own, other) =
            (self.node_towards(key, level + 1), self.node_towards(&key.flipped(level), level + 1));
        if key.bit(level) { (other, own) } else { (own, other) }
    }

    /// The entries that shared the first `bits` bits with `key`, as they were.
    pub fn entries_sharing(&self, key: &StateKey, bits: usize) -> BTreeMap<StateKey, Entry> {
        let now = self.tree.slots_sharing(key, bits);
        let mut entries: BTreeMap<StateKey, Entry> = now.map(|slot| (slot.key, slot.entry.clone())).collect();
        for (key, entry) in self.since.iter().rev().flat_map(|overwritten| overwritten.sharing(key, bits)) {
            match entry {
                Some(entry) => entries.insert(*key, entry.clone()),
                None => entries.remove(key),
            };
        }
        entries
    }

    /// Whether anything, one thing, or more stood at `level` on the way to `key`.
    pub fn kind_towards(&self, key: &StateKey, level: usize) -> Kind {
        self.node_towards(key, level).kind
    }
}
