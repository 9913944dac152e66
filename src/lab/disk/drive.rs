//! What the stores of one machine have in common: its power, the room on its drive, and whatever its drive refuses.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

// What Linux answers.
pub(super) const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

/// A machine's drive. A clone is the same; all that lies on it has the same room, and goes off at the same moment.
#[derive(Clone, Default)]
pub(in crate::lab) struct Drive(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    operations: u64,
    crash_at: Option<u64>,
    has_crashed: bool,
    is_read_only: bool,
    fails_next_sync: bool,
    free_bytes: Option<u64>,
    has_refused: bool,
}

/// What becomes of a change that was begun.
#[must_use]
pub(super) enum Fate {
    Fine,
    /// It may have happened, but nobody lives to see it.
    Crashing,
}

impl Fate {
    pub fn end(self) -> io::Result<()> {
        match self {
            Self::Fine => Ok(()),
            Self::Crashing => Err(io::Error::other("the machine went off")),
        }
    }
}

impl Drive {
    /// The same drive for the next process: the power is on, and there is as much room as there was.
    pub fn after_end(&self) -> Self {
        let (crash_at, has_crashed, has_refused) = (None, false, false);
        let state = State { operations: 0, crash_at, has_crashed, has_refused, ..self.0.lock().clone() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// How many operations there were that change something.
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    /// Goes off at this operation, counted from the first one ever.
    pub fn crash_at(&self, operation: u64) {
        self.0.lock().crash_at = Some(operation);
    }

    /// Whether it has gone off.
    pub fn has_crashed(&self) -> bool {
        self.0.lock().has_crashed
    }

    /// Has room for so many bytes more; nothing for as many as one likes.
    pub fn limit_free_bytes(&self, bytes: Option<u64>) {
        self.0.lock().free_bytes = bytes;
    }

    /// Refuses every change, or no more.
    pub fn make_read_only(&self, is_read_only: bool) {
        self.0.lock().is_read_only = is_read_only;
    }

    /// Fails the next sync.
    pub fn fail_next_sync(&self) {
        self.0.lock().fails_next_sync = true;
    }

    /// Has all the room that anybody wants, takes every change, and goes off no more, unless it has.
    pub fn mend(&self) {
        let State { crash_at, is_read_only, fails_next_sync, free_bytes, .. } = &mut *self.0.lock();
        (*crash_at, *is_read_only, *fails_next_sync, *free_bytes) = (None, false, false, None);
    }

    /// Whether it refused anything since somebody last began anew with it.
    pub fn has_refused(&self) -> bool {
        self.0.lock().has_refused
    }

    /// Somebody begins anew with it.
    pub fn begin(&self) {
        self.0.lock().has_refused = false;
    }

    /// Refuses everything where the power is gone.
    pub(super) fn check_running(&self) -> io::Result<()> {
        if self.has_crashed() { Err(io::Error::other("the machine is off")) } else { Ok(()) }
    }

    /// Refuses everything that may end in a change, where nothing may be changed.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        self.check_running()?;
        let mut state = self.0.lock();
        if state.is_read_only { Err(state.refuse(EROFS)) } else { Ok(()) }
    }

    /// Counts a change and says whether it may go on; `Err` from the crash on.
    pub(super) fn change(&self) -> io::Result<Fate> {
        self.check_writable()?;
        let mut state = self.0.lock();
        state.operations += 1;
        state.has_crashed = state.crash_at.is_some_and(|crash_at| state.operations >= crash_at);
        state.has_refused |= state.has_crashed;
        Ok(if state.has_crashed { Fate::Crashing } else { Fate::Fine })
    }

    /// How many of so many bytes there is room for, which are taken; and what is to be said where that is not all.
    pub(super) fn take_room(&self, bytes: u64) -> (u64, io::Result<()>) {
        let mut state = self.0.lock();
        let Some(free) = &mut state.free_bytes else { return (bytes, Ok(())) };
        let fitting = bytes.min(*free);
        *free -= fitting;
        (fitting, if fitting < bytes { Err(state.refuse(ENOSPC)) } else { Ok(()) })
    }

    /// What is to be said of a sync: one may be told to fail.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        if std::mem::take(&mut state.fails_next_sync) { Err(state.refuse(EIO)) } else { Ok(()) }
    }
}

impl State {
    fn refuse(&mut self, code: i32) -> io::Error {
        self.has_refused = true;
        io::Error::from_raw_os_error(code)
    }
}
