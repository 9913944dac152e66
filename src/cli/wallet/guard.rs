//! Files beside a wallet that nobody else may have a hand in: looked at before anything is made of them.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::cli::secrets::{beside, private};

/// How long to wait for another process that changes the same file.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Held as long as a file is being changed. The lock's own file stays when it is let go of: whoever removed it could remove the
/// lock of another.
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of a file, if nobody holds it for too long.
    pub fn of(path: &Path) -> Result<Self> {
        let place = beside(path, ".lock");
        let mut file = open_own(&place, path).with_context(|| format!("cannot lock {}", path.display()))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    let holder = holder.lines().next().unwrap_or_default();
                    bail!(
                        "{} is being changed by process {holder}: try again when that is done",
                        path.display()
                    );
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", place.display()));
                }
            }
        }
        // For whoever waits; that it could not be written keeps nobody from working.
        if is_sole(&file) {
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        }
        Ok(Self { _file: file })
    }
}

/// Makes a file, or opens the one that is there, and never what a link leads to.
///
/// # Security
/// In a folder where others can write, somebody could have us empty a file of their choice.
fn open_own(path: &Path, whose: &Path) -> Result<File> {
    let shown = path.display();
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match private(options.clone().create_new(true)).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.with_context(|| format!("cannot write {shown}")),
    }
    let seen = fs::symlink_metadata(path).with_context(|| format!("cannot read {shown}"))?;
    check_own(path, &seen, whose)?;
    let file = options.open(path).with_context(|| format!("cannot write {shown}"))?;
    let opened = file.metadata().with_context(|| format!("cannot read {shown}"))?;
    ensure!(is_same(&seen, &opened), "{shown} changed while it was looked at: try again");
    Ok(file)
}

/// # Security
/// Whoever can read a wallet can guess at its password for as long as they like; whoever can write it, or put another in its
/// place, can have its owner pay somebody else.
#[cfg(unix)]
pub(super) fn check_private(path: &Path, found: &Metadata, forbidden: u32, mode_wanted: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if found.permissions().mode() & forbidden != 0 {
        let shown = path.display();
        bail!("others on this machine can get at {shown}: `chmod {mode_wanted} {shown}` keeps them out");
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn check_private(_: &Path, _: &Metadata, _: u32, _: &str) -> Result<()> {
    Ok(())
}

/// Refuses what is no file, or somebody else's: what goes with a file is its owner's, or root's.
#[cfg(unix)]
pub(super) fn check_own(path: &Path, found: &Metadata, whose: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let shown = path.display();
    ensure!(found.is_file(), "{shown} is no file, and somebody else may have put it there: move it away");
    let owners = [0, fs::metadata(whose).map_or(found.uid(), |whose| whose.uid())];
    ensure!(
        owners.contains(&found.uid()),
        "{shown} belongs to another user than {}: move it away",
        whose.display()
    );
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn check_own(path: &Path, found: &Metadata, _: &Path) -> Result<()> {
    ensure!(found.is_file(), "{} is no file: move it away", path.display());
    Ok(())
}

/// Whether this is the file's only name: under another it may be something of worth.
#[cfg(unix)]
fn is_sole(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|found| found.nlink() == 1)
}

#[cfg(not(unix))]
fn is_sole(_: &File) -> bool {
    true
}

#[cfg(unix)]
fn is_same(seen: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (seen.dev(), seen.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}
