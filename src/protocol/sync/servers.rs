//! Who is asked for bodies, how many at a time, and for how long they are waited for.

use std::collections::{BTreeMap, VecDeque};

use crate::protocol::PeerId;
use crate::types::{BlockHash, Height};

/// Blocks asked of one at first, and at most. Who answers quickly is asked for more.
const ASKED_FIRST: usize = 8;
pub(super) const ASKED_MAX: usize = 64;
/// Blocks that may still come from one after they were asked of another, or asked again; beyond it the oldest are
/// forgotten. Enough for some rounds in which nothing came.
pub(super) const LATE_MAX: usize = 512;
/// Longest that one is waited for who sends nothing.
const PATIENCE_MAX: u64 = 64_000;
/// How often one may be waited for in vain before it has to go, where there are others.
const STALLS_MAX: u32 = 3;

/// How often one is waited for in vain before it is asked again for the same.
const ASKED_AGAIN_AFTER: u32 = 3;
/// How many more are asked at once for a block that does not come: one the first time, and one more each further time, up
/// to so many. As many answers may come twice.
const HEDGES_MAX: usize = 3;

/// All who can be asked.
pub(super) struct Servers {
    servers: BTreeMap<PeerId, Server>,
    /// How long one is waited for now, and at least.
    patience: u64,
    patience_min: u64,
    /// How often anybody was asked for anything.
    questions: u64,
    /// Who showed the branch that we want.
    source: Option<PeerId>,
}

struct Server {
    /// We made the connection.
    is_chosen: bool,
    /// It brought a block that was taken.
    is_proven: bool,
    /// Blocks above this height can be had.
    base: Height,
    /// It does not have the branch that we want.
    lacks: bool,
    /// With the number of the question.
    asked: BTreeMap<BlockHash, u64>,
    asked_max: usize,
    /// Whether it has so little to do that more is asked of it: then much at once, not one for each that comes.
    is_filling: bool,
    /// When it last sent something, or was asked when nothing was asked of it.
    since: u64,
    rests_until: u64,
    /// When it last sent a block.
    delivered: u64,
    stalls: u32,
    /// How often it kept all waiting and another was asked instead, since it last sent something.
    passed_by: u32,
    /// What was asked of it, and then of another or again, oldest first: once for each time, as it will be answered.
    late: VecDeque<(BlockHash, u64)>,
}

impl Servers {
    /// How many there are, and the most blocks that are asked of one, and that may come late from one.
    pub fn sizes(&self) -> [usize; 3] {
        let most = |count: fn(&Server) -> usize| self.servers.values().map(count).max().unwrap_or(0);
        [self.servers.len(), most(|server| server.asked.len()), most(|server| server.late.len())]
    }

    pub fn new(lab: bool) -> Self {
        let patience = if lab { 1_000 } else { 2_000 };
        Self { servers: BTreeMap::new(), patience, patience_min: patience, questions: 0, source: None }
    }

    /// Somebody is there, whom we chose or who came. How slow those were who came before says nothing of one that we chose.
    pub fn connected(&mut self, peer: PeerId, is_chosen: bool, base: Height) {
        if is_chosen {
            self.patience = self.patience_min;
        }
        let server = Server {
            is_chosen,
            is_proven: false,
            base,
            lacks: false,
            asked: BTreeMap::new(),
            asked_max: ASKED_FIRST,
            is_filling: true,
            delivered: 0,
            since: 0,
            rests_until: 0,
            stalls: 0,
            passed_by: 0,
            late: VecDeque::new(),
        };
        self.servers.insert(peer, server);
    }

    pub fn disconnected(&mut self, peer: PeerId) {
        self.servers.remove(&peer);
    }

    /// A block was taken that it brought, whatever it was asked for.
    pub fn proved(&mut self, peer: PeerId) {
        if let Some(server) = self.servers.get_mut(&peer) {
            server.is_proven = true;
        }
    }

    /// Another branch is wanted, which anybody may have, and this one most likely.
    pub fn begin(&mut self, source: PeerId) {
        self.source = Some(source);
        for server in self.servers.values_mut() {
            server.lacks = false;
            server.give_up_all();
            // What is yet to come of the other branch counts at the other side, too.
            server.asked_max = server.asked_max.min(ASKED_FIRST);
        }
    }

    /// How long one is waited for.
    pub fn patience(&self) -> u64 {
        self.patience
    }

