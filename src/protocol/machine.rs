//! The machine: what happened goes in, what is to be done comes out.
//!
//! It is made of small ones, each with one job, that do not know each other. Here each is handed what concerns it; nothing
//! else is decided but who may speak, and who has to go.

mod messages;
mod report;
mod sizes;

pub use report::{PeerReport, ProtocolReport};

use core::net::SocketAddr;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::conduct::{Acts, Conduct, Offence};
use super::dialing::Dialing;
use super::draws::Draws;
use super::gossip::Gossip;
use super::peers::{Peers, Welcome};
use super::ping::Pings;
use super::relay::Relay;
use super::stem::Stem;
use super::sync::Sync;
use super::transactions::Transactions;
use super::{
    AddressBook, Banned, Bans, Errand, Farewell, Hello, Input, JudgedBlock, JudgedTransaction, Known,
    Message, Met, Now, Order, Output, PeerId, Settings, Side, Versions,
};
use crate::consensus::CheckedBlock;
use crate::ledger::MapSeed;
use crate::types::{BlockHash, Header, Timestamp, TxHash};

/// For how long somebody is banned who misbehaved, or whom an operator bans without saying for how long.
pub const BAN_SECONDS: u32 = 24 * 60 * 60;

/// Peers that are gone and can still be banned; beyond it the oldest are forgotten.
const GONE_MAX: usize = 256;

/// All that a node says to others, and what it makes of the answers.
pub struct Protocol {
    settings: Settings,
    bans: Bans,
    peers: Peers,
    conduct: Conduct,
    pings: Pings,
    dialing: Dialing,
    gossip: Gossip,
    sync: Sync,
    relay: Relay,
    transactions: Transactions,
    stem: Stem,
    /// The last that the node came to follow, while others have not been told of it.
    untold: Option<(Vec<Header>, Arc<CheckedBlock>)>,
    /// The last header that it came to follow.
    last_grew: Option<Header>,
    /// Decides which groups stay when somebody has to make room.
    eviction: [u8; 32],
    /// Who was connected until a while ago: what they brought may be judged only now.
    gone: VecDeque<Met>,
    /// When it was last told the time.
    now: Option<Now>,
}

impl Protocol {
    /// One that knows nobody but those in the book. The same seed draws the same.
    pub fn new(settings: Settings, book: AddressBook, bans: Bans, seed: [u8; 32]) -> Self {
        let mut seeds = Draws::new(seed);
        let mut draws = || seeds.bytes();
        let lab = settings.lab;
        let bytes = draws();
        let (words, _) = bytes.as_chunks::<8>();
        let map_seed = MapSeed(core::array::from_fn(|at| u64::from_le_bytes(words[at])));
        Self {
            bans,
            peers: Peers::new(lab),
            conduct: Conduct::default(),
            pings: Pings::new(lab),
            dialing: Dialing::new(&settings, book, draws()),
            gossip: Gossip::new(lab, draws()),
            sync: Sync::new(&settings, draws()),
            relay: Relay::new(&settings),
            transactions: Transactions::new(lab, map_seed, draws()),
            stem: Stem::new(settings.stem, lab, draws()),
            untold: None,
            last_grew: None,
            eviction: draws(),
            gone: VecDeque::new(),
            now: None,
            settings,
        }
    }

    /// Takes in what happened, and says what is to be done, in this order.
    pub fn handle(&mut self, now: Now, input: Input, known: &dyn Known) -> Vec<Output> {
        self.now = Some(now);
        let mut acts = Acts::default();
        self.take_in(now, input, known, &mut acts);
        self.go_on(now, known, &mut acts);
        self.settle(now, known, &mut acts);
        acts.outputs
    }

