//! Whether a write-ahead log of SQLite has lost transactions that were committed.
//!
//! SQLite reads such a file up to the first frame whose checksum is wrong, and takes everything after it for a transaction that was
//! being written when the power failed. Mostly that is right. But if the frame belongs to a transaction that was committed, that
//! transaction and all later ones are gone, without a word. So the file is read here before SQLite reads it.
//!
//! What proves the loss: the first invalid frame, or one after it, ends a transaction, and the next frame continues its checksum and has
//! the salts of this file. SQLite writes a frame after a transaction only once that transaction is on disk (`synchronous=FULL`),
//! so it was committed. Frames that an earlier use of the file has left have other salts, and those of transactions that failed don't
//! continue each other beyond the end of one. This relies on SQLite not repeating the last frame of a transaction to fill a sector, which
//! it does only without `SQLITE_POWERSAFE_OVERWRITE`, a default. A loss at the very end looks like a transaction that was never
//! committed; `note` finds that. A file that a server uses can't be examined: it changes between two reads.
//!
//! The format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

const HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// The lowest bit says whether the checksums are of big-endian numbers.
const MAGIC: u32 = 0x377f_0682;
const FORMAT: u32 = 3_007_000;

/// The byte of a database's header that says how it is read, and its value if there is no write-ahead log.
const READ_VERSION: u64 = 19;
const ROLLBACK_JOURNAL: u8 = 1;

/// What is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wal {
    /// Its size.
    pub(crate) bytes: u64,
    /// Frames of committed transactions that SQLite will read.
    pub(crate) frames: u64,
    /// Committed transactions that SQLite will not read.
    pub(crate) damage: Option<WalDamage>,
}

/// Where committed transactions end although more follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalDamage {
    /// The beginning of the file.
    #[error("its header can't be read, and transactions follow it")]
    Header,
    /// The frame that begins at this byte.
    #[error("the frame at byte {0} is damaged, and committed transactions follow it")]
    Frame(u64),
}

/// The sum that each frame continues.
type Sum = [u32; 2];

struct Header {
    is_big_endian: bool,
    page_bytes: u64,
    salts: [u32; 2],
    sum: Sum,
}

struct Frame {
    bytes: Vec<u8>,
}

/// The write-ahead log of a database.
pub(crate) fn wal_of(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// The index of the write-ahead log of a database.
pub(crate) fn shm_of(database: &Path) -> PathBuf {
    beside(database, "-shm")
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Whether the database says that it is used with a write-ahead log, in byte 19 of its header. One that can't have a header, because
/// it is too short or not there, counts as such.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn is_used_by(database: &Path) -> io::Result<bool> {
    let file = match File::open(database) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        file => file?,
    };
    let header = read_up_to(&mut BufReader::new(file), READ_VERSION + 1)?;
    let version = usize::try_from(READ_VERSION).ok().and_then(|byte| header.get(byte));
    Ok(version.is_none_or(|version| *version != ROLLBACK_JOURNAL))
}

/// Reads a write-ahead log. One that is not there is empty.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn examine(path: &Path) -> io::Result<Wal> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Wal::default()),
        file => file?,
    };
    let bytes = file.metadata()?.len();
    let mut file = BufReader::with_capacity(1 << 20, file);
    let header = read_up_to(&mut file, HEADER_BYTES)?;
    let mut wal = Wal {
        bytes,
        ..Wal::default()
    };
    // Without a frame there is nothing to lose.
    if bytes <= HEADER_BYTES {
        return Ok(wal);
    }
    match Header::read(&header) {
        Some(header) => examine_frames(&mut file, &header, &mut wal)?,
        None => wal.damage = Some(WalDamage::Header),
    }
    Ok(wal)
}

