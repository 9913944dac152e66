//! Many seeds, on as many threads as there are.

use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use super::{Outcome, replay};

/// Runs these seeds on so many threads, and tells of each as it is done; until it is told that that is enough. The order
/// in which they are done is chance.
///
/// # Panics
/// When whoever is told does.
pub fn soak(seeds: Range<u64>, threads: usize, each: impl FnMut(Outcome) -> bool + Send) {
    let next = Mutex::new(seeds);
    let each = Mutex::new(each);
    let run = || {
        loop {
            let Some(seed) = next.lock().expect("nobody panics with it").next() else { return };
            let outcome = replay(seed, None);
            if !(each.lock().expect("whoever is told does not panic"))(outcome) {
                // Nobody takes another.
                next.lock().expect("nobody panics with it").start = u64::MAX;
            }
        }
    };
    thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(run))));
}
