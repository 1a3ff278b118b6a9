-- Replays of parts of the log to a destination, beside its stream.

-- created_from and created_before are the range of time, without its end; event_types is a JSON array, empty for every type.
-- Up to last_seq, the end of the log when the replay was started, everything is looked at; everything before next_seq has
-- been, and sent, refused are counts of that. run_… are the bounds of what is being sent as one, stored before it is.
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
    run_first      INTEGER,
    run_last       INTEGER,
    total          INTEGER NOT NULL,
    sent           INTEGER NOT NULL DEFAULT 0,
    refused        INTEGER NOT NULL DEFAULT 0,
    state          TEXT    NOT NULL DEFAULT 'running',
    ended_at       INTEGER,
    last_error     TEXT,
    CONSTRAINT a_range_is_not_empty CHECK (created_from < created_before),
    CONSTRAINT event_types_are_a_list CHECK (json_type(event_types) = 'array'),
    CONSTRAINT counts_start_at_0 CHECK (total >= 0 AND sent >= 0 AND refused >= 0),
    CONSTRAINT a_run_is_whole CHECK ((run_first IS NULL) = (run_last IS NULL) AND run_first <= run_last),
    CONSTRAINT a_state_is_known CHECK (state IN ('running', 'finished', 'cancelled')),
    CONSTRAINT what_does_not_run_has_ended CHECK ((state = 'running') = (ended_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_running_replay_per_destination ON replays (destination_id) WHERE state = 'running';
CREATE INDEX replays_of_a_destination ON replays (destination_id, id);

-- The mark of a replay is no header of anybody's own any more.
DELETE FROM destination_headers WHERE name = 'x-audit-streams-replay';
