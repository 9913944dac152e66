//! What a peer does that it should not, and what comes of it.

use std::collections::BTreeMap;

use super::sizes::Size;
use super::{Farewell, MessageError, Output, PeerId};
use crate::consensus::Blame;

/// Points at which we hang up, and ban where we ban.
const POINTS_MAX: u32 = 100;
/// How often a point is forgiven.
const FORGIVE_MILLIS: u64 = 10_000;

/// Something that no good node does, or none does often.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Offence {
    /// It speaks another language.
    #[error("{0}")]
    Unreadable(#[from] MessageError),
    /// Something came before it said who it is, or it said so twice.
    #[error("{0} out of turn")]
    OutOfTurn(&'static str),
    /// A header that breaks a rule, on a branch that we know.
    #[error("a header that breaks a rule: {0}")]
    Header(String),
    /// Headers of which one does not stand on the one before.
    #[error("headers that do not hang together")]
    Unconnected,
    /// A block that is not what it was asked for, or that breaks a rule, from one who follows it.
    #[error("a block that breaks a rule: {0}")]
    Block(String),
    /// A transaction that breaks a rule.
    #[error("a transaction that breaks a rule: {0}")]
    Transaction(String),
    /// Something for which nobody asked.
    #[error("{0} for which nobody asked")]
    Unasked(&'static str),
    /// More of something than anybody needs.
    #[error("too many of {0}")]
    TooMany(&'static str),
    /// It has another block where we were told which one must be.
    #[error("a branch without the checkpoint at {0}")]
    Checkpoint(crate::types::Height),
}

impl Offence {
    /// Whether it alone is one too many.
    pub fn is_one_too_many(&self) -> bool {
        self.points() >= POINTS_MAX
    }

    fn points(&self) -> u32 {
        match self {
            Self::Unreadable(_)
            | Self::OutOfTurn(_)
            | Self::Header(_)
            | Self::Unconnected
            | Self::Block(_)
            | Self::Checkpoint(_) => POINTS_MAX,
            Self::Transaction(_) => 25,
            Self::Unasked(_) => 10,
            Self::TooMany(_) => 5,
        }
    }
}

/// Whether what was refused speaks against whoever sent it, given whether it vouched for all of it: who relays a block
/// before it checks it has vouched for the header and for nothing else.
pub(super) fn is_to_blame(blame: Blame, vouched: bool) -> bool {
    match blame {
        Blame::Nobody => false,
        Blame::Sender => true,
        Blame::Block => vouched,
    }
}

/// What came of something that was handled.
#[derive(Default)]
pub(super) struct Acts {
    /// What is to be done.
    pub outputs: Vec<Output>,
    /// What was done to us.
    pub offences: Vec<(PeerId, Offence)>,
}

impl Acts {
    pub fn push(&mut self, output: Output) {
        // As a rule there is one, and they are large: room for four, as else, would be looked for far and wide each time.
        if self.outputs.is_empty() {
            self.outputs.reserve_exact(1);
        }
        self.outputs.push(output);
    }

    /// Sends to one.
    pub fn send(&mut self, to: PeerId, message: super::Message) {
        self.push(Output::Send(vec![to], message));
    }

    pub fn drop(&mut self, peer: PeerId, why: Farewell) {
        self.push(Output::Drop(peer, why));
    }

    pub fn blame(&mut self, peer: PeerId, offence: Offence) {
        self.offences.push((peer, offence));
    }
}

/// What is held against those who are connected.
#[derive(Default)]
pub(super) struct Conduct {
    points: BTreeMap<PeerId, (u32, u64)>,
}

impl Conduct {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        vec![Size::new("peers that are judged", self.points.len(), peers)]
    }

    /// Counts an offence; whether it was one too many.
    pub fn count(&mut self, millis: u64, peer: PeerId, offence: &Offence) -> bool {
        let (points, at) = self.points.entry(peer).or_insert((0, millis));
        let forgiven = millis.saturating_sub(*at) / FORGIVE_MILLIS;
        *points = points.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
        *at += forgiven * FORGIVE_MILLIS;
        *points = points.saturating_add(offence.points());
        *points >= POINTS_MAX
    }

    pub fn forget(&mut self, peer: PeerId) {
        self.points.remove(&peer);
    }
}
