-- Everything that an instance stores beside the event log: users, tokens, destinations, the progress of each stream, settings.
--
-- Times are in milliseconds since 1970-01-01T00:00:00Z, minutes count from the same moment. Columns that end in _sealed hold
-- ciphertext that is bound to its row. A column that ends in seq is a position of the event log.


-- The instance.

-- One row. events.db carries the same id, and each file knows how far the other one was (engine::pairing). log_reached is null
-- until the store has a log. changes counts the instance events that were ever stored (engine::note). key_id names the key that
-- everything in a column _sealed is encrypted with; it is null until the first start. restored_from is the id that the
-- instance had in the backup that it was restored from, or null.
CREATE TABLE instance (
    row_id        INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL,
    generation    INTEGER NOT NULL DEFAULT 1,
    log_reached   INTEGER,
    changes       INTEGER NOT NULL DEFAULT 0,
    key_id        TEXT,
    restored_from TEXT,
    CONSTRAINT there_is_one_row CHECK (row_id = 1)
) STRICT;
INSERT INTO instance (row_id, id) VALUES (1, lower(hex(randomblob(16))));

-- One row. A setting that is null has its default value. Each group has a version of its own, so that the second of two
-- administrators who save at the same time gets a conflict.
CREATE TABLE settings (
    id                  INTEGER PRIMARY KEY,
    network_version     INTEGER NOT NULL DEFAULT 1,
    allow_local_network INTEGER,
    network_allowlist   TEXT,
    retention_version   INTEGER NOT NULL DEFAULT 1,
    retention_days      INTEGER,
    log_size_limit      INTEGER,
    CONSTRAINT there_is_one_row CHECK (id = 1),
    CONSTRAINT a_switch_is_on_or_off CHECK (allow_local_network IN (0, 1)),
    CONSTRAINT events_are_kept_for_a_day_at_least CHECK (retention_days >= 1),
    CONSTRAINT a_log_has_a_size CHECK (log_size_limit > 0)
) STRICT;
INSERT INTO settings (id) VALUES (1);

-- Audit events about this instance that are not in the log yet: each is written in the transaction of the change it describes.
CREATE TABLE instance_events (
    id         TEXT    PRIMARY KEY,
    event      TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- The newest position of the log at the end of each minute in which events came in.
CREATE TABLE log_minutes (
    minute   INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL
) STRICT;


-- Access.

CREATE TABLE users (
    id                INTEGER PRIMARY KEY,
    username          TEXT    NOT NULL,
    password_hash     TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    disabled_at       INTEGER,
    last_signed_in_at INTEGER,
    CONSTRAINT a_username_is_taken_once UNIQUE (username)
) STRICT;

-- The id of a session is never reused: a request that was admitted by an ended session must not continue under another one.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash     BLOB    NOT NULL,
    ip_address   TEXT    NOT NULL,
    browser      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    CONSTRAINT a_session_key_is_used_once UNIQUE (key_hash),
    CONSTRAINT a_session_key_is_stored_hashed CHECK (length(key_hash) = 32)
) STRICT;
CREATE INDEX sessions_of_a_user ON sessions (user_id);

