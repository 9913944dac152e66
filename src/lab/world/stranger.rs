//! Strangers: whoever has an address and says what they like.

use core::any::Any;
use core::net::SocketAddr;
use std::sync::Arc;

use super::node::Party;
use super::wire::Parcel;
use super::{Event, World};
use crate::lab::ground::Ground;
use crate::net::Lane;
use crate::node::NodeHandle;
use crate::protocol::{Draws, Message, Met, NodeId, PeerId};

/// Somebody who is no node. It hears what comes to it, and says what it likes, to whomever it is connected.
#[expect(unused_variables, reason = "nobody has to react to everything")]
pub trait Stranger: Any {
    /// Who it says that it is; without it, it has a name of its own.
    fn identity(&self) -> Option<NodeId> {
        None
    }

    /// Whether it can be dialed.
    fn listens(&self) -> bool {
        false
    }

    /// There is a connection.
    fn met(&mut self, stage: &mut Stage<'_>, met: &Met) {}

    /// A message came.
    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {}

    /// A connection ended.
    fn lost(&mut self, stage: &mut Stage<'_>, peer: PeerId) {}

    /// Nobody could be reached there.
    fn failed(&mut self, stage: &mut Stage<'_>, address: SocketAddr) {}

    /// The world began for it, or the time has come that it asked for.
    fn woken(&mut self, stage: &mut Stage<'_>) {}
}

/// What a stranger sees of the world, and what it can do there. Whoever attacks is taken to know everything.
pub struct Stage<'a> {
    /// Microseconds since the world began.
    pub now: u64,
    /// Where it stands.
    pub ground: &'a Ground,
    /// Where it is.
    pub address: SocketAddr,
    /// Its chance.
    pub draws: &'a mut Draws,
    parties: &'a [Party],
    orders: Vec<Order>,
}

enum Order {
    Send(PeerId, Arc<Parcel>),
    SendIn(u64, PeerId, Arc<Parcel>),
    Dial(SocketAddr),
    HangUp(PeerId),
    Wake(u64),
}

impl Stage<'_> {
    /// Says something.
    pub fn send(&mut self, peer: PeerId, message: &Message) {
        self.orders.push(Order::Send(peer, Parcel::of(message)));
    }

    /// Says something in so many microseconds, if there still is a connection then.
    pub fn send_in(&mut self, micros: u64, peer: PeerId, message: &Message) {
        self.orders.push(Order::SendIn(micros, peer, Parcel::of(message)));
    }

    /// Says something that need not be a message.
    pub fn send_bytes(&mut self, peer: PeerId, bytes: &[u8]) {
        self.orders.push(Order::Send(peer, Parcel::of_bytes(bytes, Lane::Urgent)));
    }

    /// Dials somebody.
    pub fn dial(&mut self, address: SocketAddr) {
        self.orders.push(Order::Dial(address));
    }

    /// Ends a connection.
    pub fn hang_up(&mut self, peer: PeerId) {
        self.orders.push(Order::HangUp(peer));
    }

    /// Wants to be woken in so many microseconds.
    pub fn wake_in(&mut self, micros: u64) {
        self.orders.push(Order::Wake(micros));
    }

    /// What a node has, while it runs: whoever attacks may read in everybody's books.
    pub fn node(&self, number: usize) -> Option<&NodeHandle> {
        match self.parties.get(number)? {
            Party::Node(node) => node.handle(),
            Party::Stranger(_) => None,
        }
    }

    /// Where a party can be reached.
    pub fn address_of(&self, number: usize) -> Option<SocketAddr> {
        self.parties.get(number).map(Party::address)
    }
}

/// A stranger in its place.
pub(super) struct StrangerParty {
    stranger: Option<Box<dyn Stranger>>,
    pub node: NodeId,
    pub address: SocketAddr,
}

impl StrangerParty {
    pub fn new(stranger: Box<dyn Stranger>, node: NodeId, address: SocketAddr) -> Self {
        let node = stranger.identity().unwrap_or(node);
        Self { stranger: Some(stranger), node, address }
    }

    pub fn listens(&self) -> bool {
        self.stranger.as_ref().is_some_and(|stranger| stranger.listens())
    }
}

impl World {
    /// A stranger of this kind; nothing where it is of another.
    pub fn stranger<T: Stranger>(&self, number: usize) -> Option<&T> {
        let Party::Stranger(party) = &self.parties[number] else { return None };
        let stranger: &dyn Any = party.stranger.as_deref()?;
        stranger.downcast_ref()
    }

    /// A stranger of this kind, to be changed; nothing where it is of another.
    pub fn stranger_mut<T: Stranger>(&mut self, number: usize) -> Option<&mut T> {
        let Party::Stranger(party) = &mut self.parties[number] else { return None };
        let stranger: &mut dyn Any = party.stranger.as_deref_mut()?;
        stranger.downcast_mut()
    }

    /// Does something in a stranger's place, now.
    pub fn act_as(&mut self, number: usize, act: impl FnOnce(&mut Stage<'_>)) {
        self.act(number, |_, stage| act(stage));
    }

    /// Lets a stranger act, and does what it wants.
    fn act(&mut self, number: usize, act: impl FnOnce(&mut dyn Stranger, &mut Stage<'_>)) {
        let now = self.micros();
        let Party::Stranger(party) = &mut self.parties[number] else { return };
        let (address, Some(mut stranger)) = (party.address, party.stranger.take()) else { return };
        let mut stage = Stage {
            now,
            ground: &self.ground,
            address,
            draws: &mut self.draws,
            parties: &self.parties,
            orders: Vec::new(),
        };
        act(&mut *stranger, &mut stage);
        let orders = stage.orders;
        if let Party::Stranger(party) = &mut self.parties[number] {
            party.stranger = Some(stranger);
        }
        for order in orders {
            match order {
                Order::Send(peer, parcel) => self.transmit(number, peer, parcel),
                Order::SendIn(micros, peer, parcel) => {
                    self.plan(now + micros, move |world| world.transmit(number, peer, parcel));
                }
                Order::Dial(address) => self.dial(number, address),
                Order::HangUp(peer) => {
                    if self.is_open(number, peer) {
                        self.let_go(peer.0 as u32);
                    }
                }
                Order::Wake(micros) => self.wake_party(number, now + micros),
            }
        }
    }

    pub(super) fn wake_party(&mut self, number: usize, micros: u64) {
        self.at(micros, Event::Wake(number as u32));
    }

    pub(super) fn stranger_woken(&mut self, number: usize) {
        self.act(number, Stranger::woken);
    }

    pub(super) fn stranger_met(&mut self, number: usize, met: &Met) {
        self.act(number, |stranger, stage| stranger.met(stage, met));
    }

    pub(super) fn stranger_lost(&mut self, number: usize, peer: PeerId) {
        self.act(number, |stranger, stage| stranger.lost(stage, peer));
    }

    pub(super) fn stranger_failed(&mut self, number: usize, address: SocketAddr) {
        self.act(number, |stranger, stage| stranger.failed(stage, address));
    }

    pub(super) fn stranger_heard(&mut self, number: usize, peer: PeerId, parcel: &Parcel) {
        if let Ok(message) = &parcel.message {
            self.act(number, |stranger, stage| stranger.heard(stage, peer, message));
        }
    }
}
