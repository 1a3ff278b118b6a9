-- Who may still come in, and what administrators choose on the settings pages.

ALTER TABLE users ADD COLUMN disabled_at INTEGER;
ALTER TABLE users ADD COLUMN last_signed_in_at INTEGER;

-- One row. A setting that is null stands at its default. Each group has a version of its own, so that of two
-- administrators who save at once the second is told.
CREATE TABLE settings (
    id                  INTEGER PRIMARY KEY,
    network_version     INTEGER NOT NULL DEFAULT 1,
    allow_local_network INTEGER,
    network_allowlist   TEXT,
    retention_version   INTEGER NOT NULL DEFAULT 1,
    retention_days      INTEGER,
    log_size_limit      INTEGER,
    CONSTRAINT there_is_one_row CHECK (id = 1),
    CONSTRAINT a_switch_is_on_or_off CHECK (allow_local_network IN (0, 1)),
    CONSTRAINT events_are_kept_for_a_day_at_least CHECK (retention_days >= 1),
    CONSTRAINT a_log_has_a_size CHECK (log_size_limit > 0)
) STRICT;
INSERT INTO settings (id) VALUES (1);
