//! Where a checked block goes: on top, to the side, or to where the branch that is followed changes.

use std::sync::Arc;

use parking_lot::RwLockUpgradableReadGuard;

use super::checks::indexed;
use super::fresh::{FRESH_HEADERS_MAX, Fresh};
use super::inbox::CheckedAndIndexed;
use super::verdict::{BlockRefused, BlockVerdict, Verdict};
use super::writer::{Failed, Writer};
use crate::chain::{Placement, Plan};
use crate::consensus::{CheckedBlock, SoundBlock};
use crate::ledger::{Applied, LedgerError, Undo};
use crate::storage::{StorageError, Trace, arrival};
use crate::types::{BlockHash, Height};

/// How far below the tip a side branch may begin that has no more work than ours.
const SIDE_DEPTH_MAX: u32 = 144;

/// Whether a side branch may have a block at this height, whatever its work.
pub(super) fn is_near(height: Height, tip: Height) -> bool {
    height.0.saturating_add(SIDE_DEPTH_MAX) >= tip.0
}

pub(super) fn too_deep(height: Height, tip: Height) -> BlockRefused {
    BlockRefused::TooDeep { height, tip, depth_max: SIDE_DEPTH_MAX }
}

impl Writer {
    /// Places a block whose checks passed, and follows it where that makes its branch the best.
    ///
    /// The outer error is the disk's, after which nothing is taken in any more.
    pub(super) fn connect(&mut self, block: &CheckedAndIndexed) -> Result<BlockVerdict, Failed> {
        if let Err(refused) = self.check_depth(&block.block) {
            return Ok(Err(refused));
        }
        let placement = match self.shared.state.write().place(&block.block) {
            Ok(placement) => placement,
            Err(error) => return Ok(Err(error.into())),
        };
        match placement {
            Placement::Known => Ok(Ok(Verdict::Known)),
            Placement::Orphan { missing } => Ok(Ok(Verdict::Orphan { missing })),
            Placement::Side => {
                self.write_block(block)?;
                Ok(Ok(Verdict::Side))
            }
            Placement::Extends => self.extend(block),
            Placement::Reorganizes(plan) => {
                self.write_block(block)?;
                self.reorganize(&plan)
            }
        }
    }

    /// A block so deep on a branch of so little work is of no use to anybody, and would fill the disk for nothing. It was
    /// looked at when it came, but the tip may have moved since, or its header come before.
    fn check_depth(&self, block: &CheckedBlock) -> Result<(), BlockRefused> {
        let state = self.shared.state.read();
        let (tip, height) = (state.chain.tip(), block.height());
        if is_near(height, tip.height) || state.chain.has_body(&block.hash()) {
            return Ok(());
        }
        let leads_higher = state.chain.branch_tips().filter(|leaf| leaf.work > tip.work);
        let mut ancestors = leads_higher.filter_map(|leaf| state.chain.ancestor(&leaf.hash, height));
        if ancestors.any(|ancestor| ancestor.hash == block.hash()) {
            return Ok(());
        }
        Err(too_deep(height, tip.height))
    }

    /// Writes a placed block down.
    fn write_block(&mut self, block: &CheckedAndIndexed) -> Result<(), Failed> {
        self.group.open(self.shared.clocks.uptime());
        let location = self.store.block(block.block.block())?;
        let mut state = self.shared.state.write();
        let arrival = arrival(&state.chain, &block.block.hash()).expect("the block was placed");
        state.written[arrival].block = Some(location);
        self.group.arrivals.push(arrival);
        drop(state);
        self.recent.keep(block.clone());
        Ok(())
    }

    fn extend(&mut self, block: &CheckedAndIndexed) -> Result<BlockVerdict, Failed> {
        let hash = block.block.hash();
        // Written even if the ledger will refuse it: it was placed, and the numbers of placed blocks have no gaps.
        self.write_block(block)?;
        match self.apply(&block.block) {
            Err(error) => {
                self.shared.state.write().chain.reject(&hash);
                Ok(Err(error.into()))
            }
            Ok(applied) => {
                self.write_connected(block.clone(), &applied, true)?;
                self.shared.state.write().chain.activate(&hash);
                self.tell_followed(std::slice::from_ref(&block.block));
                Ok(Ok(Verdict::Followed { reverted: 0 }))
            }
        }
    }

    /// Applies a block to the ledger; readers are kept out only while entries change.
    fn apply(&mut self, block: &CheckedBlock) -> Result<Applied, LedgerError> {
        let state = self.shared.state.upgradable_read();
        let entry = state.chain.entry(&block.hash()).expect("the block was placed");
        let effective_time = entry.effective_time;
        let effects = state.ledger.effects(block)?;
        let mut state = RwLockUpgradableReadGuard::upgrade(state);
        Ok(state.ledger.enact(block, effects, effective_time))
    }

    fn write_connected(
        &mut self,
        block: CheckedAndIndexed,
        applied: &Applied,
        last: bool,
    ) -> Result<(), Failed> {
        let hash = block.block.hash();
        let trace = Trace::new(applied, &block.block, &self.shared.params);
        let written = self.store.connected(hash, &trace, last)?;
        self.recent.keep_undo(&applied.undo);
        let mut state = self.shared.state.write();
        let arrival = arrival(&state.chain, &hash).expect("the block was placed");
        state.written[arrival].connected = Some(written.location);
        self.group.arrivals.push(arrival);
        self.group.connect(block, written, Arc::clone(&applied.changes));
        Ok(())
    }

