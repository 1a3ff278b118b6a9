//! Options of the objects of an AWS S3 destination, by the names that the S3 API has for them.

use domain::destination::{Encryption, LockMode, Partitions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the date of an object becomes folders of its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartitionsName {
    /// `2026/11/29/08`
    #[default]
    Dates,
    /// `year=2026/month=11/day=29/hour=08`
    Hive,
}

/// What the service encrypts objects with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) enum EncryptionName {
    /// A key of the service's own.
    #[serde(rename = "AES256")]
    Aes256,
    /// A key of the key management service.
    #[serde(rename = "aws:kms")]
    AwsKms,
}

/// Who may shorten the time for which an object is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum LockModeName {
    /// Users with a permission of their own.
    Governance,
    /// Nobody.
    Compliance,
}

impl PartitionsName {
    pub(super) fn of(partitions: &str) -> Self {
        match partitions {
            "hive" => Self::Hive,
            _ => Self::Dates,
        }
    }

    /// As a form has it.
    pub(super) fn text(self) -> String {
        let partitions = match self {
            Self::Dates => Partitions::Dates,
            Self::Hive => Partitions::Hive,
        };
        partitions.as_str().to_owned()
    }
}

impl EncryptionName {
    pub(super) fn of(encryption: &str) -> Self {
        match encryption {
            "aws:kms" => Self::AwsKms,
            _ => Self::Aes256,
        }
    }

    /// As a form has it.
    pub(super) fn text(self) -> String {
        let encryption = match self {
            Self::Aes256 => Encryption::Aes256,
            Self::AwsKms => Encryption::Kms { key_id: None },
        };
        encryption.as_str().to_owned()
    }
}

impl LockModeName {
    pub(super) fn of(mode: &str) -> Self {
        match mode {
            "COMPLIANCE" => Self::Compliance,
            _ => Self::Governance,
        }
    }

    /// As a form has it.
    pub(super) fn text(self) -> String {
        let mode = match self {
            Self::Governance => LockMode::Governance,
            Self::Compliance => LockMode::Compliance,
        };
        mode.as_str().to_owned()
    }
}
