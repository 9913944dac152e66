//! A node with a port to others.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use cairn::net::{Faults, Peers, PeersOptions, PeersReport};
use cairn::protocol::{NodeId, Settings};
use cairn::testkit::{Network, TestNode};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use cairn::testkit::raw::Raw;

pub struct Stage {
    pub peers: Option<Peers>,
    pub runtime: Runtime,
    pub network: Network,
    pub node: TestNode,
    pub log: Arc<Mutex<Vec<String>>>,
    pub folder: TempDir,
    added: Vec<String>,
}

impl Stage {
    pub fn new() -> Self {
        Self::of(&Network::new(4), &[])
    }

    /// One that is to be connected to these.
    pub fn of(network: &Network, others: &[&Self]) -> Self {
        let folder = TempDir::new().unwrap();
        let node = TestNode::start(&folder.path().join("node"), &network.genesis);
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let address = |other: &&Self| other.peers.as_ref().unwrap().local_address().unwrap().to_string();
        let added = others.iter().map(address).collect();
        let (network, log) = (network.clone(), Arc::default());
        let mut stage = Self { peers: None, runtime, network, node, log, folder, added };
        stage.start();
        stage
    }

    pub fn start(&mut self) {
        let log = Arc::clone(&self.log);
        let mut settings = Settings::new(NodeId([0; 32]), true);
        settings.added.clone_from(&self.added);
        settings.discovers = false;
        let options = PeersOptions {
            settings,
            listener: Some(TcpListener::bind("127.0.0.1:0").unwrap()),
            data_dir: self.folder.path().to_owned(),
            log: Arc::new(move |line: &str| log.lock().unwrap().push(line.to_owned())),
            faults: Faults::new(self.network.params(), [3; 32]),
        };
        self.peers = Some(Peers::start(self.node.handle(), options, self.runtime.handle()).unwrap());
    }

    pub fn greet(&self) -> Raw {
        let address = self.peers.as_ref().unwrap().local_address().unwrap();
        Raw::greet(address, self.network.params().chain)
    }

    pub fn report(&self) -> PeersReport {
        self.runtime.block_on(self.peers.as_ref().unwrap().handle().report()).unwrap()
    }

    pub fn faults(&self) -> Faults {
        self.peers.as_ref().unwrap().handle().faults().clone()
    }
}
