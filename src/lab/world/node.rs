//! A node of a world: what it is made of, and what outlives it.

use core::hint::black_box;
use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::broadcast;

use super::stranger::{Stranger, StrangerParty};
use super::work::Job;
use crate::crypto::{BatchSeed, sha256};
use crate::lab::clock::NodeClock;
use crate::lab::disk::{Drive, Shelf, SimulatedDatabase, SimulatedDisk};
use crate::ledger::MapSeed;
use crate::mempool::Limits;
use crate::net::{NodeKnown, NodeStock};
use crate::node::{BlockVerdict, Clockwork, ClockworkOptions, Fresh, Memo, NodeHandle, Pending};
use crate::node::{TransactionVerdict, Verdict};
use crate::protocol::{
    AddressBook, Bans, BookSecret, Draws, Errand, Farewell, NodeId, PeerId, Protocol, ProtocolReport,
    Settings,
};
use crate::storage::{Medium, StorageError};
use crate::types::{BlockHash, TxHash};

/// What a processor and a disk take for what, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Processor {
    /// To check a block, to write it down and to sync it, whatever is in it.
    pub block: u64,
    /// For each transaction in it.
    pub mined: u64,
    /// To check a transaction, and to let it into the pool.
    pub transaction: u64,
}

impl Processor {
    /// One that takes no time.
    pub const IDEAL: Self = Self { block: 0, mined: 0, transaction: 0 };
    /// About as quick as one core of today.
    pub const USUAL: Self = Self { block: 1500, mined: 10, transaction: 40 };

    /// So many times slower.
    #[must_use]
    pub fn slower(self, times: u64) -> Self {
        Self { block: self.block * times, mined: self.mined * times, transaction: self.transaction * times }
    }
}

/// How a node is set up.
#[derive(Clone, Debug, Default)]
pub struct NodeSetup {
    /// Whom it connects to, and to nobody else; without it, it looks for others.
    pub connects_only: Option<Vec<String>>,
    /// Where it asks for others first.
    pub bootstrap: Vec<String>,
    /// Whether its transactions take a stem first.
    pub stem: bool,
    /// Whether it listens.
    pub is_hidden: bool,
    /// How many connections it makes, where that is not the usual number.
    pub outbound_max: Option<usize>,
    /// What its processor takes; one that takes no time, where it is not given.
    pub processor: Option<Processor>,
    /// Whether its disk never loses anything, and takes less memory for that. It must not lose power then.
    pub is_steady: bool,
    /// What its pool keeps, where that is not the usual.
    pub limits: Option<Limits>,
}

/// Whoever has an address.
pub(super) enum Party {
    Node(Box<SimulatedNode>),
    Stranger(Box<StrangerParty>),
}

impl Party {
    pub fn stranger(stranger: Box<dyn Stranger>, node: NodeId, address: SocketAddr) -> Self {
        Self::Stranger(Box::new(StrangerParty::new(stranger, node, address)))
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Node(node) => node.address,
            Self::Stranger(stranger) => stranger.address,
        }
    }

    pub fn node_id(&self) -> NodeId {
        match self {
            Self::Node(node) => node.settings.node,
            Self::Stranger(stranger) => stranger.node,
        }
    }

    /// Which of its runs this is.
    pub fn run(&self) -> u32 {
        match self {
            Self::Node(node) => node.run,
            Self::Stranger(_) => 0,
        }
    }
}

/// What a node keeps.
#[derive(Clone)]
pub(super) struct Disks {
    /// What all of it lies on.
    pub drive: Drive,
    pub journal: SimulatedDisk,
    pub pool: SimulatedDisk,
    pub database: SimulatedDatabase,
}

impl Disks {
    fn new(is_steady: bool, shelf: &Shelf) -> Self {
        let (journal, pool, database) = match is_steady {
            true => {
                let disk = || SimulatedDisk::steady(shelf);
                (disk(), disk(), SimulatedDatabase::steady())
            }
            false => (SimulatedDisk::new(), SimulatedDisk::new(), SimulatedDatabase::new()),
        };
        Self { drive: Drive::default(), journal, pool, database }.on_one_drive()
    }

    /// What the next process finds where only the last one died.
    pub fn after_kill(&self) -> Self {
        Self { journal: self.journal.after_kill(), pool: self.pool.after_kill(), ..self.after_end() }
            .on_one_drive()
    }

    /// What is found when the power is back.
    pub fn after_crash(&self, draws: &mut Draws) -> Self {
        let after = Self {
            journal: self.journal.after_crash(draws.any()),
            pool: self.pool.after_crash(draws.any()),
            ..self.after_end()
        };
        after.database.crash(|choices| draws.place(choices));
        after.on_one_drive()
    }

