//! How objects are put into a bucket, beyond where: the folders of their dates, checksums, encryption and Object Lock.

use super::{S3Draft, rules::TextRules};
use crate::{Field, FieldError, FieldErrors};

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
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms { .. } => "aws:kms",
        }
    }

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
    pub mode: LockMode,
    /// 1 to [`Self::MAX_DAYS`], from when the object is put.
    pub days: u32,
}

impl ObjectLock {
    /// A hundred years.
    pub const MAX_DAYS: u32 = 36_500;
}

/// Made by parsing alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectOptions {
    pub partitions: Partitions,
    /// Some services refuse the headers that carry checksums.
    pub omit_checksums: bool,
    /// None for what the bucket does by itself.
    pub encryption: Option<Encryption>,
    pub lock: Option<ObjectLock>,
}

impl ObjectOptions {
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub(super) fn parse(draft: &S3Draft) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let partitions = errors.collect(parse_partitions(draft.partitions.trim()));
        let encryption = errors.collect(parse_encryption(draft.encryption.trim(), draft.kms_key_id.trim()));
        let lock = errors.collect(parse_lock(draft.lock_mode.trim(), draft.lock_days.trim()));
        match (partitions, encryption, lock) {
            (Some(partitions), Some(encryption), Some(lock)) => Ok(Self {
                partitions,
                omit_checksums: draft.omit_checksums,
                encryption,
                lock,
            }),
            _ => Err(errors),
        }
    }

    /// The form with these filled in.
    pub(super) fn fill_in(&self, draft: S3Draft) -> S3Draft {
        let encryption = self.encryption.as_ref();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        S3Draft {
            partitions: match self.partitions {
                Partitions::Dates => String::new(),
                Partitions::Hive => self.partitions.as_str().to_owned(),
            },
            omit_checksums: self.omit_checksums,
            encryption: text(encryption.map(Encryption::as_str)),
            kms_key_id: text(encryption.and_then(Encryption::kms_key_id)),
            lock_mode: text(self.lock.map(|lock| lock.mode.as_str())),
            lock_days: self.lock.map_or_else(String::new, |lock| lock.days.to_string()),
            ..draft
        }
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

    fn draft(encryption: &str, kms_key_id: &str, lock_mode: &str, lock_days: &str) -> S3Draft {
        S3Draft {
            encryption: encryption.into(),
            kms_key_id: kms_key_id.into(),
            lock_mode: lock_mode.into(),
            lock_days: lock_days.into(),
            ..S3Draft::default()
        }
    }

    #[test]
    fn without_a_choice_objects_are_put_as_they_always_were() {
        assert_eq!(ObjectOptions::parse(&S3Draft::default()), Ok(ObjectOptions::default()));
    }

    #[test]
    fn what_is_parsed_can_be_filled_in_again() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
        for (encryption, key_id, mode, days) in [
            ("AES256", "", "", ""),
            ("aws:kms", "", "GOVERNANCE", "1"),
            ("aws:kms", arn, "COMPLIANCE", "36500"),
        ] {
            let mut draft = draft(encryption, key_id, mode, days);
            draft.partitions = "hive".into();
            draft.omit_checksums = true;
            let options = ObjectOptions::parse(&draft).unwrap();
            assert_eq!(options.partitions, Partitions::Hive);
            assert_eq!(options.fill_in(S3Draft::default()), draft);
        }
    }

    #[test]
    fn each_broken_rule_has_its_message() {
        for (draft, field, message) in [
            (
                draft("aes", "", "", ""),
                Field::Encryption,
                "Encryption must be AES256 or aws:kms, or empty for the encryption of the bucket",
            ),
            (
                draft("AES256", "key", "", ""),
                Field::KmsKeyId,
                "KMS key id can't be used without the encryption aws:kms",
            ),
            (
                draft("aws:kms", "a b", "", ""),
                Field::KmsKeyId,
                "KMS key id must only contain letters, digits and ASCII punctuation",
            ),
            (
                draft("", "", "governance", "1"),
                Field::LockMode,
                "Lock mode must be GOVERNANCE or COMPLIANCE, or empty for no lock",
            ),
            (
                draft("", "", "", "30"),
                Field::LockMode,
                "Lock mode can't be blank where lock days are given",
            ),
            (
                draft("", "", "COMPLIANCE", ""),
                Field::LockDays,
                "Lock days must be a whole number from 1 to 36500",
            ),
            (
                draft("", "", "COMPLIANCE", "36501"),
                Field::LockDays,
                "Lock days must be a whole number from 1 to 36500",
            ),
            (
                S3Draft {
                    partitions: "weeks".into(),
                    ..S3Draft::default()
                },
                Field::Partitions,
                "Partition layout must be dates or hive",
            ),
        ] {
            let errors = ObjectOptions::parse(&draft).unwrap_err();
            assert_eq!(errors.message_for(field), Some(message), "{errors}");
        }
    }
}
