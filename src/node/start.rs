//! Starting a node and stopping it.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::checks::Checks;
use super::clocks::{ChainClock, Clocks, system_time};
use super::database::Database;
use super::follower::{Follower, PUBLISHED_MAX, Published};
use super::halves::Halves;
use super::handle::NodeHandle;
use super::health::{Health, Log};
use super::inbox::{Command, Inbox};
use super::pool_events::{DEPARTED_HALF_MAX, PoolListeners};
use super::pool_log::PoolLog;
use super::read_back::read_back;
use super::seeds::map_seed;
use super::shared::{INDEXED_IN_MEMORY, Shared, State, Tip};
use super::tallies::Tallies;
use super::verified::Verified;
use super::workers::Workers;
use super::writer::{Outlets, Writer};
use super::{audit, follower, fresh};
use crate::chain::Chain;
use crate::consensus::Genesis;
use crate::ledger::MapSeed;
use crate::mempool::{Limits, Mempool};
use crate::storage::{BlockIndex, Disk, Folder, Library, Opening, Recovered, StorageError, Written, arrival};
use crate::types::{BlockHash, Height};

/// How often a line says how far a long start is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How a node is to run.
pub struct NodeOptions {
    /// Where it keeps everything.
    pub data_dir: PathBuf,
    /// The chain.
    pub genesis: Genesis,
    /// The text of the file that this came from, to be kept beside the data where there is none yet; without it a folder
    /// that holds no chain is an error.
    pub genesis_text: Option<String>,
    /// Threads that check; as many as there are cores, if not given.
    pub check_threads: Option<usize>,
    /// What the pool keeps.
    pub limits: Limits,
    /// How often everything is added up again.
    pub audit_every: Duration,
    /// By which clock headers are early.
    pub clock: ChainClock,
    /// Where lines for a log go.
    pub log: Log,
    /// Set while it starts, it calls that off: where the database is made again, a start takes long.
    pub stop: Arc<AtomicBool>,
}

impl NodeOptions {
    /// The usual ones; nothing is logged.
    pub fn new(data_dir: impl Into<PathBuf>, genesis: Genesis, genesis_text: impl Into<String>) -> Self {
        Self {
            data_dir: data_dir.into(),
            genesis,
            genesis_text: Some(genesis_text.into()),
            check_threads: None,
            limits: Limits::DEFAULT,
            audit_every: Duration::from_secs(600),
            clock: Arc::new(system_time),
            log: Box::new(|_| {}),
            stop: Arc::default(),
        }
    }
}

fn no_threads(error: impl std::error::Error + Send + Sync + 'static) -> StorageError {
    StorageError::Io { what: "cannot start threads".to_owned(), error: std::io::Error::other(error) }
}

/// How far the journal has been gone through, as a line now and then.
fn progress_to(health: &Health) -> Box<dyn FnMut(u64, u64) + '_> {
    let mut told = Instant::now();
    Box::new(move |done, total| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            health.say(&format!("{done} of {total} bytes of the journal are read"));
        }
    })
}

/// The last blocks that are not indexed on disk, indexed again in memory.
fn index_tip(
    chain: &Chain,
    written: &[Written],
    library: &Library,
    on_disk: BlockHash,
) -> Result<VecDeque<(BlockHash, Arc<BlockIndex>)>, StorageError> {
    let mut indexed = VecDeque::new();
    let mut hash = chain.tip().hash;
    while indexed.len() < INDEXED_IN_MEMORY && hash != on_disk {
        let location = arrival(chain, &hash).and_then(|arrival| written[arrival].block);
        let (Some(location), Some(entry)) = (location, chain.entry(&hash)) else { break };
        indexed.push_front((hash, Arc::new(BlockIndex::of(&library.block(location)?))));
        hash = entry.header.previous;
    }
    Ok(indexed)
}

/// Heights at which a block was followed once that is not now.
fn contested(chain: &Chain, written: &[Written]) -> BTreeSet<Height> {
    let followed = (0..).zip(written).filter(|(_, written)| written.connected.is_some());
    let blocks = followed.filter_map(|(arrival, _)| chain.arrived(arrival));
    let left = blocks.filter(|block| chain.at(block.height).is_none_or(|at| at.hash != block.hash));
    left.map(|block| block.height).collect()
}

/// What distinguishes a node from others with the same store.
pub(super) struct Identity {
    pub genesis: Genesis,
    pub epoch: u32,
    pub limits: Limits,
    pub seed: MapSeed,
    pub clocks: Clocks,
}

/// All parts of a node, which wait for somebody to let them run.
pub(super) struct Assembled {
    pub handle: NodeHandle,
    pub shared: Arc<Shared>,
    pub checks: Checks,
    pub writer: Writer,
    pub follower: Follower,
}

