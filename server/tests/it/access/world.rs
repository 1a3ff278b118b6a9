//! A server on which every operation has something to show and something to change, and what of it is stored.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use domain::access::Scope;
use rusqlite::{Connection, OpenFlags, types::Value as Cell};
use serde_json::json;

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Instance, PASSWORD, client_with_timeout, folder, until},
};

/// In everything that the server must not show to a caller without permission.
pub(super) const MARKER: &str = "zq-marker";

/// Tables that change without a request.
const VOLATILE: [&str; 14] = [
    "alert_notices",
    "attempts",
    "certificate_alerts",
    "cursors",
    "delivery_minutes",
    "idempotency_keys",
    "instance",
    "instance_certificate_alerts",
    "instance_events",
    "log_alerts",
    "log_minutes",
    "parked_alerts",
    "pruning_alerts",
    "stream_troubles",
];

/// Columns of `replays` that change while it runs.
const PROGRESS: [&str; 6] = ["next_seq", "batch_first", "batch_last", "sent", "refused", "last_error"];

/// Columns that say when something was used.
const USES: [&str; 4] = ["ip_address", "last_seen_at", "last_used_at", "last_signed_in_at"];

pub(super) struct World {
    pub(super) instance: Instance,
    /// Gives up late, because a server among others on a slow machine answers late.
    pub(super) client: reqwest::Client,
    addresses: AtomicU32,
    tokens: BTreeMap<&'static str, String>,
    /// Of `root`.
    pub(super) session: String,
    /// Of `root`, signed out.
    pub(super) ended_session: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let settings = [
            ("AUDIT_STREAMS_API_RATE", "0"),
            ("AUDIT_STREAMS_TRUSTED_PROXIES", "127.0.0.1"),
            // Settings that are not fixed by the command line.
            ("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", ""),
        ];
        let mut instance = Instance::start_on(folder(), &settings);
        let tokens = create_tokens(&instance).await;
        add_content(&instance, &tokens["admin"]).await;
        assert!(instance.shut_down().await.success());
        add_rows(instance.data_dir());
        instance.restart();
        let session = Browser::signed_in(&instance).await.cookie().unwrap().to_owned();
        let mut ended = Browser::signed_in(&instance).await;
        let ended_session = ended.cookie().unwrap().to_owned();
        for _ in 0..2 {
            let mut user = Browser::new(&instance);
            let answer = user.sign_in(&format!("{MARKER}-user"), "password of the user").await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        assert_eq!(ended.submit("session/sign_out", &[]).await.status, 200);
        // One more of root, to be ended.
        let answer = Browser::new(&instance).sign_in("root", PASSWORD).await;
        assert_eq!(answer.status, 200);
        let store = open(&instance.data_dir().join("audit-streams.db"));
        until("the events are in the log", || {
            names(&store, "SELECT id FROM instance_events").is_empty().then_some(())
        })
        .await;
        Self {
            instance,
            client: client_with_timeout(Duration::from_secs(180)),
            addresses: AtomicU32::new(0),
            tokens,
            session,
            ended_session,
        }
    }

    /// A number that no request has had.
    pub(super) fn next_address(&self) -> u32 {
        self.addresses.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn token(&self, name: &str) -> &str {
        &self.tokens[name]
    }

    pub(super) fn of_scope(&self, scope: Scope) -> &str {
        self.token(&scope.to_string())
    }

    /// What is stored, apart from what changes without a request, and the audit events that someone caused.
    pub(super) fn stored(&self) -> BTreeSet<String> {
        let store = open(&self.instance.data_dir().join("audit-streams.db"));
        // All tables at one moment.
        let store = store.unchecked_transaction().unwrap();
        let mut rows = BTreeSet::new();
        for table in names(
            &store,
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        ) {
            if VOLATILE.contains(&table.as_str()) || table.starts_with('_') || table.starts_with("sqlite_") {
                continue;
            }
            let columns = names(&store, &format!("SELECT name FROM pragma_table_info('{table}')"));
            // A session that is used ends later.
            let is_left_out = |column: &str| match table.as_str() {
                "sessions" if column == "expires_at" => true,
                "replays" => PROGRESS.contains(&column),
                _ => USES.contains(&column),
            };
            let columns: Vec<String> = columns.into_iter().filter(|column| !is_left_out(column)).collect();
            rows.extend(rows_of(&store, &table, &columns));
        }
        // An event is copied into the log before it is deleted here, so in this order none is missed.
        let mut events = names(
            &store,
            "SELECT id FROM instance_events WHERE event ->> '$.details.author_class' <> 'System'",
        );
        let log = open(&self.instance.data_dir().join("events.db"));
        let of_authors = "SELECT id FROM events WHERE coalesce(body ->> '$.details.author_class', '') <> 'System'";
        events.extend(names(&log, of_authors));
        events.sort();
        events.dedup();
        rows.insert(format!("events {}", events.len()));
        rows
    }
}

/// Tokens by their names, with ids from 1 in this order.
async fn create_tokens(instance: &Instance) -> BTreeMap<&'static str, String> {
    let admin = instance.token("admin", &["admin"]);
    let client = Client::with_token(instance, &admin);
    let mut tokens = BTreeMap::from([("admin", admin.clone())]);
    for (name, scope) in [
        ("ingest", "ingest"),
        ("read", "read"),
        ("expired", "admin"),
        ("revoked", "admin"),
        ("spare 6", "read"),
        ("spare 7", "read"),
    ] {
        let draft = json!({"name": name, "scopes": [scope]});
        let made = client.post("/api/v1/tokens", &draft).await.expect(201);
        tokens.insert(name, made["token"].as_str().unwrap().to_owned());
    }
    client.delete("/api/v1/tokens/5").await.expect(204);
    tokens
}

