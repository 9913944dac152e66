//! A state of the whole network in one file, to be kept, sent, and begun from elsewhere.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType};

use super::error::DevnetError;
use super::network::DevnetHandle;
use super::snapshots::{Reverted, Snapshot};

/// Bytes that a file may unfold to.
///
/// # Security
/// A small file can say that it holds as much as it likes.
const UNFOLDED_BYTES_MAX: u64 = 64 << 30;

/// What stands behind the name of a file that is not whole yet.
const PART: &str = ".part";

impl DevnetHandle {
    /// Writes the state of the whole network to a file; not over another. It has its name once it is whole: before it is called
    /// `.part`, and a kill leaves that.
    ///
    /// # Errors
    /// When there is such a file already, or the disk refuses, or all ends. Then there is none of ours.
    pub fn dump(&self, file: &Path) -> Result<Snapshot, DevnetError> {
        // One file at a time: two would fill the same folder.
        let _files = self.0.files.lock();
        let name = file.file_name().filter(|_| file.symlink_metadata().is_err());
        let mut name = name.ok_or_else(|| DevnetError::FileThere(file.to_owned()))?.to_owned();
        name.push(PART);
        let part = file.with_file_name(name);
        let target = File::create_new(&part).map_err(|error| cannot_write(&part, error))?;
        let written = self.dump_to(target, file);
        let finished = written.and_then(|snapshot| {
            finish(&part, file).map_err(|error| cannot_write(file, error))?;
            Ok(snapshot)
        });
        if finished.is_err() {
            let _ = fs::remove_file(&part);
        }
        finished
    }

    fn dump_to(&self, target: File, file: &Path) -> Result<Snapshot, DevnetError> {
        let mut members = self.0.members.lock();
        self.check_not_ending()?;
        let folder = self.0.layout.passing("");
        let _ = fs::remove_dir_all(&folder);
        let name = file.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let snapshot = self.save_all(&mut members, &folder, name)?;
        drop(members);
        let written = fold(&folder, target, &self.0.common.ending);
        let _ = fs::remove_dir_all(&folder);
        match written {
            Ok(()) => Ok(snapshot),
            Err(error) => self.check_not_ending().and(Err(cannot_write(file, error))),
        }
    }

    /// Takes the whole network to the state in a file.
    ///
    /// # Errors
    /// When it is no such file, or of another chain, or damaged; then nothing has changed. See also [`DevnetHandle::revert`].
    pub fn load(&self, file: &Path) -> Result<Reverted, DevnetError> {
        let _files = self.0.files.lock();
        let folder = self.0.layout.passing("-in");
        let _ = fs::remove_dir_all(&folder);
        let source = File::open(file).map_err(|error| match error.kind() {
            ErrorKind::NotFound => DevnetError::NoFile(file.to_owned()),
            _ => DevnetError::Io { what: format!("cannot read {}", file.display()), error },
        })?;
        let unfolded = match unfold(source, &folder, &self.0.common.ending) {
            Err(_) if self.check_not_ending().is_err() => Err(DevnetError::Ending),
            // Ours, not the file's.
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                Err(DevnetError::Io { what: format!("cannot write {}", folder.display()), error })
            }
            unfolded => unfolded.map_err(|error| DevnetError::NotAState { file: file.to_owned(), error }),
        };
        let loaded = unfolded.and_then(|()| self.revert_to(&folder, &file.display().to_string(), true));
        let loaded = loaded.map_err(|error| match error {
            DevnetError::NoSnapshot(_) => DevnetError::NotAState {
                file: file.to_owned(),
                error: io::Error::other("nothing in it says what it is"),
            },
            error => error,
        });
        let _ = fs::remove_dir_all(&folder);
        loaded
    }
}

fn cannot_write(file: &Path, error: io::Error) -> DevnetError {
    match error.kind() {
        ErrorKind::AlreadyExists => DevnetError::FileThere(file.to_owned()),
        _ => DevnetError::Io { what: format!("cannot write {}", file.display()), error },
    }
}

/// Gives a file that is whole its name, unless there is one of that name by now; durable when this returns.
fn finish(part: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(part, file) {
        Ok(()) => fs::remove_file(part)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        // Not every disk gives a file two names.
        Err(_) if file.symlink_metadata().is_ok() => return Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, file)?,
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A file as long as the devnet does not end: nobody who ends it waits for a long one.
struct UntilEnding<'a> {
    file: File,
    ending: &'a AtomicBool,
}

