//! What every route has at hand: the node, and what is known beside it.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task;

use super::at_tip::{AtTip, Sought};
use super::events::{Hub, StreamLimits};
use super::explorer::{LeftBehind, Past, Stones};
use super::immature::Immature;
use super::lately::Lately;
use super::meters::Meters;
use super::pooled::{LastLook, Pooled};
use super::problem::{Code, Problem};
use super::routes::story::Story;
use super::samples::Samples;
use super::view::{AddressText, TipView};
use crate::consensus::Params;
use crate::net::{PeersHandle, PeersReport};
use crate::node::{NodeHandle, REORGANIZATIONS_MAX, ReadError, Reader, Tip};
use crate::template::ASSIGNED_BYTES;
use crate::types::{Address, Height};

/// Questions that may be at the disk at a time; others wait for their turn.
const READERS_MAX: usize = 16;
/// How often a question is asked anew because the chain went on under it.
const TRIES_MAX: usize = 4;
/// Accounts whose past is kept for a tip: each takes less than a hundred kilobytes.
const PASTS_MAX: usize = 128;

/// What every route has at hand; every copy is the same.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    node: NodeHandle,
    peers: Option<PeersHandle>,
    hub: Arc<Hub>,
    readers: Arc<Semaphore>,
    begun: Instant,
    pool: LastLook,
    immature: Mutex<Option<Arc<Immature>>>,
    lately: Mutex<Lately>,
    assigned: AtomicU32,
    meters: Arc<Meters>,
    samples: Arc<Samples>,
    stones: Stones,
    stories: Arc<AtTip<u64, Story>>,
    left_behind: LeftBehind,
    pasts: Arc<AtTip<Address, Past>>,
    devnet: Option<OfDevnet>,
}

/// What a node of a devnet knows of it.
#[derive(Clone)]
pub struct OfDevnet {
    /// Behind which port of the same machine all its nodes are ordered about.
    pub desk: u16,
    /// Says whether the clock that they share is held.
    pub is_held: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Context {
    /// Of a node, and of its peers where it has any.
    pub fn new(node: NodeHandle, peers: Option<PeersHandle>) -> Self {
        Self::with_limits(node, peers, StreamLimits::default())
    }

    /// Of a node of a devnet.
    pub fn of_devnet(node: NodeHandle, peers: PeersHandle, devnet: OfDevnet) -> Self {
        Self::with(node, Some(peers), StreamLimits::default(), Some(devnet))
    }

    /// The same, with other limits to streams of events.
    pub fn with_limits(node: NodeHandle, peers: Option<PeersHandle>, limits: StreamLimits) -> Self {
        Self::with(node, peers, limits, None)
    }

    fn with(
        node: NodeHandle,
        peers: Option<PeersHandle>,
        limits: StreamLimits,
        devnet: Option<OfDevnet>,
    ) -> Self {
        let readers = Arc::new(Semaphore::new(READERS_MAX));
        // Other nodes may pay the same address: from the same number on, they would do the same work.
        let first = getrandom::u32().expect("the operating system gives randomness");
        Self(Arc::new(Inner {
            node,
            peers,
            hub: Arc::new(Hub::new(limits)),
            readers,
            begun: Instant::now(),
            pool: LastLook::default(),
            immature: Mutex::default(),
            lately: Mutex::default(),
            assigned: AtomicU32::new(first),
            meters: Arc::default(),
            samples: Arc::default(),
            stones: Stones::default(),
            stories: Arc::new(AtTip::new(REORGANIZATIONS_MAX)),
            left_behind: LeftBehind::default(),
            pasts: Arc::new(AtTip::new(PASTS_MAX)),
            devnet,
        }))
    }

    /// The node.
    pub fn node(&self) -> &NodeHandle {
        &self.0.node
    }

    /// The rules of the chain.
    pub fn params(&self) -> &Params {
        self.0.node.genesis().params()
    }

    /// The first block that is kept, where what came before was pruned.
    pub fn kept_from(&self) -> Option<Height> {
        self.node().base().next().filter(|_| self.node().base() > Height::GENESIS)
    }

    /// The node's peers, if it is connected to any network.
    pub fn peers(&self) -> Option<&PeersHandle> {
        self.0.peers.as_ref()
    }

    /// The same, for whoever asks for what only a node on a network has.
    pub(super) fn port(&self) -> Result<&PeersHandle, Problem> {
        self.peers().ok_or_else(|| Problem::new(Code::NotServed, "this node is on no network"))
    }

    /// How the node stands with others.
    pub(super) async fn report(&self) -> Result<PeersReport, Problem> {
        let report = self.port()?.report().await;
        report.map_err(|ended| Problem::new(Code::NodeStopped, ended.to_string()))
    }

    /// What all streams of events share.
    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.0.hub
    }

