//! Wires: how connections come to be, how messages travel, and how both end.

use core::net::SocketAddr;
use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::jam::Held;
use super::node::Party;
use super::{Event, World};
use crate::net::{Lane, Patience, lane};
use crate::protocol::{Input, Message, MessageError, Met, NodeId, PeerId, Side};

/// A message on its way, to one or to many.
pub(in crate::lab) struct Parcel {
    /// What arrives: the bytes, read. They are read once, however many they go to.
    pub message: Result<Message, MessageError>,
    pub lane: Lane,
    pub bytes: usize,
    /// Of the bytes.
    pub sum: u128,
}

impl Parcel {
    pub fn of(message: &Message) -> Arc<Self> {
        let bytes = message.to_bytes();
        Self::of_bytes(&bytes, lane(message, bytes.len()))
    }

    /// Bytes that need not be a message.
    pub fn of_bytes(bytes: &[u8], lane: Lane) -> Arc<Self> {
        let mut hasher = SipHasher13::new();
        hasher.write(bytes);
        let sum = hasher.finish128().as_u128();
        Arc::new(Self { message: Message::from_bytes(bytes), lane, bytes: bytes.len(), sum })
    }
}

/// One end of a connection: what is looked at with each message, which is kept small.
pub(super) struct End {
    /// Whose it is.
    owner: u32,
    /// Who is at the other end, and which end that is.
    from: u32,
    pub other: u32,
    /// The owner was told of it.
    is_met: bool,
    /// The owner let go of it, or was told that it ended.
    pub is_over: bool,
    /// The owner lost its power, and whoever is at the other end does not know of it yet.
    is_silent: bool,
    /// Something waits for its sender's line, or cannot come through: there is a [`Jam`](super::jam::Jam).
    pub is_jammed: bool,
    /// When the last arrives that has left, and the last of all of each lane.
    pub left_arrives: u64,
    arrives: [u64; 2],
}

impl World {
    pub(super) fn patience(&self) -> Patience {
        Patience::of(self.ground.params().lab)
    }

    /// Dials, for a node or a stranger.
    pub(super) fn dial(&mut self, dialer: usize, address: SocketAddr) {
        let takes = match self.party_at(address) {
            // There and back for a connection, there and back to know who it is.
            Some(there) => {
                let there_and_back = self.links.delay(dialer, there, &mut self.draws)
                    + self.links.delay(there, dialer, &mut self.draws);
                2 * there_and_back
            }
            None => 2 * self.links.usual.delay,
        };
        let run = self.parties[dialer].run();
        let (dialer, address) = (dialer as u32, Box::new(address));
        self.at(self.micros() + takes, Event::Reach { dialer, run, address });
    }

    pub(super) fn reach(&mut self, dialer: usize, run: u32, address: SocketAddr) {
        if self.parties[dialer].run() != run {
            return;
        }
        let there = self.party_at(address);
        if there
            .is_some_and(|there| self.links.is_closed(dialer, there) || self.links.is_closed(there, dialer))
        {
            let micros = self.patience().dial.as_micros() as u64;
            return self.fail_to_dial(dialer, micros, address, "nobody answers");
        }
        match there.filter(|there| self.listens(*there)) {
            None => self.fail_to_dial(dialer, 0, address, "nobody is there"),
            Some(there) => self.connect(dialer, there, address),
        }
    }

    fn fail_to_dial(&mut self, dialer: usize, micros: u64, address: SocketAddr, reason: &str) {
        match &self.parties[dialer] {
            Party::Node(_) => {
                let input = Input::DialFailed { address, reason: reason.to_owned() };
                self.tell_later(dialer, micros, input);
            }
            Party::Stranger(_) => self.stranger_failed(dialer, address),
        }
    }

    fn listens(&self, number: usize) -> bool {
        match &self.parties[number] {
            Party::Node(node) => node.is_running() && node.settings.port.is_some(),
            Party::Stranger(stranger) => stranger.listens(),
        }
    }

    fn connect(&mut self, dialer: usize, listener: usize, address: SocketAddr) {
        let near = self.ends.len() as u32;
        let far = near + 1;
        let port = 49_152 + (near % 16_384) as u16;
        let from = SocketAddr::new(self.address(dialer).ip(), port);
        let id = |number: u32| PeerId(u64::from(number));
        let met = |number, address, side, node: NodeId| Met { peer: id(number), address, side, node };
        let near_met = met(near, address, Side::Dialer, self.parties[listener].node_id());
        let far_met = met(far, from, Side::Listener, self.parties[dialer].node_id());
        let reaches = self.micros() + self.links.delay(dialer, listener, &mut self.draws);
        let (dialer, listener) = (dialer as u32, listener as u32);
        self.ends.push(End::new(dialer, (listener, far), self.micros()));
        self.ends.push(End::new(listener, (dialer, near), reaches));
        self.at(reaches, Event::Meet(Box::new(far_met)));
        self.meet(near_met);
    }

