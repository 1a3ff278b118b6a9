//! Whether `events.db` and `audit-streams.db` belong together, and are as far as they were.
//!
//! Both files carry the id of the instance, and each knows how far the other one was: `audit-streams.db` a position that the
//! log has reached, and `events.db` the generation of the store, a number that grows with every start and every clean stop.
//! So a file that is missing, from an older backup or of another instance is found before anything is written. To go on
//! regardless would lose events in silence: streams skip what a log gives to positions that they have passed.
//!
//! Both are also compared with the note in `server.lock` (`note`), which finds what a damaged write-ahead log has lost. The note
//! counts for a store of its own generation or a later one; a lower generation means that the files are older copies.
//!
//! A mismatch that the command line accepts is accepted by one transaction of `events.db`, which makes the log one of this
//! instance (`log::identity`). A start that is killed before it leaves the same mismatch, and one that is killed after it leaves
//! databases that match; what the note alone has found must be accepted again until the start has replaced the note.

use domain::ids::Seq;

use crate::note::Noted;

/// What `audit-streams.db` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreSide {
    pub instance: String,
    pub generation: i64,
    /// A position that the log has reached; `None` if the store has never had a log.
    pub log_reached: Option<Seq>,
    /// The position that the log has reached by the note in `server.lock`; `None` if there is none that counts.
    pub noted_reached: Option<Seq>,
}

/// What `events.db` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSide {
    /// `None` in a log that was never opened beside a store.
    pub(crate) identity: Option<LogIdentity>,
    pub(crate) last_seq: Seq,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogIdentity {
    pub(crate) instance: String,
    /// The newest generation of the store that the log was opened beside.
    pub(crate) store_generation: i64,
}

/// What to do about files that don't match.
pub(crate) const RESTORE: &str = "Restore a backup into an empty folder with `audit-streams backup restore`; `audit-streams check` examines this \
                                  folder";

/// The two files don't belong together, or not in these versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error(
        "events.db is missing or empty, but audit-streams.db belongs to a log that had reached position {reached}. {}. To go on without \
         the events that it held, start once with --accept-mismatched-files",
        RESTORE
    )]
    LogMissing { reached: Seq },
    #[error(
        "audit-streams.db is missing or empty, but events.db is there. {}. To go on without the destinations, users and tokens \
         that it held, start once with --accept-mismatched-files",
        RESTORE
    )]
    StoreMissing,
    #[error(
        "events.db does not belong to audit-streams.db: it is the log of another instance. {}. To use them together as they are, \
         start once with --accept-mismatched-files",
        RESTORE
    )]
    LogForeign,
    #[error(
        "events.db is older than audit-streams.db: it ends at position {end}, but had reached {reached}. {}. To go on without \
         the events in between, start once with --accept-mismatched-files",
        RESTORE
    )]
    LogOlder { reached: Seq, end: Seq },
    #[error(
        "audit-streams.db is older than events.db: changes of destinations, users and tokens are missing from it. {}. To go on \
         without these changes, start once with --accept-mismatched-files; what streams have delivered since is sent again",
        RESTORE
    )]
    StoreOlder,
    #[error(
        "events.db has lost events: it ends at position {end}, but events up to position {reached} were acknowledged, as server.lock \
         notes. Its write-ahead log (events.db-wal) was removed, cut off or damaged, or the file was replaced. If you have the files as \
         the server left them, put all of them back. {}. To go on without these events, start once with --accept-mismatched-files",
        RESTORE
    )]
    EventsLost { reached: Seq, end: Seq },
    #[error(
        "audit-streams.db has lost changes of destinations, users, tokens or settings that were stored, as server.lock notes. Its \
         write-ahead log (audit-streams.db-wal) was removed, cut off or damaged, or the file was replaced. If you have the files as the \
         server left them, put all of them back. {}. To go on without these changes, start once with --accept-mismatched-files; \
         what streams have delivered since is sent again",
        RESTORE
    )]
    ChangesLost,
    #[error(
        "{file}-wal does not belong to {file}, which was replaced by an older copy: together, they would be a damaged database. If you \
         have the files as the server left them, put all of them back. {}",
        RESTORE
    )]
    WalForeign { file: &'static str },
}

impl Mismatch {
    /// Whether the lost data may still be in a write-ahead log, which must stay as it is then.
    pub(crate) const fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::LogOlder { .. } | Self::EventsLost { .. } | Self::ChangesLost
        )
    }

    /// The mismatch is logged and accepted.
    pub(crate) fn accept(&self) {
        tracing::warn!(mismatch = %self, "The files don't match; they are used together because of --accept-mismatched-files.");
    }
}

impl Noted {
    /// Whether the note counts for a store of this instance and generation.
    pub(crate) fn is_about(&self, instance: &str, generation: i64) -> bool {
        self.instance == instance && generation >= self.generation
    }

    /// Compares a store with the note.
    ///
    /// # Errors
    /// [`Mismatch::ChangesLost`].
    pub(crate) fn check_store(&self, instance: &str, generation: i64, changes: i64) -> Result<(), Mismatch> {
        if self.is_about(instance, generation) && changes < self.changes {
            return Err(Mismatch::ChangesLost);
        }
        Ok(())
    }
}

/// What the log is to be checked against when it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Pairing {
    pub store: StoreSide,
    /// A mismatch is logged and accepted.
    pub accepts_mismatch: bool,
}

