//! The bytes of a segment: its header, and the heads of its records.

use super::PAYLOAD_BYTES_MAX;
use crate::types::{BlockHash, ChainId};

/// Length of a segment's header.
pub(super) const HEADER_BYTES: u64 = 64;

/// Length of what stands before each payload.
pub(super) const HEAD_BYTES: u64 = 24;

/// The layout in this file.
pub(super) const FORMAT: u32 = 1;

const MAGIC: [u8; 4] = *b"crnj";
const NAME_PREFIX: &str = "journal-";

/// The file a segment is kept in; ten digits, so that names sort as numbers do.
pub(in crate::storage) fn segment_name(segment: u32) -> String {
    format!("{NAME_PREFIX}{segment:010}")
}

/// The segment that a file holds, if it is one.
pub(super) fn segment_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix(NAME_PREFIX)?.parse().ok()?;
    (segment_name(number) == name).then_some(number)
}

/// What ties records to one segment.
///
/// # Security
/// Blocks are written by strangers. Were a record's check a plain checksum, a miner could put bytes into a block that
/// look like a record, for recovery to find where the real one is torn. The salt is drawn for each segment and never
/// leaves the disk; marker and check both follow from it, so that a forger has to guess 64 bits. Segment and offset are
/// in the check too: a record copied to another place is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub segment: u32,
    pub salt: u64,
}

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub stamp: Stamp,
    pub chain: ChainId,
    /// How long the segment before was when it was closed: one that loses whole records at its end is found out.
    pub before: u64,
}

/// Why 64 bytes are not the header that was expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    Damaged,
    Newer { format: u32 },
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.stamp.segment.to_le_bytes());
        bytes[12..44].copy_from_slice(self.chain.0.as_bytes());
        bytes[44..52].copy_from_slice(&self.stamp.salt.to_le_bytes());
        bytes[52..60].copy_from_slice(&self.before.to_le_bytes());
        let check = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// The header of segment `segment`, if these bytes are one.
    pub fn decode(bytes: &[u8; HEADER_BYTES as usize], segment: u32) -> Result<Self, HeaderFault> {
        if bytes[..4] != MAGIC {
            return Err(HeaderFault::Damaged);
        }
        let format = u32_at(bytes, 4);
        let is_whole = crc32c::crc32c(&bytes[..60]) == u32_at(bytes, 60);
        // A later format keeps magic, format and this check where they are, so that a flipped bit is not taken for one.
        if is_whole && format > FORMAT {
            return Err(HeaderFault::Newer { format });
        }
        if !is_whole || format != FORMAT || u32_at(bytes, 8) != segment {
            return Err(HeaderFault::Damaged);
        }
        let mut chain = [0; 32];
        chain.copy_from_slice(&bytes[12..44]);
        Ok(Self {
            stamp: Stamp { segment, salt: u64_at(bytes, 44) },
            chain: ChainId(BlockHash::from_bytes(chain)),
            before: u64_at(bytes, 52),
        })
    }
}

impl Stamp {
    /// The first four bytes of every record; odd, so that a run of zeros is full of none.
    pub fn marker(self) -> [u8; 4] {
        (self.salt as u32 | 1).to_le_bytes()
    }

    /// What precedes a payload that is written at `offset`, given in parts.
    pub fn encode_head(self, offset: u64, synced: u64, length: u32, parts: &[&[u8]]) -> [u8; 24] {
        let head_check = self.head_check(offset, length, synced);
        let check = parts.iter().fold(head_check, |check, part| crc32c::crc32c_append(check, part));
        let mut bytes = [0; HEAD_BYTES as usize];
        bytes[..4].copy_from_slice(&self.marker());
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8..16].copy_from_slice(&synced.to_le_bytes());
        bytes[16..20].copy_from_slice(&head_check.to_le_bytes());
        bytes[20..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// The head at `offset`, if these bytes are one that was written for just that place.
    pub fn decode_head(self, bytes: &[u8], offset: u64) -> Option<Head> {
        if bytes.get(..4)? != self.marker() || bytes.len() < HEAD_BYTES as usize {
            return None;
        }
        let (length, synced, head_check) = (u32_at(bytes, 4), u64_at(bytes, 8), u32_at(bytes, 16));
        let ours = head_check == self.head_check(offset, length, synced)
            && synced <= offset
            && length <= PAYLOAD_BYTES_MAX;
        ours.then(|| Head { offset, length, synced, head_check, check: u32_at(bytes, 20) })
    }

    /// Over all but the payload, so that a forged or torn head is known without reading what it claims to precede.
    fn head_check(self, offset: u64, length: u32, synced: u64) -> u32 {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.salt.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.segment.to_le_bytes());
        bytes[12..20].copy_from_slice(&offset.to_le_bytes());
        bytes[20..24].copy_from_slice(&length.to_le_bytes());
        bytes[24..].copy_from_slice(&synced.to_le_bytes());
        crc32c::crc32c(&bytes)
    }
}

