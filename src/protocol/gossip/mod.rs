//! What nodes tell each other of where others are.
//!
//! # Security
//! Whom we ask, what we believe, what we show and what we pass on are four doors. We ask only those that we chose
//! ourselves. Of what somebody tells unasked we take in a trickle. What we show is a part of the book that stays the same
//! for a day, so that nobody reads all of it or learns from a change whom we talk to. We pass on only what is new to us,
//! once, and to few: a flood ends where it began. In a lab everybody is trusted and in a hurry.

#[cfg(test)]
mod tests;

use core::net::SocketAddr;
use std::collections::BTreeMap;

use super::conduct::{Acts, Offence};
use super::dialing::{Dialing, canonical};
use super::draws::Draws;
use super::sizes::Size;
use super::{ADDRESSES_MAX, Addresses, Message, Met, Now, Output, PeerAddress, PeerId, Side};

/// Addresses that may be told at once without being asked for. Who tells more is blamed, and none of them is looked at.
const UNASKED_MAX: usize = 10;
/// Peers that we pass an address on to, where no lab is. More would carry it no further, but be more to send.
const PASSED_ON_MAX: usize = 2;
/// How long we show the same part of the book.
const SHOWN_MILLIS: u64 = 24 * 60 * 60 * 1000;
/// In a lab everybody is asked so often in the first minute, and then so often.
const LAB_ASK_MILLIS: u64 = 5_000;
const LAB_ASK_LATER_MILLIS: u64 = 60_000;
const LAB_HURRY_MILLIS: u64 = 60_000;
/// Between two answers to one peer in a lab: a little less than between its questions, which do not arrive evenly.
const LAB_ANSWER_MILLIS: u64 = 4_000;
/// Addresses are counted in millionths, so that a tenth of one in a second is a whole number in a millisecond.
const ONE: u64 = 1_000_000;
/// What a peer may tell unasked over time: a tenth of an address in a second, in a lab ten. What comes beyond is ignored.
const PER_MILLI: u64 = ONE / 10_000;
const LAB_PER_MILLI: u64 = ONE / 100;
/// What it may save up. It begins with one message, or whoever connects again and again could tell more.
const SAVED_MAX: u64 = 1000 * ONE;
const SAVED_FIRST: u64 = UNASKED_MAX as u64 * ONE;

/// What was said about addresses, and to whom.
pub(super) struct Gossip {
    lab: bool,
    draws: Draws,
    talks: BTreeMap<PeerId, Talk>,
    shown: Option<Shown>,
    /// When somebody may have to be asked: no later than that.
    due: u64,
}

/// With one peer.
struct Talk {
    /// Where it can be reached; or where it comes from, if it did not say.
    address: SocketAddr,
    since: u64,
    /// When it is asked again.
    ask_at: Option<u64>,
    /// Whether an answer of any length may come.
    is_asked: bool,
    answered: Option<u64>,
    /// In millionths of an address.
    saved: u64,
    saved_at: u64,
}

/// The part of the book that everybody is shown.
struct Shown {
    addresses: Vec<PeerAddress>,
    until: u64,
    /// How large the book was.
    book: usize,
}

