use super::{
    pem::{Certificates, parse_client_key},
    *,
};
use crate::destination::{DestinationDraft, DestinationKind, TargetDraft};

/// Not a certificate, which nobody looks at here.
const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----";
const TWO: &str = "-----BEGIN CERTIFICATE-----\nAwQF\n-----END CERTIFICATE-----";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nBgcI\n-----END PRIVATE KEY-----";

fn message(field: Field, text: &str) -> Option<String> {
    let errors = TlsSettings::parse(&FieldMap::from([(field, text)])).err()?;
    Some(errors.message_for(field)?.to_owned())
}

#[test]
fn nothing_is_verification_by_what_the_machine_trusts() {
    let settings = TlsSettings::parse(&FieldMap::default()).unwrap();
    assert_eq!(settings, TlsSettings::default());
    assert_eq!(settings.values(), [(Field::TlsVerify, "true".to_owned())]);
}

#[test]
fn values_come_back_in_their_normal_form() {
    let pasted = format!("subject=CN=one\r\n  {}\nissuer=x\n{TWO}\n", ONE.replace('\n', "\r\n  "));
    let values = FieldMap::from([
        (Field::TlsCaCertificates, pasted.as_str()),
        (Field::TlsClientCertificate, &TWO.replace('\n', "\\n")),
        (Field::TlsServerName, " SIEM.Internal. "),
        (Field::TlsVerify, "false"),
    ]);
    let settings = TlsSettings::parse(&values).unwrap();
    assert_eq!(settings.ca_certificates.to_pem(), format!("{ONE}\n{TWO}"));
    assert_eq!(settings.client_certificate.to_pem(), TWO);
    assert_eq!(settings.server_name.as_deref(), Some("siem.internal"));
    assert!(!settings.verify && TlsSettings::skips_verification(&values));
    let again: FieldMap = settings.values().into_iter().collect();
    assert_eq!(TlsSettings::parse(&again), Ok(settings));
}

#[test]
fn what_is_no_certificate_is_told_apart() {
    let request = ONE.replace("CERTIFICATE", "CERTIFICATE REQUEST");
    let many = [ONE; 21].join("\n");
    let long = ONE.replace("AAEC", &"AAEC".repeat(16_384));
    for (text, rule) in [
        ("siem.example", "must be in PEM form"),
        (&ONE.replace("CERTIFICATE", "X509 CRL"), "must be in PEM form"),
        (&format!("{ONE}\n{KEY}"), "can't have a private key"),
        (&request, "can't have a certificate request"),
        (ONE.trim_end_matches('-'), "must be complete"),
        (&ONE.replace("AAEC", "AAE"), "must be complete"),
        (&ONE.replace("AAEC", ""), "must be complete"),
        (&many, "can have at most 20"),
        (&long, "is too long"),
    ] {
        for (field, label) in [
            (Field::TlsCaCertificates, "CA certificates"),
            (Field::TlsClientCertificate, "Client certificate"),
        ] {
            let message = message(field, text).unwrap();
            assert!(message.starts_with(&format!("{label} {rule}")), "{message}");
        }
    }
}

#[test]
fn what_has_no_effect_without_encryption_is_refused() {
    let parsed = |url, values: &[(Field, &str)]| {
        let values: FieldMap = values.iter().copied().collect();
        (DestinationKind::Http.spec().parse)(&values.with(Field::Url, url))
    };
    let all = [
        (Field::TlsCaCertificates, ONE, "CA certificates need a URL"),
        (Field::TlsClientCertificate, ONE, "Client certificate needs a URL"),
        (Field::TlsServerName, "siem.internal", "Server name needs a URL"),
        (
            Field::TlsVerify,
            "false",
            "Certificate verification can be skipped only for a URL",
        ),
    ];
    for (field, value, rule) in all {
        let errors = parsed("http://siem.example/in", &[(field, value)]).unwrap_err();
        let expected = format!("{rule} that starts with https://");
        assert_eq!(errors.message_for(field), Some(expected.as_str()));
        assert!(
            parsed("https://siem.example/in", &[(field, value)]).is_ok(),
            "{field:?}"
        );
    }
    let all = all.map(|(field, value, _)| (field, value));
    assert_eq!(parsed("http://siem.example/in", &all).unwrap_err().iter().count(), 4);
    assert!(parsed("http://siem.example/in", &[(Field::TlsVerify, "true")]).is_ok());
}

