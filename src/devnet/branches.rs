//! Branches to order: blocks that are left, and reorganizations that are really mined.

use std::thread;
use std::time::Instant;

use super::error::DevnetError;
use super::network::DevnetHandle;
use super::orders::LOOK_EVERY;
use super::roster::living;
use crate::miner::{Maker, Unfinished};
use crate::node::RulingRefused;
use crate::types::{BlockHash, Height};

/// How long all nodes may take to come over to a heavier branch before whoever ordered it is told.
const FOLLOW_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(10);

/// A reorganization that was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reorganized {
    /// Which node mined the heavier branch.
    pub node: usize,
    /// How many blocks were left.
    pub depth: u32,
    /// The last block of the branch that was left.
    pub from: BlockHash,
    /// The last block of the one that is followed now.
    pub to: BlockHash,
}

impl DevnetHandle {
    /// Has a node mine a heavier branch from so many blocks below its tip, and all others that can be reached go over to it.
    /// What was in the blocks that are left waits again, and is mined in the new ones.
    ///
    /// # Errors
    /// When the chain is not so long, no such node runs, or blocks cannot be ordered here.
    pub fn reorganize(&self, depth: u32, node: Option<usize>) -> Result<Reorganized, DevnetError> {
        let (index, live) = self.one(node)?;
        // Nobody else mines meanwhile, or there would be no end to it.
        let turn = self.0.turn.lock();
        let reader = live.node.reader();
        let (from, height) = (reader.tip().hash, reader.tip().height);
        let lowest = height.0.checked_sub(depth).filter(|_| depth > 0);
        let lowest = lowest.and_then(|below| reader.header_at(Height(below + 1)));
        let lowest = lowest.ok_or(DevnetError::NotSoDeep { depth, height: height.0 })?.hash;
        let mut maker = Maker::new(live.node.clone(), self.0.ground.payout(index))?;
        pollster::block_on(live.node.invalidate(lowest))?;
        let made = maker.mine(depth as usize + 1);
        pollster::block_on(live.node.reconsider(lowest))?;
        made.map_err(|Unfinished { why, .. }| why)?;
        let to = live.node.reader().tip().hash;
        drop(turn);
        self.follow(index, &to);
        Ok(Reorganized { node: index, depth, from, to })
    }

    /// Waits until all that can be reached follow a block.
    fn follow(&self, from: usize, block: &BlockHash) {
        let (links, deadline) = (self.links(), Instant::now() + FOLLOW_TIME_MAX);
        let others: Vec<_> = living(&self.roster())
            .into_iter()
            .filter(|(index, _)| !links.is_cut(*index, from))
            .map(|(_, live)| live.node)
            .collect();
        while Instant::now() < deadline && !others.iter().all(|node| node.reader().is_followed(block)) {
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Has all nodes that run leave a block and what stands on it, or count it again.
    ///
    /// # Errors
    /// When no node knows it, or it cannot be left.
    pub fn rule(&self, block: BlockHash, counts: bool) -> Result<(), DevnetError> {
        let _turn = self.0.turn.lock();
        let (mut unknown, mut known) = (DevnetError::AllDown, false);
        for (_, live) in living(&self.roster()) {
            let done = match counts {
                true => pollster::block_on(live.node.reconsider(block)),
                false => pollster::block_on(live.node.invalidate(block)),
            };
            match done {
                Ok(_) => known = true,
                // A node that never heard of it has nothing to leave.
                Err(refused @ RulingRefused::Unknown(_)) => unknown = refused.into(),
                Err(refused) => return Err(refused.into()),
            }
        }
        if known { Ok(()) } else { Err(unknown) }
    }
}
