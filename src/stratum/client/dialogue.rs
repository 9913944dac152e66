//! The protocol from a miner's side: lines in, and what they mean for the miner out.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;

use serde_json::{Value, json};

use super::Event;
use super::task::{Offer, Share, Task};
use crate::template::{Difficulty, VERSION_MASK};

/// Bytes that a pool may leave us to turn; a coinbase has no room for more.
const EXTRANONCE_BYTES_MAX: usize = 32;
/// Jobs whose shares are still submitted after another came; what is found for older ones is dropped.
const OPEN_JOBS_MAX: usize = 8;

/// What a line means.
pub(super) enum Heard {
    /// It is to be answered with this line.
    Reply(String),
    /// There is something else to hash.
    Work(Task),
    /// Somebody might like to know.
    Event(Event),
    /// We may not mine.
    Refused(String),
    /// It cannot be mined with.
    Nonsense(String),
}

/// Which answer is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Configure,
    Subscribe,
    Authorize,
    Mining,
}

/// One connection.
pub(super) struct Dialogue {
    connection: u64,
    user: String,
    password: String,
    stage: Stage,
    id: u64,
    mask: u32,
    extranonce1: Vec<u8>,
    extranonce2_bytes: usize,
    /// What was said last, in force from the next job on.
    difficulty: Difficulty,
    offer: Option<Offer>,
    /// Jobs whose shares the pool still takes.
    open_jobs: VecDeque<String>,
    has_worked: bool,
}

impl Dialogue {
    pub fn new(connection: u64, user: &str, password: &str, ask_rolling: bool) -> Self {
        Self {
            connection,
            user: user.to_owned(),
            password: password.to_owned(),
            stage: if ask_rolling { Stage::Configure } else { Stage::Subscribe },
            id: 0,
            mask: 0,
            extranonce1: Vec::new(),
            extranonce2_bytes: 0,
            difficulty: Difficulty::ONE,
            offer: None,
            open_jobs: VecDeque::new(),
            has_worked: false,
        }
    }

    /// The first line.
    pub fn greet(&mut self) -> String {
        self.request()
    }

    pub fn has_worked(&self) -> bool {
        self.has_worked
    }

    /// Whether the pool never answered the question for version rolling.
    pub fn fell_at_configure(&self) -> bool {
        self.stage == Stage::Configure
    }

    /// The request of this stage.
    fn request(&mut self) -> String {
        let agent = concat!("cairn/", env!("CARGO_PKG_VERSION"));
        let (method, params) = match self.stage {
            Stage::Configure => {
                let mask = format!("{VERSION_MASK:08x}");
                ("mining.configure", json!([["version-rolling"], { "version-rolling.mask": mask }]))
            }
            Stage::Subscribe => ("mining.subscribe", json!([agent])),
            Stage::Authorize | Stage::Mining => ("mining.authorize", json!([self.user, self.password])),
        };
        self.id += 1;
        json!({ "id": self.id, "method": method, "params": params }).to_string()
    }

    /// The line that submits a share; nothing where its job is over.
    pub fn submit(&mut self, share: &Share) -> Option<String> {
        if share.connection != self.connection || !self.open_jobs.contains(&share.job) {
            return None;
        }
        let (time, nonce) = (format!("{:08x}", share.time), format!("{:08x}", share.nonce));
        let mut params = vec![&self.user, &share.job, &share.extranonce2, &time, &nonce];
        let version = share.version.map(|version| format!("{version:08x}"));
        params.extend(&version);
        self.id += 1;
        Some(json!({ "id": self.id, "method": "mining.submit", "params": params }).to_string())
    }

