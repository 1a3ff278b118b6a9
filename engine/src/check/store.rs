//! `audit-streams.db`: its pages, where each stream is in the log, and whether every secret can be decrypted.

use domain::ids::Seq;

use super::{
    log::{definitions, pages, references},
    report::{NO_KEY, PUT_KEY_BACK, Problem, RESTORE, Report, counted, stretch},
};
use crate::{
    log::{Extent, LogError, LogFile, before, without},
    pairing::StoreSide,
    store::{RunningReplay, StoreFile, StoreHead, StreamPositions, VerifyError},
    vault::Vault,
};

/// Problems of one kind that are listed; there may be more.
const LISTED: usize = 20;

const BEYOND: &str = "New events would be given positions that the stream has passed, and would be skipped.";
const SEND_AGAIN: &str = "Restore both databases from the same backup with `audit-streams backup restore`, or start a replay for the destination.";

/// A store that can be read.
pub(super) struct Store {
    pub(super) file: StoreFile,
    pub(super) head: StoreHead,
    pub(super) side: StoreSide,
}

/// Opens the file and checks its pages. `None` if it can't be read.
pub(super) fn check_file(opened: Result<StoreFile, VerifyError>, report: &mut Report) -> Option<Store> {
    let read = |file: StoreFile| {
        let schema = file.schema()?;
        let head = file.head()?.ok_or(VerifyError::OtherVersion)?;
        let side = file.side()?;
        Ok((schema, Store { file, head, side }))
    };
    let (schema, store) = match opened.and_then(read) {
        Ok(read) => read,
        Err(error) => {
            report.attempt("Store schema", Err::<_, VerifyError>(error));
            return None;
        }
    };
    report.attempt(
        "Store schema",
        store
            .file
            .wrong_definitions()
            .map(|wrong| (format!("version {schema}"), definitions("audit-streams.db", &wrong))),
    );
    let texts = store.file.check_texts();
    report.attempt(
        "Store texts",
        texts.map(|()| ("tables that are read at a start".to_owned(), Vec::new())),
    );
    let damaged = store.file.damaged_pages();
    report.attempt(
        "Store pages",
        damaged.map(|damaged| pages("audit-streams.db", &damaged)),
    );
    let broken = store.file.broken_references();
    report.attempt("Store references", broken.map(|broken| references(&broken)));
    Some(store)
}

/// Compares everything that names a position with the log.
pub(super) fn check_positions(store: &Store, (log, extent): (&LogFile, &Extent), report: &mut Report) {
    report.attempt(
        "Streams",
        store.file.streams().map(|streams| {
            let problems = streams.iter().flat_map(|stream| check_stream(stream, extent));
            (format!("destinations: {}", streams.len()), problems.collect())
        }),
    );
    report.attempt("Rejected events", check_refused(store, log));
    report.attempt(
        "Replays",
        store.file.running_replays().map(|replays| {
            let problems = replays.iter().flat_map(|replay| check_replay(replay, extent));
            (format!("{} running", replays.len()), problems.collect())
        }),
    );
    report.attempt("Recorded minutes", check_minutes(store, extent));
}

fn check_stream(stream: &StreamPositions, extent: &Extent) -> Vec<Problem> {
    let name = &stream.name;
    let (Some(acknowledged), Some(above)) = (stream.acknowledged, &stream.above) else {
        return vec![Problem::new(
            format!("the progress of {name} is missing or can't be read"),
            "The server does not know which events the destination has, and does not start or does not deliver to it.",
            RESTORE,
        )];
    };
    let mut problems = Vec::new();
    let named = above
        .iter()
        .map(|(_, last)| *last)
        .chain(stream.bounds)
        .chain([acknowledged]);
    let spans = stream
        .inactive
        .iter()
        .map(|(first, last)| last.unwrap_or(before(*first)));
    let furthest = named.chain(spans).chain(stream.batch.map(|(_, last)| last)).max();
    if let Some(beyond) = furthest.filter(|furthest| *furthest > extent.last) {
        problems.push(Problem::new(
            format!("{name} is at position {beyond}, but the log ends at {}", extent.last),
            BEYOND,
            SEND_AGAIN,
        ));
    }
    if !are_in_order(acknowledged, above) {
        problems.push(Problem::new(
            format!("the acknowledged ranges of {name} overlap or are out of order"),
            "The number of undelivered events is wrong.",
            RESTORE,
        ));
    }
    if stream.batch.is_some_and(|(first, _)| first <= acknowledged) {
        problems.push(Problem::new(
            format!("the batch of {name} begins at a position that is acknowledged already"),
            "Events of this batch are sent again.",
            "Nothing needs to be done.",
        ));
    }
    problems.extend(pruned_too_early(stream, acknowledged, above, extent));
    problems
}

