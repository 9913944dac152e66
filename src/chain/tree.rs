//! The headers, each knowing its parent. A parent always stands before its children, so one pass in order visits
//! every branch from its root.

use std::collections::BTreeMap;

use crate::consensus::{MEDIAN_WINDOW, Params, effective_time, median_time};
use crate::types::{BlockHash, EffectiveTime, Header, Height, Target, Timestamp, Work};

/// What is known about one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
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
    /// The how-manieth body that came, once all bodies below had come too; nothing while only the header is here.
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
    /// No: it broke a rule, or an operator ruled it out.
    Invalid,
    /// No: something below it is.
    AboveInvalid,
}

impl Entry {
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
    entries: Vec<Entry>,
    /// Ordered, so that nothing depends on the keys of a hash function.
    by_hash: BTreeMap<BlockHash, EntryId>,
}

impl Tree {
    pub const ROOT: EntryId = EntryId(0);

    pub fn new(genesis: &Header, params: &Params) -> Self {
        let root = Entry {
            hash: genesis.hash(),
            header: *genesis,
            height: Height::GENESIS,
            work: Target::from_bits(params.genesis_bits).expect("genesis was checked").work(),
            effective_time: EffectiveTime(0),
            median_time: genesis.time,
            arrival: Some(0),
            validity: Validity::Valid,
            parent: None,
        };
        Self { by_hash: BTreeMap::from([(root.hash, Self::ROOT)]), entries: vec![root] }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    pub fn entry_mut(&mut self, id: EntryId) -> &mut Entry {
        &mut self.entries[id.0 as usize]
    }

    pub fn find(&self, hash: &BlockHash) -> Option<EntryId> {
        self.by_hash.get(hash).copied()
    }

    /// Every entry, parents before children.
    pub fn iter(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        (0..).map(EntryId).zip(&self.entries)
    }

    /// This entry and all below it, down to genesis.
    pub fn branch(&self, id: EntryId) -> impl Iterator<Item = (EntryId, &Entry)> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let id = next?;
            let entry = self.entry(id);
            next = entry.parent;
            Some((id, entry))
        })
    }

    pub fn leaves(&self) -> impl Iterator<Item = &Entry> {
        let mut has_child = vec![false; self.entries.len()];
        for parent in self.entries.iter().filter_map(|entry| entry.parent) {
            has_child[parent.0 as usize] = true;
        }
        self.entries.iter().zip(has_child).filter(|(_, has_child)| !has_child).map(|(entry, _)| entry)
    }

    /// Adds a header whose rules hold above its parent; nothing at the end of all heights.
    pub fn insert(
        &mut self,
        hash: BlockHash,
        header: &Header,
        parent: EntryId,
        params: &Params,
    ) -> Option<EntryId> {
        let below = self.entry(parent);
        let height = below.height.next()?;
        let mut times = [header.time; MEDIAN_WINDOW];
        let mut count = 1;
        for (slot, (_, entry)) in times[1..].iter_mut().zip(self.branch(parent)) {
            *slot = entry.header.time;
            count += 1;
        }
        let median = median_time(&times[..count]);
        let own_work = Target::from_bits(header.bits).expect("header was checked").work();
        let entry = Entry {
            hash,
            header: *header,
            height,
            work: below.work.saturating_add(own_work),
            effective_time: effective_time(height, below.effective_time, below.median_time, median, params),
            median_time: median,
            arrival: None,
            validity: if below.validity == Validity::Valid {
                Validity::Valid
            } else {
                Validity::AboveInvalid
            },
            parent: Some(parent),
        };
        let id = EntryId(u32::try_from(self.entries.len()).expect("fewer headers than heights"));
        self.by_hash.insert(hash, id);
        self.entries.push(entry);
        Some(id)
    }

    /// Brings what is above invalid blocks in line with them, one pass up the tree.
    pub fn spread_validity(&mut self) {
        for at in 1..self.entries.len() {
            let Some(parent) = self.entries[at].parent else { continue };
            let below = self.entry(parent).validity;
            let entry = &mut self.entries[at];
            entry.validity = match (entry.validity, below) {
                (Validity::Invalid, _) => Validity::Invalid,
                (_, Validity::Valid) => Validity::Valid,
                (_, Validity::Invalid | Validity::AboveInvalid) => Validity::AboveInvalid,
            };
        }
    }
}
