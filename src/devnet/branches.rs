//! Reorganizations to order, which are really mined.

use super::error::DevnetError;
use super::network::DevnetHandle;
use crate::types::{BlockHash, Height};

/// A reorganization that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reorganized {
    /// Which node mined the heavier branch.
    pub node: usize,
    /// How many blocks were left.
    pub depth: u32,
    /// The last block of the branch that was left.
    pub from: BlockHash,
    /// The last block of the one that is followed now.
    pub to: BlockHash,
    /// Nodes that could hear of it and have not gone over in time.
    pub behind: Vec<usize>,
}

impl DevnetHandle {
    /// Has a node mine a heavier branch from so many blocks below its tip, and all others that can be reached go over to it.
    /// What was in the blocks that are left waits again, and is mined in the new ones.
    ///
    /// # Errors
    /// When the chain is not so long, no such node runs, or blocks cannot be ordered here.
    pub fn reorganize(&self, depth: u32, node: Option<usize>) -> Result<Reorganized, DevnetError> {
        // Nobody else mines meanwhile, or there would be no end to it.
        let (turn, index, live) = self.turn(node)?;
        let reader = live.node.reader();
        let (from, height) = (reader.tip().hash, reader.tip().height);
        let lowest = height.0.checked_sub(depth).filter(|_| depth > 0);
        let lowest = lowest.and_then(|below| reader.header_at(Height(below + 1)));
        let lowest = lowest.ok_or(DevnetError::NotSoDeep { depth, height: height.0 })?.hash;
        let mut maker = self.maker(index, &live)?;
        let refused = DevnetError::ruling(index);
        // Before it leaves anything: one that ends on the way is told when it begins again, or it would never follow the others.
        self.note_rulings(|rulings| rulings.owe([index], lowest))?;
        let left = pollster::block_on(live.node.invalidate(lowest)).map_err(refused);
        let made = left.and_then(|_| {
            let made = maker.mine(depth as usize + 1);
            made.map_err(|unfinished| DevnetError::unfinished(index, &unfinished))
        });
        let counts = self.count(&live, lowest).map_err(refused);
        if counts.is_ok() {
            self.0.manifest.lock().rulings.settle(index, &lowest);
        }
        made.and(counts)?;
        let to = live.node.reader().tip().hash;
        drop(turn);
        Ok(Reorganized { node: index, depth, from, to, behind: self.spread(index, to) })
    }
}
