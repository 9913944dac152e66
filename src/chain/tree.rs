//! The headers, each knowing its parent. A parent always stands before its children, so one pass in order visits
//! every branch from its root.

use std::collections::BTreeMap;

use crate::consensus::Branch;
use crate::types::{BlockHash, EffectiveTime, Header, Height, Timestamp, Work};

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
    /// Ordered, so that nothing depends on the keys of a hash function.
    by_hash: BTreeMap<BlockHash, EntryId>,
}

impl Tree {
    pub const ROOT: EntryId = EntryId(0);

    pub fn new(genesis: &Header) -> Self {
        let branch = Branch::genesis(genesis).expect("genesis was checked");
        let mut tree = Self { entries: Vec::new(), by_hash: BTreeMap::new() };
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
        self.by_hash.get(hash).copied()
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

    pub fn leaves(&self) -> impl Iterator<Item = &HeaderEntry> {
        let mut has_child = vec![false; self.entries.len()];
        for parent in self.entries.iter().filter_map(|entry| entry.parent) {
            has_child[parent.0 as usize] = true;
        }
        self.entries.iter().zip(has_child).filter(|(_, has_child)| !has_child).map(|(entry, _)| entry)
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
        self.by_hash.insert(hash, id);
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
