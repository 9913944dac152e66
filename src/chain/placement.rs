//! Where a header or a block belongs, and which way to go from there.

use super::tree::{EntryId, Tree};
use super::{Chain, HeaderEntry, Validity};
use crate::consensus::{Blame, CheckedBlock, HeaderError, check_work};
use crate::types::{BlockHash, Header};

/// Where a block belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// It was here before.
    Known,
    /// A block below it is not here; this one has not been kept.
    Orphan {
        /// The lowest that is missing, as far as can be told.
        missing: BlockHash,
    },
    /// On a branch that has no more work than ours.
    Side,
    /// On top of our tip.
    Extends,
    /// On another branch, which now has more work than ours.
    Reorganizes(Plan),
}

/// What became of a block that was written down. Which branch to follow is not asked for each: that looks all the way down
/// to the branch that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// It was here before.
    Known,
    /// A block below it is not here.
    Orphan {
        /// The lowest that is missing, as far as can be told.
        missing: BlockHash,
    },
    /// It has its place now.
    New,
}

/// Where a header belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderPlacement {
    /// It was here before.
    Known,
    /// It is here now.
    New,
    /// The header below it is not here; this one has not been kept.
    Orphan {
        /// The header below it.
        missing: BlockHash,
    },
}

/// The way from the branch we follow to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The last block that both have.
    pub fork: BlockHash,
    /// What to take off, from our tip down.
    pub disconnect: Vec<BlockHash>,
    /// What to put on, upwards.
    pub connect: Vec<BlockHash>,
}

/// Why a header or a block has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It breaks a rule of headers.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It is known not to be valid, or stands on something that is not.
    #[error("block {0} is invalid, or stands on an invalid block")]
    Invalid(BlockHash),
    /// An operator ruled it out, or something below it.
    #[error("block {0}, or one below it, was ruled out here")]
    RuledOut(BlockHash),
}

impl ChainError {
    /// Whom it speaks against.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Header(error) => error.blame(),
            Self::Invalid(_) => Blame::Block,
            Self::RuledOut(_) => Blame::Nobody,
        }
    }
}

impl Chain {
    /// Adds a header whose body may come later.
    ///
    /// # Errors
    /// The rule that it broke. A broken header is not kept.
    pub fn accept_header(&mut self, header: &Header) -> Result<HeaderPlacement, ChainError> {
        // Looked up first: genesis is known and did no work.
        let hash = header.hash();
        if let Some(entry) = self.entry(&hash) {
            return refuse_invalid(entry, hash).map(|()| HeaderPlacement::Known);
        }
        check_work(&self.params, header)?;
        match self.tree.find(&header.previous) {
            None => Ok(HeaderPlacement::Orphan { missing: header.previous }),
            Some(parent) => self.insert(hash, header, parent).map(|_| HeaderPlacement::New),
        }
    }

    /// Finds the place of a block whose body is here, and keeps it there unless it is an orphan.
    ///
    /// A block comes in only above others that are here, so among branches of equal work the one is followed whose
    /// bodies were complete first. Nothing is connected yet: that is the ledger's, and then comes [`Chain::activate`]; or
    /// [`Chain::reject`], where the ledger refuses. Until one of them the block counts as one that can be followed.
    ///
    /// # Errors
    /// The rule that it broke above this branch.
    ///
    /// # Panics
    /// When the block was checked for another height than the one it stands at: for another branch, then.
    pub fn place(&mut self, block: &CheckedBlock) -> Result<Placement, ChainError> {
        let placement = match self.take_in(block.hash(), block.header())? {
            Recalled::Known => Placement::Known,
            Recalled::Orphan { missing } => Placement::Orphan { missing },
            Recalled::New => self.placement_of(self.tree.find(&block.hash()).expect("it has its place")),
        };
        if let Some(entry) = self.entry(&block.hash()).filter(|entry| entry.arrival.is_some()) {
            assert_eq!(block.height(), entry.height, "a block is checked for the branch it stands on");
        }
        Ok(placement)
    }

    /// [`Chain::place`] for a block that was placed before and written down: its header is enough. In the order in which
    /// they came, so that the same branch wins among equals.
    ///
    /// # Errors
    /// The rule that it broke above this branch: what was written down is damaged, or was never placed.
    pub fn recall(&mut self, header: &Header) -> Result<Recalled, ChainError> {
        self.accept_header(header)?;
        self.take_in(header.hash(), header)
    }

    fn take_in(&mut self, hash: BlockHash, header: &Header) -> Result<Recalled, ChainError> {
        let known = self.tree.find(&hash);
        if let Some(id) = known {
            let entry = self.tree.entry(id);
            refuse_invalid(entry, hash)?;
            if entry.arrival.is_some() {
                return Ok(Recalled::Known);
            }
        }
        let Some(parent) = self.tree.find(&header.previous) else {
            return Ok(Recalled::Orphan { missing: header.previous });
        };
        refuse_invalid(self.tree.entry(parent), hash)?;
        if let Some(missing) = self.lowest_without_body(parent) {
            return Ok(Recalled::Orphan { missing });
        }
        let id = match known {
            Some(id) => id,
            None => self.insert(hash, header, parent)?,
        };
        self.tree.entry_mut(id).arrival = Some(self.arrived.len() as u64);
        self.arrived.push(id);

        Ok(Recalled::New)
    }

    /// Which branch a new block is on.
    fn placement_of(&self, id: EntryId) -> Placement {
        let (entry, tip) = (self.tree.entry(id), self.tip());
        if entry.work <= tip.work {
            Placement::Side
        } else if entry.header.previous == tip.hash {
            Placement::Extends
        } else {
            Placement::Reorganizes(self.plan_to(id))
        }
    }

