use super::{Prepared, check_against_replay, recover, start, submit_all};

#[test]
fn state_is_taken_from_the_database_and_not_made_again_at_every_start() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = Prepared::get();
    let node = start(folder.path()).unwrap();
    submit_all(&node, &prepared.blocks[..50]);
    node.stop();
    for _ in 0..2 {
        let recovered = recover(folder.path()).unwrap();
        assert_eq!(recovered.notes, [""; 0]);
        check_against_replay(&recovered);
    }
}