    fn take_in(&mut self, now: Now, input: Input, known: &dyn Known, acts: &mut Acts) {
        match input {
            Input::Woken => {
                if self.bans.expire(now.wall) {
                    acts.push(Output::KeepBans);
                }
            }
            Input::Connected(met) => self.connected(now, met, known, acts),
            Input::DialFailed { address, reason } => {
                self.dialing.failed(now, address);
                if self.dialing.is_named(address) {
                    acts.push(Output::Log(format!("no connection to {address}: {reason}")));
                }
            }
            Input::Resolved { name, addresses } => {
                if addresses.is_empty() {
                    acts.push(Output::Log(format!("nobody knows where {name} is")));
                }
                self.dialing.resolved(now, &name, &addresses);
            }
            Input::Disconnected { peer, .. } => self.forget(now, peer, acts),
            Input::Received(peer, message) => self.received(now, peer, message, known, acts),
            Input::Unreadable(peer, error) => acts.blame(peer, Offence::Unreadable(error)),
            Input::Reconstructed { peer, partial, compact } => {
                self.relay.reconstructed(now, peer, partial, &compact, known, acts);
            }
            Input::BlockJudged { hash, errand, judged } => {
                self.block_judged(now, &hash, errand, &judged, acts);
            }
            Input::HeadersJudged { peer, refused } => self.sync.headers_judged(now, peer, refused, acts),
            Input::TransactionsJudged { peer, judged } => self.transactions_judged(now, peer, &judged, acts),
            Input::Grew { headers, block } => {
                self.stem.mined(block.tx_hashes());
                self.grew(headers, block, known, acts);
            }
            Input::Admitted(hashes) => self.admitted(now, &hashes, acts),
            Input::Returned(hashes) => self.transactions.returned(&hashes, acts),
            Input::Ordered(order) => self.ordered(now, order, acts),
        }
    }

    /// What the small machines do by themselves, because of what happened or because it is time.
    fn go_on(&mut self, now: Now, known: &dyn Known, acts: &mut Acts) {
        for peer in self.peers.silent(now) {
            acts.drop(peer, Farewell::Silent);
        }
        self.pings.woken(now, acts);
        if self.dialing.wake_at() <= now.millis {
            self.dialing.woken(now, &self.bans, acts);
        }
        self.gossip.woken(now, acts);
        self.relay.woken(now, acts);
        let open = self.stem.woken(now);
        self.transactions.announce(now, &open, acts);
        let stem = &self.stem;
        self.transactions.woken(now, known, &|hash| stem.is_withheld(hash), acts);
        self.catch_up(now, known, acts);
        self.tell_growth(acts);
    }

    fn grew(&mut self, headers: Vec<Header>, block: Arc<CheckedBlock>, known: &dyn Known, acts: &mut Acts) {
        let work = |hash: &BlockHash| known.block(hash).map(|block| block.standing.work);
        // Whoever missed something looks at the tip, and what it saw may come after what came later.
        if self.untold.as_ref().is_none_or(|(_, untold)| work(&untold.hash()) <= work(&block.hash())) {
            self.last_grew = Some(*block.header());
            self.untold = Some((headers, block));
        }
        self.tell_growth(acts);
    }

    fn catch_up(&mut self, now: Now, known: &dyn Known, acts: &mut Acts) {
        for peer in self.relay.take_missed() {
            self.sync.heard_of_unknown(peer);
        }
        self.sync.go_on(now, known, acts);
    }

    /// Tells others of what the node follows. While much is missing that would be old, and is told when nothing is any more:
    /// what came last may be followed before the answers to it are here.
    fn tell_growth(&mut self, acts: &mut Acts) {
        if self.sync.is_far_behind() {
            return;
        }
        if let Some((headers, block)) = self.untold.take() {
            self.relay.grew(&headers, &block, acts);
        }
    }

    /// Hangs up on those who have to go, and tells every small machine; which may order more.
    fn settle(&mut self, now: Now, known: &dyn Known, acts: &mut Acts) {
        let mut gone = BTreeSet::new();
        loop {
            for (peer, offence) in std::mem::take(&mut acts.offences) {
                self.punish(now, peer, &offence, acts);
            }
            let leaving = acts.outputs.iter().filter_map(|output| match output {
                Output::Drop(peer, _) if !gone.contains(peer) => Some(*peer),
                _ => None,
            });
            let leaving: BTreeSet<PeerId> = leaving.collect();
            if leaving.is_empty() {
                break;
            }
            for peer in &leaving {
                self.forget(now, *peer, acts);
            }
            gone.extend(leaving);
            self.catch_up(now, known, acts);
        }
        self.tell_growth(acts);
        // Whoever has to go for two reasons goes once.
        let mut told = BTreeSet::new();
        acts.outputs.retain(|output| !matches!(output, Output::Drop(peer, _) if !told.insert(*peer)));
    }