    fn after_end(&self) -> Self {
        Self { drive: self.drive.after_end(), ..self.clone() }
    }

    fn on_one_drive(self) -> Self {
        let Self { drive, journal, pool, database } = self;
        let (journal, pool, database) = (journal.on(&drive), pool.on(&drive), database.on(&drive));
        Self { drive, journal, pool, database }
    }
}

/// A node, whether it runs or not.
pub struct SimulatedNode {
    /// How it deals with others; what is changed counts from its next start on.
    pub settings: Settings,
    /// Where it can be reached, if it listens.
    pub address: SocketAddr,
    /// What its processor takes.
    pub processor: Processor,
    /// On whom it hung up and why: how often, by address and reason.
    pub farewells: BTreeMap<(SocketAddr, Farewell), u64>,
    /// Those of the farewells that were for misbehaving, with who it was.
    pub punished: Vec<(SocketAddr, Farewell)>,
    /// Blocks that it said are durable, in their order.
    pub acknowledged: Vec<BlockHash>,
    /// When it last lost its power, or what it had not written.
    pub lost_power: Option<u64>,
    /// Why it takes nothing in any more, if it once stopped to.
    pub stopped: Option<String>,
    /// Whether that was for a reason outside of it: its disk was full, failed, or had lost its power.
    pub is_excused: bool,
    /// How often its machine was woken by its own wish.
    pub wakes: u64,
    /// How often its machine dialed.
    pub dials: u64,
    /// The last lines of its log.
    pub log: VecDeque<String>,
    pub(super) limits: Limits,
    pub(super) clock: Arc<NodeClock>,
    pub(super) disks: Disks,
    pub(super) book: Vec<u8>,
    pub(super) bans: Vec<u8>,
    pub(super) run: u32,
    /// Who mines on it.
    pub(super) miners: Vec<usize>,
    /// When it is next looked at.
    pub(super) wakes_at: u64,
    pub(super) running: Option<Running>,
}

/// Lines of a log that are kept.
const LOG_LINES_MAX: usize = 50;

/// A node that runs.
pub(super) struct Running {
    pub clockwork: Clockwork,
    pub known: NodeKnown,
    pub stock: NodeStock,
    pub protocol: Protocol,
    pub fresh: broadcast::Receiver<Fresh>,
    /// What waits for the processor, and whether it is at the first of it.
    pub jobs: VecDeque<Job>,
    pub is_working: bool,
    /// When the clockwork wants its next turn, as it said after the last.
    pub turns_at: u64,
    /// What was submitted and has no answer yet.
    pub blocks: VecDeque<(BlockHash, Option<Errand>, Pending<BlockVerdict>)>,
    pub transactions: VecDeque<Submitted>,
    /// Its connections.
    pub ends: Vec<PeerId>,
    /// When it next keeps the addresses that it knows, and how long it then waits.
    pub saves_at: u64,
    pub save_every: u64,
}

impl Running {
    /// To be called whenever the clockwork had a turn: without one it does not change its mind.
    pub fn look_when_to_turn(&mut self) {
        self.turns_at = self.clockwork.wake_at().map_or(u64::MAX, |at| at.as_micros() as u64);
    }
}

/// Transactions that were submitted, by a peer or by a user.
pub(super) struct Submitted {
    pub from: Option<PeerId>,
    pub pending: Vec<(TxHash, Pending<TransactionVerdict>)>,
    pub judged: Vec<(TxHash, TransactionVerdict)>,
}

