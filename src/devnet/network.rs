//! All nodes of a devnet together: begun and ended here, and ordered about one order at a time.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, watch};

use super::clock::ChainTime;
use super::desk;
use super::error::DevnetError;
use super::faucet::Faucet;
use super::ground::{Ground, Work};
use super::links::Links;
use super::manifest::{Layout, Manifest, write_synced};
use super::member::{Common, Member, all_at_once};
use super::mining::Mining;
use super::places::{Places, bind};
use super::roster::{Live, Roster, Seat};
use super::rulings;
use super::schedule::Schedule;
use crate::api::{Manners, Server, Token};
use crate::consensus::{Genesis, PowMode};
use crate::miner::{Maker, STACK_BYTES};
use crate::net::{Faults, Log};
use crate::protocol::NodeId;
use crate::wallet::{DEVNET_MNEMONIC, Mnemonic};

/// Nodes of one devnet.
pub const NODES_MAX: usize = 50;
/// Those that one has which begins, where nothing is said.
pub const NODES_USUAL: usize = 5;
/// Others that each node always wants to be connected to.
pub(super) const ADDED_EACH: usize = 8;
/// How long threads may take to end.
const END_TIME_MAX: Duration = Duration::from_millis(500);

/// How a devnet is to be.
pub struct DevnetOptions {
    /// Where it keeps everything.
    pub folder: PathBuf,
    /// How many nodes it has; as many as before, at first [`NODES_USUAL`], where nothing is said.
    pub nodes: Option<usize>,
    /// Where its nodes are reached.
    pub host: IpAddr,
    /// The first port of the first node; 0 for any that are free.
    pub port: u16,
    /// Words that all keys follow from, where they are not the well-known ones.
    pub mnemonic: Option<Mnemonic>,
    /// What it takes to find a block.
    pub work: Work,
    /// When blocks come; as before, or as is usual, where nothing is said.
    pub mining: Option<Mining>,
    /// The word for the operator's side of each node.
    pub token: Token,
    /// How clients are dealt with.
    pub manners: Manners,
    /// Where lines for a log go.
    pub log: Log,
    /// Where lines on orders go that are taken over HTTP, one for each.
    pub orders: Log,
    /// Set, it calls off whatever takes long, the start of nodes too. Then the devnet can only end.
    pub ending: Arc<AtomicBool>,
}

impl DevnetOptions {
    /// The usual ones, for this machine alone, at any ports that are free; nothing is logged.
    pub fn new(folder: impl Into<PathBuf>, token: Token) -> Self {
        Self {
            folder: folder.into(),
            nodes: None,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            mnemonic: None,
            work: Work::None,
            mining: None,
            token,
            manners: Manners::default(),
            log: Arc::new(|_| {}),
            orders: Arc::new(|_| {}),
            ending: Arc::default(),
        }
    }
}

/// A devnet that runs until it is dropped.
pub struct Devnet {
    handle: DevnetHandle,
    schedule: Option<Schedule>,
    desk: Option<Server>,
    runtime: Option<Runtime>,
    /// Nobody else has the folder while this runs.
    _lock: File,
}

/// Orders a devnet about; every copy is the same one.
#[derive(Clone)]
pub struct DevnetHandle(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub common: Common,
    pub ground: Arc<Ground>,
    pub layout: Layout,
    pub faucet: Faucet,
    /// Orders that change nodes come here one at a time.
    pub members: Mutex<Vec<Member>>,
    pub ids: Vec<NodeId>,
    places: Vec<Places>,
    pub manifest: Mutex<Manifest>,
    /// Also those of nodes that have no part in this, because there are fewer than before.
    pub links: Arc<Mutex<Links>>,
    pub roster: watch::Sender<Roster>,
    pub mining: watch::Sender<Mining>,
    /// Told when there are other blocks that all are to leave.
    pub ruled: Arc<Notify>,
    /// Whoever has it makes blocks, or has all others make none.
    pub turn: Arc<Mutex<()>>,
    /// Whoever has it carries a state to a file, or from one.
    pub files: Mutex<()>,
}

