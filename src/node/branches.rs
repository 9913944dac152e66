//! Which branches there are, and how the one that is followed has changed.

use std::collections::VecDeque;

use parking_lot::MutexGuard;

use super::events::{Cursor, NodeEvent};
use super::reader::{ReadError, Reader};
use super::shared::{STEPS_REMEMBERED, Shared};
use crate::chain::{HeaderEntry, Validity};
use crate::storage::{Sequence, StorageError};
use crate::types::{BlockHash, Height, Work};

/// Branches told of at most, besides the one that is followed; of more, those whose last header came last.
pub const BRANCHES_MAX: usize = 64;
/// Changes of the branch that are remembered; beyond it the oldest is forgotten.
pub const REORGANIZATIONS_MAX: usize = 64;
/// Blocks that all of these name together. Beyond it the oldest are forgotten; the last is kept whatever it names.
const REORGANIZED_BLOCKS_MAX: usize = 1 << 16;

/// A branch, by its last header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// Its last header.
    pub hash: BlockHash,
    /// Where that stands.
    pub height: Height,
    /// Work of the whole branch.
    pub work: Work,
    /// The last height that it has in common with the branch that is followed.
    pub fork: Height,
    /// What is known of it.
    pub status: BranchStatus,
}

/// What is known of a branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BranchStatus {
    /// It is followed.
    Followed,
    /// All its blocks are here, and none is known to break a rule.
    Complete,
    /// Bodies are missing, and no header is known to break a rule.
    HeadersOnly,
    /// It breaks a rule: its last block, or one below.
    Invalid,
    /// The operator, or what was pruned, keeps us from following it.
    RuledOut,
}

impl BranchStatus {
    fn of(last: &HeaderEntry) -> Self {
        match last.validity {
            Validity::Invalid | Validity::AboveInvalid => Self::Invalid,
            Validity::RuledOut | Validity::AboveRuledOut => Self::RuledOut,
            Validity::Valid if last.arrival.is_some() => Self::Complete,
            Validity::Valid => Self::HeadersOnly,
        }
    }
}

/// The branch that is followed was left for another, or for nothing where a block was condemned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reorganization {
    /// Where this leaves whoever has seen it.
    pub cursor: Cursor,
    /// What was taken off, from the old tip down.
    pub disconnected: Vec<BlockHash>,
    /// What was put on instead, upwards.
    pub connected: Vec<BlockHash>,
}

/// The last reorganizations, the oldest first.
#[derive(Default)]
pub(super) struct Reorganizations {
    last: VecDeque<Reorganization>,
    blocks: usize,
    /// Whether those before the start are among them: they are read when somebody asks.
    is_filled: bool,
}

impl Reorganizations {
    /// Takes note of an event, where it is one of these.
    pub fn note(&mut self, event: NodeEvent) {
        if let NodeEvent::Reorganized { cursor, disconnected, connected } = event {
            self.push(Reorganization { cursor, disconnected, connected });
        }
    }

    fn push(&mut self, one: Reorganization) {
        self.blocks += one.disconnected.len() + one.connected.len();
        self.last.push_back(one);
        while self.last.len() > REORGANIZATIONS_MAX
            || (self.blocks > REORGANIZED_BLOCKS_MAX && self.last.len() > 1)
        {
            let gone = self.last.pop_front();
            self.blocks -= gone.map_or(0, |gone| gone.disconnected.len() + gone.connected.len());
        }
    }

    /// Puts those before the start before those since.
    fn fill(&mut self, before: Self) {
        if !self.is_filled {
            let since = std::mem::replace(self, before);
            // One that a crash cut in two is whole among those before, and since there was only its end.
            let last = self.last.back().map_or(0, |one| one.cursor.sequence);
            let news = since.last.into_iter().filter(|one| one.cursor.sequence > last);
            news.for_each(|one| self.push(one));
            self.is_filled = true;
        }
    }
}