/// What stands before a payload, and is known to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Where it begins.
    pub offset: u64,
    /// Bytes of payload behind it.
    pub length: u32,
    /// Up to where the segment was durable when it was written.
    pub synced: u64,
    head_check: u32,
    check: u32,
}

impl Head {
    /// Where the payload begins.
    pub fn payload(&self) -> u64 {
        self.offset + HEAD_BYTES
    }

    /// Where the next record begins.
    pub fn end(&self) -> u64 {
        self.payload() + u64::from(self.length)
    }

    /// A check to be fed with the payload.
    pub fn checking(&self) -> PayloadCheck {
        PayloadCheck { check: self.head_check, expected: self.check }
    }
}

/// Whether a payload, seen piece by piece, is the one that was written.
pub(super) struct PayloadCheck {
    check: u32,
    expected: u32,
}

impl PayloadCheck {
    pub fn feed(&mut self, piece: &[u8]) {
        self.check = crc32c::crc32c_append(self.check, piece);
    }

    pub fn holds(&self) -> bool {
        self.check == self.expected
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { segment: 3, salt: 0x0123_4567_89ab_cdee };
    const HEADER: SegmentHeader =
        SegmentHeader { stamp: STAMP, chain: ChainId(BlockHash::from_bytes([7; 32])), before: 1 << 20 };

    #[test]
    fn header_is_read_back_and_any_flipped_bit_is_noticed() {
        let bytes = HEADER.encode();
        assert_eq!(SegmentHeader::decode(&bytes, 3), Ok(HEADER));
        assert_eq!(SegmentHeader::decode(&bytes, 4), Err(HeaderFault::Damaged));
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&bytes, 3), Err(HeaderFault::Damaged), "bit {bit}");
        }
    }

    #[test]
    fn later_format_is_named() {
        let mut bytes = HEADER.encode();
        bytes[4] = 2;
        let check = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&check.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&bytes, 3), Err(HeaderFault::Newer { format: 2 }));
    }

    #[test]
    fn head_holds_only_in_its_own_place() {
        let bytes = STAMP.encode_head(100, 64, 5, &[b"he", b"llo"]);
        let head = STAMP.decode_head(&bytes, 100).unwrap();
        assert_eq!((head.length, head.synced, head.end()), (5, 64, 129));
        let holds = |payload: &[u8]| {
            let mut check = head.checking();
            check.feed(payload);
            check.holds()
        };
        assert!(holds(b"hello"));
        assert!(!holds(b"hellp"));
        assert_eq!(STAMP.decode_head(&bytes, 101), None, "another offset");
        assert_eq!(Stamp { segment: 4, ..STAMP }.decode_head(&bytes, 100), None, "another segment");
        assert_eq!(
            Stamp { salt: STAMP.salt ^ 1 << 40, ..STAMP }.decode_head(&bytes, 100),
            None,
            "another salt"
        );
        for bit in 0..20 * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(STAMP.decode_head(&bytes, 100), None, "bit {bit}");
        }
    }

    #[test]
    fn names_are_numbers_of_fixed_width() {
        assert_eq!(segment_name(1), "journal-0000000001");
        assert_eq!(segment_number("journal-4294967295"), Some(u32::MAX));
        for other in ["journal-1", "journal-+000000001", "journal-4294967296", "journal-", "000000001"] {
            assert_eq!(segment_number(other), None, "{other}");
        }
    }
}