    pub(super) fn meet(&mut self, met: Met) {
        let end = &mut self.ends[met.peer.0 as usize];
        if end.is_over {
            return;
        }
        end.is_met = true;
        let owner = end.owner();
        self.record.met(self.clock.micros(), owner, &met);
        match &mut self.parties[owner] {
            Party::Node(node) => {
                let Some(running) = &mut node.running else { return self.let_go(met.peer.0 as u32) };
                running.ends.push(met.peer);
                self.tell(owner, Input::Connected(met));
                self.attend(owner);
            }
            Party::Stranger(_) => self.stranger_met(owner, &met),
        }
    }

    /// Whether this is an end of its owner's through which something can be said.
    pub(super) fn is_open(&self, owner: usize, peer: PeerId) -> bool {
        let end = usize::try_from(peer.0).ok().and_then(|number| self.ends.get(number));
        end.is_some_and(|end| end.owner() == owner && end.is_met && !end.is_over)
    }

    /// Sends a message from one of a party's ends.
    pub(super) fn transmit(&mut self, owner: usize, peer: PeerId, parcel: Arc<Parcel>) {
        if self.is_open(owner, peer) {
            let other = self.ends[peer.0 as usize].other;
            self.send_on(owner, other, Held::Parcel(parcel));
        }
    }

    /// Something is on its way to this end, from there.
    pub(super) fn send_on(&mut self, from: usize, to: u32, what: Held) {
        let end = &self.ends[to as usize];
        if end.is_over {
            return self.send_in_vain(from, to);
        }
        let owner = end.owner();
        if self.links.is_closed(from, owner) || (end.is_jammed && self.holds(to)) {
            return self.hold(to, what);
        }
        let now = self.micros();
        let (lane, bytes) = what.load();
        let (leaves, at) = self.links.send(now, (from, owner), (lane, bytes), &mut self.draws);
        let at = self.in_order(to, lane, leaves, at);
        self.at(at, what.arriving(to));
    }

    /// Something is sent to an end that is over. Where its owner said so, that is under way. One that lost its power could
    /// not: it says so as soon as it runs again and something comes; and whoever sends to one that does not run loses its
    /// patience.
    fn send_in_vain(&mut self, from: usize, to: u32) {
        let End { owner, other, is_silent, .. } = self.ends[to as usize];
        if !is_silent || self.ends[other as usize].is_over {
            return;
        }
        let owner = owner as usize;
        let runs = matches!(&self.parties[owner], Party::Node(node) if node.is_running());
        if runs && !self.links.is_closed(from, owner) && !self.links.is_closed(owner, from) {
            self.ends[to as usize].is_silent = false;
            self.jams.remove(&to);
            let there_and_back = self.links.delay(from, owner, &mut self.draws)
                + self.links.delay(owner, from, &mut self.draws);
            self.at(self.micros() + there_and_back, Event::Close(other));
        } else if !self.holds(to) {
            self.hold(to, Held::Close);
        }
    }

    /// When something arrives behind all that leaves before it: nothing is overtaken on the way, only where it waits for its
    /// sender's line.
    fn in_order(&mut self, to: u32, lane: Lane, leaves: u64, at: u64) -> u64 {
        let now = self.micros();
        let end = &mut self.ends[to as usize];
        if end.is_jammed
            && let Some(jam) = self.jams.get_mut(&to)
        {
            while let Some((_, arrives)) =
                jam.leaving.front().copied().filter(|(leaving, _)| *leaving <= leaves)
            {
                jam.leaving.pop_front();
                end.left_arrives = end.left_arrives.max(arrives);
            }
            if jam.leaving.is_empty() && jam.is_free() {
                end.is_jammed = false;
                self.jams.remove(&to);
            }
        }
        let [urgent, bulk] = &mut end.arrives;
        let at = at.max(end.left_arrives).max(*urgent);
        match lane {
            Lane::Urgent => {
                *urgent = at;
                at
            }
            Lane::Bulk => {
                let at = at.max(*bulk);
                *bulk = at;
                if leaves <= now {
                    end.left_arrives = at;
                } else {
                    self.jam(to).leaving.push_back((leaves, at));
                }
                at
            }
        }
    }

