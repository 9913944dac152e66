//! The headers, each knowing its parent. A parent always stands before its children, so one pass in order visits
//! every branch from its root.

use std::collections::{BTreeMap, BTreeSet};

use crate::consensus::Branch;
use crate::crypto::Digest;
use crate::types::{BlockHash, EffectiveTime, FirstDigits, Header, Height, Timestamp, Work};

/// What is known about one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderEntry {
    /// Its name.
    pub hash: BlockHash,
    /// Its 80 bytes.
    pub header: Header,
    /// How many blocks lie below it.
    pub height: Height,
    /// Work of the whole branch up to and with it.
    pub work: Work,
    /// E of the branch at it.
    pub effective_time: EffectiveTime,
    /// M of the branch at it: no child may be older.
    pub median_time: Timestamp,
    /// When its body came, all bodies below being here: bodies are numbered. Nothing while only the header is here.
    pub arrival: Option<u64>,
    /// Whether it may be followed.
    pub validity: Validity,
    pub(super) parent: Option<EntryId>,
    /// One further below, so that the way down is short; see [`Tree::ancestor`].
    skip: Option<EntryId>,
}

/// Whether a branch may be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// As far as we know.
    Valid,
    /// No: it broke a rule.
    Invalid,
    /// No: something below it broke a rule.
    AboveInvalid,
    /// No: an operator said so, which is nobody's fault.
    RuledOut,
    /// No: an operator said so of something below it.
    AboveRuledOut,
}

impl Validity {
    /// What it is above something of another validity.
    fn above(self, below: Self) -> Self {
        match (self, below) {
            (Self::Invalid, _) => Self::Invalid,
            (Self::RuledOut, Self::Valid | Self::RuledOut | Self::AboveRuledOut) => Self::RuledOut,
            (_, Self::Valid) => Self::Valid,
            (_, Self::Invalid | Self::AboveInvalid) => Self::AboveInvalid,
            (_, Self::RuledOut | Self::AboveRuledOut) => Self::AboveRuledOut,
        }
    }
}

impl HeaderEntry {
    /// Whether this block and all below it may be followed and have their bodies here.
    pub fn can_be_followed(&self) -> bool {
        self.arrival.is_some() && self.validity == Validity::Valid
    }
}

/// Where an entry stands; entries are never removed, so it stays good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId(u32);

#[derive(Clone, Debug)]
pub(super) struct Tree {
    entries: Vec<HeaderEntry>,
    /// By names as they are printed, so that those with the same first digits are neighbours. Ordered also so that nothing
    /// depends on the keys of a hash function.
    by_hash: BTreeMap<Digest, EntryId>,
    /// Those without a child.
    leaves: BTreeSet<EntryId>,
}

impl Tree {
    pub const ROOT: EntryId = EntryId(0);

    pub fn new(genesis: &Header) -> Self {
        let branch = Branch::genesis(genesis).expect("genesis was checked");
        let mut tree = Self { entries: Vec::new(), by_hash: BTreeMap::new(), leaves: BTreeSet::new() };
        let root = tree.insert(genesis.hash(), genesis, None, &branch);
        tree.entry_mut(root).arrival = Some(0);
        tree
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entry(&self, id: EntryId) -> &HeaderEntry {
        &self.entries[id.0 as usize]
    }

    pub fn entry_mut(&mut self, id: EntryId) -> &mut HeaderEntry {
        &mut self.entries[id.0 as usize]
    }

    pub fn find(&self, hash: &BlockHash) -> Option<EntryId> {
        self.by_hash.get(&printed(hash)).copied()
    }

    /// Those whose names, as they are printed, begin so.
    pub fn like(&self, digits: &FirstDigits) -> impl Iterator<Item = &HeaderEntry> {
        let (low, high) = digits.range();
        self.by_hash.range(low..=high).map(|(_, id)| self.entry(*id))
    }

    /// Every entry, parents before children.
    pub fn iter(&self) -> impl Iterator<Item = (EntryId, &HeaderEntry)> {
        (0..).map(EntryId).zip(&self.entries)
    }

    /// This entry and all below it, down to genesis.
    pub fn down_from(&self, id: EntryId) -> impl Iterator<Item = (EntryId, &HeaderEntry)> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let id = next?;
            let entry = self.entry(id);
            next = entry.parent;
            Some((id, entry))
        })
    }

    /// Those without a child, in the order in which they came.
    pub fn leaves(&self) -> impl DoubleEndedIterator<Item = &HeaderEntry> {
        self.leaves.iter().map(|id| self.entry(*id))
    }

    /// The entry at this height of the branch that ends in `id`; nothing above it.
    ///
    /// Every entry knows one further below besides its parent, at a height that follows from its own, so that the way down
    /// is no longer than a few times the logarithm of its length.
    pub fn ancestor(&self, id: EntryId, height: Height) -> Option<EntryId> {
        let mut at = id;
        let mut above = self.entry(id).height.0.checked_sub(height.0)?;
        while above > 0 {
            let entry = self.entry(at);
            let (skipped, next) = (skip_height(entry.height.0), skip_height(entry.height.0 - 1));
            // From the parent one may get further down than from here.
            let is_better_below = next + 2 < skipped && next >= height.0;
            at = match entry.skip {
                Some(skip) if skipped == height.0 || skipped > height.0 && !is_better_below => skip,
                Some(_) | None => entry.parent?,
            };
            above = self.entry(at).height.0 - height.0;
        }
        Some(at)
    }

    /// The last entry that two branches have in common.
    pub fn last_common(&self, one: EntryId, other: EntryId) -> EntryId {
        let is_common =
            |height: u32| self.ancestor(one, Height(height)) == self.ancestor(other, Height(height));
        let mut above = self.entry(one).height.min(self.entry(other).height).0 + 1;
        // Most branches are short: down in steps that double, then between the last two.
        let mut step = 1;
        let mut common = above - 1;
        while !is_common(common) {
            (above, common) = (common, common.saturating_sub(step));
            step *= 2;
        }
        while above - common > 1 {
            let middle = common + (above - common) / 2;
            if is_common(middle) { common = middle } else { above = middle }
        }
        self.ancestor(one, Height(common)).expect("it is no higher than either")
    }

    /// The branch that ends in this entry.
    pub fn branch_to(&self, id: EntryId) -> Branch {
        let HeaderEntry { height, work, effective_time, .. } = *self.entry(id);
        Branch::resume(height, work, effective_time, self.down_from(id).map(|(_, entry)| entry.header.time))
    }

    /// Adds a header with which its parent's branch is `branch`; without a parent, genesis.
    pub fn insert(
        &mut self,
        hash: BlockHash,
        header: &Header,
        parent: Option<EntryId>,
        branch: &Branch,
    ) -> EntryId {
        let below = parent.map_or(Validity::Valid, |parent| self.entry(parent).validity);
        let id = EntryId(u32::try_from(self.entries.len()).expect("fewer headers than heights"));
        let skip = parent.and_then(|parent| self.ancestor(parent, Height(skip_height(branch.height.0))));
        self.by_hash.insert(printed(&hash), id);
        self.leaves.insert(id);
        if let Some(parent) = parent {
            self.leaves.remove(&parent);
        }
        self.entries.push(HeaderEntry {
            hash,
            header: *header,
            height: branch.height,
            work: branch.work,
            effective_time: branch.effective_time,
            median_time: branch.median_time,
            arrival: None,
            validity: Validity::Valid.above(below),
            parent,
            skip,
        });
        id
    }

    /// Judges an entry, and brings what is above it in line: one pass over everything that came after it.
    pub fn judge(&mut self, id: EntryId, validity: Validity) {
        let below = self.entry(id).parent.map_or(Validity::Valid, |parent| self.entry(parent).validity);
        self.entry_mut(id).validity = validity.above(below);
        for at in id.0 as usize + 1..self.entries.len() {
            let Some(parent) = self.entries[at].parent else { continue };
            let below = self.entry(parent).validity;
            self.entries[at].validity = self.entries[at].validity.above(below);
        }
    }
}

