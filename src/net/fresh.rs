//! What the writer has done, as the machine is told of it.

use std::sync::Arc;

use crate::consensus::SoundBlock;
use crate::node::{Fresh, NodeHandle};
use crate::protocol::Input;
use crate::types::Height;

/// What the writer told.
pub(super) fn told(fresh: Fresh) -> Input {
    match fresh {
        Fresh::Followed { headers, block } => Input::Grew { headers: headers.to_vec(), block },
        Fresh::Admitted(hashes) => Input::Admitted(hashes.to_vec()),
        Fresh::Returned(hashes) => Input::Returned(hashes.to_vec()),
    }
}

/// The tip as it is now, for whoever missed how it came to be that; nothing where it is gone again, or genesis.
pub(super) fn present(node: &NodeHandle) -> Option<Input> {
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
