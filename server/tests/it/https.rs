//! A listener that speaks TLS, as curl sees it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;

use crate::instance::{BINARY, Instance, PASSWORD, PATIENCE, folder};

/// A certificate for `localhost` that vouches for itself, and its key, in PEM.
pub(crate) fn certificate(until: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2_000, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    (
        pem("CERTIFICATE", certificate.der()),
        pem("PRIVATE KEY", &key.serialize_der()),
    )
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .filter_map(|start| text.get(start..text.len().min(start + 64)))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The files that the settings name, and the certificate that curl trusts.
pub(crate) struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    pub(crate) fn new((certificate, key): &(String, String)) -> Self {
        let files = Self { folder: folder() };
        files.replace("cert.pem", certificate);
        files.replace("key.pem", key);
        files.replace("trusted.pem", certificate);
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn replace(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, self.path(name)).unwrap();
    }

    fn settings(&self) -> [(&'static str, String); 2] {
        let path = |name: &str| self.path(name).to_str().unwrap().to_owned();
        [
            ("AUDIT_STREAMS_TLS_CERT", path("cert.pem")),
            ("AUDIT_STREAMS_TLS_KEY", path("key.pem")),
        ]
    }

    /// With the server's own log in `log`.
    fn start(&self) -> Instance {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, more: &[(&'static str, &str)]) -> Instance {
        let settings = self.settings();
        let mut settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.push(("AUDIT_STREAMS_LOG_LEVEL", "info"));
        settings.extend(more);
        Instance::start_logging_to(File::create(self.path("log")).unwrap(), &settings)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

/// What curl wrote, and its exit status.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) text: String,
}

pub(crate) fn curl(trusted: &Path, arguments: &[&str]) -> Answer {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "60",
            "--cacert",
        ])
        .arg(trusted)
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    Answer {
        code: output.status.code().unwrap(),
        text: String::from_utf8(output.stdout).unwrap(),
    }
}

#[tokio::test]
async fn curl_posts_and_reads_over_http_2_and_http_1() {
    let files = Files::new(&certificate(2_100));
    let instance = files.start();
    let token = instance.token("app", &["ingest", "read"]);
    let bearer = format!("authorization: Bearer {token}");
    let url = instance.url("/api/v1/audit_events");
    assert!(url.starts_with("https://"), "{url}");
    for (flag, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let show = ["--write-out", "\n%{http_version} %{http_code}"];
        let event = json!({"event_type": "user_created", "id": version}).to_string();
        let posted = curl(
            &files.path("trusted.pem"),
            &[&show[..], &[flag, "--header", &bearer, "--data", &event, &url]].concat(),
        );
        assert!(posted.text.ends_with(&format!("\n{version} 201")), "{}", posted.text);
        let read = curl(
            &files.path("trusted.pem"),
            &[&show[..], &[flag, "--header", &bearer, &url]].concat(),
        );
        assert!(read.text.ends_with(&format!("\n{version} 200")), "{}", read.text);
    }
    let plain = instance.url("/healthz").replace("https://", "http://");
    assert_ne!(curl(&files.path("trusted.pem"), &[&plain]).code, 0);
}

#[tokio::test]
async fn the_page_knows_that_it_is_served_over_https() {
    let files = Files::new(&certificate(2_100));
    let instance = files.start();
    let sign_in = instance.url("/api/page/session/sign_in");
    let body = format!("username=root&password={}", PASSWORD.replace(' ', "+"));
    let origin = format!("origin: {}", instance.url(""));
    for flag in ["--http2", "--http1.1"] {
        let answer = curl(
            &files.path("trusted.pem"),
            &[flag, "--include", "--header", &origin, "--data", &body, &sign_in],
        );
        let cookie = answer
            .text
            .lines()
            .find(|line| line.to_lowercase().starts_with("set-cookie:"));
        let cookie = cookie.unwrap_or_else(|| panic!("{}", answer.text));
        assert!(cookie.contains("__Host-") && cookie.contains("Secure"), "{cookie}");
        assert!(
            answer.text.to_lowercase().contains("strict-transport-security:"),
            "{}",
            answer.text
        );
    }
    assert!(!files.log().contains("proxy"), "{}", files.log());
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let waiting = async {
        while !is_so() {
            ticks.tick().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

#[tokio::test]
async fn replaced_files_are_used_without_a_restart_and_bad_ones_are_not() {
    let (old, new) = (certificate(2_050), certificate(2_060));
    let files = Files::new(&old);
    files.replace("new-trusted.pem", &new.0);
    let instance = files.start_with(&[("AUDIT_STREAMS_METRICS_ALLOW", "127.0.0.1")]);
    let (url, metrics) = (instance.url("/healthz"), instance.url("/metrics"));
    let expiry_of = |trusted: &str| {
        let text = curl(&files.path(trusted), &[&metrics]).text;
        let series = r#"audit_streams_certificate_expiry_timestamp_seconds{certificate="listener",name="localhost"} "#;
        let value = text.lines().find_map(|line| line.strip_prefix(series));
        value.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert!(expiry_of("trusted.pem").starts_with("2524608000"), "2050-01-01");
    let works_with = |trusted: &str| curl(&files.path(trusted), &[&url]).code == 0;
    assert!(works_with("trusted.pem") && !works_with("new-trusted.pem"));

    files.replace("key.pem", &new.1);
    until("it is logged", || {
        files.log().contains("does not match the first certificate")
    })
    .await;
    assert!(works_with("trusted.pem"));

    files.replace("cert.pem", &new.0);
    until("the new one is used", || works_with("new-trusted.pem")).await;
    assert!(!works_with("trusted.pem"));
    assert!(expiry_of("new-trusted.pem").starts_with("2840140800"), "2060-01-01");
    let log = files.log();
    assert!(log.contains("loaded again") && log.contains("2060-01-01"), "{log}");
    assert_eq!(log.matches("does not match the first certificate").count(), 1, "{log}");
    let secret: &str = new.1.lines().nth(1).unwrap();
    assert!(!log.contains(secret));
}

/// What the server complains about when it does not start.
fn complaint(settings: &[(&str, &Path)], arguments: &[&str]) -> String {
    let data = folder();
    let mut command = Command::new(BINARY);
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .env("AUDIT_STREAMS_DATA_DIR", data.path())
        .envs(settings.iter().copied());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn settings_that_do_not_fit_stop_the_start() {
    let files = Files::new(&certificate(2_100));
    let (cert, key) = (files.path("cert.pem"), files.path("key.pem"));
    let encrypted = files.path("encrypted.pem");
    let made = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-passout", "pass:secret", "-in"])
        .arg(&key)
        .arg("-out")
        .arg(&encrypted)
        .status();
    assert!(made.unwrap().success());
    files.replace("other.pem", &certificate(2_100).1);
    let (other, expired) = (files.path("other.pem"), files.path("expired.pem"));
    files.replace("expired.pem", &certificate(2_001).0);
    let (cert_name, key_name) = ("AUDIT_STREAMS_TLS_CERT", "AUDIT_STREAMS_TLS_KEY");
    for (settings, expected) in [
        (
            vec![(cert_name, &*cert)],
            "--tls-key (AUDIT_STREAMS_TLS_KEY) must be set, because --tls-cert (AUDIT_STREAMS_TLS_CERT) is set",
        ),
        (
            vec![(key_name, &*key)],
            "--tls-cert (AUDIT_STREAMS_TLS_CERT) must be set, because --tls-key (AUDIT_STREAMS_TLS_KEY) is set",
        ),
        (
            vec![(cert_name, &*cert), (key_name, &*encrypted)],
            "whose private key is encrypted",
        ),
        (
            vec![(cert_name, &*cert), (key_name, &*other)],
            "whose key does not match",
        ),
        (
            vec![(cert_name, &*expired), (key_name, &*key)],
            "whose certificate expired at 2001-01-01T00:00:00.000Z",
        ),
    ] {
        let complaint = complaint(&settings, &[]);
        assert!(complaint.contains(expected), "{expected}\n{complaint}");
    }
    let both = [(cert_name, &*cert), (key_name, &*key)];
    let complaint = complaint(&both, &["--public-url", "http://audit.example.com"]);
    assert!(
        complaint.contains("--public-url (AUDIT_STREAMS_PUBLIC_URL) must start with https://"),
        "{complaint}"
    );
}
