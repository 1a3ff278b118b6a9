//! Events that destinations refused, and how many they are.
//!
//! There may be a million of them, and every page and every scrape asks: counts are kept in a table that triggers maintain
//! (`refused_counts`), so that no refused event is read for them, and lists are read through indexes, a page at a time.

use std::collections::HashMap;

use domain::{
    Timestamp,
    alerts::ParkedCounts,
    delivery::RefusedList,
    ids::{DestinationId, Seq},
};

use sqlx::{Row, Sqlite, Transaction};

use super::{Database, DueEvent, ListedEvent, RefusedEvent, StoreError, refused_event::read_listed};

const COUNT_ALL: &str = "SELECT destination_id, retrying, parked FROM refused_counts WHERE retrying + parked > 0";
const COUNT_ONE: &str = "SELECT retrying, parked FROM refused_counts WHERE destination_id = ?";
const COUNT_PARKED: &str = "SELECT destination_id, parked, ever_parked FROM refused_counts WHERE ever_parked > 0";
const NEWEST_REASON: &str = "SELECT reason FROM refused_events INDEXED BY refused_events_that_are_parked \
                             WHERE destination_id = ? AND due_at IS NULL ORDER BY seq DESC LIMIT 1";
const LIST_PARKED: &str = "SELECT * FROM refused_events INDEXED BY refused_events_that_are_parked \
                           WHERE destination_id = ? AND due_at IS NULL AND seq < ? ORDER BY seq DESC LIMIT ?";
const LIST_RETRYING: &str = "SELECT * FROM refused_events INDEXED BY refused_events_that_are_retried \
                             WHERE destination_id = ? AND due_at IS NOT NULL AND seq < ? ORDER BY seq DESC LIMIT ?";
const LIST_DUE: &str = "SELECT seq, tries, due_at FROM refused_events INDEXED BY refused_events_that_are_due \
                        WHERE destination_id = ? AND due_at IS NOT NULL ORDER BY due_at, seq LIMIT 10000";
const SUM_BYTES: &str = "SELECT coalesce(sum(text_bytes + (retrying + parked) * ?), 0) FROM refused_counts";
const FORGET_ANSWERS: &str = "UPDATE refused_events SET response = '' WHERE destination_id = ?1 AND seq IN (\
                              SELECT seq FROM refused_events INDEXED BY refused_events_with_an_answer \
                              WHERE destination_id = ?1 AND response <> '' ORDER BY refused_at DESC LIMIT -1 OFFSET ?2)";

const TEXTS: &str =
    "SELECT seq, octet_length(reason), octet_length(response) FROM refused_events WHERE destination_id = ?";

/// Answers are kept of so many refused events of a destination, the newest; of the others, the reason.
pub(crate) const KEPT_ANSWERS: u64 = 1_000;

/// What a row takes up beside its texts, with its entries in the indexes.
const ROW_BYTES: i64 = 200;
const WITHIN: &str = "SELECT DISTINCT seq FROM refused_events WHERE seq > ? AND seq <= ? ORDER BY seq";

/// How many events a destination refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Those that are still tried.
    pub retrying: u64,
    pub parked: u64,
}

impl Refused {
    pub(crate) const fn all(self) -> u64 {
        self.retrying.saturating_add(self.parked)
    }
}

/// How long the texts of a refused event are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextBytes {
    pub reason: u64,
    pub response: u64,
}

impl TextBytes {
    pub(crate) fn of(row: &RefusedEvent) -> Self {
        let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
        Self {
            reason: bytes(&row.reason),
            response: bytes(&row.response),
        }
    }
}

