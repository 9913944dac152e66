//! The command as a person runs them: processes with folders, files, signals and exit codes.
//!
//! Read `story.rs` first: nearly every test begins with the chain that is told there, in a folder of its own.
#![cfg(feature = "cli")]

mod broken_files;
mod carrying;
mod genesis;
mod laboratory;
mod leaving;
mod manuals;
mod mining;
mod namespaces;
mod operating;
mod peering;
mod pruned_events;
mod pruning;
mod readiness;
mod rebuilding;
mod running;
mod salvaging;
mod settings;
mod stage;
mod story;
mod telling;
mod verifying;
