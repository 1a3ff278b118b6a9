//! Client certificates in place of tokens, as curl presents them.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd, string::Ia5String,
};
use serde_json::{Value, json};

use crate::{
    https::{Answer, Files, certificate, curl, pem},
    instance::{Instance, PASSWORD, last_line},
};

/// Vouches for clients.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        Self {
            params,
            key: KeyPair::generate().unwrap(),
        }
    }

    fn pem(&self) -> String {
        pem("CERTIFICATE", self.params.self_signed(&self.key).unwrap().der())
    }

    /// Writes a certificate for this common name and these alternative names, with its key.
    fn issue(&self, files: &Files, name: &str, alternatives: Vec<SanType>, until: i32) {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "DE");
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Example, Inc.");
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = alternatives;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = date_time_ymd(2_000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        files.replace(&format!("{name}.pem"), &pem("CERTIFICATE", certificate.der()));
        files.replace(&format!("{name}.key"), &pem("PRIVATE KEY", &key.serialize_der()));
    }
}

fn host(name: &str) -> SanType {
    SanType::DnsName(Ia5String::try_from(name).unwrap())
}

fn uri(name: &str) -> SanType {
    SanType::URI(Ia5String::try_from(name).unwrap())
}

/// A server, the authority that it trusts, and the files of both.
struct World {
    files: Files,
    authority: Authority,
    instance: Instance,
}

impl World {
    fn start() -> Self {
        let (files, authority) = (Files::new(&certificate(2_100)), Authority::new());
        files.replace("ca.pem", &authority.pem());
        let ca = files.path("ca.pem");
        let instance = files.start_with(&[("AUDIT_STREAMS_CLIENT_CA", ca.to_str().unwrap())]);
        Self {
            files,
            authority,
            instance,
        }
    }

    /// Creates a token that this name stands for; returns the token itself.
    fn token(&self, name: &str, scope: &str, certificate: &str) -> String {
        last_line(&self.instance.command(&[
            "token",
            "create",
            "--name",
            name,
            "--scope",
            scope,
            "--client-certificate",
            certificate,
        ]))
    }

    /// A request with the certificate of this name, if one is given.
    fn curl(&self, client: Option<&str>, path: &str, arguments: &[&str]) -> Answer {
        let url = self.instance.url(path);
        let files = client.map(|name| {
            let path = |ending: &str| self.files.path(&format!("{name}.{ending}"));
            (path("pem"), path("key"))
        });
        let mut all = vec!["--write-out", "\n%{http_code}", &url];
        if let Some((certificate, key)) = &files {
            all.extend(["--cert", certificate.to_str().unwrap(), "--key", key.to_str().unwrap()]);
        }
        all.extend(arguments);
        curl(&self.files.path("trusted.pem"), &all)
    }
}

/// The status and the body.
fn parts(answer: &Answer) -> (u16, Value) {
    assert_eq!(answer.code, 0, "{}", answer.text);
    let (body, status) = answer.text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

const EVENTS: &str = "/api/v1/audit_events";
const EVENT: [&str; 2] = ["--data", r#"{"event_type":"user_created"}"#];

#[tokio::test]
async fn a_certificate_stands_for_the_token_with_one_of_its_names() {
    let world = World::start();
    world
        .authority
        .issue(&world.files, "app", vec![host("app.example.com")], 2_100);
    world
        .authority
        .issue(&world.files, "spiffe", vec![uri("spiffe://example.com/reader")], 2_100);
    world
        .authority
        .issue(&world.files, "unknown", vec![host("other.example.com")], 2_100);
    world.token("by subject", "ingest", r"CN=app,O=Example\, Inc.,C=DE");
    world.token("by URI", "read", "spiffe://example.com/reader");

    for version in ["--http2", "--http1.1"] {
        let (status, body) = parts(&world.curl(Some("app"), EVENTS, &[&EVENT[..], &[version]].concat()));
        assert_eq!(status, 201, "{body}");
    }
    let (status, body) = parts(&world.curl(Some("app"), EVENTS, &[]));
    assert_eq!((status, &body["error"]), (403, &json!("insufficient_scope")), "{body}");
    let (status, body) = parts(&world.curl(Some("spiffe"), EVENTS, &[]));
    assert_eq!(status, 200, "{body}");
    let sources = body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["source"] == "by subject");
    assert_eq!(sources.count(), 2, "{body}");

    let (status, body) = parts(&world.curl(Some("unknown"), EVENTS, &EVENT));
    assert_eq!((status, &body["error"]), (401, &json!("unknown_certificate")), "{body}");
    let message = body["message"].as_str().unwrap();
    assert!(
        message.contains(r"CN=unknown,O=Example\, Inc.,C=DE; other.example.com"),
        "{message}"
    );
    let (status, body) = parts(&world.curl(None, EVENTS, &EVENT));
    assert_eq!((status, &body["error"]), (401, &json!("missing_token")), "{body}");
}

#[tokio::test]
async fn a_token_in_a_header_comes_first_and_a_page_of_another_site_gets_nothing() {
    let world = World::start();
    world
        .authority
        .issue(&world.files, "app", vec![host("app.example.com")], 2_100);
    let own = world.token("app", "ingest", "App.Example.com");
    let other = world.instance.token("other", &["read"]);
    let bearer = |token: &str| format!("authorization: Bearer {token}");
    let send = |headers: &[&str]| {
        let headers = headers.iter().flat_map(|header| ["--header", header]);
        let arguments: Vec<&str> = EVENT.into_iter().chain(headers).collect();
        parts(&world.curl(Some("app"), EVENTS, &arguments))
    };
    assert_eq!(send(&[]).0, 201);
    assert_eq!(send(&[&bearer(&own)]).0, 201);
    assert_eq!(send(&[&bearer(&other)]).0, 403);
    assert_eq!(send(&["authorization: Basic eDp5"]).1["error"], "missing_token");
    let (status, body) = send(&["sec-fetch-site: cross-site"]);
    assert_eq!((status, &body["error"]), (403, &json!("cross_origin")), "{body}");
    assert_eq!(send(&["origin: https://evil.example"]).0, 403);
}

#[tokio::test]
async fn a_session_comes_before_a_certificate() {
    let world = World::start();
    world
        .authority
        .issue(&world.files, "app", vec![host("app.example.com")], 2_100);
    world.token("app", "ingest", "app.example.com");
    let form = format!("username=root&password={}", PASSWORD.replace(' ', "+"));
    let origin = format!("origin: {}", world.instance.url(""));
    let arguments = ["--include", "--header", &origin, "--data", &form];
    let answer = world.curl(Some("app"), "/api/page/session/sign_in", &arguments);
    let cookie = answer.text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_session = name.eq_ignore_ascii_case("set-cookie") && value.contains("session");
        is_session.then(|| value.split(';').next().unwrap_or_default())
    });
    let cookie = format!("cookie: {}", cookie.unwrap_or_else(|| panic!("{}", answer.text)));
    let list = |headers: &[&str]| parts(&world.curl(Some("app"), "/api/v1/tokens", headers)).0;
    assert_eq!(list(&["--header", &cookie]), 200);
    assert_eq!(list(&[]), 403, "the token may only post events");
    assert_eq!(list(&["--header", "cookie: __Host-audit_streams_session=ended"]), 403);
    let page = world.curl(Some("app"), "/api/page/destinations/list", &[]);
    assert!(page.text.ends_with("\n401"), "a certificate is no user: {}", page.text);
}

