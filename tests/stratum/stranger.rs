//! A miner that knows the protocol from its public description, and nothing of this chain: no code of ours.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// A digest as a number, its lowest byte first; near enough to compare with targets.
fn number(digest: &[u8; 32]) -> f64 {
    digest.iter().rev().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte))
}

/// A job, as `mining.notify` says it.
#[derive(Clone, Debug)]
pub struct Work {
    pub job: String,
    pub previous: Vec<u8>,
    pub front: Vec<u8>,
    pub back: Vec<u8>,
    pub branch: Vec<Vec<u8>>,
    pub version: u32,
    pub bits: u32,
    pub time: u32,
    pub clean: bool,
}

/// What was turned.
#[derive(Clone, Copy, Debug)]
pub struct Turned {
    pub extranonce: [u8; 4],
    pub time: u32,
    pub nonce: u32,
    pub version: u32,
}

impl Work {
    pub fn read(params: &Value) -> Self {
        let text = |at: usize| params[at].as_str().unwrap();
        let bytes = |at: usize| hex::decode(text(at)).unwrap();
        let word = |at: usize| u32::from_str_radix(text(at), 16).unwrap();
        let branch = params[4].as_array().unwrap().iter();
        assert_eq!(params.as_array().unwrap().len(), 9);
        Self {
            job: text(0).to_owned(),
            previous: bytes(1),
            front: bytes(2),
            back: bytes(3),
            branch: branch.map(|element| hex::decode(element.as_str().unwrap()).unwrap()).collect(),
            version: word(5),
            bits: word(6),
            time: word(7),
            clean: params[8].as_bool().unwrap(),
        }
    }

    pub fn unturned(&self) -> Turned {
        Turned { extranonce: [0; 4], time: self.time, nonce: 0, version: 0 }
    }

    /// The 80 bytes.
    pub fn header(&self, extranonce1: &[u8], turned: Turned) -> Vec<u8> {
        let coinbase = [&self.front[..], extranonce1, &turned.extranonce, &self.back].concat();
        let pair = |root: [u8; 32], element: &Vec<u8>| sha256d(&[&root[..], element].concat());
        let root = self.branch.iter().fold(sha256d(&coinbase), pair);
        let mut header = (self.version ^ turned.version).to_le_bytes().to_vec();
        for word in self.previous.chunks(4) {
            header.extend(word.iter().rev());
        }
        header.extend(root);
        header.extend(turned.time.to_le_bytes());
        header.extend(self.bits.to_le_bytes());
        header.extend(turned.nonce.to_le_bytes());
        header
    }

    pub fn block_target(&self) -> f64 {
        let (exponent, mantissa) = (self.bits >> 24, self.bits & 0x7f_ffff);
        f64::from(mantissa) * 256_f64.powi(exponent as i32 - 3)
    }

    /// The first from `from` on whose hash is not above one number, but above another.
    pub fn find(&self, extranonce1: &[u8], from: Turned, at_most: f64, above: f64) -> Turned {
        let nonces = from.nonce..=u32::MAX;
        let mut tries = nonces.map(|nonce| Turned { nonce, ..from });
        let fits = |turned: &Turned| {
            let number = number(&sha256d(&self.header(extranonce1, *turned)));
            number <= at_most && number > above
        };
        tries.find(fits).unwrap()
    }

    pub fn submission(&self, id: impl Into<Value>, user: &str, turned: Turned) -> Value {
        let mut params = vec![
            json!(user),
            json!(self.job),
            json!(hex::encode(turned.extranonce)),
            json!(format!("{:08x}", turned.time)),
            json!(format!("{:08x}", turned.nonce)),
        ];
        if turned.version != 0 {
            params.push(json!(format!("{:08x}", turned.version)));
        }
        let id: Value = id.into();
        json!({ "id": id, "method": "mining.submit", "params": params })
    }
}

/// The target of a share.
pub fn share_target(difficulty: f64) -> f64 {
    f64::from(0xffff_u32) * 2_f64.powi(208) / difficulty
}

/// The stranger's connection.
pub struct Stranger {
    socket: TcpStream,
    lines: BufReader<TcpStream>,
    id: u64,
    pub user: String,
    pub extranonce1: Vec<u8>,
    pub difficulty: f64,
    pub work: Option<Work>,
}

impl Stranger {
    /// Connects and says nothing.
    pub fn connect(to: SocketAddr) -> Self {
        let socket = TcpStream::connect(to).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let lines = BufReader::new(socket.try_clone().unwrap());
        Self { socket, lines, id: 0, user: String::new(), extranonce1: vec![], difficulty: 1.0, work: None }
    }

    /// Connects and greets, as cpuminer does.
    pub fn greet(to: SocketAddr, user: &str) -> Self {
        let mut stranger = Self::connect(to);
        stranger.send(r#"{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}"#);
        let first = stranger.line().unwrap();
        assert_eq!((&first["id"], &first["error"]), (&json!(1), &Value::Null), "{first}");
        stranger.extranonce1 = hex::decode(first["result"][1].as_str().unwrap()).unwrap();
        assert_eq!(first["result"][2], 4);
        stranger.id = 1;
        stranger.user = user.to_owned();
        let answer = stranger.ask("mining.authorize", &json!([user, "x"]));
        assert_eq!(answer["result"], true, "{answer}");
        stranger.wait_for_work(|_| true);
        stranger
    }

    pub fn send(&mut self, line: &str) {
        self.try_send(line.as_bytes()).unwrap();
    }

    pub fn try_send(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.socket.write_all(&[line, b"\n"].concat())
    }

    /// The next line; nothing where the server has hung up.
    pub fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("waited too long for a line: {error}"),
        }
    }

    /// Takes in what the server says by itself; gives what it answers.
    fn next_answer(&mut self) -> Option<Value> {
        loop {
            let line = self.line()?;
            match line["method"].as_str() {
                Some("mining.set_difficulty") => self.difficulty = line["params"][0].as_f64().unwrap(),
                Some("mining.notify") => self.work = Some(Work::read(&line["params"])),
                Some(other) => panic!("{other}"),
                None => return Some(line),
            }
        }
    }

    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.id += 1;
        self.send(&json!({ "id": self.id, "method": method, "params": params }).to_string());
        self.answer()
    }

    pub fn answer(&mut self) -> Value {
        let answer = self.next_answer().unwrap();
        assert_eq!(answer["id"], self.id, "{answer}");
        answer
    }

    /// Reads until there is work of the kind that is wanted.
    pub fn wait_for_work(&mut self, is_wanted: impl Fn(&Work) -> bool) -> Work {
        while !self.work.as_ref().is_some_and(&is_wanted) {
            let line = self.line().unwrap();
            match line["method"].as_str() {
                Some("mining.set_difficulty") => self.difficulty = line["params"][0].as_f64().unwrap(),
                Some("mining.notify") => self.work = Some(Work::read(&line["params"])),
                _ => panic!("{line}"),
            }
        }
        self.work.clone().unwrap()
    }

    /// Submits a share of the present work; gives the answer.
    pub fn submit(&mut self, turned: Turned) -> Value {
        self.id += 1;
        let line = self.work.as_ref().unwrap().submission(self.id, &self.user, turned);
        self.send(&line.to_string());
        self.answer()
    }

    /// Finds a block and submits it.
    pub fn mine_block(&mut self) -> Value {
        let work = self.work.clone().unwrap();
        let turned = work.find(&self.extranonce1, work.unturned(), work.block_target(), -1.0);
        self.submit(turned)
    }
}
