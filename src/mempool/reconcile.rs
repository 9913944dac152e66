//! Following the chain: what a new tip means for all that waits.

use std::collections::HashSet;
use std::sync::Arc;

use super::admit::Terms;
use super::depart::{Ripple, Why};
use super::{AdmitError, Departure, Mempool};
use crate::consensus::{CheckedBlock, CheckedTransaction, Spend, Untimely};
use crate::ledger::View;
use crate::types::{Height, TxHash};

/// How the chain changed since the pool was last reconciled.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// How many blocks were taken back. Where it is more than none, every transaction is priced anew: accounts may
    /// have vanished, and with them the money of anybody.
    pub disconnected: usize,
    /// The transactions of those blocks, oldest first.
    pub returned: Vec<Arc<CheckedTransaction>>,
    /// The blocks that were applied, lowest first.
    pub connected: &'a [&'a CheckedBlock],
}

/// What a new tip led to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reconciled {
    /// What was here and has been mined.
    pub mined: Vec<TxHash>,
    /// What came back from the abandoned branch.
    pub returned: Vec<TxHash>,
    /// What waited for an earlier nonce or for money and is ready now.
    pub promoted: Vec<TxHash>,
    /// What left without being mined, or could not come back; see [`Why`].
    pub departed: Vec<Departure>,
}

/// How often those that lacked money are tried again after a reorganization, as long as that helps some.
///
/// # Security
/// Whoever pays and spends in an order that no longer holds could make us try for as long as the chain of payments is.
const ROUNDS_MAX: usize = 4;

/// A transaction that wants to be let in again.
struct Candidate {
    transaction: Arc<CheckedTransaction>,
    admitted_seconds: u64,
    /// Whether it comes from the abandoned branch.
    returned: bool,
}

impl Mempool {
    /// Follows the chain to a new tip, at which `ledger` stands already. Everything ready is valid in a block at
    /// `next_height` afterwards.
    ///
    /// After a reorganization what comes back goes before what was here: it was valid on some branch in that order, and
    /// later nonces build on it. Where both want one nonce the usual rule of replacement decides. Everything else is
    /// let in again in its old order.
    pub fn reconcile(
        &mut self,
        change: Change<'_>,
        ledger: &impl View,
        next_height: Height,
        now_seconds: u64,
    ) -> Reconciled {
        let mut ripple = Ripple::default();
        let mut reconciled = Reconciled::default();
        self.rejections.tip_moved();
        change.connected.iter().for_each(|block| self.recent.push(block, &self.params));
        if change.disconnected > 0 || !change.returned.is_empty() {
            let terms = Terms { ledger, next_height, now_seconds, bounded: false };
            self.rebuild(change, &terms, &mut reconciled, &mut ripple);
        } else {
            for spend in change.connected.iter().flat_map(|block| block.spends()) {
                self.confirm(&spend, &mut reconciled.mined, &mut ripple);
            }
        }
        self.settle(ledger, &mut ripple);
        self.expire_into(next_height, now_seconds, &mut ripple);
        self.settle(ledger, &mut ripple);
        self.trim(now_seconds, &mut ripple);
        self.settle(ledger, &mut ripple);
        self.give_back();
        reconciled.returned.retain(|hash| self.get(hash).is_some());
        reconciled.promoted = self.still_ready(ripple.promoted);
        reconciled.departed.append(&mut ripple.departed);
        reconciled
    }

