//! The background audit: everything added up and hashed again, a little at a time, beside whatever else goes on.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::shared::Shared;
use crate::ledger::{Entry, StateKey, audit_entries};

/// Pauses between slices, so that an audit takes no more than a small part of a core.
const PAUSE: Duration = Duration::from_millis(2);

/// Audits now and then, until the node ends.
pub(super) fn run(shared: &Shared, every: Duration, ended: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(every) {
        audit(shared, ended);
    }
}

/// One audit. A tip that is forgotten while it is under way is left alone: the next one may last.
fn audit(shared: &Shared, ended: &Receiver<()>) {
    let tip = shared.state.read().tip;
    let mut entries: Vec<(StateKey, Entry)> = Vec::new();
    for slice in 0..=u8::MAX {
        let state = shared.state.read();
        let Some(ledger) = state.ledger.at(tip.moment) else { return };
        entries.extend(ledger.slice(slice));
        drop(state);
        if !matches!(ended.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
    match audit_entries(&shared.genesis, entries, &tip.state) {
        Ok(_) => shared.health.audited(),
        Err(error) => shared.health.alarm(&format!("audit at height {}: {error}", tip.height)),
    }
}