-- Browsers from which a user has signed in: failed sign-ins of others don't lock the user out there. The cookie holds the id,
-- encrypted with the instance's key. A row is deleted when the user's sessions end or the password changes.
CREATE TABLE known_browsers (
    id           TEXT    PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_of_a_user ON known_browsers (user_id, last_used_at);

CREATE TABLE api_tokens (
    id                 INTEGER PRIMARY KEY,
    name               TEXT    NOT NULL,
    key_hash           BLOB    NOT NULL,
    scopes             TEXT    NOT NULL,
    created_at         INTEGER NOT NULL,
    expires_at         INTEGER,
    revoked_at         INTEGER,
    last_used_at       INTEGER,
    client_certificate TEXT,
    CONSTRAINT a_token_name_is_taken_once UNIQUE (name),
    CONSTRAINT a_token_key_is_used_once UNIQUE (key_hash),
    CONSTRAINT a_token_key_is_stored_hashed CHECK (length(key_hash) = 32),
    CONSTRAINT a_token_has_a_scope CHECK (scopes <> '')
) STRICT;
CREATE UNIQUE INDEX a_client_certificate_stands_for_one_token ON api_tokens (client_certificate) WHERE revoked_at IS NULL;

-- Filters of the Log that users have saved under names. query is the filter as the query of an address.
CREATE TABLE saved_views (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT    NOT NULL,
    query   TEXT    NOT NULL,
    CONSTRAINT a_view_name_is_taken_once_per_user UNIQUE (user_id, name)
) STRICT;


-- Destinations. identity_digest is a keyed digest of the values that no two destinations of a kind share, such as a URL. Of
-- two constraints that are broken, SQLite reports the last one.

CREATE TABLE destinations (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    identity_digest TEXT    NOT NULL,
    active          INTEGER NOT NULL DEFAULT 1,
    paused          INTEGER NOT NULL DEFAULT 0,
    version         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CONSTRAINT a_destination_identity_is_taken_once_per_kind UNIQUE (kind, identity_digest),
    CONSTRAINT a_destination_name_is_taken_once_per_kind UNIQUE (kind, name),
    CONSTRAINT a_destination_is_active_or_not CHECK (active IN (0, 1)),
    CONSTRAINT a_destination_is_paused_or_not CHECK (paused IN (0, 1)),
    CONSTRAINT versions_start_at_1 CHECK (version >= 1)
) STRICT;

-- The values of the fields that a destination has because of its kind, under their names in the REST API. What they may be is
-- decided by the tables of fields (domain::destination). Secrets are sealed, and so are URLs, because a path or a query may
-- contain keys.
CREATE TABLE destination_fields (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    field          TEXT    NOT NULL,
    value          TEXT,
    value_sealed   BLOB,
    PRIMARY KEY (destination_id, field),
    CONSTRAINT a_value_is_plain_or_sealed CHECK ((value IS NULL) <> (value_sealed IS NULL))
) STRICT, WITHOUT ROWID;

-- The previous ones of secrets that were rotated: valid until ends_at beside those in destination_fields.
CREATE TABLE previous_secrets (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    field          TEXT    NOT NULL,
    value_sealed   BLOB    NOT NULL,
    ends_at        INTEGER NOT NULL,
    PRIMARY KEY (destination_id, field)
) STRICT, WITHOUT ROWID;

-- Headers that are sent with every event.
CREATE TABLE destination_headers (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    name           TEXT    NOT NULL COLLATE NOCASE,
    value_sealed   BLOB    NOT NULL,
    active         INTEGER NOT NULL,
    CONSTRAINT a_header_name_is_taken_once_per_destination UNIQUE (destination_id, name),
    CONSTRAINT a_header_is_active_or_not CHECK (active IN (0, 1))
) STRICT;

-- The event filter of a destination: only these event types ('allow'), or all but these ('deny'). A destination without a row
-- admits every event type.
CREATE TABLE destination_event_types (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    event_type     TEXT    NOT NULL,
    kind           TEXT    NOT NULL DEFAULT 'allow',
    PRIMARY KEY (destination_id, event_type),
    CONSTRAINT an_event_type_is_not_empty CHECK (event_type <> ''),
    CONSTRAINT a_filter_allows_or_denies CHECK (kind IN ('allow', 'deny'))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER the_event_types_of_a_destination_are_of_one_kind BEFORE INSERT ON destination_event_types
WHEN EXISTS (SELECT 1 FROM destination_event_types WHERE destination_id = NEW.destination_id AND kind <> NEW.kind)
BEGIN
    SELECT RAISE(ABORT, 'the event types of a destination are of one kind');
END;

-- The groups and projects whose events a destination admits. A destination without a row admits those of all.
CREATE TABLE destination_namespaces (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    path           TEXT    NOT NULL COLLATE NOCASE,
    CONSTRAINT a_namespace_is_taken_once_per_destination UNIQUE (destination_id, path)
) STRICT;

-- The destination that each Idempotency-Key of a client created. It may have been deleted since.
CREATE TABLE idempotency_keys (
    owner          TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    fingerprint    BLOB    NOT NULL,
    destination_id INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (owner, key),
    CONSTRAINT a_fingerprint_is_a_hash CHECK (length(fingerprint) = 32)
) STRICT, WITHOUT ROWID;


-- Streams.

-- The progress of each stream. Everything up to acknowledged_seq is acknowledged, and so are the ranges above it ("7-9,12-12").
-- batch_… are the bounds of the batch that is being sent. They are stored before it is sent, so that after a crash the same
-- batch is sent again. While a single event is sent in place of a batch that keeps failing, batch_… are the bounds of the
-- single event, and kept_… those of the batch. troubled_since is null while events are accepted, refusing_since and
-- refusal_reason while the destination does not refuse everything; refusing_events counts the different events that it
-- refused since it last accepted one. start_seq is where the stream began, filter_seq the newest position when the filters
-- were last changed: what became of an event can only be told with certainty if it came in later.
CREATE TABLE cursors (
    destination_id  INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    acknowledged_seq       INTEGER NOT NULL,
    acknowledged_above   TEXT    NOT NULL DEFAULT '',
    delivered       INTEGER NOT NULL DEFAULT 0,
    last_success_at INTEGER,
    batch_first       INTEGER,
    batch_last        INTEGER,
    batch_closed_at   INTEGER,
    kept_first        INTEGER,
    kept_last         INTEGER,
    kept_closed_at    INTEGER,
    troubled_since  INTEGER,
    refusing_since  INTEGER,
    refusal_reason  TEXT,
    refusing_events INTEGER NOT NULL DEFAULT 1,
    start_seq       INTEGER NOT NULL DEFAULT 0,
    filter_seq      INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT a_cursor_is_a_position CHECK (acknowledged_seq >= 0),
    CONSTRAINT a_batch_is_whole CHECK ((batch_first IS NULL) = (batch_last IS NULL) AND (batch_first IS NULL) = (batch_closed_at IS NULL) AND batch_first <= batch_last),
    CONSTRAINT a_kept_batch_is_whole CHECK ((kept_first IS NULL) = (kept_last IS NULL) AND (kept_first IS NULL) = (kept_closed_at IS NULL) AND kept_first <= kept_last),
    CONSTRAINT something_is_sent_in_place_of_a_kept_batch CHECK (kept_first IS NULL OR batch_first IS NOT NULL),
    CONSTRAINT a_stream_that_refuses_has_a_reason CHECK ((refusing_since IS NULL) = (refusal_reason IS NULL)),
    CONSTRAINT refused_events_are_some CHECK (refusing_events >= 1)
) STRICT;

-- The positions, both included, of events that came in while a destination was inactive: they are not delivered to it. last_seq
-- is null while it is inactive. The newest thousand spans are kept, to tell what became of an event.
CREATE TABLE inactive_spans (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    first_seq      INTEGER NOT NULL,
    last_seq       INTEGER,
    since          INTEGER NOT NULL,
    PRIMARY KEY (destination_id, first_seq),
    CONSTRAINT a_span_ends_after_it_begins CHECK (last_seq >= first_seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_open_span_per_destination ON inactive_spans (destination_id) WHERE last_seq IS NULL;

-- Events that a destination refused: tried again at due_at, parked if due_at is null. The response is kept for the newest ones
-- of each destination. refusal is JSON: why the event was refused or parked, on which the advice to an administrator depends.
CREATE TABLE refused_events (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    reason         TEXT    NOT NULL,
    response       TEXT    NOT NULL,
    refusal        TEXT    NOT NULL,
    refused_at     INTEGER NOT NULL,
    due_at         INTEGER,
    PRIMARY KEY (destination_id, seq),
    CONSTRAINT a_refused_event_was_tried CHECK (tries >= 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX refused_events_by_position ON refused_events (seq);
CREATE INDEX refused_events_that_are_due ON refused_events (destination_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX refused_events_that_are_retried ON refused_events (destination_id, seq) WHERE due_at IS NOT NULL;
CREATE INDEX refused_events_that_are_parked ON refused_events (destination_id, seq) WHERE due_at IS NULL;
CREATE INDEX refused_events_with_an_answer ON refused_events (destination_id, refused_at) WHERE response <> '';

-- The number of refused events of each destination, so that they are counted without being read; the triggers keep it up to
-- date. ever_parked counts how many times an event was parked, and never decreases. text_bytes are those of reasons and
-- responses.
CREATE TABLE refused_counts (
    destination_id INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    retrying       INTEGER NOT NULL,
    parked         INTEGER NOT NULL,
    ever_parked    INTEGER NOT NULL,
    text_bytes     INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT counts_start_at_0 CHECK (retrying >= 0 AND parked >= 0 AND ever_parked >= parked),
    CONSTRAINT texts_are_not_shorter_than_nothing CHECK (text_bytes >= 0)
) STRICT;
CREATE TRIGGER count_an_added_refusal AFTER INSERT ON refused_events BEGIN
    INSERT INTO refused_counts (destination_id, retrying, parked, ever_parked, text_bytes)
    VALUES (NEW.destination_id, NEW.due_at IS NOT NULL, NEW.due_at IS NULL, NEW.due_at IS NULL,
        octet_length(NEW.reason) + octet_length(NEW.response))
    ON CONFLICT (destination_id) DO UPDATE SET retrying = retrying + excluded.retrying,
        parked = parked + excluded.parked, ever_parked = ever_parked + excluded.ever_parked,
        text_bytes = text_bytes + excluded.text_bytes;
END;
CREATE TRIGGER count_a_changed_refusal AFTER UPDATE OF due_at, reason, response ON refused_events BEGIN
    UPDATE refused_counts SET retrying = retrying + (NEW.due_at IS NOT NULL) - (OLD.due_at IS NOT NULL),
        parked = parked + (NEW.due_at IS NULL) - (OLD.due_at IS NULL),
        ever_parked = ever_parked + (NEW.due_at IS NULL AND OLD.due_at IS NOT NULL),
        text_bytes = text_bytes + octet_length(NEW.reason) + octet_length(NEW.response)
            - octet_length(OLD.reason) - octet_length(OLD.response)
    WHERE destination_id = NEW.destination_id;
END;
CREATE TRIGGER count_a_removed_refusal AFTER DELETE ON refused_events BEGIN
    UPDATE refused_counts SET retrying = retrying - (OLD.due_at IS NOT NULL), parked = parked - (OLD.due_at IS NULL),
        text_bytes = text_bytes - octet_length(OLD.reason) - octet_length(OLD.response)
    WHERE destination_id = OLD.destination_id;
END;

-- Refused events that were discarded, the newest ten thousand of each destination, to tell what became of an event. One that was
-- accepted after all, because it was being sent or is sent again, is deleted here.
CREATE TABLE discarded_events (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    PRIMARY KEY (destination_id, seq)
) STRICT, WITHOUT ROWID;

-- Failed attempts, the newest thousand of each destination; successful ones are only counted. seq is the position of the first
-- event of the request, events how many it contained, number how many times this event had been tried.
CREATE TABLE attempts (
    id             INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    seq            INTEGER NOT NULL,
    number         INTEGER NOT NULL DEFAULT 1,
    events         INTEGER NOT NULL,
    started_at     INTEGER NOT NULL,
    duration_ms    INTEGER NOT NULL,
    status         INTEGER,
    reason         TEXT    NOT NULL,
    response       TEXT    NOT NULL,
    CONSTRAINT attempts_count_from_one CHECK (number >= 1),
    CONSTRAINT an_attempt_carried_events CHECK (events >= 1)
) STRICT;
CREATE INDEX attempts_of_a_destination ON attempts (destination_id, id);

-- The activity of each stream by the minute: delivered events, failed requests, and a histogram of how long accepted requests
-- took (domain::activity::LatencyHistogram).
CREATE TABLE delivery_minutes (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    minute         INTEGER NOT NULL,
    delivered      INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    latency        BLOB    NOT NULL,
    PRIMARY KEY (destination_id, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_minutes_by_age ON delivery_minutes (minute);

-- Replays of a part of the log to a destination. created_from and created_before are the range of time, without its end;
-- event_types is a JSON array, empty for every type. A replay ends at last_seq, the end of the log when it was started. next_seq
-- is the next position to be read; sent and refused count events before it. batch_… are the bounds of the batch that is being
-- sent, stored before it is sent.
CREATE TABLE replays (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    created_at     INTEGER NOT NULL,
    created_by     TEXT    NOT NULL,
    created_from   INTEGER NOT NULL,
    created_before INTEGER NOT NULL,
    event_types    TEXT    NOT NULL,
    last_seq       INTEGER NOT NULL,
    next_seq       INTEGER NOT NULL,
    batch_first      INTEGER,
    batch_last       INTEGER,
    total          INTEGER NOT NULL,
    sent           INTEGER NOT NULL DEFAULT 0,
    refused        INTEGER NOT NULL DEFAULT 0,
    state          TEXT    NOT NULL DEFAULT 'running',
    ended_at       INTEGER,
    last_error     TEXT,
    CONSTRAINT a_range_is_not_empty CHECK (created_from < created_before),
    CONSTRAINT event_types_are_a_list CHECK (json_type(event_types) = 'array'),
    CONSTRAINT counts_start_at_0 CHECK (total >= 0 AND sent >= 0 AND refused >= 0),
    CONSTRAINT a_batch_is_whole CHECK ((batch_first IS NULL) = (batch_last IS NULL) AND batch_first <= batch_last),
    CONSTRAINT a_state_is_known CHECK (state IN ('running', 'finished', 'cancelled')),
    CONSTRAINT what_does_not_run_has_ended CHECK ((state = 'running') = (ended_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_running_replay_per_destination ON replays (destination_id) WHERE state = 'running';
CREATE INDEX replays_of_a_destination ON replays (destination_id, id);


-- Alerts.

-- One row. E-mail is off without a host, the webhook without a URL. The webhook's URL is sealed, and its origin is shown.
CREATE TABLE alert_settings (
    id                    INTEGER PRIMARY KEY,
    version               INTEGER NOT NULL DEFAULT 1,
    failing_minutes       INTEGER NOT NULL DEFAULT 10,
    log_share             INTEGER NOT NULL DEFAULT 80,
    email_host            TEXT,
    email_port            INTEGER,
    email_security        TEXT,
    email_username        TEXT,
    email_password_sealed BLOB,
    email_from            TEXT,
    email_to              TEXT,
    webhook_origin        TEXT,
    webhook_url_sealed    BLOB,
    webhook_secret_sealed BLOB,
    CONSTRAINT there_is_one_row CHECK (id = 1),
    CONSTRAINT a_failure_lasts_a_minute_at_least CHECK (failing_minutes >= 1),
    CONSTRAINT a_share_is_a_part CHECK (log_share BETWEEN 1 AND 99),
    CONSTRAINT email_is_set_up_whole_or_not CHECK (
        (email_host IS NULL) = (email_port IS NULL) AND (email_host IS NULL) = (email_security IS NULL)
        AND (email_host IS NULL) = (email_from IS NULL) AND (email_host IS NULL) = (email_to IS NULL)
    ),
    CONSTRAINT a_user_name_has_a_password CHECK ((email_username IS NULL) = (email_password_sealed IS NULL)),
    CONSTRAINT a_webhook_has_a_url_and_its_origin CHECK ((webhook_origin IS NULL) = (webhook_url_sealed IS NULL)),
    CONSTRAINT a_secret_signs_for_a_url CHECK (webhook_origin IS NOT NULL OR webhook_secret_sealed IS NULL)
) STRICT;
INSERT INTO alert_settings (id) VALUES (1);

-- Streams that fail, or that have worked again for less than a minute. raised_at is null until administrators were notified.
CREATE TABLE stream_troubles (
    destination_id INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    since          INTEGER NOT NULL,
    raised_at      INTEGER,
    calm_since     INTEGER
) STRICT;

-- Streams whose parked events administrators were notified of; reported is ever_parked at that time.
CREATE TABLE parked_alerts (
    destination_id INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    raised_at      INTEGER NOT NULL,
    reported       INTEGER NOT NULL
) STRICT;

-- Certificates that expire soon, or have expired, and that administrators were notified of: that this one expires within so many days, 0 if
-- it has expired. Those that are over are kept: one that comes back soon is not news.
CREATE TABLE certificate_alerts (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    holder         TEXT    NOT NULL,
    expires_at     INTEGER NOT NULL,
    days           INTEGER NOT NULL,
    raised_at      INTEGER NOT NULL,
    over_since     INTEGER,
    PRIMARY KEY (destination_id, holder),
    CONSTRAINT a_holder_is_known CHECK (holder IN ('client', 'server', 'ca'))
) STRICT, WITHOUT ROWID;

-- The same for certificates that belong to no destination: those of the listener, and CAs in the operator's files. A row is deleted when the
-- certificate is no longer in use.
CREATE TABLE instance_certificate_alerts (
    holder     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    days       INTEGER NOT NULL,
    raised_at  INTEGER NOT NULL,
    over_since INTEGER,
    PRIMARY KEY (holder, name, expires_at),
    CONSTRAINT a_holder_is_known CHECK (holder IN ('listener', 'ca_file', 'client_ca'))
) STRICT, WITHOUT ROWID;

-- At most one row, while undelivered events take up much of the log's size limit and administrators were notified.
CREATE TABLE log_alerts (
    id        INTEGER PRIMARY KEY,
    raised_at INTEGER NOT NULL,
    CONSTRAINT there_is_one_log CHECK (id = 1)
) STRICT;

-- At most one row. reported is how many events had been removed from the log before their age when administrators were notified;
-- raised_at is null when that is over.
CREATE TABLE pruning_alerts (
    id        INTEGER PRIMARY KEY,
    reported  INTEGER NOT NULL,
    raised_at INTEGER,
    CONSTRAINT there_is_one_log CHECK (id = 1)
) STRICT;

-- Notifications that wait to be sent: stored in the transaction of their alert, and deleted when they have been sent.
CREATE TABLE alert_notices (
    id         TEXT    PRIMARY KEY,
    channel    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT a_channel_is_known CHECK (channel IN ('email', 'webhook'))
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_notices_that_are_due ON alert_notices (due_at);
