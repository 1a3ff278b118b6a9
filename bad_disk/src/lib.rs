//! A disk under a process of the tests: it can fail to synchronise, and in a power cut it forgets what was not synchronised.
//!
//! SIGKILL alone does not show whether a process waits for fsync, because what it has written stays in the page cache. A small
//! library (`shim/bad_disk.c`) that is loaded into the process with `LD_PRELOAD` keeps what each write to a database or its
//! write-ahead log replaces, until the file is synchronised. [`BadDisk::cut_power`] plays that back after the process was killed.
//! As on Linux, what a failed fsync could not write is lost even if later ones succeed, unless it is written again.
//! It does not see calls that go around libc, and the order in which files are created, renamed and deleted is not simulated.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// The library; `None` where it can't be loaded.
const LIBRARY: Option<&str> = option_env!("BAD_DISK_LIBRARY");

/// A record's numbers: offset, bytes that follow, size of the file, bytes that were written.
const HEAD: usize = 32;

/// What the name of the records of lost writes ends with.
const LOST: &str = ".lost";

/// The disk below one data folder.
#[derive(Debug)]
pub struct BadDisk {
    data_dir: PathBuf,
    undo: PathBuf,
    fails: PathBuf,
}

impl BadDisk {
    /// For the databases in `data_dir`, which need not exist yet; the folder around it must. What the disk itself needs is kept in
    /// `work`. `None` on systems without `LD_PRELOAD`.
    ///
    /// # Errors
    /// If a folder can't be made or found.
    pub fn below(data_dir: &Path, work: &Path) -> io::Result<Option<Self>> {
        let missing = || io::Error::other("the data folder has no parent or no name");
        let parent = data_dir.parent().ok_or_else(missing)?.canonicalize()?;
        let (undo, fails) = (work.join("undo"), work.join("syncs-fail"));
        fs::create_dir_all(&undo)?;
        Ok(LIBRARY.map(|_| Self {
            data_dir: parent.join(data_dir.file_name().unwrap_or_default()),
            undo,
            fails,
        }))
    }

    /// The library, for `LD_PRELOAD`.
    pub fn library(&self) -> &'static str {
        LIBRARY.unwrap_or_default()
    }

    /// What else a process needs in its environment.
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("BAD_DISK_FOLDER", &self.data_dir),
            ("BAD_DISK_UNDO", &self.undo),
            ("BAD_DISK_FAILS", &self.fails),
        ]
        .map(|(name, path)| (name, path.display().to_string()))
    }

    /// From now on, synchronising fails, or works again.
    ///
    /// # Errors
    /// If the file that says so can't be made or removed.
    pub fn fail_syncs(&self, fails: bool) -> io::Result<()> {
        match fails {
            true => File::create(&self.fails).map(drop),
            false => match fs::remove_file(&self.fails) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// After the process was killed: takes back the writes that were not synchronised, except for the first of each file, of which
    /// `survivors` says how many were written all the same, given how many there are. Returns how many writes are lost.
    ///
    /// # Errors
    /// If a file can't be read or written, or a record makes no sense.
    pub fn cut_power(&self, mut survivors: impl FnMut(usize) -> usize) -> io::Result<usize> {
        let mut lost = 0;
        for name in self.names()? {
            let (undo, forgotten) = (self.undo.join(&name), self.undo.join(format!("{name}{LOST}")));
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(self.data_dir.join(&name));
            match file {
                Ok(file) => {
                    let records = records_in(&undo)?;
                    let kept = survivors(records.len()).min(records.len());
                    lost += take_back(&file, records.get(kept..).unwrap_or_default())?;
                    lost += take_back_lost(&file, &records_in(&forgotten)?)?;
                }
                // It was deleted since.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            remove(&undo)?;
            remove(&forgotten)?;
        }
        Ok(lost)
    }

    /// The files with writes that can be taken back.
    fn names(&self) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.undo)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.insert(name.strip_suffix(LOST).unwrap_or(&name).to_owned());
        }
        Ok(names)
    }
}

/// Returns how many writes were taken back.
fn take_back(file: &File, records: &[Record]) -> io::Result<usize> {
    for record in records.iter().rev() {
        file.write_all_at(record.replaced.as_deref().unwrap_or_default(), record.offset)?;
        file.set_len(record.size)?;
    }
    Ok(records.len())
}

