//! The seam between the store and the disk.
//!
//! Everything the store asks of an operating system is in these two traits, so that a test can put a disk underneath
//! that fails, fills up, or forgets what was never synced (`testkit::SimulatedDisk`). Errors name the file.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One flat folder of files.
///
/// # Invariants
/// What a call did is durable only after a sync: a file's bytes after [`File::sync`], its name after
/// [`Files::sync_folder`]. Before that a crash may keep any part of it, in any order.
pub trait Files: Send + Sync {
    /// The names of all files, in order.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// A new, empty file.
    ///
    /// # Errors
    /// `AlreadyExists` where the name is taken.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// A file that is there, to read and write.
    ///
    /// # Errors
    /// `NotFound` where it is not.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// A file that is there, to read only.
    ///
    /// # Errors
    /// `NotFound` where it is not.
    fn open_read_only(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Gives a file another name, in place of whoever had it, as one step.
    ///
    /// # Errors
    /// `NotFound` where there is no such file.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a file away; who has it open goes on reading.
    ///
    /// # Errors
    /// `NotFound` where there is no such file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes all names durable: files created, renamed and removed so far.
    ///
    /// # Errors
    /// Whatever the disk says; what was to be kept may then be lost.
    fn sync_folder(&self) -> io::Result<()>;
}

/// An open file, read and written at offsets; several threads may do so at once.
pub trait File: Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn length(&self) -> io::Result<u64>;

    /// Fills the buffer from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all bytes from `offset` on, growing the file where needed.
    ///
    /// # Errors
    /// Whatever the disk says; some of the bytes may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file to this length.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes its bytes and its length durable.
    ///
    /// # Errors
    /// Whatever the disk says. The system may have dropped what it could not write, and a second sync may then answer
    /// that all is well: only writing the same bytes again helps.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of the real disk.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    handle: fs::File,
}

impl Disk {
    /// The files in a folder, which is made where it is not there yet.
    ///
    /// # Errors
    /// Where the folder can be neither opened nor made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let named = |error| named(&folder.display().to_string(), &error);
        fs::create_dir_all(folder).map_err(named)?;
        let handle = fs::File::open(folder).map_err(named)?;
        Ok(Self { folder: folder.to_owned(), handle })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn open_with(&self, name: &str, options: &fs::OpenOptions) -> io::Result<Arc<dyn File>> {
        let path = self.folder.join(name);
        let file = options.open(&path).map_err(|error| self.named(name, &error))?;
        Ok(Arc::new(DiskFile { file, path }))
    }

    fn named(&self, name: &str, error: &io::Error) -> io::Error {
        named(&self.folder.join(name).display().to_string(), error)
    }
}

/// The same error, saying whose it is.
fn named(path: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}

impl Files for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|error| self.named("", &error))? {
            let entry = entry?;
            // A name that is no text is none of ours.
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_with(name, fs::OpenOptions::new().read(true).write(true).create_new(true))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_with(name, fs::OpenOptions::new().read(true).write(true))
    }

    fn open_read_only(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_with(name, fs::OpenOptions::new().read(true))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to)).map_err(|error| self.named(from, &error))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name)).map_err(|error| self.named(name, &error))
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.handle.sync_all().map_err(|error| self.named("", &error))
    }
}

#[derive(Debug)]
struct DiskFile {
    file: fs::File,
    path: PathBuf,
}

impl DiskFile {
    fn named<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| named(&self.path.display().to_string(), &error))
    }
}

impl File for DiskFile {
    fn length(&self) -> io::Result<u64> {
        self.named(self.file.metadata().map(|metadata| metadata.len()))
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.named(self.file.read_exact_at(buffer, offset))
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.named(self.file.write_all_at(bytes, offset))
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.named(self.file.set_len(length))
    }

    fn sync(&self) -> io::Result<()> {
        self.named(self.file.sync_data())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every promise of the seam, so that the real disk and the simulated one are known to agree.
    fn keeps_its_promises(files: &dyn Files) {
        let file = files.create("a").unwrap();
        assert_eq!(files.create("a").err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        file.write_all_at(b"hello", 3).unwrap();
        assert_eq!(file.length().unwrap(), 8);
        let mut buffer = [9; 8];
        file.read_exact_at(&mut buffer, 0).unwrap();
        assert_eq!(&buffer, b"\0\0\0hello");
        let beyond = file.read_exact_at(&mut buffer, 1).unwrap_err();
        assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
        assert!(beyond.to_string().contains('a'), "{beyond}");
        file.truncate(4).unwrap();
        file.sync().unwrap();
        files.create("b").unwrap();
        files.rename("a", "b").unwrap();
        files.sync_folder().unwrap();
        assert_eq!(files.list().unwrap(), ["b"]);
        let reader = files.open_read_only("b").unwrap();
        assert_eq!(reader.length().unwrap(), 4);
        assert!(reader.write_all_at(b"x", 0).is_err());
        files.remove("b").unwrap();
        reader.read_exact_at(&mut buffer[..4], 0).unwrap();
        assert_eq!(&buffer[..4], b"\0\0\0h", "who has it open goes on reading");
        for missing in [files.open("b").err(), files.remove("b").err(), files.rename("b", "c").err()] {
            assert_eq!(missing.unwrap().kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn real_disk_keeps_its_promises() {
        let folder = tempfile::tempdir().unwrap();
        keeps_its_promises(&Disk::open(&folder.path().join("new")).unwrap());
    }

    #[cfg(feature = "testkit")]
    #[test]
    fn simulated_disk_keeps_the_same_promises() {
        keeps_its_promises(&crate::testkit::SimulatedDisk::new());
    }
}