    fn punish(&mut self, now: Now, peer: PeerId, offence: &Offence, acts: &mut Acts) {
        let Some(met) = self.peers.get(peer).map(|peer| peer.met) else {
            // Who hangs up before the verdict does not get away with it.
            let gone = self.gone.iter().find(|met| met.peer == peer).copied();
            if let Some(met) = gone.filter(|_| offence.is_one_too_many()) {
                self.ban(now, met, acts);
            }
            return;
        };
        if self.conduct.count(now.millis, peer, offence) {
            self.ban(now, met, acts);
            acts.drop(peer, Farewell::Misbehaved(offence.to_string()));
        }
    }

    /// Bans somebody, where anybody is banned.
    fn ban(&mut self, now: Now, met: Met, acts: &mut Acts) {
        let is_local = met.address.ip().to_canonical().is_loopback();
        if self.settings.lab || is_local || self.dialing.is_added(met.address) {
            return;
        }
        let until = Timestamp(now.wall.0.saturating_add(BAN_SECONDS));
        self.bans.ban(Banned::Address(met.address.ip()), until);
        self.bans.ban(Banned::Node(met.node), until);
        acts.push(Output::KeepBans);
    }

    /// It is not connected any more.
    fn forget(&mut self, now: Now, peer: PeerId, acts: &mut Acts) {
        let Some(was) = self.peers.remove(peer) else { return };
        self.gone.push_back(was.met);
        if self.gone.len() > GONE_MAX {
            self.gone.pop_front();
        }
        self.conduct.forget(peer);
        self.pings.disconnected(peer);
        self.dialing.disconnected(now, peer);
        self.gossip.disconnected(peer);
        self.sync.disconnected(peer);
        self.relay.disconnected(now, peer, acts);
        self.transactions.disconnected(now, peer, acts);
        self.stem.disconnected(peer);
    }

    fn connected(&mut self, now: Now, met: Met, known: &dyn Known, acts: &mut Acts) {
        let is_dialed = met.side == Side::Dialer;
        if met.node == self.settings.node {
            if is_dialed {
                self.dialing.was_ourselves(now, met.address);
            }
            acts.drop(met.peer, Farewell::Ourselves);
            return;
        }
        if is_dialed {
            self.dialing.connected(now, &met);
        }
        let is_banned = self.bans.is_banned(met.address.ip(), Some(met.node), now.wall);
        let welcome = if is_banned {
            Welcome::Goes(Farewell::Banned)
        } else {
            let dialing = &self.dialing;
            let group = |address: SocketAddr| dialing.group(address);
            self.peers.welcome(now, met, &self.settings, &self.pings, &self.eviction, group)
        };
        match welcome {
            Welcome::Goes(why) => {
                self.dialing.disconnected(now, met.peer);
                acts.drop(met.peer, why);
            }
            Welcome::IsHere(kept) => {
                self.dialing.same(now, met.peer, kept);
                acts.drop(met.peer, Farewell::Twice);
            }
            Welcome::Stays { instead_of, evicted } => {
                if let Some(older) = instead_of {
                    self.dialing.same(now, older, met.peer);
                    acts.drop(older, Farewell::Twice);
                }
                evicted.into_iter().for_each(|peer| acts.drop(peer, Farewell::NoRoom));
                acts.send(met.peer, Message::from(self.hello(now, known)));
            }
        }
    }

    fn hello(&self, now: Now, known: &dyn Known) -> Hello {
        let tip = known.tip();
        Hello {
            versions: Versions::OURS,
            agent: self.settings.agent.clone(),
            tip: tip.hash,
            height: tip.height,
            work: tip.work,
            base: known.base(),
            port: self.settings.port,
            time: now.wall,
        }
    }

