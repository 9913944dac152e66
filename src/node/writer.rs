//! The writer: one thread, through which everything goes that changes what is true.
//!
//! It hands what comes to the checks at once, and goes on with what they have finished, in the order in which it came; so
//! while it works on one block the next ones are being checked. Blocks go before transactions. When no more blocks are
//! under way, or enough has piled up, one sync makes all of it durable; then the pool follows the new tip, readers see it,
//! and whoever submitted something is told. Only then are transactions let in: pool and tip always belong together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::checks::{BlockJob, Checks, check_body};
use super::early::Early;
use super::follower::Published;
use super::group::{GROUP_BYTES_MAX, Group};
use super::inbox::{CheckedBody, CheckedTicket, Command, Groundwork, Mail, Submission, Ticket};
use super::pool_log::PoolLog;
use super::recent::Recent;
use super::shared::{INDEXED_IN_MEMORY, STEPS_REMEMBERED, Shared, Tip};
use super::verdict::{BlockRefused, BlockVerdict, Closed, TransactionRefused, Verdict};
use crate::chain::{ChainError, HeaderPlacement, Orphans};
use crate::consensus::{Blame, BlockError, CheckedBlock, check_arrival, check_work};
use crate::mempool::Change;
use crate::storage::{StateMark, StorageError, Store};
use crate::types::{Block, BlockHash, Header, Height, Timestamp};

/// Blocks whose parent is missing, and their bytes, that are kept until it comes.
const ORPHANS_MAX: usize = 256;
const ORPHAN_BYTES_MAX: usize = 32 << 20;
/// Transactions let in before readers and blocks get a turn.
const ADMITTED_TOGETHER_MAX: usize = 1024;

/// How often the pool is asked what has outlived its time.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// The disk refused: nothing is taken in any more.
#[derive(Debug)]
pub(super) struct Failed(pub StorageError);

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self(error)
    }
}

/// The clock by which headers are early.
pub type ChainClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A block between its arrival and its turn.
struct InFlight {
    number: u64,
    header: Header,
    ticket: Option<Ticket<BlockVerdict>>,
    body: Option<CheckedBody>,
}

/// Where the writer tells what it has done; whoever listens there learns of its end, too.
pub(super) struct Outlets {
    pub follower: SyncSender<Published>,
    pub tips: watch::Sender<Tip>,
}

/// Everything that only the writer's thread touches.
pub(super) struct Writer {
    pub shared: Arc<Shared>,
    pub store: Store,
    pub checks: Checks,
    pub clock: ChainClock,
    pub outlets: Outlets,
    pub pool_log: PoolLog,
    /// How many ask for one sync at the end of what they do.
    pub bulk: Arc<AtomicUsize>,
    pub group: Group,
    pub recent: Recent,
    in_flight: VecDeque<InFlight>,
    next_number: u64,
    transactions: VecDeque<CheckedTicket>,
    orphans: Orphans<Box<Block>>,
    early: Early,
    /// When the pool is next asked what has outlived its time.
    expire_at: Instant,
    closed: Option<Closed>,
}

