-- Which instance this is. events.db carries the same id, and each file knows how far the other one was (engine::pairing).
CREATE TABLE instance (
    row_id      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL,
    is_paired   INTEGER NOT NULL DEFAULT 0,
    generation  INTEGER NOT NULL DEFAULT 1,
    log_reached INTEGER,
    CONSTRAINT there_is_one_row CHECK (row_id = 1),
    CONSTRAINT it_is_paired_or_not CHECK (is_paired IN (0, 1)),
    CONSTRAINT what_is_paired_had_a_log CHECK (is_paired = 0 OR log_reached IS NOT NULL)
) STRICT;

-- A store that a server has used has had a log.
INSERT INTO instance (row_id, id, log_reached)
SELECT 1, lower(hex(randomblob(16))),
    CASE WHEN EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM cursors) OR EXISTS (SELECT 1 FROM log_minutes) THEN
        max(coalesce((SELECT max(acked_seq) FROM cursors), 0), coalesce((SELECT max(last_seq) FROM log_minutes), 0))
    END;