/// Takes back what was never written, as far as no later write of the same bytes was. The file keeps its size.
fn take_back_lost(file: &File, records: &[Record]) -> io::Result<usize> {
    let size = file.metadata()?.len();
    let (mut written, mut lost) = (Vec::new(), 0);
    for record in records.iter().rev() {
        let range = record.offset..record.offset.saturating_add(record.count).min(size);
        let Some(replaced) = &record.replaced else {
            written.push(range);
            continue;
        };
        let parts = without(range, &written);
        lost += usize::from(!parts.is_empty());
        for part in parts {
            let bytes: Vec<u8> = part
                .clone()
                .map(|place| usize::try_from(place - record.offset).ok())
                .map(|place| place.and_then(|place| replaced.get(place)).copied().unwrap_or(0))
                .collect();
            file.write_all_at(&bytes, part.start)?;
        }
    }
    Ok(lost)
}

/// What is left of a range without others.
fn without(range: Range<u64>, others: &[Range<u64>]) -> Vec<Range<u64>> {
    let whole = Some(range).filter(|range| !range.is_empty());
    others
        .iter()
        .fold(whole.into_iter().collect(), |parts: Vec<Range<u64>>, other| {
            let cut = |part: Range<u64>| {
                [
                    part.start..part.end.min(other.start),
                    part.start.max(other.end)..part.end,
                ]
            };
            parts
                .into_iter()
                .flat_map(cut)
                .filter(|part| !part.is_empty())
                .collect()
        })
}

fn records_in(path: &Path) -> io::Result<Vec<Record>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        bytes => records(&bytes?),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A write.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    offset: u64,
    /// What was in its place, as far as the file was so long. `None` if the write was synchronised.
    replaced: Option<Vec<u8>>,
    /// Of the file, before.
    size: u64,
    /// How many bytes were written.
    count: u64,
}

/// The complete records. The process can have been killed while it wrote the last one, before the write that it is about.
fn records(mut rest: &[u8]) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut head = [0; HEAD];
    while rest.len() >= HEAD {
        rest.read_exact(&mut head)?;
        let [offset, length, size, count] = numbers(&head);
        let is_synchronised = length == u64::MAX;
        let length = if is_synchronised { 0 } else { length };
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let Some((bytes, more)) = rest.split_at_checked(length) else {
            break;
        };
        records.push(Record {
            offset,
            replaced: (!is_synchronised).then(|| bytes.to_vec()),
            size,
            count,
        });
        rest = more;
    }
    Ok(records)
}

