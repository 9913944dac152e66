//! What a node's processor is at: what comes before its writer, in order, and what it learns of that.

use std::sync::Arc;

use tokio::sync::broadcast::error::TryRecvError;

use super::node::{Party, Processor, Submitted};
use super::{Event, World};
use crate::consensus::Blame;
use crate::lab::clock::{MILLISECOND, SECOND};
use crate::net::{judged_block, judged_transaction, present, told};
use crate::node::{BlockRefused, Fresh};
use crate::protocol::{Body, Errand, Input, JudgedBlock, PeerId};
use crate::types::{Block, BlockHash, Header, Transaction, TxHash};

/// A machine is not woken more often than this, whatever it asks for.
const WAKE_EVERY_MIN: u64 = 5 * MILLISECOND;
/// How soon addresses are first kept, and how seldom in the end.
pub(super) const SAVE_FIRST: u64 = 5 * SECOND;
const SAVE_EVERY: u64 = 600 * SECOND;

/// Something that is brought before a node.
pub(super) enum Job {
    /// A block that its machine submits.
    Block(BlockHash, Body, Errand),
    /// A block that was mined there.
    Mined(Box<Block>),
    /// Headers that its machine submits.
    Headers(PeerId, Vec<Header>),
    /// Transactions: a peer's, or somebody's whose wallet asks this node.
    Transactions(Option<PeerId>, Vec<(TxHash, Transaction)>),
}

impl Job {
    /// How long it takes.
    fn takes(&self, processor: &Processor) -> u64 {
        let of_block = |transactions: usize| processor.block + transactions as u64 * processor.mined;
        match self {
            // Not taken apart yet; a transaction has some 150 bytes.
            Self::Block(_, Body::Bytes(bytes), _) => of_block(bytes.bytes() / 150),
            Self::Block(_, Body::Whole(block), _) => of_block(block.transactions.len()),
            Self::Mined(block) => of_block(block.transactions.len()),
            Self::Headers(..) => 0,
            Self::Transactions(_, transactions) => transactions.len() as u64 * processor.transaction,
        }
    }
}

impl World {
    /// Brings something before a node, as if it came from its own people.
    pub(super) fn bring(&mut self, number: usize, job: Job) {
        if let Party::Node(node) = &mut self.parties[number]
            && let Some(running) = &mut node.running
        {
            running.jobs.push_back(job);
            self.attend(number);
        }
    }

    /// Begins what waits for a node's processor, and sees when the node is next to be looked at. What takes no time is done
    /// at once, and so is what comes of it.
    pub(super) fn attend(&mut self, number: usize) {
        let now = self.micros();
        while let Party::Node(node) = &mut self.parties[number]
            && let Some(running) = &mut node.running
            && !running.is_working
            && let Some(job) = running.jobs.front()
        {
            match job.takes(&node.processor) {
                0 => self.work(number),
                takes => {
                    running.is_working = true;
                    self.queue.put(now + takes, Event::Worked { node: number as u32, run: node.run });
                }
            }
        }
        let Party::Node(node) = &mut self.parties[number] else { return };
        let Some(running) = &mut node.running else { return };
        let machine = running.protocol.wake_at().saturating_mul(MILLISECOND);
        let wish = machine.min(running.turns_at).min(running.saves_at).max(now + WAKE_EVERY_MIN);
        // Where it is to be looked at sooner anyway, it is seen then when to look next.
        if wish < node.wakes_at {
            node.wakes_at = wish;
            self.queue.put(wish, Event::Wake(number as u32));
        }
    }

    pub(super) fn woken(&mut self, number: usize, now: u64) {
        match &mut self.parties[number] {
            Party::Stranger(_) => self.stranger_woken(number),
            Party::Node(node) if node.wakes_at == now => {
                node.wakes_at = u64::MAX;
                let Some(running) = &mut node.running else { return };
                if running.saves_at <= now {
                    running.save_every = SAVE_EVERY.min(2 * running.save_every);
                    running.saves_at = now + running.save_every;
                    node.book = running.protocol.book().to_bytes();
                }
                let turns = running.turns_at <= now;
                let is_due = running.protocol.wake_at().saturating_mul(MILLISECOND) <= now;
                node.wakes += u64::from(is_due);
                if turns {
                    self.turn(number);
                }
                if is_due {
                    self.tell(number, Input::Woken);
                }
                self.attend(number);
            }
            // It was looked at sooner meanwhile.
            Party::Node(_) => {}
        }
    }

    /// The processor is done with the first that waited: it goes before the writer.
    pub(super) fn worked(&mut self, number: usize, run: u32) {
        if self.parties[number].run() != run {
            return;
        }
        self.work(number);
        self.attend(number);
    }