impl UntilEnding<'_> {
    fn check(&self) -> io::Result<()> {
        let is_ending = self.ending.load(Ordering::Relaxed);
        if is_ending { Err(io::Error::other("the devnet is ending")) } else { Ok(()) }
    }
}

impl Write for UntilEnding<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for UntilEnding<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.file.read(bytes)
    }
}

fn fold(folder: &Path, target: File, ending: &AtomicBool) -> io::Result<()> {
    let target = BufWriter::new(UntilEnding { file: target, ending });
    let mut archive = Builder::new(GzEncoder::new(target, Compression::fast()));
    archive.append_dir_all("", folder)?;
    let written = archive.into_inner()?.finish()?;
    let written = written.into_inner().map_err(io::IntoInnerError::into_error)?;
    written.file.sync_all()
}

/// Where an entry belongs in the folder.
///
/// # Security
/// Whoever made the file chose the names: none may lead out of the folder.
fn place(folder: &Path, name: &Path) -> io::Result<PathBuf> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !name.components().all(is_plain) {
        return Err(io::Error::other(format!("{} leads elsewhere", name.display())));
    }
    Ok(folder.join(name))
}

fn unfold(file: File, folder: &Path, ending: &AtomicBool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(UntilEnding { file, ending })));
    let mut bytes = 0_u64;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let to = place(folder, &entry.path()?)?;
        match entry.header().entry_type() {
            EntryType::Directory => fs::create_dir_all(&to)?,
            EntryType::Regular => {
                bytes = bytes.saturating_add(entry.size());
                if bytes > UNFOLDED_BYTES_MAX {
                    return Err(io::Error::other("it holds more than a state does"));
                }
                to.parent().map_or(Ok(()), fs::create_dir_all)?;
                io::copy(&mut entry, &mut File::create_new(&to)?)?;
            }
            _ => return Err(io::Error::other(format!("{} is no file", to.display()))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    static GOES_ON: AtomicBool = AtomicBool::new(false);

    #[test]
    fn what_was_folded_unfolds_to_the_same() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("inner")).unwrap();
        fs::write(from.path().join("inner/one"), b"1").unwrap();
        fs::write(from.path().join("two"), vec![2; 100_000]).unwrap();
        let file = to.path().join("file");
        fold(from.path(), File::create_new(&file).unwrap(), &GOES_ON).unwrap();
        let folder = to.path().join("folder");
        unfold(File::open(&file).unwrap(), &folder, &GOES_ON).unwrap();
        assert_eq!(fs::read(folder.join("inner/one")).unwrap(), b"1");
        assert_eq!(fs::read(folder.join("two")).unwrap(), vec![2; 100_000]);
    }

    #[test]
    fn names_that_lead_elsewhere_and_what_is_no_file_are_refused() {
        let folder = Path::new("/somewhere");
        assert!(place(folder, Path::new("node-0/pool/1")).is_ok());
        for name in ["../out", "/etc/passwd", "a/../../b"] {
            assert!(place(folder, Path::new(name)).is_err(), "{name}");
        }
        let to = tempfile::tempdir().unwrap();
        let file = to.path().join("file");
        let mut archive = Builder::new(GzEncoder::new(File::create_new(&file).unwrap(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "link", "/etc").unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        assert!(unfold(File::open(&file).unwrap(), &to.path().join("folder"), &GOES_ON).is_err());
        fs::write(&file, b"anything").unwrap();
        assert!(unfold(File::open(&file).unwrap(), &to.path().join("other"), &GOES_ON).is_err());
    }

    #[test]
    fn nothing_is_written_or_read_once_all_ends() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("one"), vec![1; 100_000]).unwrap();
        let (file, ends) = (to.path().join("file"), AtomicBool::new(true));
        assert!(fold(from.path(), File::create_new(&file).unwrap(), &ends).is_err());
        assert_eq!(fs::metadata(&file).unwrap().len(), 0);
        fold(from.path(), File::create(&file).unwrap(), &GOES_ON).unwrap();
        assert!(unfold(File::open(&file).unwrap(), &to.path().join("folder"), &ends).is_err());
        assert!(!to.path().join("folder/one").exists());
    }

    #[test]
    fn a_file_that_is_whole_takes_the_place_of_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (part, file) = (folder.path().join("part"), folder.path().join("file"));
        fs::write(&part, b"ours").unwrap();
        fs::write(&file, b"another's").unwrap();
        assert_eq!(finish(&part, &file).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"another's");
        fs::remove_file(&file).unwrap();
        finish(&part, &file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"ours");
        assert!(!part.exists());
    }
}
