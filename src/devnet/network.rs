//! All nodes of a devnet together: begun and ended here, and ordered about one order at a time.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::clock::ChainTime;
use super::desk;
use super::error::DevnetError;
use super::faucet::{Faucet, Given};
use super::ground::{Ground, Work};
use super::links::{Links, Partition};
use super::manifest::{Layout, Manifest, write_synced};
use super::member::{Common, Member};
use super::mining::Mining;
use super::places::{Places, bind};
use super::roster::{Live, Roster, living};
use super::schedule::{Schedule, picked};
use crate::api::{Manners, Server, Token};
use crate::consensus::{Genesis, PowMode};
use crate::miner::{Maker, STACK_BYTES, Unfinished};
use crate::net::{Faults, Link, Log};
use crate::protocol::NodeId;
use crate::types::{Address, Amount, BlockHash, Timestamp};
use crate::wallet::{DEVNET_MNEMONIC, Mnemonic};

/// Nodes of one devnet.
pub const NODES_MAX: usize = 50;
/// Others that each node always wants to be connected to.
const ADDED_EACH: usize = 8;
/// How long what was mined may take to come to all nodes before whoever ordered it is told.
const SPREAD_TIME_MAX: Duration = Duration::from_secs(1);
/// How often it is looked whether it has.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long threads may take to end.
const END_TIME_MAX: Duration = Duration::from_millis(500);

/// How a devnet is to be.
pub struct DevnetOptions {
    /// Where it keeps everything.
    pub folder: PathBuf,
    /// How many nodes it has.
    pub nodes: usize,
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
}

/// A devnet that runs until it is dropped.
pub struct Devnet {
    handle: DevnetHandle,
    schedule: Option<Schedule>,
    desk: Option<Server>,
    runtime: Option<Runtime>,
}

/// Orders a devnet about; every copy is the same one.
#[derive(Clone)]
pub struct DevnetHandle(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub common: Common,
    pub ground: Arc<Ground>,
    pub layout: Layout,
    faucet: Faucet,
    /// Orders that change nodes come here one at a time.
    pub members: Mutex<Vec<Member>>,
    ids: Vec<NodeId>,
    places: Vec<Places>,
    pub manifest: Mutex<Manifest>,
    pub links: Mutex<Links>,
    pub roster: watch::Sender<Roster>,
    mining: watch::Sender<Mining>,
    /// Whoever has it makes blocks, or has all others make none.
    pub turn: Arc<Mutex<()>>,
}

