//! Making durable what was done: one sync, then the pool follows, readers see it, and whoever waits is told.

use std::sync::Arc;
use std::time::Duration;

use super::events::NodeEvent;
use super::follower::Published;
use super::fresh::Fresh;
use super::group::Group;
use super::shared::{INDEXED_IN_MEMORY, STEPS_REMEMBERED, Tip};
use super::writer::{Failed, Writer};
use crate::consensus::CheckedBlock;
use crate::mempool::Change;
use crate::storage::Step;
use crate::types::Height;

/// How long after a sync nothing must have followed until it is vouched for.
pub(super) const VOUCH_AFTER: Duration = Duration::from_secs(5);

impl Writer {
    /// Makes durable what was done, and tells everybody.
    pub(super) fn settle(&mut self) -> Result<(), Failed> {
        if self.group.since.is_none() {
            return Ok(());
        }
        self.shared.check_abandoned()?;
        self.store.sync()?;
        self.vouch_at = Some(self.shared.clocks.uptime() + VOUCH_AFTER);
        let (published, some_returned) = self.publish();
        // It ends only after us.
        let _ = self.outlets.follower.send(published);
        if some_returned {
            // They may never have come but in the block that was taken off, and others that were here count on them now.
            self.pool_log.write_anew(&self.shared.state.read().pool)?;
        }
        self.answer();
        self.group = Group::default();
        Ok(())
    }

    /// Takes note of it where another branch is followed now: before readers see that, who then find it.
    fn note_reorganizations(&self) {
        if self.group.abandoned.is_empty() {
            return;
        }
        let steps: Vec<Step> = self.group.steps.iter().map(|(written, _)| written.step).collect();
        let changes = steps.split_inclusive(|step| step.last);
        let mut noted = self.shared.reorganizations.lock();
        changes
            .filter_map(|steps| NodeEvent::of(steps, self.shared.epoch))
            .for_each(|event| noted.note(event));
    }

    /// Readers see what was done, and the pool follows. Whether anything came back to it.
    fn publish(&mut self) -> (Published, bool) {
        self.note_reorganizations();
        let group = &mut self.group;
        let shared = &self.shared;
        // Before anybody is kept out: these may be many.
        let returned = group.returned();
        let (mut has_returned, mut pool_events) = (Vec::new(), Vec::new());
        let mut guard = shared.state.write();
        let state = &mut *guard;
        let height = state.chain.tip().height;
        let blocks: Vec<&CheckedBlock> = group.connected.iter().map(|block| &*block.block).collect();
        let moved = group.disconnected > 0 || !blocks.is_empty();
        if moved {
            let change = Change { disconnected: group.disconnected, returned, connected: &blocks };
            let next_height = height.next().unwrap_or(Height(u32::MAX));
            let reconciled = state.pool.reconcile(change, &state.ledger, next_height, shared.seconds());
            let listens = shared.pool_listeners.are_there();
            pool_events = state.note_reconciled(&reconciled, &blocks, listens);
            shared.tallies.count(|tally| {
                tally.mined += reconciled.mined.len() as u64;
                tally.returned += reconciled.returned.len() as u64;
                tally.departed += reconciled.departed.len() as u64;
            });
            has_returned = reconciled.returned;
        }
        state.contested.extend(group.abandoned.iter().map(|block| block.height()));
        for _ in 0..group.disconnected {
            state.indexed.pop_back();
        }
        for block in &group.connected {
            state.indexed.push_back((block.block.hash(), Arc::clone(&block.index)));
        }
        while state.indexed.len() > INDEXED_IN_MEMORY {
            state.indexed.pop_front();
        }
        let sequence = group.last_sequence().unwrap_or(state.tip.sequence);
        state.tip = Tip::of(&state.chain, &state.ledger, sequence);
        state.ledger.pin(state.tip.moment);
        let ruled_out = group.has_ruled.then(|| state.chain.ruled_out().copied().collect());
        let tip = state.tip;
        let mark = tip.mark(self.store.end());
        drop(guard);

        let mut steps = shared.steps.lock();
        steps.extend(group.steps.iter().map(|(step, _)| *step));
        while steps.len() > STEPS_REMEMBERED {
            steps.pop_front();
        }
        drop(steps);
        // Side branches move nothing that anybody waits for.
        self.outlets.tips.send_if_modified(|told| {
            let moved = told.sequence != tip.sequence;
            *told = tip;
            moved
        });
        if moved {
            self.outlets.pool_changed();
        }
        shared.pool_listeners.tell(pool_events);
        let published = Published {
            arrivals: std::mem::take(&mut group.arrivals),
            ruled_out,
            changes: group.steps.drain(..).map(|(_, changes)| changes).collect(),
            mark,
        };
        let some_returned = !has_returned.is_empty();
        if some_returned {
            self.outlets.fresh.tell(|| Fresh::Returned(has_returned.into()));
        }
        (published, some_returned)
    }

    pub(super) fn answer(&mut self) {
        for (ticket, verdict) in self.group.answers.drain(..) {
            ticket.answer(verdict);
        }
    }
}
