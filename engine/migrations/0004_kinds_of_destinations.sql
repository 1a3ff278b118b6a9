-- Google Cloud Logging and AWS S3 beside HTTP: what all kinds share stays in destinations, what belongs to one gets a table.
-- SQLite can't change a CHECK, so destinations is made anew, and with it every table that refers to it: dropping a table
-- that is referred to would empty them.

CREATE TABLE new_destinations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT a_destination_has_a_known_kind CHECK (kind IN ('http', 'gcp', 'aws')),
    CONSTRAINT a_destination_name_is_taken_once_per_kind UNIQUE (kind, name),
    CONSTRAINT versions_start_at_1 CHECK (version >= 1)
) STRICT;
INSERT INTO new_destinations SELECT id, kind, name, version, created_at, updated_at FROM destinations;

CREATE TABLE http_targets (
    destination_id            INTEGER PRIMARY KEY REFERENCES new_destinations (id) ON DELETE CASCADE,
    url                       TEXT NOT NULL,
    verification_token_sealed BLOB NOT NULL,
    signing_secret_sealed     BLOB NOT NULL,
    CONSTRAINT a_destination_url_is_taken_once UNIQUE (url)
) STRICT;
INSERT INTO http_targets SELECT id, url, verification_token_sealed, signing_secret_sealed FROM destinations;

CREATE TABLE google_targets (
    destination_id     INTEGER PRIMARY KEY REFERENCES new_destinations (id) ON DELETE CASCADE,
    project_id         TEXT NOT NULL,
    log_id             TEXT NOT NULL,
    client_email       TEXT NOT NULL,
    private_key_sealed BLOB NOT NULL,
    CONSTRAINT a_log_of_a_project_is_taken_once UNIQUE (project_id, log_id)
) STRICT;

-- An empty endpoint is Amazon's own.
CREATE TABLE s3_targets (
    destination_id           INTEGER PRIMARY KEY REFERENCES new_destinations (id) ON DELETE CASCADE,
    endpoint_url             TEXT NOT NULL,
    region                   TEXT NOT NULL,
    bucket                   TEXT NOT NULL,
    key_prefix               TEXT NOT NULL,
    object_layout            TEXT NOT NULL,
    access_key_id            TEXT NOT NULL,
    secret_access_key_sealed BLOB NOT NULL,
    CONSTRAINT a_place_in_a_bucket_is_taken_once UNIQUE (endpoint_url, bucket, key_prefix),
    CONSTRAINT a_layout_is_known CHECK (object_layout IN ('events', 'batches'))
) STRICT;

-- run_… are the bounds of the run that is being sent, stored before it is: what is sent again after a crash is the same.
CREATE TABLE new_cursors (
    destination_id  INTEGER PRIMARY KEY REFERENCES new_destinations (id) ON DELETE CASCADE,
    acked_seq       INTEGER NOT NULL,
    settled_above   TEXT    NOT NULL DEFAULT '',
    delivered       INTEGER NOT NULL DEFAULT 0,
    last_success_at INTEGER,
    run_first       INTEGER,
    run_last        INTEGER,
    run_closed_at   INTEGER,
    CONSTRAINT a_cursor_is_a_position CHECK (acked_seq >= 0),
    CONSTRAINT a_run_is_whole CHECK ((run_first IS NULL) = (run_last IS NULL) AND (run_first IS NULL) = (run_closed_at IS NULL))
) STRICT;
INSERT INTO new_cursors (destination_id, acked_seq, settled_above, delivered, last_success_at)
SELECT destination_id, acked_seq, settled_above, delivered, last_success_at FROM cursors;

CREATE TABLE new_refused_events (
    destination_id INTEGER NOT NULL REFERENCES new_destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    reason         TEXT    NOT NULL,
    response       TEXT    NOT NULL,
    refused_at     INTEGER NOT NULL,
    due_at         INTEGER,
    PRIMARY KEY (destination_id, seq),
    CONSTRAINT a_refused_event_was_tried CHECK (tries >= 1)
) STRICT, WITHOUT ROWID;
INSERT INTO new_refused_events SELECT destination_id, seq, tries, reason, response, refused_at, due_at FROM refused_events;

-- seq is that of the first event of the request, events how many it carried.
CREATE TABLE new_attempts (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES new_destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    events         INTEGER NOT NULL,
    started_at     INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL,
    status         INTEGER,
    reason         TEXT    NOT NULL,
    response       TEXT    NOT NULL,
    CONSTRAINT an_attempt_carried_events CHECK (events >= 1)
) STRICT;
INSERT INTO new_attempts SELECT id, destination_id, seq, 1, started_at, duration_ms, status, reason, response FROM attempts;

CREATE TABLE new_destination_headers (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES new_destinations (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    name           TEXT    NOT NULL COLLATE NOCASE,
    value_sealed   BLOB    NOT NULL,
    active         INTEGER NOT NULL,
    CONSTRAINT a_header_name_is_taken_once_per_destination UNIQUE (destination_id, name),
    CONSTRAINT a_header_is_active_or_not CHECK (active IN (0, 1))
) STRICT;
INSERT INTO new_destination_headers SELECT id, destination_id, position, name, value_sealed, active FROM destination_headers;

CREATE TABLE new_destination_event_types (
    destination_id INTEGER NOT NULL REFERENCES new_destinations (id) ON DELETE CASCADE,
    event_type     TEXT    NOT NULL,
    PRIMARY KEY (destination_id, event_type),
    CONSTRAINT an_event_type_is_not_empty CHECK (event_type <> '')
) STRICT, WITHOUT ROWID;
INSERT INTO new_destination_event_types SELECT destination_id, event_type FROM destination_event_types;

-- Ids of what was deleted stay unused.
DELETE FROM sqlite_sequence WHERE name IN ('new_destinations', 'new_destination_headers');
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_' || name, seq FROM sqlite_sequence WHERE name IN ('destinations', 'destination_headers');

DROP TABLE cursors;
DROP TABLE refused_events;
DROP TABLE attempts;
DROP TABLE destination_headers;
DROP TABLE destination_event_types;
DROP TABLE destinations;

ALTER TABLE new_destinations RENAME TO destinations;
ALTER TABLE new_cursors RENAME TO cursors;
ALTER TABLE new_refused_events RENAME TO refused_events;
ALTER TABLE new_attempts RENAME TO attempts;
ALTER TABLE new_destination_headers RENAME TO destination_headers;
ALTER TABLE new_destination_event_types RENAME TO destination_event_types;

CREATE INDEX refused_events_that_are_due ON refused_events (destination_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX attempts_of_a_destination ON attempts (destination_id, id);
