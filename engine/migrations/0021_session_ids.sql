-- The id of a session is never given again: what an ended session let in must not go on under another one.
CREATE TABLE new_sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash     BLOB    NOT NULL,
    ip_address   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    CONSTRAINT a_session_key_is_used_once UNIQUE (key_hash),
    CONSTRAINT a_session_key_is_stored_hashed CHECK (length(key_hash) = 32)
) STRICT;
INSERT INTO new_sessions (id, user_id, key_hash, ip_address, created_at, last_seen_at, expires_at)
SELECT id, user_id, key_hash, ip_address, created_at, last_seen_at, expires_at FROM sessions;
DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
CREATE INDEX sessions_of_a_user ON sessions (user_id);