    /// How many streams of events there are.
    pub fn streams(&self) -> usize {
        self.0.hub.count()
    }

    /// How many streams of events ended because nobody read them.
    pub fn streams_given_up(&self) -> u64 {
        self.0.hub.given_up()
    }

    /// What is counted of requests.
    pub fn meters(&self) -> &Arc<Meters> {
        &self.0.meters
    }

    /// How much waited lately.
    pub(super) fn samples(&self) -> &Arc<Samples> {
        &self.0.samples
    }

    /// The last blocks, as the explorer shows them.
    pub(super) fn stones(&self) -> &Stones {
        &self.0.stones
    }

    /// What became of transactions that were taken off, by the step that ended it.
    pub(super) fn stories(&self) -> &Arc<AtTip<u64, Story>> {
        &self.0.stories
    }

    /// Where transactions stood that were taken off lately.
    pub(super) fn left_behind(&self) -> &LeftBehind {
        &self.0.left_behind
    }

    /// What happened to accounts, as the explorer shows it.
    pub(super) fn pasts(&self) -> &Arc<AtTip<Address, Past>> {
        &self.0.pasts
    }

    /// Behind which port all nodes of its devnet are ordered about, if it is part of one.
    pub(super) fn desk(&self) -> Option<u16> {
        self.0.devnet.as_ref().map(|devnet| devnet.desk)
    }

    /// Whether the clock of the chain stands still, which only a devnet's can.
    pub(super) fn is_clock_held(&self) -> bool {
        self.0.devnet.as_ref().is_some_and(|devnet| (devnet.is_held)())
    }

    /// When the node began to answer.
    pub fn begun(&self) -> Instant {
        self.0.begun
    }

    /// The text of an address here.
    pub fn text(&self, address: &Address) -> AddressText {
        AddressText::new(address, &self.params().prefix)
    }

    /// Looks at what is in memory, at one tip; anew, where the chain went on meanwhile.
    pub fn look<T>(&self, look: impl Fn(&Reader) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut tries = 1;
        loop {
            let looked = look(&self.0.node.reader());
            match looked {
                Err(Problem { code: Code::TipMoved, .. }) if tries < TRIES_MAX => tries += 1,
                looked => return looked,
            }
        }
    }

