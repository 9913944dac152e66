//! Catching up: who has a better branch, whether its headers did the work, and where its bodies are.
//!
//! One peer that may have more is asked for its headers. They are held here, outside of what the node remembers for good,
//! until their work exceeds ours; only then bodies are fetched, from everybody who has them. Whatever comes short of what
//! it claimed, or keeps us waiting, is passed over for a while, and another is asked: nobody who lies costs more than that.
//!
//! Read this file first, then `target.rs`.

mod headers;
mod servers;
mod target;

use std::collections::BTreeMap;

use self::headers::{Held, Question};
use self::servers::Servers;
use self::target::Target;
use super::conduct::{Acts, Offence, is_to_blame};
use super::draws::Draws;
use super::sizes::Size;
use super::yardstick::Checkpoints;
use super::{BlockBytes, Farewell, Hello, JudgedBlock, Known, Now, Output, PeerId, Settings, Side, Standing};
use crate::consensus::Blame;
use crate::types::{BlockHash, Height, Work};

/// Headers that are held outside of what the node remembers: beyond where the branch leaves ours while it has no more work,
/// and beyond what was fetched when it has.
pub const HEADERS_HELD_MAX: usize = 10_000;
/// Blocks that may be missing while news is still passed on: beyond, it would be old.
const NEARLY_THERE: usize = 16;

/// How far a node is with catching up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncState {
    /// Nobody who is connected has more, as far as we know.
    Synced,
    /// Somebody may have more, and is asked.
    Asking,
    /// Blocks are fetched.
    Fetching {
        /// Up to this height, as far as headers came.
        to: Height,
        /// How many are not here.
        missing: usize,
    },
}

/// Catching up.
pub(super) struct Sync {
    lab: bool,
    checkpoints: Checkpoints,
    sources: BTreeMap<PeerId, Source>,
    servers: Servers,
    question: Option<Question>,
    held: Option<Held>,
    target: Option<Target>,
    /// When it is next considered whether another branch would be better.
    reconsider_at: u64,
    /// Until when nobody may have more, if nothing is heard.
    nobody_until: u64,
    /// When the first may be over that were passed over: no later than that.
    passed_over_until: u64,
    draws: Draws,
    /// The node takes nothing in any more: nothing is asked for.
    is_closed: bool,
}

/// Somebody who may have more.
struct Source {
    is_outbound: bool,
    /// What it says its branch has.
    claim: Work,
    /// It told of a block that stands on something unknown.
    has_unknown: bool,
    passed_over_until: u64,
    /// Answers that came too late, or are yet to.
    owed: u32,
}