fn numbers(head: &[u8; HEAD]) -> [u64; 4] {
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(head.as_chunks::<8>().0) {
        *number = u64::from_ne_bytes(*bytes);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn record(offset: i64, bytes: &[u8], size: i64) -> Vec<u8> {
        let head = [offset, i64::try_from(bytes.len()).unwrap(), size, 1].map(i64::to_ne_bytes);
        [head.as_flattened(), bytes].concat()
    }

    #[test]
    fn what_is_lost_is_taken_back_in_reverse_and_a_half_record_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        fs::create_dir(&data_dir).unwrap();
        let disk = BadDisk::below(&data_dir, folder.path()).unwrap().unwrap();
        let file = data_dir.join("x.db");
        // "abc", synchronised; then "B" over its second letter, "C" over that, and two more letters.
        fs::write(&file, "aCcde").unwrap();
        let undo = [record(1, b"b", 3), record(1, b"B", 3), record(3, b"", 3)].concat();
        let half = record(0, b"abc", 5);
        let with_half = [undo.as_slice(), half.get(..half.len() - 1).unwrap()].concat();
        fs::write(folder.path().join("undo/x.db"), &with_half).unwrap();
        assert_eq!(disk.cut_power(|_| 2).unwrap(), 1);
        assert_eq!(fs::read_to_string(&file).unwrap(), "aCc");
        fs::write(folder.path().join("undo/x.db"), undo.get(..2 * (HEAD + 1)).unwrap()).unwrap();
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 2);
        assert_eq!(fs::read_to_string(&file).unwrap(), "abc");
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 0);
    }

    /// `dd` writes with `write`, which is not watched; `truncate` uses `ftruncate` and `sync FILE` uses `fsync`.
    #[test]
    fn a_real_program_is_watched_and_its_fsync_fails_when_it_is_to() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        fs::create_dir(&data_dir).unwrap();
        let disk = BadDisk::below(&data_dir, folder.path()).unwrap().unwrap();
        let file = disk.data_dir.join("x.db");
        fs::write(&file, "abc").unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).arg(&file).env("LD_PRELOAD", disk.library());
            command.envs(disk.variables()).output().unwrap().status.success()
        };
        assert!(run("truncate", &["--size", "1"]));
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 1);
        assert_eq!(fs::read_to_string(&file).unwrap(), "abc");

        assert!(run("truncate", &["--size", "2"]));
        disk.fail_syncs(true).unwrap();
        assert!(!run("sync", &[]));
        disk.fail_syncs(false).unwrap();
        assert!(run("sync", &[]));
        // The length is kept, of which no page is written.
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 0);
        assert_eq!(fs::read_to_string(&file).unwrap(), "ab");
    }

    #[test]
    fn what_a_killed_process_has_noted_in_part_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        fs::create_dir(&data_dir).unwrap();
        let disk = BadDisk::below(&data_dir, folder.path()).unwrap().unwrap();
        let file = disk.data_dir.join("x.db");
        let (undo, lost) = (folder.path().join("undo/x.db"), folder.path().join("undo/x.db.lost"));
        let sync = |limit: &str| {
            let mut command = Command::new("sh");
            let limited = format!(r#"trap "" XFSZ; ulimit -f {limit}; LD_PRELOAD="$1" exec sync "$2""#);
            command.args(["-c", &limited, "sh", disk.library()]).arg(&file);
            command.envs(disk.variables()).status().unwrap().success()
        };
        let half = |record: Vec<u8>| record.get(..record.len() - 1).unwrap().to_vec();
        for part in [
            half(record(0, b"ab", 2)),
            record(0, b"", 2).get(..HEAD / 2).unwrap().to_vec(),
        ] {
            // "b" was written over "B", and never reached the disk; then "a" over "A".
            fs::write(&file, "ab").unwrap();
            fs::write(&lost, [record(1, b"B", 2), part.clone()].concat()).unwrap();
            fs::write(&undo, [record(0, b"A", 2), part].concat()).unwrap();
            assert!(sync("unlimited"));
            assert_eq!(records_in(&lost).unwrap().len(), 2);
            assert_eq!(disk.cut_power(|_| 0).unwrap(), 1);
            assert_eq!(fs::read_to_string(&file).unwrap(), "aB");
        }
        // Without room for the records, nothing counts as lost.
        fs::write(&file, "ab").unwrap();
        fs::write(&lost, record(1, b"B", 2)).unwrap();
        fs::write(&undo, record(0, b"A", 2)).unwrap();
        assert!(sync("0"));
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 0);
    }

    #[test]
    fn what_an_fsync_could_not_write_is_lost_unless_it_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        fs::create_dir(&data_dir).unwrap();
        let disk = BadDisk::below(&data_dir, folder.path()).unwrap().unwrap();
        let file = data_dir.join("x.db");
        // Of "abcd", "BC" and two more letters were not written; then "C" was written again, and synchronised.
        fs::write(&file, "aBCdef").unwrap();
        let lost = |offset: i64, bytes: &[u8], size: i64| {
            let head = [offset, i64::try_from(bytes.len()).unwrap(), size, 2].map(i64::to_ne_bytes);
            [head.as_flattened(), bytes].concat()
        };
        let again = [2_i64, -1, 0, 1].map(i64::to_ne_bytes);
        let records = [lost(1, b"bc", 4), lost(4, b"", 4), again.as_flattened().to_vec()].concat();
        fs::write(folder.path().join("undo/x.db.lost"), records).unwrap();
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 2);
        assert_eq!(fs::read(&file).unwrap(), b"abCd\0\0");
        assert_eq!(disk.cut_power(|_| 0).unwrap(), 0);
    }
}
