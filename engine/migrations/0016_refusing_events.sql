-- How many different events a destination has refused since it last accepted one.
ALTER TABLE cursors ADD COLUMN refusing_events INTEGER NOT NULL DEFAULT 1 CONSTRAINT refused_events_are_some CHECK (refusing_events >= 1);
