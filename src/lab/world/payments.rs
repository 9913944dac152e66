//! What people pay who do all that can be done with money: several at once, words, contracts, what they mined.

use super::World;
use super::mining::FIRST_MINER;
use super::node::Party;
use crate::codec::List;
use crate::crypto::sha256;
use crate::lab::people::Actor;
use crate::node::Reader;
use crate::types::{Action, Address, Amount, Body, Height, Note, Policy, Reference, Transaction, Witness};

/// What is paid and as a fee, in pebbles: from so much to twice as much.
const AMOUNT: u64 = 10_000;
const FEE: u64 = 10_000;
/// What a contract is given, so that some payments can be made from it.
const FUNDS: u64 = 1_000_000;
/// Payees at once of those who pay many, and of those who pay as many as fit.
const PAYEES_MAX: usize = 6;
const CROWD: usize = 200;
/// Blocks within which a payment that expires is mined, or never.
const EXPIRES_WITHIN: u64 = 40;
/// Of so many payments one goes to somebody who never had anything.
const PAYS_STRANGERS: u64 = 8;
/// Those have these numbers, and above.
const FIRST_STRANGER: u32 = 10_000_000;
/// Some contracts cannot be used before this height, and above.
const LOCKED_UNTIL: u32 = 5;

/// Somebody whose account is not a lone key's: who has to agree, and what they show.
struct Contract {
    policy: Policy,
    choice: u16,
    signers: Vec<Actor>,
    preimages: Vec<[u8; 32]>,
}

impl World {
    /// Lets people do all that can be done with money from now on; some of them pay crowds, where that is said.
    pub fn vary_payments(&mut self, pay_crowds: bool) {
        let users = self.users.get_or_insert_default();
        (users.is_varied, users.pay_crowds) = (true, pay_crowds);
    }

    /// Something that somebody does with money through this node; nothing where it does not run, or there is none.
    pub(super) fn varied_payment(&mut self, payer: usize, node: usize) -> Option<Transaction> {
        let Party::Node(party) = &self.parties[node] else { return None };
        let reader = party.handle()?.reader();
        let kind = self.fate.below(12);
        match kind {
            0 | 1 => self.pay_by_contract(payer, &reader),
            2 => self.pay_what_was_mined(node, &reader),
            _ => {
                let from = self.ground.people[payer].clone();
                let actions = match kind {
                    3 | 4 => self.several(),
                    5 => vec![self.words()],
                    6 | 7 => vec![fund(&self.contract(payer))],
                    _ => vec![self.one_payment()],
                };
                let expires = (kind == 8).then(|| 2 + self.fate.below(EXPIRES_WITHIN) as u32);
                let mut body = self.body(from.policy(), &reader, actions)?;
                body.expiry = expires.map(|blocks| Height(reader.tip().height.0 + blocks));
                Some(from.sign(self.ground.params(), body))
            }
        }
    }

    /// A body of somebody's next transaction; its fee differs.
    fn body(&mut self, policy: Policy, reader: &Reader, actions: Vec<Action>) -> Option<Body> {
        let (nonce, _) = reader.pending(&policy.address()).ok()?;
        let fee = FEE + self.fate.below(FEE);
        Some(Body {
            chain: self.ground.params().chain.tag(),
            policy,
            nonce,
            fee: Amount::from_pebbles(fee),
            expiry: None,
            actions: List::new(actions).ok()?,
        })
    }

    fn payee(&mut self) -> Address {
        let known = self.fate.place(self.ground.people.len());
        let stranger = FIRST_STRANGER + self.fate.below(1 << 20) as u32;
        match self.fate.below(PAYS_STRANGERS) {
            0 => Actor::new(stranger).address(),
            _ => self.ground.people[known].address(),
        }
    }

    fn reference(&mut self) -> Reference {
        let length = self.fate.place(33);
        Reference::new(self.fate.bytes()[..length].to_vec()).unwrap_or_default()
    }

    fn one_payment(&mut self) -> Action {
        let (to, amount) = (self.payee(), AMOUNT + self.fate.below(AMOUNT));
        Action::Pay { to, amount: Amount::from_pebbles(amount), reference: self.reference() }
    }

    fn words(&mut self) -> Action {
        let length = self.fate.place(257);
        let word = self.fate.any() as u8;
        Action::Note(Note::new(vec![word; length]).unwrap_or_default())
    }

