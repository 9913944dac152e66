//! A state of the whole network in one file, to be kept, sent, and begun from elsewhere.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType};

use super::error::DevnetError;
use super::network::DevnetHandle;
use super::snapshots::Snapshot;

/// Bytes that a file may unfold to.
///
/// # Security
/// A small file can say that it holds as much as it likes.
const UNFOLDED_BYTES_MAX: u64 = 64 << 30;

impl DevnetHandle {
    /// Writes the state of the whole network to a file; not over another.
    ///
    /// # Errors
    /// When there is such a file already, or the disk refuses. Then there is none of ours.
    pub fn dump(&self, file: &Path) -> Result<Snapshot, DevnetError> {
        let target = File::create_new(file).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => DevnetError::FileThere(file.to_owned()),
            _ => DevnetError::Io { what: format!("cannot write {}", file.display()), error },
        })?;
        let written = self.dump_to(target, file);
        if written.is_err() {
            let _ = fs::remove_file(file);
        }
        written
    }

    fn dump_to(&self, target: File, file: &Path) -> Result<Snapshot, DevnetError> {
        let cannot = || DevnetError::io(format!("cannot write {}", file.display()));
        // One file at a time: two would fill the same folder.
        let _files = self.0.files.lock();
        let mut members = self.0.members.lock();
        self.check_not_ending()?;
        let folder = self.0.layout.passing("");
        let _ = fs::remove_dir_all(&folder);
        let name = file.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let snapshot = self.save_all(&mut members, &folder, name)?;
        drop(members);
        let written = fold(&folder, target).map_err(cannot());
        let _ = fs::remove_dir_all(&folder);
        written.map(|()| snapshot)
    }

    /// Takes the whole network to the state in a file.
    ///
    /// # Errors
    /// When it is no such file, or of another chain, or damaged; then nothing has changed. See also [`DevnetHandle::revert`].
    pub fn load(&self, file: &Path) -> Result<Snapshot, DevnetError> {
        let _files = self.0.files.lock();
        let folder = self.0.layout.passing("-in");
        let _ = fs::remove_dir_all(&folder);
        let source = File::open(file).map_err(|error| match error.kind() {
            ErrorKind::NotFound => DevnetError::NoFile(file.to_owned()),
            _ => DevnetError::Io { what: format!("cannot read {}", file.display()), error },
        })?;
        let unfolded = match unfold(source, &folder) {
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

fn fold(folder: &Path, target: File) -> io::Result<()> {
    let mut archive = Builder::new(GzEncoder::new(BufWriter::new(target), Compression::fast()));
    archive.append_dir_all("", folder)?;
    let written = archive.into_inner()?.finish()?;
    let mut file = written.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.flush()?;
    file.sync_all()
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

fn unfold(file: File, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)));
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

    #[test]
    fn what_was_folded_unfolds_to_the_same() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("inner")).unwrap();
        fs::write(from.path().join("inner/one"), b"1").unwrap();
        fs::write(from.path().join("two"), vec![2; 100_000]).unwrap();
        let file = to.path().join("file");
        fold(from.path(), File::create_new(&file).unwrap()).unwrap();
        let folder = to.path().join("folder");
        unfold(File::open(&file).unwrap(), &folder).unwrap();
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
        assert!(unfold(File::open(&file).unwrap(), &to.path().join("folder")).is_err());
        fs::write(&file, b"anything").unwrap();
        assert!(unfold(File::open(&file).unwrap(), &to.path().join("other")).is_err());
    }
}
