//! Where transactions stood that were taken off lately: whoever waits for one to be mined again is told how that came.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::api::problem::Problem;
use crate::node::{Reader, Reorganization};
use crate::types::{BlockHash, Txid};

/// Reorganizations that are looked through.
const LOOKED_THROUGH_MAX: usize = 4;
/// Blocks of all of them that are looked through.
const BLOCKS_MAX: usize = 256;
/// Transactions that are remembered; of more, it is not told.
const REMEMBERED_MAX: usize = 20_000;

/// What the last reorganizations left. Their blocks are read once, however many wait and however often they look.
#[derive(Default)]
pub struct LeftBehind(Mutex<Option<Left>>);

struct Left {
    /// The step that ended the last of them.
    last: u64,
    /// Which step ended its reorganization, and which block was left, by transaction.
    stood: HashMap<Txid, (u64, BlockHash)>,
}

impl LeftBehind {
    /// The block that a transaction stood in, and the step that ended it.
    pub fn find(&self, reader: &Reader, txid: &Txid) -> Result<Option<(u64, BlockHash)>, Problem> {
        let changes = reader.reorganizations(LOOKED_THROUGH_MAX)?;
        let Some(last) = changes.first().map(|change| change.cursor.sequence) else { return Ok(None) };
        let mut kept = self.0.lock();
        let left = match kept.as_ref().filter(|left| left.last == last) {
            Some(left) => left,
            None => kept.insert(Left::read(reader, last, &changes)?),
        };
        Ok(left.stood.get(txid).copied())
    }
}

impl Left {
    fn read(reader: &Reader, last: u64, changes: &[Reorganization]) -> Result<Self, Problem> {
        let mut stood = HashMap::new();
        let left = changes
            .iter()
            .flat_map(|change| change.disconnected.iter().map(|hash| (change.cursor.sequence, *hash)));
        for (step, hash) in left.take(BLOCKS_MAX) {
            let room = REMEMBERED_MAX.saturating_sub(stood.len());
            if room == 0 {
                break;
            }
            let Some(block) = reader.block(&hash)? else { continue };
            for transaction in block.transactions.iter().take(room) {
                // Of more than one block, the one that was left last.
                stood.entry(transaction.body.txid()).or_insert((step, hash));
            }
        }
        Ok(Self { last, stood })
    }
}
