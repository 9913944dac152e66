//! The wallet: its keys, its files, what it signs, and what it says at a terminal.

mod outbox;
mod vectors;