    fn insert(&mut self, hash: BlockHash, header: &Header, parent: EntryId) -> Result<EntryId, ChainError> {
        let below = self.tree.entry(parent);
        refuse_invalid(below, hash)?;
        let branch = self.tree.branch_to(parent).extend(header, &self.params)?;
        let id = self.tree.insert(hash, header, Some(parent), &branch);
        if self.ruled_out.contains(&hash) {
            self.tree.judge(id, Validity::RuledOut);
        }
        Ok(id)
    }

    fn lowest_without_body(&self, id: EntryId) -> Option<BlockHash> {
        let missing = self.tree.down_from(id).take_while(|(_, entry)| entry.arrival.is_none());
        missing.last().map(|(_, entry)| entry.hash)
    }

    fn plan_to(&self, id: EntryId) -> Plan {
        let mut connect: Vec<BlockHash> = Vec::new();
        let mut fork = id;
        for (at, entry) in self.tree.down_from(id) {
            fork = at;
            if self.is_active_id(at) {
                break;
            }
            connect.push(entry.hash);
        }
        connect.reverse();
        let above_fork = self.tree.entry(fork).height.0 as usize + 1;
        let disconnect = self.active[above_fork..].iter().rev().map(|id| self.tree.entry(*id).hash).collect();
        Plan { fork: self.tree.entry(fork).hash, disconnect, connect }
    }

    /// The way to the best branch whose bodies are here, or nothing where we follow it already.
    ///
    /// Most work wins; on a tie the branch that was complete first. Of two equal ones that is the one we follow, unless the
    /// other was ruled out meanwhile: so what was ruled out and reconsidered leaves no trace.
    pub fn plan(&self) -> Option<Plan> {
        let candidates = self.tree.iter().filter(|(_, entry)| entry.can_be_followed());
        let (best, _) = candidates.max_by_key(|(_, entry)| (entry.work, std::cmp::Reverse(entry.arrival)))?;
        (best != self.tip_id()).then(|| self.plan_to(best))
    }

    /// Follows the branch that ends in this block, once the ledger stands there.
    ///
    /// # Panics
    /// When the block is unknown, invalid, or without a body: the caller skipped [`Chain::place`].
    pub fn activate(&mut self, hash: &BlockHash) {
        let id = self.tree.find(hash).expect("a branch is followed only after it was placed");
        assert!(
            self.tree.entry(id).can_be_followed(),
            "a branch is followed only if it is valid and its bodies are here"
        );
        let joins: Vec<EntryId> =
            self.tree.down_from(id).map(|(at, _)| at).take_while(|at| !self.is_active_id(*at)).collect();
        let above_fork = self.tree.entry(id).height.0 as usize + 1 - joins.len();
        self.active.truncate(above_fork);
        self.active.extend(joins.into_iter().rev());
    }

    /// Condemns a block that broke a rule, and everything above it.
    ///
    /// Where we follow it, [`Chain::plan`] then leads away from it. Genesis cannot be condemned, and a block whose header is
    /// not here is not remembered: accept its header before its body is checked.
    pub fn reject(&mut self, hash: &BlockHash) {
        self.judge(hash, Validity::Invalid);
    }

    /// The same because an operator says so: whoever sends such a block is not to blame. It is remembered, whether its
    /// header is here or is yet to come.
    pub fn rule_out(&mut self, hash: &BlockHash) {
        if self.tree.find(hash) != Some(Tree::ROOT) {
            self.ruled_out.insert(*hash);
            self.pass_over(hash);
        }
    }

    /// The same for as long as this chain lives, because the branch cannot be followed from here.
    pub fn pass_over(&mut self, hash: &BlockHash) {
        // What broke a rule stays condemned for that.
        if self.entry(hash).is_some_and(|entry| entry.validity != Validity::Invalid) {
            self.judge(hash, Validity::RuledOut);
        }
    }

    /// Takes [`Chain::rule_out`] back, of a block and of all below and above it, so that it counts again. Answers with those
    /// that were ruled out by name. What broke a rule stays condemned.
    pub fn reconsider(&mut self, hash: &BlockHash) -> Vec<BlockHash> {
        let Some(id) = self.tree.find(hash) else { return Vec::new() };
        let is_related = |other: &&BlockHash| {
            let other = self.tree.find(other);
            other.is_some_and(|other| [id, other].contains(&self.tree.last_common(id, other)))
        };
        let related: Vec<BlockHash> = self.ruled_out.iter().filter(is_related).copied().collect();
        for hash in related.iter().chain([hash]) {
            self.ruled_out.remove(hash);
            if self.entry(hash).is_some_and(|entry| entry.validity == Validity::RuledOut) {
                self.judge(hash, Validity::Valid);
            }
        }
        related
    }

    /// What an operator ruled out by name.
    pub fn ruled_out(&self) -> impl Iterator<Item = &BlockHash> {
        self.ruled_out.iter()
    }

    fn judge(&mut self, hash: &BlockHash, validity: Validity) {
        if let Some(id) = self.tree.find(hash).filter(|id| *id != Tree::ROOT) {
            self.tree.judge(id, validity);
        }
    }
}

/// Refuses the block `offered` where this one, which it is or stands on, was refused.
fn refuse_invalid(entry: &HeaderEntry, offered: BlockHash) -> Result<(), ChainError> {
    match entry.validity {
        Validity::Valid => Ok(()),
        Validity::Invalid | Validity::AboveInvalid => Err(ChainError::Invalid(offered)),
        Validity::RuledOut | Validity::AboveRuledOut => Err(ChainError::RuledOut(offered)),
    }
}
