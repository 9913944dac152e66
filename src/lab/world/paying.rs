//! People who pay each other, through the nodes that they trust.

use std::collections::HashMap;

use super::node::Party;
use super::work::Job;
use super::{Event, World};
use crate::lab::chance::wait;
use crate::lab::clock::SECOND;
use crate::lab::people::Actor;
use crate::node::TransactionVerdict;
use crate::types::{Address, Height, Nonce, Transaction, TxHash};

/// What somebody pays, in pebbles, and as a fee: enough to be mined.
const AMOUNT: u64 = 10_000;
const FEE: u64 = 10_000;
/// Of so many payments one goes to somebody who never had anything.
const PAYS_STRANGERS: u64 = 8;
/// Those have these numbers, and above.
const FIRST_STRANGER: u32 = 10_000_000;

/// People who pay.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// Payments in a second, of all together.
    pub rate: f64,
    /// The nodes through which they pay; each has one of them.
    pub nodes: Vec<usize>,
    /// What was paid, and what became of it.
    pub paid: Vec<Paid>,
    /// Whether they do all that can be done with money, and whether some of them pay crowds.
    pub(super) is_varied: bool,
    pub(super) pay_crowds: bool,
    by_hash: HashMap<TxHash, usize>,
    /// Who waits for an answer, from which run of a node, and pays nothing else meanwhile: it would have the same nonce.
    waiting: HashMap<Address, (usize, u32)>,
    /// Payments that a node did not take.
    pub refused: u64,
    /// Which drawing counts.
    epoch: u32,
}

/// A payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paid {
    /// What machines call it.
    pub hash: TxHash,
    /// Whose it is.
    pub sender: Address,
    /// Its number among its sender's.
    pub nonce: Nonce,
    /// The last block that it may stand in.
    pub expiry: Option<Height>,
    /// When it was brought before a node.
    pub at: u64,
    /// Which node.
    pub node: usize,
    /// When that node said that it waits for a block.
    pub admitted: Option<u64>,
    /// The tip's height there at that time.
    pub height: Height,
}

impl World {
    /// Lets people pay each other so often in a second from now on, through these nodes.
    pub fn set_users(&mut self, rate: f64, nodes: Vec<usize>) {
        let users = self.users.get_or_insert_default();
        (users.rate, users.nodes) = (rate, nodes);
        // What was drawn for another rate counts no more.
        users.epoch += 1;
        self.draw_payment();
    }

    /// The people who pay.
    pub fn users(&self) -> Option<&Users> {
        self.users.as_ref()
    }

    /// Draws when somebody pays next, as long as anybody does.
    fn draw_payment(&mut self) {
        let Some(Users { rate, epoch, .. }) = self.users else { return };
        if rate > 0.0 {
            let wait = wait(&mut self.fate, SECOND as f64 / rate) as u64;
            self.at(self.micros().saturating_add(wait), Event::Pay(epoch));
        }
    }

    pub(super) fn pay(&mut self, epoch: u32) {
        let Some(users) = self.users.as_ref().filter(|users| users.epoch == epoch) else { return };
        if !users.nodes.is_empty() {
            let payer = self.fate.place(self.ground.people.len());
            let node = users.nodes[payer % users.nodes.len()];
            if let Some(transaction) = self.payment(payer, node) {
                self.bring_payment(node, transaction);
            }
        }
        self.draw_payment();
    }

    /// Somebody's next payment to somebody, as a wallet makes it that asks this node; nothing where the node does not run.
    fn payment(&mut self, payer: usize, node: usize) -> Option<Transaction> {
        if self.users.as_ref().is_some_and(|users| users.is_varied) {
            let varied = self.varied_payment(payer, node)?;
            return (!self.awaits_answer(node, &varied.body.policy.address())).then_some(varied);
        }
        let payee = self.fate.place(self.ground.people.len());
        let fresh = self.fate.below(PAYS_STRANGERS) == 0;
        let stranger = Actor::new(FIRST_STRANGER + self.fate.below(1 << 20) as u32);
        let more = self.fate.below(AMOUNT);
        if self.waits(payer, node) {
            return None;
        }
        let Party::Node(node) = &self.parties[node] else { return None };
        let (from, known) = (&self.ground.people[payer], &self.ground.people[payee]);
        let to = if fresh { &stranger } else { known };
        let (nonce, _) = node.handle()?.reader().pending(&from.address()).ok()?;
        Some(from.pay(self.ground.params(), nonce.0, to, AMOUNT + more, FEE + more))
    }

    /// Whether somebody waits for what this run of a node says to their last payment.
    fn awaits_answer(&self, node: usize, sender: &Address) -> bool {
        let run = self.parties[node].run();
        self.users.as_ref().is_some_and(|users| users.waiting.get(sender) == Some(&(node, run)))
    }

    /// Lets somebody pay somebody through this node now, and says whether anybody could: nobody can where it does not run, or
    /// where all whose wallets are there wait for an answer.
    pub fn pay_through(&mut self, node: usize) -> bool {
        // Who has their wallet elsewhere would count their payments from what that node knows of.
        let users = self.users.as_ref().filter(|users| !users.nodes.is_empty());
        let places = users.map_or(1, |users| users.nodes.len());
        let place = users.and_then(|users| users.nodes.iter().position(|other| *other == node)).unwrap_or(0);
        let people = (self.ground.people.len().saturating_sub(place)).div_ceil(places);
        if people == 0 {
            return false;
        }
        let first = self.fate.place(people);
        let mut payers = (first..people).chain(0..first).map(|payer| place + places * payer);
        let Some(payer) = payers.find(|payer| !self.waits(*payer, node)) else { return false };
        let Some(transaction) = self.payment(payer, node) else { return false };
        self.bring_payment(node, transaction);
        true
    }

    /// The same of one of the people.
    fn waits(&self, payer: usize, node: usize) -> bool {
        // Whose address it is takes long to find out.
        self.users.as_ref().is_some_and(|users| !users.waiting.is_empty())
            && self.awaits_answer(node, &self.ground.people[payer].address())
    }

    /// Brings a transaction before a node, as a wallet does.
    pub fn bring_payment(&mut self, node: usize, transaction: Transaction) {
        let (hash, at) = (transaction.hash(), self.micros());
        let height = self.node(node).handle().map_or(Height::GENESIS, |handle| handle.reader().tip().height);
        let run = self.parties[node].run();
        let users = self.users.get_or_insert_default();
        users.by_hash.insert(hash, users.paid.len());
        users.waiting.insert(transaction.body.policy.address(), (node, run));
        let (sender, nonce) = (transaction.body.policy.address(), transaction.body.nonce);
        let expiry = transaction.body.expiry;
        users.paid.push(Paid { hash, sender, nonce, expiry, at, node, admitted: None, height });
        self.bring(node, Job::Transactions(None, vec![(hash, transaction)]));
    }

    pub(super) fn user_told(&mut self, hash: &TxHash, verdict: &TransactionVerdict) {
        let now = self.clock.micros();
        let Some(users) = &mut self.users else { return };
        let Some(at) = users.by_hash.get(hash) else { return };
        users.waiting.remove(&users.paid[*at].sender);
        match verdict {
            Ok(_) => users.paid[*at].admitted = Some(now),
            Err(_) => users.refused += 1,
        }
    }
}
