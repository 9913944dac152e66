//! Starting a node and stopping it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::checks::Checks;
use super::follower::PUBLISHED_MAX;
use super::handle::NodeHandle;
use super::health::{Health, Log};
use super::inbox::{Command, Inbox};
use super::pool_log::PoolLog;
use super::read_back::read_back;
use super::seeds::map_seed;
use super::shared::{ChainClock, INDEXED_IN_MEMORY, Shared, State, Tip};
use super::verified::Verified;
use super::workers::Workers;
use super::writer::{Outlets, Writer};
use super::{audit, follower, fresh};
use crate::chain::Chain;
use crate::consensus::Genesis;
use crate::mempool::{Limits, Mempool};
use crate::storage::{BlockIndex, Folder, Library, Opening, Recovered, StorageError, Written, arrival};
use crate::types::{BlockHash, Timestamp};

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

/// The system's clock. Before 1970 and after 2106 it stands still.
fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u32::try_from(since.as_secs()).unwrap_or(u32::MAX))
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
        let Recovered { folder, store, tables, chain, ledger, written, base, first_sequence, .. } = recovered;
        let pool_log = PoolLog::open(&folder.pool_path(), genesis.params().chain)?;

        let params = Arc::new(genesis.params().clone());
        let indexed = index_tip(&chain, &written, store.library(), tables.index_mark().block)?;
        let pool = Mempool::new(Arc::clone(&params), limits, seed);
        let tip = Tip::of(&chain, &ledger, store.sequence());
        let recovered = tip.mark(store.end());
        let mut state = State { chain, ledger, written, pool, tip, indexed };
        state.ledger.pin(tip.moment);
        let (tips, last_tip) = watch::channel(tip);
        let (pool_changed, pool_changes) = watch::channel(0);
        let (fresh, fresh_source) = fresh::channel();
        let shared = Arc::new(Shared {
            params: Arc::clone(&params),
            genesis,
            epoch: folder.epoch(),
            base,
            first_sequence,
            state: RwLock::new(state),
            library: store.library().clone(),
            tables: Mutex::new(Some(tables)),
            has_damaged_tables: AtomicBool::new(false),
            steps: Mutex::default(),
            verified: Arc::new(Verified::new(&seed.hasher())),
            inbox: Arc::new(Inbox::default()),
            health,
            workers: Workers::new(),
            started: Instant::now(),
            clock,
            last_tip,
            pool_changes,
            fresh: fresh_source,
        });
        let count = check_threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        let checks = Checks::start(count, Arc::clone(&shared)).map_err(no_threads)?;
        let bulk = Arc::new(AtomicUsize::new(0));
        let handle = NodeHandle::new(Arc::clone(&shared), checks.clone(), Arc::clone(&bulk));

        let kept = pool_log.kept();
        let (follower, published) = sync_channel(PUBLISHED_MAX);
        let outlets = Outlets { follower, tips, pool_changes: pool_changed, fresh };
        let mut writer = Writer::new(Arc::clone(&shared), store, checks, outlets, pool_log, bulk);
        writer.finish_what_was_begun();
        let (end_audit, audit_ends) = channel();
        let (for_follower, for_audit) = (Arc::clone(&shared), Arc::clone(&shared));
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
            spawn("cairn-follower", Box::new(move || follower::run(&for_follower, recovered, &published)))?,
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
