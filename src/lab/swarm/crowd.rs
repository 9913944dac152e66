//! Those who mean harm, as a seed draws them.
//!
//! Nobody here can win by the rules: whoever would, one who is all that a newcomer's only acquaintance knows, or who has most of
//! the hashes, is looked at alone.

use crate::lab::strangers::{BlockFlaw, Harm, HeaderKind, Lie, Told, TransactionFlaw, Withheld};
use crate::lab::world::World;
use crate::protocol::Draws;

/// Whom a crowd is after.
const VICTIM: usize = 1;

const BLOCK_FLAWS: [BlockFlaw; 8] = [
    BlockFlaw::Signature,
    BlockFlaw::DoubleSpend,
    BlockFlaw::NonceGap,
    BlockFlaw::NoMoney,
    BlockFlaw::State,
    BlockFlaw::Reward,
    BlockFlaw::Height,
    BlockFlaw::OtherBody,
];
const TRANSACTION_FLAWS: [TransactionFlaw; 6] = [
    TransactionFlaw::Signature,
    TransactionFlaw::NonceGap,
    TransactionFlaw::NoMoney,
    TransactionFlaw::OldNonce,
    TransactionFlaw::OtherChain,
    TransactionFlaw::Garbage,
];
const HEADER_KINDS: [HeaderKind; 4] =
    [HeaderKind::FromNowhere, HeaderKind::TooEasy, HeaderKind::Unasked, HeaderKind::Old];
const LIES: [Lie; 6] =
    [Lie::Stalls, Lie::Empty, Lie::NoBodies, Lie::OtherBodies, Lie::WrongMissing, Lie::Hides(5)];

/// What somebody came for, and how many they are.
pub(super) fn draw(draws: &mut Draws) -> (Harm, usize) {
    let harm = match draws.below(12) {
        0..=2 => {
            let flaw = BLOCK_FLAWS[draws.place(BLOCK_FLAWS.len())];
            if draws.below(2) == 0 { Harm::Blocks(flaw) } else { Harm::Branches(flaw) }
        }
        3 => Harm::Transactions(TRANSACTION_FLAWS[draws.place(TRANSACTION_FLAWS.len())]),
        4 => Harm::Headers(HEADER_KINDS[draws.place(HEADER_KINDS.len())]),
        5 => Harm::Orphans,
        6 => Harm::Lies(LIES[draws.place(LIES.len())]),
        7 => Harm::Withholds(if draws.below(2) == 0 { Withheld::Compact } else { Withheld::Headers }),
        8 => Harm::Clock((draws.below(20_000) as i32) - 10_000),
        9 => Harm::Addresses(if draws.below(2) == 0 { Told::Nobody } else { Told::Itself }),
        10 => Harm::SpendsTwice,
        _ => {
            let count = 5 + draws.place(40);
            return (Harm::Eclipse { groups: 1 + draws.place(3) }, count);
        }
    };
    (harm, 1)
}

/// Whether so much comes of it that a slow line is full of it: what strangers send themselves, or what nodes then tell each
/// other of addresses.
pub(super) fn floods(harm: Harm) -> bool {
    matches!(harm, Harm::Headers(_) | Harm::Orphans | Harm::Addresses(_))
}

/// Lets them into a world: against all nodes, but for a crowd, which is after one.
pub(super) fn enter(world: &mut World, harm: Harm, count: usize) {
    let against = if matches!(harm, Harm::Eclipse { .. }) { vec![VICTIM] } else { world.nodes() };
    harm.enter(world, count, &against);
}
