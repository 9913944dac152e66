//! Who is asked first, and for how long anybody is waited for.

use super::*;

/// So many that we chose, and so many that came to us before.
fn servers(chosen: u64, strangers: u64) -> Servers {
    let mut servers = Servers::new(true);
    for peer in 0..chosen + strangers {
        servers.connected(PeerId(peer), peer >= strangers, Height(0));
    }
    servers
}

#[test]
fn who_was_passed_by_is_asked_after_all_others() {
    let mut servers = servers(4, 0);
    let hash = BlockHash::from_bytes([1; 32]);
    let mut asked = Vec::new();
    while let Some(peer) = servers.free_for(0, 1, &hash, 0).first().copied() {
        asked.push(peer);
        assert!(servers.asked(0, peer, hash));
        servers.gives_up_one(peer, hash);
    }
    assert_eq!(asked, [0, 1, 2, 3].map(PeerId));
    // What comes late counts for whoever sent it.
    assert!(servers.came(0, PeerId(2), &hash));
    assert_eq!(servers.free(0, 1), Some(PeerId(2)));
}

#[test]
fn those_that_we_chose_are_asked_before_a_crowd_that_came_to_us() {
    let mut servers = servers(2, 100);
    let hashes = (0..17).map(|number| BlockHash::from_bytes([number; 32]));
    let mut asked = Vec::new();
    for hash in hashes {
        let peer = servers.free(0, 1).unwrap();
        servers.asked(0, peer, hash);
        asked.push(peer.0);
    }
    // Each has as much to do as the other, and then there are still those who came.
    assert_eq!(asked[..4], [100, 101, 100, 101]);
    assert!(asked[..16].iter().all(|peer| *peer >= 100) && asked[16] < 100, "{asked:?}");
}

#[test]
fn who_showed_the_branch_is_asked_first_and_then_who_has_brought_blocks() {
    let mut servers = servers(3, 3);
    servers.begin(PeerId(5));
    servers.proved(PeerId(4));
    servers.proved(PeerId(2));
    let hash = BlockHash::from_bytes([1; 32]);
    let mut asked = Vec::new();
    while let Some(peer) = servers.free_for(0, 1, &hash, 0).first().copied() {
        asked.push(peer.0);
        servers.asked_too(0, peer, hash);
    }
    assert_eq!(asked, [5, 4, 3, 2, 0, 1]);
}

#[test]
fn block_that_does_not_come_is_asked_of_those_that_we_chose_however_often_they_failed() {
    let mut servers = servers(2, 100);
    let [before, hash] = [1, 2].map(|number| BlockHash::from_bytes([number; 32]));
    for peer in [100, 101].map(PeerId) {
        servers.asked(0, peer, before);
        servers.gives_up_one(peer, before);
    }
    let first = servers.free(0, 1).unwrap();
    assert!(first.0 < 100, "others did not fail");
    servers.asked(0, first, hash);
    assert_eq!(servers.free_for(0, 1, &hash, 0), [PeerId(100)]);
    assert_eq!(servers.free_for(0, 1, &hash, 1), [100, 101].map(PeerId));
    assert_eq!(servers.free_for(0, 1, &hash, 50).len(), HEDGES_MAX, "and never of many at once");
}

#[test]
fn strangers_who_send_nothing_do_not_make_us_wait_longer_for_those_that_we_chose() {
    let mut servers = servers(0, 100);
    let hash = BlockHash::from_bytes([1; 32]);
    let mut millis = 0;
    for _ in 0..10 {
        let peer = servers.free(millis, 1).unwrap();
        servers.asked(millis, peer, hash);
        millis += servers.patience();
        assert_eq!(servers.stalled(millis).len(), 1);
    }
    assert_eq!(servers.patience(), PATIENCE_MAX, "nobody else is there");
    servers.connected(PeerId(100), true, Height(0));
    assert_eq!(servers.patience(), 1_000);
    servers.asked(millis, PeerId(50), hash);
    servers.stalled(millis + 1_000);
    assert_eq!(servers.patience(), 1_000);
    servers.asked(millis, PeerId(100), hash);
    servers.stalled(millis + 1_000);
    assert_eq!(servers.patience(), 2_000);
}

#[test]
fn answers_of_all_who_were_asked_at_once_are_answers() {
    let mut servers = servers(3, 0);
    let hash = BlockHash::from_bytes([1; 32]);
    assert!(servers.asked(0, PeerId(0), hash));
    assert!(servers.asked_too(0, PeerId(1), hash) && servers.asked_too(0, PeerId(2), hash));
    assert_eq!(servers.stalled(1_000), [(PeerId(0), false)], "one of them is waited for");
    for peer in [2, 0, 1].map(PeerId) {
        assert!(servers.came(1_500, peer, &hash));
        assert!(!servers.came(1_500, peer, &hash));
    }
}

#[test]
fn late_answers_to_what_was_asked_again_are_answers_all_the_same() {
    let mut servers = servers(0, 2);
    let hashes: Vec<BlockHash> = (1..=8).rev().map(|number| BlockHash::from_bytes([number; 32])).collect();
    hashes.iter().for_each(|hash| assert!(servers.asked(0, PeerId(1), *hash)));
    for millis in [1_000, 10_000, 100_000] {
        servers.stalled(millis);
        servers.asked(millis, PeerId(1), hashes[0]);
    }
    for hash in hashes.iter().chain([&hashes[0]]) {
        assert!(servers.came(200_000, PeerId(1), hash));
    }
    assert!(!servers.came(200_000, PeerId(1), &hashes[0]), "it was asked for twice");
}

#[test]
fn what_was_passed_over_by_a_later_answer_is_asked_again_at_once() {
    let mut servers = servers(0, 2);
    let [one, other] = [1, 2].map(|number| BlockHash::from_bytes([number; 32]));
    servers.asked(0, PeerId(1), one);
    servers.asked(0, PeerId(1), other);
    servers.stalled(1_000);
    assert!(servers.came(1_500, PeerId(1), &other));
    assert!(servers.asked(1_500, PeerId(1), one));
}

#[test]
fn what_was_asked_is_not_asked_again_while_it_may_come() {
    let mut servers = servers(0, 2);
    let hash = BlockHash::from_bytes([1; 32]);
    assert!(servers.asked(0, PeerId(1), hash));
    assert_eq!(servers.stalled(1_000), [(PeerId(1), false)]);
    assert!(!servers.asked(1_000, PeerId(1), hash), "it is on its way");
    assert_eq!(servers.stalled(10_000), [(PeerId(1), false)]);
    assert!(!servers.asked(10_000, PeerId(1), hash));
    assert_eq!(servers.stalled(100_000), [(PeerId(1), false)]);
    assert!(servers.asked(100_000, PeerId(1), hash), "it seems to be forgotten");
}
