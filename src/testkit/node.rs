//! A node to test with: a real one, in a folder of the test's, asked and waited for without a runtime.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::consensus::Genesis;
use crate::node::{
    BlockVerdict, Events, Node, NodeEvent, NodeHandle, NodeOptions, Pending, Reader, Tip, TransactionVerdict,
    TrialVerdict,
};
use crate::storage::StorageError;
use crate::template::Groundwork;
use crate::types::{Block, BlockHash, Height, Timestamp, Transaction};

/// Longest that a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something to come.
///
/// # Panics
/// When it does not come while there is [`PATIENCE`].
pub fn within<F: Future>(what: &str, future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let deadline = Instant::now() + PATIENCE;
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "waited too long for {what}");
        thread::park_timeout(left);
    }
}

/// Looks again and again until something is there, for what nobody can be told of.
///
/// # Panics
/// When it is not there while there is [`PATIENCE`].
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited too long for {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// A clock that goes only when told to.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicU32>);

impl Clock {
    /// Sets it.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.0, Ordering::SeqCst);
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A node and all that it takes to start it again.
pub struct TestNode {
    node: Option<Node>,
    folder: PathBuf,
    genesis: Genesis,
    /// What the node takes for the time; stands at first where everything is in time.
    pub clock: Clock,
    /// How often it adds everything up, from the next start on.
    pub audit_every: Duration,
    log: Arc<Mutex<Vec<String>>>,
}

impl TestNode {
    /// Starts in this folder.
    ///
    /// # Panics
    /// When it does not start; so with all that follows.
    pub fn start(folder: &Path, genesis: &Genesis) -> Self {
        let mut node = Self {
            node: None,
            folder: folder.to_owned(),
            genesis: genesis.clone(),
            clock: Clock(Arc::new(AtomicU32::new(u32::MAX))),
            audit_every: Duration::from_secs(600),
            log: Arc::default(),
        };
        node.start_again();
        node
    }

    /// What it is started with.
    pub fn options(&self) -> NodeOptions {
        let (clock, log) = (self.clock.clone(), Arc::clone(&self.log));
        let mut options = NodeOptions::new(&self.folder, self.genesis.clone(), "{}");
        options.clock = Arc::new(move || clock.now());
        options.audit_every = self.audit_every;
        options.check_threads = Some(2);
        options.log = Box::new(move |line| {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        });
        options
    }

    /// Tries to start another where this one is.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn try_another(&self) -> Result<Node, StorageError> {
        Node::start(self.options())
    }

    /// Starts, after [`TestNode::stop`].
    pub fn start_again(&mut self) {
        self.node = Some(Node::start(self.options()).expect("the node starts"));
    }

    /// Stops in an orderly way.
    pub fn stop(&mut self) {
        if let Some(node) = self.node.take() {
            node.stop();
        }
    }

    /// Ends as if it had been killed.
    pub fn abandon(&mut self) {
        if let Some(node) = self.node.take() {
            node.abandon();
        }
    }

    /// Stops and starts.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// The doors.
    pub fn handle(&self) -> NodeHandle {
        self.node.as_ref().expect("it runs").handle()
    }

    /// A reader of the present tip.
    pub fn reader(&self) -> Reader {
        self.handle().reader()
    }

    /// The present tip.
    pub fn tip(&self) -> Tip {
        self.reader().tip()
    }

    /// Lines for the log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Submits a block and waits for the verdict.
    pub fn submit(&self, block: &Block) -> BlockVerdict {
        within("a verdict on a block", self.submit_later(block).answer())
    }

    /// Submits a block.
    pub fn submit_later(&self, block: &Block) -> Pending<BlockVerdict> {
        within("a place for a block", self.handle().submit_block(block.clone()))
    }

    /// Submits blocks, all at once, and waits for the verdicts.
    pub fn submit_all<'a>(&self, blocks: impl IntoIterator<Item = &'a Block>) -> Vec<BlockVerdict> {
        let pending: Vec<_> = blocks.into_iter().map(|block| self.submit_later(block)).collect();
        pending.into_iter().map(|pending| within("a verdict on a block", pending.answer())).collect()
    }

    /// Submits a transaction and waits for the verdict.
    pub fn send(&self, transaction: &Transaction) -> TransactionVerdict {
        let pending =
            within("a place for a transaction", self.handle().submit_transaction(transaction.clone()));
        within("a verdict on a transaction", pending.answer())
    }

    /// Asks what would become of a transaction, and waits for the answer.
    pub fn try_out(&self, transaction: &Transaction) -> TrialVerdict {
        let pending = within("a place for a trial", self.handle().test_transaction(transaction.clone()));
        within("the outcome of a trial", pending.answer())
    }

    /// What the next block must stand on.
    pub fn groundwork(&self) -> Groundwork {
        let groundwork = within("groundwork", self.handle().groundwork());
        groundwork.expect("it runs").expect("the chain goes on")
    }

    /// Waits until a block is the tip.
    pub fn wait_for_tip(&self, hash: &BlockHash) {
        let mut tips = self.handle().tips();
        within("a tip", async {
            while tips.borrow_and_update().hash != *hash {
                tips.changed().await.expect("it runs");
            }
        });
    }

    /// Waits until the indexes on disk go up to the tip, so that nothing is missing below what is indexed in memory.
    pub fn wait_for_indexes(&self) {
        let nobody = crate::types::Address::from_bytes([0xee; 32]);
        until("indexes", || self.reader().history(&nobody, None, 1).ok());
    }

    /// The next event, once it has happened.
    pub fn next_event(events: &mut Events) -> NodeEvent {
        within("an event", events.next()).expect("the journal can be read").expect("the node runs")
    }

    /// The branch that is followed, from genesis up.
    pub fn branch(&self) -> Vec<BlockHash> {
        let reader = self.reader();
        let heights = 0..=reader.tip().height.0;
        heights.map(|height| reader.header_at(Height(height)).expect("below the tip").hash).collect()
    }
}
