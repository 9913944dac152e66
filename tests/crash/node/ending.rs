use cairn::node::{BlockRefused, TransactionRefused};

use super::{Prepared, start};

#[test]
fn whoever_submits_after_the_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(folder.path()).unwrap();
    let handle = node.handle();
    node.stop();
    let prepared = Prepared::get();
    let block = pollster::block_on(handle.submit_block(prepared.blocks[0].clone())).wait();
    assert!(matches!(block, Err(BlockRefused::Closed(_))), "{block:?}");
    let pending = handle.submit_transaction(prepared.waiting[0].clone());
    let transaction = pollster::block_on(pending).wait();
    assert!(matches!(transaction, Err(TransactionRefused::Closed(_))), "{transaction:?}");
    assert!(pollster::block_on(handle.groundwork()).is_err());
}
