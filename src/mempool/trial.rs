//! What admission would say, with nothing changed.

use std::sync::Arc;

use super::admit::{Terms, Verdict};
use super::queue::Queue;
use super::{AdmitError, Departure, Mempool, Standing};
use crate::consensus::CheckedTransaction;
use crate::ledger::{StateKey, View};
use crate::types::Height;

/// What letting a transaction in would lead to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trial {
    /// Where it would stand.
    pub standing: Standing,
    /// What would leave: the one it replaces first, then those that count on that one, and what gives way.
    pub departed: Vec<Departure>,
}

impl Mempool {
    /// What [`Mempool::admit`] would answer now. Nothing changes, and nothing is remembered.
    ///
    /// Where others would leave, what leaves because of that is seen on a copy of the pool: of a full one that takes some
    /// tens of milliseconds. Whatever is refused, or harms nobody, costs what admission costs.
    ///
    /// # Errors
    /// The first rule that it does not meet.
    pub fn would_admit(
        &self,
        transaction: &Arc<CheckedTransaction>,
        ledger: &impl View,
        next_height: Height,
        now_seconds: u64,
    ) -> Result<Trial, AdmitError> {
        let terms = Terms { ledger, next_height, now_seconds, bounded: true };
        let price = self.check_alone(transaction, &terms)?;
        let sender = &transaction.facts().sender;
        let key = StateKey::account(sender);
        let fresh = Queue::new(key, ledger.account_at(&key));
        let queue = self.queues.get(sender).unwrap_or(&fresh);
        if !self.is_behind(queue, ledger) {
            let verdict = self.judge(queue, transaction, &price, terms.bounded)?;
            if let Some(standing) = self.harmless(queue, transaction, &verdict) {
                return Ok(Trial { standing, departed: Vec::new() });
            }
        }
        let mut copy = self.clone();
        let admitted = copy.admit(Arc::clone(transaction), ledger, next_height, now_seconds)?;
        Ok(Trial { standing: admitted.standing, departed: admitted.departed })
    }

    /// Where a transaction would stand, if nobody would leave for it.
    fn harmless(
        &self,
        queue: &Queue,
        transaction: &CheckedTransaction,
        verdict: &Verdict,
    ) -> Option<Standing> {
        let (facts, nonce) = (transaction.facts(), transaction.transaction().body.nonce);
        let takes_a_place = verdict.replaces_ready() || queue.waiting.contains_key(&nonce);
        if takes_a_place || self.bytes() + facts.bytes > self.limits.bytes_max {
            return None;
        }
        let has_room = !verdict.waits() || self.has_room_to_wait(&facts.sender, facts.bytes);
        has_room.then(|| verdict.standing(queue))
    }
}
