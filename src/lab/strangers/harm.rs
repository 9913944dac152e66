//! The kinds of harm under one roof, so that seeds can draw them and files can name them.

use serde::Deserialize;

use super::{
    AddressPoisoner, BlockFlaw, DoubleSpender, EclipsePlan, HeaderFlood, HeaderKind, InvalidBlocks,
    InvalidTransactions, Liar, Lie, Mischief, OrphanFlood, Told, TransactionFlaw, Villain, Withholder,
    WrongClock,
};
use crate::lab::world::World;

/// Transactions that are offered at a time, and orphans that are sent.
const AT_A_TIME: usize = 5;
/// Messages of a header flood at a time.
const FLOODS_AT_A_TIME: usize = 2;
/// Addresses that are told at a time: more are not looked at.
const ADDRESSES_AT_A_TIME: usize = 10;

/// What somebody came for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Harm {
    /// Blocks that break a rule, pushed to all.
    Blocks(BlockFlaw),
    /// Blocks that break a rule, shown as a better branch.
    Branches(BlockFlaw),
    /// Transactions that break one.
    Transactions(TransactionFlaw),
    /// Headers without end.
    Headers(HeaderKind),
    /// Blocks whose parents nobody has.
    Orphans,
    /// A branch that is not what it seems.
    Lies(Lie),
    /// Blocks that are announced and not handed over.
    Withholds(Withheld),
    /// A hello whose time is so many seconds off.
    Clock(i32),
    /// Two payments with the same money.
    SpendsTwice,
    /// Addresses without end.
    Addresses(Told),
    /// A crowd that means to be all that one node sees.
    Eclipse {
        /// In so many groups of addresses.
        groups: usize,
    },
}

/// How blocks are announced that are not handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// By their headers.
    Headers,
    /// Compact, with names for which there are no transactions.
    Compact,
}

impl Harm {
    /// Whether it signs for people who pay: then what they paid may not come to be.
    pub fn spends(self) -> bool {
        matches!(self, Self::Transactions(_) | Self::SpendsTwice | Self::Blocks(_) | Self::Branches(_))
    }

    /// Lets so many in who do this to these nodes, and says their numbers. They read the books of the first of the nodes, and
    /// a crowd is after the first alone.
    ///
    /// # Panics
    /// When it is done to nobody.
    pub fn enter(self, world: &mut World, count: usize, against: &[usize]) -> Vec<usize> {
        let model = against[0];
        let mut band = Band { world, count, against };
        match self {
            Self::Blocks(flaw) => band.enter(|| InvalidBlocks::pushed(flaw, model)),
            Self::Branches(flaw) => band.enter(|| InvalidBlocks::caught_up(flaw, model)),
            Self::Transactions(flaw) => band.enter(|| InvalidTransactions::new(flaw, AT_A_TIME, model)),
            Self::Headers(kind) => band.enter(|| HeaderFlood { kind, messages: FLOODS_AT_A_TIME, model }),
            Self::Orphans => band.enter(|| OrphanFlood::new(AT_A_TIME, model)),
            Self::Lies(lie) => band.enter(|| Liar::new(lie, model)),
            Self::Withholds(how) => band.enter(|| Withholder::new(how == Withheld::Compact)),
            Self::Clock(seconds) => band.enter(|| WrongClock { seconds }),
            Self::SpendsTwice => band.enter(|| DoubleSpender::new(model)),
            Self::Addresses(told) => band.enter(|| AddressPoisoner { told, addresses: ADDRESSES_AT_A_TIME }),
            Self::Eclipse { groups } => {
                EclipsePlan { victim: model, attackers: count, groups }.begin(band.world)
            }
        }
    }
}

/// Some who do the same to the same nodes.
struct Band<'a> {
    world: &'a mut World,
    count: usize,
    against: &'a [usize],
}

impl Band<'_> {
    fn enter<M: Mischief + 'static>(&mut self, mischief: impl Fn() -> M) -> Vec<usize> {
        let targets: Vec<_> = self.against.iter().map(|node| (*node, self.world.address(*node))).collect();
        let one = |_| self.world.add_stranger(Box::new(Villain::new(mischief(), &targets)));
        (0..self.count).map(one).collect()
    }
}
