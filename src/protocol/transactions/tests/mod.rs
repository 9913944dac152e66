//! Relay of transactions, rule by rule.

mod asking;
mod chance;
mod hostile;
mod telling;

use super::Transactions;
use super::source::{ALONE_TIMES, IN_FLIGHT_MAX, OTHERS_MAX, TIMEOUTS_MAX, WAITING_MAX};
use crate::consensus::Blame;
use crate::ledger::MapSeed;
use crate::protocol::conduct::{Acts, Offence};
use crate::protocol::scene::{Pool, asked, at, hashes, offers, submitted, transaction};
use crate::protocol::{HASHES_MAX, JudgedTransaction, Known, Message, Output, PeerId, Side};
use crate::types::{Transaction, TxHash};

const A: PeerId = PeerId(1);
const B: PeerId = PeerId(2);
const C: PeerId = PeerId(3);
/// How long an answer may take where these tests play.
const TIMEOUT: u64 = 2000;

/// A node in a lab, as far as transactions go.
struct Stage {
    machine: Transactions,
    pool: Pool,
    millis: u64,
}

impl Stage {
    /// One with these peers, all of which it dialed, and an empty pool.
    fn with(peers: &[PeerId]) -> Self {
        Self::with_keys(MapSeed([1, 2, 3, 4]), peers)
    }

    fn with_keys(keys: MapSeed, peers: &[PeerId]) -> Self {
        let machine = Transactions::new(true, keys, [5; 32]);
        let mut stage = Self { machine, pool: Pool::default(), millis: 0 };
        for peer in peers {
            stage.machine.connected(*peer, Side::Dialer, &mut Acts::default());
        }
        // The first would be told of the pool.
        assert!(stage.later(0).outputs.is_empty());
        stage
    }

    fn acts(&mut self, act: impl FnOnce(&mut Self, &mut Acts)) -> Acts {
        let mut acts = Acts::default();
        act(self, &mut acts);
        acts
    }

    fn offered(&mut self, peer: PeerId, hashes: &[TxHash]) -> Acts {
        self.acts(|stage, acts| {
            stage.machine.offered(at(stage.millis), peer, hashes, &stage.pool, acts);
        })
    }

    fn received(&mut self, peer: PeerId, transactions: &[Transaction]) -> Acts {
        self.acts(|stage, acts| {
            stage.machine.received(at(stage.millis), peer, transactions.to_vec(), acts);
        })
    }

    fn judged(&mut self, peer: PeerId, hashes: &[TxHash], judged: &JudgedTransaction) -> Acts {
        let judged: Vec<_> = hashes.iter().map(|hash| (*hash, judged.clone())).collect();
        self.acts(|stage, acts| stage.machine.judged(at(stage.millis), peer, &judged, acts))
    }

    /// The node lets these in; what comes back.
    fn admitted(&mut self, hashes: &[TxHash]) -> Vec<TxHash> {
        self.pool.0.extend(hashes);
        self.machine.admitted(at(self.millis), hashes, &mut Acts::default())
    }

    fn disconnected(&mut self, peer: PeerId) -> Acts {
        self.acts(|stage, acts| stage.machine.disconnected(at(stage.millis), peer, acts))
    }

    fn pool_asked(&mut self, peer: PeerId) -> Acts {
        self.acts(|stage, acts| stage.machine.pool_asked(at(stage.millis), peer, &stage.pool, acts))
    }

    /// Time goes on, and it is woken.
    fn later(&mut self, millis: u64) -> Acts {
        self.millis += millis;
        self.acts(|stage, acts| stage.machine.woken(at(stage.millis), &stage.pool, &|_| false, acts))
    }
}

/// Some transactions, and what they are called.
fn some(count: u64) -> (Vec<Transaction>, Vec<TxHash>) {
    let transactions: Vec<Transaction> = (0..count).map(transaction).collect();
    let hashes = transactions.iter().map(Transaction::hash).collect();
    (transactions, hashes)
}

fn refused(blame: Blame) -> JudgedTransaction {
    JudgedTransaction::Refused { blame, reason: "it is bad".to_owned() }
}
