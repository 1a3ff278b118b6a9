-- What an HTTP destination is sent besides the event, and which events it is sent at all.

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

-- The event types that a destination admits; a destination without a row admits every event.
CREATE TABLE destination_event_types (
    destination_id INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    event_type     TEXT    NOT NULL,
    PRIMARY KEY (destination_id, event_type),
    CONSTRAINT an_event_type_is_not_empty CHECK (event_type <> '')
) STRICT, WITHOUT ROWID;
