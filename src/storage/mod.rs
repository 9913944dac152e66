//! What survives: the journal of everything that happened, and a database of what follows from it.
//!
//! This room decides how bytes lie on disk, when something counts as kept, and what of it is there after the power went.
//! It never decides what is valid: what it reads back was checked when it came. Nothing lives in the database alone; where
//! that is lost or damaged it is made again from the journal, without being asked.
//!
//! Read `folder.rs` for what lies where, `records.rs` for what the journal says, then [`Recovered::open`]: everything else
//! serves it. [`Files`] and [`KeyValue`] are the seams at which tests put a disk that forgets and a database in memory.

mod chain_file;
mod error;
mod files;
mod folder;
mod index;
mod index_view;
mod indexing;
mod journal;
mod kv;
mod library;
mod maintenance;
mod migrations;
mod open;
mod records;
mod recovery;
mod runs;
mod salvage;
mod saved;
mod store;
mod tables;

pub use chain_file::{CHAIN_FILE_HEAD_BYTES, ChainFile, ChainFileError, begin_chain_file, write_block};
pub use error::StorageError;
pub use files::{Disk, File, Files};
pub use folder::{Folder, LAYOUT};
pub use index::{BlockIndex, Order, Place, Subject, SubjectKey};
pub use index_view::IndexView;
pub use indexing::{Indexed, index_from};
pub use journal::{
    Cut, Inspected, Journal, JournalError, JournalOptions, JournalReader, Location, Opened,
    PAYLOAD_BYTES_MAX, Position, Records, SEGMENT_BYTES_MAX, SegmentLength, Verification,
};
pub use kv::{
    BATCH_BYTES_MAX, Batch, Healing, KeyRange, KeyValue, KvError, Memory, Pairs, Sled, SledOptions,
};
pub use library::{Library, WrittenStep};
pub use maintenance::{Pruned, Replayed, Verified, prune, rebuild_database, verify_journal};
pub use open::{Medium, Opening, Recovered};
pub use records::{Move, RULED_OUT_MAX, Receipts, Sequence, Step, Trace};
pub use recovery::{Verifier, Written, arrival, rows};
pub use runs::{Entries, EntriesBack, Pair, Runs, RunsView, TableSpec, VALUE_BYTES_MAX};
pub use salvage::{Salvaged, salvage};
pub use saved::{Origin, Saved, restore, save};
pub use store::Store;
pub use tables::{IndexMark, Row, StateMark, Tables};
