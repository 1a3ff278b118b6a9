-- Answers are kept for the newest refused events of a destination alone, what refused events take up is counted, and parked events
-- are listed through an index in the order of the list.

DROP INDEX refused_events_that_are_parked;
CREATE INDEX refused_events_that_are_parked ON refused_events (destination_id, seq) WHERE due_at IS NULL;
CREATE INDEX refused_events_with_an_answer ON refused_events (destination_id, refused_at) WHERE response <> '';

UPDATE refused_events SET response = '' WHERE (destination_id, seq) IN (
    SELECT destination_id, seq FROM (
        SELECT destination_id, seq, row_number() OVER (PARTITION BY destination_id ORDER BY refused_at DESC) AS place
        FROM refused_events
    ) WHERE place > 1000
);

-- Bytes of reasons and answers.
ALTER TABLE refused_counts ADD COLUMN text_bytes INTEGER NOT NULL DEFAULT 0
    CONSTRAINT texts_are_not_shorter_than_nothing CHECK (text_bytes >= 0);
UPDATE refused_counts SET text_bytes = (
    SELECT coalesce(sum(octet_length(reason) + octet_length(response)), 0) FROM refused_events
    WHERE refused_events.destination_id = refused_counts.destination_id
);

DROP TRIGGER count_an_added_refusal;
DROP TRIGGER count_a_changed_refusal;
DROP TRIGGER count_a_removed_refusal;
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
