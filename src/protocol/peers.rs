//! Who is connected: who they are, whether they may stay, and what they said of themselves.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use super::book::{Group, house};
use super::eviction::{Candidate, evict};
use super::ping::Pings;
use super::{Farewell, Hello, Met, NodeId, Now, PeerId, Settings, Side, Versions};

/// A connection so young may be one of two that were made at once, each by one side.
const YOUNG_MILLIS: u64 = 5_000;

/// All who are connected.
pub(super) struct Peers {
    peers: BTreeMap<PeerId, Peer>,
    patience: u64,
    /// When somebody may have been silent for too long: no later than that.
    due: u64,
}

/// Somebody who is connected.
pub(super) struct Peer {
    pub met: Met,
    pub since: u64,
    /// What they said of themselves, once they have; it is looked at seldom.
    pub hello: Option<Box<Hello>>,
    /// When they last brought a block, or a transaction, that was new.
    pub last_block: Option<u64>,
    pub last_transaction: Option<u64>,
}

impl Peer {
    /// Where they listen, if they do.
    pub fn listening(&self) -> Option<SocketAddr> {
        match self.met.side {
            Side::Dialer => Some(self.met.address),
            Side::Listener => {
                let port = self.hello.as_ref()?.port?;
                Some(SocketAddr::new(self.met.address.ip(), port))
            }
        }
    }
}

/// What comes of a new connection.
pub(super) enum Welcome {
    /// It stays; and these go for it: an older one to the same node, and one that makes room.
    Stays { instead_of: Option<PeerId>, evicted: Option<PeerId> },
    /// It goes.
    Goes(Farewell),
    /// It goes, since this one leads to the same node.
    IsHere(PeerId),
}

impl Peers {
    pub fn new(lab: bool) -> Self {
        Self { peers: BTreeMap::new(), patience: if lab { 5_000 } else { 15_000 }, due: u64::MAX }
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    pub fn get(&self, peer: PeerId) -> Option<&Peer> {
        self.peers.get(&peer)
    }

    pub fn get_mut(&mut self, peer: PeerId) -> Option<&mut Peer> {
        self.peers.get_mut(&peer)
    }

    pub fn iter(&self) -> impl Iterator<Item = (PeerId, &Peer)> {
        self.peers.iter().map(|(id, peer)| (*id, peer))
    }

    /// Those who have said who they are.
    pub fn is_greeted(&self, peer: PeerId) -> bool {
        self.peers.get(&peer).is_some_and(|peer| peer.hello.is_some())
    }

    pub fn remove(&mut self, peer: PeerId) -> Option<Peer> {
        self.peers.remove(&peer)
    }

    /// Lets somebody in, if they may stay.
    pub fn welcome(
        &mut self,
        now: Now,
        met: Met,
        settings: &Settings,
        pings: &Pings,
        secret: &[u8; 32],
        group: impl Fn(SocketAddr) -> Group,
    ) -> Welcome {
        let twin = self.peers.iter().find(|(_, other)| other.met.node == met.node);
        if let Some((id, other)) = twin
            && stays_of_two(now.millis, other, met, settings.node)
        {
            return Welcome::IsHere(*id);
        }
        let instead_of = twin.map(|(id, _)| *id);
        let mut evicted = None;
        if met.side == Side::Listener {
            let stays =
                |(id, peer): &(&PeerId, &Peer)| peer.met.side == Side::Listener && Some(**id) != instead_of;
            let inbound: Vec<(&PeerId, &Peer)> = self.peers.iter().filter(stays).collect();
            let its_house = house(met.address.ip());
            let of_house = inbound.iter().filter(|(_, peer)| house(peer.met.address.ip()) == its_house);
            if of_house.count() >= settings.inbound_each_max {
                return Welcome::Goes(Farewell::NoRoom);
            }
            if inbound.len() >= settings.inbound_max {
                let candidates: Vec<Candidate> = inbound
                    .into_iter()
                    .map(|(id, peer)| Candidate {
                        peer: *id,
                        group: group(peer.met.address),
                        since_millis: peer.since,
                        best_ping: pings.took(*id).0,
                        last_block: peer.last_block,
                        last_transaction: peer.last_transaction,
                    })
                    .collect();
                match evict(&candidates, secret) {
                    None => return Welcome::Goes(Farewell::NoRoom),
                    leaving => evicted = leaving,
                }
            }
        }
        let peer = Peer { met, since: now.millis, hello: None, last_block: None, last_transaction: None };
        self.peers.insert(met.peer, peer);
        self.due = self.due.min(now.millis + self.patience);
        Welcome::Stays { instead_of, evicted }
    }

    /// It says who it is. An error is why it has to go.
    pub fn greeted(&mut self, peer: PeerId, hello: Hello) -> Result<&Peer, Farewell> {
        let Versions { oldest, newest } = hello.versions;
        if Versions::OURS.common(hello.versions).is_none() {
            return Err(Farewell::Versions { oldest, newest });
        }
        let peer = self.peers.get_mut(&peer).ok_or(Farewell::Silent)?;
        peer.hello = Some(Box::new(hello));
        Ok(peer)
    }

    /// Those who have not said who they are for too long. They are named once: they have to go.
    pub fn silent(&mut self, now: Now) -> Vec<PeerId> {
        if now.millis < self.due {
            return Vec::new();
        }
        self.due = u64::MAX;
        let mut silent = Vec::new();
        for (id, peer) in self.peers.iter().filter(|(_, peer)| peer.hello.is_none()) {
            match peer.since + self.patience {
                until if until <= now.millis => silent.push(*id),
                until => self.due = self.due.min(until),
            }
        }
        silent
    }

    /// When there may be something to do even if nothing comes.
    pub fn wake_at(&self) -> u64 {
        self.due
    }
}

/// Whether the older of two connections to one node is the one to keep. Both sides come to the same answer.
fn stays_of_two(millis: u64, older: &Peer, newer: Met, ours: NodeId) -> bool {
    if older.met.side == newer.side {
        // Whoever dials again has lost the one before, and perhaps we have not noticed.
        return false;
    }
    if millis >= older.since + YOUNG_MILLIS {
        return true;
    }
    // Each has dialed the other at once: the one that the lesser of the two dialed stays.
    let we_are_lesser = ours < newer.node;
    (older.met.side == Side::Dialer) == we_are_lesser
}
