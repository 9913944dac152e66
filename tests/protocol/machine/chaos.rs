//! Networks in which anything may happen at any time: in the end all agree, and nobody honest was ever punished.

use cairn::lab::{Link, MILLISECOND, SECOND};
use cairn::protocol::{Farewell, SyncState};
use cairn::testkit::Theatre;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::stage::mainland;

/// How many worlds of each kind are tried: this many, times `CAIRN_CASES_FACTOR` where the environment sets it.
pub fn worlds() -> u64 {
    let factor = std::env::var("CAIRN_CASES_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    10 * factor
}

struct Chaos {
    world: Theatre,
    nodes: Vec<usize>,
    draws: ChaCha12Rng,
}

impl Chaos {
    fn new(mut world: Theatre, seed: u64) -> Self {
        world.set_usual_link(Link { jitter: 60 * MILLISECOND, ..Link::of_millis(40) });
        let nodes = world.add_found_by_first(7);
        let first = world.address(nodes[1]).to_string();
        world.node_mut(nodes[0]).settings.bootstrap = vec![first];
        Self { world, nodes, draws: ChaCha12Rng::seed_from_u64(seed) }
    }

    fn below(&mut self, count: usize) -> usize {
        (self.draws.next_u64() % count as u64) as usize
    }

    fn any(&mut self) -> usize {
        let at = self.below(7);
        self.nodes[at]
    }

    fn happen(&mut self) {
        let node = self.any();
        let runs = self.world.node(node).is_running();
        match self.below(20) {
            0 if runs => self.world.kill(node),
            1 if runs => self.world.stop(node),
            2..=5 if !runs => self.world.run(node),
            6 => self.world.cut(&[node], &[self.nodes[0]]),
            7 => {
                let count = 1 + self.below(3);
                let (some, others) = self.nodes.split_at(count);
                self.world.cut(some, others);
            }
            8 | 9 => self.world.open_all_ways(),
            10 => {
                let other = self.any();
                let delay = [30, 700, 3_000, 9_000][self.below(4)];
                let jitter = self.below(500) as u64 * MILLISECOND;
                self.world.link(node, other, Link { jitter, ..Link::of_millis(delay) });
            }
            11 if runs => {
                let millis = self.draws.next_u64() % 1_500;
                self.world.judges_in(node, millis * MILLISECOND);
            }
            12 if runs => {
                self.world.judges_in(node, 0);
                let most = [5, 40, 250][self.below(3)];
                (0..1 + self.below(most)).for_each(|_| {
                    self.world.mine_with(node, Vec::new());
                });
            }
            13..=15 if runs => {
                self.world.mine(node);
            }
            16.. if runs => {
                self.world.pay_through(node);
            }
            _ => {}
        }
        let pause = [1, 20, 300, 4_000, 20_000][self.below(5)];
        self.world.run_for(pause * MILLISECOND);
    }

    /// Lets everything be well again, and time go by.
    fn settle(&mut self) {
        self.world.open_all_ways();
        let usual = self.world.usual_link();
        for a in &self.nodes {
            self.nodes.iter().for_each(|b| self.world.link(*a, *b, usual));
        }
        for node in self.nodes.clone() {
            self.world.judges_in(node, MILLISECOND);
            if !self.world.node(node).is_running() {
                self.world.run(node);
            }
        }
        self.world.run_for(200 * SECOND);
        // Branches of equal work may all be followed until one of them is longer.
        let node = self.any();
        self.world.mine(node);
        self.world.run_for(100 * SECOND);
    }

    fn check(&self, name: &str) {
        let Self { world, nodes, .. } = self;
        let heights: Vec<u32> = nodes.iter().map(|node| world.height(*node)).collect();
        assert!(world.is_of_one_mind(), "{name}: {heights:?}");
        for node in nodes {
            assert_eq!(world.machine(*node).sync_state(), SyncState::Synced, "{name}");
            let punished = |(_, why): &&(usize, Farewell)| {
                matches!(why, Farewell::Misbehaved(_) | Farewell::Banned | Farewell::Versions { .. })
            };
            assert_eq!(world.farewells(*node).iter().find(punished), None, "{name}");
        }
    }
}

fn try_worlds(name: &str, world: impl Fn(u64) -> Theatre) {
    for seed in 0..worlds() {
        let mut chaos = Chaos::new(world(seed), seed);
        for _ in 0..150 {
            chaos.happen();
        }
        chaos.settle();
        chaos.check(&format!("{name} {seed}"));
        let hash = chaos.world.mine(chaos.nodes[3]);
        chaos.world.run_for(20 * SECOND);
        assert_eq!(chaos.world.tips(), [hash; 7], "{name} {seed}: and what is new still gets around");
    }
}

#[test]
fn labs_agree_after_anything() {
    try_worlds("lab", Theatre::new);
}

#[test]
fn networks_among_strangers_agree_after_anything() {
    try_worlds("mainland", mainland);
}