impl Devnet {
    /// Begins, or goes on where it was left: who was down is, unless all were. When this returns, all others answer.
    ///
    /// # Errors
    /// When a port cannot be had, what is in the folder is another devnet, a node does not start, or that was called off.
    pub fn start(options: DevnetOptions) -> Result<Self, DevnetError> {
        let DevnetOptions { folder, nodes, host, port, mnemonic, work, mining, token, .. } = options;
        let DevnetOptions { manners, log, orders, ending, .. } = options;
        check_count(nodes.unwrap_or(NODES_USUAL))?;
        let (listener, desk_at) = bind(Places::desk(host, port), "orders to the whole network")?;
        fs::create_dir_all(&folder).map_err(DevnetError::io(format!("cannot make {}", folder.display())))?;
        let layout = Layout(folder);
        let lock = layout.lock()?;
        let (mut manifest, ground, text) = begin(&layout, mnemonic, work, nodes.unwrap_or(NODES_USUAL))?;
        let nodes = nodes.unwrap_or(manifest.nodes);
        manifest.fit(check_count(nodes)?);
        Places::check(port, nodes)?;
        let (generation, links, down) = (manifest.generation, manifest.links.clone(), manifest.down.clone());
        let genesis = Genesis::from_json(&text)?;
        let mining = mining.map_or_else(|| manifest.mining.parse(), Ok)?.check(genesis.params())?;
        let runtime = threads()?;
        let ground = Arc::new(ground);
        let clock = ChainTime::new(manifest.clock);
        let common = Common {
            genesis,
            genesis_text: text,
            clock,
            runtime: runtime.handle().clone(),
            manners,
            desk: desk_at.port(),
            token,
            log: Arc::clone(&log),
            ending,
            orders,
        };
        // An end may have come between.
        layout.carry_over(manifest.generation)?;
        let members = members(&layout, &common, manifest.generation, nodes, host, port)?;
        let handle = DevnetHandle(Arc::new(Inner {
            ids: members.iter().map(Member::id).collect(),
            places: members.iter().map(Member::places).collect(),
            faucet: Faucet::new(ground.faucet()),
            common,
            ground,
            layout,
            members: Mutex::new(members),
            manifest: Mutex::new(manifest),
            links: Arc::new(Mutex::new(links)),
            roster: watch::Sender::new(Roster::default()),
            mining: watch::Sender::new(mining),
            ruled: Arc::default(),
            turn: Arc::default(),
            files: Mutex::default(),
        }));
        let started = handle.start_all_but(&down);
        if let Err(called_off) = handle.check_not_ending() {
            handle.end();
            return Err(called_off);
        }
        match started {
            // Whoever wants to know why, and to mend it, needs the others no less.
            Err(error @ DevnetError::SomeDown(_)) => log(&error.to_string()),
            started => started?,
        }
        handle.note().write(&handle.0.layout.0)?;
        handle.0.layout.remove_leftovers(generation, &log);
        Self::run(handle, runtime, lock, listener, desk_at)
    }

    /// Has blocks come to nodes that have begun, and orders to all of them.
    fn run(
        handle: DevnetHandle,
        runtime: Runtime,
        lock: File,
        listener: TcpListener,
        desk_at: SocketAddr,
    ) -> Result<Self, DevnetError> {
        let (network, ruled) = (Arc::downgrade(&handle.0), Arc::clone(&handle.0.ruled));
        runtime.spawn(rulings::heed(network, ruled, handle.roster()));
        let schedule = Schedule::start(&handle);
        let schedule = Some(schedule.map_err(DevnetError::io("cannot start threads"))?);
        let front = desk::front(&handle, &handle.0.common.manners);
        let desk = Server::start(front, listener, runtime.handle());
        let desk = desk.map_err(DevnetError::io(format!("cannot take orders at {desk_at}")))?;
        Ok(Self { handle, schedule, desk: Some(desk), runtime: Some(runtime), _lock: lock })
    }

    /// To order it about.
    pub fn handle(&self) -> DevnetHandle {
        self.handle.clone()
    }

    /// Where it takes orders over HTTP.
    pub fn desk(&self) -> Option<SocketAddr> {
        self.desk.as_ref().map(Server::local_address)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // Whoever makes blocks, or has yet to begin nodes, leaves it at that.
        self.handle.0.common.ending.store(true, Ordering::Relaxed);
        // Orders first, then blocks, then nodes, then the threads that they live on.
        self.desk.iter_mut().for_each(Server::hang_up);
        self.schedule = None;
        self.handle.end();
        self.desk = None;
        self.runtime.take().into_iter().for_each(|runtime| runtime.shutdown_timeout(END_TIME_MAX));
    }
}

