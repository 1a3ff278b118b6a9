-- Event filters become allowlists or denylists: a destination is sent either only the event types of its rows, or every event
-- type except these. Filters from before are allowlists.

ALTER TABLE destination_event_types ADD COLUMN kind TEXT NOT NULL DEFAULT 'allow'
    CONSTRAINT a_filter_allows_or_denies CHECK (kind IN ('allow', 'deny'));

CREATE TRIGGER the_event_types_of_a_destination_are_of_one_kind BEFORE INSERT ON destination_event_types
WHEN EXISTS (SELECT 1 FROM destination_event_types WHERE destination_id = NEW.destination_id AND kind <> NEW.kind)
BEGIN
    SELECT RAISE(ABORT, 'the event types of a destination are of one kind');
END;