fn are_in_order(acknowledged: Seq, above: &[(Seq, Seq)]) -> bool {
    let mut end = acknowledged;
    above.iter().all(|(first, last)| {
        let is_in_order = *first > end.next() && last >= first;
        end = *last;
        is_in_order
    })
}

/// Events that have left the log, although an active destination may not have got them.
fn pruned_too_early(
    stream: &StreamPositions,
    acknowledged: Seq,
    above: &[(Seq, Seq)],
    extent: &Extent,
) -> Option<Problem> {
    let before_oldest = extent.oldest.map_or(extent.last, before);
    if !stream.is_active || acknowledged >= before_oldest {
        return None;
    }
    let spans = stream
        .inactive
        .iter()
        .map(|(first, last)| (*first, last.unwrap_or(extent.last)));
    let mut excused: Vec<(Seq, Seq)> = above
        .iter()
        .copied()
        .chain(spans)
        .chain(extent.skipped.iter().copied())
        .collect();
    excused.sort_unstable();
    let missing = without((acknowledged.next(), before_oldest), &excused);
    missing.first().map(|first| {
        Problem::new(
            format!(
                "the events at positions {} have left the log before {} acknowledged them",
                stretch(*first),
                stream.name
            ),
            "The destination never gets them.",
            "Restore a backup that contains them into another folder with `audit-streams backup restore`, and replay them from there.",
        )
    })
}

fn check_refused(store: &Store, log: &LogFile) -> Result<(String, Vec<Problem>), RefusedError> {
    let (refused, mut problems) = (store.file.refused()?, Vec::new());
    for (destination, seq) in &refused {
        if problems.len() < LISTED && !log.has(*seq)? {
            problems.push(Problem::new(
                format!("the event at position {seq}, which {destination} rejected, is neither in the log nor kept beside it"),
                "It can't be sent again.",
                "Discard it on the page of the destination.",
            ));
        }
    }
    for destination in store.file.wrong_refused_counts()? {
        problems.push(Problem::new(
            format!("the number of rejected events of {destination} is not the one that is counted"),
            "Only the numbers that the page shows are wrong.",
            "Nothing needs to be done.",
        ));
    }
    Ok((format!("{} retried or parked", refused.len()), problems))
}

/// Which of the two files failed.
#[derive(Debug, thiserror::Error)]
enum RefusedError {
    #[error(transparent)]
    Store(#[from] VerifyError),
    #[error(transparent)]
    Log(#[from] LogError),
}

fn check_replay(replay: &RunningReplay, extent: &Extent) -> Vec<Problem> {
    let end = replay.batch.map_or(replay.last, |(_, last)| last.max(replay.last));
    let is_beyond = end > extent.last || replay.next > replay.last.next();
    let problem = is_beyond.then(|| {
        Problem::new(
            format!(
                "replay {} to {} goes from {} to {end}, but the log ends at {}",
                replay.id, replay.destination, replay.next, extent.last
            ),
            "It may send fewer events than were counted, or newer ones.",
            "Cancel the replay and start another one.",
        )
    });
    problem.into_iter().collect()
}

fn check_minutes(store: &Store, extent: &Extent) -> Result<(String, Vec<Problem>), VerifyError> {
    let (minutes, beyond) = store.file.minutes(extent.last)?;
    let discarded = store.file.discarded_after(extent.last)?;
    let mut problems = Vec::new();
    if beyond > 0 {
        problems.push(Problem::new(
            format!(
                "{} beyond the end of the log, {}",
                counted(beyond, "recorded minute"),
                extent.last
            ),
            "Events are missing at the end of the log, and charts of received events are wrong.",
            RESTORE,
        ));
    }
    if discarded > 0 {
        problems.push(Problem::new(
            format!(
                "{} beyond the end of the log, {}",
                counted(discarded, "discarded event"),
                extent.last
            ),
            "Events are missing at the end of the log.",
            RESTORE,
        ));
    }
    Ok((counted(minutes, "minute"), problems))
}

/// With the key that each secret needs, if it is there.
pub(super) fn check_secrets(store: &Store, vaults: Option<&Vec<Vault>>, report: &mut Report) {
    let needed = |vault: &&Vault| store.head.key.is_none_or(|needed| needed == vault.id());
    let Some(vaults) = vaults else {
        report.add("Secrets", "not possible without the key", Vec::new());
        return;
    };
    let Some(vault) = vaults.iter().find(needed).or(vaults.first()) else {
        return;
    };
    report.attempt(
        "Secrets",
        store.file.open_secrets(vault).map(|(count, closed)| {
            let problems = closed.iter().take(LISTED).map(|closed| {
                Problem::new(
                    format!(
                        "{} in row {} of {}: {}",
                        closed.name, closed.row, closed.table, closed.error
                    ),
                    NO_KEY,
                    PUT_KEY_BACK,
                )
            });
            (
                format!("{} of {count} can be decrypted", count - closed.len()),
                problems.collect(),
            )
        }),
    );
}
