//! The node: one door for blocks and transactions, whoever brings them, and readers that see one tip.
//!
//! This room decides in what order things happen: what is checked before what, what is durable before whom is told, who
//! sees which tip. What is valid it asks of the rooms below. It knows no peers and speaks no protocol: ports bring what
//! they have to a [`NodeHandle`], and learn from its answers, its readers and its events; what they hand on at once they
//! learn from [`Fresh`], a hint and no event.
//!
//! Read [`NodeHandle`] first, then `writer.rs`, which is the whole of it in order, and `connect.rs`.

mod admit;
mod arrive;
mod audit;
mod branches;
mod checks;
mod clocks;
mod clockwork;
mod connect;
mod database;
mod early;
mod events;
mod follower;
mod found;
mod fresh;
mod group;
mod halves;
mod handle;
mod health;
mod hold;
mod inbox;
#[cfg(feature = "testkit")]
mod inspect;
mod memo;
mod past;
mod pool_events;
mod pool_log;
mod read_back;
mod reader;
mod recent;
mod ruling;
mod search;
mod seeds;
mod settle;
mod shared;
mod start;
mod tallies;
mod verdict;
mod verified;
mod workers;
mod writer;

pub use branches::{BRANCHES_MAX, Branch, BranchStatus, REORGANIZATIONS_MAX, Reorganization};
pub use checks::verify_on_all_cores;
pub use clocks::{ChainClock, Clocks, Uptime};
pub use clockwork::{Clockwork, ClockworkOptions};
pub use events::{AccountEvent, Cursor, CursorError, Events, NodeEvent, account_events};
pub use found::{Found, PLACES_MAX, Page, What};
pub use fresh::Fresh;
pub use handle::{Bulk, FromClosed, NodeHandle, Pending};
pub use health::{Condition, Log};
pub use hold::Held;
pub use memo::Memo;
pub use past::{PAST_BLOCKS_MAX, Past};
pub use pool_events::{Left, POOL_EVENTS_MAX, PoolEvent};
pub use reader::{ReadError, Reader};
pub use ruling::RulingRefused;
pub use search::ALIKE_MAX;
pub use seeds::map_seed;
pub use shared::Tip;
pub use start::{Node, NodeOptions};
pub use tallies::Tally;
pub use verdict::{
    BlockRefused, BlockVerdict, Closed, TransactionRefused, TransactionVerdict, TrialVerdict, Verdict,
};
pub use workers::{Share, Shares, WORKERS_MAX, WorkerName, WorkerReport, Workers};
