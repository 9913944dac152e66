//! One connection's side of the protocol, without the connection: what came goes in, what is to be done comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::budget::Budget;
use super::jobs::{Jobs, Judged, Leeway};
use super::messages::{self, Request, Submission};
use super::refusal::Refusal;
use super::vardiff::Vardiff;
use super::worth::Worth;
use crate::consensus::Params;
use crate::node::{Share, WorkerName};
use crate::template::{ASSIGNED_BYTES, Difficulty, Template, VERSION_MASK};
use crate::types::{Address, Block, BlockHash, Prefix, Target, Timestamp};
use crate::wallet::read_address;

/// Workers that one connection may speak for; one more is refused.
pub const WORKERS_MAX: usize = 64;

/// Letters of a worker's name.
const WORKER_LETTERS_MAX: usize = 64;
/// Seconds that a connection has to subscribe and authorize.
const HANDSHAKE_SECONDS: f64 = 30.0;
/// Seconds after which nobody is believed to be there any more. A share comes every few, once difficulty suits.
const IDLE_SECONDS: f64 = 600.0;
/// Seconds between jobs on the same tip: better-paying ones wait that long, since a change costs some machines work.
const OFFER_SECONDS: f64 = 10.0;
/// Seconds after which a job is offered anew where nothing has changed: after two minutes some take silence for an end.
const REPEAT_SECONDS: f64 = 50.0;

/// The present.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Now {
    /// On a clock that never runs back.
    pub seconds: f64,
    /// On the clock by which headers are early.
    pub time: Timestamp,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A line came.
    Received(&'a str),
    /// There is another template.
    TemplateChanged(Arc<Template>),
    /// The block that was to be submitted on this one was refused, or must wait: its successor is still looked for.
    BlockRefused(BlockHash),
    /// Some time went by, about a second.
    Ticked,
}

/// What is to be done.
#[derive(Clone, PartialEq, Debug)]
pub enum Order {
    /// Send this line.
    Send(String),
    /// Put this block before the node, at once.
    Submit {
        /// The block.
        block: Box<Block>,
        /// Who found it.
        worker: WorkerName,
    },
    /// Count a share.
    Count(WorkerName, Share),
    /// End the connection, after what was sent.
    Close(Ending),
}

/// Why a connection is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Ending {
    /// Whoever is there speaks something else.
    #[error("it does not speak Stratum")]
    Foreign,
    /// It did not say who is to be paid.
    #[error("it did not subscribe and authorize in time")]
    Handshake,
    /// Nothing came for a long time.
    #[error("nothing came for a long time")]
    Idle,
    /// It sends a lot that is worth nothing.
    #[error("nearly all of its shares are refused")]
    Worthless,
}

/// What a chain asks of its miners.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What addresses begin with.
    pub prefix: Prefix,
    /// Seconds that a header may lie ahead.
    pub future_drift: u32,
}

impl Rules {
    /// Those of a chain.
    pub fn of(params: &Params) -> Self {
        Self { prefix: params.prefix.clone(), future_drift: params.future_drift }
    }
}

/// One connection.
pub struct Session {
    rules: Rules,
    assigned: [u8; ASSIGNED_BYTES],
    opened: f64,
    heard: f64,
    budget: Budget,
    subscribed: bool,
    /// Who is paid.
    miner: Option<Address>,
    /// By the user names under which they authorized.
    workers: BTreeMap<String, WorkerName>,
    mask: u32,
    vardiff: Vardiff,
    worth: Worth,
    /// The difficulty that the miner heard of last.
    told: Option<Difficulty>,
    template: Option<Arc<Template>>,
    /// When a job was offered last, and whether there has been a better template since.
    offered: f64,
    has_better: bool,
    jobs: Jobs,
    /// The block on which this miner has found the next.
    solved: Option<BlockHash>,
    orders: Vec<Order>,
}

