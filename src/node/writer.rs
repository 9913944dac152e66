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
use std::time::Duration;

use tokio::sync::watch;

use super::admit::EXPIRE_EVERY;
use super::checks::Checks;
use super::early::Early;
use super::follower::Published;
use super::fresh::FreshOutlet;
use super::group::{GROUP_BYTES_MAX, Group};
use super::hold::{Doors, Held};
use super::inbox::{CheckedBody, CheckedTicket, Command, Mail, Submission, Ticket};
use super::pool_log::PoolLog;
use super::recent::Recent;
use super::settle::VOUCH_AFTER;
use super::shared::{Shared, Tip};
use super::verdict::{BlockVerdict, Closed};
use crate::chain::Orphans;
use crate::storage::{Origin, StorageError, Store};
use crate::template::Groundwork;
use crate::types::{Block, Header};

/// Blocks whose parent is missing, and their bytes, that are kept until it comes.
pub(super) const ORPHANS_MAX: usize = 256;
const ORPHAN_BYTES_MAX: usize = 32 << 20;

/// The disk refused, or the node was told to stop in the midst of something: nothing is taken in any more.
#[derive(Debug)]
pub(super) struct Failed(pub StorageError);

impl From<StorageError> for Failed {
    fn from(error: StorageError) -> Self {
        Self(error)
    }
}

/// A block between its arrival and its turn.
pub(super) struct InFlight {
    pub number: u64,
    pub header: Header,
    pub ticket: Option<Ticket<BlockVerdict>>,
    pub body: Option<CheckedBody>,
}

/// Where the writer tells what it has done; whoever listens there learns of its end, too.
pub(super) struct Outlets {
    pub follower: SyncSender<Published>,
    pub tips: watch::Sender<Tip>,
    pub pool_changes: watch::Sender<u64>,
    pub fresh: FreshOutlet,
}

impl Outlets {
    /// Something has entered the pool or left it.
    pub fn pool_changed(&self) {
        self.pool_changes.send_modify(|count| *count += 1);
    }
}

/// Everything that only the writer's thread touches.
pub(super) struct Writer {
    pub shared: Arc<Shared>,
    pub store: Store,
    pub checks: Checks,
    pub outlets: Outlets,
    pub pool_log: PoolLog,
    /// How many ask for one sync at the end of what they do.
    pub bulk: Arc<AtomicUsize>,
    pub group: Group,
    pub recent: Recent,
    pub in_flight: VecDeque<InFlight>,
    pub next_number: u64,
    pub transactions: VecDeque<CheckedTicket>,
    pub orphans: Orphans<Arc<Block>>,
    pub early: Early,
    groundwork: Vec<Ticket<Option<Groundwork>>>,
    /// When the pool is next asked what has outlived its time.
    pub expire_at: Duration,
    /// When the last sync is vouched for; nothing once it was.
    pub vouch_at: Option<Duration>,
    pub closed: Option<Closed>,
    /// What its folder is called, where it works in one.
    pub origin: Option<Origin>,
    /// How many hold it.
    pub held: usize,
    /// Those who ask for that.
    pub to_hold: Vec<Ticket<Result<Held, Closed>>>,
}

impl Writer {
    pub fn new(
        shared: Arc<Shared>,
        store: Store,
        checks: Checks,
        outlets: Outlets,
        pool_log: PoolLog,
        bulk: Arc<AtomicUsize>,
    ) -> Self {
        // What a killed process left behind is durable since the start, and has nobody to testify for it.
        let now = shared.clocks.uptime();
        let vouch_at = (!store.is_vouched()).then_some(now + VOUCH_AFTER);
        Self {
            shared,
            store,
            checks,
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
            groundwork: Vec::new(),
            expire_at: now + EXPIRE_EVERY,
            vouch_at,
            closed: None,
            origin: None,
            held: 0,
            to_hold: Vec::new(),
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
            let now = self.shared.clocks.uptime();
            let wait = self.wake_at().map(|at| at.saturating_sub(now));
            let mut mail = self.shared.inbox.take(self.doors(), wait);
            let stop = mail.stop.take();
            if self.shared.check_abandoned().is_err() {
                return self.close_with(&Closed::ended());
            }
            self.turn(mail);
            if let Some(reason) = stop {
                break reason;
            }
        };
        self.end(reason);
    }

    /// Leaves everything durable behind, and tells whoever waits that nothing more is taken in.
    pub fn end(&mut self, reason: String) {
        let ended = self.settle().and_then(|()| self.vouch()).and_then(|()| self.pool_log.sync());
        if let Err(failed) = ended {
            self.close(&failed.0);
        }
        self.close_with(&Closed { reason });
    }

