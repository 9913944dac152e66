//! Fetching the bodies of a branch: from everybody at once, a window of them at a time, and handing them on in order.

use std::collections::{BTreeMap, VecDeque};

use super::servers::Servers;
use crate::codec::List;
use crate::consensus::Branch;
use crate::protocol::conduct::Acts;
use crate::protocol::{
    BLOCKS_ASKED_MAX, BlockBytes, Body, Errand, Known, Message, Now, Output, PeerId, Standing,
};
use crate::types::{BlockHash, Header};

/// Blocks beyond the first that is missing that are asked for: the faster ones go so far ahead of the slowest.
const WINDOW_MAX: usize = 1024;
/// Bytes of blocks that are on their way, wait for one below them, or were handed on and not judged; beyond it no more are
/// asked for but the first that is missing.
const WINDOW_BYTES_MAX: usize = 48 << 20;
/// What a block is taken to have before any came.
const BYTES_ASSUMED: usize = 64 << 10;

/// A branch with more work than ours whose bodies are fetched.
pub(super) struct Target {
    /// Who showed it.
    pub source: PeerId,
    /// Up to its last header.
    pub end: Branch,
    /// Its last header.
    pub last: BlockHash,
    /// Whether its headers were submitted, and nothing has been heard of them.
    pub waits_for_headers: bool,
    /// Whoever showed it has no more headers.
    pub is_whole: bool,
    /// Those not yet judged, lowest first.
    wanted: VecDeque<Wanted>,
    /// The number of the first of these.
    first: u64,
    numbers: BTreeMap<BlockHash, u64>,
    /// The number of the next to be handed on.
    next: u64,
    /// Of those that are here or were handed on.
    bytes: usize,
    asked: usize,
    /// What a block has, about.
    usual_bytes: usize,
}

/// A block of a branch.
struct Wanted {
    hash: BlockHash,
    state: State,
}

/// How far a block has come.
enum State {
    Missing,
    /// How often others were asked for it, too.
    Asked {
        peer: PeerId,
        at: u64,
        hedges: usize,
    },
    Here(BlockBytes, PeerId),
    Submitted {
        peer: PeerId,
        bytes: usize,
    },
    /// Taken, or here before.
    Done,
}

impl Target {
    /// A branch above this block.
    pub fn new(source: PeerId, above: Standing, branch: Branch) -> Self {
        Self {
            source,
            end: branch,
            last: above.hash,
            waits_for_headers: false,
            is_whole: false,
            wanted: VecDeque::new(),
            first: 0,
            numbers: BTreeMap::new(),
            next: 0,
            bytes: 0,
            asked: 0,
            usual_bytes: BYTES_ASSUMED,
        }
    }

    /// More headers of it, each checked and on the one before.
    pub fn extend(&mut self, headers: &[Header], end: Branch) {
        for header in headers {
            let hash = header.hash();
            self.numbers.insert(hash, self.first + self.wanted.len() as u64);
            self.wanted.push_back(Wanted { hash, state: State::Missing });
            self.last = hash;
        }
        self.end = end;
    }

    /// How many are not judged.
    pub fn len(&self) -> usize {
        self.wanted.len()
    }

    /// The height of the lowest of them.
    pub fn lowest(&self) -> u32 {
        self.end.height.0 - self.wanted.len() as u32 + 1
    }

    fn wanted_mut(&mut self, hash: &BlockHash) -> Option<&mut Wanted> {
        let at = self.numbers.get(hash)?.checked_sub(self.first)?;
        self.wanted.get_mut(usize::try_from(at).ok()?)
    }

    /// Asks whoever has room for what is missing, lowest first.
    pub fn ask(&mut self, now: Now, servers: &mut Servers, known: &dyn Known, acts: &mut Acts) {
        self.pass_over_known(known);
        let (lowest, mut at) = (self.lowest(), 0);
        let mut asks: BTreeMap<PeerId, Vec<BlockHash>> = BTreeMap::new();
        while let Some(next) = self.next_missing(at) {
            at = next;
            let height = lowest + at as u32;
            let Some(peer) = servers.free(now.millis, height) else { break };
            let wanted = &mut self.wanted[at];
            if known.block(&wanted.hash).is_some_and(|block| block.has_body) {
                wanted.state = State::Done;
                continue;
            }
            wanted.state = State::Asked { peer, at: now.millis, hedges: 0 };
            if servers.asked(now.millis, peer, wanted.hash) {
                asks.entry(peer).or_default().push(wanted.hash);
            }
            self.asked += 1;
        }
        self.hedge(now, servers, &mut asks);
        for (peer, hashes) in asks {
            for some in hashes.chunks(BLOCKS_ASKED_MAX) {
                let some = List::new(some.to_vec()).expect("no more than can be asked for");
                acts.send(peer, Message::GetBlocks(some));
            }
        }
    }

