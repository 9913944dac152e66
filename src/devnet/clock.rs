//! The one clock by which all nodes of a devnet date their blocks.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::node::ChainClock;
use crate::types::Timestamp;

/// A clock that can be put forward and held, and never runs back but by [`ChainTime::set`]. Every copy is the same clock.
#[derive(Clone)]
pub struct ChainTime(Arc<Mutex<ClockState>>);

/// How a clock stands, to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockState {
    /// Seconds by which it is ahead of the machine's.
    pub ahead: i64,
    /// Where it is held, if it is.
    pub frozen: Option<Timestamp>,
    /// The last time that it told.
    pub last: Timestamp,
}

impl ClockState {
    fn at(&self, machine: Timestamp) -> Timestamp {
        let running = (i64::from(machine.0).saturating_add(self.ahead)).clamp(0, i64::from(u32::MAX));
        let running = Timestamp(u32::try_from(running).unwrap_or(u32::MAX));
        self.frozen.unwrap_or(running).max(self.last)
    }

    /// Runs on from a time.
    fn run_from(&mut self, time: Timestamp, machine: Timestamp) {
        self.frozen = None;
        self.ahead = i64::from(time.0) - i64::from(machine.0);
    }

    fn warp(&mut self, seconds: u32, machine: Timestamp) {
        let time = Timestamp(self.at(machine).0.saturating_add(seconds));
        match &mut self.frozen {
            Some(frozen) => *frozen = time,
            None => self.run_from(time, machine),
        }
    }
}

impl ChainTime {
    /// As it was kept.
    pub fn new(state: ClockState) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        let mut state = self.0.lock();
        state.last = state.at(machine());
        state.last
    }

    /// How it stands.
    pub fn state(&self) -> ClockState {
        let mut state = self.0.lock();
        state.last = state.at(machine());
        *state
    }

    /// Whether it stands still.
    pub fn is_held(&self) -> bool {
        self.0.lock().frozen.is_some()
    }

    /// Puts it forward.
    pub fn warp(&self, seconds: u32) {
        self.0.lock().warp(seconds, machine());
    }

    /// Holds it where it is; where it is held already, it stays there.
    pub fn freeze(&self) {
        let mut state = self.0.lock();
        state.frozen = Some(state.at(machine()));
    }

    /// Has it run on from where it was held.
    pub fn resume(&self) {
        let mut state = self.0.lock();
        if let Some(frozen) = state.frozen {
            state.run_from(frozen, machine());
        }
    }

    /// Sets it to what it told at an earlier state of the network: the only way back. It runs on from there, or is held as it
    /// was then.
    pub fn set(&self, then: ClockState) {
        let mut state = self.0.lock();
        *state = ClockState { last: Timestamp(0), ..then };
        // One that is held has been no further ahead since.
        if then.frozen.is_none() {
            state.run_from(then.last, machine());
        }
    }

    /// The same, as nodes read it.
    pub(super) fn as_chain_clock(&self) -> ChainClock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

fn machine() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u32::try_from(since.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u32) -> Timestamp {
        Timestamp(seconds)
    }

    #[test]
    fn a_clock_runs_with_the_machine_and_ahead_of_it_by_what_it_was_put_forward() {
        let mut clock = ClockState::default();
        assert_eq!(clock.at(at(100)), at(100));
        clock.warp(86_400, at(100));
        assert_eq!(clock.at(at(101)), at(86_501));
    }

    #[test]
    fn a_held_clock_moves_by_warps_alone_and_runs_on_from_there() {
        let mut clock = ClockState { frozen: Some(at(50)), ..ClockState::default() };
        clock.warp(7, at(100));
        assert_eq!(clock.at(at(1000)), at(57));
        clock.run_from(at(57), at(1000));
        assert_eq!(clock.at(at(1010)), at(67));
    }

    #[test]
    fn a_machine_whose_clock_is_set_back_does_not_take_the_chains_with_it() {
        let clock = ClockState { last: at(500), ..ClockState::default() };
        assert_eq!(clock.at(at(400)), at(500));
    }

    #[test]
    fn only_going_back_to_a_state_turns_it_back() {
        let clock = ChainTime::new(ClockState::default());
        let then = clock.state();
        clock.warp(1_000_000);
        assert!(clock.now().0 >= then.last.0 + 1_000_000);
        clock.set(then);
        assert!(clock.now().0 <= then.last.0 + 5);
        assert!(!clock.is_held());
        clock.freeze();
        assert!(clock.is_held());
        let held = clock.now();
        clock.warp(3);
        assert_eq!(clock.now(), at(held.0 + 3));
    }
}
