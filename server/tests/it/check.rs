//! `audit-streams check`: a folder that is whole has no problems, whenever its server was killed, and stays as it is; what is wrong
//! is found.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::{
    destination::{DestinationDraft, StreamState},
    instance_event::Author,
};
use receivers::Receiver;
use rusqlite::Connection;

use crate::instance::{
    Answer, Instance, add_destination, check_folder, client, command, folder, last_line, open_engine, unlocked,
};

const LOG: &str = "events.db";
const STORE: &str = "audit-streams.db";

/// Every file, with its contents and when it was changed.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut contents: Vec<_> = files
        .map(|path| {
            let changed = fs::metadata(&path).unwrap().modified().unwrap();
            (path.clone(), fs::read(path).unwrap(), changed)
        })
        .collect();
    contents.sort_unstable();
    contents
}

fn assert_whole(case: &str, data_dir: &Path) {
    let before = contents(data_dir);
    let checked = command(data_dir, &["check"]);
    assert!(checked.status.success(), "{case}: {checked:?}");
    assert_eq!(last_line(&checked), "No problems found.", "{case}");
    assert!(contents(data_dir) == before, "{case}: a file was changed");
}

/// Posts until the server no longer answers, or much has been posted. Some events are refused by the destination.
async fn produce(url: String, token: String) {
    let client = client();
    for request in 0_u32..50 {
        let event = |number: u32| {
            let kind = if number.is_multiple_of(40) { "refused" } else { "test" };
            let text = "x".repeat(usize::try_from(number % 700).unwrap());
            format!(
                r#"{{"event_type":"{kind}","author_id":{},"author_name":"Ada","entity_id":{number},"details":{{"text":"{text}"}}}}"#,
                number % 7
            )
        };
        let events: Vec<String> = (0..60).map(|number| event(request * 60 + number)).collect();
        let posted = client.post(&url).bearer_auth(&token).body(events.join("\n"));
        if Answer::try_of(posted).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_whole_whenever_its_server_was_killed_and_the_check_changes_nothing() {
    let receiver = Receiver::start().await;
    receiver.answer_bodies_with(r#""event_type":"refused""#, 422);
    let folder = folder();
    add_destination(folder.path(), "SIEM", receiver.url()).await;
    assert_whole("new", folder.path());
    let mut instance = Instance::start_on(folder, &[]);
    let token = instance.token("producer", &["ingest"]);
    for kill in 1..=5 {
        let before = receiver.events(|events| events.bodies.len());
        let producing = tokio::spawn(produce(instance.url("/api/v1/audit_events"), token.clone()));
        let wanted = before + kill * 150;
        receiver
            .wait_for_events("some events are delivered", |events| events.bodies.len() > wanted)
            .await;
        instance.kill();
        producing.await.unwrap();
        assert_whole(&format!("kill {kill}"), instance.data_dir());
        instance.restart();
    }
    assert!(instance.shut_down().await.success());
    assert_whole("stopped", instance.data_dir());
}

#[tokio::test]
async fn a_running_server_keeps_the_check_away() {
    let instance = Instance::start();
    let checked = instance.command(&["check"]);
    assert_eq!(checked.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        complaint.contains("another server is running on the data folder"),
        "{complaint}"
    );
}

/// More than a block of the index, of which a paused destination has got nothing.
async fn folder_with_a_block() -> tempfile::TempDir {
    let folder = folder();
    let engine = open_engine(folder.path()).await;
    let draft = DestinationDraft::http("SIEM", "http://127.0.0.1:9/");
    let mut settings = draft.parse_new().unwrap();
    settings.stream_state = Some(StreamState {
        active: true,
        paused: true,
    });
    engine
        .create_destination(&Author::command_line(), settings)
        .await
        .unwrap();
    for request in 0..10 {
        let event = |number| {
            let author = number % 5;
            format!(
                r#"{{"event_type":"test","author_id":{author},"author_name":"Ada","entity_id":{number},"entity_type":"Project"}}"#
            )
        };
        let events: Vec<String> = (0..500).map(|number| event(request * 500 + number)).collect();
        engine.ingest("tests", events.join("\n").into()).await.unwrap();
    }
    engine.shutdown(Duration::from_secs(20)).await;
    drop(engine);
    unlocked(folder.path()).await;
    folder
}

fn copy_of(source: &Path) -> tempfile::TempDir {
    let copy = folder();
    for file in fs::read_dir(source).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

/// What is done to a database, and what is said about it.
const PROBLEMS: [(&str, &str, &str); 24] = [
    (
        LOG,
        "DELETE FROM events WHERE seq BETWEEN 100 AND 102",
        "the events at positions 100 to 102 are missing",
    ),
    (
        LOG,
        "DELETE FROM events WHERE seq = 100",
        "the event at position 100 is missing",
    ),
    (
        LOG,
        "DELETE FROM events WHERE seq = (SELECT last_seq FROM positions)",
        "the event at position 5002 is missing",
    ),
    (
        LOG,
        "DELETE FROM events WHERE seq < 50",
        "have left the log before SIEM acknowledged them",
    ),
    (
        LOG,
        "UPDATE events SET body = 'no' WHERE seq = 70",
        "1 event with a body that is not JSON; the first is at position 70",
    ),
    (
        LOG,
        "DELETE FROM sources",
        "of events without the row that it refers to",
    ),
    (
        LOG,
        "DELETE FROM index_entries WHERE token = 'ttest'",
        "has other entries than its events",
    ),
    (
        LOG,
        "UPDATE index_entries SET places = x'ff' WHERE token = 'ttest'",
        "has other entries than its events",
    ),
    (
        LOG,
        "INSERT INTO index_entries SELECT block, 'tother', places FROM index_entries WHERE token = 'ttest'",
        "has other entries than its events",
    ),
    (
        LOG,
        "UPDATE index_blocks SET newest = newest + 1",
        "has other times than its events",
    ),
    (LOG, "DELETE FROM index_blocks", "entries that belong to no block: "),
    (
        LOG,
        "UPDATE event_counts SET count = 1 WHERE event_type = 'test'",
        "but 1 were counted",
    ),
    (
        LOG,
        "UPDATE instance SET id = 'other'",
        "it is the log of another instance",
    ),
    (
        LOG,
        "UPDATE positions SET last_seq = last_seq - 1",
        "events.db is older than audit-streams.db: it ends at position 5001, but had reached 5002",
    ),
    (STORE, "UPDATE instance SET changes = changes - 1", "has lost changes"),
    (
        STORE,
        "UPDATE cursors SET acknowledged_seq = 100000",
        "SIEM is at position 100000, but the log ends at",
    ),
    (
        STORE,
        "UPDATE cursors SET acknowledged_above = '9-12,11-14'",
        "overlap or are out of order",
    ),
    (
        STORE,
        "UPDATE cursors SET acknowledged_above = 'x'",
        "the progress of SIEM is missing or can't be read",
    ),
    (
        STORE,
        "UPDATE log_minutes SET last_seq = 100000",
        "beyond the end of the log",
    ),
    (
        STORE,
        "INSERT INTO refused_events VALUES (1, 90000, 1, 'x', '', '{}', 0, 0)",
        "the event at position 90000, which SIEM rejected",
    ),
    (
        STORE,
        "UPDATE destination_fields SET value_sealed = zeroblob(60) WHERE value_sealed IS NOT NULL",
        "a stored secret is encrypted with the key 00000000",
    ),
    (
        LOG,
        "DROP TRIGGER count_a_kept_event",
        "events.db: the definition of count_a_kept_event is damaged or missing",
    ),
    (
        STORE,
        "DROP INDEX sessions_of_a_user",
        "audit-streams.db: the definition of sessions_of_a_user is damaged or missing",
    ),
    (
        STORE,
        "UPDATE destinations SET name = CAST(x'ff' AS TEXT)",
        "a row of the table destinations contains bytes that are no text",
    ),
];

/// Numbers as only damage makes them.
const EXTREMES: [(&str, &str); 10] = [
    (LOG, "UPDATE positions SET last_seq = 9223372036854775807"),
    (LOG, "UPDATE positions SET last_seq = -9223372036854775808"),
    (
        LOG,
        "INSERT INTO skipped_positions VALUES (-9223372036854775808, 9223372036854775807)",
    ),
    (LOG, "UPDATE index_blocks SET last_seq = 9223372036854775807"),
    (LOG, "UPDATE events SET seq = -9223372036854775808 WHERE seq = 1"),
    (LOG, "UPDATE event_counts SET hour = 9223372036854775807"),
    (
        STORE,
        "UPDATE cursors SET acknowledged_seq = 9223372036854775807, acknowledged_above = '9223372036854775807-9223372036854775807'",
    ),
    (
        STORE,
        "UPDATE cursors SET acknowledged_seq = -9223372036854775808, acknowledged_above = '-9223372036854775808-1'",
    ),
    (
        STORE,
        "INSERT INTO inactive_spans VALUES (1, -9223372036854775808, NULL, 0)",
    ),
    (
        STORE,
        "INSERT INTO replays (destination_id, created_at, created_by, created_from, created_before, event_types, last_seq, next_seq, total) \
         VALUES (1, 0, 'root', 0, 1, '[]', 9223372036854775807, -9223372036854775808, 9)",
    ),
];

#[tokio::test]
async fn no_number_in_a_damaged_file_stops_the_check() {
    let whole = folder_with_a_block().await;
    for (file, sql) in EXTREMES {
        let copy = copy_of(whole.path());
        let database = Connection::open(copy.path().join(file)).unwrap();
        database
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            .unwrap();
        database.execute_batch(sql).unwrap();
        drop(database);
        // It does not end early, as it would by a panic.
        let checked = check_folder(copy.path()).await;
        assert_eq!(checked.checks.last().unwrap().name, "Secrets", "{sql}");
    }
}

/// A first start that was killed between the two files leaves a folder that starts.
#[tokio::test]
async fn a_store_that_never_had_a_log_is_no_problem() {
    let folder = folder();
    let token = command(
        folder.path(),
        &["token", "create", "--name", "first", "--scope", "read"],
    );
    assert!(token.status.success(), "{token:?}");
    assert_whole("half-made", folder.path());
    drop(Instance::start_on(folder, &[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_found() {
    let whole = folder_with_a_block().await;
    assert_whole("whole", whole.path());
    let checked = check_folder(whole.path()).await;
    assert!(
        checked
            .checks
            .iter()
            .any(|check| check.looked_at.starts_with("blocks: 1, entries: ")),
        "{checked:#?}"
    );
    for (file, sql, expected) in PROBLEMS {
        let copy = copy_of(whole.path());
        let database = Connection::open(copy.path().join(file)).unwrap();
        database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        database.execute_batch(sql).unwrap();
        drop(database);
        let checked = check_folder(copy.path()).await;
        let found: Vec<&str> = checked.problems().map(|problem| problem.what.as_str()).collect();
        assert!(found.iter().any(|what| what.contains(expected)), "{sql}: {found:#?}");
    }
}

#[tokio::test]
async fn a_replay_that_goes_beyond_the_log_is_found() {
    let whole = folder_with_a_block().await;
    let now = 1_760_000_000_000_i64;
    let replay = format!(
        "INSERT INTO replays (destination_id, created_at, created_by, created_from, created_before, event_types, last_seq, next_seq, total) \
         VALUES (1, {now}, 'root', 0, {now}, '[]', 70000, 5, 9)"
    );
    let store = Connection::open(whole.path().join(STORE)).unwrap();
    store.execute_batch(&replay).unwrap();
    drop(store);
    let checked = check_folder(whole.path()).await;
    let problem = checked.problems().next().unwrap();
    assert!(
        problem.what.contains("replay 1 to SIEM goes from 5 to 70000"),
        "{problem:?}"
    );
}

#[tokio::test]
async fn each_problem_is_printed_with_its_meaning_and_what_to_do() {
    let folder = folder_with_a_block().await;
    let log = Connection::open(folder.path().join(LOG)).unwrap();
    log.execute_batch("DELETE FROM events WHERE seq = 100").unwrap();
    drop(log);
    let checked = command(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    for expected in [
        "Log pages: ok (integrity_check of SQLite)",
        "Log positions: 1 problem (",
        "Problem 1: the event at position 100 is missing",
        "  Meaning: They were acknowledged, and can be neither shown nor delivered.",
        "  What to do: Restore a backup into an empty folder with `audit-streams backup restore`",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("No problems found."), "{text}");
    let complaint = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        complaint.starts_with("error: ") && complaint.contains("found"),
        "{complaint}"
    );
}
