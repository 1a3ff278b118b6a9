-- What each stream has done by the minute, how many times each event was tried, and since when a destination is in trouble.

-- minute counts from 1970. delivered are events, failed requests; latency is a histogram of how long accepted requests took
-- (domain::activity::LatencyHistogram).
CREATE TABLE delivery_minutes (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    minute         INTEGER NOT NULL,
    delivered      INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    latency        BLOB    NOT NULL,
    PRIMARY KEY (destination_id, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_minutes_by_age ON delivery_minutes (minute);

-- The newest position of the log at the end of each minute in which it grew: how many events came in is the difference.
CREATE TABLE log_minutes (
    minute   INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL
) STRICT;

ALTER TABLE attempts ADD COLUMN number INTEGER NOT NULL DEFAULT 1 CONSTRAINT attempts_count_from_one CHECK (number >= 1);

-- None while events are accepted.
ALTER TABLE cursors ADD COLUMN troubled_since INTEGER;
