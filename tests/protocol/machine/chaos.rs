//! Networks in which anything may happen at any time: in the end all agree, and nobody honest was ever punished.

use cairn::protocol::{Farewell, SyncState};
use cairn::testkit::World;
use cairn::testkit::world::Link;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::old_stage::{mainland, payment};

/// How many worlds of each kind are tried: this many, times `CAIRN_CASES_FACTOR` where the environment sets it.
pub fn worlds() -> u64 {
    let factor = std::env::var("CAIRN_CASES_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    10 * factor
}

struct Chaos {
    world: World,
    nodes: Vec<usize>,
    draws: ChaCha12Rng,
    nonces: [u64; 10],
}

impl Chaos {
    fn new(mut world: World, seed: u64) -> Self {
        world.usual_link = Link { delay: 40, jitter: 60 };
        let nodes = world.add_found_by_first(7);
        let first = world.address(nodes[1]).to_string();
        world.node_mut(nodes[0]).settings.bootstrap = vec![first];
        Self { world, nodes, draws: ChaCha12Rng::seed_from_u64(seed), nonces: [0; 10] }
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
        let runs = self.world.node(node).runs();
        match self.below(20) {
            0 if runs => self.world.crash(node),
            1 if runs => self.world.stop(node),
            2..=5 if !runs => self.world.start(node),
            6 => self.world.cut(node, self.nodes[0]),
            7 => {
                let count = 1 + self.below(3);
                let some: Vec<usize> = self.nodes[..count].to_vec();
                self.world.cut_off(&some);
            }
            8 | 9 => self.world.heal(),
            10 => {
                let other = self.any();
                let link =
                    Link { delay: [30, 700, 3_000, 9_000][self.below(4)], jitter: self.below(500) as u64 };
                self.world.set_link(node, other, link);
            }
            11 if runs => self.world.node_mut(node).judging_millis = self.draws.next_u64() % 1_500,
            12 if runs => {
                let most = [5, 40, 250][self.below(3)];
                (0..1 + self.below(most)).for_each(|_| {
                    self.world.mine_with(node, Vec::new());
                });
            }
            13..=15 if runs => {
                self.world.mine(node);
            }
            16.. if runs => {
                let actor = self.below(10);
                let transaction = payment(&self.world, actor, self.nonces[actor]);
                self.nonces[actor] += 1;
                self.world.send(node, transaction);
            }
            _ => {}
        }
        let pause = [1, 20, 300, 4_000, 20_000][self.below(5)];
        self.world.run_for(pause);
    }

    /// Lets everything be well again, and time go by.
    fn settle(&mut self) {
        self.world.heal();
        self.world.links.clear();
        for node in self.nodes.clone() {
            self.world.node_mut(node).judging_millis = 1;
            if !self.world.node(node).runs() {
                self.world.start(node);
            }
        }
        self.world.run_for(200_000);
        // Branches of equal work may all be followed until one of them is longer.
        let node = self.any();
        self.world.mine(node);
        self.world.run_for(100_000);
    }

    fn check(&self, name: &str) {
        let Self { world, nodes, .. } = self;
        let heights: Vec<u32> = nodes.iter().map(|node| world.node(*node).height()).collect();
        assert!(world.is_of_one_mind(), "{name}: {heights:?}");
        for node in nodes {
            let node = world.node(*node);
            assert_eq!(node.machine().sync_state(), SyncState::Synced, "{name}");
            let punished = |(_, why): &&(usize, Farewell)| {
                matches!(why, Farewell::Misbehaved(_) | Farewell::Banned | Farewell::Versions { .. })
            };
            assert_eq!(node.farewells.iter().find(punished), None, "{name}");
        }
    }
}

fn try_worlds(name: &str, world: impl Fn(u64) -> World) {
    for seed in 0..worlds() {
        let mut chaos = Chaos::new(world(seed), seed);
        for _ in 0..150 {
            chaos.happen();
        }
        chaos.settle();
        chaos.check(&format!("{name} {seed}"));
        let hash = chaos.world.mine(chaos.nodes[3]);
        chaos.world.run_for(20_000);
        assert_eq!(chaos.world.tips(), [hash; 7], "{name} {seed}: and what is new still gets around");
    }
}

#[test]
fn labs_agree_after_anything() {
    try_worlds("lab", World::new);
}

#[test]
fn networks_among_strangers_agree_after_anything() {
    try_worlds("mainland", mainland);
}
