//! Who has transactions that we want, and how each of these stands.

use std::collections::VecDeque;

use super::Rolling;
use crate::ledger::MapSeed;
use crate::protocol::{PeerId, Side};
use crate::types::TxHash;

/// Requests to one peer that were not answered. More wait until some are.
pub(in crate::protocol) const IN_FLIGHT_MAX: usize = 5000;
/// Transactions that wait to be asked of one peer. What it offers beyond is not asked of it.
pub(in crate::protocol) const WAITING_MAX: usize = 50_000;
/// Others who have the same transaction. Who offers it after them is not asked, unless we dialed it: then it takes the
/// place of one.
pub(in crate::protocol) const OTHERS_MAX: usize = 4;
/// Timeouts in a row after which nothing more is asked.
pub(in crate::protocol) const TIMEOUTS_MAX: u32 = 4;
/// How many times the time for an answer a peer is left alone that gave none. Then it may have become better.
pub(in crate::protocol) const ALONE_TIMES: u64 = 30;
/// What is asked at once gets less by this with each timeout.
const LESS: usize = 8;

/// How much of something there is.
#[derive(Clone, Copy, Default)]
pub(super) struct Load {
    pub count: usize,
    pub bytes: usize,
}

impl Load {
    pub fn add(&mut self, bytes: u32) {
        self.count += 1;
        self.bytes += bytes as usize;
    }

    pub fn take(&mut self, bytes: u32) {
        self.count -= 1;
        self.bytes -= bytes as usize;
    }

    pub fn is_below(self, count: usize, bytes: usize) -> bool {
        self.count < count && self.bytes < bytes
    }
}

/// Requests that went out together.
pub(super) struct Batch {
    pub deadline: u64,
    /// Those that are neither answered nor skipped.
    pub left: usize,
}

/// Somebody who has transactions.
pub(super) struct Source {
    pub side: Side,
    /// Offered and to be asked of it, oldest first. Some may have gone to others since.
    pub waiting: VecDeque<TxHash>,
    /// Asked of it, in order. Some may have come from others since.
    pub in_flight: VecDeque<TxHash>,
    /// How these were asked, in order.
    pub batches: VecDeque<Batch>,
    /// Fingerprints of what was asked of it and then of others, so that it is not blamed for answering after all.
    pub late: Rolling<u64>,
    /// What it sent that is not judged.
    pub submitted: Load,
    window: usize,
    timeouts: u32,
    /// When it is asked again after all.
    alone_until: u64,
}

impl Source {
    pub fn new(side: Side, seed: MapSeed) -> Self {
        Self {
            side,
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            batches: VecDeque::new(),
            late: Rolling::new(IN_FLIGHT_MAX, seed),
            submitted: Load::default(),
            window: IN_FLIGHT_MAX,
            timeouts: 0,
            alone_until: 0,
        }
    }

    /// What of a bound over all peers is there for this one: those that dialed us have half of it for all together.
    pub fn share_of(&self, max: usize) -> usize {
        match self.side {
            Side::Dialer => max,
            Side::Listener => max / 2,
        }
    }

    /// How much more of a bound over all peers is there for this one, when all have taken so much of it, and it has `own`.
    /// If it dialed us and others that did have taken their half, there still is some for it up to a `modest` amount.
    pub fn room_in(&self, max: usize, taken: usize, own: usize, modest: usize) -> usize {
        let left = self.share_of(max).saturating_sub(taken);
        left.max(modest.saturating_sub(own).min((max / 4 * 3).saturating_sub(taken)))
    }

    /// Whether anything is asked of it at all.
    pub fn is_asked(&self, millis: u64) -> bool {
        self.timeouts < TIMEOUTS_MAX || millis >= self.alone_until
    }

    /// How many more can be asked of it.
    pub fn room(&self) -> usize {
        self.window.saturating_sub(self.in_flight.len())
    }

    /// It answered something that it was asked.
    pub fn answered(&mut self) {
        self.timeouts = 0;
        self.window = (2 * self.window).min(IN_FLIGHT_MAX);
    }

    /// It did not answer in time.
    pub fn timed_out(&mut self, millis: u64, timeout: u64) {
        self.timeouts = self.timeouts.saturating_add(1);
        self.window = (self.window / LESS).max(1);
        self.alone_until = millis + ALONE_TIMES * timeout;
    }

    /// Takes out the first of those that were asked.
    pub fn next_asked(&mut self) -> Option<TxHash> {
        let hash = self.in_flight.pop_front()?;
        if let Some(batch) = self.batches.front_mut() {
            batch.left -= 1;
            if batch.left == 0 {
                self.batches.pop_front();
            }
        }
        Some(hash)
    }

    /// Takes out those whose time is over.
    pub fn overdue(&mut self, millis: u64) -> Vec<TxHash> {
        let mut overdue = Vec::new();
        while let Some(batch) = self.batches.front().filter(|batch| batch.deadline <= millis) {
            overdue.extend(self.in_flight.drain(..batch.left));
            self.batches.pop_front();
        }
        overdue
    }

    /// Gives back the memory of a rush that is over.
    pub fn shrink(&mut self) {
        for queue in [&mut self.waiting, &mut self.in_flight] {
            if queue.is_empty() {
                *queue = VecDeque::new();
            }
        }
    }
}

/// How it stands with a transaction that we want.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It is to be asked of this one.
    Waiting(PeerId),
    /// It was asked of this one.
    Asked(PeerId),
    /// This one sent it, and it is not judged.
    Submitted(PeerId),
}

/// A transaction that we want.
pub(super) struct Track {
    pub state: State,
    /// Its bytes, once it came.
    pub bytes: u32,
    /// Whether others were told of it.
    pub announced: bool,
    others: [PeerId; OTHERS_MAX],
    others_count: u8,
}

impl Track {
    pub fn new(state: State) -> Self {
        Self { state, bytes: 0, announced: false, others: [PeerId(0); OTHERS_MAX], others_count: 0 }
    }

    /// Who else has it, in the order in which they are asked.
    pub fn others(&self) -> &[PeerId] {
        &self.others[..usize::from(self.others_count)]
    }

    /// Somebody else has it too. Those that we dialed come first: others can come by the hundred and offer what they will
    /// not send.
    pub fn add_other(&mut self, peer: PeerId, is_dialed: bool) {
        let count = usize::from(self.others_count);
        if self.others().contains(&peer) || (count == OTHERS_MAX && !is_dialed) {
            return;
        }
        let kept = count.min(OTHERS_MAX - 1);
        let at = if is_dialed { 0 } else { kept };
        self.others.copy_within(at..kept, at + 1);
        self.others[at] = peer;
        self.others_count = (kept + 1) as u8;
    }

    /// Who is asked next.
    pub fn next_other(&mut self) -> Option<PeerId> {
        let next = *self.others().first()?;
        self.others.copy_within(1.., 0);
        self.others_count -= 1;
        Some(next)
    }
}

/// Most peers are idle.
const _: () = assert!(size_of::<Source>() < 512, "what one takes that offers nothing");