impl Shared {
    /// Those that began among the last steps before the start, from the journal.
    fn reorganizations_before_start(&self) -> Result<Reorganizations, StorageError> {
        let from = self.started_at.saturating_sub(STEPS_REMEMBERED as Sequence).max(self.first_sequence);
        let position = self.library.position_before(from)?;
        let (mut noted, mut change) = (Reorganizations::default(), Vec::new());
        // What is read first may be the end of a longer change.
        let mut is_whole = false;
        for written in self.library.steps(position, self.library.end()) {
            let step = written?.step;
            // What a crash cut off was finished right after the start.
            if step.sequence > self.started_at && change.is_empty() {
                break;
            }
            is_whole |= step.sequence == self.first_sequence + 1;
            change.push(step);
            if step.last {
                let event = NodeEvent::of(&change, self.epoch).filter(|_| is_whole);
                event.into_iter().for_each(|event| noted.note(event));
                change.clear();
                is_whole = true;
            }
        }
        Ok(noted)
    }
}

impl Reader {
    /// The branch that this reader sees, and then every other that is known, the one whose last header came last first; no
    /// more than [`BRANCHES_MAX`] of them. A header that stands on this reader's tip makes a branch of its own.
    pub fn branches(&self) -> Vec<Branch> {
        let state = self.shared.state.read();
        let (chain, tip) = (&state.chain, self.tip.hash);
        let branch = |last: &HeaderEntry, status: BranchStatus| {
            let HeaderEntry { hash, height, work, .. } = *last;
            let fork = chain.last_common(&hash, &tip).map_or(Height::GENESIS, |fork| fork.height);
            Branch { hash, height, work, fork, status }
        };
        let ours = chain.entry(&tip).map(|entry| branch(entry, BranchStatus::Followed));
        let others = chain.branch_tips().rev().filter(|last| last.hash != tip).take(BRANCHES_MAX);
        ours.into_iter().chain(others.map(|last| branch(last, BranchStatus::of(last)))).collect()
    }

    /// The last reorganizations up to this reader's tip, newest first; at most [`REORGANIZATIONS_MAX`]. They are kept in
    /// memory since the node was started; the first who asks waits until the last steps before that are read back. Of longer
    /// ago there are none here: whoever wants all of them follows [`Events`](super::Events) from the beginning.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn reorganizations(&self, max: usize) -> Result<Vec<Reorganization>, ReadError> {
        let noted = self.noted()?;
        let seen = noted.last.iter().rev().filter(|one| one.cursor.sequence <= self.tip.sequence);
        Ok(seen.take(max).cloned().collect())
    }

    /// The one of them that ended with this step.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn reorganization(&self, step: Sequence) -> Result<Option<Reorganization>, ReadError> {
        let noted = self.noted()?;
        let found = noted.last.iter().find(|one| one.cursor.sequence == step);
        Ok(found.filter(|_| step <= self.tip.sequence).cloned())
    }

    /// Those that are remembered, with those before the start.
    fn noted(&self) -> Result<MutexGuard<'_, Reorganizations>, ReadError> {
        let noted = &self.shared.reorganizations;
        let is_filled = noted.lock().is_filled;
        if !is_filled {
            let before = self.shared.reorganizations_before_start()?;
            noted.lock().fill(before);
        }
        Ok(noted.lock())
    }

    /// The cursor behind everything that led to this reader's tip, and nothing beyond.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.shared.epoch, sequence: self.tip.sequence, index: u32::MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reorganized(number: u64, blocks: usize) -> NodeEvent {
        NodeEvent::Reorganized {
            cursor: Cursor { epoch: 0, sequence: number, index: u32::MAX },
            disconnected: vec![BlockHash::ZERO; blocks],
            connected: Vec::new(),
        }
    }

    fn numbers(noted: &Reorganizations) -> Vec<u64> {
        noted.last.iter().map(|one| one.cursor.sequence).collect()
    }

    #[test]
    fn oldest_reorganizations_are_forgotten() {
        let mut noted = Reorganizations::default();
        let count = REORGANIZATIONS_MAX as u64 + 10;
        (0..count).for_each(|number| noted.note(reorganized(number, 1)));
        assert_eq!(numbers(&noted), (10..count).collect::<Vec<_>>());
        noted.note(reorganized(count, REORGANIZED_BLOCKS_MAX - 3));
        assert_eq!(numbers(&noted), (count - 3..=count).collect::<Vec<_>>());
        noted.note(reorganized(count + 1, 2 * REORGANIZED_BLOCKS_MAX));
        assert_eq!(numbers(&noted), [count + 1]);
    }
}