/// Puts a node together around what was recovered; what that lay in is given back.
pub(super) fn assemble<Home>(
    recovered: Recovered<Home>,
    pool_log: PoolLog,
    identity: Identity,
    health: Health,
    to_follower: SyncSender<Published>,
    checks: impl FnOnce(&Arc<Shared>) -> Result<Checks, StorageError>,
) -> Result<(Assembled, Home), StorageError> {
    let Recovered { folder, store, tables, chain, ledger, written, base, first_sequence, .. } = recovered;
    let Identity { genesis, epoch, limits, seed, clocks } = identity;
    let params = Arc::new(genesis.params().clone());
    let indexed = index_tip(&chain, &written, store.library(), tables.index_mark().block)?;
    let pool = Mempool::new(Arc::clone(&params), limits, seed);
    let tip = Tip::of(&chain, &ledger, store.sequence());
    let mark = tip.mark(store.end());
    let departed = Halves::new(DEPARTED_HALF_MAX, &seed.hasher());
    let contested = contested(&chain, &written);
    let mut state = State { chain, ledger, written, pool, departed, tip, indexed, contested };
    state.ledger.pin(tip.moment);
    let (tips, last_tip) = watch::channel(tip);
    let (pool_changed, pool_changes) = watch::channel(0);
    let (fresh, fresh_source) = fresh::channel();
    let shared = Arc::new(Shared {
        params,
        genesis,
        epoch,
        base,
        first_sequence,
        started_at: tip.sequence,
        state: RwLock::new(state),
        library: store.library().clone(),
        database: Database::new(tables),
        has_damaged_tables: AtomicBool::new(false),
        is_abandoned: AtomicBool::new(false),
        steps: Mutex::default(),
        reorganizations: Mutex::default(),
        verified: Arc::new(Verified::new(&seed.hasher())),
        inbox: Arc::new(Inbox::default()),
        health,
        workers: Workers::new(),
        tallies: Tallies::default(),
        clocks,
        last_tip,
        pool_changes,
        pool_listeners: PoolListeners::default(),
        fresh: fresh_source,
    });
    let checks = checks(&shared)?;
    let bulk = Arc::new(AtomicUsize::new(0));
    let handle = NodeHandle::new(Arc::clone(&shared), checks.clone(), Arc::clone(&bulk));
    let outlets = Outlets { follower: to_follower, tips, pool_changes: pool_changed, fresh };
    let mut writer = Writer::new(Arc::clone(&shared), store, checks.clone(), outlets, pool_log, bulk);
    writer.finish_what_was_begun();
    let follower = Follower::new(Arc::clone(&shared), mark);
    Ok((Assembled { handle, shared, checks, writer, follower }, folder))
}

/// A node that runs until it is stopped, or dropped, which stops it too.
pub struct Node {
    handle: NodeHandle,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    end_audit: Option<Sender<()>>,
    /// Ours while anything could still be written.
    folder: Folder,
}

impl Node {
    /// Opens the store and starts; when this returns, the node is ready.
    ///
    /// # Errors
    /// When the store cannot be opened, or that was called off, or the system gives no threads.
    pub fn start(options: NodeOptions) -> Result<Self, StorageError> {
        let NodeOptions { data_dir, genesis, genesis_text, check_threads, limits, audit_every, .. } = options;
        let NodeOptions { clock, log, stop, .. } = options;
        let seed = map_seed();
        let health = Health::new(log);
        let opening =
            Opening { say: Box::new(|line| health.say(line)), progress: progress_to(&health), stop };
        let recovered = Recovered::open_watched(&data_dir, &genesis, genesis_text.as_deref(), seed, opening)?;
        let path = recovered.folder.pool_path();
        let files = Disk::open(&path).map_err(StorageError::io(format!("cannot open {}", path.display())))?;
        let pool_log = PoolLog::open(&(Arc::new(files) as _), genesis.params().chain)?;

        let identity =
            Identity { genesis, epoch: recovered.folder.epoch(), limits, seed, clocks: Clocks::begin(clock) };
        let kept = pool_log.kept();
        let (to_follower, published) = sync_channel(PUBLISHED_MAX);
        let count = check_threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        let checks = move |shared: &Arc<Shared>| Checks::start(count, Arc::clone(shared)).map_err(no_threads);
        let (assembled, folder) = assemble(recovered, pool_log, identity, health, to_follower, checks)?;
        let Assembled { handle, shared, mut writer, follower, .. } = assembled;
        writer.origin = Some(folder.origin());
        let (end_audit, audit_ends) = channel();
        let for_audit = Arc::clone(&shared);
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
            spawned.map_err(no_threads)
        };
        let (for_pool, pool) = (Arc::clone(&shared), handle.clone());
        let read_back = move || {
            if read_back(&pool, kept) {
                for_pool.inbox.command(Command::PoolIsBack);
            }
        };
        let threads = vec![
            spawn("cairn-writer", Box::new(move || writer.run()))?,
            spawn("cairn-follower", Box::new(move || follower::run(follower, &published)))?,
            spawn("cairn-audit", Box::new(move || audit::run(&for_audit, audit_every, &audit_ends)))?,
            spawn("cairn-pool", Box::new(read_back))?,
        ];
        Ok(Self { handle, shared, threads, end_audit: Some(end_audit), folder })
    }

    /// Where to submit and to read.
    pub fn handle(&self) -> NodeHandle {
        self.handle.clone()
    }

    /// Stops: what was taken in is durable when this returns. Whoever still waits for an answer is told so.
    pub fn stop(mut self) {
        self.end();
    }

    /// Ends as if the process had been killed, as far as one process can: nothing more is synced, settled or vouched for,
    /// and whoever waits is told that the node has ended. What was acknowledged is there after the next start, which can
    /// follow at once.
    pub fn abandon(mut self) {
        self.shared.abandon();
        self.end();
    }

    fn end(&mut self) {
        self.shared.inbox.stop("it was told to stop");
        self.end_audit = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
        if self.shared.has_damaged_tables.swap(false, Ordering::AcqRel)
            && let Err(error) = self.folder.set_database_aside()
        {
            self.shared.health.say(&format!("{error}; remove it before the next start"));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}
