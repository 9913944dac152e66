//! One node of a devnet, with its ports: begun, ended, and begun again.

use std::net::TcpListener;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::clock::ChainTime;
use super::error::DevnetError;
use super::places::{Listeners, Places};
use super::roster::{Live, Seat};
use crate::api::{AdminOptions, Context, Front, Manners, OfDevnet, Server, Token};
use crate::consensus::Genesis;
use crate::miner::Feed;
use crate::net::{Faults, Keep, Log, Peers, PeersOptions};
use crate::node::{Node, NodeOptions};
use crate::protocol::{NodeId, Settings};
use crate::storage::{Folder, StorageError};
use crate::stratum;

/// How often whoever waits for a node looks whether all of them end.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What all nodes have in common.
pub(super) struct Common {
    pub genesis: Genesis,
    pub genesis_text: String,
    pub clock: ChainTime,
    pub runtime: Handle,
    /// How clients are dealt with.
    pub manners: Manners,
    /// Where orders to all are taken, for whoever looks at one.
    pub desk: u16,
    /// The operator's word, the same for all.
    pub token: Token,
    /// Where lines for a log go.
    pub log: Log,
    /// Where lines on orders go.
    pub orders: Log,
    /// Set once it ends: no block is begun any more, no node, one that is starting is called off, and what nodes say of each
    /// other's end is no news.
    pub ending: Arc<AtomicBool>,
}

impl Common {
    /// Says what a node says, until all of them end.
    fn say(&self, node: usize) -> Log {
        let (log, ending) = (Arc::clone(&self.log), Arc::clone(&self.ending));
        Arc::new(move |line: &str| {
            if !ending.load(Ordering::Relaxed) {
                log(&format!("node {node}: {line}"));
            }
        })
    }

    /// Makes the folder of a node that begins at genesis in this generation: what was told of another leads nowhere in it.
    pub fn begin_folder(&self, chain: &Path, generation: u32) -> Result<(), StorageError> {
        Folder::begin(chain, &self.genesis, &self.genesis_text, generation)
    }

    /// What a node's pages are to know of all of it.
    fn of_devnet(&self) -> OfDevnet {
        let clock = self.clock.clone();
        OfDevnet { desk: self.desk, is_held: Arc::new(move || clock.is_held()) }
    }

    /// How a node is to run.
    fn node(&self, chain: &Path, node: usize) -> NodeOptions {
        let mut options = NodeOptions::new(chain, self.genesis.clone(), &self.genesis_text);
        options.clock = self.clock.as_chain_clock();
        let say = self.say(node);
        options.log = Box::new(move |line| say(line));
        // There are several of them on this machine.
        options.check_threads = Some(1);
        options.stop = Arc::clone(&self.ending);
        options
    }

    /// Begins a node on the chain in this folder. When this returns, what waited there for a block waits again: whoever has it mine
    /// at once has all of that in the block.
    pub fn begin_node(&self, chain: &Path, node: usize) -> Result<Node, DevnetError> {
        let begun = Node::start(self.node(chain, node));
        let begun = begun.map_err(|error| DevnetError::Start { node, error })?;
        // One that takes nothing in says so itself.
        let _ = self.wait_for(begun.handle().hold())?;
        Ok(begun)
    }

    /// Waits for something, unless all of them end before.
    pub fn wait_for<T>(&self, awaited: impl Future<Output = T>) -> Result<T, DevnetError> {
        self.runtime.block_on(async {
            let mut awaited = pin!(awaited);
            loop {
                match timeout(LOOK_EVERY, &mut awaited).await {
                    Ok(came) => return Ok(came),
                    Err(_) if self.ending.load(Ordering::Relaxed) => return Err(DevnetError::Ending),
                    Err(_) => {}
                }
            }
        })
    }
}

/// A node, whether it runs or not.
pub(super) struct Member {
    index: usize,
    places: Places,
    id: NodeId,
    pub faults: Faults,
    /// While it is not down, whoever connects waits to be let in, also while it is begun anew.
    listeners: Option<Listeners>,
    running: Option<Running>,
    starts: u64,
}

/// A node that runs. Its parts end in this order.
struct Running {
    servers: Vec<Server>,
    _stratum: stratum::Server,
    peers: Peers,
    node: Node,
}

impl Member {
    /// One that does not run yet, but listens.
    pub fn new(
        index: usize,
        places: Places,
        chain: &Path,
        faults: Faults,
        log: &Log,
    ) -> Result<Self, DevnetError> {
        let kept = Keep::open(chain, Arc::clone(log)).and_then(|keep| keep.identity());
        let id = kept.map_err(DevnetError::io(format!("cannot use {}", chain.display())))?.node_id();
        let (listeners, places) = Listeners::bind(places, index)?;
        Ok(Self { index, places, id, faults, listeners: Some(listeners), running: None, starts: 0 })
    }

    /// Its number.
    pub fn index(&self) -> usize {
        self.index
    }

    /// What others know it by.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Where it is reached.
    pub fn places(&self) -> Places {
        self.places
    }

