//! The doors: how blocks and transactions come in from any side, and how anybody reads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, oneshot, watch};

use super::checks::{Checks, TransactionJob, TrialJob};
use super::events::{Cursor, CursorError, Events};
use super::fresh::Fresh;
use super::health::Condition;
use super::hold::{Errand, Held};
use super::inbox::{Command, Inbox, Submission, Ticket};
use super::pool_events::PoolEvent;
use super::reader::Reader;
use super::ruling::RulingRefused;
use super::shared::{Shared, Tip};
use super::tallies::Tally;
use super::verdict::{BlockRefused, BlockVerdict, Closed, TransactionVerdict, TrialVerdict};
use super::workers::Workers;
use crate::chain::{Chain, HeaderPlacement};
use crate::codec::{Encode, encoded_len};
use crate::consensus::Genesis;
use crate::mempool::Mempool;
use crate::template::Groundwork;
use crate::types::{Block, BlockHash, Header, Height, Timestamp, Transaction};

/// Kibibytes of blocks that may be on their way through the writer; whoever brings more waits.
const BLOCK_KIBIBYTES_MAX: u32 = 64 << 10;
/// The same of transactions, of which each counts as one at least.
const TRANSACTION_KIBIBYTES_MAX: u32 = 64 << 10;
/// Transactions that may be on their way to being tried; whoever brings more waits.
///
/// # Security
/// A trial costs whoever asks for it nothing, and can take as long as a copy of the pool does.
const TRIALS_MAX: usize = 8;
/// Commands that may be on their way.
const COMMANDS_MAX: usize = 1024;

/// Those who may ask at once that the node be held; one more waits. Commands that wait because it is held do not count.
const HOLDS_MAX: usize = 64;

/// A node, to submit to and to read from; every copy is the same node.
#[derive(Clone)]
pub struct NodeHandle {
    shared: Arc<Shared>,
    checks: Checks,
    bulk: Arc<AtomicUsize>,
    room: Room,
}

/// Places in the queues.
#[derive(Clone)]
struct Room {
    blocks: Arc<Semaphore>,
    transactions: Arc<Semaphore>,
    trials: Arc<Semaphore>,
    commands: Arc<Semaphore>,
    holds: Arc<Semaphore>,
}

/// An answer that is yet to come. Whoever drops it will not be told; what was submitted goes its way.
#[must_use = "the answer comes to whoever waits for it"]
pub struct Pending<T> {
    answer: oneshot::Receiver<T>,
}

impl<T: FromClosed> Pending<T> {
    /// Waits for it.
    pub async fn answer(self) -> T {
        self.answer.await.unwrap_or_else(|_| T::from_closed(Closed::ended()))
    }

    /// The answer, if it has come. It is given once.
    pub fn ready(&mut self) -> Option<T> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(T::from_closed(Closed::ended())),
        }
    }

    /// Waits for it on a thread that has nothing else to do.
    pub fn wait(self) -> T {
        pollster::block_on(self.answer())
    }
}

/// An answer that can say that the node has ended.
pub trait FromClosed {
    /// That it has.
    fn from_closed(closed: Closed) -> Self;
}

impl<T, E: From<Closed>> FromClosed for Result<T, E> {
    fn from_closed(closed: Closed) -> Self {
        Err(closed.into())
    }
}

/// While this is held, the writer gathers what comes and syncs it together even when it could be idle in between: for
/// whoever makes or brings many blocks one after the other.
pub struct Bulk {
    bulk: Arc<AtomicUsize>,
    inbox: Arc<Inbox>,
}

impl Drop for Bulk {
    fn drop(&mut self) {
        self.bulk.fetch_sub(1, Ordering::AcqRel);
        let (ticket, _) = Ticket::new(None);
        self.inbox.command(Command::Settle(ticket));
    }
}