impl Sync {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        let held = self.held.as_ref().map_or(0, Held::len);
        let target = self.target.as_ref().map_or(0, Target::len);
        let [servers, asked, late] = self.servers.sizes();
        vec![
            Size::new("peers with branches", self.sources.len(), peers),
            Size::new("peers with blocks", servers, peers),
            Size::new("blocks asked of one", asked, servers::ASKED_MAX),
            Size::new("late blocks of one", late, servers::LATE_MAX),
            Size::new("headers that are held", held, HEADERS_HELD_MAX),
            Size::new("headers whose blocks are fetched", target, HEADERS_HELD_MAX),
        ]
    }

    pub fn new(settings: &Settings, draws: [u8; 32]) -> Self {
        Self {
            lab: settings.lab,
            checkpoints: Checkpoints::new(settings),
            sources: BTreeMap::new(),
            servers: Servers::new(settings.lab),
            question: None,
            held: None,
            target: None,
            reconsider_at: u64::MAX,
            nobody_until: 0,
            passed_over_until: u64::MAX,
            draws: Draws::new(draws),
            is_closed: false,
        }
    }

    /// Somebody said who they are, and what they have.
    pub fn greeted(&mut self, peer: PeerId, side: Side, hello: &Hello) {
        let is_outbound = side == Side::Dialer;
        self.servers.connected(peer, is_outbound, hello.base);
        let source =
            Source { is_outbound, claim: hello.work, has_unknown: false, passed_over_until: 0, owed: 0 };
        self.sources.insert(peer, source);
        self.nobody_until = 0;
    }

    pub fn disconnected(&mut self, peer: PeerId) {
        self.sources.remove(&peer);
        self.servers.disconnected(peer);
        if self.question.as_ref().is_some_and(|question| question.peer == peer) {
            (self.question, self.held) = (None, None);
        }
        if let Some(target) = &mut self.target {
            target.lost(peer);
        }
    }

    /// It told of a block that stands on something unknown: it may have more.
    pub fn heard_of_unknown(&mut self, peer: PeerId) {
        if let Some(source) = self.sources.get_mut(&peer) {
            source.has_unknown = true;
            self.nobody_until = 0;
        }
    }

    /// Whether so much is missing that what is new here is old for others.
    pub fn is_far_behind(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.len() > NEARLY_THERE)
    }

    pub fn state(&self) -> SyncState {
        match &self.target {
            Some(target) => SyncState::Fetching { to: target.end.height, missing: target.len() },
            None if self.question.is_some() => SyncState::Asking,
            None => SyncState::Synced,
        }
    }

    /// Goes on: asks for headers, asks for bodies, hands on what came. To be called after anything happened.
    pub fn go_on(&mut self, now: Now, known: &dyn Known, acts: &mut Acts) {
        self.look_at_passed_over(now);
        self.give_up_silent(now, acts);
        self.fetch(now, known, acts);
        self.ask_for_headers(now, known, acts);
    }

    fn fetch(&mut self, now: Now, known: &dyn Known, acts: &mut Acts) {
        if self.target.is_none() {
            return;
        }
        for (peer, has_to_go) in self.servers.stalled(now.millis) {
            if let Some(target) = &mut self.target {
                target.lost(peer);
            }
            if has_to_go {
                acts.drop(peer, Farewell::Stalls);
            }
        }
        let Some(target) = &mut self.target else { return };
        target.submit(acts);
        if !target.waits_for_headers {
            target.ask(now, &mut self.servers, known, acts);
        }
        let source_is_here = self.sources.contains_key(&target.source);
        if target.len() == 0 && (target.is_whole || !source_is_here) {
            let (source, work, last) = (target.source, target.end.work, target.last);
            self.target = None;
            // All of it is here, and it is not followed: it was refused before, unless it is just being put on.
            if known.tip().work < work && known.branch(&last).is_none() {
                self.abandon(now, source);
            }
        } else if target.len() > 0 && !self.servers.can_any(target.lowest()) {
            // Whoever showed these headers has no bodies for them, nor has anybody else.
            let source = target.source;
            self.pass_over(now, source);
            self.target = None;
            if self.servers.lacks(source) && source_is_here {
                acts.drop(source, Farewell::Stalls);
            }
        } else if now.millis >= self.reconsider_at {
            self.reconsider(now, known.tip());
        }
    }

    /// Goes over to another branch where ours has more work by now, or where most of those that we chose do not have this
    /// one, but may have a better one: else one that sends a little now and then could keep us from it.
    fn reconsider(&mut self, now: Now, tip: Standing) {
        self.reconsider_at = now.millis + self.seconds(30);
        let chose_any = self.sources.values().any(|source| source.is_outbound);
        let counted = |source: &&Source| source.is_outbound || !chose_any;
        let lacks = |peer: &PeerId| self.servers.lacks(*peer);
        let counted = self.sources.iter().filter(|(_, source)| counted(source));
        let (lacking, serving): (Vec<_>, Vec<_>) = counted.partition(|(peer, _)| lacks(peer));
        let may_have_more = |source: &Source| source.claim > tip.work || source.has_unknown;
        let is_outvoted =
            lacking.iter().any(|(_, source)| may_have_more(source)) && serving.len() <= lacking.len();
        let is_overtaken = self.target.as_ref().is_some_and(|target| target.end.work <= tip.work);
        if is_overtaken {
            self.target = None;
        } else if is_outvoted {
            let until = now.millis + self.seconds(60);
            let servers = &self.servers;
            for (_, source) in self.sources.iter_mut().filter(|(peer, _)| !servers.lacks(**peer)) {
                source.passed_over_until = until;
            }
            self.passed_over_until = self.passed_over_until.min(until);
            self.target = None;
        }
    }

    fn seconds(&self, seconds: u64) -> u64 {
        if self.lab { seconds * 200 } else { seconds * 1000 }
    }

    fn pass_over(&mut self, now: Now, peer: PeerId) {
        let until = now.millis + self.seconds(60);
        if let Some(source) = self.sources.get_mut(&peer) {
            source.passed_over_until = until;
            self.passed_over_until = self.passed_over_until.min(until);
        }
    }

    fn look_at_passed_over(&mut self, now: Now) {
        if self.passed_over_until <= now.millis {
            let passed_over = self.sources.values().map(|source| source.passed_over_until);
            self.passed_over_until = passed_over.filter(|at| *at > now.millis).min().unwrap_or(u64::MAX);
        }
    }

    /// Somebody who may have more than we do: one of those that we chose ourselves if there is any.
    fn choose(&mut self, now: Now, known: &dyn Known) -> Option<PeerId> {
        if now.millis < self.nobody_until {
            return None;
        }
        let claims = |source: &&Source| source.claim > Work::ZERO || source.has_unknown;
        let may = |source: &Source| claims(&source) && source.passed_over_until <= now.millis;
        // Nothing is asked of the node where nobody claims anything, as is usual.
        let first = self.sources.values().filter(claims).map(|source| source.passed_over_until).min();
        if first.is_none_or(|first| first > now.millis) {
            self.nobody_until = first.unwrap_or(u64::MAX);
            return None;
        }
        let tip = known.tip();
        // What was claimed and is here is claimed no longer.
        for source in self.sources.values_mut().filter(|source| source.claim <= tip.work) {
            source.claim = Work::ZERO;
        }
        let of = |is_outbound: bool| -> Vec<PeerId> {
            let all =
                self.sources.iter().filter(|(_, source)| may(source) && source.is_outbound == is_outbound);
            all.map(|(peer, _)| *peer).collect()
        };
        let from = [of(true), of(false)].into_iter().find(|some| !some.is_empty())?;
        from.get(self.draws.place(from.len())).copied()
    }

    /// A block came. Whether it was asked for here.
    pub fn block_came(&mut self, now: Now, peer: PeerId, hash: &BlockHash, body: BlockBytes) -> bool {
        let was_asked = self.servers.came(now.millis, peer, hash);
        // What else was asked of it stands behind its blocks.
        if was_asked && let Some(question) = self.question.as_mut().filter(|question| question.peer == peer) {
            question.goes_on(now);
        }
        if was_asked && let Some(target) = &mut self.target {
            target.came(peer, hash, body);
        }
        was_asked
    }

    /// A block cannot be had there. Whether it was asked for here.
    pub fn block_is_missing(&mut self, peer: PeerId, hash: &BlockHash) -> bool {
        let was_asked = self.servers.is_missing(peer, hash);
        if was_asked && let Some(target) = &mut self.target {
            target.lost(peer);
        }
        was_asked
    }

    /// A block was taken that this one brought, whichever way.
    pub fn proved(&mut self, peer: PeerId) {
        self.servers.proved(peer);
    }

    /// A block was judged that was handed on here, and that this one sent.
    ///
    /// # Security
    /// Who has the bytes of a block that breaks a rule need not follow it: whoever showed its header does.
    pub fn judged(
        &mut self,
        now: Now,
        hash: &BlockHash,
        sender: PeerId,
        judged: &JudgedBlock,
        acts: &mut Acts,
    ) {
        let Some(target) = &mut self.target else { return };
        let (source, is_lowest) = (target.source, target.is_lowest(hash));
        if !target.judged(hash, sender, matches!(judged, JudgedBlock::Taken)) {
            return;
        }
        match judged {
            JudgedBlock::Taken => {}
            // What it stands on was taken, or so it seemed: nothing more will come of it.
            JudgedBlock::Orphan if is_lowest => self.abandon(now, source),
            JudgedBlock::Orphan => {}
            JudgedBlock::Closed => {
                self.is_closed = true;
                self.target = None;
            }
            JudgedBlock::Early => {
                self.target = None;
                self.pass_over(now, source);
                // What is early now is not for ever.
                self.heard_of_unknown(source);
            }
            JudgedBlock::Refused { blame, reason } => {
                if is_to_blame(*blame, sender == source) {
                    acts.blame(sender, Offence::Block(reason.clone()));
                }
                // Another body may be good, where this one was not the header's.
                if *blame != Blame::Sender {
                    if *blame == Blame::Block && source != sender {
                        acts.blame(source, Offence::Block(reason.clone()));
                    }
                    acts.push(Output::Log(format!("a branch is no good: {reason}")));
                    self.abandon(now, source);
                    if *blame == Blame::Nobody {
                        self.heard_of_unknown(source);
                    }
                }
            }
        }
    }

    /// Headers were judged that had to be known before their bodies.
    pub fn headers_judged(&mut self, now: Now, peer: PeerId, refused: Option<Blame>, acts: &mut Acts) {
        let Some(target) = self.target.as_mut().filter(|target| target.source == peer) else { return };
        target.waits_for_headers = false;
        if let Some(blame) = refused {
            if is_to_blame(blame, true) {
                acts.blame(peer, Offence::Header("the node refused it".to_owned()));
            }
            self.abandon(now, peer);
        }
    }

    /// This branch is of no use, at least for a while.
    fn abandon(&mut self, now: Now, source: PeerId) {
        self.target = None;
        self.pass_over(now, source);
        if let Some(source) = self.sources.get_mut(&source) {
            (source.claim, source.has_unknown) = (Work::ZERO, false);
        }
    }

    /// When there may be something to do even if nothing comes.
    pub fn wake_at(&self, now: Now) -> u64 {
        let question = self.question.as_ref().map_or(u64::MAX, |question| self.gives_up_at(question));
        let target = match self.target {
            Some(_) => self.servers.wake_at(now.millis).min(self.reconsider_at),
            None => u64::MAX,
        };
        question.min(self.passed_over_until).min(target)
    }
}
