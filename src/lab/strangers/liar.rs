//! Lies to those who catch up.

use std::cell::Cell;
use std::rc::Rc;

use serde::Deserialize;

use super::villain::{Mischief, one, tell};
use crate::codec::{List, encode};
use crate::lab::chance::wait;
use crate::lab::clock::SECOND;
use crate::lab::shadow::Shadow;
use crate::lab::world::Stage;
use crate::protocol::{BlockBytes, HEADERS_MAX, Hello, Message, PeerId};
use crate::types::{BlockHash, Height, U256, Work};

/// How.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lie {
    /// It claims much work and answers nothing.
    Stalls,
    /// It claims much work and has no headers.
    Empty,
    /// It shows the headers that all have, and says that it has no body.
    NoBodies,
    /// It shows the headers that all have, and sends other bodies.
    OtherBodies,
    /// It says, unasked, that it does not have what nobody asked for.
    WrongMissing,
    /// It finds a block now and then, with this part of all hashes, in thousandths, and shows nothing but its header.
    Hides(u32),
}

/// Claims to have more than anybody.
pub struct Liar {
    lie: Lie,
    /// A node whose chain it reads.
    model: usize,
    shadow: Option<Shadow>,
    finds_at: Option<u64>,
    hidden: Rc<Cell<u64>>,
    tip: Option<crate::types::Header>,
}

impl Liar {
    /// One that lies like this, and knows what this node follows.
    pub fn new(lie: Lie, model: usize) -> Self {
        Self { lie, model, shadow: None, finds_at: None, hidden: Rc::default(), tip: None }
    }

    /// Whether it has found a block by now, with its part of all hashes.
    fn finds(&mut self, stage: &mut Stage<'_>, thousandths: u32) -> bool {
        let mean = f64::from(stage.ground.params().spacing) * 1000.0 / f64::from(thousandths) * SECOND as f64;
        let draw = wait(stage.draws, mean);
        let at = *self.finds_at.get_or_insert(stage.now + draw as u64);
        if at <= stage.now {
            self.finds_at = None;
        }
        at <= stage.now
    }

    /// Makes a block on what all follow, and shows its header.
    fn hide(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let shadow = self.shadow.get_or_insert_with(|| Shadow::new(stage.ground, None, stage.draws));
        shadow.set_time(stage.now);
        if let Some(block) = super::blocks::next(shadow, stage, self.model) {
            self.hidden.set(self.hidden.get() + 1);
            self.tip = Some(block.header);
            tell(stage, peers, &Message::News(one(block.header)));
        }
    }

    /// How many headers it showed whose bodies it keeps, for whoever looks on.
    pub fn hidden(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.hidden)
    }

    fn answer_blocks(&self, stage: &mut Stage<'_>, peer: PeerId, hashes: &[BlockHash]) {
        for hash in hashes {
            let block = stage.node(self.model).and_then(|node| node.reader().block(hash).ok().flatten());
            match (self.lie, block) {
                (Lie::OtherBodies, Some(mut block)) => {
                    block.coinbase.height.0 += 1;
                    if let Ok(bytes) = BlockBytes::new(encode(&block)) {
                        stage.send(peer, &Message::Block(bytes));
                    }
                }
                (Lie::Stalls | Lie::Hides(_), _) => {}
                _ => stage.send(peer, &Message::Missing(one(*hash))),
            }
        }
    }
}

impl Mischief for Liar {
    fn hello(&mut self, _: &mut Stage<'_>, honest: Hello) -> Hello {
        match self.lie {
            Lie::WrongMissing | Lie::Hides(_) => honest,
            Lie::Stalls | Lie::Empty | Lie::NoBodies | Lie::OtherBodies => {
                Hello { work: Work::from_number(U256::MAX >> 1), height: Height(1 << 24), ..honest }
            }
        }
    }

    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let lie = self.lie;
        match lie {
            Lie::WrongMissing => {
                let hash = BlockHash::from_bytes(stage.draws.bytes());
                tell(stage, peers, &Message::Missing(one(hash)));
            }
            Lie::Hides(thousandths) if self.finds(stage, thousandths) => self.hide(stage, peers),
            _ => {}
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        match message {
            Message::GetHeaders(asked) => {
                let headers = match self.lie {
                    Lie::Stalls => return,
                    Lie::Empty | Lie::WrongMissing => Vec::new(),
                    Lie::Hides(_) => self.tip.into_iter().collect(),
                    Lie::NoBodies | Lie::OtherBodies => {
                        let Some(node) = stage.node(self.model) else { return };
                        node.look(|chain, _| {
                            let fork = chain.fork_with(&asked.locator).hash;
                            chain.headers_above(&fork).take(HEADERS_MAX).copied().collect()
                        })
                    }
                };
                stage.send(peer, &Message::Headers(List::new(headers).unwrap_or_default()));
            }
            Message::GetBlocks(hashes) => self.answer_blocks(stage, peer, hashes),
            Message::GetCompact(hash) => self.answer_blocks(stage, peer, &[*hash]),
            _ => {}
        }
    }
}
