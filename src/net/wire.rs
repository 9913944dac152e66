//! What all connections of a node have in common, and what they tell it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;

use super::faults::Faults;
use super::frames::ChunkError;
use super::lanes::stays_bytes;
use super::noise::{Identity, NoiseError};
use super::sending::Sending;
use crate::protocol::{Input, Met, PeerId};
use crate::types::{BlockHash, ChainId, Transaction, TxHash};

/// Kibibytes of messages that were read and not handled; whoever sends more waits.
const ROOM_KIBIBYTES: usize = 32 << 10;
/// A message no longer than this needs no such room: what keeps a connection alive passes what is being worked on.
const SMALL_BYTES: usize = 2 << 10;
/// By how much more a message counts that is taken apart when it is read: it grows by that.
const READ_WEIGHT: usize = 3;

/// How long who is connected has for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// To be there at all.
    pub dial: Duration,
    /// To say who they are.
    pub handshake: Duration,
    /// To take at least a byte of what is sent.
    pub write: Duration,
}

impl Patience {
    /// The usual one, or a lab's.
    pub fn of(lab: bool) -> Self {
        let [dial, handshake, write] = if lab { [5, 5, 20] } else { [10, 10, 60] }.map(Duration::from_secs);
        Self { dial, handshake, write }
    }
}

/// What can be served to others.
pub trait Stock: Send + Sync {
    /// A block's bytes; nothing where it is not here. May read a disk.
    fn block(&self, hash: &BlockHash) -> Option<Vec<u8>>;
    /// A transaction that waits for a block.
    fn transaction(&self, hash: &TxHash) -> Option<Transaction>;
}

/// What all connections of a node have in common.
pub struct Wire {
    /// The chain: nobody of another is spoken with.
    pub chain: ChainId,
    /// Who we are.
    pub identity: Identity,
    /// How long others have for what.
    pub patience: Patience,
    /// What is wrong with which links.
    pub faults: Faults,
    /// What can be served.
    pub stock: Arc<dyn Stock>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) stopping: watch::Receiver<()>,
    pub(super) started: Instant,
    room: Arc<Semaphore>,
    connections: AtomicU64,
}

/// What a connection tells of.
pub enum Event {
    /// It is known who is there, and this is how to send to them.
    Met(Met, Sending),
    /// Anything else, and the room that it takes until it is dealt with.
    Told(Input, Room),
}

/// Room that a message takes, until nobody holds this any more.
#[derive(Clone, Default)]
pub struct Room {
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Wire {
    /// Connections tell `events`, and end when `stopping` does.
    pub fn new(
        chain: ChainId,
        identity: Identity,
        patience: Patience,
        faults: Faults,
        stock: Arc<dyn Stock>,
        events: mpsc::Sender<Event>,
        stopping: watch::Receiver<()>,
    ) -> Self {
        Self {
            chain,
            identity,
            patience,
            faults,
            stock,
            events,
            stopping,
            started: Instant::now(),
            room: Arc::new(Semaphore::new(ROOM_KIBIBYTES)),
            connections: AtomicU64::new(0),
        }
    }

    /// A number that no connection had.
    pub fn number(&self) -> PeerId {
        PeerId(self.connections.fetch_add(1, Ordering::Relaxed))
    }

    /// Milliseconds that never run back.
    pub(super) fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits for room for a message.
    ///
    /// # Security
    /// What all who are connected have sent and nobody has dealt with is bounded, however many they are. Who sends short
    /// messages does not wait for who sends long ones.
    pub(super) async fn room_for(&self, message: &[u8]) -> Room {
        if message.len() <= SMALL_BYTES {
            return Room::default();
        }
        let weight = if stays_bytes(message) { 1 } else { READ_WEIGHT };
        let kibibytes = ((message.len() * weight) >> 10).clamp(1, ROOM_KIBIBYTES);
        let places = u32::try_from(kibibytes).expect("no more than there are");
        // These are never closed.
        Room { _place: Arc::clone(&self.room).acquire_many_owned(places).await.ok().map(Arc::new) }
    }

    /// Tells the machine, and waits while it lags. Where it has ended there is nobody to tell.
    pub(super) async fn tell(&self, event: Event) -> Result<(), End> {
        self.events.send(event).await.map_err(|_| End::Stopped)
    }
}

/// Why a connection came to its end, or never began.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// They did it, or their machine.
    #[error("it hung up")]
    HungUp,
    /// Nobody said who they are.
    #[error("it does not shake hands in time")]
    Silent,
    /// They are no node, or of another chain, or somebody meddles.
    #[error(transparent)]
    Noise(#[from] NoiseError),
    /// They speak another language.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// Too much waits for them.
    #[error("it does not read what it is sent")]
    Unread,
    /// Nothing gets through to them.
    #[error("nothing that it is sent gets through")]
    Stuck,
    /// More waits to be served to them than anybody asks for.
    #[error("it asks for more than it takes")]
    Greedy,
    /// The system.
    #[error(transparent)]
    Socket(std::io::Error),
    /// The machine wants it.
    #[error("it was hung up on")]
    Ordered,
    /// We stop.
    #[error("this node stops")]
    Stopped,
    /// A fault of ours, which ended this connection alone.
    #[error("a fault of this node: {0}")]
    Fault(String),
}

impl From<std::io::Error> for End {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => Self::HungUp,
            _ => Self::Socket(error),
        }
    }
}