/// Users, destinations with events that they rejected, a saved view, and settings.
async fn add_content(instance: &Instance, token: &str) {
    let admin = Client::with_token(instance, token);
    let user = json!({"username": format!("{MARKER}-user"), "password": "password of the user"});
    admin.post("/api/v1/users", &user).await.expect(201);
    let allowed = json!({"allow_local_network": true, "allowlist": [format!("{MARKER}.example")]});
    admin.patch("/api/v1/settings/network", &allowed).await.expect(200);
    for number in 1..=3 {
        let destination = json!({"name": format!("{MARKER}-{number}"), "paused": true, "http": {
            "url": format!("http://127.0.0.1:9/{MARKER}/{number}"),
            "headers": [{"name": format!("x-{MARKER}"), "value": MARKER}],
        }});
        admin.post("/api/v1/destinations", &destination).await.expect(201);
    }
    let event = json!({"event_type": MARKER, "author_name": MARKER, "details": {"custom_message": MARKER}});
    let events: Vec<_> = (0..10).map(|_| event.to_string()).collect();
    instance.post(token, events.join("\n")).await;
    let mut browser = Browser::signed_in(instance).await;
    let view = [("name", MARKER), ("query", MARKER)];
    assert_eq!(browser.submit("views/save", &view).await.status, 200);
    assert_eq!(browser.submit("session/sign_out", &[]).await.status, 200);
}

/// What takes a while to come about by itself: a token that has expired, rejected events and a replay.
fn add_rows(data_dir: &Path) {
    let store = Connection::open(data_dir.join("audit-streams.db")).unwrap();
    let expired = store.execute("UPDATE api_tokens SET expires_at = 1 WHERE name = 'expired'", []);
    assert_eq!(expired.unwrap(), 1);
    let in_a_hundred_years = 4_900_000_000_000_i64;
    for destination in [1, 2] {
        for seq in 1..=8 {
            let due_at = (seq > 4).then_some(in_a_hundred_years);
            store
                .execute(
                    "INSERT INTO refused_events VALUES (?1, ?2, 1, ?3, ?3, '{\"kind\":\"status\",\"detail\":400}', 1000, ?4)",
                    (destination, seq, MARKER, due_at),
                )
                .unwrap();
        }
    }
    store
        .execute(
            "INSERT INTO replays (id, destination_id, created_at, created_by, created_from, created_before, event_types, last_seq, \
             next_seq, total, state, ended_at) VALUES (1, 1, 1000, ?1, 1, 2, '[]', 1, 1, 0, 'finished', 2000)",
            [MARKER],
        )
        .unwrap();
}

fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn names(database: &Connection, query: &str) -> Vec<String> {
    let mut query = database.prepare(query).unwrap();
    let names = query.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

fn rows_of(store: &Connection, table: &str, columns: &[String]) -> Vec<String> {
    let query = format!("SELECT {} FROM {table}", columns.join(", "));
    let mut query = store.prepare(&query).unwrap();
    let rows = query.query_map([], |row| {
        let cells = columns.iter().enumerate().map(|(index, column)| {
            let cell: Cell = row.get(index)?;
            Ok(format!("{column}={cell:?}"))
        });
        let cells: rusqlite::Result<Vec<String>> = cells.collect();
        Ok(format!("{table} {}", cells?.join(" ")))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
