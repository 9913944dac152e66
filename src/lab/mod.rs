//! Whole networks in virtual time.

mod disk;
mod people;

pub use disk::{SimulatedDatabase, SimulatedDisk};
pub use people::Actor;