/// What its nodes live on.
fn threads() -> Result<Runtime, DevnetError> {
    let runtime = Builder::new_multi_thread()
        .thread_name("cairn-devnet")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    runtime.map_err(DevnetError::io("cannot start threads"))
}

/// What is in the folder, or what it is to be where there is nothing yet.
fn begin(
    layout: &Layout,
    mnemonic: Option<Mnemonic>,
    work: Work,
    nodes: usize,
) -> Result<(Manifest, Ground, String), DevnetError> {
    let said = mnemonic.as_ref().map(|mnemonic| mnemonic.reveal().to_string());
    let parse = |words: &str| -> Mnemonic { words.parse().expect("words that were checked before") };
    let path = layout.genesis();
    if let Some(manifest) = Manifest::read(&layout.0)? {
        if said.is_some_and(|said| said != manifest.mnemonic) {
            return Err(DevnetError::OtherWords(layout.0.clone()));
        }
        let mnemonic: Mnemonic = manifest.mnemonic.parse().map_err(|_| DevnetError::Manifest {
            path: layout.0.clone(),
            reason: "its words are no mnemonic".to_owned(),
        })?;
        let text = fs::read_to_string(&path);
        let text = text.map_err(DevnetError::io(format!("cannot read {}", path.display())))?;
        let asert = Genesis::from_json(&text)?.params().pow_mode == PowMode::Asert;
        if asert != (work == Work::Asert) {
            return Err(DevnetError::OtherWork { path: layout.0.clone(), asert });
        }
        return Ok((manifest, Ground::new(&mnemonic), text));
    }
    let mnemonic = mnemonic.unwrap_or_else(|| parse(DEVNET_MNEMONIC));
    let ground = Ground::new(&mnemonic);
    let text = ground.genesis(work)?.to_json();
    let mining = Mining::usual(Genesis::from_json(&text)?.params());
    let manifest = Manifest::new(ground.words().to_owned(), nodes, mining.to_string());
    write_synced(&layout.0, "genesis.json", &text)?;
    manifest.write(&layout.0)?;
    Ok((manifest, ground, text))
}

fn check_count(nodes: usize) -> Result<usize, DevnetError> {
    if (1..=NODES_MAX).contains(&nodes) { Ok(nodes) } else { Err(DevnetError::Nodes(NODES_MAX)) }
}

fn members(
    layout: &Layout,
    common: &Common,
    generation: u32,
    nodes: usize,
    host: IpAddr,
    port: u16,
) -> Result<Vec<Member>, DevnetError> {
    let member = |index| {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| DevnetError::Io {
            what: "no randomness".to_owned(),
            error: io::Error::other(error.to_string()),
        })?;
        let faults = Faults::new(common.genesis.params(), seed);
        let places = Places::of(host, port, index);
        let chain = layout.chain(generation, index);
        // Where that fails it does not begin either, and says so then.
        let _ = common.begin_folder(&chain, generation);
        Member::new(index, places, &chain, faults, &common.log)
    };
    (0..nodes).map(member).collect()
}

impl DevnetHandle {
    /// The rules.
    pub fn genesis(&self) -> &Genesis {
        &self.0.common.genesis
    }

    /// The keys.
    pub fn ground(&self) -> &Ground {
        &self.0.ground
    }

    /// Where it keeps everything.
    pub fn folder(&self) -> &Path {
        &self.0.layout.0
    }

    /// Which nodes there are and which of them run, now and when that changes.
    pub fn roster(&self) -> watch::Receiver<Roster> {
        self.0.roster.subscribe()
    }

    /// What is wrong with links.
    pub fn links(&self) -> Links {
        self.0.links.lock().within(self.0.ids.len())
    }

    /// When blocks come.
    pub fn mining(&self) -> Mining {
        *self.0.mining.borrow()
    }

    /// The clock of the chain.
    pub fn clock(&self) -> &ChainTime {
        &self.0.common.clock
    }

    /// Has the log tell of an order.
    pub(super) fn say_order(&self, line: &str) {
        (self.0.common.orders)(line);
    }

    /// Whether only this machine's own programs can order it about.
    pub(super) fn is_local(&self) -> bool {
        self.0.places.iter().all(|places| places.http.ip().to_canonical().is_loopback())
    }

    /// That it does not end: nothing is begun then any more.
    pub(super) fn check_not_ending(&self) -> Result<(), DevnetError> {
        if self.0.common.ending.load(Ordering::Relaxed) { Err(DevnetError::Ending) } else { Ok(()) }
    }

