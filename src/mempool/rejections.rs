//! What was rejected, in groups by what makes it stale.

use std::collections::{HashMap, VecDeque};

use ahash::RandomState;

use super::{Rejection, Stale};
use crate::ledger::MapSeed;
use crate::types::TxHash;

/// Rejections that one event makes stale together. At the bound the oldest is forgotten.
#[derive(Clone, Debug)]
struct Group {
    reasons: HashMap<TxHash, Rejection, RandomState>,
    oldest_first: VecDeque<TxHash>,
    max: usize,
}

impl Group {
    fn new(seed: MapSeed, max: usize) -> Self {
        Self { reasons: HashMap::with_hasher(seed.hasher()), oldest_first: VecDeque::new(), max }
    }

    fn remember(&mut self, hash: TxHash, reason: Rejection) {
        if self.reasons.insert(hash, reason).is_none() {
            self.oldest_first.push_back(hash);
        }
        if self.oldest_first.len() > self.max
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.reasons.remove(&oldest);
        }
    }

    fn clear(&mut self) {
        self.reasons.clear();
        self.oldest_first.clear();
    }
}

/// All that is remembered of what was rejected.
#[derive(Clone, Debug)]
pub(super) struct Rejections {
    for_ever: Group,
    until_tip: Group,
    until_room: Group,
}

impl Rejections {
    pub fn new(seed: MapSeed, max: usize) -> Self {
        let group = || Group::new(seed, max);
        Self { for_ever: group(), until_tip: group(), until_room: group() }
    }

    pub fn remember(&mut self, hash: TxHash, reason: Rejection) {
        match reason.stale() {
            Stale::AtOnce => {}
            Stale::NextTip => self.until_tip.remember(hash, reason),
            Stale::Room => self.until_room.remember(hash, reason),
            Stale::Never => self.for_ever.remember(hash, reason),
        }
    }

    /// Why this was rejected, the reason that holds longest first.
    pub fn reason(&self, hash: &TxHash) -> Option<Rejection> {
        let groups = [&self.for_ever, &self.until_tip, &self.until_room];
        groups.into_iter().find_map(|group| group.reasons.get(hash).copied())
    }

    /// A tip came: other nonces, balances and heights hold, and blocks made room.
    pub fn tip_moved(&mut self) {
        self.until_tip.clear();
        self.until_room.clear();
    }

    /// The floor fell.
    pub fn room_made(&mut self) {
        self.until_room.clear();
    }

    pub fn len(&self) -> usize {
        [&self.for_ever, &self.until_tip, &self.until_room].map(|group| group.oldest_first.len()).iter().sum()
    }
}
