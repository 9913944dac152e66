//! Cairn: a proof-of-work chain of your own, in rooms.
//!
//! # The house
//!
//! The order of the `pub mod` lines below *is* the architecture: a room names only rooms above it.
//!
//! | layer | room | what it decides |
//! |---|---|---|
//! | foundations | [`codec`] | how a value becomes bytes, and which bytes are a value |
//! | | [`crypto`] | hashes, merkle trees, signatures; functions over bytes |
//! | values | [`types`] | amounts, times, addresses, policies, transactions, headers, blocks |
//! | rules | [`consensus`] | what is valid, as far as it can be said without knowing who owns what |
//! | state | [`chain`] | where a block belongs, and which branch to follow |
//! | | [`ledger`] | what a branch means: who has what, and proofs of it |
//! | machines | [`mempool`] | which transactions wait for a block, and in what order they are offered |
//! | | [`template`] | what the next block holds, and what a miner may turn in it |
//! | | [`protocol`] | what nodes say to each other, to whom and when, and what is made of the answers |
//! | | [`wallet`] | which keys follow from which words, what a wallet's file gives away, and what is put before whoever signs |
//! | | [`light`] | which headers to follow without blocks, and what of a node's word holds against them |
//! | disk | `storage` | what survives a crash, and in which order |
//! | the writer | `node` | in what order things happen, and who sees what when |
//! | ports | `net` | how bytes travel between nodes, and who is on the other side |
//! | | `miner` | what is worked on, and how processors look for its nonce |
//! | | `stratum` | what miners of other makes are told, and what counts of what they send |
//! | | `api` | how things are said to wallets, shops and explorers, over HTTP |
//! | | `client` | how a node is asked over HTTP from elsewhere, and what is made of it when it does not answer |
//! | entry | `devnet` | what the nodes of one machine's network share, and what can be done to all of them at once |
//! | | `lab` | what whole networks do, in a time of its own |
//! | | `cli` | what a person types, and what they are told |
//!
//! `testkit`, built under a feature of its own, stands outside: tests build with it.
//!
//! # Three laws
//!
//! 1. **Down only.** A room names only rooms of earlier layers. `tests/architecture` reads the lines below and fails on
//!    an arrow that runs back up.
//! 2. **Facts come in as arguments.** All rooms above the disk are pure: no clock, randomness, disk, socket, thread or
//!    async. Coefficients of signature batches and keys of hash maps come from seeds that the caller gives.
//! 3. **Two doors, one event, one reader.** State changes only by submitting a transaction or a block; everyone learns
//!    of a change from one stream of events; everyone reads through a reader that pins one tip. The doors are `node`'s.
//!
//! # A transaction
//!
//! Bytes become a [`types::Transaction`] in [`codec::decode`], or are refused. `node::NodeHandle::submit_transaction` hands it
//! to the checks: [`consensus::SoundTransaction`] is one that holds in all but its signatures; those are verified in a
//! batch with its neighbours', and it becomes a [`consensus::CheckedTransaction`]. The writer lets it into the
//! [`mempool::Mempool`] at a price, or says why not, and writes it down; then whoever submitted it is told. There it
//! waits to be mined. [`ledger::settle`] says what it does to balances.
//!
//! # A block
//!
//! `node::NodeHandle::submit_block` puts it before the writer. [`chain::Chain::accept_header`] takes its header in, or
//! refuses it; [`chain::Chain::context_above`] says what the branch below asks of it. On another core
//! [`consensus::SoundBlock::examine`] looks at it in that light, cheapest first: work, difficulty and time, that the body is
//! the one that was mined, sizes, reward, each transaction; then signatures in batches, but for those that were verified
//! when they came alone. Back at the writer [`chain::Chain::place`] says where the result belongs. If that makes its branch
//! the best, [`ledger::Ledger::apply`] compares the roots it commits to and applies it, or several, after taking others
//! back; `storage::Store` writes it down, and [`chain::Chain::activate`] moves the tip. When nothing more is on its way one
//! sync makes all of it durable; then the pool follows, readers see the new tip, and the verdict goes back. Whatever fails
//! says whom it speaks against: [`consensus::Blame`].
//!
//! # Words
//!
//! - **pebble**: the smallest amount; 100,000,000 make one coin, CRN.
//! - **policy**: who may spend; hashed, it is an **address**. A **witness** shows that it was met.
//! - **txid**, **tx hash**: what people and what machines call a transaction; the second covers its witness.
//! - **commitments**: roots of the state and of all headers *below* a block, which its header stands for.
//! - **effective time**, E: how long a chain has been running, with sleeps cut short; difficulty follows it.
//! - **undo**: what a block overwrote.
//! - **step**: a block put on the branch that is followed, or taken off it; they are numbered, and a **cursor** names one.
//! - **moment**: a ledger between two steps; whoever pins one goes on seeing it.
//! - **group**: what one sync makes durable.
//! - **epoch**: how often a chain's data was turned back; a cursor of another one leads nowhere.
//! - **held**, **saved**, **restored**: a node whose writer stands still; what it consists of, in a folder that never
//!   changes; and another that goes on from there.
//! - **ruled out**: what an operator of a laboratory would not have followed, which is nobody's fault.
//! - **groundwork**, **template**, **job**: what the next block must stand on; everything of it but who is paid, and the work;
//!   the same made one miner's.
//! - **machine**: a room of decisions without a socket or a clock: what happened goes in, what is to be done comes out.
//! - **compact block**, **push**, **stem**: a block whose transactions are named; sending one unasked; the way of a
//!   transaction before everybody hears of it.
//! - **kernel**: a way to look for nonces that a processor has.
//! - **way**: one choice among a policy's parts that meets it; **lack**: what keeps every way closed.
//! - **opening**: a header with the roots that its merkle root stands for; every proof begins with one.
//! - **rival**: a branch of headers that has less work than ours, so far.

pub mod codec;
pub mod crypto;

pub mod types;

pub mod consensus;

pub mod chain;
pub mod ledger;

pub mod light;
pub mod mempool;
pub mod protocol;
pub mod template;
pub mod wallet;

#[cfg(feature = "node")]
pub mod storage;

#[cfg(feature = "node")]
pub mod node;

#[cfg(feature = "node")]
pub mod net;

#[cfg(feature = "node")]
pub mod miner;
#[cfg(feature = "node")]
pub mod stratum;

#[cfg(feature = "api")]
pub mod api;

#[cfg(feature = "client")]
pub mod client;

#[cfg(feature = "devnet")]
pub mod devnet;

#[cfg(feature = "lab")]
pub mod lab;

#[cfg(feature = "cli")]
pub mod cli;

#[cfg(feature = "testkit")]
pub mod testkit;

/// The README's example, so that it stays true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