impl NodeHandle {
    pub(super) fn new(shared: Arc<Shared>, checks: Checks, bulk: Arc<AtomicUsize>) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        let room = Room {
            blocks: places(BLOCK_KIBIBYTES_MAX as usize),
            transactions: places(TRANSACTION_KIBIBYTES_MAX as usize),
            trials: places(TRIALS_MAX),
            commands: places(COMMANDS_MAX),
            holds: places(HOLDS_MAX),
        };
        Self { shared, checks, bulk, room }
    }

    #[cfg(feature = "testkit")]
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The beginning of the chain, and its rules.
    pub fn genesis(&self) -> &Genesis {
        &self.shared.genesis
    }

    /// Submits a block; waits while too much is on its way. The answer comes when the block is durable, or refused.
    pub async fn submit_block(&self, block: impl Into<Arc<Block>>) -> Pending<BlockVerdict> {
        let block = block.into();
        let place = place(&self.room.blocks, kibibytes(&*block, BLOCK_KIBIBYTES_MAX)).await;
        let (ticket, answer) = Ticket::new(place);
        self.shared.inbox.submit(Submission { block, ticket: Some(ticket) });
        Pending { answer }
    }

    /// Submits a transaction; waits while too many are on their way. The answer comes when it is in the pool, or refused.
    pub async fn submit_transaction(&self, transaction: Transaction) -> Pending<TransactionVerdict> {
        let kibibytes = kibibytes(&transaction, TRANSACTION_KIBIBYTES_MAX);
        let place = place(&self.room.transactions, kibibytes).await;
        let (ticket, answer) = Ticket::new(place);
        self.checks.transaction(TransactionJob { transaction, ticket });
        Pending { answer }
    }

    /// Says what would become of a transaction if it were submitted now, signatures and all; waits while too many are tried.
    /// It is not let in, handed on or remembered.
    pub async fn test_transaction(&self, transaction: Transaction) -> Pending<TrialVerdict> {
        let (ticket, answer) = Ticket::new(place(&self.room.trials, 1).await);
        self.checks.trial(TrialJob { transaction, ticket });
        Pending { answer }
    }

    /// Takes in headers whose bodies may come later; the answers are in their order, up to the first refused.
    ///
    /// # Errors
    /// When the node has ended.
    pub async fn submit_headers(
        &self,
        headers: Vec<Header>,
    ) -> Result<Vec<Result<HeaderPlacement, BlockRefused>>, Closed> {
        self.command(|ticket| Command::Headers(headers, ticket)).await
    }

    /// What a block on the tip must stand on, the writer's tip, which may be ahead of what readers see; nothing at the
    /// end of the chain.
    ///
    /// # Errors
    /// When the node has ended.
    pub async fn groundwork(&self) -> Result<Option<Groundwork>, Closed> {
        self.command(Command::Groundwork).await
    }

    /// Leaves a block, in a laboratory: neither it nor what is above it is followed from now on, whatever its work, also after
    /// a start. Answers with the tip that is followed without it.
    ///
    /// # Errors
    /// Where genesis does not say `lab`, the block is not known, or not above where our data begins; or the node has ended.
    pub async fn invalidate(&self, block: BlockHash) -> Result<Tip, RulingRefused> {
        self.command(|ticket| Command::Invalidate(block, ticket)).await?
    }

    /// Lets a block that was left count again, with all below and above it. What broke a rule stays condemned.
    ///
    /// # Errors
    /// As [`NodeHandle::invalidate`]; and where the block broke a rule.
    pub async fn reconsider(&self, block: BlockHash) -> Result<Tip, RulingRefused> {
        self.reconsider_but(block, BTreeSet::new()).await
    }

    /// The same, but of what is below and above it these stay left: at no moment are they followed.
    ///
    /// # Errors
    /// As [`NodeHandle::reconsider`].
    pub async fn reconsider_but(
        &self,
        block: BlockHash,
        left: BTreeSet<BlockHash>,
    ) -> Result<Tip, RulingRefused> {
        self.command(|ticket| Command::Reconsider(block, left, ticket)).await?
    }

    /// Has the writer finish what it has taken in, so that it is durable, seen and answered, and then stand still until what
    /// this gives is dropped: what is submitted meanwhile waits. Right after a start it waits until the pool has been read back.
    ///
    /// # Errors
    /// When the node has ended, or takes nothing in.
    pub async fn hold(&self) -> Result<Held, Closed> {
        let (ticket, answer) = Ticket::new(place(&self.room.holds, 1).await);
        self.shared.inbox.errand(Errand::Hold(ticket));
        answer.await.unwrap_or_else(|_| Err(Closed::ended()))
    }

    async fn command<T>(&self, command: impl FnOnce(Ticket<T>) -> Command) -> Result<T, Closed> {
        let (ticket, answer) = Ticket::new(place(&self.room.commands, 1).await);
        self.shared.inbox.command(command(ticket));
        answer.await.map_err(|_| Closed::ended())
    }

    /// Says that many blocks will come, until what this gives is dropped.
    #[must_use = "it holds until it is dropped"]
    pub fn bulk(&self) -> Bulk {
        self.bulk.fetch_add(1, Ordering::AcqRel);
        Bulk { bulk: Arc::clone(&self.bulk), inbox: Arc::clone(&self.shared.inbox) }
    }

    /// A reader that sees the present tip, and goes on seeing it.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Looks at the writer's chain and pool, where they are now: the chain may be ahead of what is durable and of what
    /// readers see, and the pool then belongs to the tip that they see. For whoever must know what the node knows already, so as
    /// not to ask others for it; what is told as true comes from a [`Reader`].
    ///
    /// Look, and nothing else: the writer waits meanwhile, and whatever asks this node for anything in there, a reader
    /// too, may wait for ever.
    pub fn look<T>(&self, look: impl FnOnce(&Chain, &Mempool) -> T) -> T {
        let state = self.shared.state.read();
        look(&state.chain, &state.pool)
    }

    /// Where block data begins: blocks above this height can be had.
    pub fn base(&self) -> Height {
        self.shared.base
    }

    /// What the writer does from now on, told before it is durable: hints for whoever hands blocks and transactions on. See
    /// [`Fresh`]. It ends with the node.
    pub fn fresh(&self) -> broadcast::Receiver<Fresh> {
        self.shared.fresh()
    }

    /// The present tip, and every one to come; some may be passed over. It ends with the node.
    pub fn tips(&self) -> watch::Receiver<Tip> {
        self.shared.tips()
    }

    /// A count that moves whenever something enters the pool or leaves it. It ends with the node.
    pub fn pool_changes(&self) -> watch::Receiver<u64> {
        self.shared.pool_changes()
    }

    /// Every change of the pool from now on, live and in order; see [`PoolEvent`]. It ends with the node.
    pub fn pool_events(&self) -> broadcast::Receiver<PoolEvent> {
        self.shared.pool_listeners.listen()
    }

    /// The present, by the clock that says which headers are early.
    pub fn chain_time(&self) -> Timestamp {
        self.shared.clocks.chain()
    }

    /// Seconds that never run back, by which the pool counts.
    pub fn seconds(&self) -> u64 {
        self.shared.seconds()
    }

    /// What happened after a cursor, and then what happens, without a gap, over restarts too.
    ///
    /// # Errors
    /// When the cursor leads nowhere.
    pub fn events(&self, after: Cursor) -> Result<Events, CursorError> {
        Events::new(Arc::clone(&self.shared), after)
    }

    /// The cursor behind everything that has happened.
    pub fn cursor(&self) -> Cursor {
        let tip = self.shared.state.read().tip;
        Cursor { epoch: self.shared.epoch, sequence: tip.sequence, index: u32::MAX }
    }

    /// Where those who let others mine on this node keep count.
    pub fn workers(&self) -> &Workers {
        &self.shared.workers
    }

    /// How often what has happened since the node began.
    pub fn tally(&self) -> Tally {
        self.shared.tallies.now()
    }

    /// How the node is.
    pub fn condition(&self) -> Condition {
        self.shared.health.condition()
    }

    /// How the node is, and every change of it.
    pub fn conditions(&self) -> watch::Receiver<Condition> {
        self.shared.health.watch()
    }
}

/// How much room something takes; never more than there is, or it would wait for ever instead of being refused.
fn kibibytes(value: &impl Encode, max: u32) -> u32 {
    u32::try_from(encoded_len(value) >> 10).unwrap_or(max).saturating_add(1).min(max)
}

async fn place(room: &Arc<Semaphore>, count: u32) -> Option<OwnedSemaphorePermit> {
    // These are never closed.
    Arc::clone(room).acquire_many_owned(count).await.ok()
}
