//! Blocks that an operator leaves, between nodes.

use std::thread;
use std::time::Duration;

use super::stage::{Member, network, wait_for_tip};

/// In a laboratory whoever brought nothing of use is asked again after so long.
const PASSED_OVER: Duration = Duration::from_secs(13);

#[test]
fn node_that_left_a_block_stays_with_its_peers_and_comes_back_to_their_branch() {
    let network = network();
    let one = Member::new(&network);
    let other = Member::tied_to(&network, &[one.address]);
    other.wait_for(&one);
    one.mine_empty(3, 1);
    let left = one.mine_empty(1, 2);
    let tip = one.mine_empty(2, 3);
    let members = [one, other];
    wait_for_tip(&members, tip);
    let [one, other] = &members;
    let connections = other.report().machine.peers.iter().map(|peer| peer.met.peer).collect::<Vec<_>>();

    pollster::block_on(other.node.handle().invalidate(left)).unwrap();
    assert_eq!(other.height(), 3);
    // What the one goes on with is of no use to the other, whatever way it comes; and the other way round.
    for number in 0..4 {
        one.mine_empty(1, 10 + number);
        other.mine_empty(1, 20 + number);
        thread::sleep(Duration::from_millis(200));
    }
    thread::sleep(PASSED_OVER);
    assert_eq!((one.height(), other.height()), (10, 7));
    let report = other.report();
    let now = report.machine.peers.iter().map(|peer| peer.met.peer).collect::<Vec<_>>();
    assert_eq!(now, connections, "they never hung up: {:?}", other.log());
    assert!(report.machine.bans.is_empty() && one.report().machine.bans.is_empty());

    pollster::block_on(other.node.handle().reconsider(left)).unwrap();
    let tip = one.tip();
    wait_for_tip(&members, tip);
}
