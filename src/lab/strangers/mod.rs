//! Those who mean harm, as ordinary peers: each connects, says hello, answers pings, and then does what it came for.
//!
//! None of them can do what a real one could not: whoever shows a header that may be followed has to find it first, with
//! the part of all hashes that it has. Blocks that break a rule cost them nothing here, though they would cost a real one as
//! much as any other; so they make more of them than anybody would.
//!
//! Read `villain.rs` first, then `harm.rs`, which names all kinds; each of the others is one of them, but for `puppet.rs`: that does
//! what it is told.

mod addresses;
mod blocks;
mod eclipse;
mod flood;
mod harm;
mod liar;
mod orphans;
mod puppet;
mod spender;
mod time;
mod transactions;
mod villain;
mod withholder;

pub use addresses::{AddressPoisoner, Told};
pub use blocks::{BlockFlaw, InvalidBlocks};
pub use eclipse::{Eclipse, EclipsePlan};
pub use flood::{HeaderFlood, HeaderKind};
pub use harm::{Harm, Withheld};
pub use liar::{Liar, Lie};
pub use orphans::OrphanFlood;
pub use puppet::{HEARD_MAX, Puppet, Script};
pub use spender::{DoubleSpender, Spent};
pub use time::WrongClock;
pub use transactions::{InvalidTransactions, TransactionFlaw};
pub use villain::{Deeds, Mischief, Villain};
pub use withholder::Withholder;