    /// Whether it runs.
    pub fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// As others see it.
    pub fn seat(&self) -> Seat {
        let live = self.running.as_ref().map(|running| Live {
            node: running.node.handle(),
            peers: running.peers.handle(),
            start: self.starts,
        });
        Seat { index: self.index, places: self.places, id: self.id, live, going_back: false }
    }

    /// Begins, on the chain in this folder, and always wants to be connected to these.
    pub fn start(&mut self, common: &Common, chain: &Path, added: Vec<String>) -> Result<(), DevnetError> {
        let node = self.index;
        if self.listeners.is_none() {
            self.listeners = Some(Listeners::bind(self.places, node)?.0);
        }
        let again = self.listeners.as_ref().map(Listeners::again).expect("bound above");
        let listeners = again.map_err(DevnetError::io("cannot listen again"))?;
        let started = self.begin(common, chain, added, listeners);
        if started.is_err() {
            // Nobody would let in whoever connects.
            self.listeners = None;
        }
        self.running = Some(started?);
        self.starts += 1;
        Ok(())
    }

    fn begin(
        &self,
        common: &Common,
        chain: &Path,
        added: Vec<String>,
        listeners: Listeners,
    ) -> Result<Running, DevnetError> {
        let index = self.index;
        let say = common.say(index);
        let node = common.begin_node(chain, index)?;
        let mut settings = Settings::new(NodeId::UNKNOWN, common.genesis.params().lab);
        settings.added = added;
        let options = PeersOptions {
            settings,
            listener: Some(listeners.peers),
            data_dir: chain.to_owned(),
            log: Arc::clone(&say),
            faults: self.faults.clone(),
        };
        let serve = |address| move |error| DevnetError::Serve { node: index, address, error };
        let peers =
            Peers::start(node.handle(), options, &common.runtime).map_err(serve(self.places.peers))?;
        let feed = Feed::start(node.handle(), &common.runtime);
        let options = stratum::ServerOptions { log: say, ..stratum::ServerOptions::default() };
        let stratum =
            stratum::Server::start(node.handle(), feed, listeners.stratum, options, &common.runtime)
                .map_err(serve(self.places.stratum))?;
        let context = Context::of_devnet(node.handle(), peers.handle(), common.of_devnet());
        let options = AdminOptions {
            token: common.token.clone(),
            mining: None,
            data_dir: Some(chain.to_owned()),
            watch_freely: self.places.admin.ip().is_loopback(),
        };
        let admin =
            Front::admin(&context, options, &Manners { origins: Vec::new(), ..common.manners.clone() });
        let public = Front::with_manners(context, &common.manners);
        let server = |front, listener: TcpListener, address| {
            Server::start(front, listener, &common.runtime).map_err(serve(address))
        };
        let servers = vec![
            server(public, listeners.http, self.places.http)?,
            server(admin, listeners.admin, self.places.admin)?,
        ];
        Ok(Running { servers, _stratum: stratum, peers, node })
    }

    /// Ends it orderly, and goes on to listen: whoever connects meanwhile waits.
    pub fn pause(&mut self) {
        let Some(Running { mut servers, peers, node, .. }) = self.running.take() else { return };
        servers.iter_mut().for_each(Server::hang_up);
        drop(servers);
        peers.stop();
        node.stop();
    }

    /// Ends it orderly.
    pub fn stop(&mut self) {
        self.listeners = None;
        self.pause();
    }

    /// Ends it as a kill would: nobody is told, nothing more is written.
    pub fn kill(&mut self) {
        self.listeners = None;
        let Some(Running { mut servers, peers, node, .. }) = self.running.take() else { return };
        node.abandon();
        servers.iter_mut().for_each(Server::hang_up);
        drop(servers);
        peers.stop();
    }

    /// Stays who it is in another folder, and forgets there whom it knows where that is of another devnet.
    pub fn take_identity(&self, from: &Path, to: &Path, forgets: bool) -> Result<(), DevnetError> {
        let forgotten = if forgets { Keep::forget_addresses(to) } else { Ok(()) };
        let taken = forgotten.and_then(|()| Keep::take_identity(from, to));
        taken.map_err(DevnetError::io(format!("cannot write to {}", to.display())))
    }
}

/// Has all of them do something, at once. Where one panics it has said so, and the others are none the worse.
pub(super) fn all_at_once<T: Send>(all: &mut [T], act: impl Fn(&mut T) + Sync) {
    thread::scope(|scope| {
        let act = &act;
        let acting: Vec<_> = all.iter_mut().map(|one| scope.spawn(move || act(one))).collect();
        // One that nobody joins would have this panic too.
        acting.into_iter().for_each(|thread| drop(thread.join()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_panics_takes_nobody_with_it() {
        let mut all = [1, 2, 3];
        all_at_once(&mut all, |one| {
            assert_ne!(*one, 2, "on purpose");
            *one += 10;
        });
        assert_eq!(all, [11, 2, 13]);
    }
}
