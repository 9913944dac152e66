//! A node on the devnet's chain, whose blocks the test makes, and somebody between it and the wallet who lies.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cairn::api::Problem;
use cairn::api::view::AddressText;
use cairn::chain::Chain;
use cairn::client::Client;
use cairn::codec::decode;
use cairn::consensus::{Genesis, check_block};
use cairn::ledger::Ledger;
use cairn::template::Groundwork;
use cairn::testkit::{BATCH_SEED, Draft, MAP_SEED, mine};
use cairn::types::{Address, Block};

use super::stage::{Home, Terminal};
use crate::process::{Answer, PATIENCE, Running, answer_of};

/// What is made of an answer on its way: the path that was asked, and the body. A problem comes with its status.
pub type Lie = dyn Fn(&str, &str) -> String + Sync;

/// A home with a node, and `bob` as the second account of its wallet.
pub fn stage() -> (Home, Devnet) {
    let home = Home::with_wallet();
    home.wallet(&["account", "new", "bob"]).success();
    let devnet = Devnet::start(&home);
    (home, devnet)
}

#[track_caller]
pub fn ends_with(answer: &Answer, code: i32, said: &str) {
    assert_eq!(answer.code, Some(code), "{answer:?}");
    assert!(answer.err.contains(said), "{answer:?}");
}

/// A node, and how it is asked.
pub struct Devnet {
    node: Option<Running>,
    url: String,
    client: Client,
    genesis: Genesis,
}

impl Devnet {
    pub fn start(home: &Home) -> Self {
        let (node, url) = home.node();
        let client = Client::new(&url).unwrap();
        let genesis = client.genesis().unwrap();
        Self { node: Some(node), url, client, genesis }
    }

    /// `cairn wallet …`, with this node.
    pub fn command(&self, home: &Home, arguments: &[&str]) -> Command {
        let mut command = home.command(arguments);
        command.env("CAIRN_NODE", &self.url);
        command
    }

    pub fn wallet(&self, home: &Home, arguments: &[&str]) -> Answer {
        answer_of(&mut self.command(home, arguments))
    }

    pub fn at_terminal(&self, home: &Home, arguments: &[&str]) -> Terminal {
        home.at_terminal(&[arguments, &["--node", &self.url]].concat())
    }

    /// The same, with somebody in between.
    pub fn wallet_through(&self, home: &Home, lie: &'static Lie, arguments: &[&str]) -> Answer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let liar = format!("http://{}", listener.local_addr().unwrap());
        let node = self.url.trim_start_matches("http://").to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let node = node.clone();
                thread::spawn(move || pass_on(stream, &node, lie));
            }
        });
        answer_of(self.command(home, arguments).env("CAIRN_NODE", liar))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Transactions that wait, best first.
    pub fn pool(&self) -> Vec<String> {
        let block = self.template();
        block.transactions.iter().map(|transaction| transaction.body.txid().to_string()).collect()
    }

    pub fn waiting(&self) -> usize {
        let pool = self.client.mempool().unwrap();
        assert_eq!(pool.waiting, 0, "all could be mined");
        pool.ready
    }

    fn template(&self) -> Block {
        let nobody = Address::from_bytes([7; 32]).to_text(&self.genesis.params().prefix);
        let template = self.client.template(&AddressText(nobody)).unwrap();
        decode(&hex::decode(template.block.0).unwrap()).unwrap()
    }

    pub fn until_waiting(&self, count: usize) {
        self.until(|| self.waiting() == count);
    }

    pub fn until_another_waits_than(&self, txid: &str) {
        self.until(|| self.pool().first().is_some_and(|first| first != txid));
    }

    /// Until the node can say where transactions stand.
    pub fn until_indexed(&self, home: &Home) {
        self.until(|| self.wallet(home, &["history", "--json"]).code == Some(0));
    }

    fn until(&self, is_there: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_there() {
            assert!(begun.elapsed() < PATIENCE, "it never came");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Mines blocks of what waits.
    pub fn mine(&self, count: usize) {
        for _ in 0..count {
            self.submit(&self.found());
        }
    }

    /// A block of what waits, of which nobody has heard yet.
    pub fn found(&self) -> Block {
        let mut block = self.template();
        mine(&mut block.header, self.genesis.params());
        block
    }

    /// The same node, for another thread.
    pub fn for_another(&self) -> Self {
        let (client, genesis, url) = (self.client.clone(), self.genesis.clone(), self.url.clone());
        Self { node: None, url, client, genesis }
    }

    /// The same, once something waits.
    pub fn mine_soon(&self, count: usize) -> JoinHandle<()> {
        let later = self.for_another();
        thread::spawn(move || {
            later.until(|| later.waiting() > 0);
            later.mine(count);
        })
    }

    pub fn submit(&self, block: &Block) {
        self.client.submit_block(block).unwrap();
    }

    /// So many empty blocks on genesis, by somebody else.
    pub fn rival(&self, count: usize) -> Vec<Block> {
        let params = self.genesis.params();
        let (mut chain, mut ledger) = (Chain::new(&self.genesis), Ledger::new(&self.genesis, MAP_SEED));
        let mut blocks = Vec::new();
        for _ in 0..count {
            let previous = chain.tip().hash;
            let context = chain.context_above(&previous).unwrap();
            let groundwork = Groundwork { previous, context, commitments: ledger.commitments() };
            let block = Draft::on(groundwork, Address::from_bytes([8; 32]), Vec::new()).mine(params);
            chain.accept_header(&block.header).unwrap();
            let checked = check_block(block.clone(), &context, params, BATCH_SEED).unwrap();
            chain.place(&checked).unwrap();
            let effective_time = chain.entry(&checked.hash()).unwrap().effective_time;
            ledger.apply(&checked, effective_time).unwrap();
            chain.activate(&checked.hash());
            blocks.push(block);
        }
        blocks
    }

    /// Starts the node again with nothing that it had.
    pub fn forget_everything(&mut self, home: &Home) {
        drop(self.node.take());
        fs::remove_dir_all(home.data()).unwrap();
        self.start_again(home);
    }

    /// Starts the node again with its last blocks alone.
    pub fn prune(&mut self, home: &Home, keep: u32) {
        drop(self.node.take());
        home.chain(&["prune", "--keep", &keep.to_string()]).success();
        self.start_again(home);
    }

    fn start_again(&mut self, home: &Home) {
        let (node, url) = home.node();
        self.client = Client::new(&url).unwrap();
        (self.node, self.url) = (Some(node), url);
    }
}

/// Answers one request with what the node says, and what somebody made of that.
fn pass_on(mut stream: TcpStream, node: &str, lie: &Lie) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let small = line.to_ascii_lowercase();
        if let Some(said) = small.strip_prefix("content-length:") {
            length = said.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        if !small.starts_with("host:") && !small.starts_with("accept-encoding:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut asked = TcpStream::connect(node).unwrap();
    write!(asked, "{head}host: {node}\r\nconnection: close\r\n\r\n").unwrap();
    asked.write_all(&body).unwrap();
    let mut answer = String::new();
    asked.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body = lie(&path, body);
    let problem: Option<Problem> = serde_json::from_str(&body).ok();
    let status = problem.map_or_else(
        || "HTTP/1.1 200 OK".to_owned(),
        |problem| format!("HTTP/1.1 {} Problem", problem.status),
    );
    let _ = write!(
        stream,
        "{status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}
