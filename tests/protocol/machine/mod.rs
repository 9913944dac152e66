//! The machine at work: in worlds of nodes, and message by message with a puppet.

mod chaos;
mod finding;
mod greeting;
mod hostile;
mod kinds;
mod meddling;
mod parts;
mod pings;
mod relaying;
mod stage;
mod syncing;
mod transactions;
mod verdicts;
mod withholding;
