//! What waits for a block, where its log is damaged.

use std::fs;

use cairn::codec::encode;
use cairn::testkit::{until, within};

use super::folders::flip_bit;
use super::{Prepared, start};

#[test]
fn damage_in_the_log_of_the_pool_costs_no_more_than_what_it_hit() {
    const HIT: usize = 9;
    let folder = tempfile::tempdir().unwrap();
    let waiting = &Prepared::get().waiting;
    let node = start(folder.path()).unwrap();
    for transaction in waiting {
        let pending = within("a place", node.handle().submit_transaction(transaction.clone()));
        within("a verdict", pending.answer()).unwrap();
    }
    node.stop();
    let log = folder.path().join("pool/journal-0000000001");
    let (bytes, hit) = (fs::read(&log).unwrap(), encode(&waiting[HIT]));
    let at = bytes.windows(hit.len()).position(|window| window == hit).unwrap();
    flip_bit(&log, (at as u64 + 40) * 8);

    for _ in 0..2 {
        let node = start(folder.path()).unwrap();
        let reader = node.handle().reader();
        let there = |at: usize| reader.pooled(&waiting[at].hash()).is_some();
        let others = || (0..waiting.len()).filter(|at| *at != HIT).all(there).then_some(());
        until("what was not hit", others);
        assert!(!there(HIT));
        node.stop();
    }
}