    pub(super) fn arrive(&mut self, number: u32, parcel: Arc<Parcel>) {
        let end = &self.ends[number as usize];
        if end.is_over || !end.is_met {
            return;
        }
        let (owner, from, peer) = (end.owner(), end.from(), PeerId(number.into()));
        if self.holds_up(number, || Held::Parcel(Arc::clone(&parcel))) {
            return;
        }
        self.record.arrived(self.clock.micros(), from, owner, &parcel);
        if let Party::Stranger(_) = &self.parties[owner] {
            return self.stranger_heard(owner, peer, &parcel);
        }
        self.overhear(owner, &parcel);
        let read = match Arc::try_unwrap(parcel) {
            Ok(parcel) => parcel.message,
            Err(parcel) => parcel.message.clone(),
        };
        match read {
            Ok(message) => self.tell(owner, Input::Received(peer, message)),
            Err(error) => self.tell(owner, Input::Unreadable(peer, error)),
        }
        self.attend(owner);
    }

    /// An owner lets go of its end; the other side hears of it after all that was sent before.
    pub(super) fn let_go(&mut self, number: u32) {
        let end = &mut self.ends[number as usize];
        if end.is_over {
            return;
        }
        let (owner, other) = (end.owner(), end.other);
        self.end_of(number);
        self.send_on(owner, other, Held::Close);
    }

    pub(super) fn close(&mut self, number: u32) {
        if self.ends[number as usize].is_over || self.holds_up(number, || Held::Close) {
            return;
        }
        self.lost(number, "the other side closed it");
    }

    /// A connection ends for its owner, who is told.
    pub(super) fn lost(&mut self, number: u32, reason: &str) {
        let end = &self.ends[number as usize];
        let (owner, was_met, peer) = (end.owner(), end.is_met, PeerId(number.into()));
        self.end_of(number);
        match &self.parties[owner] {
            Party::Node(_) if was_met => {
                self.tell(owner, Input::Disconnected { peer, reason: reason.to_owned() });
                self.attend(owner);
            }
            Party::Node(_) => {}
            Party::Stranger(_) => self.stranger_lost(owner, peer),
        }
    }

    /// It is over with an end: nothing comes to it any more.
    fn end_of(&mut self, number: u32) {
        let end = &mut self.ends[number as usize];
        end.is_over = true;
        let other = end.other;
        if let Party::Node(node) = &mut self.parties[end.owner()]
            && let Some(running) = &mut node.running
        {
            running.ends.retain(|peer| peer.0 != u64::from(number));
        }
        self.jams.remove(&number);
        if self.ends[other as usize].is_over {
            // Nobody sends there any more.
            self.jams.remove(&other);
        }
    }

    /// All connections of a party end, and the others hear of it; or not, where nothing is left that could say so.
    pub(super) fn hang_up_all(&mut self, party: usize, is_silent: bool) {
        for number in 0..self.ends.len() as u32 {
            let end = &mut self.ends[number as usize];
            if end.owner() != party || end.is_over {
                continue;
            }
            if is_silent {
                end.is_silent = true;
                self.end_of(number);
            } else {
                self.let_go(number);
            }
        }
    }

    /// Who is on the other side of an end.
    pub(super) fn other_of(&self, peer: PeerId) -> usize {
        self.ends[peer.0 as usize].from()
    }

    /// The connections of one to another of which both know, as the first calls them.
    pub fn peers(&self, a: usize, b: usize) -> Vec<PeerId> {
        let is_whole = |end: &End| end.is_met && !end.is_over;
        let of_both = |(_, end): &(u64, &End)| {
            let other = &self.ends[end.other as usize];
            (end.owner(), end.from()) == (a, b) && is_whole(end) && is_whole(other)
        };
        (0..).zip(&self.ends).filter(of_both).map(|(number, _)| PeerId(number)).collect()
    }

    /// How many connections there are between two of which both know.
    pub fn connections(&self, a: usize, b: usize) -> usize {
        self.peers(a, b).len()
    }

    /// Tells a node of something in so many microseconds, if it still runs then.
    pub(super) fn tell_later(&mut self, node: usize, micros: u64, input: Input) {
        let run = self.parties[node].run();
        self.at(self.micros() + micros, Event::Tell { node: node as u32, run, input: Box::new(input) });
    }
}

impl End {
    /// Whose it is.
    pub fn owner(&self) -> usize {
        self.owner as usize
    }

    /// Who is at the other end.
    pub fn from(&self) -> usize {
        self.from as usize
    }

    fn new(owner: u32, (from, other): (u32, u32), since: u64) -> Self {
        let (left_arrives, arrives) = (since, [since; 2]);
        let (is_met, is_over, is_silent, is_jammed) = (false, false, false, false);
        Self { owner, from, other, is_met, is_over, is_silent, is_jammed, left_arrives, arrives }
    }
}