impl Database {
    /// How many refused events of each destination are still tried, and how many are parked; those of which none is are left
    /// out.
    pub(crate) async fn count_all_refused(&self) -> Result<HashMap<DestinationId, Refused>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(COUNT_ALL).fetch_all(self.read()?).await?;
        let refused = rows
            .into_iter()
            .map(|(destination, retrying, parked)| (DestinationId::new(destination), refused(retrying, parked)));
        Ok(refused.collect())
    }

    /// How many refused events of a destination are still tried, and how many are parked.
    pub(crate) async fn count_refused(&self, destination: DestinationId) -> Result<Refused, StoreError> {
        let row: Option<(i64, i64)> = sqlx::query_as(COUNT_ONE)
            .bind(destination.get())
            .fetch_optional(self.read()?)
            .await?;
        Ok(row.map_or_else(Refused::default, |(retrying, parked)| refused(retrying, parked)))
    }

    /// How many events of each destination are parked, and how many ever were; those of which none ever was are left out.
    pub(crate) async fn count_parked(&self) -> Result<HashMap<DestinationId, ParkedCounts>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(COUNT_PARKED).fetch_all(self.read()?).await?;
        let counts = rows.into_iter().map(|(destination, now, ever)| {
            let counts = ParkedCounts {
                now: count(now),
                ever: count(ever),
            };
            (DestinationId::new(destination), counts)
        });
        Ok(counts.collect())
    }

    /// Events after `after` and up to `up_to` that some destination has refused and may still get: retried or parked.
    pub(crate) async fn refused_within(&self, after: Seq, up_to: Seq) -> Result<Vec<Seq>, StoreError> {
        let seqs: Vec<i64> = sqlx::query_scalar(WITHIN)
            .bind(after.get())
            .bind(up_to.get())
            .fetch_all(self.read()?)
            .await?;
        Ok(seqs.into_iter().map(Seq::new).collect())
    }

    /// Where all refused events of a destination stand, and how long their texts are: those that are still tried, and parked ones.
    pub(crate) async fn refused_texts(
        &self,
        destination: DestinationId,
    ) -> Result<HashMap<Seq, TextBytes>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(TEXTS)
            .bind(destination.get())
            .fetch_all(self.read()?)
            .await?;
        let texts = rows.into_iter().map(|(seq, reason, response)| {
            let texts = TextBytes {
                reason: count(reason),
                response: count(response),
            };
            (Seq::new(seq), texts)
        });
        Ok(texts.collect())
    }

    /// The next refused events of a destination to be tried, at most 10,000, the next one due first.
    pub(crate) async fn list_due(&self, destination: DestinationId) -> Result<Vec<DueEvent>, StoreError> {
        let rows = sqlx::query(LIST_DUE)
            .bind(destination.get())
            .fetch_all(self.read()?)
            .await?;
        let due = rows.iter().map(|row| DueEvent {
            seq: Seq::new(row.get("seq")),
            tries: row.get("tries"),
            due_at: Timestamp::from_unix_ms(row.get("due_at")),
        });
        Ok(due.collect())
    }

    /// Refused events of a destination, the newest first: those below a position, and at most `limit` of them.
    pub(crate) async fn list_refused_events(
        &self,
        destination: DestinationId,
        list: RefusedList,
        below: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<ListedEvent>, StoreError> {
        let sql = match list {
            RefusedList::Retrying => LIST_RETRYING,
            RefusedList::Parked => LIST_PARKED,
        };
        let rows = sqlx::query(sql)
            .bind(destination.get())
            .bind(below.map_or(i64::MAX, Seq::get))
            .bind(limit)
            .fetch_all(self.read()?)
            .await?;
        Ok(rows.iter().map(|row| read_listed(self, destination, row)).collect())
    }

    /// Parked events of a destination.
    #[cfg(test)]
    pub(crate) async fn list_parked(
        &self,
        destination: DestinationId,
        below: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<ListedEvent>, StoreError> {
        self.list_refused_events(destination, RefusedList::Parked, below, limit)
            .await
    }

    /// What all refused events take up here, about; their bodies are in the log's file.
    pub(crate) async fn refused_bytes(&self) -> Result<u64, StoreError> {
        let bytes: i64 = sqlx::query_scalar(SUM_BYTES)
            .bind(ROW_BYTES)
            .fetch_one(self.read()?)
            .await?;
        Ok(count(bytes))
    }

    /// Why the newest parked event of a destination was refused; none if none is parked.
    pub(crate) async fn newest_parked_reason(&self, destination: DestinationId) -> Result<Option<String>, StoreError> {
        let reason = sqlx::query_scalar(NEWEST_REASON).bind(destination.get());
        Ok(reason.fetch_optional(self.read()?).await?)
    }
}

/// Removes all answers of a destination but the newest. Called whenever refused events were stored.
pub(super) async fn forget_answers(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
) -> Result<(), StoreError> {
    sqlx::query(FORGET_ANSWERS)
        .bind(destination.get())
        .bind(i64::try_from(KEPT_ANSWERS).unwrap_or(i64::MAX))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn refused(retrying: i64, parked: i64) -> Refused {
    Refused {
        retrying: count(retrying),
        parked: count(parked),
    }
}

/// The table holds no negative count.
fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::{
        path::Path,
        time::{Duration, Instant},
    };

    use super::*;
    use crate::{
        instance_events::Recorded,
        store::{CursorUpdate, Stored, StoredRefusedChange},
        vault::Vault,
    };
    use domain::{
        delivery::RefusedChoice,
        destination::DestinationKind,
        instance_event::{Action, Author, InstanceEvent, Subject},
        policy::Refusal,
    };

    async fn open(folder: &Path) -> Database {
        let vault = Vault::for_tests();
        Database::open(&folder.join("audit-streams.db"), vault).await.unwrap()
    }

    async fn execute(database: &Database, sql: &'static str) {
        let mut transaction = database.write().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn with_destination(folder: &Path) -> (Database, DestinationId) {
        let database = open(folder).await;
        execute(
            &database,
            "INSERT INTO destinations (id, kind, name, identity_digest, created_at, updated_at) VALUES (1, 'http', 'SIEM', 'a', 0, 0); \
             INSERT INTO cursors (destination_id, acknowledged_seq) VALUES (1, 0)",
        )
        .await;
        (database, DestinationId::new(1))
    }

    fn event(seq: i64, due_at: Option<i64>) -> RefusedEvent {
        RefusedEvent {
            seq: Seq::new(seq),
            tries: 1,
            reason: format!("Answered 422 to {seq}."),
            response: "no".into(),
            refusal: Refusal::Status(422),
            refused_at: Timestamp::from_unix_ms(seq),
            due_at: due_at.map(Timestamp::from_unix_ms),
            is_first: true,
        }
    }

    async fn store(database: &Database, id: DestinationId, refused: Vec<RefusedEvent>, accepted: Vec<Seq>) {
        let update = CursorUpdate {
            destination: id,
            cursor: database.read_cursor(id).await.unwrap().unwrap(),
            refused,
            accepted,
            failed_attempts: Vec::new(),
            minutes: Vec::new(),
            instance_events: Vec::new(),
        };
        assert_eq!(database.commit_cursor(&update).await.unwrap(), Stored::All);
    }

    fn instance_event() -> Recorded {
        let subject = Subject::destination(DestinationId::new(1), DestinationKind::Http, "SIEM");
        let event = InstanceEvent::new(subject, Action::ParkedEventRetried(Seq::new(1)));
        Recorded::new(event, &Author::system(), Timestamp::from_unix_ms(0))
    }

    #[tokio::test]
    async fn counts_follow_every_change() {
        let folder = tempfile::tempdir().unwrap();
        let (database, id) = with_destination(folder.path()).await;
        let counts = async || {
            let (refused, parked) = (
                database.count_refused(id).await.unwrap(),
                database.count_parked().await.unwrap(),
            );
            let parked = parked.get(&id).copied().unwrap_or_default();
            assert_eq!(refused.parked, parked.now);
            let listed = database.list_refused(id).await.unwrap().len();
            assert_eq!(refused.retrying, u64::try_from(listed).unwrap());
            let all = database.count_all_refused().await.unwrap();
            assert_eq!(all.get(&id).copied().unwrap_or_default(), refused);
            (refused.retrying, refused.parked, parked.ever)
        };
        assert_eq!(counts().await, (0, 0, 0));
        let three = vec![event(1, Some(5)), event(2, Some(5)), event(3, None)];
        store(&database, id, three.clone(), Vec::new()).await;
        assert_eq!(counts().await, (2, 1, 1));
        store(&database, id, three, Vec::new()).await;
        assert_eq!(counts().await, (2, 1, 1), "the same rows again");
        store(&database, id, vec![event(2, None)], vec![Seq::new(1)]).await;
        assert_eq!(counts().await, (0, 2, 2));
        assert_eq!(
            database.newest_parked_reason(id).await.unwrap().as_deref(),
            Some("Answered 422 to 3.")
        );
        let now = Timestamp::from_unix_ms(9);
        let retry = StoredRefusedChange::Retry(now);
        // The event at 1 is not parked.
        assert_eq!(change(&database, id, retry, &at(&[1, 2])).await, [2]);
        assert_eq!(counts().await, (1, 1, 2));
        assert_eq!(change(&database, id, retry, &RefusedChoice::All).await, [3]);
        assert_eq!(counts().await, (2, 0, 2));
        assert_eq!(database.newest_parked_reason(id).await.unwrap(), None);
        store(&database, id, vec![event(2, None), event(3, None)], Vec::new()).await;
        assert_eq!(
            change(&database, id, StoredRefusedChange::Discard, &at(&[3])).await,
            [3]
        );
        assert_eq!(counts().await, (0, 1, 4));
        assert_eq!(
            change(&database, id, StoredRefusedChange::Discard, &RefusedChoice::All).await,
            [2]
        );
        assert_eq!(counts().await, (0, 0, 4));
        execute(&database, "DELETE FROM destinations").await;
        assert_eq!(counts().await, (0, 0, 0));
    }

    fn at(seqs: &[i64]) -> RefusedChoice {
        RefusedChoice::At(seqs.iter().copied().map(Seq::new).collect())
    }

    /// The positions of the events that were changed.
    async fn change(
        database: &Database,
        id: DestinationId,
        change: StoredRefusedChange,
        choice: &RefusedChoice,
    ) -> Vec<i64> {
        let mut changed = Vec::new();
        let instance_event = |seqs: &[Seq]| {
            changed.extend(seqs.iter().map(|seq| seq.get()));
            instance_event()
        };
        let count = database
            .change_refused(id, RefusedList::Parked, change, choice, instance_event)
            .await
            .unwrap();
        assert_eq!(count, u64::try_from(changed.len()).unwrap());
        changed
    }

    /// The steps that SQLite takes.
    async fn plan_of(database: &Database, query: &str) -> Vec<String> {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
            .fetch_all(database.read().unwrap())
            .await
            .unwrap();
        plan.iter().map(|row| row.get("detail")).collect()
    }

    #[tokio::test]
    async fn a_hundred_thousand_parked_events_are_discarded_in_seconds_and_the_newest_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let (database, id) = with_destination(folder.path()).await;
        execute(
            &database,
            "WITH RECURSIVE numbers (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < 100000) \
             INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
             SELECT 1, seq, 5, 'no', '', '{\"kind\":\"status\",\"detail\":422}', seq, NULL FROM numbers",
        )
        .await;
        let started = Instant::now();
        let discarded = change(&database, id, StoredRefusedChange::Discard, &RefusedChoice::All).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!(discarded.len(), 100_000);
        let remembered: (i64, i64) = sqlx::query_as("SELECT min(seq), count(*) FROM discarded_events")
            .fetch_one(database.read().unwrap())
            .await
            .unwrap();
        assert_eq!(remembered, (90_001, 10_000));
    }

    /// The shortest of three: the machine may be busy.
    async fn shortest<T>(call: impl AsyncFn() -> T) -> Duration {
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            let started = Instant::now();
            call().await;
            shortest = shortest.min(started.elapsed());
        }
        shortest
    }

    #[tokio::test]
    async fn a_million_refused_events_are_counted_and_listed_within_a_tenth_of_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let (database, id) = with_destination(folder.path()).await;
        // Nearly all are parked, or nearly all are retried: neither may hide the others.
        execute(
            &database,
            "INSERT INTO destinations (id, kind, name, identity_digest, created_at, updated_at) VALUES (2, 'http', 'Other', 'b', 0, 0); \
             WITH RECURSIVE numbers (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < 500000) \
             INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
             SELECT id, seq, 5, 'Answered 422 Unprocessable Entity.', '', '{\"kind\":\"status\",\"detail\":422}', seq, \
             CASE WHEN (seq % 1000 = 0) = (id = 1) THEN seq END FROM numbers, destinations",
        )
        .await;
        let other = DestinationId::new(2);
        assert_eq!(database.count_refused(id).await.unwrap().parked, 499_500);
        assert_eq!(database.count_refused(other).await.unwrap().retrying, 499_500);
        let page = database
            .list_parked(other, Some(Seq::new(250_000)), 1_000)
            .await
            .unwrap();
        assert_eq!((page.len(), page[0].seq), (249, Seq::new(249_000)));
        let middle = Some(Seq::new(250_000));
        // A build without optimisation takes longer for each row of a page; a scan would take seconds.
        let tenth = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 100 });
        for destination in [id, other] {
            let page = async |below| database.list_parked(destination, below, 1_000).await.unwrap();
            assert!(shortest(async || page(None).await).await < tenth);
            assert!(shortest(async || page(middle).await).await < tenth);
            assert!(shortest(async || database.list_due(destination).await.unwrap()).await < tenth);
            assert!(shortest(async || database.newest_parked_reason(destination).await.unwrap()).await < tenth);
            assert!(shortest(async || database.count_refused(destination).await.unwrap()).await < tenth);
        }
        assert!(shortest(async || database.count_all_refused().await.unwrap()).await < tenth);
        assert!(shortest(async || database.count_parked().await.unwrap()).await < tenth);
        assert!(shortest(async || database.refused_bytes().await.unwrap()).await < tenth);
        let (after, up_to) = (Seq::new(250_000), Seq::new(252_000));
        assert!(shortest(async || database.refused_within(after, up_to).await.unwrap()).await < tenth);
        let one_more = async || store(&database, id, vec![event(600_000, None)], Vec::new()).await;
        assert!(shortest(one_more).await < tenth);
    }

    #[tokio::test]
    async fn no_query_reads_all_refused_events() {
        let folder = tempfile::tempdir().unwrap();
        let (database, _) = with_destination(folder.path()).await;
        for (query, index) in [
            (
                LIST_PARKED,
                "refused_events_that_are_parked (destination_id=? AND seq<?)",
            ),
            (
                LIST_RETRYING,
                "refused_events_that_are_retried (destination_id=? AND seq<?)",
            ),
            (NEWEST_REASON, "refused_events_that_are_parked (destination_id=?)"),
            (LIST_DUE, "refused_events_that_are_due (destination_id=? AND due_at>?)"),
            (WITHIN, "refused_events_by_position (seq>? AND seq<?)"),
        ] {
            let plan = plan_of(&database, query).await;
            assert!(plan.len() == 1 && plan[0].ends_with(index), "{query}: {plan:?}");
        }
        for query in [COUNT_ALL, COUNT_ONE, COUNT_PARKED, SUM_BYTES] {
            let plan = plan_of(&database, query).await;
            assert!(
                plan.iter().all(|step| !step.contains("refused_events")),
                "{query}: {plan:?}"
            );
        }
        let plan = plan_of(&database, FORGET_ANSWERS).await;
        assert!(
            plan.iter()
                .all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE")),
            "{plan:?}"
        );
    }

    #[tokio::test]
    async fn why_an_event_was_refused_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (database, id) = with_destination(folder.path()).await;
        let refusals = [
            Refusal::Status(413),
            Refusal::Unsendable,
            Refusal::Blamed,
            Refusal::ParkedByAdministrator,
            Refusal::Unreadable,
        ];
        let stored = refusals.iter().zip(1..).map(|(refusal, seq)| RefusedEvent {
            refusal: *refusal,
            ..event(seq, None)
        });
        store(&database, id, stored.collect(), Vec::new()).await;
        let listed = database.list_parked(id, None, 10).await.unwrap();
        let listed: Vec<_> = listed.into_iter().rev().map(|event| event.refusal).collect();
        assert_eq!(listed, refusals);
        execute(&database, "UPDATE refused_events SET refusal = '{' WHERE seq = 1").await;
        let listed = database.list_parked(id, None, 10).await.unwrap();
        let (unreadable, others) = listed.split_last().unwrap();
        assert_eq!(others.len(), 4);
        assert!(
            others
                .iter()
                .zip(refusals.iter().rev())
                .all(|(event, refusal)| event.refusal == *refusal)
        );
        assert_eq!((unreadable.seq, unreadable.refusal), (Seq::new(1), Refusal::Unknown));
        assert!(unreadable.reason.contains("can't be read") && unreadable.reason.contains("Answered 422 to 1."));
        assert!(!database.notices_unreadable(id, Seq::new(1)), "it was logged");
        assert_eq!(
            change(&database, id, StoredRefusedChange::Discard, &at(&[1])).await,
            [1]
        );
        assert_eq!(database.list_parked(id, None, 10).await.unwrap(), others);
    }

    #[tokio::test]
    async fn answers_are_kept_of_the_newest_thousand_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (database, id) = with_destination(folder.path()).await;
        let bytes = async || database.refused_bytes().await.unwrap();
        assert_eq!(bytes().await, 0);
        let with_answer = |seq: i64| RefusedEvent {
            response: "x".repeat(4_096),
            ..event(seq, None)
        };
        store(&database, id, (1..=600).map(with_answer).collect(), Vec::new()).await;
        let sum = |rows: &[ListedEvent]| {
            let texts = rows.iter().map(|row| row.reason.len() + row.response.len() + 200);
            u64::try_from(texts.sum::<usize>()).unwrap()
        };
        let listed = async || database.list_parked(id, None, u32::MAX).await.unwrap();
        assert_eq!(bytes().await, sum(&listed().await));
        store(&database, id, (601..=1_500).map(with_answer).collect(), Vec::new()).await;
        let rows = listed().await;
        let (new, old) = rows.split_at(1_000);
        assert!(new.iter().all(|row| row.response.len() == 4_096));
        assert!(old.len() == 500 && old.iter().all(|row| row.response.is_empty() && !row.reason.is_empty()));
        assert_eq!(bytes().await, sum(&rows));
        let all = (1..=1_500).map(Seq::new).collect();
        store(&database, id, Vec::new(), all).await;
        assert_eq!(bytes().await, 0);
    }
}
