//! Answers of S3 and of what only looks like it.

use std::sync::LazyLock;

use domain::{
    Field, FieldErrors,
    destination::{FieldMap, S3Settings},
    policy::Outcome,
};
use engine::fuzz::s3_answer;

use crate::answer::{check, read, secrets};

static SETTINGS: LazyLock<Vec<Result<S3Settings, FieldErrors>>> = LazyLock::new(|| {
    let plain = [
        (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
        (Field::Region, "eu-central-1"),
        (Field::Bucket, "audit-events"),
    ];
    let locked = [
        (Field::EndpointUrl, "https://minio.example:9000"),
        (Field::KeyPrefix, "audit/prod"),
        (Field::Encryption, "aws:kms"),
        (Field::LockMode, "GOVERNANCE"),
        (Field::LockDays, "30"),
    ];
    let all = plain.into_iter().chain(locked);
    vec![
        S3Settings::parse(&FieldMap::from(plain)),
        S3Settings::parse(&all.collect()),
    ]
});

/// Reads the input as an answer that is no success: it never counts as one, and what is kept of it is bounded and has no secret.
pub fn run(input: &[u8]) {
    let Some(answer) = read(input) else { return };
    for settings in SETTINGS.iter() {
        let Ok(settings) = settings else {
            panic!("the settings of the target are wrong: {settings:?}");
        };
        let Some((reported, _)) = s3_answer(&answer, settings, &secrets()) else {
            continue;
        };
        check(&reported, &answer);
        let is_success = matches!(reported.outcome, Outcome::Answered { status: 200..300, .. });
        assert!(!is_success && !reported.reason.is_empty(), "{reported:?}");
    }
}