    /// A transaction was mined, by whatever way it came to the miner: it and all of its sender's up to its nonce leave.
    fn confirm(&mut self, spend: &Spend<'_>, mined: &mut Vec<TxHash>, ripple: &mut Ripple) {
        let (facts, nonce) = (spend.facts(), spend.body().nonce);
        while let Some(queue) = self.queues.get(&facts.sender) {
            let waiting = queue.waiting.first_key_value().map(|(first, _)| *first);
            let slot = if queue.ready.front().is_some_and(|slot| slot.entry.nonce() <= nonce) {
                self.take_first(&facts.sender, &mut ripple.touched)
            } else if let Some(first) = waiting.filter(|first| *first <= nonce) {
                self.take_waiting(&facts.sender, first)
            } else {
                ripple.touched.insert(facts.sender);
                break;
            };
            match slot {
                Some(slot) if slot.entry.facts().hash == facts.hash => mined.push(facts.hash),
                Some(slot) => ripple.depart(&slot.entry, Why::Outdated),
                None => {}
            }
        }
        for account in spend.accounts().skip(1) {
            if self.queues.contains_key(account) {
                ripple.touched.insert(*account);
            }
        }
    }

    /// Lets everything in again, what comes back first.
    fn rebuild<V: View>(
        &mut self,
        change: Change<'_>,
        terms: &Terms<'_, V>,
        reconciled: &mut Reconciled,
        ripple: &mut Ripple,
    ) {
        let spends = change.connected.iter().flat_map(|block| block.spends());
        let mut mined = HashSet::with_hasher(self.seed.hasher());
        mined.extend(spends.map(|spend| spend.facts().hash));
        let (ready, waiting) = self.take_all();
        let mut poor = Vec::new();
        for transaction in change.returned {
            if !mined.contains(&transaction.facts().hash) {
                let candidate =
                    Candidate { transaction, admitted_seconds: terms.now_seconds, returned: true };
                self.again(candidate, terms, reconciled, ripple, &mut poor);
            }
        }
        for entry in ready.into_iter().chain(waiting) {
            let (transaction, admitted_seconds) = (Arc::clone(entry.transaction()), entry.admitted_seconds());
            if mined.contains(&entry.facts().hash) {
                reconciled.mined.push(entry.facts().hash);
            } else {
                let candidate = Candidate { transaction, admitted_seconds, returned: false };
                self.again(candidate, terms, reconciled, ripple, &mut poor);
            }
        }
        self.once_more(poor, terms, reconciled, ripple);
    }

    /// Tries those again that lacked money, now that everything that might pay them is here.
    fn once_more<V: View>(
        &mut self,
        mut poor: Vec<(Candidate, AdmitError)>,
        terms: &Terms<'_, V>,
        reconciled: &mut Reconciled,
        ripple: &mut Ripple,
    ) {
        for _ in 0..ROUNDS_MAX {
            let (before, candidates) = (poor.len(), std::mem::take(&mut poor));
            for (candidate, _) in candidates {
                self.again(candidate, terms, reconciled, ripple, &mut poor);
            }
            if poor.is_empty() || poor.len() == before {
                break;
            }
        }
        for (Candidate { transaction, .. }, error) in poor {
            ripple.departed.push(Departure { transaction, why: Why::Refused(error) });
        }
    }

    /// Lets one transaction in again, or says why not; for want of money it is put aside.
    fn again<V: View>(
        &mut self,
        candidate: Candidate,
        terms: &Terms<'_, V>,
        reconciled: &mut Reconciled,
        ripple: &mut Ripple,
        poor: &mut Vec<(Candidate, AdmitError)>,
    ) {
        let transaction = Arc::clone(&candidate.transaction);
        let hash = transaction.facts().hash;
        let why = match self.place(Arc::clone(&transaction), candidate.admitted_seconds, terms, ripple) {
            Ok(_) => {
                self.settle(terms.ledger, ripple);
                if candidate.returned {
                    reconciled.returned.push(hash);
                }
                return;
            }
            Err(AdmitError::Known) => return,
            Err(
                error @ (AdmitError::Balance { .. } | AdmitError::UnknownSender | AdmitError::NothingLeft),
            ) => return poor.push((candidate, error)),
            Err(AdmitError::OldNonce { .. }) => Why::Outdated,
            Err(AdmitError::Untimely(Untimely::Expired { .. })) => Why::Expired,
            Err(error) => Why::Refused(error),
        };
        ripple.departed.push(Departure { transaction, why });
    }
}
