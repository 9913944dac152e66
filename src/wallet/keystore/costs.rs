//! What a guess at a password costs.

use crate::codec::Encode;

/// Memory that a file may ask for: a gigabyte.
pub const MEMORY_KIB_MAX: u32 = 1 << 20;
/// Memory times passes that a file may ask for: some ten seconds of a slow machine.
///
/// # Security
/// Without these bounds a file from a stranger could take all memory, or an hour, before anything else is known of it.
pub const WORK_KIB_MAX: u64 = 1 << 23;
/// Lanes that a file may ask for.
pub const LANES_MAX: u32 = 16;

/// What Argon2id needs at least for each lane.
const MEMORY_KIB_PER_LANE_MIN: u32 = 8;
/// Less memory, and a guess fits into the cache of a processor.
const PROTECTING_MEMORY_KIB_MIN: u32 = 7 << 10;
/// Less work, and guesses are cheap: OWASP's advice of 7 MiB in five passes, or the like.
const PROTECTING_WORK_KIB_MIN: u64 = 35 << 10;

/// Memory and time that Argon2id takes to make a key of a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode)]
pub struct Costs {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Costs that nobody should have to bear, or that no key can be made at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{memory_kib} KiB, {passes} passes and {lanes} lanes are out of bounds: 8 KiB a lane to {MEMORY_KIB_MAX} KiB, at least \
     one pass, 1 to {LANES_MAX} lanes, and at most {WORK_KIB_MAX} KiB over all passes"
)]
pub struct CostsError {
    /// Memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes that could be worked on at once.
    pub lanes: u32,
}

impl Costs {
    /// For whoever does not say otherwise: 64 MiB in three passes, a fifth of a second.
    pub const STANDARD: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 1 };
    /// For a wallet without a password, where there is nothing to guess.
    pub const OPEN: Self = Self { memory_kib: MEMORY_KIB_PER_LANE_MIN, passes: 1, lanes: 1 };

    /// These costs.
    ///
    /// # Errors
    /// When they are out of bounds.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostsError> {
        let lanes_are_good = (1..=LANES_MAX).contains(&lanes);
        let least = MEMORY_KIB_PER_LANE_MIN * if lanes_are_good { lanes } else { 1 };
        let memory_is_good = (least..=MEMORY_KIB_MAX).contains(&memory_kib);
        let work = u64::from(memory_kib) * u64::from(passes);
        if lanes_are_good && memory_is_good && passes > 0 && work <= WORK_KIB_MAX {
            Ok(Self { memory_kib, passes, lanes })
        } else {
            Err(CostsError { memory_kib, passes, lanes })
        }
    }

    /// Memory that it takes.
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over that memory.
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes that could be worked on at once.
    pub fn lanes(&self) -> u32 {
        self.lanes
    }

    /// Whether guessing is dear enough for a wallet that has a password.
    pub fn protect(&self) -> bool {
        let work = u64::from(self.memory_kib) * u64::from(self.passes);
        self.memory_kib >= PROTECTING_MEMORY_KIB_MIN && work >= PROTECTING_WORK_KIB_MIN
    }
}
