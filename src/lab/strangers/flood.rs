//! Headers, far more than anybody can want.

use serde::Deserialize;

use super::villain::{Mischief, nowhere, one, tell};
use crate::codec::List;
use crate::lab::world::Stage;
use crate::protocol::{HEADERS_MAX, Message, NEWS_MAX, PeerId};
use crate::types::{Bits, Header, MerkleRoot};

/// The easiest target that there is here: a header that claims it costs nothing.
const EASIEST: Bits = Bits(0x207f_ffff);

/// Which headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderKind {
    /// News of blocks on something that nobody has, for next to no work.
    FromNowhere,
    /// News of a block on the tip, for next to no work.
    TooEasy,
    /// As many as fit in an answer, for which nobody asked.
    Unasked,
    /// News of what everybody has.
    Old,
}

/// Tells of headers without end.
pub struct HeaderFlood {
    /// Which.
    pub kind: HeaderKind,
    /// How many messages each time, to each.
    pub messages: usize,
    /// A node whose chain it reads.
    pub model: usize,
}

impl HeaderFlood {
    fn message(&self, stage: &mut Stage<'_>) -> Option<Message> {
        let node = stage.node(self.model)?;
        let tip = node.look(|chain, _| chain.tip().clone());
        Some(match self.kind {
            HeaderKind::FromNowhere => {
                let previous = nowhere(stage);
                Message::News(List::new(chain_of(stage, Header { previous, ..tip.header }, NEWS_MAX)).ok()?)
            }
            HeaderKind::TooEasy => {
                let header = Header { previous: tip.hash, bits: EASIEST, ..tip.header };
                Message::News(one(Header {
                    merkle_root: MerkleRoot::from_bytes(stage.draws.bytes()),
                    ..header
                }))
            }
            HeaderKind::Unasked => {
                let previous = nowhere(stage);
                let headers = chain_of(stage, Header { previous, ..tip.header }, HEADERS_MAX);
                Message::Headers(List::new(headers).ok()?)
            }
            HeaderKind::Old => {
                let genesis = stage.ground.genesis.block().header.hash();
                let old =
                    node.look(|chain, _| chain.headers_above(&genesis).take(NEWS_MAX).copied().collect());
                Message::News(List::new(old).ok()?)
            }
        })
    }
}

/// So many headers, each on the one before, that cost next to nothing.
fn chain_of(stage: &mut Stage<'_>, first: Header, count: usize) -> Vec<Header> {
    let mut header = Header { bits: EASIEST, ..first };
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        header.merkle_root = MerkleRoot::from_bytes(stage.draws.bytes());
        headers.push(header);
        header.previous = header.hash();
    }
    headers
}

impl Mischief for HeaderFlood {
    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        for _ in 0..self.messages {
            let Some(message) = self.message(stage) else { return };
            tell(stage, peers, &message);
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        // Whoever asks for what is below gets as many that hang in the air.
        if let (Message::GetHeaders(_), HeaderKind::FromNowhere) = (message, self.kind) {
            stage.send(peer, &Message::Headers(List::default()));
        }
    }
}
