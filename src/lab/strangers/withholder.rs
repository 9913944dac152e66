//! Announcing what is then not handed over.

use std::collections::BTreeSet;

use super::villain::{Mischief, one};
use crate::lab::world::Stage;
use crate::protocol::{Compact, Message, PeerId};
use crate::types::BlockHash;

/// Tells of every new block before others can, and hands over none.
///
/// # Security
/// It costs nothing: the block is another's. Whoever asks for it here does not get it from those who have it, until it has
/// waited long enough.
#[derive(Default)]
pub struct Withholder {
    /// Whether it sends them named, with names for which there are no transactions; else their headers.
    pub is_named: bool,
    /// Blocks of which it told.
    told: BTreeSet<BlockHash>,
    peers: BTreeSet<PeerId>,
}

impl Withholder {
    /// One that tells of headers, or of blocks.
    pub fn new(is_named: bool) -> Self {
        Self { is_named, ..Self::default() }
    }

    fn pass_on(&mut self, stage: &mut Stage<'_>, from: PeerId, message: &Message, hash: BlockHash) {
        if self.told.insert(hash) {
            self.peers.iter().filter(|peer| **peer != from).for_each(|peer| stage.send(*peer, message));
        }
    }
}

impl Mischief for Withholder {
    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        for peer in peers.iter().filter(|peer| !self.peers.contains(*peer)) {
            // It wants to be the first to know.
            stage.send(*peer, &Message::Pushes(1));
        }
        self.peers = peers.iter().copied().collect();
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        match message {
            Message::News(headers) => {
                let Some(last) = headers.last() else { return };
                if self.is_named {
                    stage.send(peer, &Message::GetCompact(last.hash()));
                } else {
                    self.pass_on(stage, peer, &Message::News(one(*last)), last.hash());
                }
            }
            Message::Compact(compact) if self.is_named => {
                // Names of transactions that nobody has: the rest has to be asked for.
                let mut draws = stage.draws.any();
                let names = compact.names.iter().map(|_| {
                    draws = draws.wrapping_add(1);
                    crate::protocol::Namer::new(&compact.header)
                        .name(&crate::types::TxHash::from_bytes(crate::crypto::sha256(&draws.to_le_bytes())))
                });
                let names = crate::codec::List::new(names.collect()).expect("as many as there were");
                let twisted = Compact { names, ..Compact::clone(compact) };
                self.pass_on(stage, peer, &Message::from(twisted), compact.header.hash());
            }
            Message::Compact(compact) => {
                self.pass_on(stage, peer, &Message::News(one(compact.header)), compact.header.hash());
            }
            _ => {}
        }
    }
}
