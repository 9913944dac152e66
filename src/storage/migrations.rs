//! From the layout of an earlier version to ours, one step after the other. `migrations/README.md` says what the layouts
//! are and how a step is added.

use std::path::Path;

use super::StorageError;
use super::folder::{LAYOUT, no_manifest, read_layout};

/// Leads from one layout to the next.
///
/// # Invariants
/// What it makes lies beside the old files, complete and synced, before it replaces the manifest by one of the next
/// layout: that one act is the migration. Until then it changes and removes nothing that was there, so that a step which
/// fails or is killed leaves the folder as it was; and it begins by removing what such a run of it left.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// The layout that it begins with; it ends with the next.
    pub from: u32,
    /// Does it, in a folder that nobody else works in.
    pub run: fn(&Path) -> Result<(), StorageError>,
}

/// One for each layout before ours, in their order. There is none: 1 is the first.
const STEPS: &[Step] = &[];
const _: () = assert!(STEPS.len() + 1 == LAYOUT as usize, "each layout but the last has a step");

/// Brings a folder up to the layout of this version, where it holds anything.
pub(super) fn migrate(folder: &Path) -> Result<(), StorageError> {
    migrate_by(STEPS, LAYOUT, folder)
}

fn migrate_by(steps: &[Step], last: u32, folder: &Path) -> Result<(), StorageError> {
    let manifest = |reason: String| Err(no_manifest(folder, reason));
    while let Some(found) = read_layout(folder, last)?.filter(|found| *found != last) {
        let Some(step) = steps.iter().find(|step| step.from == found) else {
            return manifest(format!("there never was a layout {found}"));
        };
        (step.run)(folder)?;
        if read_layout(folder, last)? != Some(found + 1) {
            return manifest(format!("the migration from layout {found} came to no end"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::io;

    use super::super::folder::replace_manifest;
    use super::*;

    /// The last layout of these tests.
    const LAST: u32 = 4;

    thread_local! {
        /// Where the next run of a step ends before its time.
        static DIES: Cell<Option<(u32, Moment)>> = const { Cell::new(None) };
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Moment {
        WhileWriting,
        BeforeManifest,
    }

    /// What every step does here: the numbers of all steps before it, and its own, in a file of its own.
    fn run<const FROM: u32>(folder: &Path) -> Result<(), StorageError> {
        let before = fs::read_to_string(folder.join(format!("data-{FROM}"))).unwrap();
        let after = folder.join(format!("data-{}", FROM + 1));
        let text = format!("{before}{FROM}");
        fs::write(&after, &text[..1]).unwrap();
        die_at(FROM, Moment::WhileWriting)?;
        fs::write(&after, text).unwrap();
        die_at(FROM, Moment::BeforeManifest)?;
        replace_manifest(folder, &format!("{{\"layout\": {}, \"fields of\": \"layout {0}\"}}", FROM + 1))
    }

    fn die_at(from: u32, moment: Moment) -> Result<(), StorageError> {
        if DIES.get() != Some((from, moment)) {
            return Ok(());
        }
        DIES.set(None);
        Err(StorageError::Io { what: "migrating".to_owned(), error: io::Error::other("killed") })
    }

    // In no order that would do by itself.
    const STEPS: [Step; 3] =
        [Step { from: 2, run: run::<2> }, Step { from: 1, run: run::<1> }, Step { from: 3, run: run::<3> }];

    fn folder(layout: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("data-{layout}")), ":").unwrap();
        replace_manifest(folder.path(), &format!("{{\"layout\": {layout}}}")).unwrap();
        folder
    }

    fn data(folder: &Path, layout: u32) -> String {
        fs::read_to_string(folder.join(format!("data-{layout}"))).unwrap()
    }

    fn migrate_test(folder: &Path) -> Result<(), StorageError> {
        migrate_by(&STEPS, LAST, folder)
    }

    #[test]
    fn steps_are_run_in_the_order_of_layouts_from_the_one_that_is_there() {
        for (from, expected) in [(1, ":123"), (2, ":23"), (3, ":3"), (4, ":")] {
            let folder = folder(from);
            migrate_test(folder.path()).unwrap();
            assert_eq!(read_layout(folder.path(), LAST).unwrap(), Some(LAST));
            assert_eq!(data(folder.path(), LAST), expected);
            migrate_test(folder.path()).unwrap();
            assert_eq!(data(folder.path(), LAST), expected, "once is enough");
        }
    }

    #[test]
    fn step_that_fails_or_is_killed_leaves_what_was_there_and_is_run_again() {
        for from in 1..LAST {
            for moment in [Moment::WhileWriting, Moment::BeforeManifest] {
                let folder = folder(1);
                DIES.set(Some((from, moment)));
                migrate_test(folder.path()).unwrap_err();
                assert_eq!(read_layout(folder.path(), LAST).unwrap(), Some(from), "steps before it count");
                assert_eq!(data(folder.path(), from), ":123"[..from as usize]);
                migrate_test(folder.path()).unwrap();
                assert_eq!(data(folder.path(), LAST), ":123");
            }
        }
    }

    #[test]
    fn layouts_that_never_were_or_are_yet_to_come_are_refused() {
        let newer = migrate_test(folder(LAST + 1).path()).unwrap_err();
        assert!(matches!(newer, StorageError::NewerLayout { found: 5, known: LAST, .. }), "{newer}");
        let never = migrate_test(folder(0).path()).unwrap_err();
        assert!(matches!(never, StorageError::Manifest { .. }), "{never}");
        let idle = [Step { from: 1, run: |_| Ok(()) }];
        let idle = migrate_by(&idle, 2, folder(1).path()).unwrap_err();
        assert!(idle.to_string().contains("came to no end"), "{idle}");
    }

    #[test]
    fn empty_folder_has_nothing_to_migrate() {
        let folder = tempfile::tempdir().unwrap();
        migrate(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
