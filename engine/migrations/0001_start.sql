-- What this instance keeps beside the event log: who may come in, where events go, and how far each stream is.
-- Times are milliseconds since 1970-01-01T00:00:00Z. Columns that end in _sealed hold ciphertext bound to their row.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    username      TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    CONSTRAINT a_username_is_taken_once UNIQUE (username)
) STRICT;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash     BLOB    NOT NULL,
    ip_address   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    CONSTRAINT a_session_key_is_used_once UNIQUE (key_hash),
    CONSTRAINT a_session_key_is_stored_hashed CHECK (length(key_hash) = 32)
) STRICT;
CREATE INDEX sessions_of_a_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL,
    key_hash     BLOB    NOT NULL,
    scopes       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER,
    CONSTRAINT a_token_name_is_taken_once UNIQUE (name),
    CONSTRAINT a_token_key_is_used_once UNIQUE (key_hash),
    CONSTRAINT a_token_key_is_stored_hashed CHECK (length(key_hash) = 32),
    CONSTRAINT a_token_has_a_scope CHECK (scopes <> '')
) STRICT;

CREATE TABLE destinations (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind                      TEXT    NOT NULL,
    name                      TEXT    NOT NULL,
    url                       TEXT    NOT NULL,
    verification_token_sealed BLOB    NOT NULL,
    signing_secret_sealed     BLOB    NOT NULL,
    version                   INTEGER NOT NULL DEFAULT 1,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL,
    CONSTRAINT a_destination_has_a_known_kind CHECK (kind IN ('http')),
    CONSTRAINT a_destination_name_is_taken_once_per_kind UNIQUE (kind, name),
    CONSTRAINT a_destination_url_is_taken_once UNIQUE (url),
    CONSTRAINT versions_start_at_1 CHECK (version >= 1)
) STRICT;

-- How far each stream is: everything up to acked_seq is settled, and the ranges above it ("7-9,12-12") too.
CREATE TABLE cursors (
    destination_id  INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    acked_seq       INTEGER NOT NULL,
    settled_above   TEXT    NOT NULL DEFAULT '',
    delivered       INTEGER NOT NULL DEFAULT 0,
    last_success_at INTEGER,
    CONSTRAINT a_cursor_is_a_position CHECK (acked_seq >= 0)
) STRICT;

-- Events that a destination refused: tried again when due, parked when due_at is null.
CREATE TABLE refused_events (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    reason         TEXT    NOT NULL,
    response       TEXT    NOT NULL,
    refused_at     INTEGER NOT NULL,
    due_at         INTEGER,
    PRIMARY KEY (destination_id, seq),
    CONSTRAINT a_refused_event_was_tried CHECK (tries >= 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX refused_events_that_are_due ON refused_events (destination_id, due_at) WHERE due_at IS NOT NULL;

-- Failed attempts, the newest thousand of each destination. Successes are counted, not listed.
CREATE TABLE attempts (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    started_at     INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL,
    status         INTEGER,
    reason         TEXT    NOT NULL,
    response       TEXT    NOT NULL
) STRICT;
CREATE INDEX attempts_of_a_destination ON attempts (destination_id, id);

-- This instance's own audit events between the change they tell of and the log: written in the change's transaction.
CREATE TABLE own_events (
    id         TEXT    PRIMARY KEY,
    event      TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
