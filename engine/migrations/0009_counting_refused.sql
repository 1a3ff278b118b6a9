-- Refused events are counted without reading them.

-- With due_at, so that the index is all that is read.
CREATE INDEX refused_events_that_are_parked ON refused_events (destination_id, due_at) WHERE due_at IS NULL;
