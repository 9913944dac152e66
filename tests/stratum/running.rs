//! A node with a server, on real sockets.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use cairn::consensus::GenesisFile;
use cairn::miner::Feed;
use cairn::node::WorkerReport;
use cairn::stratum::{Server, ServerOptions};
use cairn::testkit::{Actor, Network, TestNode, asert_file, devnet_file};
use cairn::types::{Address, Timestamp};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub struct Running {
    /// First, so that it is dropped first.
    pub server: Option<Server>,
    pub node: TestNode,
    pub log: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
    _folder: TempDir,
}

impl Running {
    /// On a chain whose blocks take a few thousand hashes.
    pub fn new() -> Self {
        Self::of(&asert_file(8), |_| ())
    }

    /// On one whose blocks take two.
    pub fn easy() -> Self {
        Self::of(&devnet_file(8), |_| ())
    }

    pub fn of(file: &GenesisFile, edit: impl FnOnce(&mut ServerOptions)) -> Self {
        let (folder, network) = (TempDir::new().unwrap(), Network::from_file(file, 8));
        let node = TestNode::start(folder.path(), &network.genesis);
        node.clock.set(Timestamp(file.time.0 + 1000));
        let runtime = Runtime::new().unwrap();
        let feed = Feed::start(node.handle(), runtime.handle());
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let to_log = Arc::clone(&log);
        let mut options = ServerOptions {
            log: Arc::new(move |line| to_log.lock().unwrap().push(line.to_owned())),
            ..ServerOptions::default()
        };
        edit(&mut options);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::start(node.handle(), feed, listener, options, runtime.handle()).unwrap();
        Self { server: Some(server), node, log, _runtime: runtime, _folder: folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.as_ref().unwrap().local_address()
    }

    pub fn worker(&self, name: &str) -> Option<WorkerReport> {
        self.node.reader().workers().into_iter().find(|report| report.name.worker == name)
    }

    /// What the rewards of this one come to, mature or not.
    pub fn earned(&self, recipient: &Address) -> u64 {
        let reader = self.node.reader();
        let heights = 1..=reader.tip().height.0;
        let blocks = heights.map(|height| {
            let hash = reader.header_at(cairn::types::Height(height)).unwrap().hash;
            reader.block(&hash).unwrap().unwrap()
        });
        let own = blocks.filter(|block| block.coinbase.recipient == *recipient);
        own.map(|block| block.coinbase.amount.pebbles()).sum()
    }
}

/// Somebody who mines, as a user name.
pub fn user(number: u32) -> String {
    Actor::new(number).address().to_text(&"ctest".parse().unwrap())
}
