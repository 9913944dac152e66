//! A session, and what it says; no socket, and a clock that goes when told to.

use std::sync::Arc;

use cairn::consensus::GenesisFile;
use cairn::stratum::{Input, Now, Order, Rules, Session};
use cairn::template::Template;
use cairn::testkit::{Actor, Draft, Follower, Network, devnet_file};
use cairn::types::{Bits, Timestamp};
use serde_json::{Value, json};

use crate::stranger::{Turned, Work, share_target};

pub const ASSIGNED: [u8; 4] = [0xca, 0x12, 0x00, 0x07];
pub const NOW: Timestamp = Timestamp(1_700_000_500);

/// One who is paid.
pub fn address() -> String {
    Actor::new(100).address().to_text(&"ctest".parse().unwrap())
}

pub struct Stage {
    pub follower: Follower,
    pub session: Session,
    pub now: Now,
    pub work: Option<Work>,
    pub difficulty: Option<f64>,
    /// What was ordered besides lines.
    pub others: Vec<Order>,
}

impl Stage {
    /// On a chain whose blocks take 2^32 hashes.
    pub fn new() -> Self {
        Self::with(|file| file.bits = Bits(0x1d00_ffff))
    }

    pub fn with(edit: impl FnOnce(&mut GenesisFile)) -> Self {
        let mut file = devnet_file(8);
        edit(&mut file);
        let network = Network::from_file(&file, 8);
        let now = Now { seconds: 0.0, time: NOW };
        let session = Session::new(Rules::of(network.params()), ASSIGNED, now);
        let follower = Follower::new(&network);
        Self { follower, session, now, work: None, difficulty: None, others: vec![] }
    }

    /// Greeted, with work at a difficulty at which a share takes a few hashes.
    pub fn at_work() -> Self {
        let mut stage = Self::new();
        stage.greet();
        stage
    }

    pub fn greet(&mut self) {
        self.offer();
        self.ask("mining.suggest_difficulty", &json!([1e-6]));
        self.ask("mining.subscribe", &json!([]));
        assert_eq!(self.authorize(&address())["result"], true);
    }

    pub fn template(&self) -> Template {
        Template::assemble(self.follower.params(), self.follower.groundwork(), self.now.time, [])
    }

    /// The present template comes to the session.
    pub fn offer(&mut self) -> Vec<Value> {
        let template = Arc::new(self.template());
        self.input(Input::TemplateChanged(template))
    }

    /// Another finds a block.
    pub fn move_tip(&mut self) -> Vec<Value> {
        let recipient = Actor::new(7).address();
        let block = Draft::on(self.follower.groundwork(), recipient, vec![]).mine(self.follower.params());
        self.follower.submit(block).unwrap();
        self.offer()
    }

    pub fn pass(&mut self, seconds: f64) -> Vec<Value> {
        self.now.seconds += seconds;
        self.input(Input::Ticked)
    }

    pub fn input(&mut self, input: Input<'_>) -> Vec<Value> {
        let orders = self.session.handle(self.now, input);
        let mut lines = vec![];
        for order in orders {
            let Order::Send(line) = order else {
                self.others.push(order);
                continue;
            };
            let line: Value = serde_json::from_str(&line).unwrap();
            match line["method"].as_str() {
                Some("mining.set_difficulty") => self.difficulty = line["params"][0].as_f64(),
                Some("mining.notify") => self.work = Some(Work::read(&line["params"])),
                _ => {}
            }
            lines.push(line);
        }
        lines
    }

    pub fn receive(&mut self, line: &str) -> Vec<Value> {
        self.input(Input::Received(line))
    }

    /// The answer to a request.
    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        let request = json!({ "id": 7, "method": method, "params": params });
        let lines = self.receive(&request.to_string());
        assert_eq!(lines[0]["id"], 7);
        lines[0].clone()
    }

    pub fn authorize(&mut self, user: &str) -> Value {
        self.ask("mining.authorize", &json!([user, "x"]))
    }

    pub fn submit(&mut self, turned: Turned) -> Value {
        self.submit_to(&self.work.clone().unwrap(), turned)
    }

    pub fn submit_to(&mut self, work: &Work, turned: Turned) -> Value {
        let line = work.submission(9, &address(), turned).to_string();
        self.receive(&line)[0].clone()
    }

    /// A share of the present work that is hard enough, from a nonce on.
    pub fn share_from(&self, nonce: u32) -> Turned {
        let work = self.work.as_ref().unwrap();
        let from = Turned { nonce, ..work.unturned() };
        work.find(&ASSIGNED, from, share_target(self.difficulty.unwrap()), work.block_target())
    }

    pub fn share(&self) -> Turned {
        self.share_from(0)
    }
}

/// The code of a refusal.
pub fn code(answer: &Value) -> u64 {
    assert_eq!(answer["result"], Value::Null, "{answer}");
    assert_eq!(answer["error"].as_array().unwrap().len(), 3);
    assert_eq!(answer["error"][2], Value::Null);
    answer["error"][0].as_u64().unwrap()
}

/// The words of a refusal.
pub fn words(answer: &Value) -> &str {
    answer["error"][1].as_str().unwrap()
}
