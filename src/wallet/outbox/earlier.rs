//! What an order would repeat: whoever types the same again may mean the same payment.

use super::Outbox;
use super::sent::Sent;
use std::collections::BTreeSet;

use crate::types::{Action, Address, Nonce, Txid};

/// A transaction that was signed here and does just what is asked for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Earlier<'a> {
    /// It waits for a block, and whoever sent it knows.
    Waits(&'a Sent),
    /// It waits for a block or stands in one, and whoever sent it was never told that: they were cut off or waited no longer, and
    /// do not mean another.
    Unheard(&'a Sent),
    /// It may have been mined, or may yet be: nodes say otherwise, and may be wrong.
    Doubtful {
        /// That one.
        sent: &'a Sent,
        /// What was signed here to take its place, and waits, or was seen in a block.
        instead: Option<&'a Sent>,
    },
}

impl<'a> Earlier<'a> {
    /// That transaction.
    pub fn sent(&self) -> &'a Sent {
        match self {
            Self::Waits(sent) | Self::Unheard(sent) | Self::Doubtful { sent, .. } => sent,
        }
    }
}

impl Outbox {
    /// What an account signed that does just this and could be mined beside a transaction with this nonce, or was, without
    /// anybody having been told. That of which nobody was told comes first; else the last, where there are several.
    ///
    /// # Security
    /// No node's word is enough to have the same signed twice: not that a payment was refused or replaced, not that the account is
    /// beyond it, not that nobody heard of it, and not that another with its nonce stands in a block. Only this is: that what takes
    /// its place has its very nonce; or that somebody was told of one with its nonce that paid just this, and orders it anew.
    pub fn earlier(&self, account: &Address, actions: &[Action], nonce: Nonce) -> Option<Earlier<'_>> {
        let last = |is_meant: &dyn Fn(&&Sent) -> bool| {
            self.sent.iter().rev().filter(|sent| sent.does(account, actions)).find(is_meant)
        };
        // An order with a key is no other's.
        let is_unheard = |sent: &Sent| match sent.is_mined() {
            _ if sent.once.is_some() => false,
            true => !sent.is_closed(),
            false => sent.is_on_its_way() && !sent.is_known(),
        };
        if let Some(sent) = last(&|sent| is_unheard(sent)) {
            return Some(Earlier::Unheard(sent));
        }
        if let Some(sent) = last(&|sent| sent.is_on_its_way()) {
            return Some(Earlier::Waits(sent));
        }
        let sent = last(&|sent| self.is_in_doubt(sent) && sent.nonce() != nonce)?;
        Some(self.doubt(sent))
    }

    /// What was ordered beside this very payment, as far as it came: whoever says that order again means no other.
    ///
    /// # Security
    /// A script says an order until it ends well. One that did not name what it comes beside would pay once each time.
    pub fn made_beside(&self, account: &Address, actions: &[Action], named: &Txid) -> Option<&Sent> {
        let is_same = |sent: &&Sent| sent.does(account, actions);
        // Under whatever fee the one that was named.
        let first = self.find(named);
        let is_named = |sent: &Sent, txid: &Txid| {
            let is_like = |first: &Sent| {
                let of_it = self.find(txid).is_some_and(|other| other.is_of_one_order_with(first));
                of_it && !sent.is_of_one_order_with(first)
            };
            txid == named || first.is_some_and(is_like)
        };
        // Signed again for the same fee, it is the one that was named itself.
        let is_beside = |sent: &&Sent| {
            sent.txid() != named && sent.beside.as_ref().is_some_and(|beside| is_named(sent, beside))
        };
        let ordered = self.sent.iter().filter(is_same).rfind(is_beside)?;
        let of_it = || self.sent.iter().filter(|sent| sent.is_of_one_order_with(ordered));
        let mined = of_it().find(|sent| sent.is_mined());
        Some(mined.or_else(|| of_it().rfind(|sent| sent.is_on_its_way())).unwrap_or(ordered))
    }

    /// What was ordered last in a row of those that each came beside another, from this one on.
    pub fn last_beside<'a>(&'a self, sent: &'a Sent) -> &'a Sent {
        let mut last = sent;
        // As many steps as there can be.
        for _ in 0..self.sent.len() {
            match self.made_beside(last.account(), &last.transaction().body.actions, last.txid()) {
                Some(next) => last = next,
                None => break,
            }
        }
        last
    }

    /// One of which it is not known what became of it, and what may have come of its nonce instead.
    pub fn doubt<'a>(&'a self, sent: &'a Sent) -> Earlier<'a> {
        let instead = self.instead_of(sent).or_else(|| self.mined_instead_of(sent));
        Earlier::Doubtful { sent, instead }
    }

    /// What was signed for the nonce of this one and waits for a block. The last, where there are several.
    pub fn instead_of(&self, sent: &Sent) -> Option<&Sent> {
        self.sent.iter().rev().find(|other| other.excludes(sent) && other.is_on_its_way())
    }

    /// What was signed last for the nonce of this one and waits for a block, or was seen in one, be it this one itself; else this one.
    pub fn stands_for<'a>(&'a self, sent: &'a Sent) -> &'a Sent {
        let stands = |other: &&Sent| other.txid() == sent.txid() || other.excludes(sent);
        let is_there = |other: &&Sent| other.is_on_its_way() || other.is_mined();
        self.sent.iter().rev().filter(stands).find(is_there).unwrap_or(sent)
    }

    /// Whether nothing stands against sending it once more: it is the last for its nonce, nothing else with that stands in a block, and
    /// nobody has paid the same anew instead.
    pub fn may_be_sent(&self, sent: &Sent) -> bool {
        let is_last = self.stands_for(sent).txid() == sent.txid();
        is_last && self.mined_instead_of(sent).is_none() && !sent.is_weighed
    }

    /// What was signed for the nonce of this one and, by a node's word, stands in a block, so that this one never will.
    pub fn mined_instead_of(&self, sent: &Sent) -> Option<&Sent> {
        self.sent.iter().find(|other| other.excludes(sent) && other.is_mined())
    }

    /// Notes that somebody knows of the doubts about this payment, and pays the same once more all the same.
    ///
    /// # Security
    /// Of this one, and of those beside which it was ordered itself. Who ordered others of the same may still mean those.
    pub fn weigh(&mut self, named: &Txid) {
        let known = self.known_to(named);
        self.sent
            .iter_mut()
            .filter(|sent| sent.is_doubtful() && known.contains(sent.txid()))
            .for_each(|sent| sent.is_weighed = true);
    }

    /// What is known to whoever names this payment of an order: all that was signed for it, and for those beside which it was ordered.
    pub fn known_to(&self, named: &Txid) -> BTreeSet<Txid> {
        let (mut known, mut next) = (BTreeSet::new(), self.find(named));
        while let Some(named) = next.filter(|named| !known.contains(named.txid())) {
            let of_it = self.sent.iter().filter(|sent| sent.is_of_one_order_with(named));
            known.extend(of_it.map(|sent| *sent.txid()));
            next = named.beside.and_then(|before| self.find(&before));
        }
        known
    }

    /// Whether what became of it is not known, and nobody was told that just this was paid with its nonce: whichever of both was mined in
    /// truth then, one payment was made, and they know of one. Nor has anybody weighed that whose order was over by then.
    ///
    /// # Security
    /// Where somebody weighed it and paid once more, whoever ordered it may not know, and go on saying it: a third would be paid.
    fn is_in_doubt(&self, sent: &Sent) -> bool {
        let was_paid = |other: &Sent| {
            other.excludes(sent) && other.is_of_one_order_with(sent) && other.is_mined() && other.is_closed()
        };
        sent.is_doubtful() && !(sent.is_weighed && sent.is_over) && !self.sent.iter().any(was_paid)
    }
}