    fn work(&mut self, number: usize) {
        let Party::Node(node) = &mut self.parties[number] else { return };
        let processor = node.processor;
        let Some(running) = &mut node.running else { return };
        running.is_working = false;
        let mut judged = Vec::new();
        // What takes no time is done together.
        let mut is_first = true;
        while running.jobs.front().is_some_and(|job| is_first || job.takes(&processor) == 0)
            && let Some(job) = running.jobs.pop_front()
        {
            is_first = false;
            match job {
                Job::Block(hash, body, errand) => match read(body) {
                    Ok(block) => {
                        let pending = running.clockwork.submit_block(block);
                        running.blocks.push_back((hash, Some(errand), pending));
                    }
                    Err(refused) => judged.push(Input::BlockJudged { hash, errand, judged: refused }),
                },
                Job::Mined(block) => {
                    let hash = block.header.hash();
                    running.blocks.push_back((hash, None, running.clockwork.submit_block(*block)));
                }
                Job::Headers(peer, headers) => {
                    let answers = running.clockwork.submit_headers(headers).unwrap_or_default();
                    let refused =
                        answers.iter().find_map(|answer| answer.as_ref().err().map(BlockRefused::blame));
                    judged.push(Input::HeadersJudged { peer, refused });
                }
                Job::Transactions(from, transactions) => {
                    let submit =
                        |(hash, transaction)| (hash, running.clockwork.submit_transaction(transaction));
                    let pending = transactions.into_iter().map(submit).collect();
                    running.transactions.push_back(Submitted { from, pending, judged: Vec::new() });
                }
            }
        }
        self.turn(number);
        judged.into_iter().for_each(|input| self.tell(number, input));
    }

    /// Gives a node's writer a turn, and tells its machine what came of it.
    pub(super) fn turn(&mut self, number: usize) {
        let Party::Node(node) = &mut self.parties[number] else { return };
        let Some(running) = &mut node.running else { return };
        running.clockwork.turn();
        running.look_when_to_turn();
        if node.stopped.is_none() {
            node.stopped = running.clockwork.stopped();
            node.is_excused = node.stopped.is_some() && node.disks.drive.has_refused();
        }
        self.tell_fresh(number);
        // Where its power is gone, what it has just said is on its way, and nothing more comes.
        if !self.see_to_power(number) {
            self.tell_verdicts(number);
        }
    }

    fn tell_fresh(&mut self, number: usize) {
        loop {
            let Party::Node(node) = &mut self.parties[number] else { return };
            let Some(running) = &mut node.running else { return };
            let input = match running.fresh.try_recv() {
                Ok(fresh) => {
                    if let Fresh::Followed { headers, block } = &fresh {
                        let (hash, height) = (block.hash(), block.height());
                        self.record.followed(self.clock.micros(), number, hash, height, headers.len());
                    }
                    Some(told(fresh))
                }
                Err(TryRecvError::Lagged(_)) => present(running.clockwork.handle()),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            };
            let moved = matches!(input, Some(Input::Grew { .. }));
            input.into_iter().for_each(|input| self.tell(number, input));
            if moved {
                self.tip_moved(number);
            }
        }
    }

    fn tell_verdicts(&mut self, number: usize) {
        loop {
            let Party::Node(node) = &mut self.parties[number] else { return };
            let Some(running) = &mut node.running else { return };
            let Some((hash, errand, pending)) = running.blocks.front_mut() else { break };
            let (hash, errand) = (*hash, *errand);
            let Some(verdict) = pending.ready() else { break };
            running.blocks.pop_front();
            node.note_verdict(hash, &verdict);
            self.record.judged(self.clock.micros(), number, hash, &verdict);
            if let Some(errand) = errand {
                let judged = judged_block(verdict);
                self.tell(number, Input::BlockJudged { hash, errand, judged });
            }
        }
        loop {
            let Party::Node(node) = &mut self.parties[number] else { return };
            let Some(running) = &mut node.running else { return };
            let Some(first) = running.transactions.front_mut() else { break };
            if !first.is_judged() {
                break;
            }
            let Some(Submitted { from, judged, .. }) = running.transactions.pop_front() else { break };
            match from {
                Some(peer) => {
                    let judged =
                        judged.into_iter().map(|(hash, verdict)| (hash, judged_transaction(verdict)));
                    let judged = judged.collect();
                    self.tell(number, Input::TransactionsJudged { peer, judged });
                }
                None => judged.into_iter().for_each(|(hash, verdict)| self.user_told(&hash, &verdict)),
            }
        }
    }
}

impl Submitted {
    /// Whether all answers have come; they are gathered.
    fn is_judged(&mut self) -> bool {
        let Self { pending, judged, .. } = self;
        while let Some((hash, first)) = pending.get_mut(judged.len()) {
            let Some(verdict) = first.ready() else { return false };
            judged.push((*hash, verdict));
        }
        true
    }
}

/// All of a block.
fn read(body: Body) -> Result<Arc<Block>, JudgedBlock> {
    match body {
        Body::Whole(block) => Ok(block),
        Body::Bytes(bytes) => bytes.decode().map(Arc::new).map_err(|error| {
            // Whoever sent it has sent something else than was mined, or nothing that makes sense.
            JudgedBlock::Refused { blame: Blame::Sender, reason: error.to_string() }
        }),
    }
}
