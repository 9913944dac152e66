//! The laboratory: whole networks of real nodes in virtual time.
//!
//! This room decides what befalls a network: who is connected to whom by what kind of line, who mines with how many hashes,
//! who pays whom, what breaks, who cheats. What nodes do about it they decide themselves: each is the writer, the pool, the
//! chain and the machine of peers as they are shipped. Nothing here waits for anything: an hour passes as fast as what
//! happens in it can be worked out, and the same seed makes the same happen.
//!
//! Read [`World`] first; then [`scenario`] for files that say what happens and what is expected, [`studies`] for figures that many
//! networks show, and [`report`] for what is told of it all.

mod chance;
mod checkers;
mod clock;
mod disk;
pub mod figures;
mod ground;
mod links;
pub mod model;
mod people;
mod queue;
mod record;
pub mod report;
mod revenue;
pub mod scenario;
mod shadow;
pub mod strangers;
pub mod studies;
mod swarm;
mod watch;
mod world;

pub use checkers::{Checkers, Promise, Tips, Violation};
pub use clock::{HOUR, MILLISECOND, MINUTE, SECOND};
pub use disk::{SimulatedDatabase, SimulatedDisk};
pub use ground::{Ground, GroundOptions};
pub use links::{Access, Link};
pub use people::Actor;
pub use record::{BlockStory, Listener, Record, Reorganization, Traffic};
pub use revenue::{Revenue, selfish_curve};
pub use swarm::{Blow, Mix, Outcome, replay, soak};
pub use watch::{Happening, Watcher};
pub use world::{
    CrashKind, Fraud, FraudOutcome, Miner, NodeSetup, Paid, Processor, SimulatedNode, Skew, Stage, Stranger,
    Strategy, Users, World,
};
