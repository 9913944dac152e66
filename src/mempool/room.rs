//! A full pool: who gives way, and for what price.

use super::depart::{Ripple, Why};
use super::entry::{Price, fee_asked, rate_of};
use super::queue::Queue;
use super::{AdmitError, Mempool};
use crate::consensus::CheckedTransaction;
use crate::types::{Address, Amount};

impl Mempool {
    /// Whose last transactions give way to this one, cheapest first; nobody's while there is room. It takes the place
    /// of `freed` bytes and of whatever waits, and stands at `position` of its sender's queue.
    ///
    /// # Security
    /// Everything is decided before anything leaves: a transaction that outbids some but not enough of the others must
    /// not turn them out on its way to being refused. For the same reason a full pool lends nothing: a transaction
    /// could depend on one that has to give way to it.
    pub(super) fn check_room(
        &self,
        queue: &Queue,
        position: usize,
        transaction: &CheckedTransaction,
        price: &Price,
        freed: usize,
    ) -> Result<Vec<Address>, AdmitError> {
        let wanted = self.bytes() + transaction.facts().bytes - freed;
        let mut short = wanted.saturating_sub(self.limits.bytes_max);
        if short == 0 {
            return Ok(Vec::new());
        }
        let peak = queue.peak_at(position, price);
        if queue.confirmed.is_none() || peak > queue.balance() {
            let balance = queue.confirmed.unwrap_or_default().balance;
            return Err(AdmitError::FullAndUnconfirmed { cost: pebbles(peak), balance });
        }
        short = short.saturating_sub(self.waiting_bytes);
        let (rate, fee) = (rate_of(transaction), transaction.transaction().body.fee);
        let mut victims = Vec::new();
        for (rank, sender) in &self.tails {
            if short == 0 {
                break;
            }
            if *sender == transaction.facts().sender {
                continue;
            }
            if rank.rate >= rate {
                let needed = self.fee_to_outbid(transaction, short, rank.rate);
                return Err(AdmitError::Full { fee, needed });
            }
            short = short.saturating_sub(self.tail_bytes(sender));
            victims.push(*sender);
        }
        if short > 0 {
            return Err(AdmitError::FullOfOwn { own: queue.ready.len() });
        }
        Ok(victims)
    }

    /// What outbids tails of `short` bytes from this rate on.
    fn fee_to_outbid(
        &self,
        transaction: &CheckedTransaction,
        mut short: usize,
        from: super::FeeRate,
    ) -> Amount {
        let others = self.tails.iter().filter(|(_, sender)| **sender != transaction.facts().sender);
        let mut last = from;
        for (rank, sender) in others.skip_while(|(rank, _)| rank.rate < from) {
            if short == 0 {
                break;
            }
            last = rank.rate;
            short = short.saturating_sub(self.tail_bytes(sender));
        }
        fee_asked(transaction, |bytes| last.fee_above(bytes))
    }

    fn tail_bytes(&self, sender: &Address) -> usize {
        let tail = self.queues.get(sender).and_then(|queue| queue.ready.back());
        tail.map_or(0, |slot| slot.entry.facts().bytes)
    }

    /// Makes room for so many bytes: what waits leaves first, then the last transactions of these senders. The floor
    /// rises above what they offered.
    pub(super) fn evict(&mut self, victims: &[Address], room: usize, now_seconds: u64, ripple: &mut Ripple) {
        let bytes_max = self.limits.bytes_max.saturating_sub(room);
        while self.bytes() > bytes_max && self.evict_waiting(ripple) {}
        for sender in victims {
            if self.bytes() > bytes_max {
                self.evict_tail(sender, now_seconds, ripple);
            }
        }
    }

    /// Lets go of the cheapest until all that are left fit: after a reorganization brought more back than fits.
    pub(super) fn trim(&mut self, now_seconds: u64, ripple: &mut Ripple) {
        while self.bytes() > self.limits.bytes_max {
            if !self.evict_waiting(ripple)
                && let Some((_, sender)) = self.tails.first_key_value()
            {
                let sender = *sender;
                self.evict_tail(&sender, now_seconds, ripple);
            }
        }
    }

    fn evict_tail(&mut self, sender: &Address, now_seconds: u64, ripple: &mut Ripple) {
        let Some(queue) = self.queues.get(sender) else { return };
        let Some(last) = queue.ready.back() else { return };
        self.floor.rise_above(last.entry.rate(), now_seconds);
        self.cut(sender, queue.ready.len() - 1, Some(Why::Evicted), ripple);
    }
}

/// A sum that may be more than there can be, for people to read.
pub(super) fn pebbles(sum: u128) -> Amount {
    Amount::from_pebbles(u64::try_from(sum).unwrap_or(u64::MAX))
}