    /// Somebody who may have the block at this height, and of whom more can be asked: who was waited for in vain the fewest
    /// times, of these one that we chose, and of these who has the least to do.
    ///
    /// # Security
    /// Who was just passed by has nothing to do. Were that all that counts, a few who send nothing would be asked in turn
    /// for ever, and nobody else. And whoever likes can connect to us, as often as there is room: a crowd of those has to
    /// wait until all whom we chose have enough to do.
    pub fn free(&self, millis: u64, height: u32) -> Option<PeerId> {
        let free = self.who_is_free(millis, height);
        free.min_by_key(|(peer, server)| (server.failures(), self.rank(**peer, server)))
            .map(|(peer, _)| *peer)
    }

    /// Who is to be asked, too, for the block at this height that does not come, when that was done so many times before: of
    /// those that were not asked for it, the best first.
    ///
    /// # Security
    /// Those that we chose come first, however often they were waited for in vain: there are few of them, and one that is
    /// honest is enough. Else a crowd, each of whom is new, would be asked one after the other.
    pub fn free_for(&self, millis: u64, height: u32, hash: &BlockHash, times: usize) -> Vec<PeerId> {
        let was_asked = |server: &Server| server.asked.contains_key(hash) || server.is_late(hash);
        let free = self.who_is_free(millis, height).filter(|(_, server)| !was_asked(server));
        let mut free: Vec<_> = free
            .map(|(peer, server)| (!server.is_chosen, server.failures(), self.rank(*peer, server), *peer))
            .collect();
        free.sort_unstable();
        free.into_iter().take(HEDGES_MAX.min(times + 1)).map(|(.., peer)| peer).collect()
    }

    fn who_is_free(&self, millis: u64, height: u32) -> impl Iterator<Item = (&PeerId, &Server)> {
        self.servers.iter().filter(move |(_, server)| {
            !server.lacks
                && server.is_filling
                && server.base.0 < height
                && server.asked.len() < server.asked_max
                && server.rests_until <= millis
        })
    }

    /// Of two who failed as often the one of lower rank is asked first.
    fn rank(&self, peer: PeerId, server: &Server) -> (u8, usize, bool, bool) {
        let is_stranger = match (server.is_chosen, server.is_proven) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        let load = server.asked.len() * 64 / server.asked_max;
        (is_stranger, load, self.source != Some(peer), !server.is_proven)
    }

    /// Whether anybody may have the block at this height, be it that they rest.
    pub fn can_any(&self, height: u32) -> bool {
        self.servers.values().any(|server| !server.lacks && server.base.0 < height)
    }

    pub fn lacks(&self, peer: PeerId) -> bool {
        self.servers.get(&peer).is_none_or(|server| server.lacks)
    }

    /// One is asked for a block. Whether it has to be told: what it was asked for before is yet to be answered, unless it
    /// has not been for so long that it seems to be forgotten.
    pub fn asked(&mut self, millis: u64, peer: PeerId, hash: BlockHash) -> bool {
        let Some(server) = self.servers.get_mut(&peer) else { return false };
        if server.asked.is_empty() {
            server.since = millis;
        }
        // Where it is asked again the first question stays: if it is answered after all, it is before the second.
        let before = if server.stalls >= ASKED_AGAIN_AFTER { None } else { server.take_late(&hash) };
        self.questions += 1;
        server.asked.insert(hash, before.unwrap_or(self.questions));
        server.is_filling = server.asked.len() < server.asked_max;
        before.is_none()
    }

    /// One is asked for a block for which others were asked before, and is not waited for. Whether it has to be told.
    pub fn asked_too(&mut self, millis: u64, peer: PeerId, hash: BlockHash) -> bool {
        let has_to_be_told = self.asked(millis, peer, hash);
        if let Some(server) = self.servers.get_mut(&peer) {
            server.give_up(&hash);
        }
        has_to_be_told
    }

    /// A block came from there; whether it was asked for.
    pub fn came(&mut self, millis: u64, peer: PeerId, hash: &BlockHash) -> bool {
        let Some(server) = self.servers.get_mut(&peer) else { return false };
        let was_asked = server.asked.contains_key(hash);
        let number = server.take_answered(hash);
        if let Some(number) = number {
            // Answers come in the order of the questions: what was asked before will not come any more.
            server.late.retain(|(_, other)| *other > number);
            (server.since, server.delivered) = (millis, millis);
            (server.stalls, server.passed_by) = (0, 0);
        }
        if was_asked {
            server.asked_max = ASKED_MAX.min(server.asked_max + 1);
            server.wants_more();
            self.patience = self.patience_min.max(self.patience - self.patience / 16);
            return true;
        }
        number.is_some()
    }