impl Devnet {
    /// Begins, or goes on where it was left; when this returns, all nodes answer.
    ///
    /// # Errors
    /// When a port cannot be had, what is in the folder is another devnet, or a node does not start.
    pub fn start(options: DevnetOptions) -> Result<Self, DevnetError> {
        let DevnetOptions { folder, nodes, host, port, mnemonic, work, mining, token, manners, log } =
            options;
        if !(1..=NODES_MAX).contains(&nodes) {
            return Err(DevnetError::Nodes(NODES_MAX));
        }
        let (listener, desk_at) = bind(Places::desk(host, port), "orders to the whole network")?;
        fs::create_dir_all(&folder).map_err(DevnetError::io(format!("cannot make {}", folder.display())))?;
        let layout = Layout(folder);
        let (manifest, ground, text) = begin(&layout, mnemonic, work, nodes)?;
        layout.remove_leftovers(manifest.generation)?;
        let genesis = Genesis::from_json(&text)?;
        let mining = mining.map_or_else(|| manifest.mining.parse(), Ok)?.check(genesis.params())?;
        let runtime = Builder::new_multi_thread()
            .thread_name("cairn-devnet")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build();
        let runtime = runtime.map_err(DevnetError::io("cannot start threads"))?;
        let ground = Arc::new(ground);
        let clock = ChainTime::new(manifest.clock);
        let common = Common {
            genesis,
            genesis_text: text,
            clock,
            runtime: runtime.handle().clone(),
            manners,
            token,
            log: Arc::clone(&log),
            hush: Arc::new(AtomicBool::new(false)),
        };
        let members = members(&layout, &common, manifest.generation, nodes, host, port)?;
        let handle = DevnetHandle(Arc::new(Inner {
            ids: members.iter().map(Member::id).collect(),
            places: members.iter().map(Member::places).collect(),
            faucet: Faucet::new(ground.faucet()),
            common,
            ground: Arc::clone(&ground),
            layout,
            members: Mutex::new(members),
            manifest: Mutex::new(manifest),
            links: Mutex::default(),
            roster: watch::Sender::new(Roster::default()),
            mining: watch::Sender::new(mining),
            turn: Arc::default(),
        }));
        handle.start_those(&mut handle.0.members.lock(), |_| true)?;
        handle.keep()?;
        let schedule = Schedule::start(
            handle.0.roster.subscribe(),
            handle.0.mining.subscribe(),
            Arc::clone(&handle.0.turn),
            ground,
            runtime.handle().clone(),
            log,
        );
        let schedule = Some(schedule.map_err(DevnetError::io("cannot start threads"))?);
        let front = desk::front(&handle, &handle.0.common.manners);
        let desk = Server::start(front, listener, runtime.handle());
        let desk = desk.map_err(DevnetError::io(format!("cannot take orders at {desk_at}")))?;
        Ok(Self { handle, schedule, desk: Some(desk), runtime: Some(runtime) })
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
        // Orders first, then blocks, then nodes, then the threads that they live on.
        self.desk.iter_mut().for_each(Server::hang_up);
        self.schedule = None;
        self.handle.end();
        self.desk = None;
        self.runtime.take().into_iter().for_each(|runtime| runtime.shutdown_timeout(END_TIME_MAX));
    }
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
        Member::new(index, places, &layout.chain(generation, index), faults, &common.log)
    };
    (0..nodes).map(member).collect()
}

/// How a node stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its number.
    pub index: usize,
    /// Where it is reached.
    pub places: Places,
    /// What others know it by.
    pub id: NodeId,
    /// What is to be said of it while it runs.
    pub up: Option<Up>,
}

