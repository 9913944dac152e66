//! Chain files: a branch on its own, to be carried elsewhere and submitted there like any other blocks.
//!
//! Magic `cairnblk`, version (4 bytes), chain (32), then the blocks above genesis, lowest first: length (4 bytes) and
//! encoding. Integers are little-endian. There is no end mark: a file that was cut short ends with the last whole block.

use std::io::{self, ErrorKind, Read, Write};

use crate::codec::{Canonical, CodecError, decode, encode};
use crate::types::{Block, BlockHash, ChainId, HEADER_BYTES, Header};

const MAGIC: [u8; 8] = *b"cairnblk";
const VERSION: u32 = 1;
/// Bytes before the first block.
pub const CHAIN_FILE_HEAD_BYTES: u64 = 44;

/// Why a chain file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ChainFileError {
    /// It is something else.
    #[error("not a chain file")]
    NoChainFile,
    /// Written by a later version of this program.
    #[error("a chain file of version {found}, and this program knows {VERSION} at most: use a later one")]
    NewerVersion {
        /// Its version.
        found: u32,
    },
    /// Of another chain.
    #[error("holds blocks of chain {found}, not of {expected}")]
    AnotherChain {
        /// What it holds.
        found: ChainId,
        /// What was asked for.
        expected: ChainId,
    },
    /// A block in it is no block.
    #[error("the block at byte {offset}: {error}")]
    Block {
        /// Where its length stands.
        offset: u64,
        /// What is wrong with it.
        error: CodecError,
    },
    /// It ends within a block.
    #[error("ends within the block at byte {offset}: it was cut short there")]
    CutShort {
        /// Where that block's length stands.
        offset: u64,
    },
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Begins a chain file.
///
/// # Errors
/// When it cannot be written.
pub fn begin_chain_file(file: &mut impl Write, chain: ChainId) -> io::Result<()> {
    file.write_all(&MAGIC)?;
    file.write_all(&VERSION.to_le_bytes())?;
    file.write_all(chain.0.as_bytes())
}

/// Adds a block to a chain file; answers with how many bytes that took.
///
/// # Errors
/// When it cannot be written.
pub fn write_block(file: &mut impl Write, block: &Block) -> io::Result<u64> {
    let bytes = encode(block);
    // A block is shorter than 2^32 bytes.
    file.write_all(&(bytes.len() as u32).to_le_bytes())?;
    file.write_all(&bytes)?;
    Ok(4 + bytes.len() as u64)
}

/// The blocks of a chain file, in their order.
pub struct ChainFile<R> {
    file: R,
    offset: u64,
}

impl<R: Read> ChainFile<R> {
    /// Opens a chain file.
    ///
    /// # Errors
    /// When it is none, or another chain's.
    pub fn open(mut file: R, expected: ChainId) -> Result<Self, ChainFileError> {
        let mut head = [0; CHAIN_FILE_HEAD_BYTES as usize];
        file.read_exact(&mut head).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => ChainFileError::NoChainFile,
            _ => error.into(),
        })?;
        let (magic, rest) = head.split_at(8);
        let (version, chain) = rest.split_at(4);
        if magic != MAGIC {
            return Err(ChainFileError::NoChainFile);
        }
        let found = u32::from_le_bytes([version[0], version[1], version[2], version[3]]);
        if found > VERSION {
            return Err(ChainFileError::NewerVersion { found });
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(chain);
        let found = ChainId(BlockHash::from_bytes(hash));
        if found != expected {
            return Err(ChainFileError::AnotherChain { found, expected });
        }
        Ok(Self { file, offset: CHAIN_FILE_HEAD_BYTES })
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes of the next block, or nothing at the end.
    ///
    /// # Errors
    /// When it ends within a block, or cannot be read.
    pub fn next_bytes(&mut self) -> Result<Option<Vec<u8>>, ChainFileError> {
        let offset = self.offset;
        let mut length = [0; 4];
        match read_whole(&mut self.file, &mut length)? {
            0 => return Ok(None),
            4 => {}
            _ => return Err(ChainFileError::CutShort { offset }),
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > Block::BYTES_MAX {
            let error = CodecError::TooLong { bytes: length, bytes_max: Block::BYTES_MAX };
            return Err(ChainFileError::Block { offset, error });
        }
        let mut bytes = vec![0; length];
        if read_whole(&mut self.file, &mut bytes)? < length {
            return Err(ChainFileError::CutShort { offset });
        }
        self.offset += 4 + length as u64;
        Ok(Some(bytes))
    }

    /// The next block, or nothing at the end.
    ///
    /// # Errors
    /// When there is none where one should be, or the file cannot be read.
    pub fn next_block(&mut self) -> Result<Option<Block>, ChainFileError> {
        let offset = self.offset;
        let bytes = self.next_bytes()?;
        let block = bytes.map(|bytes| decode(&bytes)).transpose();
        block.map_err(|error| ChainFileError::Block { offset, error })
    }

    /// The header of the next block, or nothing at the end.
    ///
    /// # Errors
    /// When there is none where one should be, or the file cannot be read.
    pub fn next_header(&mut self) -> Result<Option<Header>, ChainFileError> {
        let offset = self.offset;
        let Some(bytes) = self.next_bytes()? else { return Ok(None) };
        match bytes.first_chunk::<HEADER_BYTES>() {
            Some(header) => Ok(Some(Header::from_bytes(header))),
            None => {
                let error = CodecError::Malformed("shorter than a header".to_owned());
                Err(ChainFileError::Block { offset, error })
            }
        }
    }
}

/// Fills the buffer as far as the file goes.
fn read_whole(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
