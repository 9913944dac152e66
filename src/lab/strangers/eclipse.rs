//! Many who mean to be all that one node can see.

use core::net::SocketAddr;
use std::rc::Rc;

use super::Villain;
use super::villain::{Mischief, tell, time};
use crate::codec::List;
use crate::lab::clock::SECOND;
use crate::lab::world::{Stage, World};
use crate::protocol::{ADDRESSES_MAX, Addresses, Message, PeerAddress, PeerId, Side};

/// Addresses that are told at once, unasked: more are not looked at.
const TOLD_UNASKED: usize = 10;

/// Who attacks whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EclipsePlan {
    /// The node that is to see nobody else.
    pub victim: usize,
    /// How many attack.
    pub attackers: usize,
    /// In how many groups of addresses they are.
    pub groups: usize,
}

/// One of many who fill a node's book and its places, and tell it nothing.
pub struct Eclipse {
    others: Rc<Vec<SocketAddr>>,
}

impl EclipsePlan {
    /// Lets them come into a world, and says their numbers. They connect at once, and again whenever they are let go.
    pub fn begin(&self, world: &mut World) -> Vec<usize> {
        let victim = (self.victim, world.address(self.victim));
        let addresses: Vec<SocketAddr> = (0..self.attackers).map(|number| self.address(number)).collect();
        let others = Rc::new(addresses.clone());
        let attacker = |address| {
            let villain = Villain::new(Eclipse { others: Rc::clone(&others) }, &[victim]);
            world.add_stranger_at(Box::new(villain), address)
        };
        addresses.into_iter().map(attacker).collect()
    }

    /// Each group is a /16 that no honest node is in.
    fn address(&self, number: usize) -> SocketAddr {
        let (group, place) = (number % self.groups, number / self.groups);
        SocketAddr::from(([150 + (group / 200) as u8, (group % 200) as u8, place as u8, 7], 9333))
    }

    /// How many connections the victim made, and how many of these lead to those who attack it.
    pub fn outbound(&self, world: &World, attackers: &[usize]) -> (usize, usize) {
        let report = world.node(self.victim).report();
        let outbound = report.iter().flat_map(|report| &report.peers);
        let outbound = outbound.filter(|peer| peer.met.side == Side::Dialer && peer.agent.is_some());
        let addresses: Vec<SocketAddr> = outbound.map(|peer| peer.met.address).collect();
        let is_theirs =
            |address: &&SocketAddr| world.party_at(**address).is_some_and(|party| attackers.contains(&party));
        (addresses.len(), addresses.iter().filter(is_theirs).count())
    }
}

impl Eclipse {
    fn told(&self, stage: &mut Stage<'_>, count: usize) -> Message {
        let seen = time(stage);
        let first = stage.draws.place(self.others.len());
        let some = self.others.iter().cycle().skip(first).take(count.min(self.others.len()));
        let told = some.map(|address| PeerAddress::new(*address, seen)).collect();
        Message::Addresses(Addresses::new(told).expect("no more than an answer holds"))
    }
}

impl Mischief for Eclipse {
    fn period(&self) -> u64 {
        20 * SECOND
    }

    fn listens(&self) -> bool {
        true
    }

    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let told = self.told(stage, TOLD_UNASKED);
        tell(stage, peers, &told);
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        match message {
            Message::GetAddresses(()) => {
                let told = self.told(stage, ADDRESSES_MAX);
                stage.send(peer, &told);
            }
            Message::GetHeaders(_) => stage.send(peer, &Message::Headers(List::default())),
            _ => {}
        }
    }
}
