//! What waits for the writer, and how whoever submitted it learns what became of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::hold::{Doors, Errand};
use super::ruling::RulingRefused;
use super::shared::Tip;
use super::verdict::{BlockRefused, BlockVerdict, TransactionRefused, TransactionVerdict};
use crate::chain::HeaderPlacement;
use crate::consensus::CheckedTransaction;
use crate::consensus::{BlockError, CheckedBlock};
use crate::storage::BlockIndex;
use crate::template::Groundwork;
use crate::types::{Block, BlockHash, Header, TxHash};

/// A place in the queue, and where the answer goes; the place is free again when it was given.
pub(super) struct Ticket<T> {
    reply: oneshot::Sender<T>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<T> Ticket<T> {
    pub fn new(place: Option<OwnedSemaphorePermit>) -> (Self, oneshot::Receiver<T>) {
        let (reply, answer) = oneshot::channel();
        (Self { reply, _place: place }, answer)
    }

    /// Answers. Whoever asked may have gone away.
    pub fn answer(self, answer: T) {
        let _ = self.reply.send(answer);
    }
}

/// A block that came; nobody waits where the node had put it aside itself.
pub(super) struct Submission {
    pub block: Arc<Block>,
    pub ticket: Option<Ticket<BlockVerdict>>,
}

/// What the checks found out about a block.
pub(super) enum CheckedBody {
    /// Its place was known.
    Placed(Result<CheckedAndIndexed, BlockError>),
    /// Its place was not, and the body is its header's, or not.
    Orphan(Result<Arc<Block>, BlockError>),
}

/// A checked block and where to look for what is in it.
#[derive(Clone)]
pub(super) struct CheckedAndIndexed {
    pub block: Arc<CheckedBlock>,
    pub index: Arc<BlockIndex>,
}

/// What the checks found out about a transaction.
pub(super) struct CheckedTicket {
    pub ticket: Ticket<TransactionVerdict>,
    /// Where its signatures were verified.
    pub hash: Option<TxHash>,
    pub verdict: Result<Arc<CheckedTransaction>, TransactionRefused>,
}

/// Anything else that only the writer can do.
pub(super) enum Command {
    /// Take in headers whose bodies may come later; the answers are in their order, up to the first refused.
    Headers(Vec<Header>, Ticket<Vec<Result<HeaderPlacement, BlockRefused>>>),
    /// Say what a block on the tip must stand on.
    Groundwork(Ticket<Option<Groundwork>>),
    /// Leave this block, and what is above it.
    Invalidate(BlockHash, Ticket<Result<Tip, RulingRefused>>),
    /// Let this block count again, but leave those as before.
    Reconsider(BlockHash, BTreeSet<BlockHash>, Ticket<Result<Tip, RulingRefused>>),
    /// Make everything durable that was taken in.
    Settle(Ticket<()>),
    /// The pool has been read back: what was written of it before may go.
    PoolIsBack,
}

/// Everything that came since the writer last looked.
#[derive(Default)]
pub(super) struct Mail {
    pub submissions: Vec<Submission>,
    pub checked: Vec<(u64, CheckedBody)>,
    pub transactions: Vec<CheckedTicket>,
    pub commands: Vec<Command>,
    pub errands: Vec<Errand>,
    /// Why nothing more is to be done.
    pub stop: Option<String>,
}

impl Mail {
    /// Whether there is nothing in it for a writer who takes in no more than this.
    fn is_empty(&self, doors: Doors) -> bool {
        let has_news =
            !self.submissions.is_empty() || !self.transactions.is_empty() || !self.commands.is_empty();
        let has_checked = !self.checked.is_empty();
        let has_orders = !self.errands.is_empty() || self.stop.is_some();
        !match doors {
            Doors::Open => has_news || has_checked || has_orders,
            Doors::Closing => has_checked || has_orders,
            Doors::Shut => has_orders,
        }
    }

    /// Takes that out.
    fn take(&mut self, doors: Doors) -> Self {
        if doors == Doors::Open {
            return std::mem::take(self);
        }
        let checked = if doors == Doors::Closing { std::mem::take(&mut self.checked) } else { Vec::new() };
        let (errands, stop) = (std::mem::take(&mut self.errands), self.stop.clone());
        Self { checked, errands, stop, ..Self::default() }
    }
}

/// The writer's letter box. What goes in is bounded by the tickets that [`NodeHandle`](super::NodeHandle) gives out.
pub(super) struct Inbox {
    /// Nothing once nobody reads any more.
    mail: Mutex<Option<Mail>>,
    came: Condvar,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { mail: Mutex::new(Some(Mail::default())), came: Condvar::default() }
    }
}

impl Inbox {
    /// What comes after the end is dropped, tickets and all, which tells whoever waits for an answer.
    fn put(&self, put: impl FnOnce(&mut Mail)) {
        self.mail.lock().as_mut().map(put);
        self.came.notify_one();
    }

    /// Nobody will read what has come since the writer last looked, nor what is yet to come.
    pub fn close(&self) {
        drop(self.mail.lock().take());
    }

    pub fn submit(&self, submission: Submission) {
        self.put(|mail| mail.submissions.push(submission));
    }

    pub fn checked(&self, answers: Vec<(u64, CheckedBody)>) {
        self.put(|mail| mail.checked.extend(answers));
    }

    pub fn transactions(&self, answers: Vec<CheckedTicket>) {
        self.put(|mail| mail.transactions.extend(answers));
    }

    pub fn command(&self, command: Command) {
        self.put(|mail| mail.commands.push(command));
    }

    pub fn errand(&self, errand: Errand) {
        self.put(|mail| mail.errands.push(errand));
    }

    pub fn stop(&self, reason: &str) {
        self.put(|mail| mail.stop = Some(reason.to_owned()));
    }

    /// Whether there is a reason that nothing more is to be done.
    pub fn is_to_stop(&self) -> bool {
        self.mail.lock().as_ref().is_none_or(|mail| mail.stop.is_some())
    }

    /// Whether nothing has come since for a writer who takes in no more than this.
    pub fn is_empty(&self, doors: Doors) -> bool {
        self.mail.lock().as_ref().is_none_or(|mail| mail.is_empty(doors))
    }

    /// Takes out what such a writer takes in; waits for something so long, or for ever where no time is given. What it does
    /// not take in waits on.
    pub fn take(&self, doors: Doors, wait: Option<Duration>) -> Mail {
        let mut mail = self.mail.lock();
        let take = |mail: &mut Option<Mail>| mail.as_mut().map(|mail| mail.take(doors)).unwrap_or_default();
        // Whoever does not wait need not ask what time it is.
        if wait.is_some_and(|wait| wait.is_zero()) {
            return take(&mut mail);
        }
        let until = wait.map(|wait| Instant::now() + wait);
        while mail.as_ref().is_some_and(|mail| mail.is_empty(doors)) {
            match until {
                None => self.came.wait(&mut mail),
                Some(until) if self.came.wait_until(&mut mail, until).timed_out() => break,
                Some(_) => {}
            }
        }
        take(&mut mail)
    }
}