impl Session {
    /// A connection that was just made. All its work begins with the extranonce that was assigned to it alone.
    pub fn new(rules: Rules, assigned: [u8; ASSIGNED_BYTES], now: Now) -> Self {
        Self {
            rules,
            assigned,
            opened: now.seconds,
            heard: now.seconds,
            budget: Budget::new(now.seconds),
            subscribed: false,
            miner: None,
            workers: BTreeMap::new(),
            mask: 0,
            vardiff: Vardiff::new(now.seconds),
            worth: Worth::default(),
            told: None,
            template: None,
            offered: now.seconds,
            has_better: false,
            jobs: Jobs::new(assigned),
            solved: None,
            orders: Vec::new(),
        }
    }

    /// Goes on.
    pub fn handle(&mut self, now: Now, input: Input<'_>) -> Vec<Order> {
        match input {
            Input::Received(line) => self.received(now, line),
            Input::TemplateChanged(template) => self.template_changed(now, template),
            Input::BlockRefused(previous) => self.solved = self.solved.filter(|solved| *solved != previous),
            Input::Ticked => self.ticked(now),
        }
        std::mem::take(&mut self.orders)
    }

    fn received(&mut self, now: Now, line: &str) {
        self.heard = now.seconds;
        if !self.budget.take(now.seconds) {
            return;
        }
        match Request::read(line) {
            Ok(request) => self.requested(now, &request),
            Err(id) => {
                self.send(messages::answer(&id, Err(Refusal::Request)));
                // A line that is no JSON at all comes from something else, a browser perhaps.
                if serde_json::from_str::<serde::de::IgnoredAny>(line).is_err() {
                    self.orders.push(Order::Close(Ending::Foreign));
                }
            }
        }
    }

    fn requested(&mut self, now: Now, request: &Request) {
        let answer = match request.method.as_str() {
            "mining.submit" => return self.submitted(now, request),
            "mining.subscribe" => Ok(messages::subscription(&self.assigned)),
            "mining.authorize" => request.user().and_then(|user| self.authorize(user)),
            "mining.configure" => self.configure(request),
            "mining.suggest_difficulty" => request.difficulty().map(|difficulty| {
                self.vardiff.suggest(difficulty, now.seconds);
                Value::Bool(true)
            }),
            // It never changes here, so whoever wants to hear of it is served.
            "mining.extranonce.subscribe" => Ok(Value::Bool(true)),
            "mining.ping" => Ok(Value::from("pong")),
            other => Err(Refusal::Method(other.to_owned())),
        };
        let done = answer.is_ok();
        self.send(messages::answer(&request.id, answer));
        match request.method.as_str() {
            // A miner that subscribes goes back to difficulty one.
            "mining.subscribe" => {
                self.subscribed = true;
                self.told = None;
                self.offer(now);
            }
            "mining.authorize" if done && self.jobs.previous().is_none() => self.offer(now),
            "mining.suggest_difficulty" if done => self.offer_if_harder_or_easier(now),
            _ => {}
        }
    }

    fn authorize(&mut self, user: &str) -> Result<Value, Refusal> {
        let (address, worker) = user.split_once('.').unwrap_or((user, ""));
        let miner = read_address(address, &self.rules.prefix)?;
        if worker.len() > WORKER_LETTERS_MAX || !worker.bytes().all(|letter| letter.is_ascii_graphic()) {
            return Err(Refusal::Worker(WORKER_LETTERS_MAX));
        }
        if self.miner.is_some_and(|other| other != miner) {
            return Err(Refusal::OtherAddress);
        }
        if self.workers.len() >= WORKERS_MAX && !self.workers.contains_key(user) {
            return Err(Refusal::Workers(WORKERS_MAX));
        }
        self.miner = Some(miner);
        self.workers.insert(user.to_owned(), WorkerName { miner, worker: worker.to_owned() });
        Ok(Value::Bool(true))
    }

    fn configure(&mut self, request: &Request) -> Result<Value, Refusal> {
        let (result, mask) = messages::configuration(request, VERSION_MASK)?;
        self.mask = mask.unwrap_or(self.mask);
        Ok(result)
    }

