//! Difficulty: fixed, or `aserti3-2d` over effective time.
//!
//! ASERT sets each target by how far the chain is ahead of or behind its schedule since genesis, so errors do not add
//! up and no window can be gamed. The function is Bitcoin Cash's to the bit and passes its published vectors; what it
//! is fed is ours: effective time instead of the last block's claim (see `time.rs`).

use super::{Params, PowMode};
use crate::types::{Bits, EffectiveTime, Height, Target, U256};

type U512 = ruint::aliases::U512;

/// What the ASERT function knows of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Asert {
    /// Target of the anchor block.
    pub anchor: Target,
    /// Easiest target.
    pub pow_limit: Target,
    /// Seconds between blocks.
    pub spacing: u32,
    /// Seconds behind schedule that double the target.
    pub halflife: u32,
}

/// The target after a block `height_delta` above the anchor and `time_delta` seconds after the anchor's parent.
///
/// # Consensus
/// `anchor × 2^((time_delta − spacing × (height_delta + 1)) / halflife)`, the power computed in 16.16 fixed point by a
/// cubic, clamped to [1, pow_limit] and rounded to compact form. Bits 512 wide hold every intermediate.
pub fn asert(chain: &Asert, time_delta: i64, height_delta: u32) -> Bits {
    let schedule = i128::from(chain.spacing) * (i128::from(height_delta) + 1);
    let exponent = (i128::from(time_delta) - schedule) * 65536 / i128::from(chain.halflife);
    let shift = exponent >> 16;
    let fraction = exponent.rem_euclid(65536) as u64;
    // 2^x − 1 for x in [0, 1), times 2^16: the published cubic, whose largest term needs 64 bits.
    let cubic =
        195_766_423_245_049 * fraction + 971_821_376 * fraction.pow(2) + 5_127 * fraction.pow(3) + (1 << 47);
    let factor = 65536 + (cubic >> 48);
    clamp(U512::from(chain.anchor.number()) * U512::from(factor), shift - 16, chain.pow_limit).to_bits()
}

/// `number × 2^shift`, at least 1 and at most the limit.
fn clamp(number: U512, shift: i128, limit: Target) -> Target {
    // The number is below 2^273: shifted by at most 256 - 17 it fits, and beyond that it is above any limit.
    let places = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX).min(512);
    let shifted = match shift {
        ..=0 if places == 512 => U512::ZERO,
        ..=0 => number >> places,
        _ => number.checked_shl(places).unwrap_or(U512::MAX),
    };
    if shifted > U512::from(limit.number()) {
        return limit;
    }
    Target::from_number(shifted.to::<U256>()).unwrap_or(Target::MIN)
}

/// The bits that the block after one at this height must carry.
///
/// # Consensus
/// `fixed`: the genesis bits. ASERT: anchored at genesis, time delta E(h) + spacing, height delta h.
pub fn next_bits(params: &Params, height: Height, effective_time: EffectiveTime) -> Bits {
    match params.pow_mode {
        PowMode::Fixed => params.genesis_bits,
        PowMode::Asert => {
            let anchor = Target::from_bits(params.genesis_bits).expect("genesis was checked");
            let chain = Asert {
                anchor,
                pow_limit: params.pow_limit,
                spacing: params.spacing,
                halflife: params.halflife,
            };
            // E never exceeds the span of medians, which have 32 bits, and one spacing; but a stranger may claim any.
            let time_delta =
                effective_time.0.saturating_add(params.spacing.into()).try_into().unwrap_or(i64::MAX);
            asert(&chain, time_delta, height.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Asert {
        let limit = Target::from_bits(Bits(0x207f_ffff)).unwrap();
        Asert {
            anchor: Target::from_bits(Bits(0x1d00_ffff)).unwrap(),
            pow_limit: limit,
            spacing: 600,
            halflife: 172_800,
        }
    }

    #[test]
    fn on_schedule_nothing_changes() {
        for height in [0, 1, 1000, u32::MAX] {
            assert_eq!(asert(&chain(), 600 * (i64::from(height) + 1), height), Bits(0x1d00_ffff));
        }
    }

    #[test]
    fn one_halflife_behind_doubles_the_target() {
        let target = |time| Target::from_bits(asert(&chain(), time, 0)).unwrap().number();
        assert_eq!(target(600 + 172_800), target(600) * U256::from(2));
        assert_eq!(target(600 - 172_800), target(600) / U256::from(2));
    }

    #[test]
    fn extremes_are_clamped() {
        assert_eq!(asert(&chain(), i64::MAX, 0), Bits(0x207f_ffff));
        assert_eq!(asert(&chain(), i64::MIN, u32::MAX), Target::MIN.to_bits());
    }
}
