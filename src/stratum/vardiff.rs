//! How hard a connection's shares are: so that one comes every few seconds, whatever it hashes.

use crate::template::Difficulty;

/// The easiest share. Below, the target of one miner of the four we know overflows.
pub const FLOOR: f64 = 2.4e-10;
/// The easiest that a miner may suggest: about four thousand hashes. A machine that needs long for those comes down by
/// itself.
pub const SUGGESTED_MIN: f64 = 1.0 / 1_048_576.0;
/// Where a connection begins: four million hashes, a second of one core.
pub const START: f64 = 1.0 / 1024.0;

/// Seconds between shares that are aimed at.
const SHARE_SECONDS: f64 = 5.0;
/// Shares after which a pace that is too fast by [`TOO_FAST`] is believed, between regular looks.
const HASTY_SHARES: u32 = 8;
const TOO_FAST: f64 = 4.0;
/// A step up is not larger than this: a handful of shares that came at once proves less than its pace seems to.
const STEP_UP_MAX: f64 = 64.0;
/// A pace that is too slow by this is acted on between regular looks; sooner where nothing came before either.
const TOO_SLOW: f64 = 3.0;
const TOO_SLOW_AGAIN: f64 = 2.0;
/// Seconds between regular looks, which act on a pace that is off by a factor of two.
const LOOK_SECONDS: f64 = 120.0;

/// Follows one connection. Its clock is the caller's, in seconds.
#[derive(Clone, Debug)]
pub struct Vardiff {
    current: f64,
    since: f64,
    shares: u32,
    /// Difficulty of those shares, added up.
    work: f64,
    /// Whether not one share came before the last change.
    was_silent: bool,
}

impl Vardiff {
    /// Begins at [`START`].
    pub fn new(now: f64) -> Self {
        Self { current: START, since: now, shares: 0, work: 0.0, was_silent: false }
    }

    /// How hard a share is on a chain whose blocks are that hard: never harder than a block, and where a block is the
    /// measure a power of two below it, so that not every block changes it.
    ///
    /// Above one it is a whole number, since there are miners that read no other.
    pub fn difficulty(&self, network: Difficulty) -> Difficulty {
        let number = self.current.min(hardest(network));
        let number = if number > 1.0 { number.floor() } else { number };
        Difficulty::clamped(number).unwrap_or(Difficulty::ONE)
    }

    /// Begins to count anew: until now there was nothing to work on.
    pub fn restart(&mut self, now: f64) {
        self.change(self.current, now);
    }

    /// Goes where the miner would like to be, but not so far down that a second's work is thousands of shares. It is
    /// followed from there on as before.
    pub fn suggest(&mut self, difficulty: Difficulty, now: f64) {
        self.change(difficulty.number().max(SUGGESTED_MIN), now);
    }

    /// Counts a share of this difficulty. Says whether another is to be asked for from now on.
    pub fn count(&mut self, share: Difficulty, network: Difficulty, now: f64) -> bool {
        self.shares = self.shares.saturating_add(1);
        self.work += share.number();
        let suited = self.suited(self.work, now);
        if self.shares >= HASTY_SHARES && suited >= TOO_FAST * self.current {
            return self.turn_to(suited.min(self.current * STEP_UP_MAX), network, now);
        }
        self.look(network, now)
    }

    /// Time went by. Says whether another difficulty is to be asked for.
    pub fn tick(&mut self, network: Difficulty, now: f64) -> bool {
        let current = self.difficulty(network).number();
        // As if a share came just now: the most that can be said for the miner.
        let suited = self.suited(self.work + current, now);
        let patience = if self.was_silent { TOO_SLOW_AGAIN } else { TOO_SLOW };
        if suited * patience <= current {
            let was_silent = self.shares == 0;
            let changed = self.turn_to(suited.min(self.current / TOO_SLOW), network, now);
            self.was_silent = was_silent;
            return changed;
        }
        self.look(network, now)
    }

    fn look(&mut self, network: Difficulty, now: f64) -> bool {
        now - self.since >= LOOK_SECONDS && self.turn_to(self.suited(self.work, now), network, now)
    }

    /// The difficulty at which that much work since the last change is a share every few seconds.
    fn suited(&self, work: f64, now: f64) -> f64 {
        work * SHARE_SECONDS / (now - self.since).max(0.01)
    }

    /// Goes to the power of two next to a difficulty, but not beyond what a block asks, and begins to count anew.
    fn turn_to(&mut self, suited: f64, network: Difficulty, now: f64) -> bool {
        let next = suited.log2().round().exp2().clamp(FLOOR, hardest(network));
        let before = self.difficulty(network);
        let far = next >= 2.0 * self.current || next <= self.current / 2.0;
        self.change(if far { next } else { self.current }, now);
        self.difficulty(network) != before
    }

    fn change(&mut self, difficulty: f64, now: f64) {
        *self = Self { current: difficulty, ..Self::new(now) };
    }
}

/// The hardest that a share may be.
fn hardest(network: Difficulty) -> f64 {
    network.number().log2().floor().exp2().max(FLOOR)
}
