//! A block that is being put together.

use std::sync::Arc;

use crate::protocol::{Compact, Partial, PeerId};

/// Others of whom it is remembered that they have a block; beyond it they are not asked for it. All who are connected, as
/// a rule: else a few who are quick to tell and send nothing could keep a block from us that many have.
const OTHERS_MAX: usize = 128;

/// Of those who came to us and sent the same block while parts of it are waited for, so many are tried; of those that we
/// chose ourselves each is, once.
const TRIED_MAX: usize = 2;

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
    /// How many transactions are looked for.
    pub names: usize,
    /// Those that we chose ourselves first.
    others: Vec<(PeerId, bool)>,
    /// Whose names were tried, too, while parts were waited for.
    tried: Vec<(PeerId, bool)>,
}

impl Pending {
    pub fn new(from: PeerId, millis: u64, stage: Stage) -> Self {
        Self { from, stage, at: millis, partial: None, names: 0, others: Vec::new(), tried: Vec::new() }
    }

    /// This one has it, too. Whom we chose ourselves goes before those who came to us, and takes their place.
    pub fn also(&mut self, peer: PeerId, is_outbound: bool) {
        if peer == self.from || self.others.iter().any(|(other, _)| *other == peer) {
            return;
        }
        let before = self.others.iter().position(|(_, other)| is_outbound && !other);
        self.others.insert(before.unwrap_or(self.others.len()), (peer, is_outbound));
        self.others.truncate(OTHERS_MAX);
    }

    /// Whether to look for what this one names, while another is waited for who names something that is not here.
    pub fn is_worth_a_try(&mut self, peer: PeerId, is_outbound: bool) -> bool {
        let came_to_us = self.tried.iter().filter(|(_, is_outbound)| !is_outbound).count();
        let is_worth = self.stage == Stage::Parts
            && peer != self.from
            && (is_outbound || came_to_us < TRIED_MAX)
            && !self.tried.iter().any(|(other, _)| *other == peer);
        if is_worth {
            self.tried.push((peer, is_outbound));
        }
        is_worth
    }

    /// Whoever had it, has it.
    pub fn others_of(&mut self, was: &Self) {
        was.others.iter().for_each(|(peer, is_outbound)| self.also(*peer, *is_outbound));
        self.also(was.from, false);
    }

    /// This one is gone.
    pub fn forget(&mut self, peer: PeerId) {
        self.others.retain(|(other, _)| *other != peer);
    }

    /// Begins again with another who has it.
    pub fn next(&mut self, millis: u64) -> Option<PeerId> {
        // Of those who came to us the last to tell: whoever wants to be first for no good reason is not asked first.
        let at = match self.others.first()? {
            (_, true) => 0,
            (_, false) => self.others.len() - 1,
        };
        let (next, _) = self.others.remove(at);
        (self.from, self.stage, self.at, self.partial) = (next, Stage::Named, millis, None);
        Some(next)
    }
}
