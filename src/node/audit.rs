//! The background audit: everything added up and hashed again, a little at a time, beside whatever else goes on.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::shared::Shared;
use crate::ledger::{AuditError, Auditing};

/// Pauses between slices, so that an audit takes no more than a small part of a core.
const PAUSE: Duration = Duration::from_millis(2);

/// Audits now and then, until the node ends.
pub(super) fn run(shared: &Shared, every: Duration, ended: &Receiver<()>) {
    let _ending = Ending(shared);
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(every) {
        audit(shared, ended);
    }
}

/// Says so where a fault of ours was the end, after which nothing would be audited any more.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.health.alarm("a fault in the audit; until the next start nothing is audited any more");
        }
    }
}

/// One audit. A tip that is forgotten while it is under way is left alone: the next one may last.
fn audit(shared: &Shared, ended: &Receiver<()>) {
    let tip = shared.state.read().tip;
    let mut auditing = Auditing::new(&shared.genesis);
    let alarm = |error: AuditError| shared.health.alarm(&format!("audit at height {}: {error}", tip.height));
    for slice in 0..=u8::MAX {
        let state = shared.state.read();
        let Some(ledger) = state.ledger.at(tip.moment) else { return };
        let entries = ledger.slice(slice).collect();
        drop(state);
        if let Err(error) = auditing.slice(entries) {
            return alarm(error);
        }
        if !matches!(ended.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
    match auditing.finish(&tip.state) {
        Ok(_) => shared.health.audited(),
        Err(error) => alarm(error),
    }
}
