use cairn::node::{BlockRefused, TransactionRefused, Verdict};
use cairn::testkit::remine;
use cairn::types::StateRoot;

use super::{Prepared, genesis, recover, start, submit_all};

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

#[test]
fn block_that_the_ledger_refuses_costs_the_database_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = Prepared::get();
    let mut broken = prepared.blocks[5].clone();
    broken.commitments.state = StateRoot::from_bytes([9; 32]);
    remine(&mut broken, genesis().params());
    let node = start(folder.path()).unwrap();
    submit_all(&node, &prepared.blocks[..5]);
    let refused = pollster::block_on(node.handle().submit_block(broken.clone())).wait();
    assert!(matches!(refused, Err(BlockRefused::Ledger(_))), "{refused:?}");
    submit_all(&node, &prepared.blocks[5..10]);
    node.stop();
    let recovered = recover(folder.path()).unwrap();
    assert_eq!(recovered.notes, [""; 0]);
    assert_eq!(recovered.chain.tip().hash, prepared.blocks[9].header.hash());
    drop(recovered);
    let node = start(folder.path()).unwrap();
    let again = pollster::block_on(node.handle().submit_block(broken)).wait();
    assert!(!matches!(again, Ok(Verdict::Followed { .. })), "{again:?}");
    assert_eq!(node.handle().reader().tip().hash, prepared.blocks[9].header.hash());
}
