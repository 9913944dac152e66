//! Paying two with the same money.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::villain::{Mischief, hand_over, one};
use crate::lab::Actor;
use crate::lab::clock::SECOND;
use crate::lab::world::Stage;
use crate::protocol::{Message, PeerId};
use crate::types::{Transaction, TxHash, Txid};

/// Where its own money goes.
const SPENDER: u32 = 5_000_000;
const AMOUNT: u64 = 1_000_000;
const FEE: u64 = 20_000;

/// Two payments of the same money: to somebody, and to itself.
pub type Spent = (Txid, Txid);

/// Pays somebody to some nodes and itself to the others, at the same moment.
pub struct DoubleSpender {
    /// A node whose accounts it reads.
    model: usize,
    kept: BTreeMap<TxHash, Transaction>,
    spent: Rc<RefCell<Vec<Spent>>>,
}

impl DoubleSpender {
    /// One that takes the money of one of the people after the other, whose keys it has.
    pub fn new(model: usize) -> Self {
        Self { model, kept: BTreeMap::new(), spent: Rc::default() }
    }

    /// What it paid twice, for whoever looks on.
    pub fn spent(&self) -> Rc<RefCell<Vec<Spent>>> {
        Rc::clone(&self.spent)
    }
}

impl Mischief for DoubleSpender {
    fn period(&self) -> u64 {
        20 * SECOND
    }

    fn act(&mut self, stage: &mut Stage<'_>, peers: &[PeerId]) {
        let (params, people) = (stage.ground.params(), &stage.ground.people);
        let at = self.spent.borrow().len() % people.len();
        let (person, merchant) = (&people[at], &people[(at + 1) % people.len()]);
        let pending = stage.node(self.model).map(|node| node.reader().pending(&person.address()));
        let Some(Ok((nonce, _))) = pending else { return };
        let paid = person.pay(params, nonce.0, merchant, AMOUNT, FEE);
        let back = person.pay(params, nonce.0, &Actor::new(SPENDER), AMOUNT, FEE);
        self.spent.borrow_mut().push((paid.body.txid(), back.body.txid()));
        for (number, peer) in peers.iter().enumerate() {
            let transaction = if number % 2 == 0 { &paid } else { &back };
            stage.send(*peer, &Message::Offer(one(transaction.hash())));
        }
        for transaction in [paid, back] {
            self.kept.insert(transaction.hash(), transaction);
        }
    }

    fn heard(&mut self, stage: &mut Stage<'_>, peer: PeerId, message: &Message) {
        hand_over(stage, peer, message, &self.kept);
    }
}