    /// When there is something to do even if nothing comes, by how long the node has been running; nothing where that is
    /// never.
    pub fn wake_at(&self) -> Option<Duration> {
        let doors = self.doors();
        if doors == Doors::Shut {
            return None;
        }
        let now = self.shared.clocks.uptime();
        let ready = self.in_flight.front().is_some_and(|first| first.body.is_some());
        if ready || (self.group.since.is_none() && !self.transactions.is_empty()) {
            return Some(now);
        }
        let early = self.early.next().filter(|_| doors == Doors::Open);
        if let Some(deadline) = self.group.deadline() {
            // Until that is synced the pool and what was synced before are left alone.
            return Some(early.map_or(deadline, |early| early.min(deadline)));
        }
        let expire = (!self.shared.state.read().pool.is_empty()).then_some(self.expire_at);
        [early, expire, self.vouch_at].into_iter().flatten().min()
    }

    /// Does what can be done now. Where it fails, nothing is taken in any more.
    pub fn turn(&mut self, mail: Mail) {
        if let Err(failed) = self.work(mail) {
            self.close(&failed.0);
        }
    }

    fn work(&mut self, mail: Mail) -> Result<(), Failed> {
        self.run_errands(mail.errands);
        let doors = self.doors();
        if doors == Doors::Shut {
            return Ok(());
        }
        for (number, body) in mail.checked {
            let waiting = self.in_flight.iter_mut().find(|waiting| waiting.number == number);
            waiting.expect("a verdict on a block that waits for it").body = Some(body);
        }
        mail.submissions.into_iter().for_each(|submission| self.take_in(submission));
        if doors == Doors::Open {
            self.take_in_due();
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
        self.answer_groundwork();
        let now = self.shared.clocks.uptime();
        let full = self.group.deadline().is_some_and(|deadline| now >= deadline)
            || self.store.unsynced_bytes() >= GROUP_BYTES_MAX;
        let idle = self.in_flight.is_empty() && self.bulk.load(Ordering::Acquire) == 0;
        if self.group.since.is_some() && (full || idle) {
            self.settle()?;
        }
        if self.vouch_at.is_some_and(|at| self.shared.clocks.uptime() >= at) && self.group.since.is_none() {
            self.vouch()?;
        }
        if self.group.since.is_none() {
            self.expire();
            self.admit()?;
        }
        self.hold_if_asked()
    }

    /// Takes in what was too early, and is not any more.
    fn take_in_due(&mut self) {
        let (uptime, time) = (self.shared.clocks.uptime(), self.shared.clocks.chain());
        for block in self.early.due(uptime, time, &self.shared.params) {
            self.take_in(Submission { block, ticket: None });
        }
    }

    /// Testifies for what was synced last, once nothing has followed for a while.
    fn vouch(&mut self) -> Result<(), Failed> {
        if self.vouch_at.take().is_some() {
            self.store.vouch()?;
        }
        Ok(())
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
            Command::Groundwork(ticket) => self.groundwork.push(ticket),
            Command::Invalidate(block, ticket) => ticket.answer(self.invalidate(&block)?),
            Command::Reconsider(block, left, ticket) => ticket.answer(self.reconsider(&block, &left)?),
            Command::Settle(ticket) => {
                self.settle()?;
                ticket.answer(());
            }
            Command::PoolIsBack => self.pool_log.is_back(),
        }
        Ok(())
    }

    /// Says what a block on the tip must stand on: once all blocks that came before the question are in their place.
    fn answer_groundwork(&mut self) {
        if self.groundwork.is_empty() || !self.in_flight.is_empty() {
            return;
        }
        let state = self.shared.state.read();
        let previous = state.ledger.tip();
        let context = state.chain.context_above(&previous);
        let commitments = state.ledger.commitments();
        let groundwork = context.map(|context| Groundwork { previous, context, commitments });
        self.groundwork.drain(..).for_each(|ticket| ticket.answer(groundwork));
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

    /// From now on nothing is taken in. Whoever asks how the node is learns of it before anybody is refused.
    pub(super) fn close(&mut self, error: &StorageError) -> Closed {
        let closed = Closed { reason: error.to_string() };
        if self.closed.is_none() && !matches!(error, StorageError::Ended) {
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
        for ticket in self.to_hold.drain(..) {
            ticket.answer(Err(closed.clone()));
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
        self.shared.pool_listeners.end();
    }
}
