//! The machine: what happened goes in, what is to be done comes out.

use super::conduct::{Acts, Conduct};
use super::{AddressBook, Input, Known, Now, Output, Settings};

/// All that a node says to others, and what it makes of the answers.
pub struct Protocol {
    settings: Settings,
    book: AddressBook,
    conduct: Conduct,
}

impl Protocol {
    /// One that knows nobody but those in the book. The same seed draws the same.
    pub fn new(settings: Settings, book: AddressBook, _seed: [u8; 32]) -> Self {
        Self { settings, book, conduct: Conduct::default() }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, _now: Now, _input: Input, _known: &dyn Known) -> Vec<Output> {
        let _ = (&self.settings, &self.book, &mut self.conduct);
        Acts::default().outputs
    }

    /// When, in [`Now::millis`], it wants to be woken; it may be told of other things before.
    pub fn wake_at(&self) -> u64 {
        0
    }
}