impl SimulatedNode {
    pub(super) fn new(
        setup: NodeSetup,
        node: NodeId,
        address: SocketAddr,
        clock: Arc<NodeClock>,
        shelf: &Shelf,
        lab: bool,
    ) -> Self {
        let mut settings = Settings::new(node, lab);
        settings.port = (!setup.is_hidden).then_some(address.port());
        settings.stem = setup.stem;
        settings.bootstrap = setup.bootstrap;
        settings.outbound_max = setup.outbound_max.unwrap_or(settings.outbound_max);
        if let Some(added) = setup.connects_only {
            (settings.discovers, settings.added) = (false, added);
        }
        let secret = BookSecret(sha256(&[&node.0[..], b"book"].concat()));
        Self {
            settings,
            address,
            processor: setup.processor.unwrap_or(Processor::IDEAL),
            farewells: BTreeMap::new(),
            punished: Vec::new(),
            acknowledged: Vec::new(),
            lost_power: None,
            stopped: None,
            is_excused: false,
            wakes: 0,
            dials: 0,
            log: VecDeque::new(),
            limits: setup.limits.unwrap_or(Limits::DEFAULT),
            clock,
            disks: Disks::new(setup.is_steady, shelf),
            book: AddressBook::new(secret, lab).to_bytes(),
            bans: Bans::new().to_bytes(),
            run: 0,
            miners: Vec::new(),
            wakes_at: u64::MAX,
            running: None,
        }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Which of its runs this is; 0 before the first.
    pub fn run(&self) -> u32 {
        self.run
    }

    /// Its doors and its readers, while it runs.
    pub fn handle(&self) -> Option<&NodeHandle> {
        self.running.as_ref().map(|running| running.clockwork.handle())
    }

    /// The node itself, while it runs: for whoever checks it.
    pub fn clockwork(&self) -> Option<&Clockwork> {
        self.running.as_ref().map(|running| &running.clockwork)
    }

    /// Its machine, while it runs.
    pub fn machine(&self) -> Option<&Protocol> {
        self.running.as_ref().map(|running| &running.protocol)
    }

    /// Looks at what it will need as soon as it is told of anything.
    pub(super) fn foresee(&self) {
        black_box(self.clock.now());
        if let Some(running) = &self.running {
            black_box((running.protocol.wake_at(), running.jobs.len(), running.turns_at, running.saves_at));
        }
    }

    /// How it stands with others, while it runs.
    pub fn report(&self) -> Option<ProtocolReport> {
        let running = self.running.as_ref()?;
        Some(running.protocol.report(self.clock.now(), &running.known))
    }

    /// How many connections it has.
    pub fn connections(&self) -> usize {
        self.running.as_ref().map_or(0, |running| running.ends.len())
    }

    /// How much waits in it: for its processor, and for an answer.
    pub fn backlog(&self) -> usize {
        self.running
            .as_ref()
            .map_or(0, |running| running.jobs.len() + running.blocks.len() + running.transactions.len())
    }

    /// Writes down what addresses it knows.
    pub(super) fn keep_book(&mut self) {
        if let Some(machine) = self.machine() {
            self.book = machine.book().to_bytes();
        }
    }

    pub(super) fn say(&mut self, line: String) {
        self.log.push_back(line);
        if self.log.len() > LOG_LINES_MAX {
            self.log.pop_front();
        }
    }

    /// Opens what is on its disks and runs it. The seed is its chance for as long as it runs.
    pub(super) fn open(
        &mut self,
        genesis: &crate::consensus::Genesis,
        memo: Option<Arc<Memo>>,
        now: u64,
        mut seed: Draws,
    ) -> Result<(), StorageError> {
        let medium = Medium {
            journal: Arc::new(self.disks.journal.clone()),
            database: Arc::new(self.disks.database.clone()),
        };
        let clockwork = Clockwork::open(ClockworkOptions {
            genesis: genesis.clone(),
            medium,
            pool: Arc::new(self.disks.pool.clone()),
            limits: self.limits,
            clocks: self.clock.clocks(),
            seed: MapSeed(std::array::from_fn(|_| seed.any())),
            batch_seed: BatchSeed(seed.bytes()),
            memo,
            log: Box::new(|_| {}),
        })?;
        let lab = self.settings.lab;
        // What was half written is as good as nothing: the port begins anew then, too.
        let book = AddressBook::from_bytes(&self.book, lab)
            .unwrap_or_else(|_| AddressBook::new(BookSecret(seed.bytes()), lab));
        let bans = Bans::from_bytes(&self.bans).unwrap_or_else(|_| Bans::new());
        let handle = clockwork.handle().clone();
        self.run += 1;
        self.running = Some(Running {
            fresh: handle.fresh(),
            known: NodeKnown { node: handle.clone() },
            stock: NodeStock { node: handle },
            protocol: Protocol::new(self.settings.clone(), book, bans, seed.bytes()),
            clockwork,
            jobs: VecDeque::new(),
            is_working: false,
            turns_at: 0,
            blocks: VecDeque::new(),
            transactions: VecDeque::new(),
            ends: Vec::new(),
            saves_at: now + super::work::SAVE_FIRST,
            save_every: super::work::SAVE_FIRST,
        });
        Ok(())
    }

    /// Notes what was said of a block.
    pub(super) fn note_verdict(&mut self, hash: BlockHash, verdict: &BlockVerdict) {
        if let Ok(Verdict::Followed { .. } | Verdict::Side) = verdict {
            self.acknowledged.push(hash);
        }
    }
}
