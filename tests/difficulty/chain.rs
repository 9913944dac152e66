//! A chain of nothing but times: only the rules about time and difficulty are run.

use cairn::consensus::{Branch, Genesis, GenesisFile, Params};
use cairn::testkit::asert_file;
use cairn::types::{Bits, BlockHash, EffectiveTime, Header, MerkleRoot, Target, Timestamp};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Blocks of one chain: beyond this it storms, and a test that waits for the clock would wait for ever.
const BLOCKS_MAX: usize = 200_000;

pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 24.0 * HOUR;

/// When every chain here begins.
pub const GENESIS_TIME: Timestamp = Timestamp(1_700_000_000);

/// A first target as far from the easiest as from the hardest, so that nothing is clamped.
const GENESIS_BITS: Bits = Bits(0x1100_ffff);

/// A chain with a block a minute and a halflife of so many of them.
pub fn params(halflife_spacings: u32) -> Params {
    let mut file = asert_file(0);
    file.bits = GENESIS_BITS;
    file.pow.halflife = halflife_spacings * file.pow.spacing;
    params_of(&file)
}

/// The rules that a file makes.
pub fn params_of(file: &GenesisFile) -> Params {
    Genesis::new(file).expect("the file makes a chain").params().clone()
}

/// What miners write into their blocks: so large a share of them the earliest time that is allowed, so large a share
/// the latest, the others what the clock says.
#[derive(Clone, Copy, Debug)]
pub struct Stamps {
    /// The median of the last eleven.
    pub earliest: f64,
    /// As far ahead as others let in.
    pub latest: f64,
}

/// Everybody writes what the clock says.
pub const HONEST: Stamps = Stamps { earliest: 0.0, latest: 0.0 };

/// A block that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// When it really was, in seconds since the miners began.
    pub at: f64,
    /// What it cost, in works of the genesis block.
    pub work: f64,
}

/// A chain and its miners' clock.
pub struct Chain {
    pub params: Params,
    pub stamps: Stamps,
    pub blocks: Vec<Found>,
    /// Seconds since the miners began.
    pub clock: f64,
    rng: ChaCha12Rng,
    began: Timestamp,
    branch: Branch,
}

impl Chain {
    /// A chain whose miners begin together with it. The same seed draws the same blocks.
    pub fn new(params: &Params, seed: u64) -> Self {
        Self::left_alone(params, seed, 0)
    }

    /// A chain whose miners begin so many seconds after it.
    pub fn left_alone(params: &Params, seed: u64, seconds: u32) -> Self {
        Self {
            params: params.clone(),
            stamps: HONEST,
            blocks: Vec::new(),
            clock: 0.0,
            rng: ChaCha12Rng::seed_from_u64(seed),
            began: Timestamp(GENESIS_TIME.0 + seconds),
            branch: Branch::genesis(&header(GENESIS_TIME, params.genesis_bits)).expect("bits of a target"),
        }
    }

    /// A chain that ran evenly for ten halflives.
    pub fn in_balance(params: &Params, seed: u64) -> Self {
        let mut chain = Self::new(params, seed);
        let blocks = 10 * params.halflife / params.spacing;
        chain.mine(blocks as usize, 1.0);
        chain
    }

    /// Bits of the next block.
    pub fn bits(&self) -> Bits {
        self.branch.context(&self.params).expect("few blocks").bits
    }

    /// Work of the next block, in works of the genesis block.
    pub fn work(&self) -> f64 {
        hashes(self.bits()) / hashes(self.params.genesis_bits)
    }

    /// M of the tip.
    pub fn median(&self) -> Timestamp {
        self.branch.median_time
    }

    /// E of the tip.
    pub fn effective_time(&self) -> EffectiveTime {
        self.branch.effective_time
    }

    /// What the clock says, in whole seconds since 1970.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.began.0 + self.clock as u32)
    }

    /// Mines so many blocks at a hash rate; at 1, a block of genesis' work takes one spacing.
    pub fn mine(&mut self, blocks: usize, rate: f64) {
        for _ in 0..blocks {
            self.clock += self.draw(rate);
            let time = self.stamp();
            self.extend(time);
        }
    }

    /// Mines for so many seconds at a hash rate.
    pub fn mine_for(&mut self, seconds: f64, rate: f64) {
        self.mine_span(seconds, usize::MAX, |_| rate, Self::stamp);
    }

    /// Mines until so many seconds have passed or so many blocks have come, at a hash rate that may depend on what the
    /// next block costs, each block stamped as told.
    ///
    /// Finding a block has no memory: what is not found at the end of the span can be drawn anew in the next one.
    pub fn mine_span(
        &mut self,
        seconds: f64,
        blocks_max: usize,
        mut rate: impl FnMut(f64) -> f64,
        mut stamp: impl FnMut(&mut Self) -> Timestamp,
    ) {
        let end = self.clock + seconds;
        for _ in 0..blocks_max {
            let rate = rate(self.work());
            self.clock += self.draw(rate);
            if self.clock > end {
                self.clock = end;
                return;
            }
            let time = stamp(self);
            self.extend(time);
        }
    }

    /// Adds a block of this time, found now, and checks what must hold whatever people write.
    pub fn extend(&mut self, time: Timestamp) {
        let latest = self.now().0 + self.params.future_drift;
        assert!(time.0 <= latest, "a time that the rules allow");
        assert!(self.blocks.len() < BLOCKS_MAX, "it storms");
        self.blocks.push(Found { at: self.clock, work: self.work() });
        let next = self
            .branch
            .extend(&header(time, self.bits()), &self.params)
            .expect("a header that the rules allow");

        assert!(next.median_time >= self.branch.median_time, "M fell");
        let step = next.effective_time.0.checked_sub(self.branch.effective_time.0).expect("E never falls");
        assert!(step <= u64::from(self.params.gap_max), "one block was worth {step} seconds");
        let most = u64::from(next.median_time.0 - GENESIS_TIME.0) + u64::from(self.params.spacing);
        assert!(next.effective_time.0 <= most, "more time counts than there was");
        self.branch = next;
    }

    /// What somebody of [`Stamps`] writes into the block that was just found.
    pub fn stamp(&mut self) -> Timestamp {
        let who = self.uniform();
        let now = self.now();
        let wanted = if who <= self.stamps.earliest {
            self.median()
        } else if who <= self.stamps.earliest + self.stamps.latest {
            Timestamp(now.0 + self.params.future_drift)
        } else {
            now
        };
        wanted.max(self.median())
    }

    /// A number above 0 and at most 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.rng.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Seconds until somebody finds the next block.
    fn draw(&mut self, rate: f64) -> f64 {
        f64::from(self.params.spacing) * self.work() / rate * -self.uniform().ln()
    }
}

/// A header of which only time and bits matter here.
fn header(time: Timestamp, bits: Bits) -> Header {
    let (previous, merkle_root) = (BlockHash::ZERO, MerkleRoot::ZERO);
    Header { version: 1, previous, merkle_root, time, bits, nonce: 0 }
}

fn hashes(bits: Bits) -> f64 {
    f64::from(Target::from_bits(bits).expect("bits of the rules").work().number())
}