/// The bytes of a block's name in the order in which it is printed.
fn printed(hash: &BlockHash) -> Digest {
    let mut bytes = *hash.as_bytes();
    bytes.reverse();
    bytes
}

/// The height to which an entry at this height has its second way down: that of an even one lacks its lowest bit.
fn skip_height(height: u32) -> u32 {
    let without_lowest_bit = |number: u32| number & number.saturating_sub(1);
    match height {
        0 | 1 => 0,
        odd if odd % 2 == 1 => without_lowest_bit(without_lowest_bit(odd - 1)) + 1,
        even => without_lowest_bit(even),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Bits, MerkleRoot};

    const ENTRIES: u32 = 3000;

    /// A tree in which most entries stand on one of the last few, and some on any.
    fn tree(mut seed: u64) -> Tree {
        let mut header = Header {
            version: 1,
            previous: BlockHash::ZERO,
            merkle_root: MerkleRoot::ZERO,
            time: Timestamp(1),
            bits: Bits(0x207f_ffff),
            nonce: 0,
        };
        let mut tree = Tree::new(&header);
        for nonce in 1..ENTRIES {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let drawn = (seed >> 33) as u32;
            let back = if drawn.is_multiple_of(50) { drawn / 50 % nonce } else { drawn / 50 % 3 };
            let parent = EntryId(nonce - 1 - back.min(nonce - 1));
            let mut branch = tree.branch_to(parent);
            branch.height = Height(branch.height.0 + 1);
            (header.previous, header.nonce) = (tree.entry(parent).hash, nonce);
            tree.insert(header.hash(), &header, Some(parent), &branch);
        }
        tree
    }

    #[test]
    fn short_way_down_leads_where_the_long_one_does() {
        let tree = tree(1);
        for (id, entry) in tree.iter() {
            for (at, below) in tree.down_from(id) {
                assert_eq!(tree.ancestor(id, below.height), Some(at));
            }
            assert_eq!(tree.ancestor(id, Height(entry.height.0 + 1)), None);
        }
    }

    #[test]
    fn last_common_entry_is_the_first_that_both_ways_down_meet() {
        let tree = tree(2);
        for (one, other) in (0..ENTRIES).map(|number| (EntryId(number), EntryId(number * 7919 % ENTRIES))) {
            let below: BTreeSet<EntryId> = tree.down_from(one).map(|(id, _)| id).collect();
            let expected = tree.down_from(other).find(|(id, _)| below.contains(id)).map(|(id, _)| id);
            assert_eq!(Some(tree.last_common(one, other)), expected);
        }
    }

    #[test]
    fn leaves_are_the_entries_that_none_stands_on() {
        let tree = tree(3);
        let parents: BTreeSet<EntryId> = tree.iter().filter_map(|(_, entry)| entry.parent).collect();
        let leaves = tree.iter().filter(|(id, _)| !parents.contains(id)).map(|(_, entry)| entry.hash);
        assert!(tree.leaves().map(|entry| entry.hash).eq(leaves));
        assert!(tree.leaves().count() > 10);
    }
}
