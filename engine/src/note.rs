//! The note in `server.lock`: how far the two databases were, apart from the databases themselves.
//!
//! SQLite ends a write-ahead log at its first damaged frame, silently, and one that is missing counts as empty. Either would
//! take acknowledged events back. So after each commit of the log, and before it is acknowledged, its last position is noted here,
//! and so is the number of changes by administrators that the store holds. A start compares them with what it finds (`pairing`).
//!
//! A position or change is noted after its commit was synchronised, so a note is never ahead of the databases. The note itself is not
//! synchronised: it survives a process that is killed; after a power cut, it may be some seconds old, and then finds less. A note that
//! can't be read is ignored.
//!
//! A note counts for a store of its own generation or a later one. The generation is in the two files themselves, and not only in their
//! write-ahead logs, before it is noted: a write-ahead log that is lost does not lower it. So a lower generation means that
//! other files are there, such as those of an older backup.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::ids::Seq;
use sha2::{Digest, Sha256};

/// The note has this size from the beginning, so that writing it needs no room on the disk.
const BYTES: usize = 192;
const TITLE: &str = "audit-streams-note-1";

/// How far the databases were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) instance: String,
    /// Of the store (`pairing`).
    pub(crate) generation: i64,
    /// How many changes by administrators the store holds.
    pub(crate) changes: i64,
    /// The last position of the log.
    pub(crate) reached: Seq,
}

/// Writes the note of a running server.
pub(crate) struct Note {
    file: File,
    state: Mutex<State>,
}

struct State {
    /// `None` until the two databases are known to belong together.
    noted: Option<Noted>,
    /// The position that the log has reached before that.
    reached: Seq,
    /// The file contains a note that does not count for these databases.
    is_void: bool,
    fails: bool,
}

impl Note {
    /// A handle of its own: the one that holds the lock ends it when it is closed. `is_void` if the file contains a note that does not
    /// count for these databases.
    pub(crate) fn open(path: &Path, is_void: bool) -> io::Result<Self> {
        Ok(Self {
            file: File::options().write(true).open(path)?,
            state: Mutex::new(State {
                noted: None,
                reached: Seq::START,
                is_void,
                fails: false,
            }),
        })
    }

    /// The databases belong together and are about to be written: a note about others is removed, because it would count for these
    /// once their generation has grown.
    pub(crate) fn remove_void(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.is_void)
            && let Err(error) = self.file.set_len(0)
        {
            tracing::warn!(error = %error, "The note in server.lock, which is about other databases, can't be removed.");
        }
    }

    /// From now on, everything is noted.
    pub(crate) fn begin(&self, noted: Noted) {
        let mut state = self.state();
        let reached = noted.reached.max(state.reached);
        state.noted = Some(Noted { reached, ..noted });
        self.write(&mut state);
    }

    /// The log has reached this position.
    pub(crate) fn reached(&self, seq: Seq) {
        let mut state = self.state();
        state.reached = seq;
        if let Some(noted) = &mut state.noted {
            noted.reached = seq;
            self.write(&mut state);
        }
    }

    /// The store holds so many changes.
    pub(crate) fn changes(&self, changes: i64) {
        let mut state = self.state();
        if let Some(noted) = &mut state.noted
            && noted.changes < changes
        {
            noted.changes = changes;
            self.write(&mut state);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A failure does not keep anything from being stored: the note is a second witness.
    fn write(&self, state: &mut State) {
        let Some(noted) = &state.noted else { return };
        match self.file.write_all_at(noted.print().as_bytes(), 0) {
            Ok(()) => state.fails = false,
            Err(error) => {
                if !state.fails {
                    tracing::warn!(
                        error = %error,
                        "The progress of the databases can't be noted in server.lock. Until it can be, a start notices less of what \
                         a damaged write-ahead log has lost."
                    );
                }
                state.fails = true;
            }
        }
    }
}

/// `None` if there is none, or none that can be read.
pub(crate) fn read(path: &Path) -> io::Result<Option<Noted>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let noted = std::str::from_utf8(&bytes).ok().and_then(Noted::parse);
    if noted.is_none() {
        tracing::warn!("The note in server.lock can't be read and is ignored.");
    }
    Ok(noted)
}

impl Noted {
    fn print(&self) -> String {
        let Self {
            instance,
            generation,
            changes,
            reached,
        } = self;
        let text = format!("{TITLE} {instance} {generation} {changes} {reached}");
        let line = format!("{text} {}", checksum(&text));
        format!("{line:<width$}\n", width = BYTES - 1)
    }

    fn parse(text: &str) -> Option<Self> {
        let (text, sum) = text.trim_end().rsplit_once(' ')?;
        if checksum(text) != sum {
            return None;
        }
        let mut words = text.strip_prefix(TITLE)?.split_ascii_whitespace();
        let noted = Self {
            instance: words.next()?.to_owned(),
            generation: words.next()?.parse().ok()?,
            changes: words.next()?.parse().ok()?,
            reached: Seq::new(words.next()?.parse().ok()?),
        };
        Some(noted)
    }
}

/// Of a note that was written in part.
fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted() -> Noted {
        Noted {
            instance: "0123456789abcdef0123456789abcdef".into(),
            generation: i64::MAX,
            changes: i64::MAX,
            reached: Seq::new(i64::MAX),
        }
    }

    #[test]
    fn a_note_comes_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.lock");
        assert_eq!(read(&path).unwrap(), None);
        fs::write(&path, "").unwrap();
        assert_eq!(read(&path).unwrap(), None);
        let note = Note::open(&path, false).unwrap();
        note.reached(Seq::new(7));
        assert_eq!(fs::read(&path).unwrap().len(), 0);
        note.begin(Noted {
            generation: 1,
            changes: 2,
            reached: Seq::new(3),
            ..noted()
        });
        let found = read(&path).unwrap().unwrap();
        assert_eq!((found.generation, found.changes, found.reached), (1, 2, Seq::new(7)));
        note.changes(1);
        note.changes(9);
        note.reached(Seq::new(8));
        let found = read(&path).unwrap().unwrap();
        assert_eq!((found.generation, found.changes, found.reached), (1, 9, Seq::new(8)));
        for is_void in [false, true] {
            Note::open(&path, is_void).unwrap().remove_void();
            assert_eq!(read(&path).unwrap().is_none(), is_void);
        }

        let whole = noted().print();
        assert_eq!(whole.len(), BYTES);
        assert_eq!(Noted::parse(&whole), Some(noted()));
        let text = whole.trim_end();
        for end in 0..text.len() {
            assert_eq!(text.get(..end).and_then(Noted::parse), None, "{end}");
        }
    }
}
