//! The power goes at every single operation, also while the last crash is being recovered from.

use cairn::storage::{Journal, JournalError, Position};
use cairn::testkit::SimulatedDisk;

use super::life::{Life, Step, steps};
use super::{CHAIN, create, files, open, options, seeds};

const STEPS: usize = 60;

/// Works on an empty disk until it crashes at an operation; nothing if there are not so many.
fn crashed(steps: &[Step], operation: u64) -> Option<(SimulatedDisk, Life)> {
    let disk = SimulatedDisk::new();
    disk.crash_at(operation);
    let mut life = Life::default();
    if let Ok(mut journal) = Journal::create(files(&disk), CHAIN, options(operation)) {
        let _ = life.work(&mut journal, steps);
    }
    disk.has_crashed().then_some((disk, life))
}

/// Opens what a crash left, or begins anew where nothing was promised yet.
fn recover(disk: &SimulatedDisk, life: &mut Life, remembered: bool) -> Journal {
    match open(disk, life.checkpoint(remembered)) {
        Ok(opened) => {
            life.check(&opened);
            opened.journal
        }
        Err(JournalError::NoJournal) => {
            assert!(!life.was_promised_anything(), "a journal that was made is gone");
            create(disk)
        }
        Err(error) => panic!("{error}"),
    }
}

/// Crashes at each operation of a recovery, and recovers from that. Returns how many images it has looked at.
fn crash_in_recovery(image: &SimulatedDisk, life: &Life, seed: u64) -> u64 {
    for operation in 1.. {
        let disk = image.after_crash(seed);
        disk.crash_at(operation);
        if open(&disk, life.checkpoint(seed.is_multiple_of(2))).is_ok() || !disk.has_crashed() {
            return operation - 1;
        }
        let mut life = life.clone();
        recover(&disk.after_crash(seed + operation), &mut life, seed.is_multiple_of(3));
    }
    unreachable!("a recovery has an end")
}

#[test]
fn power_cut_at_any_operation_loses_nothing_that_was_promised() {
    let mut images = 0;
    for workload in seeds(20) {
        let steps = steps(workload, STEPS);
        for operation in 1.. {
            let Some((disk, life)) = crashed(&steps, operation) else { break };
            for seed in 0..8 {
                let seed = operation * 1000 + seed;
                let mut life = life.clone();
                let image = disk.after_crash(seed);
                images += 1 + crash_in_recovery(&image, &life, seed);
                let mut journal = recover(&image, &mut life, seed.is_multiple_of(2));

                // Going on, and crashing once more.
                image.crash_at(image.operations() + 1 + seed % 20);
                let _ = life.work(&mut journal, &steps[..20]);
                recover(&image.after_crash(seed + 1), &mut life, seed.is_multiple_of(3));
                images += 1;
            }
        }
    }
    println!("{images} images");
    assert!(images > 20_000, "{images} images are too few to mean much");
}

#[test]
fn kill_at_any_operation_loses_nothing_and_then_survives_a_power_cut() {
    for workload in seeds(10) {
        let steps = steps(workload + 100, STEPS);
        for operation in 1.. {
            let Some((disk, mut life)) = crashed(&steps, operation) else { break };
            let disk = disk.after_kill();
            drop(recover(&disk, &mut life, operation.is_multiple_of(2)));
            // What recovery has shown is promised now.
            recover(&disk.after_crash(operation), &mut life, operation.is_multiple_of(2));
        }
    }
}

#[test]
fn recovery_of_a_whole_journal_cuts_nothing() {
    let disk = SimulatedDisk::new();
    let mut journal = create(&disk);
    let mut life = Life::default();
    life.work(&mut journal, &steps(7, STEPS)).unwrap();
    journal.sync().unwrap();
    for from in [Position::START, journal.end(), life.checkpoint(true)] {
        let opened = open(&disk.after_crash(1), from).unwrap();
        assert_eq!(opened.cut, None);
        life.clone().check(&opened);
    }
}
