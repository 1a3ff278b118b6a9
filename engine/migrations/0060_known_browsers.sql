-- Browsers from which a user has signed in: failed sign-ins of others don't lock the user out there. The cookie holds the id,
-- encrypted with the instance's key. A row is deleted when the user's sessions end or the password changes.
CREATE TABLE known_browsers (
    id           TEXT    PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_of_a_user ON known_browsers (user_id, last_used_at);
