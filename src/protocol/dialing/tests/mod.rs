//! A world of nodes that answer or do not, and a clock that jumps.

mod chosen;
mod named;

use super::slots::ATTEMPTS_MAX;
use super::*;
use crate::protocol::{Agent, BOOK_MAX, Banned, Bans, BookSecret, NodeId, Output, Side};
use crate::types::Timestamp;

const START: u32 = 1_800_000_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// What becomes of an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Meets,
    Refuses,
    Hangs,
    IsUs,
}

use Answer::*;

struct World {
    dialing: Dialing,
    bans: Bans,
    millis: u64,
    peers: u64,
    names: BTreeMap<String, Vec<SocketAddr>>,
    /// What was dialed, and when.
    dialed: Vec<(u64, SocketAddr)>,
    /// What names were asked for, and when.
    asked: Vec<u64>,
    dropped: Vec<(PeerId, Farewell)>,
    met: BTreeMap<PeerId, (SocketAddr, Kind)>,
    wakes: usize,
    /// When the book was to be kept.
    kept: Vec<u64>,
}

fn settings(lab: bool) -> Settings {
    Settings { agent: Agent::default(), ..Settings::new(NodeId([0; 32]), lab) }
}

fn book(lab: bool, addresses: &[SocketAddr]) -> AddressBook {
    let mut book = AddressBook::new(BookSecret([7; 32]), lab);
    let told: Vec<_> = addresses.iter().map(|address| PeerAddress::new(*address, Timestamp(START))).collect();
    book.add(&told, Source::Own, Timestamp(START));
    book
}

/// The `host`th address of the `group`th group.
fn place(group: u8, host: u8) -> SocketAddr {
    SocketAddr::from(([50, group, 0, host], 8333))
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn world(settings: &Settings, addresses: &[SocketAddr]) -> World {
    World {
        dialing: Dialing::new(settings, book(settings.lab, addresses), [3; 32]),
        bans: Bans::new(),
        millis: 1000,
        peers: 0,
        names: BTreeMap::new(),
        dialed: Vec::new(),
        asked: Vec::new(),
        dropped: Vec::new(),
        met: BTreeMap::new(),
        wakes: 0,
        kept: Vec::new(),
    }
}

impl World {
    fn now(&self) -> Now {
        let wall = Timestamp(START + (self.millis / 1000) as u32);
        Now { millis: self.millis, wall, chain: wall }
    }

    /// Wakes it whenever it wants until so much time has passed. It never wants to be woken at once for nothing.
    fn run(&mut self, millis: u64, answer: impl Fn(SocketAddr) -> Answer) {
        let end = self.millis + millis;
        while self.dialing.wake_at() <= end {
            self.millis = self.dialing.wake_at().max(self.millis);
            let mut acts = Acts::default();
            self.dialing.woken(self.now(), &self.bans, &mut acts);
            self.wakes += 1;
            assert!(self.dialing.wake_at() > self.millis);
            acts.outputs.into_iter().for_each(|output| self.act(output, &answer));
            assert!(self.dialing.attempts.len() <= ATTEMPTS_MAX);
        }
        self.millis = end;
    }

    fn act(&mut self, output: Output, answer: &impl Fn(SocketAddr) -> Answer) {
        match output {
            Output::Dial(address) => {
                self.dialed.push((self.millis, address));
                match answer(address) {
                    Meets => drop(self.meet(address)),
                    Refuses => self.dialing.failed(self.now(), address),
                    Hangs => {}
                    IsUs => self.dialing.was_ourselves(self.now(), address),
                }
            }
            Output::Resolve(name) => {
                self.asked.push(self.millis);
                let found = self.names.get(&name).cloned().unwrap_or_default();
                self.dialing.resolved(self.now(), &name, &found);
            }
            Output::KeepBook => self.kept.push(self.millis),
            other => panic!("{other:?}"),
        }
    }

    fn connect(&mut self, address: SocketAddr) -> (PeerId, Kind) {
        let peer = PeerId(self.peers);
        self.peers += 1;
        let met = Met { peer, address, side: Side::Dialer, node: NodeId([1; 32]) };
        (peer, self.dialing.connected(self.now(), &met))
    }

    fn meet(&mut self, address: SocketAddr) -> PeerId {
        let (peer, kind) = self.connect(address);
        self.greet(peer, None);
        if kind != Kind::Feeler {
            self.met.insert(peer, (address, kind));
        }
        peer
    }

    fn greet(&mut self, peer: PeerId, listening: Option<SocketAddr>) {
        let mut acts = Acts::default();
        let stays = self.dialing.greeted(self.now(), peer, listening, &mut acts);
        assert_eq!(stays, acts.outputs.is_empty());
        self.drops(acts);
    }

    fn drops(&mut self, acts: Acts) {
        for output in acts.outputs {
            let Output::Drop(peer, why) = output else { panic!("{output:?}") };
            self.hang_up(peer);
            self.dropped.push((peer, why));
        }
    }

    /// Somebody connects to us.
    fn inbound(&mut self, listening: SocketAddr) -> PeerId {
        let peer = PeerId(self.peers);
        self.peers += 1;
        self.greet(peer, Some(listening));
        peer
    }

    fn hang_up(&mut self, peer: PeerId) {
        self.met.remove(&peer);
        self.dialing.disconnected(self.now(), peer);
    }

    fn hang_up_on_all(&mut self) {
        let all: Vec<PeerId> = self.met.keys().copied().collect();
        all.into_iter().for_each(|peer| self.hang_up(peer));
    }

    fn of_kind(&self, wanted: Kind) -> Vec<SocketAddr> {
        self.met.values().filter(|(_, kind)| *kind == wanted).map(|(address, _)| *address).collect()
    }

    fn gaps(&self) -> Vec<u64> {
        self.dialed.windows(2).map(|two| two[1].0 - two[0].0).collect()
    }
}