    /// It said who it is: from now on it is spoken with.
    fn hello_came(&mut self, now: Now, peer: PeerId, hello: &Hello, known: &dyn Known, acts: &mut Acts) {
        if self.peers.is_greeted(peer) {
            acts.blame(peer, Offence::OutOfTurn("a second hello"));
            return;
        }
        let (tip, met, listening) = match self.peers.greeted(peer, hello.clone()) {
            Ok(peer) => (hello.tip, peer.met, peer.listening()),
            Err(why) => {
                acts.drop(peer, why);
                return;
            }
        };
        if !self.dialing.greeted(now, peer, listening, acts) {
            return;
        }
        let side = met.side;
        self.pings.greeted(now, peer);
        self.gossip.greeted(now, &met, listening, &mut self.dialing, acts);
        self.sync.greeted(peer, side, hello);
        self.relay.greeted(peer, side == Side::Dialer, tip, acts);
        self.stem.connected(peer, side);
        self.transactions.connected(peer, side, acts);
        // A block that came between the two hellos was in neither, and it was not told of it as others were.
        if let Some(header) = self.last_grew
            && header.hash() != hello.tip
            && header.hash() == known.tip().hash
            && !self.sync.is_far_behind()
        {
            self.relay.tell_one(peer, header, acts);
        }
    }

    fn block_judged(
        &mut self,
        now: Now,
        hash: &BlockHash,
        errand: Errand,
        judged: &JudgedBlock,
        acts: &mut Acts,
    ) {
        self.relay.judged(hash, errand, judged, acts);
        if *judged == JudgedBlock::Taken {
            let (Errand::CatchUp(peer) | Errand::Whole(peer) | Errand::PutTogether(peer)) = errand;
            self.sync.proved(peer);
        }
        match errand {
            Errand::CatchUp(peer) => self.sync.judged(now, hash, peer, judged, acts),
            Errand::Whole(peer) | Errand::PutTogether(peer) => {
                if *judged == JudgedBlock::Taken
                    && let Some(peer) = self.peers.get_mut(peer)
                {
                    peer.last_block = Some(now.millis);
                }
            }
        }
    }

    fn transactions_judged(
        &mut self,
        now: Now,
        peer: PeerId,
        judged: &[(TxHash, JudgedTransaction)],
        acts: &mut Acts,
    ) {
        if let Some(peer) = self.peers.get_mut(peer)
            && judged.iter().any(|(_, judged)| *judged == JudgedTransaction::Admitted)
        {
            peer.last_transaction = Some(now.millis);
        }
        self.stem.judged(judged);
        self.transactions.judged(now, peer, judged, acts);
    }

    fn admitted(&mut self, now: Now, hashes: &[TxHash], acts: &mut Acts) {
        let ours = self.transactions.admitted(now, hashes, acts);
        let open = self.stem.admitted(now, &ours, acts);
        self.transactions.announce(now, &open, acts);
    }

    fn ordered(&mut self, now: Now, order: Order, acts: &mut Acts) {
        match order {
            Order::Add(name) => {
                if !self.dialing.order_add(now, &name) {
                    acts.push(Output::Log(format!("{name} is not added: there are too many")));
                }
            }
            Order::Remove(name) => {
                if !self.dialing.order_remove(now, &name, acts) {
                    acts.push(Output::Log(format!("{name} is not removed: it was not added")));
                }
            }
            Order::Ban(who, seconds) => {
                self.bans.ban(who, Timestamp(now.wall.0.saturating_add(seconds)));
                acts.push(Output::KeepBans);
                for (id, peer) in self.peers.iter() {
                    if self.bans.is_banned(peer.met.address.ip(), Some(peer.met.node), now.wall) {
                        acts.drop(id, Farewell::Banned);
                    }
                }
            }
            Order::Unban(who) => {
                self.bans.lift(who);
                acts.push(Output::KeepBans);
                self.dialing.woken(now, &self.bans, acts);
            }
        }
    }

    /// When, in [`Now::millis`], it wants to be woken; it may be told of other things before, and there may turn out to be
    /// nothing to do. Each small machine keeps for itself when that is, so that nothing is looked through to say it.
    pub fn wake_at(&self) -> u64 {
        let Some(now) = self.now else { return 0 };
        let all = [
            self.peers.wake_at(),
            self.pings.wake_at(),
            self.dialing.wake_at(),
            self.gossip.wake_at(),
            self.sync.wake_at(now),
            self.relay.wake_at(),
            self.transactions.wake_at(),
            self.stem.wake_at(),
        ];
        all.into_iter().min().unwrap_or(u64::MAX)
    }
}