    /// What has a node make blocks, as long as the network does not end.
    pub(super) fn maker(&self, index: usize, live: &Live) -> Result<Maker, DevnetError> {
        let maker = Maker::new(live.node.clone(), self.0.ground.payout(index));
        maker.map(|maker| maker.until(Arc::clone(&self.0.common.ending))).map_err(DevnetError::order(index))
    }

    /// Those that a node always wants to be connected to.
    pub(super) fn added(&self, node: usize) -> Vec<String> {
        let before = (0..node).rev().take(ADDED_EACH);
        before.map(|other| self.peers_at(other)).collect()
    }

    /// Where other nodes reach this one.
    pub(super) fn peers_at(&self, node: usize) -> String {
        self.0.places[node].peers.to_string()
    }

    /// Begins all nodes but these; links are what they were before any of them runs.
    fn start_all_but(&self, down: &BTreeSet<usize>) -> Result<(), DevnetError> {
        let mut members = self.0.members.lock();
        self.relink_all(&members)?;
        self.start_those(&mut members, |index| !down.contains(&index))
    }

    /// Begins these nodes, all at once; the others are down. Where some do not begin, the answer names each of them.
    pub(super) fn start_those(
        &self,
        members: &mut [Member],
        runs: impl Fn(usize) -> bool,
    ) -> Result<(), DevnetError> {
        let generation = self.generation();
        let mut failed: Vec<DevnetError> = thread::scope(|scope| {
            let begin = |(index, member): (usize, &mut Member)| {
                let chain = self.0.layout.chain(generation, index);
                self.begin(member, &chain)
            };
            members
                .iter_mut()
                .enumerate()
                .filter(|(index, _)| !runs(*index))
                .for_each(|(_, member)| member.stop());
            let starting = members.iter_mut().enumerate().filter(|(index, _)| runs(*index));
            let starting: Vec<_> = starting
                .map(|(index, member)| (index, scope.spawn(move || begin((index, member)))))
                .collect();
            let fault = |index| move |_| Err(DevnetError::Fault(index));
            let started = starting.into_iter();
            started.filter_map(|(index, thread)| thread.join().unwrap_or_else(fault(index)).err()).collect()
        });
        self.show(members);
        match failed.pop() {
            None => Ok(()),
            Some(last) if members.iter().any(Member::is_up) => {
                failed.push(last);
                Err(DevnetError::SomeDown(failed))
            }
            Some(error) => Err(error),
        }
    }

    /// Begins a node on the chain in this folder.
    pub(super) fn begin(&self, member: &mut Member, chain: &Path) -> Result<(), DevnetError> {
        self.check_not_ending()?;
        member.start(&self.0.common, chain, self.added(member.index()))?;
        let seat = member.seat();
        seat.live.iter().for_each(|live| self.catch_up_on_rulings(seat.index, live));
        Ok(())
    }

    /// Tells everybody which nodes run.
    pub(super) fn show(&self, members: &[Member]) {
        self.0.roster.send_replace(Arc::new(members.iter().map(Member::seat).collect()));
    }

    /// Tells everybody that none runs any more, or until the network has gone back.
    pub(super) fn show_down(&self, going_back: bool) {
        self.0.roster.send_modify(|roster| {
            let down = roster.iter().map(|seat| Seat {
                live: None,
                going_back: going_back && seat.live.is_some(),
                ..seat.clone()
            });
            *roster = Arc::new(down.collect());
        });
    }

    /// Writes down what is kept beside the nodes, after an order that changed it.
    pub(super) fn keep(&self) -> Result<(), DevnetError> {
        self.note().write(&self.0.layout.0).map_err(|error| DevnetError::NotKept(Box::new(error)))
    }

    /// What is kept beside the nodes, as it stands. Nobody else notes anything while this is there.
    pub(super) fn note(&self) -> MutexGuard<'_, Manifest> {
        let mut manifest = self.0.manifest.lock();
        manifest.clock = self.clock().state();
        manifest.mining = self.mining().to_string();
        manifest.nodes = self.0.ids.len();
        manifest.links = self.0.links.lock().clone();
        manifest
    }

    /// Ends all nodes at once.
    fn end(&self) {
        let mut members = self.0.members.lock();
        self.show_down(false);
        all_at_once(&mut members, Member::stop);
        if let Err(error) = self.note().write(&self.0.layout.0) {
            (self.0.common.log)(&format!("{error}"));
        }
    }
}
