//! What all who mean harm have in common: whom they connect to, what they say first, and that they answer pings.

use core::net::SocketAddr;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::codec::{Blob, List};
use crate::lab::clock::{MINUTE, SECOND};
use crate::lab::world::{Stage, Stranger};
use crate::protocol::{Hello, Message, Met, PeerId, Versions};
use crate::types::{BlockHash, Height, Timestamp, Transaction, TxHash};

/// How long somebody is left alone who did not let it in, or hung up.
const DIALS_AGAIN: u64 = 30 * SECOND;
/// How long somebody may say nothing at all, not even ask whether it is still there, before it hangs up: where a machine lost
/// its power nobody says so.
const SILENCE_MAX: u64 = 5 * MINUTE;

/// What somebody came for. It says nothing before both have said hello.
#[expect(unused_variables, reason = "nobody has to react to everything")]
pub trait Mischief {
    /// Microseconds between two times that it does something by itself.
    fn period(&self) -> u64 {
        SECOND
    }

    /// Whether it can be dialed.
    fn listens(&self) -> bool {
        false
    }

    /// What it says first, where an honest node would say this.
    fn hello(&mut self, stage: &mut Stage<'_>, honest: Hello) -> Hello {
        honest
    }

    /// A message came from somebody who has said hello, and is no ping.
    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {}

    /// It is time to do something.
    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {}
}

/// What somebody did, for whoever looks on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Deeds {
    /// How often it had a connection.
    pub met: u64,
    /// How often one ended.
    pub lost: u64,
    /// How many connections there are over which both have said hello.
    pub greeted: usize,
    /// How often it did something by itself while somebody listened.
    pub acted: u64,
}

/// Somebody who is connected to some nodes and means harm.
pub struct Villain<M> {
    mischief: M,
    /// The nodes that it connects to, and when each may be dialed again.
    targets: BTreeMap<SocketAddr, u64>,
    /// One whose tip it claims to have.
    model: usize,
    met: BTreeMap<PeerId, Contact>,
    greeted: BTreeSet<PeerId>,
    deeds: Rc<RefCell<Deeds>>,
}

/// Somebody it is connected to.
struct Contact {
    /// Where it dialed, if it did.
    dialed: Option<SocketAddr>,
    /// When something last came.
    heard_at: u64,
}

impl<M: Mischief> Villain<M> {
    /// One that is connected to these, as far as they let it, and claims to have the tip of the first of these nodes.
    pub fn new(mischief: M, targets: &[(usize, SocketAddr)]) -> Self {
        Self {
            mischief,
            targets: targets.iter().map(|(_, address)| (*address, 0)).collect(),
            model: targets.first().map_or(0, |(number, _)| *number),
            met: BTreeMap::new(),
            greeted: BTreeSet::new(),
            deeds: Rc::default(),
        }
    }

    /// Where it can be looked up what it did, once it is part of a world.
    pub fn deeds(&self) -> Rc<RefCell<Deeds>> {
        Rc::clone(&self.deeds)
    }

    fn dial(&mut self, stage: &mut Stage<'_>) {
        for (address, at) in &mut self.targets {
            if *at <= stage.now && !self.met.values().any(|contact| contact.dialed == Some(*address)) {
                *at = stage.now + DIALS_AGAIN;
                stage.dial(*address);
            }
        }
    }

    fn leave_the_silent(&mut self, stage: &mut Stage<'_>) {
        let is_silent = |contact: &Contact| contact.heard_at + SILENCE_MAX <= stage.now;
        let silent: Vec<PeerId> =
            self.met.iter().filter(|(_, contact)| is_silent(contact)).map(|(peer, _)| *peer).collect();
        for peer in silent {
            stage.hang_up(peer);
            self.forget(peer);
        }
    }

    fn forget(&mut self, peer: PeerId) {
        self.met.remove(&peer);
        self.greeted.remove(&peer);
        let mut deeds = self.deeds.borrow_mut();
        deeds.lost += 1;
        deeds.greeted = self.greeted.len();
    }
}

impl<M: Mischief + 'static> Stranger for Villain<M> {
    fn listens(&self) -> bool {
        self.mischief.listens()
    }

    fn met(&mut self, stage: &mut Stage<'_>, met: &Met) {
        let dialed = (met.side == crate::protocol::Side::Dialer).then_some(met.address);
        self.met.insert(met.peer, Contact { dialed, heard_at: stage.now });
        self.deeds.borrow_mut().met += 1;
        let honest = hello(stage, self.model, self.mischief.listens());
        let hello = self.mischief.hello(stage, honest);
        stage.send(met.peer, &Message::from(hello));
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        if let Some(contact) = self.met.get_mut(&peer) {
            contact.heard_at = stage.now;
        }
        match message {
            Message::Hello(_) => {
                self.greeted.insert(peer);
                self.deeds.borrow_mut().greeted = self.greeted.len();
            }
            Message::Ping(number) => stage.send(peer, &Message::Pong(*number)),
            message => self.mischief.heard(stage, peer, message),
        }
    }

    fn lost(&mut self, _: &mut Stage<'_>, peer: PeerId) {
        self.forget(peer);
    }

    fn woken(&mut self, stage: &mut Stage<'_>) {
        self.leave_the_silent(stage);
        self.dial(stage);
        let peers: Vec<PeerId> = self.greeted.iter().copied().collect();
        if !peers.is_empty() {
            self.deeds.borrow_mut().acted += 1;
            self.mischief.act(stage, &peers);
        }
        stage.wake_in(self.mischief.period());
    }
}

/// What right clocks show now.
pub(super) fn time(stage: &Stage<'_>) -> Timestamp {
    Timestamp(stage.ground.begin().0 + (stage.now / SECOND) as u32)
}

/// The hello of somebody with a node's tip.
pub(super) fn hello(stage: &Stage<'_>, model: usize, listens: bool) -> Hello {
    let genesis = stage.ground.genesis.block().header.hash();
    let tip = stage.node(model).map(|node| {
        node.look(|chain, _| {
            let tip = chain.tip();
            (tip.hash, tip.height, tip.work)
        })
    });
    let (tip, height, work) = tip.unwrap_or((genesis, Height::GENESIS, crate::types::Work::ZERO));
    Hello {
        versions: Versions::OURS,
        agent: Blob::new(*b"stranger").expect("a short name"),
        tip,
        height,
        work,
        base: Height::GENESIS,
        port: listens.then(|| stage.address.port()),
        time: time(stage),
    }
}

/// The name of a block that nobody has.
pub(super) fn nowhere(stage: &mut Stage<'_>) -> BlockHash {
    BlockHash::from_bytes(stage.draws.bytes())
}

/// Says the same to all of these.
pub(super) fn tell(stage: &mut Stage<'_>, peers: &[PeerId], message: &Message) {
    peers.iter().for_each(|peer| stage.send(*peer, message));
}

/// Sends what somebody asked for of these transactions, where that is what they said.
pub(super) fn hand_over(
    stage: &mut Stage<'_>,
    peer: PeerId,
    message: &Message,
    kept: &BTreeMap<TxHash, Transaction>,
) {
    if let Message::GetTransactions(hashes) = message
        && let Ok(found) = List::new(hashes.iter().filter_map(|hash| kept.get(hash).cloned()).collect())
    {
        stage.send(peer, &Message::Transactions(found));
    }
}

/// One, as a list.
pub(super) fn one<T, const MIN: usize, const MAX: usize>(item: T) -> List<T, MIN, MAX> {
    List::new(vec![item]).expect("one is not too many")
}
