-- The path and the query of a URL may hold keys: URLs are sealed. What keeps two destinations from having one URL is a keyed
-- digest of it, and of the webhook its origin stays readable. Where the sealed column is null beside a text, the text is the
-- URL as an older version stored it, until the server seals it when it starts.
ALTER TABLE http_targets RENAME COLUMN url TO url_digest;
ALTER TABLE http_targets ADD COLUMN url_sealed BLOB;
ALTER TABLE alert_settings RENAME COLUMN webhook_url TO webhook_origin;
ALTER TABLE alert_settings ADD COLUMN webhook_url_sealed BLOB;
