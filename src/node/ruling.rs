//! Leaving a block, in a laboratory: neither it nor what stands on it is followed, until it is reconsidered.
//!
//! The journal has it before the branch is left. Where a crash comes between, the next start finds a tip that is ruled out,
//! and takes the same way; so it does where the database is made again. To everybody else it is a reorganization like any
//! other, though it may lead to less work.

use std::collections::BTreeSet;

use super::shared::{State, Tip};
use super::verdict::Closed;
use super::writer::{Failed, Writer};
use crate::chain::Validity;
use crate::storage::RULED_OUT_MAX;
use crate::types::{BlockHash, Height};

/// Why a block is not left, or does not count again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RulingRefused {
    /// Money is at stake.
    #[error(
        "blocks can be left by order in a laboratory alone, and the genesis of this chain says nothing of `lab`"
    )]
    NoLaboratory,
    /// It never came.
    #[error("block {0} is not known here: name one that came, on whatever branch")]
    Unknown(BlockHash),
    /// Without it nothing is left.
    #[error("genesis cannot be left: it is what this chain is")]
    Genesis,
    /// What stands there is for good.
    #[error(
        "block {block} does not stand above the one at height {base}, below which blocks were pruned here"
    )]
    BelowBase {
        /// The block.
        block: BlockHash,
        /// Where block data begins.
        base: Height,
    },
    /// It will not come back by this.
    #[error("block {0} broke a rule, or stands on one that did: nobody's word makes it count")]
    Broken(BlockHash),
    /// No more are remembered.
    #[error("{RULED_OUT_MAX} blocks are ruled out already: reconsider some of them")]
    TooMany,
    /// Nothing is taken in.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl Writer {
    /// Rules a block out, and goes over to the best branch without it. Answers with the tip that is followed then, when
    /// all of it is durable.
    pub(super) fn invalidate(&mut self, hash: &BlockHash) -> Result<Result<Tip, RulingRefused>, Failed> {
        if let Err(refused) = self.check_ruling(hash) {
            return Ok(Err(refused));
        }
        let state = self.shared.state.read();
        let (is_ruled_out, count) =
            (state.chain.ruled_out().any(|other| other == hash), state.chain.ruled_out().count());
        drop(state);
        if !is_ruled_out && count >= RULED_OUT_MAX {
            return Ok(Err(RulingRefused::TooMany));
        }
        if !is_ruled_out {
            self.group.open(self.shared.clocks.uptime());
            self.store.ruled_out(*hash)?;
            self.shared.state.write().chain.rule_out(hash);
            self.group.has_ruled = true;
        }
        self.follow_ruling().map(Ok)
    }

    /// Lets a block count again with all below and above it but these, and goes over to the best branch with them.
    pub(super) fn reconsider(
        &mut self,
        hash: &BlockHash,
        left: &BTreeSet<BlockHash>,
    ) -> Result<Result<Tip, RulingRefused>, Failed> {
        if let Err(refused) = self.check_ruling(hash) {
            return Ok(Err(refused));
        }
        let mut state = self.shared.state.write();
        let (stay, counting): (Vec<_>, Vec<_>) =
            state.chain.reconsider(hash).into_iter().partition(|block| left.contains(block));
        stay.iter().for_each(|block| state.chain.rule_out(block));
        drop(state);
        for block in counting {
            self.group.open(self.shared.clocks.uptime());
            self.store.reconsidered(block)?;
            self.group.has_ruled = true;
        }
        let validity = self.shared.state.read().chain.entry(hash).map(|entry| entry.validity);
        let tip = self.follow_ruling()?;
        match validity {
            Some(Validity::Invalid | Validity::AboveInvalid) => Ok(Err(RulingRefused::Broken(*hash))),
            _ => Ok(Ok(tip)),
        }
    }

    fn follow_ruling(&mut self) -> Result<Tip, Failed> {
        self.follow_best()?;
        self.settle()?;
        Ok(self.shared.state.read().tip)
    }

    fn check_ruling(&self, hash: &BlockHash) -> Result<(), RulingRefused> {
        if let Some(closed) = &self.closed {
            return Err(closed.clone().into());
        }
        if !self.shared.params.lab {
            return Err(RulingRefused::NoLaboratory);
        }
        check_place(&self.shared.state.read(), hash, self.shared.base)
    }
}

/// Refuses what is not above the block with which our data begins.
fn check_place(state: &State, hash: &BlockHash, base: Height) -> Result<(), RulingRefused> {
    let chain = &state.chain;
    let entry = chain.entry(hash).ok_or(RulingRefused::Unknown(*hash))?;
    if entry.height == Height::GENESIS {
        return Err(RulingRefused::Genesis);
    }
    let at_base = |found: Option<&crate::chain::HeaderEntry>| found.map(|entry| entry.hash);
    let stands_above = entry.height > base && at_base(chain.ancestor(hash, base)) == at_base(chain.at(base));
    if stands_above { Ok(()) } else { Err(RulingRefused::BelowBase { block: *hash, base }) }
}
