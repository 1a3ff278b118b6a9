-- Refused events are kept when they leave the log, and administrators are notified when events leave it before their age.

CREATE INDEX refused_events_by_position ON refused_events (seq);

-- At most one row. reported is how many events had left the log early when administrators were notified; raised_at is null when
-- that is over.
CREATE TABLE pruning_alerts (
    id        INTEGER PRIMARY KEY,
    reported  INTEGER NOT NULL,
    raised_at INTEGER,
    CONSTRAINT there_is_one_log CHECK (id = 1)
) STRICT;