/// How a node that runs stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Up {
    /// Its last block.
    pub tip: (crate::types::Height, BlockHash),
    /// Transactions that wait there.
    pub waiting: usize,
    /// Numbers of those nodes of this network that it is connected to.
    pub peers: Vec<usize>,
    /// How many others it is connected to.
    pub strangers: usize,
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
    pub fn folder(&self) -> &std::path::Path {
        &self.0.layout.0
    }

    /// Which nodes there are and which of them run, now and when that changes.
    pub fn roster(&self) -> watch::Receiver<Roster> {
        self.0.roster.subscribe()
    }

    /// How all nodes stand.
    pub async fn standings(&self) -> Vec<Standing> {
        let roster = self.0.roster.borrow().clone();
        let mut all = Vec::with_capacity(roster.len());
        for seat in roster.iter() {
            let up = match &seat.live {
                Some(live) => Some(self.look(live).await),
                None => None,
            };
            all.push(Standing { index: seat.index, places: seat.places, id: seat.id, up });
        }
        all
    }

    async fn look(&self, live: &Live) -> Up {
        let tip = live.node.reader().tip();
        let waiting = live.node.look(|_, pool| pool.ready_len());
        let report = live.peers.report().await;
        let ids: Vec<NodeId> =
            report.iter().flat_map(|report| &report.machine.peers).map(|peer| peer.met.node).collect();
        let mut peers: Vec<usize> =
            ids.iter().filter_map(|id| self.0.ids.iter().position(|known| known == id)).collect();
        let strangers = ids.len() - peers.len();
        peers.sort_unstable();
        peers.dedup();
        Up { tip: (tip.height, tip.hash), waiting, peers, strangers }
    }

    /// What is wrong with links.
    pub fn links(&self) -> Links {
        self.0.links.lock().clone()
    }

    /// When blocks come.
    pub fn mining(&self) -> Mining {
        *self.0.mining.borrow()
    }

    /// The clock of the chain.
    pub fn clock(&self) -> &ChainTime {
        &self.0.common.clock
    }

    /// Has blocks come otherwise from now on.
    ///
    /// # Errors
    /// When they cannot on this chain.
    pub fn set_mining(&self, mining: Mining) -> Result<(), DevnetError> {
        self.0.mining.send_replace(mining.check(self.genesis().params())?);
        self.keep()
    }

    /// Has a node make blocks at once, the first of them with what waits there; one that chance picks where none is named. It
    /// is told when they are durable, and have come to all who can be reached.
    ///
    /// # Errors
    /// When that node is down, or makes fewer.
    pub fn mine(&self, count: usize, node: Option<usize>) -> Result<Vec<BlockHash>, DevnetError> {
        let (index, live) = self.one(node)?;
        let mut maker = Maker::new(live.node.clone(), self.0.ground.payout(index))?;
        let turn = self.0.turn.lock();
        let made = maker.mine(count).map_err(|Unfinished { why, .. }| why)?;
        drop(turn);
        self.spread(index, &live);
        Ok(made)
    }

    /// Waits until what a node follows has come to all who can be reached; not for long, for a link may be slow.
    fn spread(&self, from: usize, live: &Live) {
        let (links, deadline) = (self.links(), Instant::now() + SPREAD_TIME_MAX);
        let others: Vec<Live> = living(&self.0.roster.subscribe())
            .into_iter()
            .filter(|(index, _)| *index != from && !links.is_cut(*index, from))
            .map(|(_, live)| live)
            .collect();
        let tip = live.node.reader().tip();
        while Instant::now() < deadline
            && others.iter().any(|other| other.node.reader().tip().height < tip.height)
        {
            thread::sleep(LOOK_EVERY);
        }
    }

    /// A node that runs: the one that is named, or one that chance picks.
    pub(super) fn one(&self, node: Option<usize>) -> Result<(usize, Live), DevnetError> {
        let living = living(&self.0.roster.subscribe());
        match node {
            None => picked(&living).cloned().ok_or(DevnetError::AllDown),
            Some(node) => {
                self.check(node)?;
                living.into_iter().find(|(index, _)| *index == node).ok_or(DevnetError::Down(node))
            }
        }
    }

    fn check(&self, node: usize) -> Result<(), DevnetError> {
        let last = self.0.ids.len() - 1;
        if node > last { Err(DevnetError::NoNode { node, last }) } else { Ok(()) }
    }

    /// Puts the clock of the chain forward, for all nodes.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn warp(&self, seconds: u32) -> Result<Timestamp, DevnetError> {
        self.clock().warp(seconds);
        self.keep().map(|()| self.clock().now())
    }

    /// Holds the clock of the chain, or has it run on.
    ///
    /// # Errors
    /// When that cannot be kept.
    pub fn hold_clock(&self, hold: bool) -> Result<Timestamp, DevnetError> {
        if hold {
            self.clock().freeze();
        } else {
            self.clock().resume();
        }
        self.keep().map(|()| self.clock().now())
    }

    /// Makes a link like this, both ways.
    ///
    /// # Errors
    /// When there are no two such nodes.
    pub fn set_link(&self, one: usize, other: usize, link: Link) -> Result<(), DevnetError> {
        self.check(one)?;
        self.check(other)?;
        if one == other {
            return Err(DevnetError::SameNode(one));
        }
        self.relink(|links| links.set(one, other, link))
    }

    /// Cuts all links between groups.
    ///
    /// # Errors
    /// When it names a node that is not there.
    pub fn part(&self, partition: &Partition) -> Result<(), DevnetError> {
        let nodes = self.0.ids.len();
        partition.check(nodes)?;
        self.relink(|links| links.part(partition, nodes))
    }

    /// Makes all links healthy.
    ///
    /// # Errors
    /// Never, on a devnet.
    pub fn heal(&self) -> Result<(), DevnetError> {
        self.relink(Links::heal)
    }

    fn relink(&self, change: impl FnOnce(&mut Links)) -> Result<(), DevnetError> {
        let members = self.0.members.lock();
        change(&mut self.0.links.lock());
        self.relink_all(&members)
    }

    /// Has all links be as they are said to be.
    pub(super) fn relink_all(&self, members: &[Member]) -> Result<(), DevnetError> {
        let links = self.0.links.lock();
        for (index, member) in members.iter().enumerate() {
            links.apply(index, &self.0.ids, &member.faults)?;
        }
        Ok(())
    }

    /// Which folders of the nodes count.
    pub(super) fn generation(&self) -> u32 {
        self.0.manifest.lock().generation
    }

    /// Ends a node as a kill would.
    ///
    /// # Errors
    /// When it is down already.
    pub fn kill(&self, node: usize) -> Result<(), DevnetError> {
        self.check(node)?;
        let mut members = self.0.members.lock();
        if !members[node].is_up() {
            return Err(DevnetError::Down(node));
        }
        members[node].kill();
        self.show(&members);
        Ok(())
    }

    /// Begins a node again that was ended.
    ///
    /// # Errors
    /// When it runs, or does not start.
    pub fn restart(&self, node: usize) -> Result<(), DevnetError> {
        self.check(node)?;
        let mut members = self.0.members.lock();
        if members[node].is_up() {
            return Err(DevnetError::Up(node));
        }
        let chain = self.0.layout.chain(self.generation(), node);
        let added = self.added(node);
        members[node].start(&self.0.common, &chain, added)?;
        self.show(&members);
        Ok(())
    }

    /// Gives coins, through this node; one that chance picks where none is named.
    ///
    /// # Errors
    /// When the faucet does not, or that node is down.
    pub fn give(&self, to: Address, amount: Amount, node: Option<usize>) -> Result<Given, DevnetError> {
        let (_, live) = self.one(node)?;
        Ok(self.0.faucet.give(&live.node, to, amount)?)
    }

    /// Those that a node always wants to be connected to.
    fn added(&self, node: usize) -> Vec<String> {
        let before = (0..node).rev().take(ADDED_EACH);
        before.map(|other| self.0.places[other].peers.to_string()).collect()
    }

    /// Begins these nodes, all at once; the others are down.
    pub(super) fn start_those(
        &self,
        members: &mut [Member],
        runs: impl Fn(usize) -> bool,
    ) -> Result<(), DevnetError> {
        let generation = self.generation();
        let started: Vec<Result<(), DevnetError>> = thread::scope(|scope| {
            let begin = |(index, member): (usize, &mut Member)| {
                let chain = self.0.layout.chain(generation, index);
                member.start(&self.0.common, &chain, self.added(index))
            };
            members
                .iter_mut()
                .enumerate()
                .filter(|(index, _)| !runs(*index))
                .for_each(|(_, member)| member.stop());
            let starting = members.iter_mut().enumerate().filter(|(index, _)| runs(*index));
            let starting: Vec<_> = starting.map(|each| scope.spawn(move || begin(each))).collect();
            starting.into_iter().map(|thread| thread.join().unwrap_or(Err(DevnetError::Ending))).collect()
        });
        self.show(members);
        started.into_iter().collect()
    }

    /// Tells everybody which nodes run.
    fn show(&self, members: &[Member]) {
        self.0.roster.send_replace(Arc::new(members.iter().map(Member::seat).collect()));
    }

    /// Writes down what is kept beside the nodes.
    pub(super) fn keep(&self) -> Result<(), DevnetError> {
        let mut manifest = self.0.manifest.lock();
        manifest.clock = self.clock().state();
        manifest.mining = self.mining().to_string();
        manifest.nodes = self.0.ids.len();
        manifest.write(&self.0.layout.0)
    }

    /// Ends all nodes at once.
    fn end(&self) {
        let mut members = self.0.members.lock();
        self.0.roster.send_replace(Roster::default());
        // That the others went is no news any more.
        self.0.common.hush.store(true, Ordering::Relaxed);
        thread::scope(|scope| members.iter_mut().for_each(|member| drop(scope.spawn(|| member.stop()))));
        if let Err(error) = self.keep() {
            (self.0.common.log)(&format!("{error}"));
        }
    }
}
