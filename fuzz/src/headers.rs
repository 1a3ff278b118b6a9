//! Headers: those that an administrator sets for a destination, and those of requests.

use std::{collections::HashSet, net::SocketAddr};

use api::{
    fuzz::{client_addresses, read_idempotency_key},
    web::TrustedProxies,
};
use domain::{
    Field,
    destination::{DestinationKind, HeaderDraft, MAX_HEADERS, NewHeader, TargetDraft},
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Set by HTTP itself: with them, the end of a message can be forged.
const NEVER: [&str; 5] = ["connection", "content-length", "host", "transfer-encoding", "upgrade"];

/// Each line of the input is a header, `Name: value`.
pub fn run(input: &[u8]) {
    check_custom(&String::from_utf8_lossy(input));
    check_request(input);
}

/// Headers that are accepted can be sent, and are printed without their values.
fn check_custom(text: &str) {
    let mut draft = TargetDraft::new(DestinationKind::Http);
    draft.set_text(Field::Url, "https://siem.example/in".to_owned());
    draft.headers = text.split('\n').map(header).collect();
    match draft.parse(false) {
        Ok(target) => {
            let accepted = target.headers();
            assert!(accepted.len() == draft.headers.len() && accepted.len() <= MAX_HEADERS);
            check_accepted(accepted);
        }
        Err(errors) => {
            for error in errors.iter() {
                assert!(
                    !error.message.is_empty() && is_in(error.field, draft.headers.len()),
                    "{error:?}"
                );
            }
        }
    }
}

/// As a form has it: without trimming, so that blanks reach the parser.
fn header(line: &str) -> HeaderDraft {
    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
    HeaderDraft {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        ..HeaderDraft::new()
    }
}

fn is_in(field: Field, rows: usize) -> bool {
    match field {
        Field::Headers => rows > MAX_HEADERS,
        Field::HeaderName(row) | Field::HeaderValue(row) => usize::from(row) < rows,
        _ => false,
    }
}

fn check_accepted(headers: &[NewHeader]) {
    let mut names = HashSet::new();
    for header in headers {
        let (name, value) = (header.name.as_str(), header.value.as_ref());
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            panic!("{name:?} is accepted as the name of a header");
        };
        assert!(!NEVER.contains(&name.as_str()), "{name} is accepted");
        assert!(names.insert(name), "a name is accepted twice");
        let Some(value) = value else {
            panic!("a new header has no value");
        };
        let Ok(sent) = HeaderValue::from_bytes(&value.to_latin_1()) else {
            panic!("a value is accepted that can't be sent");
        };
        assert_eq!(sent.len(), value.expose().chars().count());
        assert_eq!(format!("{value:?}"), "HeaderText(..)");
    }
}

/// An untrusted peer can't choose its address, and a key is what HTTP can carry.
fn check_request(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    match read_idempotency_key(&headers) {
        Ok(Some(key)) => {
            let is_printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            assert!((1..=255).contains(&key.len()) && is_printable, "{key:?}");
        }
        Ok(None) => assert!(!headers.contains_key("idempotency-key")),
        Err(status) => assert!(status.is_client_error()),
    }
    check_addresses(&headers);
}

fn check_addresses(headers: &HeaderMap) {
    let peer = SocketAddr::from(([192, 0, 2, 1], 443));
    let (client, _) = client_addresses(&TrustedProxies::default(), peer, headers);
    assert_eq!(client, peer.ip(), "a peer that is no proxy has chosen its address");
    let Ok(proxies) = TrustedProxies::parse("192.0.2.0/24, 10.0.0.0/8") else {
        panic!("the ranges of the target are wrong");
    };
    let (client, known) = client_addresses(&proxies, peer, headers);
    assert!(known.is_none_or(|known| known == client));
    assert_eq!(client, client.to_canonical(), "an address has one form");
}