#[test]
fn a_server_name_is_a_host() {
    for (text, name) in [
        ("siem.internal", "siem.internal"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a_b.c-d", "a_b.c-d"),
        ("10.0.0.1", "10.0.0.1"),
        ("[fd00::1]", "fd00::1"),
        ("fd00::1", "fd00::1"),
    ] {
        let settings = TlsSettings::parse(&FieldMap::from([(Field::TlsServerName, text)])).unwrap();
        assert_eq!(settings.server_name.as_deref(), Some(name), "{text}");
    }
    for text in [
        "https://siem",
        "siem:443",
        "a b",
        "*.example",
        "-a.example",
        "a..b",
        ".",
    ] {
        let said = message(Field::TlsServerName, text);
        assert!(
            said.is_some_and(|said| said.starts_with("Server name must be a host name")),
            "{text}"
        );
    }
    assert_eq!(
        message(Field::TlsVerify, "no").as_deref(),
        Some("Certificate verification must be true or false")
    );
}

#[test]
fn a_client_key_is_one_private_key_without_a_passphrase() {
    let parsed = |text: &str| parse_client_key(text, Field::TlsClientKey).map_err(|error| error.message);
    assert_eq!(parsed(&format!("  {}\n", KEY.replace('\n', "\r\n"))).unwrap(), KEY);
    let ec = KEY.replace("PRIVATE", "EC PRIVATE");
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----";
    assert_eq!(parsed(&format!("{parameters}\n{ec}")).unwrap(), ec);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nBgcI\n-----END ENCRYPTED PRIVATE KEY-----";
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nBgcI\n-----END RSA PRIVATE KEY-----";
    for (text, start) in [
        ("", "Client key can't be blank"),
        ("secret", "Client key must be one private key"),
        (ONE, "Client key must be one private key"),
        (&[KEY, KEY].concat(), "Client key must be one private key"),
        (KEY.trim_end_matches('-'), "Client key must be one private key"),
        (encrypted, "Client key is encrypted"),
        (old, "Client key is encrypted"),
    ] {
        let message = parsed(text).unwrap_err();
        assert!(message.starts_with(start), "{text}: {message}");
    }
}

#[test]
fn a_client_certificate_and_its_key_come_and_go_together() {
    let draft = |values: &[(Field, &str)]| {
        let target = TargetDraft::new(DestinationKind::Http);
        let target = target.with([(Field::Url, "https://siem.example")]);
        DestinationDraft::new("SIEM", target.with(values.iter().copied()))
    };
    let (certificate, key) = ((Field::TlsClientCertificate, ONE), (Field::TlsClientKey, KEY));
    let both = draft(&[certificate, key]).parse_new().unwrap();
    assert_eq!(both.target.values().text(Field::TlsClientKey), KEY);
    let errors = draft(&[certificate]).mistakes(false);
    assert_eq!(
        errors.message_for(Field::TlsClientKey),
        Some("Client key can't be blank")
    );
    assert!(draft(&[certificate]).mistakes(true).is_empty(), "the stored one stays");
    let errors = draft(&[key]).mistakes(false);
    assert_eq!(
        errors.message_for(Field::TlsClientCertificate),
        Some("Client certificate can't be blank with a client key")
    );
    for is_stored in [true, false] {
        assert!(draft(&[(Field::TlsClientKey, "")]).mistakes(is_stored).is_empty());
    }
    let mut removed = both_with_stored_key(&draft(&[certificate, key]));
    removed.target.change_text(Field::TlsClientCertificate, String::new());
    let removed = removed.parse_change().unwrap();
    assert_eq!(removed.target.values().get(Field::TlsClientKey), None);
}

/// As an API edits it, with the secrets that are stored.
fn both_with_stored_key(draft: &DestinationDraft) -> DestinationDraft {
    let values = draft.parse_new().unwrap().target.values().clone();
    DestinationDraft {
        target: TargetDraft {
            values,
            ..draft.target.clone()
        },
        ..draft.clone()
    }
}

#[test]
fn an_audit_event_has_fingerprints() {
    assert_eq!(Certificates::summary_of(""), "");
    assert_eq!(
        Certificates::summary_of(ONE),
        "1 certificate (SHA-256 ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc)"
    );
    assert!(Certificates::summary_of(&[ONE, TWO].join("\n")).starts_with("2 certificates (SHA-256 "));
}
