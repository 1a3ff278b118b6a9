use super::*;

fn values() -> FieldMap {
    FieldMap::from([
        (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
        (Field::Region, "eu-central-1"),
        (Field::Bucket, "audit-events"),
    ])
}

#[test]
fn a_full_draft_is_accepted() {
    let full = values()
        .with(Field::EndpointUrl, " https://minio.example:9000 ")
        .with(Field::KeyPrefix, "audit/env=prod/")
        .with(Field::ObjectLayout, "batches");
    let settings = S3Settings::parse(&full).unwrap();
    assert_eq!(settings.endpoint_url().unwrap().as_str(), "https://minio.example:9000");
    let same = S3Settings::parse(&values().with(Field::EndpointUrl, "HTTPS://Minio.example:443/"));
    assert_eq!(same.unwrap().endpoint_url().unwrap().as_str(), "https://minio.example");
    assert_eq!(
        (settings.key_prefix(), settings.bucket()),
        ("audit/env=prod", "audit-events")
    );
    assert_eq!(S3Settings::parse(&values()).unwrap().endpoint_url(), None);
}

#[test]
fn each_broken_rule_has_its_message() {
    let long = "a".repeat(64);
    let message_of = |field, text: &str| {
        let changed = S3Settings::parse(&values().with(field, text));
        changed.unwrap_err().to_string()
    };
    let (id, region, bucket) = (Field::AccessKeyId, Field::Region, Field::Bucket);
    let (endpoint, prefix) = (Field::EndpointUrl, Field::KeyPrefix);
    for (field, text, start) in [
        (id, "", "Access key xid can't be blank"),
        (id, "AKIA", "Access key xid is too short (minimum is 16 characters)"),
        (id, "AKIAIOSFODNN7-EXAMPLE", "Access key xid must only contain letters"),
        (region, "", "AWS region can't be blank"),
        (region, "US East", "AWS region must be a valid region code"),
        (bucket, "", "Bucket name can't be blank"),
        (bucket, "Bucket", "Bucket name is invalid"),
        (bucket, "-bucket", "Bucket name is invalid"),
        (
            bucket,
            long.as_str(),
            "Bucket name is too long (maximum is 63 characters)",
        ),
        (endpoint, "minio.example", "Endpoint url must be a valid URL"),
        (endpoint, "https://x.example:port", "Endpoint url must be a valid URL"),
        (endpoint, "https://x.example/?a=1", "Endpoint url can't contain a query"),
        (
            endpoint,
            "ftp://x.example",
            "Endpoint url is blocked: Only allowed schemes",
        ),
        (prefix, "/audit", "Key prefix must only contain"),
        (prefix, "a/../b", "Key prefix must only contain"),
        (prefix, "a b", "Key prefix must only contain"),
        (Field::ObjectLayout, "rows", "Object layout must be events or batches"),
        (Field::Checksums, "no", "Omit checksums must be true or false"),
    ] {
        let message = message_of(field, text);
        assert!(message.starts_with(start), "{text:?}: {message}");
    }
}

#[test]
fn another_service_has_other_names() {
    let other = |access_key_id: &str, region: &str, bucket: &str| {
        S3Settings::parse(&FieldMap::from([
            (Field::AccessKeyId, access_key_id),
            (Field::Region, region),
            (Field::Bucket, bucket),
            (Field::EndpointUrl, "https://s3.example/storage"),
        ]))
    };
    for access_key_id in ["minioadmin", "svc-audit", "user@corp", "tenant$user", "a=b+c"] {
        for region in ["RegionOne", "US", "default", "us_east", "1"] {
            for bucket in ["audit_logs", "Audit", "tenant:audit", "a", "100%?#"] {
                let settings = other(access_key_id, region, bucket).unwrap();
                assert_eq!(
                    (settings.access_key_id(), settings.region(), settings.bucket()),
                    (access_key_id, region, bucket)
                );
                assert_eq!(S3Settings::parse(&settings.values()), Ok(settings));
            }
        }
    }
    let encoded = |bucket| other("a", "r", bucket).unwrap().encoded_bucket();
    assert_eq!(encoded("tenant:100%?#~_"), "tenant%3A100%25%3F%23~_");
    let long = "a".repeat(256);
    for (access_key_id, region, bucket, start) in [
        ("", "r", "b", "Access key xid can't be blank"),
        ("a/b", "r", "b", "Access key xid must only contain"),
        ("a b", "r", "b", "Access key xid must only contain"),
        ("a\nb", "r", "b", "Access key xid must only contain"),
        ("a", "", "b", "AWS region can't be blank"),
        ("a", "r,s", "b", "AWS region must only contain"),
        ("a", "r/s", "b", "AWS region must only contain"),
        ("a", "r", " ", "Bucket name can't be blank"),
        ("a", "r", "b/c", "Bucket name must only contain"),
        ("a", "r", "b\\c", "Bucket name must only contain"),
        ("a", "r", "..", "Bucket name must only contain"),
        ("a", "r", "b\u{7f}", "Bucket name must only contain"),
        ("a", "r", "bücher", "Bucket name must only contain"),
        (
            "a",
            "r",
            long.as_str(),
            "Bucket name is too long (maximum is 255 characters)",
        ),
    ] {
        let message = other(access_key_id, region, bucket).unwrap_err().to_string();
        assert!(
            message.starts_with(start),
            "{access_key_id} {region} {bucket}: {message}"
        );
    }
}

#[test]
fn a_secret_is_kept_without_the_line_break_it_was_pasted_with() {
    let secret = SecretAccessKey::parse("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n").unwrap();
    assert_eq!(secret.expose(), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    assert_eq!(format!("{secret:?}"), "SecretAccessKey(..)");
    assert!(SecretAccessKey::parse(" \n").is_err());
    assert!(SecretAccessKey::parse("two words").is_err());
}

#[test]
fn layouts_have_names() {
    for layout in [ObjectLayout::Events, ObjectLayout::Batches] {
        assert_eq!(ObjectLayout::parse(layout.as_str()), Ok(layout));
    }
    assert!(ObjectLayout::parse("rows").is_err());
}

#[test]
fn a_bucket_is_summed_up_in_a_line() {
    for (prefix, endpoint, line) in [
        ("", "", "s3://audit-events"),
        ("eu/prod", "", "s3://audit-events/eu/prod"),
        (
            "",
            "https://minio.example:9000/",
            "s3://audit-events · minio.example:9000",
        ),
        ("eu", "http://10.0.0.7", "s3://audit-events/eu · 10.0.0.7"),
    ] {
        let values = values()
            .with(Field::KeyPrefix, prefix)
            .with(Field::EndpointUrl, endpoint);
        assert_eq!(summary(&values), line);
    }
}

#[test]
fn tls_settings_need_an_encrypted_endpoint() {
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----";
    for (field, text) in [
        (Field::TlsCaCertificates, CERTIFICATE),
        (Field::TlsClientCertificate, CERTIFICATE),
        (Field::TlsServerName, "s3.internal"),
        (Field::TlsVerify, "false"),
    ] {
        let with_endpoint = |endpoint| parse(&values().with(field, text).with(Field::EndpointUrl, endpoint));
        let kept = with_endpoint("https://minio.example:9000").unwrap();
        assert_eq!(kept.text(field), text);
        let errors = with_endpoint("http://minio.example:9000").unwrap_err();
        let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, [field], "{errors}");
        // Amazon's own endpoints are encrypted, and have a name for each bucket.
        assert_eq!(with_endpoint("").is_ok(), field != Field::TlsServerName, "{field:?}");
    }
}
