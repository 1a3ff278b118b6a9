-- How objects are put into a bucket: date folders, checksum headers, encryption, Object Lock.

ALTER TABLE s3_targets ADD COLUMN partitions TEXT NOT NULL DEFAULT 'dates'
    CONSTRAINT partitions_are_known CHECK (partitions IN ('dates', 'hive'));
ALTER TABLE s3_targets ADD COLUMN omit_checksums INTEGER NOT NULL DEFAULT 0
    CONSTRAINT checksums_are_omitted_or_not CHECK (omit_checksums IN (0, 1));
-- Empty for what the bucket does by itself.
ALTER TABLE s3_targets ADD COLUMN encryption TEXT NOT NULL DEFAULT ''
    CONSTRAINT an_encryption_is_known CHECK (encryption IN ('', 'AES256', 'aws:kms'));
-- Empty for the account's default key.
ALTER TABLE s3_targets ADD COLUMN kms_key_id TEXT NOT NULL DEFAULT ''
    CONSTRAINT only_kms_has_a_key_id CHECK (kms_key_id = '' OR encryption = 'aws:kms');
-- Empty for no lock.
ALTER TABLE s3_targets ADD COLUMN lock_mode TEXT NOT NULL DEFAULT ''
    CONSTRAINT a_lock_mode_is_known CHECK (lock_mode IN ('', 'GOVERNANCE', 'COMPLIANCE'));
ALTER TABLE s3_targets ADD COLUMN lock_days INTEGER
    CONSTRAINT a_lock_has_days CHECK ((lock_days IS NULL) = (lock_mode = ''));
