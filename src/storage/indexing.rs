//! Making the indexes from the journal, some blocks at a time.

use std::sync::Arc;

use super::StorageError;
use super::index::BlockIndex;
use super::library::Library;
use super::records::{Move, Sequence};
use super::tables::IndexMark;
use crate::types::BlockHash;

/// Blocks that are indexed together, and their entries, at most: beyond, memory would grow and nothing be gained.
const BLOCKS_MAX: usize = 4096;
const ENTRIES_MAX: usize = 1 << 18;

/// What indexing asks of whoever knows the chain.
pub trait Indexed {
    /// The entries of a block that was put on once.
    ///
    /// # Errors
    /// When it cannot be read.
    fn index_of(&self, block: &BlockHash) -> Result<Arc<BlockIndex>, StorageError>;

    /// The block below.
    fn below(&self, block: &BlockHash) -> Option<BlockHash>;
}

/// The entries of the blocks that were put on after a mark, up to the step `last` or until it is enough; and the mark
/// they lead to.
///
/// # Errors
/// When the journal cannot be read.
pub fn index_from(
    library: &Library,
    from: IndexMark,
    last: Sequence,
    blocks: &impl Indexed,
) -> Result<(BlockIndex, IndexMark), StorageError> {
    let (mut entries, mut mark) = (BlockIndex::default(), from);
    for written in library.steps(from.position, library.end()).take(BLOCKS_MAX) {
        let written = written?;
        if written.step.sequence > last || entries.len() >= ENTRIES_MAX {
            break;
        }
        let block = written.step.block;
        let top = match written.step.moved {
            Move::Connected => {
                entries.add(&*blocks.index_of(&block)?);
                block
            }
            Move::Disconnected => blocks.below(&block).unwrap_or(block),
        };
        mark = IndexMark { sequence: written.step.sequence, position: written.location.end(), block: top };
    }
    Ok((entries, mark))
}
