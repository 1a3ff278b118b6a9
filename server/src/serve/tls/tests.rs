//! Files of a certificate, good and bad ones, and their replacement.

use std::fs;

use domain::alerts::CertificateHolder;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;
use tempfile::tempdir;

use super::{
    made::{Made, write},
    *,
};

fn problems(files: &TlsFiles) -> Vec<String> {
    let problems = Tls::open(files.clone(), Clock::machine()).unwrap_err();
    let told = problems.iter().map(|problem| format!("{} {problem}", problem.setting));
    told.collect()
}

/// The one problem of these files.
fn problem(certificate: &str, key: &str) -> String {
    let folder = tempdir().unwrap();
    let problems = problems(&write(folder.path(), certificate, key));
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].replace(folder.path().to_str().unwrap(), "")
}

#[test]
fn each_problem_is_reported_with_its_setting_and_file() {
    let (made, other) = (Made::new(), Made::new());
    let cases = [
        (
            problem("", &made.key),
            "--tls-cert (AUDIT_STREAMS_TLS_CERT) names /cert.pem, which contains no certificate in PEM format",
        ),
        (
            problem(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                &made.key,
            ),
            "--tls-cert (AUDIT_STREAMS_TLS_CERT) names /cert.pem, whose first certificate can't be read",
        ),
        (
            problem(&Made::valid(2_000, 2_001).certificate, &made.key),
            "--tls-cert (AUDIT_STREAMS_TLS_CERT) names /cert.pem, whose certificate expired at 2001-01-01T00:00:00.000Z",
        ),
        (
            problem(&Made::valid(2_090, 2_091).certificate, &made.key),
            "--tls-cert (AUDIT_STREAMS_TLS_CERT) names /cert.pem, whose certificate is not valid before 2090-01-01T00:00:00.000Z",
        ),
        (
            problem(&made.certificate, &made.certificate),
            "--tls-key (AUDIT_STREAMS_TLS_KEY) names /key.pem, which contains no private key in PEM format",
        ),
        (
            problem(&made.certificate, &other.key),
            "--tls-key (AUDIT_STREAMS_TLS_KEY) names /key.pem, whose key does not match the first certificate of --tls-cert \
             (AUDIT_STREAMS_TLS_CERT)",
        ),
    ];
    for (told, expected) in cases {
        assert_eq!(told, expected);
    }
    for encrypted in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    ] {
        let told = problem(&made.certificate, encrypted);
        assert!(
            told.contains("names /key.pem, whose private key is encrypted"),
            "{told}"
        );
    }
}

#[test]
fn problems_of_both_files_are_reported_at_once() {
    let folder = tempdir().unwrap();
    let files = TlsFiles {
        certificate: folder.path().join("none.pem"),
        key: folder.path().to_owned(),
        client_ca: None,
    };
    let problems = problems(&files);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("none.pem, which can't be read: No such file"),
        "{problems:?}"
    );
    assert!(problems[1].starts_with("--tls-key"), "{problems:?}");
}

/// The certificate that the next handshake presents.
fn in_use(tls: &Tls) -> Timestamp {
    tls.valid_until()
}

#[test]
fn changed_files_are_loaded_once_they_stay_the_same_and_bad_ones_change_nothing() {
    let folder = tempdir().unwrap();
    let (first, second) = (Made::valid(2_000, 2_050), Made::valid(2_000, 2_060));
    let tls = Tls::open(first.write(folder.path()), Clock::machine()).unwrap();
    let (before, mut seen) = (in_use(&tls), tls.seen());
    let known = tls.certificates();
    assert_eq!(known.borrow()[0].validity.until, before, "as the engine sees it");
    let mut check = |tls: &Tls| seen = tls.check(seen);
    check(&tls);
    check(&tls);
    assert_eq!(in_use(&tls), before);

    write(folder.path(), &second.certificate, &first.key);
    for _ in 0..3 {
        check(&tls);
        assert_eq!(in_use(&tls), before, "the key is that of another certificate");
    }

    second.write(folder.path());
    check(&tls);
    assert_eq!(in_use(&tls), before, "another file may still follow");
    check(&tls);
    assert_eq!(in_use(&tls).to_string(), "2060-01-01T00:00:00.000Z");
    let known = known.borrow().clone();
    assert_eq!(
        (known.len(), known[0].name.as_str(), known[0].validity.until),
        (1, "localhost", in_use(&tls))
    );

    fs::remove_file(folder.path().join("key.pem")).unwrap();
    check(&tls);
    check(&tls);
    assert_eq!(in_use(&tls).to_string(), "2060-01-01T00:00:00.000Z");
}

/// A certificate that is valid until the beginning of a year, issued by another name than its own.
fn intermediate(until: i32) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
    root.distinguished_name.push(DnType::CommonName, "Root");
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Intermediate");
    params.not_after = date_time_ymd(until, 1, 1);
    let issuer = Issuer::from_params(&root, &key);
    params.signed_by(&key, &issuer).unwrap().der().clone()
}

#[test]
fn a_chain_is_valid_until_its_first_certificate_expires_but_for_a_root() {
    let own = Made::valid(2_000, 2_050).der;
    let root = Made::valid(2_000, 2_030).der;
    let until = |chain: &[CertificateDer<'_>]| certificate::of_listener(chain).unwrap().validity.until.date();
    let year = |year: &str| format!("{year}-01-01");
    assert_eq!(until(std::slice::from_ref(&own)), year("2050"));
    assert_eq!(until(&[own.clone(), intermediate(2_040)]), year("2040"));
    assert_eq!(
        until(&[own.clone(), intermediate(2_060), intermediate(2_045)]),
        year("2045")
    );
    assert_eq!(until(&[own.clone(), intermediate(2_060), root]), year("2050"));
    assert_eq!(certificate::of_listener(&[]), None);
}

#[test]
fn each_ca_of_clients_is_known() {
    let folder = tempdir().unwrap();
    let (one, other) = (Made::valid(2_000, 2_050), Made::valid(2_000, 2_060));
    let path = folder.path().join("clients.pem");
    fs::write(&path, [one.certificate.as_str(), &other.certificate].concat()).unwrap();
    let files = TlsFiles {
        client_ca: Some(path),
        ..Made::new().write(folder.path())
    };
    let tls = Tls::open(files, Clock::machine()).unwrap();
    let known = tls.certificates().borrow().clone();
    let of_clients = known.iter().filter(|one| one.holder == CertificateHolder::ClientCa);
    let of_clients: Vec<_> = of_clients
        .map(|one| (one.name.as_str(), one.validity.until.date()))
        .collect();
    let name = "CN=rcgen self signed cert";
    assert_eq!(
        of_clients,
        [(name, "2050-01-01".to_owned()), (name, "2060-01-01".to_owned())]
    );
    assert_eq!(known.len(), 3, "and that of the listener");
}

#[test]
fn the_key_is_never_shown() {
    let folder = tempdir().unwrap();
    let tls = Tls::open(Made::new().write(folder.path()), Clock::machine()).unwrap();
    let shown = format!("{tls:?}");
    assert!(shown.contains("key.pem") && shown.len() < 300, "{shown}");
}

#[test]
fn a_certificate_is_described_by_its_names() {
    let der: CertificateDer<'_> = Made::new().der;
    let facts = certificate::CertificateFacts::read(&der).unwrap();
    assert_eq!(facts.names(), "localhost");
    assert_eq!(facts.subject, "CN=rcgen self signed cert");
    assert!(certificate::CertificateFacts::read(b"no certificate").is_none());
}
