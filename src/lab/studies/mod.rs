//! Studies: the figures that people know of such networks, each found out by running whole ones.
//!
//! This room decides which networks are run for a figure, and what is read off them. No figure is computed by a formula: where
//! there is a known one it stands beside what was measured, to be compared with. Every study is a list of cases, each a
//! network of its own, run on as many threads as there are; the same seed gives the same figures.
//!
//! Read this file first; each of the others is one study.

mod eclipse;
mod fraud;
mod network;
mod partition;
mod propagation;
mod selfish;
mod stale;

use std::sync::Mutex;
use std::thread;

use serde::Serialize;

pub use selfish::{Earned, earned, mine_beside, selfish_mesh};

use super::report::{Plot, Table};

/// A question that is asked of networks.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    /// By which it is called.
    pub name: &'static str,
    /// What is found out.
    pub title: &'static str,
    /// What is measured, and how.
    pub about: &'static str,
    find: fn(&Effort<'_>) -> (Table, Vec<Plot>),
}

/// What a study found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Finding {
    /// The study's name.
    pub name: &'static str,
    /// What was found out.
    pub title: &'static str,
    /// What was measured, and how.
    pub about: &'static str,
    /// What chance followed from.
    pub seed: u64,
    /// Whether fewer and smaller networks ran than usually do.
    pub is_quick: bool,
    /// The figures.
    pub table: Table,
    /// The same to look at.
    pub plots: Vec<Plot>,
}

/// How much a study is worth.
pub struct Effort<'a> {
    /// What chance follows from.
    pub seed: u64,
    /// Whether fewer and smaller networks do.
    pub is_quick: bool,
    /// Networks that run at a time.
    pub threads: usize,
    /// Is told how many networks of how many are done.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

const STUDIES: &[Study] =
    &[propagation::STUDY, stale::STUDY, selfish::STUDY, fraud::STUDY, partition::STUDY, eclipse::STUDY];

/// All studies.
pub fn studies() -> &'static [Study] {
    STUDIES
}

impl Study {
    /// Runs its networks, and says what they show.
    pub fn find(&self, effort: &Effort<'_>) -> Finding {
        let (table, plots) = (self.find)(effort);
        let Self { name, title, about, .. } = *self;
        Finding { name, title, about, seed: effort.seed, is_quick: effort.is_quick, table, plots }
    }
}

impl Effort<'_> {
    /// The usual value, or the smaller one where it is to be quick.
    fn pick<T>(&self, usual: T, quick: T) -> T {
        if self.is_quick { quick } else { usual }
    }

    /// A seed for each case of a study.
    fn seed_of(&self, case: usize) -> u64 {
        self.seed.wrapping_mul(1_000_003).wrapping_add(case as u64)
    }

    /// Runs each case, and says what came of them in their order. Those at the end, which take longest, come first.
    ///
    /// # Panics
    /// When a case does.
    fn each<C: Sync, F: Send>(&self, cases: &[C], run: impl Fn(usize, &C) -> F + Sync) -> Vec<F> {
        let left = Mutex::new((0..cases.len()).collect::<Vec<usize>>());
        let found = Mutex::new((0..cases.len()).map(|_| None).collect::<Vec<Option<F>>>());
        (self.progress)(0, cases.len());
        let work = || {
            loop {
                let Some(case) = left.lock().expect("nobody panics with it").pop() else { return };
                let one = run(case, &cases[case]);
                let mut found = found.lock().expect("nobody panics with it");
                found[case] = Some(one);
                (self.progress)(found.iter().flatten().count(), cases.len());
            }
        };
        thread::scope(|scope| (0..self.threads.max(1)).for_each(|_| drop(scope.spawn(work))));
        let found = found.into_inner().expect("nobody panics with it");
        found.into_iter().map(|one| one.expect("every case was run")).collect()
    }
}

/// The standard error of a share that so many show.
fn error_of(share: f64, count: usize) -> f64 {
    (share * (1.0 - share) / count.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_told_in_their_order_whoever_is_done_first() {
        for threads in [1, 3] {
            let effort = Effort { seed: 7, is_quick: true, threads, progress: &|_, _| {} };
            let cases: Vec<u64> = (0..20).collect();
            assert_eq!(
                effort.each(&cases, |at, case| (at as u64, *case)),
                cases.iter().map(|case| (*case, *case)).collect::<Vec<_>>()
            );
        }
    }
}
