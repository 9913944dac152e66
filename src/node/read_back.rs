//! Reading the pool back after a start: what waited for a block is submitted like anything else, while the node runs.

use std::collections::VecDeque;

use super::handle::NodeHandle;
use super::verdict::TransactionRefused;
use crate::types::Transaction;

/// Transactions read back that are on their way at once: enough for every core, and room is left for those of others.
const TOGETHER_MAX: usize = 4096;

/// Submits what is read back. Whether all of it was answered: not where the node ended before.
pub(super) fn read_back(handle: &NodeHandle, mut kept: impl Iterator<Item = Transaction>) -> bool {
    let mut on_their_way = VecDeque::new();
    loop {
        while on_their_way.len() < TOGETHER_MAX
            && let Some(transaction) = kept.next()
        {
            on_their_way.push_back(pollster::block_on(handle.submit_transaction(transaction)));
        }
        let Some(pending) = on_their_way.pop_front() else { return true };
        if let Err(TransactionRefused::Closed(_)) = pending.wait() {
            return false;
        }
    }
}
