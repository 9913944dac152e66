//! Nodes that meet over real sockets.

use std::time::Duration;

use cairn::net::{Far, Link};
use cairn::testkit::{Follower, Network, until};
use cairn::types::{Address, Block};

use crate::stage::Stage;

const MINER: Address = Address::from_bytes([0xa0; 32]);

struct Chain {
    follower: Follower,
}

impl Chain {
    /// So many more blocks.
    fn grow(&mut self, count: usize) -> Vec<Block> {
        (0..count)
            .map(|_| {
                let block = self.follower.draft(MINER, Vec::new()).mine(self.follower.params());
                self.follower.submit(block.clone()).unwrap();
                block
            })
            .collect()
    }
}

fn follows(stage: &Stage, block: &Block) {
    stage.node.wait_for_tip(&block.header.hash());
}

#[test]
fn node_catches_up_with_another_and_then_keeps_up() {
    let network = Network::new(4);
    let mut chain = Chain { follower: Follower::new(&network) };
    let one = Stage::of(&network, &[]);
    let blocks = chain.grow(60);
    one.node.submit_all(&blocks);
    let other = Stage::of(&network, &[&one]);
    follows(&other, &blocks[59]);
    // New blocks and transactions are told both ways.
    for from in [&one, &other, &one] {
        let block = chain.grow(1).remove(0);
        from.node.submit(&block).unwrap();
        follows(&one, &block);
        follows(&other, &block);
    }
    let actors = &network.actors;
    let transaction = actors[0].pay(network.params(), 0, &actors[1], 5, 100_000);
    let hash = transaction.hash();
    other.node.send(&transaction).unwrap();
    until("it is told on", || one.node.reader().pooled(&hash));
    let mut draft = chain.follower.draft(MINER, vec![transaction]);
    draft.salt = 7;
    let block = draft.mine(chain.follower.params());
    one.node.submit(&block).unwrap();
    follows(&other, &block);
    let report = one.report();
    assert_eq!((report.machine.peers.len(), report.machine.bans.len()), (1, 0));
    assert!(report.machine.peers[0].agent.as_deref().is_some_and(|agent| agent.starts_with("cairn/")));
    assert!(one.log.lock().unwrap().is_empty(), "{:?}", one.log.lock().unwrap());
}

#[test]
fn nodes_that_were_cut_off_agree_once_the_link_heals() {
    let network = Network::new(1);
    let mut chain = Chain { follower: Follower::new(&network) };
    let one = Stage::of(&network, &[]);
    let other = Stage::of(&network, &[&one]);
    until("they meet", || one.report().machine.peers.first()?.agent.clone());
    let slow = Link { delay: Duration::from_millis(20), loss: 0.05, ..Link::default() };
    for stage in [&one, &other] {
        stage.faults().set(Far::All, Some(slow)).unwrap();
    }
    let block = chain.grow(1).remove(0);
    one.node.submit(&block).unwrap();
    follows(&other, &block);
    for stage in [&one, &other] {
        stage.faults().set(Far::All, Some(Link { cut: true, ..slow })).unwrap();
    }
    let blocks = chain.grow(3);
    one.node.submit_all(&blocks);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(other.node.tip().hash, block.header.hash(), "a block came over a cut link");
    for stage in [&one, &other] {
        stage.faults().heal();
    }
    follows(&other, &blocks[2]);
}
