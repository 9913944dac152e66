//! Wires: how connections come to be, how bytes travel, and how both end.

use core::net::SocketAddr;

use super::{Party, World};
use crate::crypto::sha256;
use crate::protocol::{Farewell, Input, Message, Met, NodeId, PeerId, Side};
use crate::types::Block;

/// How long nobody answers before a dialer gives up.
const DIAL_MILLIS: u64 = 5_000;

/// What the way between two is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Milliseconds that a message takes, either way.
    pub delay: u64,
    /// Up to so many more are drawn for each; none overtakes another.
    pub jitter: u64,
}

/// A message that was delivered.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// When.
    pub millis: u64,
    /// By whom it was sent.
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What came; nothing where it was no message.
    pub message: Option<Message>,
    /// How many bytes that were.
    pub bytes: usize,
}

/// One end of a connection.
pub(super) struct End {
    pub owner: usize,
    pub other: PeerId,
    met: Met,
    /// The owner was told of it.
    pub is_met: bool,
    /// Nothing comes through any more: the way was cut.
    is_cut: bool,
    /// When the last arrives that is on its way to this end.
    arrives: u64,
}

/// Something that is to happen.
pub(super) enum Event {
    Wake {
        node: usize,
        run: u64,
    },
    /// A dialer's first word reaches whoever is there.
    Reach {
        dialer: usize,
        run: u64,
        address: SocketAddr,
    },
    /// The listener knows who dialed.
    Meet {
        end: PeerId,
    },
    Arrive {
        end: PeerId,
        bytes: Vec<u8>,
    },
    Close {
        end: PeerId,
    },
    Tell {
        node: usize,
        run: u64,
        input: Box<Input>,
    },
    Judge {
        node: usize,
        run: u64,
    },
    Again {
        node: usize,
        run: u64,
        block: Box<Block>,
    },
    Say {
        puppet: usize,
        end: PeerId,
        message: Box<Message>,
    },
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl World {
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Wake { node, run } => self.wake(node, run),
            Event::Reach { dialer, run, address } => self.reach(dialer, run, address),
            Event::Meet { end } => self.meet(end),
            Event::Arrive { end, bytes } => self.arrive(end, &bytes),
            Event::Close { end } => self.close(end),
            Event::Say { puppet, end, message } => {
                if self.is_end_open(puppet, end) {
                    self.transmit(end, message.to_bytes());
                }
            }
            Event::Tell { node, run, input } if self.node(node).run == run => self.tell(node, *input),
            Event::Judge { node, run } if self.node(node).run == run && self.node(node).runs() => {
                self.judge_first(node);
            }
            Event::Again { node, run, block } if self.node(node).run == run && self.node(node).runs() => {
                self.take_in_block(node, *block);
            }
            Event::Tell { .. } | Event::Judge { .. } | Event::Again { .. } => {}
        }
    }

    fn link(&self, a: usize, b: usize) -> Link {
        self.links.get(&pair(a, b)).copied().unwrap_or(self.usual_link)
    }

    /// How long the next message takes from one to the other.
    fn delay(&mut self, a: usize, b: usize) -> u64 {
        let Link { delay, jitter } = self.link(a, b);
        let more = if jitter == 0 { 0 } else { self.draw() % (jitter + 1) };
        delay + more
    }

    /// Makes the way between two what it is from now on.
    pub fn set_link(&mut self, a: usize, b: usize, link: Link) {
        self.links.insert(pair(a, b), link);
    }

    /// Cuts all ways between these and all others. What is on its way is lost, and nobody is told: connections fall silent.
    pub fn cut_off(&mut self, some: &[usize]) {
        for a in some {
            for b in (0..self.parties.len()).filter(|b| !some.contains(b)) {
                self.cut(*a, b);
            }
        }
    }

    /// Cuts the way between two.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.cut.insert(pair(a, b));
        let owners: Vec<(PeerId, usize, PeerId)> =
            self.ends.iter().map(|(id, end)| (*id, end.owner, end.other)).collect();
        for (id, owner, other) in owners {
            if self.ends.get(&other).is_some_and(|end| pair(end.owner, owner) == pair(a, b))
                && let Some(end) = self.ends.get_mut(&id)
            {
                end.is_cut = true;
            }
        }
    }

    /// Makes all ways passable again. Connections that were cut stay silent, as they do where both sides rebooted a router.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// How many connections there are between two of which both know.
    pub fn connections(&self, a: usize, b: usize) -> usize {
        let of_both = |end: &&End| {
            end.owner == a
                && end.is_met
                && self.ends.get(&end.other).is_some_and(|other| other.owner == b && other.is_met)
        };
        self.ends.values().filter(of_both).count()
    }

    /// Whether two are connected.
    pub fn is_connected(&self, a: usize, b: usize) -> bool {
        self.connections(a, b) > 0
    }

    /// The connection of one to another, by the number that it has for the first.
    ///
    /// # Panics
    /// When there is none.
    pub fn peer(&self, a: usize, b: usize) -> PeerId {
        let is_it = |(_, end): &(&PeerId, &End)| {
            end.owner == a && self.ends.get(&end.other).is_some_and(|other| other.owner == b)
        };
        *self.ends.iter().find(is_it).expect("they are connected").0
    }

    /// Dials, for a node or a puppet.
    pub fn dial(&mut self, dialer: usize, address: SocketAddr) {
        let there = self.find(address);
        let millis = match there {
            Some(there) => 2 * self.delay(dialer, there),
            None => 2 * self.usual_link.delay,
        };
        let run = self.run_of(dialer);
        self.at(self.millis + millis, Event::Reach { dialer, run, address });
    }

    fn find(&self, address: SocketAddr) -> Option<usize> {
        (0..self.parties.len()).find(|number| self.address(*number) == address)
    }

    fn run_of(&self, number: usize) -> u64 {
        match &self.parties[number] {
            Party::Node(node) => node.run,
            Party::Puppet(_) => 0,
        }
    }

    fn reach(&mut self, dialer: usize, run: u64, address: SocketAddr) {
        if self.run_of(dialer) != run {
            return;
        }
        let there = self.find(address);
        if let Some(there) = there.filter(|there| self.cut.contains(&pair(dialer, *there))) {
            let _ = there;
            let input = Input::DialFailed { address, reason: "nobody answers".to_owned() };
            self.tell_later(dialer, DIAL_MILLIS, input);
            return;
        }
        match there.filter(|there| self.listens(*there)) {
            None => {
                let input = Input::DialFailed { address, reason: "nobody is there".to_owned() };
                self.tell_later(dialer, 0, input);
            }
            Some(there) => self.connect_ends(dialer, there, address),
        }
    }

    fn connect_ends(&mut self, dialer: usize, listener: usize, address: SocketAddr) {
        let (near, far) = (PeerId(self.number()), PeerId(self.number()));
        let port = 49_152 + u16::try_from(near.0 % 16_384).expect("less than that");
        let from = SocketAddr::new(self.address(dialer).ip(), port);
        let end = |owner, other, met| End { owner, other, met, is_met: false, is_cut: false, arrives: 0 };
        let met = Met { peer: near, address, side: Side::Dialer, node: self.node_id(listener) };
        self.ends.insert(near, end(dialer, far, met));
        let met = Met { peer: far, address: from, side: Side::Listener, node: self.node_id(dialer) };
        let mut far_end = end(listener, near, met);
        far_end.arrives = self.millis + self.delay(dialer, listener);
        let arrives = far_end.arrives;
        self.ends.insert(far, far_end);
        self.at(arrives, Event::Meet { end: far });
        self.meet(near);
    }

    fn node_id(&self, number: usize) -> NodeId {
        match &self.parties[number] {
            Party::Node(node) => node.settings.node,
            Party::Puppet(puppet) => puppet.node,
        }
    }

    fn meet(&mut self, id: PeerId) {
        let Some(end) = self.ends.get_mut(&id).filter(|end| !end.is_cut) else { return };
        end.is_met = true;
        let (owner, met) = (end.owner, end.met);
        match &self.parties[owner] {
            Party::Node(_) => self.tell(owner, Input::Connected(met)),
            Party::Puppet(_) => self.puppet_met(owner, met),
        }
    }

    /// Sends bytes from this end to the other. They come after all that were sent before.
    pub(super) fn transmit(&mut self, from: PeerId, bytes: Vec<u8>) {
        if let Some((to, at)) = self.on_its_way(from) {
            self.at(at, Event::Arrive { end: to, bytes });
        }
    }

    fn on_its_way(&mut self, from: PeerId) -> Option<(PeerId, u64)> {
        let end = self.ends.get(&from)?;
        let (owner, to) = (end.owner, end.other);
        let other = self.ends.get(&to)?.owner;
        let at = self.millis + self.delay(owner, other);
        let end = self.ends.get_mut(&to)?;
        end.arrives = end.arrives.max(at);
        Some((to, end.arrives))
    }

    fn arrive(&mut self, id: PeerId, bytes: &[u8]) {
        let Some(end) = self.ends.get(&id).filter(|end| !end.is_cut && end.is_met) else { return };
        let (to, sender) = (end.owner, end.other);
        let from = self.sender_of(sender, id);
        let stamp =
            [self.millis.to_le_bytes(), (from as u64).to_le_bytes(), (to as u64).to_le_bytes()].concat();
        self.digest = sha256(&[&self.digest[..], &stamp, bytes].concat());
        let read = Message::from_bytes(bytes);
        let message = read.as_ref().ok().cloned();
        self.delivered.push(Delivered { millis: self.millis, from, to, message, bytes: bytes.len() });
        match (&self.parties[to], read) {
            (Party::Node(_), Ok(message)) => self.tell(to, Input::Received(id, message)),
            (Party::Node(_), Err(error)) => self.tell(to, Input::Unreadable(id, error)),
            (Party::Puppet(_), Ok(message)) => self.puppet_heard(to, id, message),
            (Party::Puppet(_), Err(_)) => {}
        }
    }

    /// Whoever holds the other end, be it that they let go of it.
    fn sender_of(&self, sender: PeerId, id: PeerId) -> usize {
        let node = self.ends[&id].met.node;
        let held = self.ends.get(&sender).map(|end| end.owner);
        held.or_else(|| (0..self.parties.len()).find(|number| self.node_id(*number) == node))
            .expect("somebody sent it")
    }

    /// An owner lets go of its end; the other hears of it after all that was sent before.
    pub(super) fn let_go(&mut self, id: PeerId) {
        if let Some((to, at)) = self.on_its_way(id) {
            self.at(at, Event::Close { end: to });
        }
        self.ends.remove(&id);
    }

    pub(super) fn drop_peer(&mut self, node: usize, id: PeerId, why: Farewell) {
        let Some(end) = self.ends.get(&id).filter(|end| end.owner == node) else { return };
        let other = self.sender_of(end.other, id);
        self.node_mut(node).farewells.push((other, why));
        self.let_go(id);
    }

    fn close(&mut self, id: PeerId) {
        let Some(end) = self.ends.get(&id).filter(|end| !end.is_cut) else { return };
        let (owner, is_met) = (end.owner, end.is_met);
        self.ends.remove(&id);
        match &self.parties[owner] {
            Party::Node(_) if is_met => {
                self.tell(
                    owner,
                    Input::Disconnected { peer: id, reason: "the other side closed it".to_owned() },
                );
            }
            Party::Node(_) => {}
            Party::Puppet(_) => self.puppet_lost(owner, id),
        }
    }

    /// All connections of one end, and the others hear of it.
    pub(super) fn hang_up_all(&mut self, number: usize) {
        let own: Vec<PeerId> =
            self.ends.iter().filter(|(_, end)| end.owner == number).map(|(id, _)| *id).collect();
        own.into_iter().for_each(|id| self.let_go(id));
    }

    /// Tells a node of something in so many milliseconds, if it still runs then. Puppets need not know.
    pub(super) fn tell_later(&mut self, number: usize, millis: u64, input: Input) {
        if let Party::Node(node) = &self.parties[number] {
            let run = node.run;
            self.at(self.millis + millis, Event::Tell { node: number, run, input: Box::new(input) });
        }
    }
}
