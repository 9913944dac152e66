//! Holding a node: its writer finishes what it has begun, and then stands still until it is let go, so that what is saved
//! meanwhile is one state; of several nodes, if all of them are held.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::inbox::{Inbox, Ticket};
use super::pool_log::PoolLog;
use super::verdict::Closed;
use super::writer::{Failed, Writer};
use crate::storage::{Saved, StorageError, save};

/// What is asked of a writer that stands still, or is to.
pub(super) enum Errand {
    /// Stand still as soon as that can be.
    Hold(Ticket<Result<Held, Closed>>),
    /// Save everything into this folder.
    Save(PathBuf, oneshot::Sender<Result<Saved, StorageError>>),
    /// One of those who hold it lets go.
    Release,
}

/// What a writer takes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doors {
    /// Whatever comes.
    Open,
    /// Only what it has begun: it is about to stand still.
    Closing,
    /// Nothing.
    Shut,
}

/// A node whose writer stands still while this is there: everything that it has answered is durable and seen, and nothing
/// changes. Whatever is submitted meanwhile waits. Several may hold the same node; it goes on when the last lets go, and
/// ends when it is told to end, held or not.
#[must_use = "the node goes on as soon as this is dropped"]
pub struct Held {
    inbox: Arc<Inbox>,
}

impl Held {
    /// Saves the node into a folder that is not there yet, or empty; see [`crate::storage::save`] for what is in it then. Waits for
    /// the disk.
    ///
    /// # Errors
    /// When something is there already, the disk refuses, or the node has ended. Nothing is left then that looks like a
    /// saved folder.
    pub fn save_to(&self, dir: &Path) -> Result<Saved, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.errand(Errand::Save(dir.to_owned(), reply));
        pollster::block_on(answer).unwrap_or(Err(StorageError::Ended))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.inbox.errand(Errand::Release);
    }
}

impl Writer {
    /// What is taken in now. Before the pool is back it is not all there, and nobody may save it.
    pub(super) fn doors(&self) -> Doors {
        match self.held {
            0 if self.to_hold.is_empty() || !self.pool_log.has_all() => Doors::Open,
            0 => Doors::Closing,
            _ => Doors::Shut,
        }
    }

    pub(super) fn run_errands(&mut self, errands: Vec<Errand>) {
        for errand in errands {
            match (errand, &self.closed) {
                (Errand::Hold(ticket), Some(closed)) => ticket.answer(Err(closed.clone())),
                (Errand::Hold(ticket), None) if self.held > 0 => self.give_hold(ticket),
                (Errand::Hold(ticket), None) => self.to_hold.push(ticket),
                (Errand::Save(dir, reply), _) => {
                    // Whoever asked waits for it.
                    let _ = reply.send(self.save_to(&dir));
                }
                (Errand::Release, _) => self.held -= 1,
            }
        }
    }

    /// Stands still for those who asked for it, once nothing is under way.
    pub(super) fn hold_if_asked(&mut self) -> Result<(), Failed> {
        if self.doors() != Doors::Closing || !self.in_flight.is_empty() {
            return Ok(());
        }
        self.settle()?;
        while !self.transactions.is_empty() {
            self.admit()?;
        }
        for ticket in std::mem::take(&mut self.to_hold) {
            self.give_hold(ticket);
        }
        Ok(())
    }

    /// Whoever asked and has gone away meanwhile lets go at once.
    fn give_hold(&mut self, ticket: Ticket<Result<Held, Closed>>) {
        self.held += 1;
        ticket.answer(Ok(Held { inbox: Arc::clone(&self.shared.inbox) }));
    }

    fn save_to(&mut self, dir: &Path) -> Result<Saved, StorageError> {
        if let Some(closed) = &self.closed {
            let error = std::io::Error::other(closed.reason.clone());
            return Err(StorageError::Io { what: "nothing can be saved any more".to_owned(), error });
        }
        let origin = self.origin.as_ref().ok_or(StorageError::NoFolder)?;
        let tip = self.shared.state.read().tip;
        let mark = tip.mark(self.store.end());
        let chain = origin.chain();
        let pool = |files: &_| PoolLog::write_copy(files, chain, &self.shared.state.read().pool);
        let saved = save(&mut self.store, origin, (&mark, tip.height), pool, dir);
        // What is sealed is testified for by what was begun behind it.
        if self.store.is_vouched() {
            self.vouch_at = None;
        }
        saved
    }
}
