//! Whatever happens, in whatever order.

use std::collections::BTreeMap;

use super::*;
use crate::protocol::draws::Draws;

/// What goes on outside of the machine.
struct World {
    stage: Stage,
    draws: Draws,
    transactions: Vec<Transaction>,
    hashes: Vec<TxHash>,
    peers: Vec<PeerId>,
    peers_count: u64,
    /// What each was asked and has not answered.
    owed: BTreeMap<PeerId, Vec<TxHash>>,
    /// What is being judged.
    judging: Vec<(PeerId, Vec<TxHash>)>,
    submitted: usize,
}

impl World {
    fn new(seed: u8) -> Self {
        let (transactions, hashes) = some(400);
        let mut world = Self {
            stage: Stage::with(&[]),
            draws: Draws::new([seed; 32]),
            transactions,
            hashes,
            peers: Vec::new(),
            peers_count: 0,
            owed: BTreeMap::new(),
            judging: Vec::new(),
            submitted: 0,
        };
        (0..4).for_each(|_| world.connect());
        world
    }

    fn below(&mut self, count: usize) -> usize {
        self.draws.below(count as u64) as usize
    }

    fn connect(&mut self) {
        self.peers_count += 1;
        let peer = PeerId(self.peers_count);
        let side = if self.below(2) == 0 { Side::Dialer } else { Side::Listener };
        self.stage.machine.connected(peer, side, &mut Acts::default());
        self.peers.push(peer);
    }

    fn take(&mut self, acts: &Acts) {
        for (peer, hashes) in asked(acts) {
            assert!(self.peers.contains(&peer), "only who is there is asked");
            self.owed.entry(peer).or_default().extend(hashes);
        }
        for (peer, hashes) in submitted(acts) {
            self.submitted += hashes.len();
            self.judging.push((peer, hashes));
        }
    }

    /// Some of what a peer owes, in order, perhaps with what it does not.
    fn answer(&mut self, peer: PeerId) -> Vec<Transaction> {
        let owed = self.owed.remove(&peer).unwrap_or_default();
        let kept = self.below(owed.len() + 1);
        self.owed.insert(peer, owed[kept..].to_vec());
        let mut answer = Vec::new();
        for hash in &owed[..kept] {
            if self.below(10) > 0 {
                let at = self.hashes.iter().position(|other| other == hash);
                answer.extend(at.map(|at| self.transactions[at].clone()));
            }
        }
        if self.below(5) == 0 {
            let stranger = self.below(400);
            answer.push(self.transactions[stranger].clone());
        }
        answer
    }

    fn step(&mut self) {
        let at = self.below(self.peers.len());
        let peer = self.peers[at];
        let acts = match self.below(20) {
            0..8 => {
                let from = self.below(380);
                let hashes = self.hashes[from..from + 20].to_vec();
                self.stage.offered(peer, &hashes)
            }
            8..13 => {
                let answer = self.answer(peer);
                self.stage.received(peer, &answer)
            }
            13..17 if !self.judging.is_empty() => {
                let at = self.below(self.judging.len());
                let (peer, hashes) = self.judging.swap_remove(at);
                let is_good = self.below(3) == 0;
                let judged = if is_good { JudgedTransaction::Admitted } else { refused(Blame::Nobody) };
                let acts = self.stage.judged(peer, &hashes, &judged);
                if is_good && self.below(2) == 0 {
                    assert_eq!(self.stage.admitted(&hashes), [], "a peer sent them");
                }
                // A block takes them all, so that there is more to do.
                self.stage.pool.0.clear();
                acts
            }
            17 => {
                let millis = self.below(TIMEOUT as usize) as u64;
                self.stage.later(millis)
            }
            18 if self.below(5) == 0 => {
                self.peers.swap_remove(at);
                self.owed.remove(&peer);
                let acts = self.stage.disconnected(peer);
                self.connect();
                acts
            }
            _ => Acts::default(),
        };
        self.take(&acts);
        self.stage.machine.requests.check();
    }
}

#[test]
fn whatever_happens_the_counts_are_right_and_all_comes_to_an_end() {
    for seed in 0..5 {
        let mut world = World::new(seed);
        (0..3000).for_each(|_| world.step());
        assert!(world.submitted > 1000, "{}", world.submitted);
        for (peer, hashes) in core::mem::take(&mut world.judging) {
            world.stage.judged(peer, &hashes, &refused(Blame::Nobody));
        }
        for _ in 0..100 {
            world.stage.later(TIMEOUT);
            world.stage.machine.requests.check();
        }
        assert_eq!(world.stage.machine.wake_at(), u64::MAX);
        assert!(world.hashes.iter().all(|hash| !world.stage.machine.is_tracked(hash)), "nothing is left");
    }
}