impl Pairing {
    /// `log` is `None` if there is no file, or nothing in it. Returns the mismatch that was accepted.
    pub(crate) fn check(&self, log: Option<&LogSide>) -> Result<Option<Mismatch>, Mismatch> {
        let Err(mismatch) = self.store.check(log) else {
            return Ok(None);
        };
        if !self.accepts_mismatch {
            return Err(mismatch);
        }
        mismatch.accept();
        Ok(Some(mismatch))
    }
}

impl StoreSide {
    /// How far the log has been at least.
    pub(crate) fn reached(&self) -> Option<Seq> {
        self.log_reached.max(self.noted_reached)
    }

    pub(crate) fn check(&self, log: Option<&LogSide>) -> Result<(), Mismatch> {
        let Some(log) = log else {
            return self
                .reached()
                .map_or(Ok(()), |reached| Err(Mismatch::LogMissing { reached }));
        };
        let ours = log
            .identity
            .as_ref()
            .filter(|identity| identity.instance == self.instance);
        let Some(reached) = self.log_reached else {
            // A first start that was killed between the two files.
            return ours.map_or(Err(Mismatch::StoreMissing), |_| Ok(()));
        };
        let end = log.last_seq;
        match ours {
            None => Err(Mismatch::LogForeign),
            Some(_) if end < reached => Err(Mismatch::LogOlder { reached, end }),
            Some(identity) if identity.store_generation > self.generation => Err(Mismatch::StoreOlder),
            Some(_) => match self.noted_reached {
                Some(reached) if end < reached => Err(Mismatch::EventsLost { reached, end }),
                _ => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(log_reached: Option<i64>) -> StoreSide {
        StoreSide {
            instance: "a".into(),
            generation: 5,
            log_reached: log_reached.map(Seq::new),
            noted_reached: None,
        }
    }

    fn log(instance: Option<(&str, i64)>, last_seq: i64) -> Option<LogSide> {
        let identity = instance.map(|(instance, store_generation)| LogIdentity {
            instance: instance.into(),
            store_generation,
        });
        Some(LogSide {
            identity,
            last_seq: Seq::new(last_seq),
        })
    }

    #[test]
    fn files_match_or_say_what_is_wrong() {
        let (reached, end) = (Seq::new(7), Seq::new(6));
        for (store, log, expected) in [
            // A first start, and two that were killed.
            (store(None), None, Ok(())),
            (store(None), log(Some(("a", 1)), 0), Ok(())),
            (store(None), log(Some(("a", 1)), 7), Ok(())),
            (store(Some(7)), log(Some(("a", 5)), 7), Ok(())),
            // The store was stopped in order, the log was not opened since.
            (store(Some(7)), log(Some(("a", 4)), 9), Ok(())),
            (store(Some(7)), None, Err(Mismatch::LogMissing { reached })),
            (store(Some(0)), None, Err(Mismatch::LogMissing { reached: Seq::START })),
            (store(None), log(Some(("b", 1)), 0), Err(Mismatch::StoreMissing)),
            (store(None), log(Some(("b", 1)), 7), Err(Mismatch::StoreMissing)),
            (store(None), log(None, 7), Err(Mismatch::StoreMissing)),
            (store(Some(7)), log(Some(("b", 5)), 7), Err(Mismatch::LogForeign)),
            (store(Some(7)), log(None, 7), Err(Mismatch::LogForeign)),
            (
                store(Some(7)),
                log(Some(("a", 5)), 6),
                Err(Mismatch::LogOlder { reached, end }),
            ),
            (store(Some(7)), log(Some(("a", 6)), 7), Err(Mismatch::StoreOlder)),
        ] {
            assert_eq!(store.check(log.as_ref()), expected, "{store:?} {log:?}");
            let accepting = Pairing {
                store,
                accepts_mismatch: true,
            };
            assert_eq!(accepting.check(log.as_ref()), Ok(expected.err()));
        }
    }

    #[test]
    fn a_log_behind_the_note_has_lost_events() {
        let noted = StoreSide {
            noted_reached: Some(Seq::new(9)),
            ..store(Some(7))
        };
        let (reached, end) = (Seq::new(9), Seq::new(8));
        let check = |last_seq| noted.check(log(Some(("a", 5)), last_seq).as_ref());
        assert_eq!(check(8), Err(Mismatch::EventsLost { reached, end }));
        assert_eq!(check(9), Ok(()));
        assert_eq!(noted.check(None), Err(Mismatch::LogMissing { reached }));
    }

    #[test]
    fn a_note_counts_for_the_files_that_it_is_about() {
        let note = Noted {
            instance: "a".into(),
            generation: 5,
            changes: 10,
            reached: Seq::new(9),
        };
        for (instance, generation, changes, expected) in [
            ("a", 5, 10, Ok(())),
            ("a", 6, 11, Ok(())),
            ("a", 5, 9, Err(Mismatch::ChangesLost)),
            ("a", 6, 9, Err(Mismatch::ChangesLost)),
            // An older copy, and another instance.
            ("a", 4, 8, Ok(())),
            ("b", 7, 0, Ok(())),
        ] {
            let checked = note.check_store(instance, generation, changes);
            assert_eq!(checked, expected, "{instance} {generation} {changes}");
        }
    }
}