#[tokio::test]
async fn a_name_stands_for_one_token_until_that_is_revoked() {
    let world = World::start();
    world
        .authority
        .issue(&world.files, "app", vec![host("app.example.com")], 2_100);
    world.token("first", "ingest", "app.example.com");
    let create = [
        "token",
        "create",
        "--name",
        "second",
        "--scope",
        "ingest",
        "--client-certificate",
    ];
    let taken = world.instance.command(&[&create[..], &["APP.example.com"]].concat());
    assert_eq!(taken.status.code(), Some(1));
    let complaint = String::from_utf8(taken.stderr).unwrap();
    assert!(
        complaint.contains("another token has this client certificate"),
        "{complaint}"
    );
    let wrong = world.instance.command(&[&create[..], &["not a name"]].concat());
    assert_eq!(wrong.status.code(), Some(2));

    let admin = format!("authorization: Bearer {}", world.instance.token("admin", &["admin"]));
    let header = ["--header", &admin];
    let listed = parts(&world.curl(None, "/api/v1/tokens", &header)).1;
    let first = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] == "first")
        .unwrap();
    assert_eq!(first["client_certificate"], "app.example.com");
    let path = format!("/api/v1/tokens/{}", first["id"]);
    assert_eq!(
        parts(&world.curl(None, &path, &[&header[..], &["--request", "DELETE"]].concat())).0,
        204
    );
    let (status, body) = parts(&world.curl(Some("app"), EVENTS, &EVENT));
    assert_eq!((status, &body["error"]), (401, &json!("unknown_certificate")), "{body}");

    let input = json!({"name": "second", "scopes": ["ingest"], "client_certificate": "app.example.com"}).to_string();
    let json = ["--header", "content-type: application/json"];
    let arguments = [&header[..], &json[..], &["--data", &input]].concat();
    let (status, body) = parts(&world.curl(None, "/api/v1/tokens", &arguments));
    assert_eq!(status, 201, "{body}");
    assert_eq!(parts(&world.curl(Some("app"), EVENTS, &EVENT)).0, 201);
}

#[tokio::test]
async fn a_certificate_that_can_not_be_verified_ends_the_handshake() {
    let world = World::start();
    let stranger = Authority::new();
    stranger.issue(&world.files, "forged", vec![host("app.example.com")], 2_100);
    world
        .authority
        .issue(&world.files, "expired", vec![host("app.example.com")], 2_001);
    world.token("app", "ingest", "app.example.com");
    for client in ["forged", "expired"] {
        let answer = world.curl(Some(client), EVENTS, &EVENT);
        assert_ne!(answer.code, 0, "{client}: {}", answer.text);
        assert!(!answer.text.contains("201"), "{client}: {}", answer.text);
    }
    let log = world.files.log();
    assert_eq!(
        log.matches("The certificate of a client was rejected").count(),
        1,
        "{log}"
    );
    assert_eq!(parts(&world.curl(None, "/healthz", &[])).0, 200);
}
