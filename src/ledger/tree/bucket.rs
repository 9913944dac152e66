//! The entries below one node of the table: a short sorted list, or, where too many share a prefix, two halves.

use super::super::{Entry, StateKey};
use super::batch::{Batch, Promise};
use super::node::Node;
use crate::crypto::Digest;

/// Entries of a sorted list before it splits.
///
/// # Security
/// Keys can be ground to share a prefix, and a change hashes its list again. With this bound a crowded list costs a
/// few dozen hashes, not as many as an attacker has put there.
const LIST_MAX: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub key: StateKey,
    pub leaf: Digest,
    pub entry: Entry,
}

#[derive(Clone, Debug)]
pub(super) enum Bucket {
    List(Vec<Slot>),
    Halves(Box<Halves>),
}

#[derive(Clone, Debug)]
pub(super) struct Halves {
    node: Node,
    left: Bucket,
    right: Bucket,
}

impl Bucket {
    pub const EMPTY: Self = Self::List(Vec::new());

    pub fn find(&self, key: &StateKey, level: usize) -> Option<&Slot> {
        match self {
            Self::List(slots) => slots.iter().find(|slot| slot.key == *key),
            Self::Halves(halves) => halves.side(key, level).find(key, level + 1),
        }
    }

    /// Puts a slot where its key belongs, and answers with the entry that was there.
    pub fn put(&mut self, slot: Slot, level: usize) -> Option<Entry> {
        match self {
            Self::List(slots) => {
                let before = put_into(slots, slot);
                if slots.len() > LIST_MAX {
                    *self = Self::halved(std::mem::take(slots), level);
                }
                before
            }
            Self::Halves(halves) => {
                let before = halves.side_mut(&slot.key, level).put(slot, level + 1);
                halves.refresh(level);
                before
            }
        }
    }

    /// Takes the slot of this key away, and answers with its entry.
    pub fn take(&mut self, key: &StateKey, level: usize) -> Option<Entry> {
        match self {
            Self::List(slots) => {
                let at = slots.binary_search_by(|slot| slot.key.cmp(key)).ok()?;
                Some(slots.remove(at).entry)
            }
            Self::Halves(halves) => {
                let before = halves.side_mut(key, level).take(key, level + 1);
                halves.refresh(level);
                before
            }
        }
    }

    fn halved(slots: Vec<Slot>, level: usize) -> Self {
        let (left, right) = Self::List(slots).split(level);
        let mut halves = Halves { node: Node::EMPTY, left, right };
        halves.refresh(level);
        Self::Halves(Box::new(halves))
    }

    /// Both halves of this bucket, for a table that grows by a level.
    pub fn split(self, level: usize) -> (Self, Self) {
        match self {
            Self::List(mut left) => {
                let right = left.split_off(left.partition_point(|slot| !slot.key.bit(level)));
                left.shrink_to_fit();
                (Self::bounded(left, level + 1), Self::bounded(right, level + 1))
            }
            Self::Halves(halves) => (halves.left, halves.right),
        }
    }

    fn bounded(slots: Vec<Slot>, level: usize) -> Self {
        if slots.len() > LIST_MAX { Self::halved(slots, level) } else { Self::List(slots) }
    }

    /// Reads a byte of every slot, so that all of them are near.
    pub fn touch(&self) -> u8 {
        match self {
            Self::List(slots) => {
                slots.iter().fold(0, |sum, slot| sum ^ slot.key.as_bytes()[0] ^ slot.leaf[31])
            }
            Self::Halves(_) => 0,
        }
    }

    /// The node over all slots, hashed with others.
    pub fn promise(&self, level: usize, batch: &mut Batch) -> Promise {
        match self {
            Self::List(slots) => fold(slots, level, batch),
            Self::Halves(halves) => Promise::Known(halves.node),
        }
    }

    fn node(&self, level: usize) -> Node {
        node_over(|batch| self.promise(level, batch))
    }

    /// The node at `target` on the way to `key`, this bucket standing at `level`.
    pub fn node_towards(&self, key: &StateKey, level: usize, target: usize) -> Node {
        match self {
            Self::Halves(halves) if level < target => {
                halves.side(key, level).node_towards(key, level + 1, target)
            }
            Self::Halves(halves) => halves.node,
            Self::List(slots) => {
                node_over(|batch| fold(sharing(slots, |slot| &slot.key, key, target), target, batch))
            }
        }
    }

    /// All slots, in the order of their keys.
    pub fn slots(&self) -> Box<dyn Iterator<Item = &Slot> + '_> {
        match self {
            Self::List(slots) => Box::new(slots.iter()),
            Self::Halves(halves) => Box::new(halves.left.slots().chain(halves.right.slots())),
        }
    }

    /// The slots that share the first `bits` bits with `key`.
    pub fn slots_sharing<'a>(
        &'a self,
        key: &'a StateKey,
        level: usize,
        bits: usize,
    ) -> Box<dyn Iterator<Item = &'a Slot> + 'a> {
        match self {
            Self::Halves(halves) if level < bits => {
                halves.side(key, level).slots_sharing(key, level + 1, bits)
            }
            Self::Halves(_) => self.slots(),
            Self::List(slots) => Box::new(sharing(slots, |slot| &slot.key, key, bits).iter()),
        }
    }
}

impl Halves {
    fn side(&self, key: &StateKey, level: usize) -> &Bucket {
        if key.bit(level) { &self.right } else { &self.left }
    }

    fn side_mut(&mut self, key: &StateKey, level: usize) -> &mut Bucket {
        if key.bit(level) { &mut self.right } else { &mut self.left }
    }

    fn refresh(&mut self, level: usize) {
        self.node = Node::join(&self.left.node(level + 1), &self.right.node(level + 1));
    }
}

fn put_into(slots: &mut Vec<Slot>, slot: Slot) -> Option<Entry> {
    match slots.binary_search_by(|other| other.key.cmp(&slot.key)) {
        Ok(at) => Some(std::mem::replace(&mut slots[at], slot).entry),
        Err(at) => {
            // Lists are short and many: room to grow would be most of the memory.
            slots.reserve_exact(1);
            slots.insert(at, slot);
            None
        }
    }
}

/// Those among sorted things whose keys share their first `bits` bits with `key`.
pub(super) fn sharing<'a, T>(
    sorted: &'a [T],
    key_of: impl Fn(&T) -> &StateKey,
    key: &StateKey,
    bits: usize,
) -> &'a [T] {
    let shares = |thing: &T| key_of(thing).shared_bits(key) >= bits;
    let start = sorted.partition_point(|thing| key_of(thing) < key && !shares(thing));
    let count = sorted[start..].partition_point(shares);
    &sorted[start..start + count]
}

fn node_over(promise: impl FnOnce(&mut Batch) -> Promise) -> Node {
    let mut batch = Batch::default();
    let promise = promise(&mut batch);
    batch.hash().node(&promise)
}

/// The node over sorted slots that share their first `level` bits.
fn fold(slots: &[Slot], level: usize, batch: &mut Batch) -> Promise {
    match slots {
        [] => Promise::Known(Node::EMPTY),
        [only] => Promise::Known(Node::leaf(only.leaf)),
        _ => {
            let (left, right) = slots.split_at(slots.partition_point(|slot| !slot.key.bit(level)));
            let (left, right) = (fold(left, level + 1, batch), fold(right, level + 1, batch));
            batch.join(left, right)
        }
    }
}
