//! How hard shares become for machines of any speed; chance and time are the test's.

use cairn::stratum::{FLOOR, START, Vardiff};
use cairn::template::Difficulty;
use cairn::testkit::MAP_SEED;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A chain that is hard enough for everybody.
fn hard() -> Difficulty {
    Difficulty::clamped(1e12).unwrap()
}

struct Machine {
    vardiff: Vardiff,
    network: Difficulty,
    now: f64,
    ticked: f64,
    chance: ChaCha8Rng,
    /// Times of shares.
    shares: Vec<f64>,
    changes: u32,
}

impl Machine {
    fn new(network: Difficulty) -> Self {
        let chance = ChaCha8Rng::seed_from_u64(MAP_SEED.0[0]);
        Self {
            vardiff: Vardiff::new(0.0),
            network,
            now: 0.0,
            ticked: 0.0,
            chance,
            shares: vec![],
            changes: 0,
        }
    }

    fn difficulty(&self) -> f64 {
        self.vardiff.difficulty(self.network).number()
    }

    /// Hashes at this rate until then.
    fn run(&mut self, hash_rate: f64, until: f64) {
        loop {
            let wait = {
                let mean = self.vardiff.difficulty(self.network).hashes() / hash_rate;
                let chance = f64::from(self.chance.next_u32()).max(1.0) / f64::from(u32::MAX);
                -chance.ln() * mean
            };
            // What was not found by the next tick is as far away then as ever.
            let tick = self.ticked + 1.0;
            if self.now + wait > tick {
                self.now = tick;
                self.ticked = tick;
                self.changes += u32::from(self.vardiff.tick(self.network, tick));
                if tick >= until {
                    return;
                }
                continue;
            }
            self.now += wait;
            self.shares.push(self.now);
            let share = self.vardiff.difficulty(self.network);
            self.changes += u32::from(self.vardiff.count(share, self.network, self.now));
        }
    }

    /// Seconds between shares that the present difficulty means.
    fn pace(&self, hash_rate: f64) -> f64 {
        self.vardiff.difficulty(self.network).hashes() / hash_rate
    }
}

#[test]
fn machines_from_a_hundred_kilohashes_to_a_hundred_terahashes_settle_within_a_minute() {
    for exponent in 0..=18 {
        let hash_rate = 1e5 * 10_f64.powf(f64::from(exponent) / 2.0);
        let mut machine = Machine::new(hard());
        machine.run(hash_rate, 60.0);
        let pace = machine.pace(hash_rate);
        assert!((1.2..21.0).contains(&pace), "{hash_rate:e} hashes a second: a share in {pace} seconds");
        let begun = machine.shares.len();
        assert!(begun < 150, "{hash_rate:e}: {begun} shares in the first minute");
        machine.run(hash_rate, 1860.0);
        let apart = 1800.0 / (machine.shares.len() - begun) as f64;
        assert!((2.5..10.0).contains(&apart), "{hash_rate:e}: a share in {apart} seconds");
        assert!(machine.changes < 30, "{hash_rate:e}: {} changes", machine.changes);
    }
}

#[test]
fn first_shares_of_a_fast_machine_raise_it_by_themselves() {
    let mut machine = Machine::new(hard());
    machine.run(1e12, 1.0);
    assert!(machine.difficulty() >= 256.0, "{}", machine.difficulty());
    assert!(machine.shares.len() < 60);
}

#[test]
fn machine_that_slows_down_a_thousand_times_is_followed_down() {
    let mut machine = Machine::new(hard());
    machine.run(1e12, 300.0);
    let heard = machine.shares.len();
    machine.run(1e9, 420.0);
    assert!(machine.shares.len() > heard + 3, "within two minutes");
    assert!((1.0..25.0).contains(&machine.pace(1e9)), "{}", machine.pace(1e9));
}

#[test]
fn machine_that_hashes_nothing_comes_down_to_the_floor_and_stays() {
    let mut machine = Machine::new(hard());
    machine.run(1e-9, 600.0);
    assert_eq!(machine.difficulty(), FLOOR);
}

#[test]
fn easy_chain_caps_it_and_changes_nothing_again_and_again() {
    let network = Difficulty::clamped(0.01).unwrap();
    let mut machine = Machine::new(network);
    machine.run(1e9, 60.0);
    assert_eq!(machine.difficulty(), 1.0 / 128.0, "the power of two below");
    let changes = machine.changes;
    machine.run(1e9, 600.0);
    assert_eq!(machine.changes, changes);
    machine.network = hard();
    machine.run(1e9, 660.0);
    assert!((1.2..20.5).contains(&machine.pace(1e9)), "it follows once the chain is harder");
}

#[test]
fn begins_where_a_core_finds_a_share_in_a_second() {
    let vardiff = Vardiff::new(0.0);
    assert_eq!(vardiff.difficulty(hard()).number(), START);
    assert!((1.0..10.0).contains(&(vardiff.difficulty(hard()).hashes() / 1e6)));
}
