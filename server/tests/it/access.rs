//! Every operation of the table of permissions, over HTTP from the program: who gets an answer, who does not, and that a request
//! that is refused shows nothing and changes nothing.
//!
//! What the fields of GraphQL require of a token is tested in `api`, and each rule about origins in `origin`.

mod samples;
mod world;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use domain::access::{
    Scope,
    permissions::{Credentials, OPERATIONS, Operation},
};
use reqwest::Method;

use self::{
    samples::{CHANGES, Sample, address},
    world::{MARKER, World},
};
use crate::instance::{Answer, PASSWORD};

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Nobody,
    Token(Scope),
    UnknownToken,
    ExpiredToken,
    RevokedToken,
    Session,
    EndedSession,
}

const CALLERS: [Caller; 9] = [
    Caller::Nobody,
    Caller::Token(Scope::Ingest),
    Caller::Token(Scope::Read),
    Caller::Token(Scope::Admin),
    Caller::UnknownToken,
    Caller::ExpiredToken,
    Caller::RevokedToken,
    Caller::Session,
    Caller::EndedSession,
];

const WITHOUT_INVALID: [Caller; 3] = [Caller::Nobody, Caller::Token(Scope::Admin), Caller::Session];

/// Which page a browser says the request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Unknown,
    OtherSite,
    Own,
}

const ORIGINS: [Origin; 3] = [Origin::Unknown, Origin::OtherSite, Origin::Own];

/// Those that a form of another site can send without a question to the server, and none of the operation's own.
const CONTENT_TYPES: [&str; 3] = [
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
];

const METHODS: [Method; 8] = [
    Method::OPTIONS,
    Method::HEAD,
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::TRACE,
];

/// Operations that have a route.
fn routes() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(|operation| operation.name.contains(" /"))
}

fn method(operation: &Operation) -> Method {
    let (method, _) = operation.name.split_once(' ').unwrap();
    method.parse().unwrap()
}

fn is_of_page(operation: &Operation) -> bool {
    operation.credentials == Credentials::Session
}

/// The status of a refusal; `None` if the request is answered.
fn refusal(operation: &Operation, caller: Caller, origin: Origin) -> Option<u16> {
    let is_read = method(operation) == Method::GET;
    let is_elsewhere = !is_read && origin != Origin::Own;
    if is_of_page(operation) && is_elsewhere {
        return Some(403);
    }
    let Some(needed) = operation.permission.scope() else {
        return None;
    };
    match caller {
        Caller::Token(scope) if !is_of_page(operation) => (scope != needed && scope != Scope::Admin).then_some(403),
        Caller::Session if operation.credentials != Credentials::Token => is_elsewhere.then_some(403),
        _ => Some(401),
    }
}

/// The status of a request with a method that the path does not have.
fn refusal_of_method(operation: &Operation, method: &Method, caller: Caller, origin: Origin) -> u16 {
    let only_reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    match caller {
        _ if !is_of_page(operation) => 405,
        _ if !only_reads && origin != Origin::Own => 403,
        Caller::Session => 405,
        _ => 401,
    }
}

/// Each request comes from an address of its own, so that none is slowed down for what others got wrong.
async fn send(
    world: &World,
    (method, path): (Method, &str),
    (caller, origin): (Caller, Origin),
    (content_type, body): (&str, &'static str),
) -> Answer {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, a, b, c] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let request = world.instance.request(method, path);
    let request = request.header("x-forwarded-for", format!("10.{a}.{b}.{c}"));
    let request = request.header("content-type", content_type).body(body);
    let request = match origin {
        Origin::Unknown => request,
        Origin::OtherSite => request.header("origin", "https://evil.example"),
        Origin::Own => request.header("origin", world.instance.url("")),
    };
    Answer::of(match caller {
        Caller::Nobody => request,
        Caller::Token(scope) => request.bearer_auth(world.of_scope(scope)),
        Caller::UnknownToken => request.bearer_auth("ast_unknown"),
        Caller::ExpiredToken => request.bearer_auth(world.token("expired")),
        Caller::RevokedToken => request.bearer_auth(world.token("revoked")),
        Caller::Session => request.header("cookie", &world.session),
        Caller::EndedSession => request.header("cookie", &world.ended_session),
    })
    .await
}

fn assert_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert!(!answer.text.contains(MARKER), "{what}: {}", answer.text);
    assert!(answer.header("set-cookie").is_none(), "{what}");
    let mut names = answer.headers.keys().map(axum::http::HeaderName::as_str);
    assert!(
        !names.any(|name| name.starts_with("access-control-")),
        "{what}: {answer:?}"
    );
}

fn assert_unchanged(world: &World, before: &BTreeSet<String>, what: &str) {
    let after = world.stored();
    let changed: Vec<&String> = after.symmetric_difference(before).collect();
    assert!(changed.is_empty(), "{what} changed {changed:?}");
}

#[test]
fn each_operation_that_is_no_read_has_a_sample() {
    let listed: BTreeSet<&str> = routes()
        .filter(|operation| method(operation) != Method::GET)
        .map(|operation| operation.name)
        .collect();
    let sampled: BTreeSet<&str> = CHANGES.iter().map(|sample| sample.operation).collect();
    assert_eq!(listed, sampled);
    assert_eq!(sampled.len(), CHANGES.len(), "one each");
}