    /// Takes a line in.
    pub fn received(&mut self, line: &str) -> Vec<Heard> {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return vec![Heard::Nonsense("the pool does not speak Stratum".to_owned())];
        };
        match message["method"].as_str() {
            Some(method) => self.told(method, &message),
            None => self.answered(&message),
        }
    }

    fn answered(&mut self, answer: &Value) -> Vec<Heard> {
        let (result, error) = (&answer["result"], &answer["error"]);
        let fine = error.is_null() && !matches!(result, Value::Null | Value::Bool(false));
        // Before there is work, one thing is asked after the other, and nothing else is answered.
        match self.stage {
            Stage::Mining => {
                let event = if fine { Event::Accepted } else { Event::Rejected(words(error)) };
                return vec![Heard::Event(event)];
            }
            _ if answer["id"].as_u64() != Some(self.id) => return vec![],
            Stage::Configure => {
                let granted = result["version-rolling"] == true;
                let mask = result["version-rolling.mask"].as_str();
                let mask = mask.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                self.mask = mask.filter(|_| granted).unwrap_or(0) & VERSION_MASK;
                self.stage = Stage::Subscribe;
            }
            Stage::Subscribe => {
                if !self.take_extranonce(&result[1], &result[2]) {
                    return vec![Heard::Nonsense(format!("the pool gives no extranonce: {answer}"))];
                }
                self.stage = Stage::Authorize;
            }
            Stage::Authorize if fine => {
                self.stage = Stage::Mining;
                return [Heard::Event(Event::Joined)].into_iter().chain(self.work()).collect();
            }
            Stage::Authorize => return vec![Heard::Refused(words(error))],
        }
        vec![Heard::Reply(self.request())]
    }

    fn take_extranonce(&mut self, first: &Value, bytes: &Value) -> bool {
        let first = first.as_str().and_then(|digits| hex::decode(digits).ok());
        let bytes = bytes.as_u64().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = bytes.filter(|bytes| (1..=EXTRANONCE_BYTES_MAX).contains(bytes));
        let (Some(first), Some(bytes)) = (first, bytes) else { return false };
        (self.extranonce1, self.extranonce2_bytes) = (first, bytes);
        true
    }

    fn told(&mut self, method: &str, message: &Value) -> Vec<Heard> {
        let params = &message["params"];
        match method {
            "mining.notify" => {
                let Some(offer) = Offer::read(params) else {
                    return vec![Heard::Nonsense(format!("a job that cannot be mined: {params}"))];
                };
                if offer.clean {
                    self.open_jobs.clear();
                }
                self.open_jobs.truncate(OPEN_JOBS_MAX - 1);
                self.open_jobs.push_front(offer.job.clone());
                self.offer = Some(offer);
                self.work().into_iter().collect()
            }
            "mining.set_difficulty" => {
                let difficulty = params[0].as_f64().and_then(Difficulty::clamped);
                let Some(difficulty) = difficulty else { return vec![] };
                let changed = self.difficulty != difficulty;
                self.difficulty = difficulty;
                changed.then_some(Heard::Event(Event::Difficulty(difficulty))).into_iter().collect()
            }
            // In force from the next job on, like the difficulty.
            "mining.set_extranonce" => {
                self.take_extranonce(&params[0], &params[1]);
                vec![]
            }
            "mining.set_version_mask" => {
                let mask = params[0].as_str().and_then(|digits| u32::from_str_radix(digits, 16).ok());
                self.mask = mask.unwrap_or(self.mask) & VERSION_MASK;
                vec![]
            }
            // Never to where it says: who breaks into a line should not have our work by a word.
            "client.reconnect" => vec![Heard::Nonsense("the pool asks to connect again".to_owned())],
            "client.show_message" => {
                let said = params[0].as_str().unwrap_or_default().to_owned();
                vec![Heard::Event(Event::Said(said))]
            }
            "client.get_version" => {
                vec![self.reply(message, &json!(concat!("cairn/", env!("CARGO_PKG_VERSION"))))]
            }
            "mining.ping" => vec![self.reply(message, &json!("pong"))],
            _ => vec![],
        }
    }

    fn reply(&self, message: &Value, result: &Value) -> Heard {
        Heard::Reply(json!({ "id": message["id"], "result": result, "error": null }).to_string())
    }

    /// What there is to hash now, once we may.
    fn work(&mut self) -> Option<Heard> {
        let offer = self.offer.clone().filter(|_| self.stage == Stage::Mining)?;
        self.has_worked = true;
        Some(Heard::Work(Task {
            connection: self.connection,
            offer,
            extranonce1: self.extranonce1.clone(),
            extranonce2_bytes: self.extranonce2_bytes,
            mask: self.mask,
            target: self.difficulty.target().number().to_le_bytes(),
            turned: AtomicU64::new(0),
        }))
    }
}

/// An error as pools word it: a list of code and text, or whatever they like.
fn words(error: &Value) -> String {
    match error.get(1).and_then(Value::as_str) {
        Some(words) => words.to_owned(),
        None if error.is_null() => "no reason given".to_owned(),
        None => error.to_string(),
    }
}
