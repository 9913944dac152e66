//! What enters the pool and leaves it, told as it happens; and why what left did, remembered for a while.

use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::reader::Reader;
use super::shared::State;
use crate::consensus::CheckedBlock;
use crate::mempool::{AdmitError, Departure, Reconciled, Why};
use crate::types::{TxHash, Txid};

/// Events kept for whoever is slow; beyond it the oldest are lost to them, and they are told so.
pub const POOL_EVENTS_MAX: usize = 8192;
/// Transactions of which it is remembered why they left, in each of two halves.
pub(super) const DEPARTED_HALF_MAX: usize = 4096;

/// A change of the pool, told once readers see it.
///
/// Only what happens while somebody listens is told; nothing of it is kept. Whoever was too slow
/// ([`Lagged`](broadcast::error::RecvError::Lagged)) looks at the pool again. That another transaction waits no longer for an
/// earlier one is not told here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PoolEvent {
    /// It was let in: it came by itself, or was read back after a start.
    Entered {
        /// Its name for machines.
        hash: TxHash,
        /// Its name for people.
        txid: Txid,
    },
    /// It came back from a block that was taken off.
    Returned {
        /// Its name for machines.
        hash: TxHash,
        /// Its name for people.
        txid: Txid,
    },
    /// It is no longer there; or it was in a block that was taken off, and could not come back.
    Left {
        /// Its name for machines.
        hash: TxHash,
        /// Its name for people.
        txid: Txid,
        /// Why.
        why: Left,
    },
}

/// Why a transaction is no longer in the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// It was mined.
    Mined,
    /// Another with its sender and nonce pays more.
    Replaced {
        /// The other.
        by: Txid,
    },
    /// Another with its sender and nonce was mined.
    Conflicted,
    /// Its last height passed.
    Expired,
    /// It was here for as long as anything may be.
    Aged,
    /// The pool was full.
    Evicted,
    /// The money for it is gone: the sender's, or that of a transaction which would have paid it.
    Unfunded,
    /// An earlier one of its sender left, and there was no room to wait for another.
    Orphaned,
    /// The pool would not take it on the branch that is followed now.
    Refused(AdmitError),
}

impl State {
    /// Remembers why these left, and says it.
    pub fn note_departed(&mut self, departed: &[Departure]) -> Vec<PoolEvent> {
        let left = departed.iter().map(|departure| {
            let facts = departure.transaction.facts();
            let why = self.why_left(departure.why, departed);
            (facts.hash, facts.txid, why)
        });
        let left: Vec<_> = left.collect();
        left.iter().for_each(|(_, txid, why)| self.departed.put(*txid, *why));
        left.into_iter().map(|(hash, txid, why)| PoolEvent::Left { hash, txid, why }).collect()
    }

    fn why_left(&self, why: Why, departed: &[Departure]) -> Left {
        match why {
            Why::Replaced { by } => {
                let mut others = departed.iter().map(|departure| departure.transaction.facts());
                let other = self.pool.get(&by).map(|entry| entry.facts());
                let other = other.or_else(|| others.find(|facts| facts.hash == by));
                Left::Replaced { by: other.expect("what replaced it is here, or left right after it").txid }
            }
            Why::Outdated => Left::Conflicted,
            Why::Expired => Left::Expired,
            Why::Aged => Left::Aged,
            Why::Evicted => Left::Evicted,
            Why::Unfunded => Left::Unfunded,
            Why::Orphaned => Left::Orphaned,
            Why::Refused(error) => Left::Refused(error),
        }
    }

    /// What a new tip did to the pool. What was mined or came back is only looked for where somebody `listens`.
    pub fn note_reconciled(
        &mut self,
        reconciled: &Reconciled,
        connected: &[&CheckedBlock],
        listens: bool,
    ) -> Vec<PoolEvent> {
        let departed = self.note_departed(&reconciled.departed);
        if !listens {
            return Vec::new();
        }
        let mut mined = reconciled.mined.clone();
        mined.sort_unstable();
        let spends = connected.iter().flat_map(|block| block.spends());
        let was_here = spends.map(|spend| (spend.facts().hash, spend.facts().txid));
        let was_here = was_here.filter(|(hash, _)| mined.binary_search(hash).is_ok());
        let mut events: Vec<PoolEvent> =
            was_here.map(|(hash, txid)| PoolEvent::Left { hash, txid, why: Left::Mined }).collect();
        let returned = reconciled.returned.iter().filter_map(|hash| self.pool.get(hash));
        events.extend(returned.map(|entry| entry.facts()).map(|facts| {
            let (hash, txid) = (facts.hash, facts.txid);
            PoolEvent::Returned { hash, txid }
        }));
        events.extend(departed);
        events
    }
}

impl Reader {
    /// Why a transaction that was here left without being mined, as of now; nothing where it is here, or nothing is known. A
    /// few thousand are remembered, in memory alone: a node that was started again knows of none. It may have been mined
    /// since, so ask for it on the chain first.
    pub fn departed(&self, txid: &Txid) -> Option<Left> {
        let state = self.shared.state.read();
        if state.pool.by_txid(txid).is_some() {
            return None;
        }
        state.departed.get(txid).copied()
    }
}

/// Those who listen. There is nothing before somebody does, because a laboratory has thousands of nodes.
#[derive(Default)]
pub(super) struct PoolListeners(Mutex<Listeners>);

#[derive(Default)]
enum Listeners {
    #[default]
    Nobody,
    Some(broadcast::Sender<PoolEvent>),
    Ended,
}

impl PoolListeners {
    /// All that comes from now on. It ends at once where the writer has.
    pub fn listen(&self) -> broadcast::Receiver<PoolEvent> {
        let mut listeners = self.0.lock();
        match &*listeners {
            Listeners::Some(sender) => sender.subscribe(),
            // The other end is gone with this.
            Listeners::Ended => broadcast::channel(1).1,
            Listeners::Nobody => {
                let (sender, receiver) = broadcast::channel(POOL_EVENTS_MAX);
                *listeners = Listeners::Some(sender);
                receiver
            }
        }
    }

    /// Whether anybody does.
    pub fn are_there(&self) -> bool {
        matches!(&*self.0.lock(), Listeners::Some(sender) if sender.receiver_count() > 0)
    }

    /// Tells them.
    pub fn tell(&self, events: Vec<PoolEvent>) {
        if let Listeners::Some(sender) = &*self.0.lock() {
            for event in events {
                // Whoever listened may have gone away just now.
                let _ = sender.send(event);
            }
        }
    }

    /// Nothing more will come.
    pub fn end(&self) {
        *self.0.lock() = Listeners::Ended;
    }
}