#[tokio::test]
async fn every_read_answers_those_who_may_and_shows_nothing_to_others() {
    let world = World::new().await;
    for operation in routes().filter(|operation| method(operation) == Method::GET) {
        let path = address(operation);
        for (caller, origin) in pairs() {
            let what = format!("{} by {caller:?} from {origin:?}", operation.name);
            let head = send(&world, (Method::HEAD, &path), (caller, origin), ("", "")).await;
            let answer = send(&world, (Method::GET, &path), (caller, origin), ("", "")).await;
            assert_eq!((head.status, head.text.as_str()), (answer.status, ""), "HEAD of {what}");
            match refusal(operation, caller, origin) {
                Some(status) => assert_refused(&answer, status, &what),
                None => assert_eq!(answer.status, 200, "{what}: {}", answer.text),
            }
        }
    }
}

#[tokio::test]
async fn every_change_is_refused_to_those_who_may_not_and_changes_nothing() {
    let world = World::new().await;
    let before = world.stored();
    let mut refused = 0;
    for (sample, operation) in samples() {
        let target = (method(operation), sample.path);
        for (caller, origin) in pairs() {
            let Some(status) = refusal(operation, caller, origin) else {
                continue;
            };
            // Only browsers can be made to send other ones.
            let others = CONTENT_TYPES.into_iter().filter(|_| caller == Caller::Session);
            for content_type in [sample.content_type()].into_iter().chain(others) {
                let what = format!("{} by {caller:?} from {origin:?} as {content_type}", operation.name);
                let answer = send(&world, target.clone(), (caller, origin), (content_type, sample.body)).await;
                assert_refused(&answer, status, &what);
                refused += 1;
            }
        }
        assert_unchanged(&world, &before, operation.name);
    }
    assert!(refused > 1_500, "{refused}");
    // A token that may only read is admitted to GraphQL, and to none of its changes.
    let graphql = CHANGES.iter().find(|sample| sample.path == "/api/graphql").unwrap();
    let reader = (Caller::Token(Scope::Read), Origin::Unknown);
    let answer = send(
        &world,
        (Method::POST, graphql.path),
        reader,
        (graphql.content_type(), graphql.body),
    )
    .await;
    assert!(!answer.expect(200)["errors"].as_array().unwrap().is_empty());
    assert_unchanged(&world, &before, graphql.operation);
}

#[tokio::test]
async fn every_change_is_made_for_those_who_may() {
    let mut world = World::new().await;
    let mut before = world.stored();
    for (sample, operation) in samples() {
        let what = sample.operation;
        let caller = match is_of_page(operation) {
            true => Caller::Session,
            false => Caller::Token(Scope::Admin),
        };
        if what.starts_with("POST /api/page/session") {
            world.session = sign_in_again(&world, what).await;
            before = world.stored();
        }
        let answer = send(
            &world,
            (method(operation), sample.path),
            (caller, Origin::Own),
            (sample.content_type(), sample.body),
        )
        .await;
        assert_eq!(answer.status, sample.status, "{what}: {}", answer.text);
        let after = world.stored();
        assert_eq!(after != before, sample.changes, "{what}: {}", answer.text);
        before = after;
    }
}

/// With the password of that time.
async fn sign_in_again(world: &World, operation: &str) -> String {
    let password = match operation {
        "POST /api/page/sessions/end" => PASSWORD,
        _ => "another horse battery",
    };
    let mut browser = crate::browser::Browser::new(&world.instance);
    let answer = browser.sign_in("root", password).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
    browser.cookie().unwrap().to_owned()
}

#[tokio::test]
async fn other_methods_show_and_change_nothing() {
    let world = World::new().await;
    let before = world.stored();
    let mut seen = BTreeSet::new();
    for operation in routes().filter(|operation| seen.insert(address(operation))) {
        let path = address(operation);
        let offered: Vec<Method> = routes().filter(|other| address(other) == path).map(method).collect();
        for other in METHODS {
            if offered.contains(&other) || (other == Method::HEAD && offered.contains(&Method::GET)) {
                continue;
            }
            for (caller, origin) in pairs().filter(|(caller, _)| WITHOUT_INVALID.contains(caller)) {
                let what = format!("{other} {path} by {caller:?} from {origin:?}");
                let content = ("application/json", "{}");
                let answer = send(&world, (other.clone(), &path), (caller, origin), content).await;
                assert_refused(&answer, refusal_of_method(operation, &other, caller, origin), &what);
            }
        }
    }
    assert_unchanged(&world, &before, "other methods");
}

fn pairs() -> impl Iterator<Item = (Caller, Origin)> {
    CALLERS
        .into_iter()
        .flat_map(|caller| ORIGINS.into_iter().map(move |origin| (caller, origin)))
}

fn samples() -> impl Iterator<Item = (&'static Sample, &'static Operation)> {
    CHANGES.iter().map(|sample| {
        let mut operations = routes();
        let operation = operations.find(|operation| operation.name == sample.operation);
        (sample, operation.unwrap())
    })
}
