//! The ledger as it was a little while ago.
//!
//! Whoever reads while blocks come pins a [`Moment`] and goes on seeing what was true then. The state is not copied for
//! that: each step, a block applied or taken back, remembers what it overwrote, and a reader looks through what was
//! overwritten since its moment before it looks at what stands there now.

use std::collections::VecDeque;

use super::tree::Past;
use super::{BalanceProof, Entry, Ledger, Opening, Overwritten, StateKey, View};
use crate::types::{Address, BlockHash};

/// Blocks for whose headers proofs can be made.
pub const PROVABLE_BLOCKS_MAX: usize = 64;

/// Steps that are remembered, blocks applied and blocks taken back; beyond, the oldest are forgotten, and with them every
/// moment before. After a deep reorganization fewer blocks can be proven until as many were applied again.
const STEPS_MAX: usize = 4 * PROVABLE_BLOCKS_MAX;

/// A moment in the life of one ledger: how many steps it had taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment(u64);

/// The last steps of a ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    /// Number of the first that is remembered.
    first: u64,
    steps: VecDeque<Step>,
    /// Numbers of those that applied a block which still is.
    standing: VecDeque<u64>,
    /// The moment that readers are given now: nothing from there on is forgotten.
    pinned: Option<u64>,
}

#[derive(Clone, Debug)]
struct Step {
    overwritten: Overwritten,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// A block with this opening was applied, and taken back in the step of that number.
    Applied { opening: Box<Opening>, until: Option<u64> },
    /// A block was taken back.
    Reverted,
}

impl Steps {
    fn next(&self) -> u64 {
        self.first + self.steps.len() as u64
    }

    /// A block was applied.
    pub fn applied(&mut self, opening: Opening, overwritten: Overwritten) {
        self.standing.push_back(self.next());
        self.push(Step { overwritten, what: What::Applied { opening: Box::new(opening), until: None } });
    }

    /// The block applied last was taken back.
    pub fn reverted(&mut self, overwritten: Overwritten) {
        let now = self.next();
        if let Some(number) = self.standing.pop_back() {
            let at = (number - self.first) as usize;
            if let What::Applied { until, .. } = &mut self.steps[at].what {
                *until = Some(now);
            }
        }
        self.push(Step { overwritten, what: What::Reverted });
    }

    fn push(&mut self, step: Step) {
        self.steps.push_back(step);
        while (self.standing.len() > PROVABLE_BLOCKS_MAX || self.steps.len() > STEPS_MAX)
            && self.pinned.is_none_or(|pinned| self.first < pinned)
        {
            self.steps.pop_front();
            self.first += 1;
            while self.standing.front().is_some_and(|number| *number < self.first) {
                self.standing.pop_front();
            }
        }
    }

    /// Everything that was overwritten from a step on.
    fn overwritten_from(&self, number: u64) -> Vec<&Overwritten> {
        let at = number.saturating_sub(self.first) as usize;
        self.steps.range(at..).map(|step| &step.overwritten).collect()
    }
}

/// A ledger as it was at one moment.
pub struct LedgerAt<'a> {
    ledger: &'a Ledger,
    moment: Moment,
    past: Past<'a>,
}

impl View for LedgerAt<'_> {
    fn entry(&self, key: &StateKey) -> Option<Entry> {
        self.past.entry(key)
    }
}

impl LedgerAt<'_> {
    /// Proves what an account had below the block with this header, which must be one of the last
    /// [`PROVABLE_BLOCKS_MAX`] that were applied at this moment.
    ///
    /// The newest state that can be proven is the one below the tip: nothing commits to the tip's own state yet.
    pub fn prove_balance(&self, address: &Address, header: &BlockHash) -> Option<BalanceProof> {
        let Moment(moment) = self.moment;
        let steps = &self.ledger.steps;
        let stood = |(number, step): (u64, &Step)| match &step.what {
            What::Applied { opening, until } => {
                let stood = number < moment && until.is_none_or(|until| until >= moment);
                (stood && opening.header.hash() == *header).then(|| (number, opening.clone()))
            }
            What::Reverted => None,
        };
        let (number, opening) = (steps.first..).zip(&steps.steps).find_map(stood)?;
        let since = steps.overwritten_from(number);
        let path = self.ledger.tree.prove(&StateKey::account(address), since);
        Some(BalanceProof { opening: *opening, path })
    }
}

impl LedgerAt<'_> {
    /// All entries whose keys begin with this byte: a part of everything that is small enough to be looked at in one go.
    pub fn slice(&self, first_byte: u8) -> impl Iterator<Item = (StateKey, Entry)> {
        let mut key = [0; 32];
        key[0] = first_byte;
        self.past.entries_sharing(&StateKey::from_bytes(key), 8).into_iter()
    }
}

impl Ledger {
    /// Now.
    pub fn moment(&self) -> Moment {
        Moment(self.steps.next())
    }

    /// Forgets nothing from this moment on, until told again: it is the one that readers are given.
    pub fn pin(&mut self, moment: Moment) {
        self.steps.pinned = Some(moment.0);
    }

    /// The ledger as it was at an earlier moment; nothing where that is forgotten.
    pub fn at(&self, moment: Moment) -> Option<LedgerAt<'_>> {
        let Moment(number) = moment;
        let known = (self.steps.first..=self.steps.next()).contains(&number);
        known.then(|| LedgerAt {
            ledger: self,
            moment,
            past: Past::new(&self.tree, self.steps.overwritten_from(number)),
        })
    }

    /// [`LedgerAt::prove_balance`] as of now.
    pub fn prove_balance(&self, address: &Address, header: &BlockHash) -> Option<BalanceProof> {
        self.at(self.moment())?.prove_balance(address, header)
    }
}
