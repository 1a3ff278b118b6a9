//! How objects are put into a bucket, beyond where: the folders of their dates, checksums, encryption and Object Lock.

use crate::{
    Field, FieldError, FieldErrors,
    destination::{FieldMap, Input, rules::TextRules},
};

const KMS_KEY_ID: TextRules = TextRules {
    field: Field::KmsKeyId,
    label: "KMS key id",
    min: 1,
    max: 2_048,
    is_valid: |text| text.bytes().all(|byte| byte.is_ascii_graphic()),
    invalid: "KMS key id must only contain letters, digits and ASCII punctuation",
};

/// How the date of an object becomes folders of its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partitions {
    /// `2026/11/29/08`, as GitLab has them.
    #[default]
    Dates,
    /// `year=2026/month=11/day=29/hour=08`, which query engines take for columns.
    Hive,
}

impl Partitions {
    /// The name in APIs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dates => "dates",
            Self::Hive => "hive",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "dates" => Some(Self::Dates),
            "hive" => Some(Self::Hive),
            _ => None,
        }
    }
}

/// What the service encrypts objects with.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// A key of the service's own.
    Aes256,
    /// A key of the key management service: this one, or the account's default key.
    Kms { key_id: Option<String> },
}

impl Encryption {
    /// The name in APIs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms { .. } => "aws:kms",
        }
    }

    /// The KMS key, if one is set.
    pub fn kms_key_id(&self) -> Option<&str> {
        match self {
            Self::Aes256 => None,
            Self::Kms { key_id } => key_id.as_deref(),
        }
    }
}

/// Who may shorten the time for which an object is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Users with a permission of their own.
    Governance,
    /// Nobody.
    Compliance,
}

impl LockMode {
    /// The name in APIs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Governance, Self::Compliance]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// For how long nobody can change or delete an object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectLock {
    /// Who can remove the lock.
    pub mode: LockMode,
    /// 1 to [`Self::MAX_DAYS`], from when the object is put.
    pub days: u32,
}

impl ObjectLock {
    /// A hundred years.
    pub(crate) const MAX_DAYS: u32 = 36_500;
}

/// Made by parsing alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectOptions {
    /// How keys are partitioned.
    pub partitions: Partitions,
    /// Some services refuse the headers that carry checksums.
    pub omit_checksums: bool,
    /// None for what the bucket does by itself.
    pub encryption: Option<Encryption>,
    /// The lock of each object. `None` for the default of the bucket.
    pub lock: Option<ObjectLock>,
}

impl ObjectOptions {
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub(super) fn parse(values: &FieldMap) -> Result<Self, FieldErrors> {
        let text = |field| values.text(field).trim();
        let mut errors = FieldErrors::default();
        let partitions = errors.collect(parse_partitions(text(Field::Partitions)));
        let omit_checksums = errors.collect(parse_checksums(text(Field::Checksums)));
        let encryption = errors.collect(parse_encryption(text(Field::Encryption), text(Field::KmsKeyId)));
        let lock = errors.collect(parse_lock(text(Field::LockMode), text(Field::LockDays)));
        match (partitions, omit_checksums, encryption, lock) {
            (Some(partitions), Some(omit_checksums), Some(encryption), Some(lock)) => Ok(Self {
                partitions,
                omit_checksums,
                encryption,
                lock,
            }),
            _ => Err(errors),
        }
    }
}

fn parse_checksums(text: &str) -> Result<bool, FieldError> {
    match text {
        "" | Input::OFF => Ok(false),
        Input::ON => Ok(true),
        _ => Err(FieldError::new(
            Field::Checksums,
            "Omit checksums must be true or false",
        )),
    }
}

fn parse_partitions(text: &str) -> Result<Partitions, FieldError> {
    Partitions::parse(text).ok_or_else(|| FieldError::new(Field::Partitions, "Partition layout must be dates or hive"))
}

