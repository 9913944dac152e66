//! Connections without a machine: what they tell is read by the test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use std::time::Duration;

use cairn::consensus::Params;
use cairn::net::{
    End, Event, Faults, Greeted, Identity, OUTBOX_BYTES_MAX, Parcel, Patience, Sending, Stock, Wire, carry,
};
use cairn::protocol::{BlockBytes, Input, Message, Met, Side};
use cairn::testkit::Network;
use cairn::types::{BlockHash, ChainId, Transaction, TxHash};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use cairn::testkit::raw::Raw;

pub const CHAIN: ChainId = ChainId(BlockHash::from_bytes([7; 32]));
pub const OTHER_CHAIN: ChainId = ChainId(BlockHash::from_bytes([8; 32]));
/// Longer than anything takes.
pub const LONG: Duration = Duration::from_secs(30);

/// What is served.
#[derive(Default)]
pub struct Shelf {
    pub blocks: Mutex<BTreeMap<BlockHash, Vec<u8>>>,
    pub transactions: Mutex<BTreeMap<TxHash, Transaction>>,
    pub read: AtomicUsize,
}

/// A block whose reading goes wrong.
pub const CURSED: BlockHash = BlockHash::from_bytes([0xff; 32]);

impl Stock for Shelf {
    fn block(&self, hash: &BlockHash) -> Option<Vec<u8>> {
        assert_ne!(*hash, CURSED, "a fault while reading");
        self.read.fetch_add(1, Ordering::SeqCst);
        self.blocks.lock().unwrap().get(hash).cloned()
    }

    fn transaction(&self, hash: &TxHash) -> Option<Transaction> {
        self.transactions.lock().unwrap().get(hash).cloned()
    }
}

pub struct Hall {
    pub runtime: Runtime,
    pub address: SocketAddr,
    pub shelf: Arc<Shelf>,
    pub faults: Faults,
    events: mpsc::Receiver<Event>,
    ends: std_mpsc::Receiver<End>,
    _stop: watch::Sender<()>,
}

/// Rules under which faults can be made.
pub fn lab() -> Params {
    Network::new(1).params().clone()
}

impl Hall {
    /// With time enough for everything.
    pub fn new() -> Self {
        Self::with(Patience { dial: LONG, handshake: LONG, write: LONG })
    }

    pub fn with(patience: Patience) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (told, events) = mpsc::channel(64);
        let (ended, ends) = std_mpsc::channel();
        let (stop, stopping) = watch::channel(());
        let shelf = Arc::new(Shelf::default());
        let faults = Faults::new(&lab(), [5; 32]);
        let stock: Arc<dyn Stock> = shelf.clone();
        let identity = Identity::generate();
        let wire = Arc::new(Wire::new(CHAIN, identity, patience, faults.clone(), stock, told, stopping));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            loop {
                let (stream, from) = listener.accept().await.unwrap();
                let (wire, ended) = (Arc::clone(&wire), ended.clone());
                tokio::spawn(async move {
                    let end = match Greeted::shake(&wire, stream, from, Side::Listener).await {
                        Ok(greeted) => {
                            let peer = wire.number();
                            carry(wire, greeted, peer).await
                        }
                        Err(end) => end,
                    };
                    let _ = ended.send(end);
                });
            }
        });
        Self { runtime, address, shelf, faults, events, ends, _stop: stop }
    }

    /// Somebody comes and is greeted.
    pub fn greet(&mut self) -> (Raw, Met, Sending) {
        let raw = Raw::greet(self.address, CHAIN);
        let Event::Met(met, sending) = self.event() else { panic!("nobody was met") };
        assert_eq!(met.node, raw.identity.node_id());
        (raw, met, sending)
    }

    /// Somebody who has said something, so that they may say more.
    pub fn introduce(&mut self) -> (Raw, Met, Sending) {
        let (mut raw, met, sending) = self.greet();
        raw.send(&Message::Ping(0));
        assert_eq!(self.message(), Message::Ping(0));
        (raw, met, sending)
    }

    /// What is told next.
    pub fn event(&mut self) -> Event {
        let next = async { timeout(LONG, self.events.recv()).await };
        self.runtime.block_on(next).expect("something is told").unwrap()
    }

    pub fn input(&mut self) -> Input {
        match self.event() {
            Event::Told(input, _) => input,
            Event::Met(met, _) => panic!("{met:?} came"),
        }
    }

    pub fn message(&mut self) -> Message {
        match self.input() {
            Input::Received(_, message) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    /// How the next connection that ends ended.
    pub fn end(&self) -> End {
        self.ends.recv_timeout(LONG).expect("a connection ends")
    }

    /// Puts a block there to be served.
    pub fn shelve(&self, number: u8, bytes: usize) -> BlockHash {
        let hash = BlockHash::from_bytes([number; 32]);
        self.shelf.blocks.lock().unwrap().insert(hash, vec![number; bytes]);
        hash
    }
}

/// A message that is long, and known by its number.
pub fn bulk(number: u8, bytes: usize) -> Parcel {
    assert!(bytes < OUTBOX_BYTES_MAX);
    Parcel::of(&Message::Block(BlockBytes::new(vec![number; bytes]).unwrap()))
}

/// The number of a block, as this test made it.
pub fn number(message: &Message) -> u8 {
    let Message::Block(bytes) = message else { panic!("no block: {message:?}") };
    bytes.header().to_bytes()[0]
}
