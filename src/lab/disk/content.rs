//! What a file holds. Many nodes write the same: where they may, they hold it together.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

/// Bytes at the beginning of each piece that are its file's own: a record's head differs from disk to disk, what is behind
/// it does not.
const OWN_BYTES: usize = 24;
/// Bytes remembered in each of two generations, for others who write the same.
const GENERATION_BYTES_MAX: usize = 64 << 20;

/// What was written lately, on any of the disks that share this. A clone is the same shelf.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Generations>>);

#[derive(Default)]
struct Generations {
    young: HashSet<Arc<[u8]>>,
    old: HashSet<Arc<[u8]>>,
    young_bytes: usize,
}

impl Shelf {
    /// These bytes, the same for all who ask for them.
    fn share(&self, bytes: &[u8]) -> Arc<[u8]> {
        let mut shelf = self.0.lock();
        if let Some(shared) = shelf.young.get(bytes) {
            return Arc::clone(shared);
        }
        let shared = shelf.old.get(bytes).map_or_else(|| bytes.into(), Arc::clone);
        shelf.young_bytes += bytes.len();
        if shelf.young_bytes > GENERATION_BYTES_MAX {
            shelf.old = std::mem::take(&mut shelf.young);
            shelf.young_bytes = bytes.len();
        }
        shelf.young.insert(Arc::clone(&shared));
        shared
    }
}

/// A file's content: some bytes, and pieces behind them that others may hold, too.
#[derive(Clone, Default)]
pub(super) struct Content {
    flat: Vec<u8>,
    pieces: Vec<Piece>,
    /// Of all pieces.
    bytes: usize,
    shelf: Option<Shelf>,
}

/// Something that was appended.
#[derive(Clone)]
struct Piece {
    /// Behind how many bytes of other pieces it stands.
    begin: usize,
    /// As many of these as it has.
    own: [u8; OWN_BYTES],
    shared: Arc<[u8]>,
}

impl Content {
    /// Nothing yet; what is appended is shared with others, where there is a shelf.
    pub fn on(shelf: Option<Shelf>) -> Self {
        Self { shelf, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.flat.len() + self.bytes
    }

    /// All of it.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len()];
        self.read(0, &mut bytes);
        bytes
    }

    /// Fills the buffer from there on; whether there is enough.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> bool {
        if self.len() < offset.saturating_add(buffer.len()) {
            return false;
        }
        copy(&self.flat, 0, offset, buffer);
        let end = offset + buffer.len();
        let before = |piece: &Piece| self.flat.len() + piece.begin <= offset;
        let first = self.pieces.partition_point(before).saturating_sub(1);
        for (at, piece) in self.pieces.iter().enumerate().skip(first) {
            let begin = self.flat.len() + piece.begin;
            if begin >= end {
                break;
            }
            let own = self.begin_of(at + 1) - piece.begin - piece.shared.len();
            copy(&piece.own[..own], begin, offset, buffer);
            copy(&piece.shared, begin + own, offset, buffer);
        }
        true
    }

    fn begin_of(&self, piece: usize) -> usize {
        self.pieces.get(piece).map_or(self.bytes, |piece| piece.begin)
    }

    /// Writes over what is there, or behind it.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        if offset == self.len()
            && let Some(shelf) = &self.shelf
        {
            let (head, rest) = bytes.split_at(bytes.len().min(OWN_BYTES));
            let mut own = [0; OWN_BYTES];
            own[..head.len()].copy_from_slice(head);
            self.pieces.push(Piece { begin: self.bytes, own, shared: shelf.share(rest) });
            self.bytes += bytes.len();
            return;
        }
        let end = offset + bytes.len();
        let flat = self.flat();
        if flat.len() < end {
            flat.resize(end, 0);
        }
        flat[offset..end].copy_from_slice(bytes);
    }

    /// All of it, to be changed; from then on it is held by itself.
    pub fn flat(&mut self) -> &mut Vec<u8> {
        if !self.pieces.is_empty() {
            self.flat = self.to_vec();
            (self.pieces, self.bytes) = (Vec::new(), 0);
        }
        &mut self.flat
    }
}

/// Copies what of the bytes, which begin at one offset, is in the buffer, which begins at another.
fn copy(bytes: &[u8], begin: usize, offset: usize, buffer: &mut [u8]) {
    let from = begin.max(offset);
    let to = (begin + bytes.len()).min(offset + buffer.len());
    if from < to {
        buffer[from - offset..to - offset].copy_from_slice(&bytes[from - begin..to - begin]);
    }
}

impl From<Vec<u8>> for Content {
    fn from(flat: Vec<u8>) -> Self {
        Self { flat, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_content_reads_as_if_it_were_not() {
        let shelf = Shelf::default();
        let (mut shared, mut flat) = (Content::on(Some(shelf.clone())), Content::on(None));
        let writes: [(usize, &[u8]); 6] =
            [(0, &[1; 64]), (64, &[2; 10]), (74, &[3; 200]), (274, &[]), (274, &[4; 25]), (299, &[5; 24])];
        for (round, (offset, bytes)) in writes.into_iter().enumerate() {
            shared.write(offset, bytes);
            flat.write(offset, bytes);
            assert_eq!(shared.to_vec(), flat.to_vec(), "{round}");
        }
        assert_eq!((shared.pieces.len(), shared.len()), (6, 323));
        for offset in 0..=323 {
            for bytes in [0, 1, 30, 120] {
                let (mut one, mut other) = (vec![0; bytes], vec![0; bytes]);
                let is_there = shared.read(offset, &mut one);
                assert_eq!((is_there, one), (flat.read(offset, &mut other), other), "{bytes} at {offset}");
            }
        }
        // What is written over is not the others' any more.
        let other = shared.clone();
        shared.write(80, &[9; 3]);
        flat.write(80, &[9; 3]);
        assert_eq!(shared.to_vec(), flat.to_vec());
        assert_eq!(other.to_vec()[80..83], [3; 3]);
    }

    #[test]
    fn what_two_write_is_held_once() {
        let shelf = Shelf::default();
        let mut files = [0; 2].map(|_| Content::on(Some(shelf.clone())));
        for (number, file) in files.iter_mut().enumerate() {
            file.write(0, &[&[number as u8; OWN_BYTES][..], &[7; 1000]].concat());
        }
        let [one, other] = files.map(|file| file.pieces[0].shared.clone());
        assert!(Arc::ptr_eq(&one, &other));
    }
}
