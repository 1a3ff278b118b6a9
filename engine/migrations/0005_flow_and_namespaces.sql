-- Switches of a stream, the groups and projects that it is limited to, and which requests to add a destination were repeats.

ALTER TABLE destinations ADD COLUMN active INTEGER NOT NULL DEFAULT 1 CONSTRAINT a_destination_is_active_or_not CHECK (active IN (0, 1));
ALTER TABLE destinations ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CONSTRAINT a_destination_is_paused_or_not CHECK (paused IN (0, 1));

-- A destination without a row admits the events of every group and project.
CREATE TABLE destination_namespaces (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    path           TEXT    NOT NULL COLLATE NOCASE,
    CONSTRAINT a_namespace_is_taken_once_per_destination UNIQUE (destination_id, path)
) STRICT;

-- Positions of what came in while a destination was inactive, both included: not owed to it. Open while it is inactive;
-- forgotten when everything up to its end is settled.
CREATE TABLE inactive_spans (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    first_seq      INTEGER NOT NULL,
    last_seq       INTEGER,
    PRIMARY KEY (destination_id, first_seq),
    CONSTRAINT a_span_ends_after_it_begins CHECK (last_seq >= first_seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_open_span_per_destination ON inactive_spans (destination_id) WHERE last_seq IS NULL;

-- What a client's Idempotency-Key has made. The destination may have gone since.
CREATE TABLE idempotency_keys (
    owner          TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    fingerprint    BLOB    NOT NULL,
    destination_id INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (owner, key),
    CONSTRAINT a_fingerprint_is_a_hash CHECK (length(fingerprint) = 32)
) STRICT, WITHOUT ROWID;
