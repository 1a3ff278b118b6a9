-- When administrators are told of trouble, and how; what trouble there is; and what is still to be told.

-- One row. A way of telling that has no host or URL is off.
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
    webhook_url           TEXT,
    webhook_secret_sealed BLOB,
    CONSTRAINT there_is_one_row CHECK (id = 1),
    CONSTRAINT a_failure_lasts_a_minute_at_least CHECK (failing_minutes >= 1),
    CONSTRAINT a_share_is_a_part CHECK (log_share BETWEEN 1 AND 99),
    CONSTRAINT email_is_set_up_whole_or_not CHECK (
        (email_host IS NULL) = (email_port IS NULL) AND (email_host IS NULL) = (email_security IS NULL)
        AND (email_host IS NULL) = (email_from IS NULL) AND (email_host IS NULL) = (email_to IS NULL)
    ),
    CONSTRAINT a_user_name_has_a_password CHECK ((email_username IS NULL) = (email_password_sealed IS NULL)),
    CONSTRAINT a_secret_signs_for_a_url CHECK (webhook_url IS NOT NULL OR webhook_secret_sealed IS NULL)
) STRICT;
INSERT INTO alert_settings (id) VALUES (1);

-- Streams that fail, or have failed and worked for less than a minute since. Told when `raised_at` is set.
CREATE TABLE stream_troubles (
    destination_id INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    since          INTEGER NOT NULL,
    raised_at      INTEGER,
    calm_since     INTEGER
) STRICT;

-- At most one row, while it has been told that what is owed nears the limit of the log.
CREATE TABLE log_alerts (
    id        INTEGER PRIMARY KEY,
    raised_at INTEGER NOT NULL,
    CONSTRAINT there_is_one_log CHECK (id = 1)
) STRICT;

-- Stored with the alert that they tell of, and removed when they have been sent.
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