    /// Reads what may lie on the disk, where it does not keep others waiting.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&Reader) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let context = self.clone();
        self.in_turn(move || context.look(read)).await
    }

    /// What was put together about something at the present tip, or is read now. Only who reads it takes a turn: whoever waits
    /// for another to do so stands in nobody's way. A reader at its tip comes with it.
    pub(super) async fn read_once<K: Copy + Eq + Hash + Send + Sync + 'static, V: Send + Sync + 'static>(
        &self,
        kept: &Arc<AtTip<K, V>>,
        about: K,
        read: impl Fn(&Reader) -> Result<V, Problem> + Clone + Send + 'static,
    ) -> Result<(Reader, Arc<V>), Problem> {
        let mut tries = 1;
        loop {
            let reader = self.0.node.reader();
            let making = match kept.seek(&reader.tip(), about).await {
                Sought::There(found) => return Ok((reader, found)),
                Sought::Missing(making) => making,
            };
            let (kept, read) = (Arc::clone(kept), read.clone());
            // Whoever asked may leave meanwhile: what was begun is finished for those who wait.
            let made = self.in_turn(move || match read(&reader) {
                Ok(made) => Ok((reader, making.done(made))),
                Err(problem) => {
                    kept.forget(&reader.tip(), &about);
                    Err(problem)
                }
            });
            match made.await {
                Err(Problem { code: Code::TipMoved, .. }) if tries < TRIES_MAX => tries += 1,
                made => return made,
            }
        }
    }

    /// Does what may be at the disk for long, when it is its turn.
    async fn in_turn<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        // It is never closed.
        let turn = Arc::clone(&self.0.readers).acquire_owned().await.ok();
        let reading = task::spawn_blocking(move || {
            let _turn = turn;
            read()
        });
        reading.await.map_err(|_| Problem::internal("a fault while this was read"))?
    }

    /// The pool at this reader's tip, as it was looked at last. It may take a while: whoever asks [reads](Self::read).
    pub fn pool(&self, reader: &Reader) -> Result<Arc<Pooled>, ReadError> {
        let changes = *self.0.node.pool_changes().borrow();
        self.0.pool.at(reader, changes)
    }

    /// Rewards that have yet to mature at this reader's tip.
    pub fn immature(&self, reader: &Reader) -> Result<Arc<Immature>, ReadError> {
        let mut kept = self.0.immature.lock();
        if let Some(immature) = kept.as_ref().filter(|kept| kept.is_at(&reader.tip())) {
            return Ok(Arc::clone(immature));
        }
        let immature = Arc::new(Immature::at(reader, self.params().maturity)?);
        *kept = Some(Arc::clone(&immature));
        Ok(immature)
    }

    /// Who mined the last blocks up to this reader's tip, lowest first.
    pub fn miners(&self, reader: &Reader) -> Result<Vec<(Height, Address)>, ReadError> {
        let mut lately = self.0.lately.lock();
        lately.follow(reader)?;
        Ok(lately.miners().collect())
    }

    /// What makes a coinbase differ from all others that were handed out here.
    pub fn assign(&self) -> [u8; ASSIGNED_BYTES] {
        self.0.assigned.fetch_add(1, Ordering::Relaxed).to_be_bytes()
    }
}

/// A tip, as it is told.
pub fn tip_view(tip: Tip) -> TipView {
    TipView { height: tip.height, hash: tip.hash }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;
    use crate::testkit::{Network, TestNode};

    /// So long is waited for what must come.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn whoever_waits_for_what_another_puts_together_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let node = TestNode::start(folder.path(), &Network::new(1).genesis);
        let context = Context::new(node.handle(), None);
        let kept = Arc::new(AtTip::<u8, u8>::new(1));
        let (go_on, gate) = mpsc::channel::<()>();
        let (gate, made) = (Arc::new(Mutex::new(gate)), Arc::new(AtomicUsize::new(0)));
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut asking = JoinSet::new();
            for _ in 0..2 * READERS_MAX {
                let (context, kept) = (context.clone(), Arc::clone(&kept));
                let (gate, made) = (Arc::clone(&gate), Arc::clone(&made));
                let make = move |_: &Reader| {
                    made.fetch_add(1, Ordering::Relaxed);
                    gate.lock().recv_timeout(PATIENCE).unwrap();
                    Ok(7)
                };
                asking.spawn(async move { context.read_once(&kept, 1, make).await.map(|(_, found)| *found) });
            }
            // All of them have asked before another does.
            while made.load(Ordering::Relaxed) == 0 {
                task::yield_now().await;
            }
            let other = timeout(PATIENCE / 6, context.read(|reader| Ok(reader.tip()))).await;
            go_on.send(()).unwrap();
            assert!(other.is_ok(), "all turns are taken");
            for answer in asking.join_all().await {
                assert!(matches!(answer, Ok(7)));
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