    /// It does not have this block; whether it was asked for.
    pub fn is_missing(&mut self, peer: PeerId, hash: &BlockHash) -> bool {
        let Some(server) = self.servers.get_mut(&peer) else { return false };
        let was_asked = server.asked.contains_key(hash);
        let was_answered = server.take_answered(hash).is_some();
        server.wants_more();
        server.lacks |= was_asked;
        was_answered
    }

    /// What was asked of one is asked of another.
    pub fn gives_up_one(&mut self, peer: PeerId, hash: BlockHash) {
        if let Some(server) = self.servers.get_mut(&peer) {
            server.asked_max = 1.max(server.asked_max / 2);
            server.give_up(&hash);
        }
    }

    /// Those who were waited for in vain, and whether they have to go.
    ///
    /// # Security
    /// All are waited for longer then, as it may be our own line that is slow. That strangers send nothing does not show
    /// it, where there are others: they could make us wait for whoever else is silent.
    pub fn stalled(&mut self, millis: u64) -> Vec<(PeerId, bool)> {
        let patience = self.patience;
        let others = self.servers.values().filter(|server| !server.lacks).count() > 1;
        let last_delivered = self.servers.values().map(|server| server.delivered).max().unwrap_or(0);
        let counts = |server: &Server| server.is_chosen || server.is_proven;
        let any_counts = self.servers.values().any(counts);
        let (mut stalled, mut is_slow) = (Vec::new(), false);
        for (peer, server) in &mut self.servers {
            if server.asked.is_empty() || millis < server.since.saturating_add(patience) {
                continue;
            }
            // Where nobody sent anything it may be our own line that is slow.
            let others_deliver = last_delivered > server.since;
            server.give_up_all();
            server.stalls += 1;
            server.asked_max = 1.max(server.asked_max / 2);
            // Others first; who is alone is asked again at once.
            server.rests_until = if others { millis + patience } else { millis };
            stalled.push((*peer, others_deliver && server.stalls >= STALLS_MAX));
            is_slow |= counts(server) || !any_counts;
        }
        if is_slow {
            self.patience = PATIENCE_MAX.min(2 * self.patience);
        }
        stalled
    }

    /// When somebody will have been waited for long enough, or has rested.
    pub fn wake_at(&self, millis: u64) -> u64 {
        let waits = self.servers.values().filter(|server| !server.asked.is_empty());
        let ends = waits.flat_map(|server| [server.since + self.patience, server.since + self.patience / 2]);
        let rests = self.servers.values().map(|server| server.rests_until);
        ends.chain(rests).filter(|at| *at > millis).min().unwrap_or(u64::MAX)
    }
}

impl Server {
    fn wants_more(&mut self) {
        self.is_filling |= self.asked.len() <= self.asked_max / 2;
    }

    /// How often it was waited for in vain since it last sent something.
    fn failures(&self) -> u32 {
        self.stalls + self.passed_by
    }

    /// Unless it comes after all, it was asked in vain.
    fn give_up(&mut self, hash: &BlockHash) {
        self.passed_by += 1;
        if let Some(number) = self.asked.remove(hash) {
            self.remember_late(*hash, number);
        }
        self.wants_more();
    }

    fn give_up_all(&mut self) {
        for (hash, number) in std::mem::take(&mut self.asked) {
            self.remember_late(hash, number);
        }
        self.is_filling = true;
    }

    fn remember_late(&mut self, hash: BlockHash, number: u64) {
        if self.late.len() >= LATE_MAX {
            self.late.pop_front();
        }
        self.late.push_back((hash, number));
    }

    fn is_late(&self, hash: &BlockHash) -> bool {
        self.late.iter().any(|(late, _)| late == hash)
    }

    /// The number of the first question to which this is yet to be the answer, of those that were given up.
    fn take_late(&mut self, hash: &BlockHash) -> Option<u64> {
        let of_it = self.late.iter().enumerate().filter(|(_, (late, _))| late == hash);
        let (at, _) = of_it.min_by_key(|(_, (_, number))| *number)?;
        self.late.remove(at).map(|(_, number)| number)
    }

    /// The number of the question that this answers: the first. If there was another, its answer is yet to come.
    fn take_answered(&mut self, hash: &BlockHash) -> Option<u64> {
        let again = self.asked.remove(hash);
        let first = self.take_late(hash);
        if let (Some(_), Some(again)) = (first, again) {
            self.remember_late(*hash, again);
        }
        first.or(again)
    }
}

#[cfg(test)]
mod tests;
