//! `cairn genesis` as a person runs it: a process with arguments, files, pipes and an exit code.
//!
//! What makes a file good is tested with the rules; here it is what the command makes of it, and the promise that it
//! gives: two files that differ in one rule make two chains, two that differ in what no rule looks at make one.
#![cfg(feature = "cli")]

mod answers;
mod command;
mod errors;
mod fields;
mod presets;
