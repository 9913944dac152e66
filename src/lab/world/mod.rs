//! A world: nodes, strangers, the ways between them, and what time it is.
//!
//! One queue of events, one seed, one thread. Each node is the writer, the pool, the chain and the machine as they are shipped, on
//! a disk in memory; what is simulated is all around them. The same seed makes the same things happen, and
//! [`World::digest`] says whether it did.
//!
//! Read this file first, then `wire.rs` for how bytes travel and `jam.rs` for what holds them up, `node.rs` and `work.rs` for what
//! a node does, and `orders.rs` for what its machine orders.

mod faults;
mod hands;
mod hoard;
mod jam;
mod mining;
mod node;
mod orders;
mod paying;
mod payments;
mod stranger;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests;
mod wire;
mod work;

pub use faults::{CrashKind, Skew};
pub use hoard::{Fraud, FraudOutcome};
pub use mining::{Miner, Strategy};
pub use node::{NodeSetup, Processor, SimulatedNode};
pub use paying::{Paid, Users};
pub use stranger::{Stage, Stranger};

use core::hint::black_box;
use core::net::SocketAddr;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use self::jam::Jam;
use self::node::Party;
use self::wire::End;
pub(super) use self::wire::Parcel;
use super::clock::{NodeClock, WorldClock};
use super::disk::Shelf;
use super::ground::Ground;
use super::links::{Access, Link, Links};
use super::queue::Queue;
use super::record::Record;
use crate::crypto::{Digest, sha256};
use crate::ledger::MapSeed;
use crate::node::Memo;
use crate::protocol::{Draws, Input, Met, NodeId};
use crate::types::BlockHash;

/// Something that is to happen.
pub(super) enum Event {
    /// A node, or a stranger, may have something to do.
    Wake(u32),
    /// A dialer's call has reached whoever is there, and come back.
    Reach { dialer: u32, run: u32, address: Box<SocketAddr> },
    /// A listener knows who called.
    Meet(Box<Met>),
    /// A message has come to this end.
    Arrive(u32, Arc<Parcel>),
    /// The other side has let go of it.
    Close(u32),
    /// What has waited at this end for its way to be open is sent again.
    Again(u32),
    /// Nothing of what one end sends has come through for a while.
    Stuck(u32),
    /// A machine is told of something.
    Tell { node: u32, run: u32, input: Box<Input> },
    /// A node's processor is done with what it was at.
    Worked { node: u32, run: u32 },
    /// A miner finds a block, if nothing has changed since that was drawn.
    Find { miner: u32, epoch: u32 },
    /// Somebody pays somebody, if they still pay as often as when that was drawn.
    Pay(u32),
    /// Something that was planned.
    Planned(Box<dyn FnOnce(&mut World)>),
}

/// Nodes and strangers, the ways between them, and what time it is.
pub struct World {
    ground: Arc<Ground>,
    clock: WorldClock,
    queue: Queue<Event>,
    parties: Vec<Party>,
    places: HashMap<SocketAddr, u32>,
    /// What names stand for that are no addresses.
    names: BTreeMap<String, Vec<SocketAddr>>,
    links: Links,
    ends: Vec<End>,
    /// By the end to which something is on its way that does not get on.
    jams: BTreeMap<u32, Jam>,
    miners: Vec<Miner>,
    /// Those of them that keep blocks to themselves.
    hoarders: Vec<usize>,
    users: Option<Users>,
    /// What happened, for whoever asks.
    pub record: Record,
    /// What checks found, for all nodes.
    memo: Option<Arc<Memo>>,
    /// What steady disks hold together.
    shelf: Shelf,
    /// What happens on the way, and what happens to people.
    draws: Draws,
    fate: Draws,
    seed: u64,
    events: u64,
}

impl World {
    /// Nobody yet, on this ground.
    pub fn new(ground: Arc<Ground>, seed: u64) -> Self {
        let mut seeds = Draws::of(seed);
        Self {
            memo: Some(Arc::new(Memo::new(MapSeed(std::array::from_fn(|_| seeds.any()))))),
            shelf: Shelf::default(),
            ground,
            clock: WorldClock::default(),
            queue: Queue::new(),
            parties: Vec::new(),
            places: HashMap::new(),
            names: BTreeMap::new(),
            links: Links::new(),
            ends: Vec::new(),
            jams: BTreeMap::new(),
            miners: Vec::new(),
            hoarders: Vec::new(),
            users: None,
            record: Record::new(),
            draws: Draws::new(seeds.bytes()),
            fate: Draws::new(seeds.bytes()),
            seed,
            events: 0,
        }
    }

