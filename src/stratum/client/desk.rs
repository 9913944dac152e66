//! Where threads find what to hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};

use super::task::{Share, Task};
use crate::crypto::search::Kernel;
use crate::miner::make_way;

/// Hashes that a thread does before it looks at the desk again: some milliseconds, or less.
const HASHES_AT_ONCE: u32 = 1 << 16;
/// What a thread does in a second with the slowest kernel.
const SLOWEST: u32 = 4_000_000;

const _: () = assert!(HASHES_AT_ONCE <= SLOWEST / 50, "a new task is taken within 20 milliseconds");

/// The present task. Every thread works on a part of its own.
#[derive(Default)]
pub(super) struct Desk {
    present: Mutex<Present>,
    changed: Condvar,
    /// Moves with every change, so that nobody has to take the lock to see that there was none.
    changes: AtomicU64,
    hashes: AtomicU64,
}

#[derive(Default)]
struct Present {
    task: Option<Arc<Task>>,
    closed: bool,
}

impl Desk {
    /// Another task takes the place of the present one.
    pub fn put(&self, task: Task) {
        self.change(|present| present.task = Some(Arc::new(task)));
    }

    /// There is nothing to do for now.
    pub fn clear(&self) {
        self.change(|present| present.task = None);
    }

    /// There will be nothing to do any more.
    pub fn close(&self) {
        self.change(|present| *present = Present { task: None, closed: true });
    }

    pub fn is_closed(&self) -> bool {
        self.present.lock().closed
    }

    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    fn change(&self, change: impl FnOnce(&mut Present)) {
        let mut present = self.present.lock();
        if !present.closed {
            change(&mut present);
        }
        self.changes.fetch_add(1, Ordering::Release);
        self.changed.notify_all();
    }

    /// Hashes until there is nothing to do any more. `found` says whether anybody still wants what is found.
    pub fn work(&self, kernel: Kernel, found: impl Fn(Share) -> bool) {
        make_way();
        while let Some((task, change)) = self.next_task() {
            while self.changes.load(Ordering::Acquire) == change {
                if !self.work_on_part(&task, change, kernel, &found) {
                    return;
                }
            }
        }
    }

    /// Waits for a task; nothing once the desk is closed.
    fn next_task(&self) -> Option<(Arc<Task>, u64)> {
        let mut present = self.present.lock();
        loop {
            if present.closed {
                return None;
            }
            if let Some(task) = &present.task {
                return Some((Arc::clone(task), self.changes.load(Ordering::Acquire)));
            }
            self.changed.wait(&mut present);
        }
    }

    fn work_on_part(&self, task: &Task, change: u64, kernel: Kernel, found: &impl Fn(Share) -> bool) -> bool {
        let part = task.next_part();
        let step = HASHES_AT_ONCE / part.search.prefixes() as u32;
        for first in (0..=u32::MAX).step_by(step as usize) {
            let mut scan = part.search.scan(kernel, first..=first.saturating_add(step - 1));
            // Where nearly everything is a share, there are many in a step, and the task may be over.
            while let Some(hit) = scan.next().filter(|_| self.changes.load(Ordering::Acquire) == change) {
                if !found(task.share(&part, hit.prefix, hit.nonce)) {
                    return false;
                }
            }
            self.hashes.fetch_add(scan.hashes(), Ordering::Relaxed);
            if self.changes.load(Ordering::Acquire) != change {
                break;
            }
        }
        true
    }
}
