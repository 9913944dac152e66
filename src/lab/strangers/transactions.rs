//! Transactions that nobody can take.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;

use super::villain::{Mischief, hand_over, tell};
use crate::codec::List;
use crate::lab::Actor;
use crate::lab::world::Stage;
use crate::protocol::{Message, PeerId};
use crate::types::{Nonce, Transaction, TxHash};

/// Transactions that can still be asked for.
const KEPT_MAX: usize = 2_000;
/// People of these numbers and above have nothing.
const FIRST_POOR: u32 = 4_000_000;
const AMOUNT: u64 = 1_000;
const FEE: u64 = 20_000;

/// What is wrong with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionFlaw {
    /// They are signed by another.
    Signature,
    /// They leave out nonces.
    NonceGap,
    /// Whoever pays has nothing.
    NoMoney,
    /// They were made long ago, as their nonces say.
    OldNonce,
    /// They are for another chain.
    OtherChain,
    /// What is sent is no transaction.
    Garbage,
}

/// Offers transactions without end that nobody can take, and hands them over.
pub struct InvalidTransactions {
    flaw: TransactionFlaw,
    /// How many each time, to each.
    count: usize,
    /// A node whose accounts it reads.
    model: usize,
    made: u32,
    kept: BTreeMap<TxHash, Transaction>,
    order: VecDeque<TxHash>,
}

impl InvalidTransactions {
    /// So many each time.
    pub fn new(flaw: TransactionFlaw, count: usize, model: usize) -> Self {
        Self { flaw, count, model, made: 0, kept: BTreeMap::new(), order: VecDeque::new() }
    }

    fn make(&mut self, stage: &mut Stage<'_>) -> Option<Transaction> {
        let (params, people) = (stage.ground.params(), &stage.ground.people);
        let at = stage.draws.place(people.len());
        let (person, other) = (&people[at], &people[(at + 1) % people.len()]);
        let (nonce, _) = stage.node(self.model)?.reader().pending(&person.address()).ok()?;
        self.made += 1;
        let amount = AMOUNT + u64::from(self.made);
        let mut body = person.payment(params, nonce.0, other.address(), amount, FEE);
        Some(match self.flaw {
            TransactionFlaw::Signature | TransactionFlaw::Garbage => other.sign(params, body),
            TransactionFlaw::NonceGap => {
                body.nonce = Nonce(nonce.0 + 2 + u64::from(self.made));
                person.sign(params, body)
            }
            TransactionFlaw::NoMoney => Actor::new(FIRST_POOR + self.made).pay(params, 0, other, amount, FEE),
            TransactionFlaw::OldNonce => {
                body.nonce = Nonce(0);
                person.sign(params, body)
            }
            TransactionFlaw::OtherChain => {
                body.chain.0[0] ^= 1;
                person.sign(params, body)
            }
        })
    }
}

impl Mischief for InvalidTransactions {
    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        if self.flaw == TransactionFlaw::Garbage {
            let mut bytes = vec![13];
            (0..30).for_each(|_| bytes.extend(stage.draws.bytes()));
            peers.iter().for_each(|peer| stage.send_bytes(*peer, &bytes));
            return;
        }
        let mut hashes = Vec::new();
        for _ in 0..self.count {
            let Some(transaction) = self.make(stage) else { return };
            let hash = transaction.hash();
            if self.kept.insert(hash, transaction).is_none() {
                self.order.push_back(hash);
            }
            if self.order.len() > KEPT_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.kept.remove(&oldest);
            }
            hashes.push(hash);
        }
        if let Ok(hashes) = List::new(hashes) {
            tell(stage, peers, &Message::Offer(hashes));
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        hand_over(stage, peer, message, &self.kept);
    }
}
