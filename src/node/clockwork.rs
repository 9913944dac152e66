//! A node without a thread and without a clock: whoever holds it gives it turns, and says what time it is.
//!
//! It is the same writer with the same doors, on a disk and a database that are given to it. A laboratory runs thousands of
//! them on one thread, and the same seed makes them do the same.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::checks::Checks;
use super::clocks::Clocks;
use super::early::EARLY_MAX;
use super::follower::{Follower, PUBLISHED_MAX, Published};
use super::handle::{NodeHandle, Pending};
use super::health::{Health, Log};
use super::inbox::{Command, Ticket};
use super::memo::Memo;
use super::pool_log::PoolLog;
use super::ruling::RulingRefused;
use super::shared::{Shared, Tip};
use super::start::{Assembled, Identity, assemble};
use super::verdict::{BlockRefused, BlockVerdict, TransactionVerdict};
use super::writer::{ORPHANS_MAX, Writer};
use crate::chain::{Chain, HeaderPlacement};
use crate::consensus::Genesis;
use crate::crypto::BatchSeed;
use crate::ledger::{Ledger, MapSeed};
use crate::mempool::{Limits, Mempool};
use crate::storage::{Files, Medium, Recovered, StorageError};
use crate::template::Groundwork;
use crate::types::{Block, BlockHash, Header, Transaction};

/// Transactions read back together after a start.
const READ_BACK_TOGETHER: usize = 4096;

/// What a clockwork is made of.
pub struct ClockworkOptions {
    /// The chain.
    pub genesis: Genesis,
    /// Where journal and database lie.
    pub medium: Medium,
    /// Where transactions are kept that wait for a block.
    pub pool: Arc<dyn Files>,
    /// What the pool keeps.
    pub limits: Limits,
    /// What time it is.
    pub clocks: Clocks,
    /// Keys of its maps.
    pub seed: MapSeed,
    /// Coefficients of its batches of signatures. Whoever can choose signatures knowing these could have others accepted:
    /// a laboratory's own are no danger to it.
    pub batch_seed: BatchSeed,
    /// What was found out by others of the same chain, where there are any.
    pub memo: Option<Arc<Memo>>,
    /// Where lines for a log go.
    pub log: Log,
}

/// A node that does something when it is told to, and then all that there is to do.
pub struct Clockwork {
    handle: NodeHandle,
    shared: Arc<Shared>,
    checks: Checks,
    writer: Writer,
    follower: Follower,
    published: Receiver<Published>,
    /// Whether anything was published since the indexes were looked at.
    has_news: bool,
}

