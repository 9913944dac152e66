//! What most of these tests begin with: a node, what is asked of it, and somebody who makes branches for it.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Request, StatusCode};
use cairn::api::{AdminOptions, Context, Front, Manners, Visit};
use cairn::net::{Faults, Peers, PeersOptions};
use cairn::protocol::{NodeId, Settings};
use cairn::testkit::{Actor, Follower, Network, PATIENCE, TestNode};
use cairn::types::{Address, Block, Transaction};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How many people own something at genesis.
pub const FUNDED: u32 = 4;

/// A node that answers, and its chain.
pub struct Stage {
    pub node: TestNode,
    pub network: Network,
    pub miner: Follower,
    front: Option<Front>,
    peers: Option<Peers>,
    runtime: Runtime,
    folder: TempDir,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Said {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no header {name}: {:?}", self.headers));
        value.to_str().unwrap()
    }

    pub fn tag(&self) -> &str {
        self.header("etag")
    }

    /// The code of a problem, which has all that a problem must have.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        for field in ["type", "title", "detail", "advice"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {problem}");
        }
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Stage {
    pub fn new() -> Self {
        Self::of(Network::new(FUNDED))
    }

    pub fn of(network: Network) -> Self {
        let folder = TempDir::new().unwrap();
        let node = TestNode::start(folder.path(), &network.genesis);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut stage =
            Self { miner: Follower::new(&network), node, network, front: None, peers: None, runtime, folder };
        stage.open();
        stage
    }

    /// One with some blocks of payments.
    pub fn with_history() -> Self {
        let mut stage = Self::new();
        for _ in 0..5 {
            let payment = stage.payment(0, 1, 1000);
            stage.mine(vec![payment]);
        }
        stage.node.wait_for_indexes();
        stage
    }

    /// Stops the node, has something done with its folder, and starts it again.
    pub fn restart_after(&mut self, work: impl FnOnce(&Path, &Network)) {
        (self.front, self.peers) = (None, None);
        self.node.stop();
        work(self.folder.path(), &self.network);
        self.node.start_again();
        self.open();
    }

    /// Goes on a network of which nobody else knows, and answers.
    fn open(&mut self) {
        let peers = alone(&self.node, self.folder.path(), &self.runtime);
        self.front = Some(Front::new(Context::new(self.node.handle(), Some(peers.handle()))));
        self.peers = Some(peers);
    }

    /// From now on the node deals with its clients like this, at this address.
    pub fn behave(&mut self, manners: &Manners, at: &str) {
        let front = Front::with_manners(Context::new(self.node.handle(), None), manners);
        self.face(front.at(at.parse().unwrap()));
    }

    /// From now on this is asked.
    pub fn face(&mut self, front: Front) {
        self.front = Some(front);
    }

    /// From now on its operator's side is asked.
    pub fn face_operator(&mut self, options: AdminOptions) {
        let peers = self.peers.as_ref().map(Peers::handle);
        let context = Context::new(self.node.handle(), peers);
        self.face(Front::admin(&context, options, &Manners::default()));
    }

    fn front(&self) -> &Front {
        self.front.as_ref().expect("it answers while the node runs")
    }

    /// A connection from this address, where there is room for it.
    pub fn visit(&self, from: &str) -> Option<Visit> {
        self.front().enter(from.parse().unwrap())
    }

    /// Asks.
    pub fn ask(&self, request: Request<Body>) -> Said {
        self.ask_as(&Visit::unlimited(), request)
    }

    /// Asks over a connection.
    pub fn ask_as(&self, visit: &Visit, request: Request<Body>) -> Said {
        self.runtime.block_on(async {
            let answer = timeout(PATIENCE, self.front().answer_to(visit, request));
            let response = answer.await.expect("an answer in time");
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            Said { status: parts.status, headers: parts.headers, body }
        })
    }

    pub fn get(&self, path: &str) -> Said {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
    }

    /// What is there, which must be something.
    pub fn json(&self, path: &str) -> Value {
        let said = self.get(path);
        assert_eq!(said.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&said.body));
        said.json()
    }

    pub fn post(&self, path: &str, body: &Value) -> Said {
        let request = Request::post(path).header(CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap())
    }

    /// A block on the branch of this stage's miner, which the node follows.
    pub fn mine(&mut self, transactions: Vec<Transaction>) -> Block {
        let hash = self.miner.mine(miner_address(), transactions);
        let block = self.miner.block(&hash).block().clone();
        self.node.submit(&block).unwrap();
        block
    }

    /// The payer's next payment, of so many pebbles, with the reference `invoice`.
    pub fn payment(&self, payer: u32, to: u32, amount: u64) -> Transaction {
        let (params, payer) = (self.network.params(), Actor::new(payer));
        let nonce = self.node.reader().pending(&payer.address()).unwrap().0;
        let pay = cairn::types::Action::Pay {
            to: Actor::new(to).address(),
            amount: cairn::types::Amount::from_pebbles(amount),
            reference: Actor::reference("invoice"),
        };
        payer.sign(params, payer.body(params, nonce.0, 500, vec![pay]))
    }

    /// The text of somebody's address.
    pub fn address(&self, who: u32) -> String {
        self.text(&Actor::new(who).address())
    }

    pub fn text(&self, address: &Address) -> String {
        address.to_text(&self.network.params().prefix)
    }
}

/// A network of which nobody else knows.
fn alone(node: &TestNode, folder: &Path, runtime: &Runtime) -> Peers {
    let mut settings = Settings::new(NodeId::UNKNOWN, true);
    settings.discovers = false;
    let options = PeersOptions {
        settings,
        listener: None,
        data_dir: folder.to_owned(),
        log: Arc::new(|_| {}),
        faults: Faults::new(node.handle().genesis().params(), [1; 32]),
    };
    Peers::start(node.handle(), options, runtime.handle()).unwrap()
}

pub fn miner_address() -> Address {
    Address::from_bytes([0xa0; 32])
}

pub fn raw(transaction: &Transaction) -> Value {
    serde_json::json!({ "raw": hex::encode(cairn::codec::encode(transaction)) })
}
