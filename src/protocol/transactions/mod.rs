//! Transactions on their way from one pool to the others.
//!
//! Whoever lets a transaction in offers it by its hash to all who are not known to have it; who lacks it asks one of those
//! who offered. `requests.rs` decides what is asked of whom, `offers.rs` who is told of what by what `holders.rs` knows of them; this
//! file puts them together.
//!
//! A transaction of our own comes from nobody who is known here. It first goes along a stem, which is another's affair.

mod holders;
mod offers;
mod requests;
mod source;
#[cfg(test)]
mod tests;

use ahash::RandomState;

use self::offers::Offers;
use self::requests::Requests;
use super::conduct::{Acts, Offence, is_to_blame};
use super::rolling::Rolling;
use super::sizes::Size;
use super::{JudgedTransaction, Known, Message, Now, Output, PeerId, Side};
use crate::ledger::MapSeed;
use crate::types::{Transaction, TxHash};

/// Peers that dialed us whose pool we ask for. Of later ones we only hear what is new to them.
const POOLS_OF_DIALERS_MAX: usize = 2;
/// Transactions that were judged good and of which the node has not said that it let them in. Of these at least are
/// remembered; an older one passes for our own.
const GOOD_MAX: usize = 50_000;
/// How long an answer may take in a lab.
const TIMEOUT_MILLIS_IN_LAB: u64 = 2000;
/// How long it may take elsewhere.
const TIMEOUT_MILLIS: u64 = 10_000;

/// Which transactions are asked of whom, and who is told of which.
pub(super) struct Transactions {
    requests: Requests,
    offers: Offers,
    /// Those that came from peers, were judged good and announced, and of which the node will say that it let them in.
    good: Rolling<TxHash>,
    pools_of_dialers: usize,
}

impl Transactions {
    /// How much is kept of everything, by name, and how much may be; so many are connected.
    pub fn sizes(&self, peers: usize) -> Vec<Size> {
        let mut sizes = self.requests.sizes(peers);
        sizes.extend(self.offers.sizes(peers));
        sizes.push(Size::new("transactions that are to be let in", self.good.len(), 2 * GOOD_MAX));
        sizes
    }

    pub fn new(lab: bool, seed: MapSeed, draws: [u8; 32]) -> Self {
        let timeout = if lab { TIMEOUT_MILLIS_IN_LAB } else { TIMEOUT_MILLIS };
        Self {
            requests: Requests::new(timeout, seed),
            offers: Offers::new(lab, seed, draws),
            good: Rolling::new(GOOD_MAX, seed),
            pools_of_dialers: 0,
        }
    }

    /// Somebody is there, and said who it is. Those that we dialed are asked for their pool, and the first that dialed us.
    pub fn connected(&mut self, peer: PeerId, side: Side, acts: &mut Acts) {
        self.requests.connected(peer, side);
        self.offers.connected(peer);
        if side == Side::Listener {
            self.pools_of_dialers += 1;
        }
        if side == Side::Dialer || self.pools_of_dialers <= POOLS_OF_DIALERS_MAX {
            acts.send(peer, Message::GetPool(()));
        }
    }

    /// Somebody is gone. Others are asked for what it did not send.
    pub fn disconnected(&mut self, now: Now, peer: PeerId, acts: &mut Acts) {
        self.offers.disconnected(peer);
        self.requests.disconnected(now, peer, acts);
    }

    /// A peer has these. Those that are new here are asked of it, or of it too.
    pub fn offered(&mut self, now: Now, peer: PeerId, hashes: &[TxHash], known: &dyn Known, acts: &mut Acts) {
        self.offers.told_by(peer, hashes);
        self.requests.offered(now, peer, hashes, known, acts);
    }

    /// A peer sent these.
    pub fn received(&mut self, now: Now, peer: PeerId, transactions: Vec<Transaction>, acts: &mut Acts) {
        self.requests.received(now, peer, transactions, acts);
    }

    /// What became of those that a peer sent, on request or along a stem. Good ones that were asked for are announced.
    pub fn judged(
        &mut self,
        now: Now,
        peer: PeerId,
        judged: &[(TxHash, JudgedTransaction)],
        acts: &mut Acts,
    ) {
        let mut good = Vec::with_capacity(judged.len());
        for (hash, judged) in judged {
            let announced = self.requests.judged(peer, hash);
            match judged {
                JudgedTransaction::Admitted if announced == Some(false) => {
                    self.good.insert(*hash);
                    good.push(*hash);
                }
                JudgedTransaction::Refused { blame, reason }
                    if is_to_blame(*blame, false) && self.offers.is_connected(peer) =>
                {
                    acts.blame(peer, Offence::Transaction(reason.clone()));
                }
                _ => {}
            }
        }
        self.offers.announce(now, &good, acts);
        self.requests.ask_held_back(now, acts);
    }

    /// The node let these in. Those that some peer has are announced, unless they were; the others come back: they are our
    /// own, or came along a stem.
    pub fn admitted(&mut self, now: Now, hashes: &[TxHash], acts: &mut Acts) -> Vec<TxHash> {
        let (mut open, mut own) = (Vec::new(), Vec::new());
        for hash in hashes {
            match self.requests.announced(hash) {
                Some(true) => {}
                Some(false) => open.push(*hash),
                None if self.good.remove(hash) => {}
                None => own.push(*hash),
            }
        }
        self.offers.announce(now, &open, acts);
        own
    }

    /// Offers these to all who are not known to have them, in a while.
    pub fn announce(&mut self, now: Now, hashes: &[TxHash], acts: &mut Acts) {
        self.offers.announce(now, hashes, acts);
    }

    /// These came back from blocks that were taken off: there is no secret in them.
    pub fn returned(&mut self, hashes: &[TxHash], acts: &mut Acts) {
        self.offers.announce_again(hashes, acts);
    }

    /// A peer asks for these. What is withheld is not here, as far as others can tell.
    pub fn asked(
        &self,
        peer: PeerId,
        hashes: &[TxHash],
        is_withheld: &dyn Fn(&TxHash) -> bool,
        acts: &mut Acts,
    ) {
        let open: Vec<TxHash> = hashes.iter().filter(|hash| !is_withheld(hash)).copied().collect();
        if !open.is_empty() {
            acts.push(Output::SendTransactions(peer, open));
        }
    }

    /// A peer wants to hear of all that waits here. Once it does, bit by bit.
    pub fn pool_asked(&mut self, now: Now, peer: PeerId, known: &dyn Known, acts: &mut Acts) {
        self.offers.pool_asked(now, peer, known, acts);
    }

    /// Whether some peer offered it, and it is not judged: then there is no secret in it.
    pub fn is_tracked(&self, hash: &TxHash) -> bool {
        self.requests.is_tracked(hash)
    }

    /// Does what is due.
    pub fn woken(
        &mut self,
        now: Now,
        known: &dyn Known,
        is_withheld: &dyn Fn(&TxHash) -> bool,
        acts: &mut Acts,
    ) {
        self.requests.expire(now, acts);
        self.offers.woken(now, known, is_withheld, acts);
    }

    /// When something is due; never is `u64::MAX`.
    pub fn wake_at(&self) -> u64 {
        self.requests.wake_at().min(self.offers.wake_at())
    }
}

/// What is remembered of a transaction where less than its hash will do. Nobody can make two with the same who does not
/// know the seed.
fn fingerprint(hasher: &RandomState, hash: &TxHash) -> u64 {
    hasher.hash_one(hash)
}
