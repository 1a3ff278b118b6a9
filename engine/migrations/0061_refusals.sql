-- Why an event was refused or parked, as JSON: what the advice to an administrator depends on. Null in rows of earlier versions.
ALTER TABLE refused_events ADD COLUMN refusal TEXT;
