//! Transactions that end badly, on a real file.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{
    FieldErrors, Timestamp,
    access::{Scope, TokenName},
    activity::Minute,
    destination::DestinationDraft,
    ids::{Seq, TokenId, UserId},
    instance_event::{Action, Author, InstanceEvent, Subject},
};
use futures::{FutureExt, future::BoxFuture};

use super::*;
use crate::{
    instance_events::Recorded,
    store::{NewDestination, NewToken, Target, TokenError},
};

const NOW: Timestamp = Timestamp::from_unix_ms(1_760_000_000_000);

async fn open(folder: &Path) -> Database {
    let vault = Vault::for_tests();
    Database::open(&folder.join("audit-streams.db"), vault).await.unwrap()
}

#[tokio::test]
async fn after_a_full_disk_the_store_works_again_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path()).await;
    // SQLite takes the pages that there are, and says that the disk is full when it needs another one.
    let mut connection = database.writer.acquire().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1")
        .execute(&mut *connection)
        .await
        .unwrap();
    drop(connection);
    let large = "x".repeat(1 << 20);
    let refused = database.insert_user("large", &large, NOW).await.unwrap_err();
    let StoreError::Database(sqlx::Error::Database(refused)) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refused.message(), "database or disk is full");
    assert!(database.insert_user("small", "x", NOW).await.unwrap());
    assert_eq!(database.state(), PartState::CannotStore);
    database.try_write().await.unwrap();
    assert_eq!(database.state(), PartState::Running);
    let users = database.list_users(NOW).await.unwrap();
    let names: Vec<&str> = users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["small"]);
}

/// A change of the store, and the table in which it leaves rows.
type Operation = (
    &'static str,
    for<'a> fn(&'a Database) -> BoxFuture<'a, Result<(), StoreError>>,
);

const OPERATIONS: [Operation; 6] = [
    ("users", |database| {
        async { database.insert_user("ada", "x", NOW).await.map(drop) }.boxed()
    }),
    ("api_tokens", |database| {
        let new = NewToken {
            name: TokenName::parse("a").unwrap(),
            key_hash: [7; 32],
            scopes: vec![Scope::Ingest],
            created_at: NOW,
            expires_at: None,
            client_certificate: None,
        };
        async move {
            match database.insert_token(&new, |_| recorded()).await {
                Ok(_) => Ok(()),
                Err(TokenError::Store(error)) => Err(error),
                Err(taken) => panic!("{taken}"),
            }
        }
        .boxed()
    }),
    ("log_minutes", |database| {
        async { database.note_log_position(Minute::of(NOW), Seq::new(7)).await }.boxed()
    }),
    ("destinations", |database| {
        async { insert_destination(database).await }.boxed()
    }),
    // Statements of every shape in one transaction, with more changes than one page holds.
    ("log_minutes", |database| {
        async {
            let mut transaction = database.write().await?;
            for statement in [
                "INSERT INTO log_minutes WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 2000) \
                 SELECT 1000 + n, n FROM n",
                "UPDATE log_minutes SET last_seq = last_seq + 1",
                "DELETE FROM log_minutes WHERE minute % 2 = 0",
            ] {
                sqlx::query(statement).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        }
        .boxed()
    }),
    ("instance_events", |database| {
        async { database.update_password(UserId::new(1), "y", &recorded()).await }.boxed()
    }),
];

fn recorded() -> Recorded {
    let event = InstanceEvent::new(Subject::token(TokenId::new(1), "a"), Action::TokenRevoked);
    Recorded::new(event, &Author::command_line(), NOW)
}

async fn insert_destination(database: &Database) -> Result<(), StoreError> {
    let settings = DestinationDraft::http("SIEM", "https://siem.example")
        .parse_new()
        .unwrap();
    let target = Target::merged(&settings.target, None).unwrap();
    let new = NewDestination {
        settings: &settings,
        target: &target,
        refused: FieldErrors::default(),
        key: None,
        start: Seq::START,
        limit: 20,
        now: NOW,
    };
    match database.insert_destination(&new, |_| vec![recorded()]).await {
        Ok(_) => Ok(()),
        Err(crate::store::UpdateError::Store(error)) => Err(error),
        Err(error) => panic!("{error:?}"),
    }
}

/// Lets the writing connection execute so many steps of SQLite's machine and then no more, as when a disk stops working.
async fn stop_after(database: &Database, steps: u32) {
    let mut connection = database.writer.acquire().await.unwrap();
    let taken = AtomicU32::new(0);
    let mut handle = connection.lock_handle().await.unwrap();
    handle.set_progress_handler(1, move || taken.fetch_add(1, Ordering::Relaxed) < steps);
}

async fn never_stop(database: &Database) {
    let mut connection = database.writer.acquire().await.unwrap();
    connection.lock_handle().await.unwrap().remove_progress_handler();
}

async fn count(database: &Database, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(sql)
        .fetch_one(database.read().unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn wherever_a_statement_fails_the_next_transaction_works() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path()).await;
    for (table, operation) in OPERATIONS {
        let before = count(&database, table).await;
        let mut failures = 0;
        for attempt in 0_u32.. {
            // What takes long is stopped at fewer places.
            let steps = attempt + attempt * attempt / 16;
            stop_after(&database, steps).await;
            if operation(&database).await.is_ok() {
                break;
            }
            failures += 1;
            never_stop(&database).await;
            drop(
                database
                    .write()
                    .await
                    .unwrap_or_else(|error| panic!("{table} after {steps} steps: {error}")),
            );
            // Nothing is stored, unless the commit itself reported the error.
            if count(&database, table).await > before {
                break;
            }
        }
        assert!(failures > 5, "{table}: {failures}");
        assert!(count(&database, table).await > before, "{table}");
        never_stop(&database).await;
    }
}