    /// The first that is missing from this one on, as far as the window goes.
    fn next_missing(&self, from: usize) -> Option<usize> {
        let expected = self.bytes + (self.asked + 1) * self.usual_bytes;
        let window = if expected > WINDOW_BYTES_MAX { 1 } else { WINDOW_MAX };
        let mut within = (from..self.wanted.len()).take_while(|at| *at < window);
        within.find(|at| matches!(self.wanted[*at].state, State::Missing))
    }

    /// Whatever was here before, or is taken: nobody need be asked for it.
    fn pass_over_known(&mut self, known: &dyn Known) {
        while let Some(front) = self.wanted.front() {
            let is_done = match front.state {
                State::Done => true,
                // It may have come in another way.
                State::Missing | State::Asked { .. } => {
                    known.block(&front.hash).is_some_and(|block| block.has_body)
                }
                State::Here(..) | State::Submitted { .. } => false,
            };
            if !is_done {
                break;
            }
            self.asked -= usize::from(matches!(front.state, State::Asked { .. }));
            self.numbers.remove(&front.hash);
            self.wanted.pop_front();
            self.first += 1;
        }
        self.next = self.next.max(self.first);
    }

    /// Where all wait for one that does not come, others are asked for it, too, and the first of them is waited for.
    fn hedge(&mut self, now: Now, servers: &mut Servers, asks: &mut BTreeMap<PeerId, Vec<BlockHash>>) {
        let height = self.lowest();
        let Some(Wanted { hash, state: State::Asked { peer, at, hedges }, .. }) = self.wanted.front_mut()
        else {
            return;
        };
        if now.millis.saturating_sub(*at) < servers.patience() / 2 {
            return;
        }
        let others = servers.free_for(now.millis, height, hash, *hedges);
        let Some((first, more)) = others.split_first() else { return };
        servers.gives_up_one(*peer, *hash);
        let mut told: Vec<PeerId> = Vec::new();
        told.extend(servers.asked(now.millis, *first, *hash).then_some(*first));
        told.extend(more.iter().filter(|other| servers.asked_too(now.millis, **other, *hash)));
        told.into_iter().for_each(|other| asks.entry(other).or_default().push(*hash));
        (*peer, *at, *hedges) = (*first, now.millis, *hedges + 1);
    }

    /// A block came of those that were asked for; whether it is one of these.
    pub fn came(&mut self, peer: PeerId, hash: &BlockHash, body: BlockBytes) -> bool {
        let bytes = body.bytes();
        let Some(wanted) = self.wanted_mut(hash) else { return false };
        let was_asked = match wanted.state {
            State::Asked { .. } => 1,
            State::Missing => 0,
            State::Here(..) | State::Submitted { .. } | State::Done => return true,
        };
        wanted.state = State::Missing;
        self.asked -= was_asked;
        self.usual_bytes = (self.usual_bytes * 15 + bytes) / 16;
        // Larger than was to be expected: it is asked for again when there is room, but for the one that all wait for.
        let is_first = self.numbers.get(hash) == Some(&self.first);
        if is_first || self.bytes + bytes <= WINDOW_BYTES_MAX {
            self.bytes += bytes;
            if let Some(wanted) = self.wanted_mut(hash) {
                wanted.state = State::Here(body, peer);
            }
        }
        true
    }

    /// Hands on what is here, as far as nothing is missing below it.
    pub fn submit(&mut self, acts: &mut Acts) {
        while !self.waits_for_headers
            && let Some(wanted) = self.wanted.get_mut((self.next - self.first) as usize)
        {
            match std::mem::replace(&mut wanted.state, State::Done) {
                State::Here(body, peer) => {
                    wanted.state = State::Submitted { peer, bytes: body.bytes() };
                    acts.push(Output::SubmitBlock(wanted.hash, Body::Bytes(body), Errand::CatchUp(peer)));
                }
                State::Done => {}
                other => {
                    wanted.state = other;
                    break;
                }
            }
            self.next += 1;
        }
    }

    /// What was asked of one who will not send it is missing again.
    pub fn lost(&mut self, peer: PeerId) {
        for wanted in &mut self.wanted {
            if matches!(wanted.state, State::Asked { peer: asked, .. } if asked == peer) {
                wanted.state = State::Missing;
                self.asked -= 1;
            }
        }
    }

    /// A block was judged that this one sent; whether it is one of these, and is waited for. Where it is not `taken` it is
    /// missing again.
    pub fn judged(&mut self, hash: &BlockHash, sender: PeerId, taken: bool) -> bool {
        let Some(wanted) = self.wanted_mut(hash) else { return false };
        let State::Submitted { peer, bytes } = wanted.state else { return false };
        if peer != sender {
            return false;
        }
        wanted.state = if taken { State::Done } else { State::Missing };
        self.bytes -= bytes;
        if !taken {
            self.next = self.next.min(self.numbers[hash]);
        }
        true
    }

    /// Whether it is the lowest that is not judged.
    pub fn is_lowest(&self, hash: &BlockHash) -> bool {
        self.wanted.front().is_some_and(|lowest| lowest.hash == *hash)
    }
}