    /// Several payments, and something to say.
    fn several(&mut self) -> Vec<Action> {
        let is_crowd = self.users.as_ref().is_some_and(|users| users.pay_crowds);
        let count = if is_crowd { CROWD } else { 2 + self.fate.place(PAYEES_MAX - 1) };
        let people = self.ground.people.len();
        let payment = |world: &mut Self, at: usize| match is_crowd {
            // Those who own something, again and again: as many strangers would cost more than a lot.
            true => Action::Pay {
                to: world.ground.people[at % people].address(),
                amount: Amount::from_pebbles(1),
                reference: world.reference(),
            },
            false => world.one_payment(),
        };
        let mut actions: Vec<Action> = (0..count).map(|at| payment(self, at)).collect();
        actions.insert(self.fate.place(count), self.words());
        actions
    }

    /// What somebody has who is not alone in it.
    fn contract(&self, payer: usize) -> Contract {
        let person = |more: usize| self.ground.people[(payer + more) % self.ground.people.len()].clone();
        let first = person(0);
        let secret = sha256(&first.address().as_bytes()[..]);
        let (children, choice, signers, preimages) = match payer % 3 {
            0 => {
                let keys = (0..3).map(|more| person(more).policy()).collect();
                (keys, [0b011, 0b101, 0b110][payer / 3 % 3], (0..3).map(person).collect(), Vec::new())
            }
            1 => {
                let lock = Policy::After(Height(LOCKED_UNTIL + payer as u32));
                (vec![first.policy(), lock], 0b11, vec![first], Vec::new())
            }
            _ => {
                let hash = Policy::Preimage(sha256(&secret));
                (vec![hash, first.policy()], 0b11, vec![first], vec![secret])
            }
        };
        let policy = Policy::threshold(2, children).unwrap_or_else(|_| person(0).policy());
        let chosen = |at: &usize| signers.len() == 1 || choice & (1 << at) != 0;
        let signers = (0..signers.len()).filter(chosen).map(|at| signers[at].clone()).collect();
        Contract { policy, choice, signers, preimages }
    }

    /// Pays out of what several have together, or all of it.
    fn pay_by_contract(&mut self, payer: usize, reader: &Reader) -> Option<Transaction> {
        let contract = self.contract(payer);
        let action = self.out_of(&contract.policy, payer, reader)?;
        let body = self.body(contract.policy, reader, vec![action])?;
        let message = body.txid().signing_message(&self.ground.params().chain);
        let signatures = contract.signers.iter().map(|signer| signer.secret().sign(&message)).collect();
        let witness = Witness {
            choices: List::new(vec![contract.choice]).ok()?,
            signatures: List::new(signatures).ok()?,
            preimages: List::new(contract.preimages).ok()?,
        };
        Some(Transaction { body, witness })
    }

    /// Pays out of what was earned by mining on this node, or all of it.
    fn pay_what_was_mined(&mut self, node: usize, reader: &Reader) -> Option<Transaction> {
        let miners = self.node(node).miners.clone();
        let miner = *miners.get(self.fate.place(miners.len().max(1)))?;
        let from = Actor::new(FIRST_MINER + miner as u32);
        let payee = self.fate.place(self.ground.people.len());
        let action = self.out_of(&from.policy(), payee, reader)?;
        let body = self.body(from.policy(), reader, vec![action])?;
        Some(from.sign(self.ground.params(), body))
    }

    /// A payment of some that is there, or of all of it back to one of the people; nothing where there is not enough.
    fn out_of(&mut self, policy: &Policy, owner: usize, reader: &Reader) -> Option<Action> {
        let account = reader.account(&policy.address()).ok().flatten()?;
        if account.balance.pebbles() < 2 * (AMOUNT + FEE) {
            return None;
        }
        if self.fate.below(4) > 0 {
            return Some(self.one_payment());
        }
        Some(Action::PayAll { to: self.ground.people[owner].address(), reference: self.reference() })
    }
}

/// Money for a contract.
fn fund(contract: &Contract) -> Action {
    let (to, amount) = (contract.policy.address(), Amount::from_pebbles(FUNDS));
    Action::Pay { to, amount, reference: Reference::default() }
}
