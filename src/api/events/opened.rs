//! Blocks as they are told of: read once for all who listen.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::api::view::FlowView;
use crate::node::{Cursor, ReadError, Reader, account_events};
use crate::storage::{Receipts, Step};
use crate::types::{Address, Block, BlockHash, Txid};

/// Blocks that are kept: what is new is told to everybody at about the same time. A stream keeps none itself.
const RECENTLY_MAX: usize = 4;

/// A block with all that is told of it.
pub struct Opened {
    /// The block.
    pub block: Block,
    /// The names of its transactions, in order.
    pub txids: Vec<Txid>,
    receipts: Receipts,
    concerned: OnceLock<Vec<(u32, Address)>>,
}

impl Opened {
    /// Reads a block that was put on; nothing where it was pruned.
    fn read(reader: &Reader, hash: &BlockHash) -> Result<Option<Self>, ReadError> {
        let (Some(block), Some(receipts)) = (reader.block(hash)?, reader.receipts(hash)?) else {
            return Ok(None);
        };
        let txids = block.transactions.iter().map(|transaction| transaction.body.txid()).collect();
        Ok(Some(Self { block, txids, receipts, concerned: OnceLock::new() }))
    }

    /// Everybody whom the block concerns, in the order in which it is told, and by which position in it.
    pub fn concerned(&self, step: &Step) -> &[(u32, Address)] {
        self.concerned.get_or_init(|| {
            let everybody = account_events(step, &self.block, Cursor::beginning(0), |_| true);
            let mut position = 0;
            let placed = everybody.into_iter().map(|event| {
                // They come in the order of the block: the coinbase first, which has no name.
                while event.txid.is_some_and(|txid| self.name(position) != Some(&txid)) {
                    position += 1;
                }
                (position, event.address)
            });
            placed.collect()
        })
    }

    fn name(&self, position: u32) -> Option<&Txid> {
        position.checked_sub(1).and_then(|index| self.txids.get(index as usize))
    }

    /// What the transaction at a position meant to an account, and its name; nothing for the coinbase.
    pub fn flow(&self, position: u32, address: &Address) -> Option<(Txid, FlowView)> {
        let index = position.checked_sub(1)?;
        let transaction = self.block.transactions.get(index as usize)?;
        let flow = FlowView::of(transaction, &self.receipts.receipt(index), address);
        Some((*self.name(position)?, flow))
    }
}

/// The blocks that were told of last.
#[derive(Default)]
pub struct Recently(Mutex<VecDeque<(BlockHash, Arc<Opened>)>>);

impl Recently {
    /// A block that was put on; nothing where it was pruned.
    pub fn open(&self, reader: &Reader, hash: &BlockHash) -> Result<Option<Arc<Opened>>, ReadError> {
        let find = |kept: &VecDeque<(BlockHash, Arc<Opened>)>| {
            kept.iter().find(|(name, _)| name == hash).map(|(_, opened)| Arc::clone(opened))
        };
        if let Some(found) = find(&self.0.lock()) {
            return Ok(Some(found));
        }
        let Some(opened) = Opened::read(reader, hash)?.map(Arc::new) else { return Ok(None) };
        let mut kept = self.0.lock();
        if find(&kept).is_none() {
            kept.truncate(RECENTLY_MAX - 1);
            kept.push_front((*hash, Arc::clone(&opened)));
        }
        Ok(Some(opened))
    }
}