    /// Where it stands.
    pub fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    /// What chance brings to whoever plans what happens here.
    pub fn fate(&mut self) -> &mut Draws {
        &mut self.fate
    }

    /// Microseconds since it began.
    pub fn micros(&self) -> u64 {
        self.clock.micros()
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// A hash of all that happened, when, and to whom.
    pub fn digest(&self) -> u128 {
        self.record.digest()
    }

    /// Adds a node, which does not run before [`World::start`], and says its number.
    pub fn add(&mut self, setup: NodeSetup) -> usize {
        let number = self.parties.len();
        let (identity, address) = (self.identity(number), address_of(number));
        let clock = NodeClock::new(self.clock.clone(), self.ground.begin());
        let node = SimulatedNode::new(setup, identity, address, clock, &self.shelf, self.ground.params().lab);
        self.join(Party::Node(Box::new(node)), address)
    }

    /// Adds somebody who is no node, and says their number.
    pub fn add_stranger(&mut self, stranger: Box<dyn Stranger>) -> usize {
        self.add_stranger_at(stranger, address_of(self.parties.len()))
    }

    /// Adds somebody who is no node at an address of their own choice, and says their number.
    ///
    /// # Panics
    /// When somebody is there.
    pub fn add_stranger_at(&mut self, stranger: Box<dyn Stranger>, address: SocketAddr) -> usize {
        assert!(self.party_at(address).is_none(), "somebody is at {address}");
        let identity = self.identity(self.parties.len());
        let at = self.join(Party::stranger(stranger, identity, address), address);
        self.wake_party(at, self.micros());
        at
    }

    fn join(&mut self, party: Party, address: SocketAddr) -> usize {
        let number = self.parties.len();
        self.places.insert(address, number as u32);
        self.parties.push(party);
        self.links.add();
        number
    }

    fn identity(&self, number: usize) -> NodeId {
        NodeId(self.seed_of(number, b"identity"))
    }

    fn seed_of(&self, number: usize, what: &[u8]) -> Digest {
        sha256(&[&self.seed.to_le_bytes()[..], &(number as u64).to_le_bytes(), what].concat())
    }

    /// Who a party says that it is.
    pub fn node_id(&self, number: usize) -> NodeId {
        self.parties[number].node_id()
    }

    /// Where a party can be reached.
    pub fn address(&self, number: usize) -> SocketAddr {
        self.parties[number].address()
    }

    /// Who can be reached there.
    pub fn party_at(&self, address: SocketAddr) -> Option<usize> {
        self.places.get(&address).map(|number| *number as usize)
    }

    /// A node.
    ///
    /// # Panics
    /// When it is none.
    pub fn node(&self, number: usize) -> &SimulatedNode {
        match &self.parties[number] {
            Party::Node(node) => node,
            Party::Stranger(_) => panic!("{number} is no node"),
        }
    }

    /// A node, to be changed.
    ///
    /// # Panics
    /// When it is none.
    pub fn node_mut(&mut self, number: usize) -> &mut SimulatedNode {
        match &mut self.parties[number] {
            Party::Node(node) => node,
            Party::Stranger(_) => panic!("{number} is no node"),
        }
    }

    /// The numbers of all nodes.
    pub fn nodes(&self) -> Vec<usize> {
        let is_node = |number: &usize| matches!(self.parties[*number], Party::Node(_));
        (0..self.parties.len()).filter(is_node).collect()
    }

    /// The numbers of all nodes that run.
    pub fn running(&self) -> Vec<usize> {
        self.nodes().into_iter().filter(|number| self.node(*number).is_running()).collect()
    }

    /// Whether somebody is a node, and no stranger.
    pub fn is_honest(&self, number: usize) -> bool {
        matches!(self.parties[number], Party::Node(_))
    }

    /// What a running node follows; nothing of one that does not run.
    pub fn tip(&self, number: usize) -> Option<BlockHash> {
        self.node(number).handle().map(|handle| handle.reader().tip().hash)
    }

    /// Whether all that run follow the same block.
    pub fn is_of_one_mind(&self) -> bool {
        let tips: Vec<_> = self.running().into_iter().map(|node| self.tip(node)).collect();
        tips.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// What every way is like that is not made otherwise.
    pub fn set_usual_link(&mut self, link: Link) {
        self.links.usual = link;
    }

    /// What every way is like that is not made otherwise.
    pub fn usual_link(&self) -> Link {
        self.links.usual
    }

    /// Makes the way from one to another what it is from now on.
    pub fn set_link(&mut self, from: usize, to: usize, link: Link) {
        self.links.set(from, to, link);
    }

    /// What the way from one to another is like now.
    pub fn link(&self, from: usize, to: usize) -> Link {
        self.links.link(from, to)
    }

    /// How fast a party's own line is.
    pub fn set_access(&mut self, party: usize, access: Access) {
        self.links.set_access(party, access);
    }

    /// Puts a party somewhere.
    pub fn set_region(&mut self, party: usize, region: u8) {
        self.links.set_region(party, region);
    }

    /// How many microseconds it takes from each place to each.
    pub fn set_delays(&mut self, delays: Vec<Vec<u64>>) {
        self.links.set_delays(delays);
    }

    /// Has something done at a time.
    pub fn plan(&mut self, micros: u64, what: impl FnOnce(&mut Self) + 'static) {
        self.queue.put(micros, Event::Planned(Box::new(what)));
    }

    /// Lets time go by until then.
    pub fn run_until(&mut self, micros: u64) {
        while self.step(micros) {}
        self.clock.set(micros.max(self.micros()));
    }

    /// Lets so many microseconds go by.
    pub fn run_for(&mut self, micros: u64) {
        self.run_until(self.micros() + micros);
    }

    /// Lets time go by until something holds, or so many microseconds went by; whether it held.
    pub fn run_while(&mut self, micros: u64, mut goes_on: impl FnMut(&mut Self) -> bool) -> bool {
        let end = self.micros() + micros;
        while goes_on(self) {
            if !self.step(end) {
                self.clock.set(end);
                return !goes_on(self);
            }
        }
        true
    }

    /// Lets happen what is next, if it is no later than this; whether there was anything.
    fn step(&mut self, until: u64) -> bool {
        let Some((at, event)) = self.queue.take(until) else { return false };
        self.clock.set(at);
        self.events += 1;
        self.foresee();
        self.happen(event);
        true
    }

    /// Looks at what will be needed soon. The memory of a thousand nodes is larger than a processor's caches: what is looked
    /// at together is fetched together, where each would be waited for once it is needed.
    fn foresee(&self) {
        if let Some(Event::Arrive(end, _)) = self.queue.coming(6) {
            black_box(self.ends[*end as usize].owner());
        }
        let party = match self.queue.coming(3) {
            Some(Event::Arrive(end, parcel)) => {
                black_box(&parcel.lane);
                self.ends[*end as usize].owner()
            }
            Some(Event::Wake(party)) => *party as usize,
            _ => return,
        };
        if let Party::Node(node) = &self.parties[party] {
            node.foresee();
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Wake(party) => self.woken(party as usize, self.micros()),
            Event::Reach { dialer, run, address } => self.reach(dialer as usize, run, *address),
            Event::Meet(met) => self.meet(*met),
            Event::Arrive(end, parcel) => self.arrive(end, parcel),
            Event::Close(end) => self.close(end),
            Event::Again(end) => self.again(end),
            Event::Stuck(end) => self.stuck(end),
            Event::Tell { node, run, input } => {
                if self.node(node as usize).run() == run {
                    self.tell(node as usize, *input);
                    self.attend(node as usize);
                }
            }
            Event::Worked { node, run } => self.worked(node as usize, run),
            Event::Find { miner, epoch } => self.find(miner as usize, epoch),
            Event::Pay(epoch) => self.pay(epoch),
            Event::Planned(what) => what(self),
        }
    }

    fn at(&mut self, micros: u64, event: Event) {
        self.queue.put(micros.max(self.micros()), event);
    }
}

/// Each party has a public address, as far apart from the others as there are groups of addresses.
fn address_of(number: usize) -> SocketAddr {
    let (first, second, third) = (number % 79, number / 79 % 250, number / (79 * 250));
    SocketAddr::from(([11 + first as u8, second as u8, third as u8, 1], 9333))
}
