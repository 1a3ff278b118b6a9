//! Whether `events.db` and `audit-streams.db` belong together.
//!
//! Both files carry the id of the instance, and each knows how far the other one was: `audit-streams.db` a position that the
//! log has reached, and `events.db` the generation of the store, a number that grows with every start and every clean stop.
//! So a file that is missing, from an older backup or of another instance is found before anything is written. To go on
//! regardless would lose events in silence: streams skip what a log gives to positions that they have passed.
//!
//! A mismatch that the command line accepts is accepted by one transaction of `events.db`, which makes the log one of this
//! instance (`log::identity`). A start that is killed before it leaves the same mismatch, and one that is killed after it leaves
//! files that match.

use domain::ids::Seq;

/// What `audit-streams.db` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreSide {
    pub instance: String,
    pub generation: i64,
    /// A position that the log has reached; `None` if the store has never had a log.
    pub log_reached: Option<Seq>,
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

/// The two files don't belong together, or not in these versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error(
        "events.db is missing or empty, but audit-streams.db belongs to a log that had reached position {reached}. Restore \
         events.db from the backup that audit-streams.db is from. To go on without the events that it held, start once with \
         --accept-mismatched-files"
    )]
    LogMissing { reached: Seq },
    #[error(
        "audit-streams.db is missing or empty, but events.db is there. Restore audit-streams.db from the backup that events.db \
         is from. To go on without the destinations, users and tokens that it held, start once with \
         --accept-mismatched-files"
    )]
    StoreMissing,
    #[error(
        "events.db does not belong to audit-streams.db: it is the log of another instance. Restore both files from the same \
         backup. To use them together as they are, start once with --accept-mismatched-files"
    )]
    LogForeign,
    #[error(
        "events.db is older than audit-streams.db: it ends at position {end}, but had reached {reached}. Restore both files \
         from the same backup. To go on without the events in between, start once with --accept-mismatched-files"
    )]
    LogOlder { reached: Seq, end: Seq },
    #[error(
        "audit-streams.db is older than events.db: changes of destinations, users and tokens are missing from it. Restore both \
         files from the same backup. To go on without these changes, start once with --accept-mismatched-files; what \
         streams have delivered since is sent again"
    )]
    StoreOlder,
}

/// What the log is to be checked against when it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Pairing {
    pub store: StoreSide,
    /// A mismatch is logged and accepted.
    pub accepts_mismatch: bool,
}

impl Pairing {
    /// `log` is `None` if there is no file, or nothing in it.
    pub(crate) fn check(&self, log: Option<&LogSide>) -> Result<(), Mismatch> {
        let Err(mismatch) = self.store.check(log) else {
            return Ok(());
        };
        if !self.accepts_mismatch {
            return Err(mismatch);
        }
        tracing::warn!(%mismatch, "The files don't match; they are used together because of --accept-mismatched-files.");
        Ok(())
    }
}

impl StoreSide {
    fn check(&self, log: Option<&LogSide>) -> Result<(), Mismatch> {
        let Some(log) = log else {
            return self
                .log_reached
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
            Some(_) => Ok(()),
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
            assert_eq!(accepting.check(log.as_ref()), Ok(()));
        }
    }
}