    /// Goes over to another branch; where a block on the way cannot be applied, comes back.
    ///
    /// Nothing of it is written before all of it is known to hold. A node that is told to stop leaves it where it is: the
    /// blocks are there, and the next start takes the same way.
    pub(super) fn reorganize(&mut self, plan: &Plan) -> Result<BlockVerdict, Failed> {
        let fork =
            self.shared.state.read().chain.entry(&plan.fork).map_or(Height::GENESIS, |entry| entry.height);
        if fork < self.shared.base {
            plan.connect.iter().take(1).for_each(|hash| self.shared.state.write().chain.pass_over(hash));
            return Ok(Err(BlockRefused::BelowBase { fork, base: self.shared.base }));
        }
        let mut undone = Vec::with_capacity(plan.disconnect.len());
        for hash in &plan.disconnect {
            self.check_stop()?;
            let block = self.block(hash)?;
            let undo = self.undo(&block.block)?;
            self.shared.state.write().ledger.revert(&undo);
            undone.push((block, undo));
        }
        let mut done: Vec<(CheckedAndIndexed, Applied)> = Vec::with_capacity(plan.connect.len());
        for hash in &plan.connect {
            self.check_stop()?;
            let block = self.block(hash)?;
            match self.apply(&block.block) {
                Ok(applied) => done.push((block, applied)),
                Err(error) => {
                    self.come_back(&undone, &done);
                    self.shared.state.write().chain.reject(hash);
                    return Ok(Err(error.into()));
                }
            }
        }
        let reverted = undone.len() as u32;
        self.group.open(self.shared.clocks.uptime());
        let last_is_off = done.is_empty();
        let off_count = undone.len();
        for (at, (block, undo)) in undone.into_iter().enumerate() {
            self.write_disconnected(block, &undo, last_is_off && at + 1 == off_count)?;
        }
        let count = done.len();
        let told = done.iter().skip(count.saturating_sub(FRESH_HEADERS_MAX));
        let told: Vec<Arc<CheckedBlock>> = told.map(|(block, _)| Arc::clone(&block.block)).collect();
        for (at, (block, applied)) in done.into_iter().enumerate() {
            self.write_connected(block, &applied, at + 1 == count)?;
        }
        let tip = plan.connect.last().unwrap_or(&plan.fork);
        self.shared.state.write().chain.activate(tip);
        self.tell_followed(&told);
        Ok(Ok(Verdict::Followed { reverted }))
    }

    /// Says that these were put on, lowest first. They are not synced: other nodes need not wait for our disk.
    fn tell_followed(&self, blocks: &[Arc<CheckedBlock>]) {
        let Some(last) = blocks.last() else { return };
        self.outlets.fresh.tell(|| Fresh::Followed {
            headers: blocks.iter().map(|block| *block.header()).collect(),
            block: Arc::clone(last),
        });
    }

    fn check_stop(&self) -> Result<(), Failed> {
        if self.shared.inbox.is_to_stop() { Err(Failed(StorageError::Ended)) } else { Ok(()) }
    }

    fn write_disconnected(
        &mut self,
        block: CheckedAndIndexed,
        undo: &Undo,
        last: bool,
    ) -> Result<(), Failed> {
        let written = self.store.disconnected(block.block.hash(), last)?;
        self.group.disconnect(block.block, written, Arc::clone(&undo.entries));
        Ok(())
    }

    /// Back to where a reorganization began.
    fn come_back(&mut self, undone: &[(CheckedAndIndexed, Undo)], done: &[(CheckedAndIndexed, Applied)]) {
        for (_, applied) in done.iter().rev() {
            self.shared.state.write().ledger.revert(&applied.undo);
        }
        for (block, _) in undone.iter().rev() {
            self.apply(&block.block).expect("what was applied before can be applied again");
        }
    }

    /// A placed block, as it was checked.
    fn block(&mut self, hash: &BlockHash) -> Result<CheckedAndIndexed, Failed> {
        if let Some(block) = self.recent.block(hash) {
            return Ok(block);
        }
        let missing = || StorageError::Contradiction(format!("block {hash} is not where it was written"));
        let (location, context) = {
            let state = self.shared.state.read();
            let location = state.written(hash).block;
            (location, state.chain.context_of(hash))
        };
        let block = self.shared.library.block(location.ok_or_else(missing)?)?;
        let sound = SoundBlock::examine(block, &context.ok_or_else(missing)?, &self.shared.params);
        Ok(indexed(sound.map_err(|_| missing())?.trust_signatures()))
    }

    /// How to take a block off that was put on.
    fn undo(&self, block: &CheckedBlock) -> Result<Undo, Failed> {
        let hash = block.hash();
        if let Some(undo) = self.recent.undo(&hash) {
            return Ok(undo);
        }
        let location = self.shared.state.read().written(&hash).connected;
        let missing = || StorageError::Contradiction(format!("block {hash} was not put on by any step"));
        Ok(self.shared.library.undo(location.ok_or_else(missing)?, block.block())?)
    }
}
