//! A block that is being put together.

use std::sync::Arc;

use crate::protocol::{Compact, Partial, PeerId};

/// Others of whom it is remembered that they have a block; beyond it they are not asked for it. All who are connected, as
/// a rule: else a few who are quick to tell and send nothing could keep a block from us that many have.
const OTHERS_MAX: usize = 128;

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// It was asked for, named.
    Named,
    /// Its transactions are looked for.
    Looking,
    /// Those that are missing were asked for.
    Parts,
    /// All of it was asked for.
    Whole,
}

/// A block that is being put together.
pub(super) struct Pending {
    /// Who is to send it.
    pub from: PeerId,
    pub stage: Stage,
    /// Since when.
    pub at: u64,
    pub partial: Option<(Partial, Arc<Compact>)>,
    others: Vec<PeerId>,
}

impl Pending {
    pub fn new(from: PeerId, millis: u64, stage: Stage) -> Self {
        Self { from, stage, at: millis, partial: None, others: Vec::new() }
    }

    /// This one has it, too.
    pub fn also(&mut self, peer: PeerId) {
        if peer != self.from && !self.others.contains(&peer) && self.others.len() < OTHERS_MAX {
            self.others.push(peer);
        }
    }

    /// Whoever had it, has it.
    pub fn others_of(&mut self, was: &Self) {
        was.others.iter().chain([&was.from]).for_each(|peer| self.also(*peer));
    }

    /// Begins again with another who has it.
    pub fn next(&mut self, millis: u64) -> Option<PeerId> {
        let next = self.others.pop()?;
        (self.from, self.stage, self.at, self.partial) = (next, Stage::Named, millis, None);
        Some(next)
    }
}
