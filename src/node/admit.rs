//! Letting transactions into the pool, and letting go of those that nobody mines.

use std::sync::Arc;
use std::time::Duration;

use super::fresh::Fresh;
use parking_lot::RwLockWriteGuard;

use super::inbox::CheckedTicket;
use super::pool_events::PoolEvent;
use super::verdict::TransactionRefused;
use super::writer::{Failed, Writer};
use crate::consensus::Facts;
use crate::types::Height;

/// Transactions let in before readers and blocks get a turn.
const ADMITTED_TOGETHER_MAX: usize = 1024;
/// How often the pool is asked what has outlived its time.
pub(super) const EXPIRE_EVERY: Duration = Duration::from_secs(60);

impl Writer {
    /// Lets transactions in. They are written down before anybody is told, so that a kill loses none of them.
    pub(super) fn admit(&mut self) -> Result<(), Failed> {
        let count = self.transactions.len().min(ADMITTED_TOGETHER_MAX);
        if count == 0 {
            return Ok(());
        }
        let mut answers = Vec::with_capacity(count);
        let mut guard = self.shared.state.write();
        let state = &mut *guard;
        let next_height = state.tip.height.next().unwrap_or(Height(u32::MAX));
        let now = self.shared.seconds();
        let (mut let_in, mut events) = (Vec::new(), Vec::new());
        for CheckedTicket { ticket, hash, verdict } in self.transactions.drain(..count) {
            let answer = match (&self.closed, verdict) {
                (Some(closed), _) => Err(closed.clone().into()),
                (None, Err(refused)) => {
                    if let (Some(hash), TransactionRefused::Broken(error)) = (hash, &refused) {
                        state.pool.remember_rejection(hash, *error);
                    }
                    Err(refused)
                }
                (None, Ok(transaction)) => {
                    let admitted =
                        state.pool.admit(Arc::clone(&transaction), &state.ledger, next_height, now);
                    if let Ok(admitted) = &admitted {
                        let Facts { hash, txid, .. } = *transaction.facts();
                        let_in.push(hash);
                        events.push(PoolEvent::Entered { hash, txid });
                        events.extend(state.note_departed(&admitted.departed));
                        self.pool_log.add(&transaction);
                    }
                    admitted.map_err(TransactionRefused::from)
                }
            };
            answers.push((ticket, answer));
        }
        // Readers need not wait for the disk: nobody else changes anything.
        let guard = RwLockWriteGuard::downgrade(guard);
        let written = self.pool_log.write(&guard.pool);
        drop(guard);
        if let Err(failed) = &written {
            let closed = self.close(&failed.0);
            answers.iter_mut().for_each(|(_, answer)| *answer = Err(closed.clone().into()));
        }
        let refused = answers.iter().filter(|(_, answer)| answer.is_err()).count();
        let departed = events.len() - let_in.len();
        self.shared.tallies.count(|tally| {
            tally.entered += let_in.len() as u64;
            tally.turned_away += refused as u64;
            tally.departed += departed as u64;
        });
        if !let_in.is_empty() {
            self.outlets.pool_changed();
            self.outlets.fresh.tell(|| Fresh::Admitted(let_in.into()));
            self.shared.pool_listeners.tell(events);
        }
        answers.into_iter().for_each(|(ticket, answer)| ticket.answer(answer));
        written
    }

    /// Lets go of what waits in the pool for too long, also where no blocks come.
    pub(super) fn expire(&mut self) {
        let now = self.shared.clocks.uptime();
        if now < self.expire_at {
            return;
        }
        self.expire_at = now + EXPIRE_EVERY;
        let mut guard = self.shared.state.write();
        let state = &mut *guard;
        let next_height = state.tip.height.next().unwrap_or(Height(u32::MAX));
        let departed = state.pool.expire(&state.ledger, next_height, self.shared.seconds());
        let events = state.note_departed(&departed);
        drop(guard);
        self.shared.tallies.count(|tally| tally.departed += events.len() as u64);
        if !events.is_empty() {
            self.outlets.pool_changed();
            self.shared.pool_listeners.tell(events);
        }
    }
}