    fn submitted(&mut self, now: Now, request: &Request) {
        let judged = request.submission().and_then(|share| {
            let worker = self.workers.get(share.user).cloned().ok_or(Refusal::Unauthorized)?;
            Ok(self
                .judge(now, &share)
                .map_err(|refusal| (worker.clone(), refusal))
                .map(|judged| (worker, judged)))
        });
        match judged {
            Ok(Ok((worker, judged))) => self.accept(now, &request.id, worker, judged),
            Ok(Err((worker, refusal))) => {
                self.refuse(&request.id, refusal);
                self.orders.push(Order::Count(worker, Share::Rejected));
            }
            Err(refusal) => self.refuse(&request.id, refusal),
        }
        if self.worth.is_nothing() {
            self.orders.push(Order::Close(Ending::Worthless));
        }
    }

    fn refuse(&mut self, id: &Value, refusal: Refusal) {
        self.worth.refused(&refusal);
        self.send(messages::answer(id, Err(refusal)));
    }

    fn judge(&mut self, now: Now, share: &Submission<'_>) -> Result<Judged, Refusal> {
        if self.solved.is_some() && self.solved == self.jobs.previous() {
            return Err(Refusal::Solved);
        }
        let latest = Timestamp(now.time.0.saturating_add(self.rules.future_drift));
        self.jobs.judge(share, Leeway { mask: self.mask, latest })
    }

    /// A block goes out before everything else.
    fn accept(&mut self, now: Now, id: &Value, worker: WorkerName, judged: Judged) {
        if let Some(block) = judged.block {
            self.solved = Some(block.header.previous);
            self.orders.push(Order::Submit { block, worker: worker.clone() });
        }
        self.worth.accepted();
        self.send(messages::answer(id, Ok(Value::Bool(true))));
        self.orders.push(Order::Count(worker, Share::Accepted(judged.difficulty)));
        if let Some(network) = self.network()
            && self.vardiff.count(judged.difficulty, network, now.seconds)
        {
            self.offer(now);
        }
    }

    fn template_changed(&mut self, now: Now, template: Arc<Template>) {
        let moved = self.jobs.previous() != Some(template.groundwork().previous);
        self.template = Some(template);
        self.has_better = true;
        if moved || now.seconds - self.offered >= OFFER_SECONDS {
            self.offer(now);
        }
    }

    fn ticked(&mut self, now: Now) {
        let at_work = self.jobs.previous().is_some();
        if now.seconds - self.heard >= IDLE_SECONDS {
            return self.orders.push(Order::Close(Ending::Idle));
        }
        let greeted = self.subscribed && self.miner.is_some();
        if !greeted && now.seconds - self.opened >= HANDSHAKE_SECONDS {
            return self.orders.push(Order::Close(Ending::Handshake));
        }
        let Some(network) = self.network().filter(|_| at_work) else { return };
        let since = now.seconds - self.offered;
        let due = since >= REPEAT_SECONDS || (self.has_better && since >= OFFER_SECONDS);
        if self.vardiff.tick(network, now.seconds) || due {
            self.offer(now);
        }
    }

    /// How hard blocks are.
    fn network(&self) -> Option<Difficulty> {
        let bits = self.template.as_ref()?.groundwork().context.bits;
        Target::from_bits(bits).ok().map(Difficulty::of)
    }

    fn offer_if_harder_or_easier(&mut self, now: Now) {
        let wanted = self.network().map(|network| self.vardiff.difficulty(network));
        if self.told.is_some() && wanted != self.told {
            self.offer(now);
        }
    }

    /// Offers a job made from the newest template, as soon as it is known for whom. A difficulty that the miner has not
    /// heard of goes before it, since it takes effect with the next job.
    fn offer(&mut self, now: Now) {
        let (Some(template), Some(miner), Some(network)) =
            (self.template.clone(), self.miner, self.network())
        else {
            return;
        };
        if !self.subscribed {
            return;
        }
        if self.jobs.previous().is_none() {
            self.vardiff.restart(now.seconds);
        }
        let difficulty = self.vardiff.difficulty(network);
        if self.told != Some(difficulty) {
            self.told = Some(difficulty);
            self.send(messages::set_difficulty(difficulty));
        }
        let line = self.jobs.send(&template, miner, difficulty, now.time);
        self.send(line);
        (self.offered, self.has_better) = (now.seconds, false);
    }

    fn send(&mut self, line: String) {
        self.orders.push(Order::Send(line));
    }
}