impl Gossip {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        vec![Size::new("peers that are told of addresses", self.talks.len(), peers)]
    }

    /// One that talks to nobody yet. The same draws choose the same.
    pub fn new(lab: bool, draws: [u8; 32]) -> Self {
        Self { lab, draws: Draws::new(draws), talks: BTreeMap::new(), shown: None, due: u64::MAX }
    }

    /// A peer that stays has said hello: it is asked, and others hear of it. `listening` is where it says it can be
    /// reached, if it connected to us.
    pub fn greeted(
        &mut self,
        now: Now,
        met: &Met,
        listening: Option<SocketAddr>,
        dialing: &mut Dialing,
        acts: &mut Acts,
    ) {
        let asks = self.lab || met.side == Side::Dialer;
        let address = canonical(listening.unwrap_or(met.address));
        let talk = Talk {
            address,
            since: now.millis,
            ask_at: asks.then_some(now.millis),
            is_asked: false,
            answered: None,
            saved: if self.lab { SAVED_MAX } else { SAVED_FIRST },
            saved_at: now.millis,
        };
        self.talks.insert(met.peer, talk);
        self.due = if asks { self.due.min(now.millis) } else { self.due };
        self.woken(now, acts);
        if let Some(listening) = listening.filter(|_| met.side == Side::Listener) {
            let itself = [PeerAddress::new(listening, now.wall)];
            let news = dialing.told(now, address, &itself);
            self.pass_on(met.peer, &news, acts);
        }
    }

    /// Asks those whose turn it is.
    pub fn woken(&mut self, now: Now, acts: &mut Acts) {
        if now.millis < self.due {
            return;
        }
        self.due = u64::MAX;
        for (peer, talk) in &mut self.talks {
            if talk.ask_at.is_some_and(|at| at <= now.millis) {
                let hurries = now.millis.saturating_sub(talk.since) < LAB_HURRY_MILLIS;
                let next = if hurries { LAB_ASK_MILLIS } else { LAB_ASK_LATER_MILLIS };
                talk.ask_at = self.lab.then_some(now.millis + next);
                talk.is_asked = true;
                acts.send(*peer, Message::GetAddresses(()));
            }
            self.due = talk.ask_at.map_or(self.due, |at| self.due.min(at));
        }
    }

    /// When `woken` may have something to do.
    pub fn wake_at(&self) -> u64 {
        self.due
    }

    /// A peer asks. It is answered once; in a lab again after a while.
    pub fn asked(&mut self, now: Now, peer: PeerId, dialing: &Dialing, acts: &mut Acts) {
        let Some(talk) = self.talks.get_mut(&peer) else { return };
        let again = |at: u64| self.lab && now.millis.saturating_sub(at) >= LAB_ANSWER_MILLIS;
        if talk.answered.is_some_and(|at| !again(at)) {
            acts.blame(peer, Offence::TooMany("questions for addresses"));
            return;
        }
        talk.answered = Some(now.millis);
        let itself = talk.address;
        let mut shown = self.show(now, dialing);
        shown.retain(|told| told.address() != itself);
        acts.send(peer, addresses(shown));
    }

    /// A peer tells of addresses.
    pub fn told(&mut self, now: Now, peer: PeerId, told: &Addresses, dialing: &mut Dialing, acts: &mut Acts) {
        let Some(talk) = self.talks.get_mut(&peer) else { return };
        // A short one may be the answer or not: it is counted, and the answer may still come.
        let believed = if told.len() <= UNASKED_MAX {
            &told[..talk.take(now.millis, told.len(), self.lab)]
        } else if talk.is_asked {
            talk.is_asked = false;
            &told[..]
        } else {
            acts.blame(peer, Offence::TooMany("addresses"));
            return;
        };
        let mut news = dialing.told(now, talk.address, believed);
        if !self.lab {
            news.truncate(UNASKED_MAX);
        }
        self.pass_on(peer, &news, acts);
    }

    /// A peer is gone.
    pub fn disconnected(&mut self, peer: PeerId) {
        self.talks.remove(&peer);
        self.due = self.talks.values().filter_map(|talk| talk.ask_at).min().unwrap_or(u64::MAX);
    }

    /// The part of the book that is shown now: the same for a day, unless the book has become twice as large, which happens
    /// to a young one. In a lab another one each time, so that all know all soon.
    fn show(&mut self, now: Now, dialing: &Dialing) -> Vec<PeerAddress> {
        let book = dialing.book().len();
        let holds = |shown: &&Shown| !self.lab && now.millis < shown.until && book <= 2 * shown.book;
        if let Some(shown) = self.shown.as_ref().filter(holds) {
            return shown.addresses.clone();
        }
        let addresses = dialing.sample(self.draws.any(), now, ADDRESSES_MAX);
        let shown = Shown { addresses: addresses.clone(), until: now.millis + SHOWN_MILLIS, book };
        self.shown = Some(shown);
        addresses
    }

    /// Tells others of what somebody told; nobody of itself.
    fn pass_on(&mut self, from: PeerId, news: &[PeerAddress], acts: &mut Acts) {
        if news.is_empty() {
            return;
        }
        let mut others: Vec<PeerId> = self.talks.keys().copied().filter(|peer| *peer != from).collect();
        if !self.lab {
            let count = PASSED_ON_MAX.min(others.len());
            for at in 0..count {
                let left = others.len() - at;
                others.swap(at, at + self.draws.place(left));
            }
            others.truncate(count);
        }
        for some in news.chunks(UNASKED_MAX) {
            let is_named = |peer: &PeerId| some.iter().any(|told| told.address() == self.talks[peer].address);
            let (named, unnamed): (Vec<PeerId>, Vec<PeerId>) = others.iter().partition(|peer| is_named(peer));
            if !unnamed.is_empty() {
                acts.push(Output::Send(unnamed, addresses(some.to_vec())));
            }
            for peer in named {
                let itself = self.talks[&peer].address;
                let rest: Vec<PeerAddress> =
                    some.iter().copied().filter(|told| told.address() != itself).collect();
                if !rest.is_empty() {
                    acts.send(peer, addresses(rest));
                }
            }
        }
    }
}

impl Talk {
    /// How many of so many addresses are taken in.
    fn take(&mut self, millis: u64, count: usize, lab: bool) -> usize {
        let passed = millis.saturating_sub(self.saved_at);
        self.saved_at = self.saved_at.max(millis);
        let gained = passed.saturating_mul(if lab { LAB_PER_MILLI } else { PER_MILLI });
        self.saved = self.saved.saturating_add(gained).min(SAVED_MAX);
        let taken = count.min((self.saved / ONE) as usize);
        self.saved -= taken as u64 * ONE;
        taken
    }
}

fn addresses(told: Vec<PeerAddress>) -> Message {
    Message::Addresses(Addresses::new(told).expect("no more than an answer holds"))
}
