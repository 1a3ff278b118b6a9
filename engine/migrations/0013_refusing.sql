-- Refused events are counted as they change, a stream knows since when its destination refuses everything, and administrators
-- are notified of parked events.

-- Kept up to date by the triggers below. ever_parked counts how many times an event was parked, and never decreases.
CREATE TABLE refused_counts (
    destination_id INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    retrying       INTEGER NOT NULL,
    parked         INTEGER NOT NULL,
    ever_parked    INTEGER NOT NULL,
    CONSTRAINT counts_start_at_0 CHECK (retrying >= 0 AND parked >= 0 AND ever_parked >= parked)
) STRICT;
INSERT INTO refused_counts (destination_id, retrying, parked, ever_parked)
SELECT destination_id, count(due_at), count(*) - count(due_at), count(*) - count(due_at)
FROM refused_events GROUP BY destination_id;

CREATE TRIGGER count_an_added_refusal AFTER INSERT ON refused_events BEGIN
    INSERT INTO refused_counts (destination_id, retrying, parked, ever_parked)
    VALUES (NEW.destination_id, NEW.due_at IS NOT NULL, NEW.due_at IS NULL, NEW.due_at IS NULL)
    ON CONFLICT (destination_id) DO UPDATE SET retrying = retrying + excluded.retrying,
        parked = parked + excluded.parked, ever_parked = ever_parked + excluded.ever_parked;
END;
CREATE TRIGGER count_a_changed_refusal AFTER UPDATE OF due_at ON refused_events
WHEN (OLD.due_at IS NULL) <> (NEW.due_at IS NULL) BEGIN
    UPDATE refused_counts SET retrying = retrying + (NEW.due_at IS NOT NULL) - (OLD.due_at IS NOT NULL),
        parked = parked + (NEW.due_at IS NULL) - (OLD.due_at IS NULL), ever_parked = ever_parked + (NEW.due_at IS NULL)
    WHERE destination_id = NEW.destination_id;
END;
CREATE TRIGGER count_a_removed_refusal AFTER DELETE ON refused_events BEGIN
    UPDATE refused_counts SET retrying = retrying - (OLD.due_at IS NOT NULL), parked = parked - (OLD.due_at IS NULL)
    WHERE destination_id = OLD.destination_id;
END;

-- Null while the destination accepts events.
ALTER TABLE cursors ADD COLUMN refusing_since INTEGER;
ALTER TABLE cursors ADD COLUMN refusal_reason TEXT
    CONSTRAINT a_stream_that_refuses_has_a_reason CHECK ((refusing_since IS NULL) = (refusal_reason IS NULL));

-- Streams of which administrators were notified that events are parked; reported is ever_parked at that time.
CREATE TABLE parked_alerts (
    destination_id INTEGER PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    raised_at      INTEGER NOT NULL,
    reported       INTEGER NOT NULL
) STRICT;
