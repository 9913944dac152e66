//! Those who mean harm, as a seed draws them.
//!
//! Nobody here can win by the rules: whoever would, one who is all that a newcomer's only acquaintance knows, or who has most of
//! the hashes, is looked at alone.

use crate::lab::strangers::{
    BlockFlaw, DoubleSpender, EclipsePlan, HeaderFlood, HeaderKind, InvalidBlocks, InvalidTransactions, Liar,
    Lie, Mischief, OrphanFlood, TransactionFlaw, Villain, Withholder, WrongClock,
};
use crate::lab::world::World;
use crate::protocol::Draws;

/// Somebody who means harm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Harm {
    /// Blocks that break a rule; pushed, or shown as a better branch.
    Blocks(BlockFlaw, bool),
    /// Transactions that break one.
    Transactions(TransactionFlaw),
    /// Headers without end.
    Headers(HeaderKind),
    /// Blocks whose parents nobody has.
    Orphans,
    /// A branch that is not what it seems.
    Lies(Lie),
    /// Blocks that are announced and not handed over.
    Withholds(bool),
    /// A hello from another time.
    Clock(i32),
    /// Two payments with the same money.
    SpendsTwice,
    /// So many who mean to be all that one node sees, in so many groups.
    Eclipses(usize, usize),
}

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

impl Harm {
    /// One of them.
    pub(super) fn draw(draws: &mut Draws) -> Self {
        match draws.below(12) {
            0..=2 => Self::Blocks(BLOCK_FLAWS[draws.place(BLOCK_FLAWS.len())], draws.below(2) == 0),
            3 => Self::Transactions(TRANSACTION_FLAWS[draws.place(TRANSACTION_FLAWS.len())]),
            4 => Self::Headers(HEADER_KINDS[draws.place(HEADER_KINDS.len())]),
            5 => Self::Orphans,
            6 => Self::Lies(LIES[draws.place(LIES.len())]),
            7 => Self::Withholds(draws.below(2) == 0),
            8 | 9 => Self::Clock((draws.below(20_000) as i32) - 10_000),
            10 => Self::SpendsTwice,
            _ => Self::Eclipses(5 + draws.place(40), 1 + draws.place(3)),
        }
    }

    /// Whether it signs for people who pay: then what they paid may not come to be.
    pub(super) fn spends(&self) -> bool {
        matches!(self, Self::Transactions(_) | Self::SpendsTwice | Self::Blocks(..))
    }

    /// Lets it into a world.
    pub(super) fn enter(&self, world: &mut World) {
        match *self {
            Self::Blocks(flaw, true) => enter(world, InvalidBlocks::pushed(flaw, 0)),
            Self::Blocks(flaw, false) => enter(world, InvalidBlocks::caught_up(flaw, 0)),
            Self::Transactions(flaw) => enter(world, InvalidTransactions::new(flaw, 5, 0)),
            Self::Headers(kind) => enter(world, HeaderFlood { kind, messages: 2, model: 0 }),
            Self::Orphans => enter(world, OrphanFlood::new(5, 0)),
            Self::Lies(lie) => enter(world, Liar::new(lie, 0)),
            Self::Withholds(is_named) => enter(world, Withholder::new(is_named)),
            Self::Clock(seconds) => enter(world, WrongClock { seconds }),
            Self::SpendsTwice => enter(world, DoubleSpender::new(0)),
            Self::Eclipses(attackers, groups) => {
                EclipsePlan { victim: 1, attackers, groups }.begin(world);
            }
        }
    }
}

/// Lets somebody in who connects to all nodes.
fn enter<M: Mischief + 'static>(world: &mut World, mischief: M) {
    let targets: Vec<_> = world.nodes().into_iter().map(|node| (node, world.address(node))).collect();
    world.add_stranger(Box::new(Villain::new(mischief, &targets)));
}
