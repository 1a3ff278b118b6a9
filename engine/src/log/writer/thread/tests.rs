//! Transactions that fail, on a real file.

use std::sync::atomic::AtomicBool;

use domain::event::{EventId, Received};
use rusqlite::{ffi, hooks::Wal};

use super::{super::super::readers::Readers, *};

const NOW: Timestamp = Timestamp::from_unix_ms(1_760_000_000_000);

struct World {
    folder: tempfile::TempDir,
    writer: WriterThread,
    tail: Arc<Tail>,
    committed: watch::Receiver<Seq>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tail, (sender, committed)) = (Arc::new(Tail::default()), watch::channel(Seq::START));
        let shared = Shared {
            size_limit: Arc::new(AtomicU64::new(u64::MAX)),
            queued_bytes: Arc::default(),
            refused_bytes: Arc::default(),
            commits: Arc::default(),
            writes: Arc::new(WriteState::new("events.db")),
            damage: Arc::default(),
        };
        let opening = Opening {
            path: folder.path().join("events.db"),
            size_limit: u64::MAX,
            pairing: None,
            note: None,
        };
        let writer = WriterThread::open(opening, shared, Arc::clone(&tail), sender).unwrap();
        Self {
            folder,
            writer,
            tail,
            committed,
        }
    }

    /// Appends one event.
    fn append(&mut self, id: &str) -> Result<usize, AppendError> {
        let received = Received {
            received_at: NOW,
            fresh_id: || EventId::parse("unused").unwrap(),
        };
        let event = AuditEvent::parse(&format!(r#"{{"event_type":"test","id":"{id}"}}"#), &received).unwrap();
        let (answer, mut answered) = oneshot::channel();
        let job = Job {
            source: "tests".into(),
            received_at: NOW,
            events: vec![event],
            answer,
        };
        let bytes = job.bytes();
        self.writer.shared.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.writer.append(vec![job], bytes);
        answered.try_recv().unwrap().map(|appended| appended.stored)
    }

    /// What a stream would read, from memory if it is there.
    fn read_all(&self) -> Vec<String> {
        let events = self.tail.read_after(Seq::START, 100, 1 << 20);
        let events = events.unwrap_or_else(|| {
            let files = Arc::clone(&self.writer.shared.writes);
            let readers = Arc::new(Readers::new(&self.folder.path().join("events.db"), files));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let last = *self.committed.borrow();
            let read = move |connection: &Connection| {
                super::super::super::read::read_range(connection, (Seq::START, last), 100, 1 << 20)
            };
            runtime.block_on(readers.read(read)).unwrap().0.events
        });
        events.iter().map(|event| event.id.as_str().to_owned()).collect()
    }
}

/// Reported by SQLite for the commit that calls it, although that commit has happened.
fn fail_after_commit(_: &Wal, _: std::ffi::c_int) -> rusqlite::Result<()> {
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), None))
}

#[test]
fn a_commit_that_happened_but_reported_an_error_leaves_no_hole_in_what_streams_read() {
    let mut world = World::new();
    assert_eq!(world.append("1"), Ok(1));
    world.writer.connection.wal_hook(Some(fail_after_commit));
    assert_eq!(world.append("2"), Err(AppendError::Failed));
    assert_eq!(*world.committed.borrow(), Seq::new(2), "streams are woken for it");
    assert_eq!(world.read_all(), ["1", "2"]);
    world.writer.connection.wal_hook(None);
    // A client that is in doubt posts it again, and the answer is that it is stored.
    assert_eq!(world.append("2"), Ok(0));
    assert_eq!(world.append("3"), Ok(1));
    assert_eq!(world.read_all(), ["1", "2", "3"]);
}

#[test]
fn while_the_file_can_t_be_read_after_a_failure_nothing_is_written_on_a_guess() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    let mut world = World::new();
    assert_eq!(world.append("1"), Ok(1));
    world.writer.connection.wal_hook(Some(|wal, pages| {
        FAILS.store(true, Ordering::Release);
        fail_after_commit(wal, pages)
    }));
    // From the failed commit on, no statement gets far.
    let interrupts = Some(|| FAILS.load(Ordering::Acquire));
    world.writer.connection.progress_handler(1, interrupts).unwrap();
    assert_eq!(world.append("2"), Err(AppendError::Failed));
    assert_eq!(world.append("3"), Err(AppendError::Failed));
    assert_eq!(*world.committed.borrow(), Seq::new(1));
    world.writer.connection.wal_hook(None);
    FAILS.store(false, Ordering::Release);
    assert_eq!(world.append("3"), Ok(1));
    assert_eq!(world.read_all(), ["1", "2", "3"]);
}