fn examine_frames(file: &mut impl Read, header: &Header, wal: &mut Wal) -> io::Result<()> {
    let (mut before, mut number) = (header.sum, 0_u64);
    // Where the first invalid frame begins.
    let mut invalid = None;
    // What the next frame may continue, if the present one ended a transaction: its sum as it is stored, or as it should be.
    let mut ended: Option<[Sum; 2]> = None;
    while let Some(frame) = Frame::read(file, header)? {
        let sum = frame.sum_after(before, header);
        if invalid.is_none() && frame.is_of(header) && frame.stored_sum() == sum {
            number += 1;
            if frame.ends_transaction() {
                wal.frames = number;
            }
            before = sum;
            continue;
        }
        let start = *invalid.get_or_insert(HEADER_BYTES + number * header.frame_bytes());
        let continues = |sums: [Sum; 2]| {
            sums.iter()
                .any(|sum| frame.sum_after(*sum, header) == frame.stored_sum())
        };
        if frame.is_of(header) && ended.is_some_and(continues) {
            wal.damage = Some(WalDamage::Frame(start));
            return Ok(());
        }
        before = frame.stored_sum();
        ended = frame.ends_transaction().then_some([frame.stored_sum(), sum]);
    }
    Ok(())
}

impl Header {
    const fn frame_bytes(&self) -> u64 {
        FRAME_HEADER_BYTES + self.page_bytes
    }

    /// `None` if SQLite would not take it for one.
    fn read(bytes: &[u8]) -> Option<Self> {
        let magic = number(bytes, 0)?;
        let is_big_endian = magic & 1 == 1;
        let page_bytes = number(bytes, 8)?;
        let sum = add([0, 0], bytes.get(..24)?, is_big_endian);
        let is_valid = magic & !1 == MAGIC
            && number(bytes, 4)? == FORMAT
            && page_bytes.is_power_of_two()
            && (512..=65_536).contains(&page_bytes)
            && sum == [number(bytes, 24)?, number(bytes, 28)?];
        is_valid.then_some(Self {
            is_big_endian,
            page_bytes: page_bytes.into(),
            salts: [number(bytes, 16)?, number(bytes, 20)?],
            sum,
        })
    }
}

impl Frame {
    /// `None` at the end of the file, or if only a part of a frame is left.
    fn read(file: &mut impl Read, header: &Header) -> io::Result<Option<Self>> {
        let bytes = read_up_to(file, header.frame_bytes())?;
        let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length == header.frame_bytes());
        Ok(is_whole.then_some(Self { bytes }))
    }

    fn number(&self, at: usize) -> u32 {
        number(&self.bytes, at).unwrap_or(0)
    }

    /// Whether it was written since the file was begun anew, and names a page.
    fn is_of(&self, header: &Header) -> bool {
        self.number(0) != 0 && [self.number(8), self.number(12)] == header.salts
    }

    fn ends_transaction(&self) -> bool {
        self.number(4) != 0
    }

    fn stored_sum(&self) -> Sum {
        [self.number(16), self.number(20)]
    }

    /// What its sum has to be after a frame with this one.
    fn sum_after(&self, sum: Sum, header: &Header) -> Sum {
        let (head, page) = (self.bytes.get(..8), self.bytes.get(24..));
        let sum = add(sum, head.unwrap_or_default(), header.is_big_endian);
        add(sum, page.unwrap_or_default(), header.is_big_endian)
    }
}

/// The numbers of the format are big-endian, whatever those are that sums are made of.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

fn add([mut one, mut two]: Sum, bytes: &[u8], is_big_endian: bool) -> Sum {
    let (pairs, _) = bytes.as_chunks::<8>();
    let number = |bytes: [u8; 4]| match is_big_endian {
        true => u32::from_be_bytes(bytes),
        false => u32::from_le_bytes(bytes),
    };
    for [a, b, c, d, e, f, g, h] in pairs.iter().copied() {
        one = one.wrapping_add(number([a, b, c, d])).wrapping_add(two);
        two = two.wrapping_add(number([e, f, g, h])).wrapping_add(one);
    }
    [one, two]
}

fn read_up_to(file: &mut impl Read, bytes: u64) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    file.take(bytes).read_to_end(&mut read)?;
    Ok(read)
}

#[cfg(test)]
mod tests;