fn parse_encryption(encryption: &str, key_id: &str) -> Result<Option<Encryption>, FieldError> {
    if !key_id.is_empty() && encryption != "aws:kms" {
        let message = "KMS key id can't be used without the encryption aws:kms";
        return Err(FieldError::new(Field::KmsKeyId, message));
    }
    match (encryption, key_id) {
        ("", _) => Ok(None),
        ("AES256", _) => Ok(Some(Encryption::Aes256)),
        ("aws:kms", "") => Ok(Some(Encryption::Kms { key_id: None })),
        ("aws:kms", key_id) => {
            let key_id = KMS_KEY_ID.parse(key_id).map(Some)?;
            Ok(Some(Encryption::Kms { key_id }))
        }
        _ => {
            let message = "Encryption must be AES256 or aws:kms, or empty for the encryption of the bucket";
            Err(FieldError::new(Field::Encryption, message))
        }
    }
}

fn parse_lock(mode: &str, days: &str) -> Result<Option<ObjectLock>, FieldError> {
    if (mode, days) == ("", "") {
        return Ok(None);
    }
    let mode = LockMode::parse(mode).ok_or_else(|| {
        let message = match mode {
            "" => "Lock mode can't be blank where lock days are given",
            _ => "Lock mode must be GOVERNANCE or COMPLIANCE, or empty for no lock",
        };
        FieldError::new(Field::LockMode, message)
    })?;
    match days.parse() {
        Ok(days @ 1..=ObjectLock::MAX_DAYS) => Ok(Some(ObjectLock { mode, days })),
        _ => Err(FieldError::new(
            Field::LockDays,
            "Lock days must be a whole number from 1 to 36500",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(encryption: &str, kms_key_id: &str, lock_mode: &str, lock_days: &str) -> FieldMap {
        FieldMap::from([
            (Field::Encryption, encryption),
            (Field::KmsKeyId, kms_key_id),
            (Field::LockMode, lock_mode),
            (Field::LockDays, lock_days),
        ])
    }

    #[test]
    fn without_a_choice_objects_are_put_as_they_always_were() {
        assert_eq!(ObjectOptions::parse(&FieldMap::default()), Ok(ObjectOptions::default()));
    }

    #[test]
    fn every_option_is_read() {
        let values = values("aws:kms", "key", "COMPLIANCE", "36500")
            .with(Field::Partitions, "hive")
            .with(Field::Checksums, Input::ON);
        let options = ObjectOptions::parse(&values).unwrap();
        assert_eq!((options.partitions, options.omit_checksums), (Partitions::Hive, true));
        assert_eq!(options.encryption.unwrap().kms_key_id(), Some("key"));
        let lock = options.lock.unwrap();
        assert_eq!((lock.mode, lock.days), (LockMode::Compliance, 36_500));
    }

    #[test]
    fn each_broken_rule_has_its_message() {
        for (values, field, message) in [
            (
                values("aes", "", "", ""),
                Field::Encryption,
                "Encryption must be AES256 or aws:kms, or empty for the encryption of the bucket",
            ),
            (
                values("AES256", "key", "", ""),
                Field::KmsKeyId,
                "KMS key id can't be used without the encryption aws:kms",
            ),
            (
                values("aws:kms", "a b", "", ""),
                Field::KmsKeyId,
                "KMS key id must only contain letters, digits and ASCII punctuation",
            ),
            (
                values("", "", "governance", "1"),
                Field::LockMode,
                "Lock mode must be GOVERNANCE or COMPLIANCE, or empty for no lock",
            ),
            (
                values("", "", "", "30"),
                Field::LockMode,
                "Lock mode can't be blank where lock days are given",
            ),
            (
                values("", "", "COMPLIANCE", ""),
                Field::LockDays,
                "Lock days must be a whole number from 1 to 36500",
            ),
            (
                values("", "", "COMPLIANCE", "36501"),
                Field::LockDays,
                "Lock days must be a whole number from 1 to 36500",
            ),
            (
                FieldMap::from([(Field::Partitions, "weeks")]),
                Field::Partitions,
                "Partition layout must be dates or hive",
            ),
        ] {
            let errors = ObjectOptions::parse(&values).unwrap_err();
            assert_eq!(errors.message_for(field), Some(message), "{errors}");
        }
    }
}
