//! What the machine and its node say, each in the other's words: for whoever stands between them.

use std::sync::Arc;

use crate::codec::encoded_len;
use crate::consensus::SoundBlock;
use crate::node::{
    BlockRefused, BlockVerdict, Fresh, NodeHandle, TransactionRefused, TransactionVerdict, Verdict,
};
use crate::protocol::{Compact, Input, JudgedBlock, JudgedTransaction, PeerId, TRANSACTIONS_BYTES_MAX};
use crate::types::{Height, Transaction, TxHash};

/// How many waiting transactions are looked at for a compact block, beyond four for each that it has. Most that are mined
/// stand near the top; the rest is asked for.
const LOOKED_AT_MIN: usize = 4096;

/// What the writer told.
pub fn told(fresh: Fresh) -> Input {
    match fresh {
        Fresh::Followed { headers, block } => Input::Grew { headers: headers.to_vec(), block },
        Fresh::Admitted(hashes) => Input::Admitted(hashes.to_vec()),
        Fresh::Returned(hashes) => Input::Returned(hashes.to_vec()),
    }
}

/// The tip as it is now, for whoever missed how it came to be that; nothing where it is gone again, or genesis.
pub fn present(node: &NodeHandle) -> Option<Input> {
    let (tip, context) = node.look(|chain, _| {
        let tip = chain.tip().clone();
        let context = chain.context_above(&tip.header.previous);
        (tip, context)
    });
    if tip.height == Height::GENESIS {
        return None;
    }
    let block = node.reader().block(&tip.hash).ok()??;
    // The node has checked it before.
    let checked = SoundBlock::examine(block, &context?, node.genesis().params()).ok()?.trust_signatures();
    Some(Input::Grew { headers: vec![tip.header], block: Arc::new(checked) })
}

/// Looks for a block's transactions among those that wait. The writer waits only while they are listed.
pub fn reconstruct(node: &NodeHandle, peer: PeerId, compact: Arc<Compact>) -> Input {
    let count = LOOKED_AT_MIN + 4 * compact.names.len();
    let waiting: Vec<_> = node
        .look(|_, pool| pool.ordered().take(count).map(|entry| Arc::clone(entry.transaction())).collect());
    let partial = Compact::clone(&compact).reconstruct(&waiting);
    Input::Reconstructed { peer, partial, compact }
}

/// What the machine is told of a verdict on a block.
pub fn judged_block(verdict: BlockVerdict) -> JudgedBlock {
    match verdict {
        Ok(Verdict::Known | Verdict::Side | Verdict::Followed { .. }) => JudgedBlock::Taken,
        Ok(Verdict::Orphan { .. }) => JudgedBlock::Orphan,
        Ok(Verdict::Early { .. }) => JudgedBlock::Early,
        Err(BlockRefused::Closed(_)) => JudgedBlock::Closed,
        Err(refused) => JudgedBlock::Refused { blame: refused.blame(), reason: refused.to_string() },
    }
}

/// What it is told of a verdict on a transaction.
pub fn judged_transaction(verdict: TransactionVerdict) -> JudgedTransaction {
    match verdict {
        Ok(_) => JudgedTransaction::Admitted,
        Err(TransactionRefused::Closed(_)) => JudgedTransaction::Closed,
        Err(refused) => JudgedTransaction::Refused { blame: refused.blame(), reason: refused.to_string() },
    }
}

/// The transactions that are here, as many as a message can hold, and what is left of the hashes.
pub fn gather(
    hashes: &[TxHash],
    find: impl Fn(&TxHash) -> Option<Transaction>,
) -> (Vec<Transaction>, &[TxHash]) {
    let (mut together, mut bytes) = (Vec::new(), 0);
    for (at, hash) in hashes.iter().enumerate() {
        let Some(transaction) = find(hash) else { continue };
        bytes += encoded_len(&transaction);
        if bytes > TRANSACTIONS_BYTES_MAX && !together.is_empty() {
            return (together, &hashes[at..]);
        }
        together.push(transaction);
    }
    (together, &[])
}