impl Writer {
    pub fn new(
        shared: Arc<Shared>,
        store: Store,
        checks: Checks,
        clock: ChainClock,
        outlets: Outlets,
        pool_log: PoolLog,
        bulk: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            shared,
            store,
            checks,
            clock,
            outlets,
            pool_log,
            bulk,
            group: Group::default(),
            recent: Recent::default(),
            in_flight: VecDeque::new(),
            next_number: 0,
            transactions: VecDeque::new(),
            orphans: Orphans::new(ORPHANS_MAX, ORPHAN_BYTES_MAX),
            early: Early::default(),
            expire_at: Instant::now() + EXPIRE_EVERY,
            closed: None,
        }
    }

    /// Goes on where a crash came in the middle of going over to another branch, before anybody sees where it came.
    pub fn finish_what_was_begun(&mut self) {
        if let Err(failed) = self.follow_best().and_then(|()| self.settle()) {
            self.close(&failed.0);
        }
    }

    /// Works until told to stop, and leaves everything durable behind.
    pub fn run(mut self) {
        let reason = loop {
            let mut mail = self.shared.inbox.take(self.wake_at());
            let stop = mail.stop.take();
            if let Err(failed) = self.turn(mail) {
                self.close(&failed.0);
            }
            if let Some(reason) = stop {
                break reason;
            }
        };
        if let Err(failed) = self.settle().and_then(|()| self.pool_log.sync()) {
            self.close(&failed.0);
        }
        self.close_with(&Closed { reason });
    }

    /// When there is something to do even if nothing comes; nothing where that is never.
    fn wake_at(&self) -> Option<Instant> {
        let ready = self.in_flight.front().is_some_and(|first| first.body.is_some());
        if ready || (self.group.since.is_none() && !self.transactions.is_empty()) {
            return Some(Instant::now());
        }
        let early = self.early.next().map(|seconds| Instant::now() + seconds);
        let expire = (!self.shared.state.read().pool.is_empty()).then_some(self.expire_at);
        [self.group.deadline(), early, expire].into_iter().flatten().min()
    }

    fn turn(&mut self, mail: Mail) -> Result<(), Failed> {
        for (number, body) in mail.checked {
            let waiting = self.in_flight.iter_mut().find(|waiting| waiting.number == number);
            waiting.expect("a verdict on a block that waits for it").body = Some(body);
        }
        mail.submissions.into_iter().for_each(|submission| self.take_in(submission));
        let now = (self.clock)();
        for block in self.early.due(now, &self.shared.params) {
            self.take_in(Submission { block, ticket: None });
        }
        self.transactions.extend(mail.transactions);
        for command in mail.commands {
            self.obey(command)?;
        }
        if self.in_flight.front().is_some_and(|first| first.body.is_some())
            && let Some(InFlight { header, ticket, body: Some(body), .. }) = self.in_flight.pop_front()
        {
            self.take_verdict(&header, ticket, body)?;
        }
        let full = self.group.deadline().is_some_and(|deadline| Instant::now() >= deadline)
            || self.store.unsynced_bytes() >= GROUP_BYTES_MAX;
        let idle = self.in_flight.is_empty() && self.bulk.load(Ordering::Acquire) == 0;
        if self.group.since.is_some() && (full || idle) {
            self.settle()?;
        }
        if self.group.since.is_none() {
            self.expire();
            self.admit()?;
        }
        Ok(())
    }

    /// Lets go of what waits in the pool for too long, also where no blocks come.
    fn expire(&mut self) {
        if Instant::now() < self.expire_at {
            return;
        }
        self.expire_at = Instant::now() + EXPIRE_EVERY;
        let mut guard = self.shared.state.write();
        let state = &mut *guard;
        let next_height = state.tip.height.next().unwrap_or(Height(u32::MAX));
        state.pool.expire(&state.ledger, next_height, self.shared.seconds());
    }

    fn obey(&mut self, command: Command) -> Result<(), Failed> {
        match command {
            Command::Headers(headers, ticket) => {
                let mut answers = Vec::with_capacity(headers.len());
                for header in &headers {
                    let answer = self.take_header(header);
                    let refused = answer.is_err();
                    answers.push(answer);
                    if refused {
                        break;
                    }
                }
                ticket.answer(answers);
            }
            Command::Groundwork(ticket) => {
                let state = self.shared.state.read();
                let previous = state.ledger.tip();
                let context = state.chain.context_above(&previous);
                let commitments = state.ledger.commitments();
                ticket.answer(context.map(|context| Groundwork { previous, context, commitments }));
            }
            Command::Settle(ticket) => {
                self.settle()?;
                ticket.answer(());
            }
        }
        Ok(())
    }

    /// A header from outside. Whether it is early counts when its body comes: a header alone moves nothing.
    fn take_header(&mut self, header: &Header) -> Result<HeaderPlacement, ChainError> {
        self.shared.state.write().chain.accept_header(header)
    }

    /// Hands a block to the checks, unless a look at its header is enough.
    fn take_in(&mut self, submission: Submission) {
        let Submission { block, mut ticket } = submission;
        let header = block.header;
        match self.look_at(&header) {
            Err(mut verdict) => {
                if let Ok(Verdict::Early { .. }) = verdict {
                    // Anybody can send an honest header with another body, which must not take its place until then.
                    match check_body(&block) {
                        Ok(()) => self.early.keep(block),
                        Err(error) => verdict = Err(error.into()),
                    }
                }
                match ticket.take() {
                    // It may be known for what is not synced yet.
                    Some(ticket) if self.group.since.is_some() => self.group.answers.push((ticket, verdict)),
                    Some(ticket) => ticket.answer(verdict),
                    None => {}
                }
            }
            Ok(()) => {
                let context = self.shared.state.read().chain.context_above(&header.previous);
                let number = self.next_number;
                self.next_number += 1;
                self.in_flight.push_back(InFlight { number, header, ticket, body: None });
                self.checks.block(BlockJob { number, block, context });
            }
        }
    }

    /// What can be told from a header. Nothing, where its body has to be looked at.
    fn look_at(&mut self, header: &Header) -> Result<(), BlockVerdict> {
        if let Some(closed) = &self.closed {
            return Err(Err(closed.clone().into()));
        }
        let hash = header.hash();
        let known = self.shared.state.read().chain.has_body(&hash);
        if known && self.take_header(header).is_ok() {
            return Err(Ok(Verdict::Known));
        }
        // Its own work comes before its time: what did none is not kept until later.
        check_work(&self.shared.params, header).map_err(|error| Err(ChainError::from(error).into()))?;
        if let Err(early) = check_arrival(header.time, (self.clock)(), &self.shared.params) {
            return Err(Ok(Verdict::Early { seconds: early.seconds_early }));
        }
        self.take_header(header).map(|_| ()).map_err(|error| Err(error.into()))
    }

    /// The checks are done with a block, and it is its turn.
    fn take_verdict(
        &mut self,
        header: &Header,
        ticket: Option<Ticket<BlockVerdict>>,
        body: CheckedBody,
    ) -> Result<(), Failed> {
        let hash = header.hash();
        if let Some(closed) = &self.closed {
            ticket.into_iter().for_each(|ticket| ticket.answer(Err(closed.clone().into())));
            return Ok(());
        }
        let verdict = match body {
            CheckedBody::Orphan(Ok(block)) => Ok(self.keep_orphan(header, block)),
            CheckedBody::Orphan(Err(error)) | CheckedBody::Placed(Err(error)) => {
                Err(self.condemn(&hash, error))
            }
            CheckedBody::Placed(Ok(block)) => {
                let verdict = match self.connect(&block) {
                    Ok(verdict) => verdict,
                    Err(failed) => {
                        let closed = self.close(&failed.0);
                        ticket.into_iter().for_each(|ticket| ticket.answer(Err(closed.clone().into())));
                        return Err(failed);
                    }
                };
                match verdict {
                    Ok(Verdict::Orphan { .. }) => {
                        Ok(self.keep_orphan(header, Box::new(block.block.block().clone())))
                    }
                    Ok(Verdict::Side | Verdict::Followed { .. }) => {
                        self.release_orphans(&hash);
                        verdict
                    }
                    Ok(Verdict::Known | Verdict::Early { .. }) | Err(_) => verdict,
                }
            }
        };
        self.group.answers.extend(ticket.map(|ticket| (ticket, verdict)));
        // Answers to what wrote nothing need no sync, but their order is kept behind those that do.
        if self.group.since.is_none() {
            self.answer();
        }
        Ok(())
    }

    fn condemn(&mut self, hash: &BlockHash, error: BlockError) -> BlockRefused {
        if error.blame() == Blame::Block {
            self.shared.state.write().chain.reject(hash);
        }
        error.into()
    }

    fn keep_orphan(&mut self, header: &Header, block: Box<Block>) -> Verdict {
        let bytes = crate::codec::encoded_len(&*block);
        self.orphans.insert(header.hash(), header.previous, bytes, block);
        let state = self.shared.state.read();
        let mut missing = header.previous;
        while let Some(entry) = state.chain.entry(&missing).filter(|entry| {
            // Down to the lowest whose body is missing.
            state.chain.entry(&entry.header.previous).is_some_and(|below| below.arrival.is_none())
        }) {
            missing = entry.header.previous;
        }
        Verdict::Orphan { missing }
    }

    /// What stood on a block that has come is taken in again.
    fn release_orphans(&mut self, hash: &BlockHash) {
        for block in self.orphans.take_above(hash) {
            self.take_in(Submission { block: *block, ticket: None });
        }
    }

    /// Goes over to the best branch there is, as long as there is a better one than ours.
    pub(super) fn follow_best(&mut self) -> Result<(), Failed> {
        loop {
            let plan = self.shared.state.read().chain.plan();
            let Some(plan) = plan else { return Ok(()) };
            // One that cannot be followed is condemned, and then there is one fewer.
            let _ = self.reorganize(&plan)?;
        }
    }

    /// Makes durable what was done, and tells everybody.
    pub(super) fn settle(&mut self) -> Result<(), Failed> {
        if self.group.since.is_none() {
            return Ok(());
        }
        self.store.sync()?;
        let published = self.publish();
        // It ends only after us.
        let _ = self.outlets.follower.send(published);
        self.pool_log.flush()?;
        self.answer();
        self.group = Group::default();
        Ok(())
    }

    /// Readers see what was done, and the pool follows.
    fn publish(&mut self) -> Published {
        let group = &mut self.group;
        let shared = &self.shared;
        let mut guard = shared.state.write();
        let state = &mut *guard;
        let entry = state.chain.tip();
        let (hash, height) = (entry.hash, entry.height);
        let blocks: Vec<&CheckedBlock> = group.connected.iter().map(|block| &*block.block).collect();
        if group.disconnected > 0 || !blocks.is_empty() {
            let change =
                Change { disconnected: group.disconnected, returned: group.returned(), connected: &blocks };
            let next_height = height.next().unwrap_or(Height(u32::MAX));
            let reconciled = state.pool.reconcile(change, &state.ledger, next_height, shared.seconds());
            // They may never have come but in the block that was taken off.
            let returned = reconciled.returned.iter().filter_map(|hash| state.pool.get(hash));
            returned.for_each(|entry| self.pool_log.add(entry.transaction()));
        }
        for _ in 0..group.disconnected {
            state.indexed.pop_back();
        }
        for block in &group.connected {
            state.indexed.push_back((block.block.hash(), Arc::clone(&block.index)));
        }
        while state.indexed.len() > INDEXED_IN_MEMORY {
            state.indexed.pop_front();
        }
        let sequence = group.last_sequence().unwrap_or(state.tip.sequence);
        let root = state.ledger.commitments().state;
        state.tip = Tip { hash, height, sequence, state: root, moment: state.ledger.moment() };
        state.ledger.pin(state.tip.moment);
        let tip = state.tip;
        let mark = StateMark { sequence, position: self.store.end(), block: hash, state: root };
        drop(guard);

        let mut steps = shared.steps.lock();
        steps.extend(group.steps.iter().map(|(step, _)| *step));
        while steps.len() > STEPS_REMEMBERED {
            steps.pop_front();
        }
        drop(steps);
        self.outlets.tips.send_replace(tip);
        Published {
            arrivals: std::mem::take(&mut group.arrivals),
            changes: group.steps.drain(..).map(|(_, changes)| changes).collect(),
            mark,
        }
    }

    fn answer(&mut self) {
        for (ticket, verdict) in self.group.answers.drain(..) {
            ticket.answer(verdict);
        }
    }

    /// Lets transactions in. They are written down before anybody is told, so that a kill loses none of them.
    fn admit(&mut self) -> Result<(), Failed> {
        let count = self.transactions.len().min(ADMITTED_TOGETHER_MAX);
        if count == 0 {
            return Ok(());
        }
        let mut answers = Vec::with_capacity(count);
        let mut guard = self.shared.state.write();
        let state = &mut *guard;
        let next_height = state.tip.height.next().unwrap_or(Height(u32::MAX));
        let now = self.shared.seconds();
        for CheckedTicket { ticket, hash, verdict } in self.transactions.drain(..count) {
            let answer = match (&self.closed, verdict) {
                (Some(closed), _) => Err(closed.clone().into()),
                (None, Err(error)) => {
                    hash.into_iter().for_each(|hash| state.pool.remember_rejection(hash, error));
                    Err(error.into())
                }
                (None, Ok(transaction)) => {
                    let admitted =
                        state.pool.admit(Arc::clone(&transaction), &state.ledger, next_height, now);
                    if admitted.is_ok() {
                        self.pool_log.add(&transaction);
                    }
                    admitted.map_err(TransactionRefused::from)
                }
            };
            answers.push((ticket, answer));
        }
        let written = self.pool_log.write(&state.pool);
        drop(guard);
        if let Err(failed) = &written {
            let closed = self.close(&failed.0);
            answers.iter_mut().for_each(|(_, answer)| *answer = Err(closed.clone().into()));
        }
        answers.into_iter().for_each(|(ticket, answer)| ticket.answer(answer));
        written
    }

    /// From now on nothing is taken in. Whoever asks how the node is learns of it before anybody is refused.
    fn close(&mut self, error: &StorageError) -> Closed {
        let closed = Closed { reason: error.to_string() };
        if self.closed.is_none() {
            self.shared.health.stop(&closed.reason);
        }
        self.close_with(&closed);
        closed
    }

    /// Whoever waits is told that nothing came of it.
    fn close_with(&mut self, closed: &Closed) {
        self.closed.get_or_insert_with(|| closed.clone());
        let refuse = |ticket: Ticket<BlockVerdict>| ticket.answer(Err(closed.clone().into()));
        let group = std::mem::take(&mut self.group);
        group.answers.into_iter().for_each(|(ticket, _)| refuse(ticket));
        for waiting in &mut self.in_flight {
            waiting.ticket.take().into_iter().for_each(refuse);
        }
        for CheckedTicket { ticket, .. } in self.transactions.drain(..) {
            ticket.answer(Err(closed.clone().into()));
        }
    }
}

/// Whoever still waits is told by what is dropped here, also where a fault of ours was the end.
impl Drop for Writer {
    fn drop(&mut self) {
        if thread::panicking() {
            self.shared.health.stop("a fault in the writer; start again, nothing that was told is lost");
        }
        self.shared.inbox.close();
    }
}
