//! Hellos whose time is wrong.

use super::villain::Mischief;
use crate::lab::world::Stage;
use crate::protocol::Hello;
use crate::types::Timestamp;

/// Says that it is another time, and is honest otherwise. For blocks with wrong times there is a strategy of miners.
pub struct WrongClock {
    /// Seconds by which its clock is ahead, or behind.
    pub seconds: i32,
}

impl Mischief for WrongClock {
    fn hello(&mut self, _: &mut Stage<'_>, honest: Hello) -> Hello {
        Hello { time: Timestamp(honest.time.0.saturating_add_signed(self.seconds)), ..honest }
    }
}
