//! Blocks that stand on something that nobody has.

use super::villain::{Mischief, nowhere, one, tell};
use crate::codec::List;
use crate::lab::shadow::Shadow;
use crate::lab::world::Stage;
use crate::protocol::{Compact, Message, PeerId};
use crate::types::StateRoot;

/// Sends blocks without end whose parents nobody has: named, and whole where somebody asks for more.
pub struct OrphanFlood {
    /// How many each time, to each.
    pub blocks: usize,
    /// A node whose chain it reads.
    pub model: usize,
    shadow: Option<Shadow>,
}

impl OrphanFlood {
    /// So many each time, made in the likeness of what this node follows.
    pub fn new(blocks: usize, model: usize) -> Self {
        Self { blocks, model, shadow: None }
    }
}

impl Mischief for OrphanFlood {
    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let shadow = self.shadow.get_or_insert_with(|| Shadow::new(stage.ground, None, stage.draws));
        shadow.set_time(stage.now);
        let Some(mut block) = super::blocks::next(shadow, stage, self.model) else { return };
        for _ in 0..self.blocks {
            block.header.previous = nowhere(stage);
            block.commitments.state = StateRoot::from_bytes(stage.draws.bytes());
            block.header.merkle_root = block.merkle_root();
            tell(stage, peers, &Message::from(Compact::of(&block)));
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        match message {
            // Who would show headers that do not hang together were banned for it.
            Message::GetHeaders(_) => stage.send(peer, &Message::Headers(List::default())),
            Message::GetBlocks(hashes) => {
                for hash in hashes {
                    stage.send(peer, &Message::Missing(one(*hash)));
                }
            }
            _ => {}
        }
    }
}
