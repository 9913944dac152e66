//! What survives a crash.
//!
//! This room decides when something counts as kept, and what of it is there after the power went. It is the only one
//! that touches a disk, and it asks the disk for little: a flat folder of files that can be written, synced, renamed
//! and removed. It does not know what the bytes mean for balances.
//!
//! Read [`Files`] first, the seam at which tests put a disk that forgets.

mod files;

pub use files::{Disk, File, Files};
