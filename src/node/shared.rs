//! What the writer changes and readers look at.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use tokio::sync::{broadcast, watch};

use super::branches::Reorganizations;
use super::clocks::Clocks;
use super::database::Database;
use super::fresh::{Fresh, FreshSource};
use super::halves::Halves;
use super::health::Health;
use super::inbox::Inbox;
use super::pool_events::{Left, PoolListeners};
use super::tallies::Tallies;
use super::verified::Verified;
use super::workers::Workers;
use crate::chain::{Chain, ChainError, Placement};
use crate::consensus::{CheckedBlock, Genesis, Params};
use crate::ledger::{Ledger, Moment};
use crate::mempool::Mempool;
use crate::storage::{
    BlockIndex, KvError, Library, Position, Sequence, StateMark, StorageError, Written, WrittenStep, arrival,
};
use crate::types::{BlockHash, Height, StateRoot, Txid};

/// Blocks at the tip that are indexed in memory.
pub(super) const INDEXED_IN_MEMORY: usize = 64;
/// Steps remembered in memory, for those who follow closely.
pub(super) const STEPS_REMEMBERED: usize = 1024;

/// The block that readers see as the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tip {
    /// Its name.
    pub hash: BlockHash,
    /// Where it stands.
    pub height: Height,
    /// Number of the step that led to it.
    pub sequence: Sequence,
    /// The state after it.
    pub state: StateRoot,
    pub(super) moment: Moment,
}

impl Tip {
    /// Of a chain and its ledger, after this step.
    pub(super) fn of(chain: &Chain, ledger: &Ledger, sequence: Sequence) -> Self {
        let entry = chain.tip();
        let state = ledger.commitments().state;
        Self { hash: entry.hash, height: entry.height, sequence, state, moment: ledger.moment() }
    }

    /// What the database is told of it, where the journal ends with it here.
    pub(super) fn mark(&self, position: Position) -> StateMark {
        StateMark { sequence: self.sequence, position, block: self.hash, state: self.state }
    }
}

/// Chain, ledger and pool. The writer alone changes them; what it has done and not synced yet is here too, and hidden
/// from readers by the moment that they pin.
pub(super) struct State {
    pub chain: Chain,
    pub ledger: Ledger,
    pub written: Vec<Written>,
    pub pool: Mempool,
    /// Why what left the pool without being mined did.
    pub departed: Halves<Txid, Left>,
    /// What readers see.
    pub tip: Tip,
    /// The last blocks up to the tip, lowest first.
    pub indexed: VecDeque<(BlockHash, Arc<BlockIndex>)>,
    /// Heights at which a block was followed once and left: what the indexes say of them may mean that one.
    pub contested: BTreeSet<Height>,
}

impl State {
    /// Finds the place of a checked block. Where it lies on disk has its place too, from that moment on: readers may ask
    /// for it before it is written, and after the disk refused to.
    pub fn place(&mut self, block: &CheckedBlock) -> Result<Placement, ChainError> {
        let placement = self.chain.place(block)?;
        if let Some(arrival) = arrival(&self.chain, &block.hash()).filter(|at| *at >= self.written.len()) {
            self.written.resize(arrival + 1, Written::default());
        }
        Ok(placement)
    }

    /// Where the journal has a block and what it left behind, as far as they are written.
    pub fn written(&self, hash: &BlockHash) -> Written {
        arrival(&self.chain, hash).and_then(|at| self.written.get(at)).copied().unwrap_or_default()
    }
}

/// Everything that handle, writer, checks and follower share.
pub(super) struct Shared {
    pub genesis: Genesis,
    pub params: Arc<Params>,
    pub epoch: u32,
    /// Where block data begins.
    pub base: Height,
    /// The last step before the journal's first.
    pub first_sequence: Sequence,
    /// The last step before this start.
    pub started_at: Sequence,
    pub state: RwLock<State>,
    pub library: Library,
    pub database: Database,
    /// Whether something in it was not what was written: then it is set aside once the node has ended.
    pub has_damaged_tables: AtomicBool,
    /// Whether the node ends as if it had been killed: nothing more is made durable, nor told.
    pub is_abandoned: AtomicBool,
    pub steps: Mutex<VecDeque<WrittenStep>>,
    pub reorganizations: Mutex<Reorganizations>,
    pub verified: Arc<Verified>,
    pub inbox: Arc<Inbox>,
    pub health: Health,
    pub workers: Workers,
    pub tallies: Tallies,
    pub clocks: Clocks,
    /// The last tip; the writer has the other end, and takes it along when it ends.
    pub last_tip: watch::Receiver<Tip>,
    /// How often the pool has changed; the writer has the other end of this, too.
    pub pool_changes: watch::Receiver<u64>,
    /// Those who are told of each change of it.
    pub pool_listeners: PoolListeners,
    /// Leads to what the writer tells before it is durable, while there is a writer.
    pub fresh: FreshSource,
}

impl Shared {
    /// Ends the node over what the database answered. Where that is damaged, nothing in it can be relied on any more.
    pub fn end_over(&self, error: &StorageError) {
        let mut reason = error.to_string();
        if let StorageError::Database(KvError::Damaged { .. }) = error {
            self.has_damaged_tables.store(true, Ordering::Release);
            reason = format!("the database is {reason}; start again, and it is made again from the journal");
        }
        self.health.stop(&reason);
        self.inbox.stop(&reason);
    }

    /// Ends the node as if it had been killed.
    pub fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
        self.inbox.stop("it was abandoned");
    }

    /// Refuses to go on where the node was abandoned.
    pub fn check_abandoned(&self) -> Result<(), StorageError> {
        if self.is_abandoned.load(Ordering::Acquire) { Err(StorageError::Ended) } else { Ok(()) }
    }

    /// The present tip, and every one to come.
    pub fn tips(&self) -> watch::Receiver<Tip> {
        let mut tips = self.last_tip.clone();
        tips.mark_unchanged();
        tips
    }

    /// How often the pool has changed, and goes on to.
    pub fn pool_changes(&self) -> watch::Receiver<u64> {
        let mut changes = self.pool_changes.clone();
        changes.mark_unchanged();
        changes
    }

    /// What the writer does from now on.
    pub fn fresh(&self) -> broadcast::Receiver<Fresh> {
        self.fresh.listen()
    }

    /// Seconds that never run back.
    pub fn seconds(&self) -> u64 {
        self.clocks.uptime().as_secs()
    }
}