impl Clockwork {
    /// Opens what is there, reads the pool back, and is ready.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open(options: ClockworkOptions) -> Result<Self, StorageError> {
        let ClockworkOptions { genesis, medium, pool, limits, clocks, seed, batch_seed, memo, log } = options;
        let recovered = Recovered::open_in(&medium, &genesis, seed)?;
        let pool_log = PoolLog::open(&pool, genesis.params().chain)?;
        let identity = Identity { genesis, epoch: 0, limits, seed, clocks };
        let kept = pool_log.kept();
        let (sender, published) = sync_channel(PUBLISHED_MAX);
        let checks = |shared: &Arc<Shared>| Ok(Checks::by_hand(Arc::clone(shared), batch_seed, memo));
        let (assembled, ()) = assemble(recovered, pool_log, identity, Health::new(log), sender, checks)?;
        let Assembled { handle, shared, checks, writer, follower } = assembled;
        let mut clockwork = Self { handle, shared, checks, writer, follower, published, has_news: false };
        clockwork.read_back(kept);
        Ok(clockwork)
    }

    fn read_back(&mut self, mut kept: impl Iterator<Item = Transaction>) {
        loop {
            let together: Vec<Transaction> = kept.by_ref().take(READ_BACK_TOGETHER).collect();
            if together.is_empty() {
                break;
            }
            for transaction in together {
                drop(self.submit_transaction(transaction));
            }
            self.turn();
        }
        self.shared.inbox.command(Command::PoolIsBack);
        self.turn();
    }

    /// Where to read. What is submitted there waits for a turn, and so does whoever waits for an answer.
    pub fn handle(&self) -> &NodeHandle {
        &self.handle
    }

    /// Submits a block; the answer comes in some turn.
    pub fn submit_block(&self, block: impl Into<Arc<Block>>) -> Pending<BlockVerdict> {
        pollster::block_on(self.handle.submit_block(block))
    }

    /// Submits a transaction; the answer comes in some turn.
    pub fn submit_transaction(&self, transaction: Transaction) -> Pending<TransactionVerdict> {
        pollster::block_on(self.handle.submit_transaction(transaction))
    }

    /// Takes in headers whose bodies may come later; the answers are in their order, up to the first refused. Nothing where
    /// nothing is taken in any more.
    pub fn submit_headers(
        &mut self,
        headers: Vec<Header>,
    ) -> Option<Vec<Result<HeaderPlacement, BlockRefused>>> {
        self.command(|ticket| Command::Headers(headers, ticket))
    }

    /// What a block on the tip must stand on; nothing at the end of the chain.
    pub fn groundwork(&mut self) -> Option<Groundwork> {
        self.command(Command::Groundwork).flatten()
    }

    /// Leaves a block; see [`NodeHandle::invalidate`]. Nothing where nothing is taken in any more.
    pub fn invalidate(&mut self, block: BlockHash) -> Option<Result<Tip, RulingRefused>> {
        self.command(|ticket| Command::Invalidate(block, ticket))
    }

    /// Lets a block count again; see [`NodeHandle::reconsider`]. Nothing where nothing is taken in any more.
    pub fn reconsider(&mut self, block: BlockHash) -> Option<Result<Tip, RulingRefused>> {
        self.command(|ticket| Command::Reconsider(block, BTreeSet::new(), ticket))
    }

    fn command<T>(&mut self, command: impl FnOnce(Ticket<T>) -> Command) -> Option<T> {
        let (ticket, mut answer) = Ticket::new(None);
        self.shared.inbox.command(command(ticket));
        self.turn();
        answer.try_recv().ok()
    }

    /// Does all that there is to do now.
    pub fn turn(&mut self) {
        loop {
            self.checks.work();
            let mail = self.shared.inbox.take(self.writer.doors(), Some(Duration::ZERO));
            self.writer.turn(mail);
            while let Ok(published) = self.published.try_recv() {
                self.has_news = true;
                let taken = self.follower.take(published);
                taken.unwrap_or_else(|error| self.shared.end_over(&error));
            }
            let now = self.shared.clocks.uptime();
            if self.shared.inbox.is_empty(self.writer.doors())
                && self.checks.is_idle()
                && self.writer.wake_at().is_none_or(|at| at > now)
            {
                break;
            }
        }
        if std::mem::take(&mut self.has_news) || self.follower.is_due() {
            self.follower.catch_up().unwrap_or_else(|error| self.shared.end_over(&error));
        }
    }

    /// When it next wants a turn even if nothing comes, by its own clock; nothing where that is never.
    pub fn wake_at(&self) -> Option<Duration> {
        [self.writer.wake_at(), self.follower.wake_at()].into_iter().flatten().min()
    }

    /// Looks at chain, state and pool as they are, between two turns: for whoever checks that they belong together.
    pub fn look<T>(&self, look: impl FnOnce(&Chain, &Ledger, &Mempool) -> T) -> T {
        let state = self.shared.state.read();
        look(&state.chain, &state.ledger, &state.pool)
    }

    /// How many blocks wait for the one below them, or for their time, and how many may: so many that, and that.
    pub fn waiting_blocks(&self) -> [(usize, usize); 2] {
        let Writer { orphans, early, .. } = &self.writer;
        [(orphans.len(), ORPHANS_MAX), (early.len(), EARLY_MAX)]
    }

    /// Why nothing is taken in any more, where that is so.
    pub fn stopped(&self) -> Option<String> {
        self.shared.health.condition().stopped
    }

    /// Stops in an orderly way: what was taken in is durable when this returns.
    pub fn stop(mut self) {
        self.turn();
        self.writer.end("it was told to stop".to_owned());
        let finished = self.follower.finish();
        finished.unwrap_or_else(|error| self.shared.end_over(&error));
    }
}
