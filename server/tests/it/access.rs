//! Every operation of the table of permissions, over HTTP from the program: who gets an answer, who does not, and that a request
//! that is rejected shows nothing and changes nothing.
//!
//! What the fields of GraphQL require of a token is tested in `api`, and each rule about origins in `origin`.

mod samples;
mod world;

use std::collections::BTreeSet;

use domain::access::{
    Scope,
    permissions::{Credentials, OPERATIONS, Operation},
};
use futures::{StreamExt, stream};
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

/// Those that another site can send without a preflight request, and one that no operation takes.
const CONTENT_TYPES: [&str; 4] = [
    "application/x-www-form-urlencoded",
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

/// One path of each router, on which every method is tried by everyone.
const ONE_OF_EACH_ROUTER: [&str; 6] = [
    "/admin/audit_log_reports.csv",
    "/api/graphql",
    "/api/page/destinations/list",
    "/api/v1/audit_events",
    "/api/v1/destinations",
    "/api/v4/version",
];

/// The page's documents, which are no operations.
const DOCUMENTS: [&str; 4] = ["/", "/admin/audit_logs?tab=log", "/admin/settings/tokens", "/profile"];

/// Some reads that show what is not for everyone.
const SHOWING: [&str; 14] = [
    "GET /admin/audit_log_reports.csv",
    "GET /admin/audit_log_reports.jsonl",
    "GET /api/page/destinations/list",
    "GET /api/page/events/list",
    "GET /api/page/network/show",
    "GET /api/page/users/list",
    "GET /api/page/views/list",
    "GET /api/v1/audit_events",
    "GET /api/v1/audit_events.csv",
    "GET /api/v1/audit_events.jsonl",
    "GET /api/v1/destinations",
    "GET /api/v1/destinations/{id}",
    "GET /api/v1/settings/network",
    "GET /api/v1/users",
];

/// So many requests that are rejected are in progress at the same time.
const AT_ONCE: usize = 8;

/// A request.
#[derive(Clone, Copy, Debug)]
struct Attempt<'a> {
    method: &'a Method,
    path: &'a str,
    caller: Caller,
    origin: Origin,
    content_type: &'a str,
    body: &'static str,
}

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
    let needed = operation.permission.scope()?;
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

/// A caller with every permission.
fn permitted(operation: &Operation) -> Caller {
    match is_of_page(operation) {
        true => Caller::Session,
        false => Caller::Token(Scope::Admin),
    }
}

/// Each request comes from an address of its own, so that none is slowed down for what others got wrong.
async fn try_send(world: &World, attempt: Attempt<'_>) -> reqwest::Result<Answer> {
    let [_, a, b, c] = world.next_address().to_be_bytes();
    let url = world.instance.url(attempt.path);
    let request = world.client.request(attempt.method.clone(), url);
    let request = request.header("x-forwarded-for", format!("10.{a}.{b}.{c}"));
    let request = request.header("content-type", attempt.content_type).body(attempt.body);
    let request = match DOCUMENTS.contains(&attempt.path) {
        true => request.header("accept", "text/html"),
        false => request,
    };
    let request = match attempt.origin {
        Origin::Unknown => request,
        Origin::OtherSite => request.header("origin", "https://evil.example"),
        Origin::Own => request.header("origin", world.instance.url("")),
    };
    Answer::try_of(match attempt.caller {
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

/// Sends a request that changes nothing. It is repeated once, because the server may close a kept connection whose client was slow.
async fn ask(world: &World, attempt: Attempt<'_>) -> Answer {
    match try_send(world, attempt).await {
        Ok(answer) => answer,
        Err(_) => try_send(world, attempt).await.unwrap(),
    }
}

/// Sends requests at the same time, which are rejected with these statuses.
async fn assert_all_rejected(world: &World, attempts: &[(Attempt<'_>, u16)]) {
    let attempts = stream::iter(attempts);
    attempts
        .for_each_concurrent(AT_ONCE, async |(attempt, status)| {
            let answer = ask(world, *attempt).await;
            assert_rejected(&answer, *status, &format!("{attempt:?}"));
        })
        .await;
}

fn assert_rejected(answer: &Answer, status: u16, what: &str) {
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

#[test]
fn the_pairs_left_out_are_rejected_as_others_are() {
    for operation in routes() {
        let pairs = pairs(operation);
        for caller in CALLERS {
            for origin in ORIGINS {
                let status = refusal(operation, caller, origin);
                let mut others = pairs
                    .iter()
                    .map(|(caller, origin)| (*caller, refusal(operation, *caller, *origin)));
                let is_kept = others.any(|(other, its)| its == status && (other == caller || status == Some(403)));
                assert!(is_kept, "{} by {caller:?} from {origin:?}", operation.name);
            }
        }
    }
}

#[tokio::test]
async fn operations_show_and_change_nothing_except_to_permitted_callers() {
    let world = World::new().await;
    check_changes(&world).await;
    check_other_methods(&world).await;
    check_documents(&world).await;
    check_reads(&world).await;
}

async fn check_changes(world: &World) {
    let before = world.stored();
    for (sample, operation) in samples() {
        let method = method(operation);
        let mut attempts = Vec::new();
        for (caller, origin) in pairs(operation) {
            let Some(status) = refusal(operation, caller, origin) else {
                continue;
            };
            let own = sample.content_type();
            // Only browsers can be made to send other ones.
            let others = CONTENT_TYPES
                .into_iter()
                .filter(|other| caller == Caller::Session && *other != own);
            for content_type in [own].into_iter().chain(others) {
                let attempt = Attempt {
                    method: &method,
                    path: sample.path(),
                    caller,
                    origin,
                    content_type,
                    body: sample.body,
                };
                attempts.push((attempt, status));
            }
        }
        assert!(attempts.len() >= 5, "{}: {attempts:?}", operation.name);
        assert_all_rejected(world, &attempts).await;
        assert_unchanged(world, &before, operation.name);
    }
    check_mutation_by_reader(world, &before).await;
}

/// A token that may only read is admitted to GraphQL, and to none of its changes.
async fn check_mutation_by_reader(world: &World, before: &BTreeSet<String>) {
    let graphql = CHANGES.iter().find(|sample| sample.path() == "/api/graphql").unwrap();
    let attempt = Attempt {
        method: &Method::POST,
        path: graphql.path(),
        caller: Caller::Token(Scope::Read),
        origin: Origin::Unknown,
        content_type: graphql.content_type(),
        body: graphql.body,
    };
    let answer = ask(world, attempt).await;
    assert!(!answer.expect(200)["errors"].as_array().unwrap().is_empty());
    assert_unchanged(world, before, graphql.operation);
}

async fn check_other_methods(world: &World) {
    let before = world.stored();
    let mut seen = BTreeSet::new();
    for operation in routes().filter(|operation| seen.insert(address(operation))) {
        let path = address(operation);
        let offered: Vec<Method> = routes().filter(|other| address(other) == path).map(method).collect();
        let mut attempts = Vec::new();
        for other in &METHODS {
            if offered.contains(other) || (*other == Method::HEAD && offered.contains(&Method::GET)) {
                continue;
            }
            for (caller, origin) in callers_of_other_methods(operation, &path) {
                let status = refusal_of_method(operation, other, caller, origin);
                attempts.push((with_method(other, &path, caller, origin), status));
            }
        }
        assert_all_rejected(world, &attempts).await;
    }
    assert!(ONE_OF_EACH_ROUTER.iter().all(|path| seen.contains(*path)), "{seen:?}");
    assert_unchanged(world, &before, "other methods");
}

fn callers_of_other_methods(operation: &Operation, path: &str) -> Vec<(Caller, Origin)> {
    if !ONE_OF_EACH_ROUTER.contains(&path) {
        return vec![(permitted(operation), Origin::Own)];
    }
    let callers = WITHOUT_INVALID.into_iter();
    let pairs = callers.flat_map(|caller| ORIGINS.into_iter().map(move |origin| (caller, origin)));
    pairs.collect()
}

fn with_method<'a>(method: &'a Method, path: &'a str, caller: Caller, origin: Origin) -> Attempt<'a> {
    Attempt {
        method,
        path,
        caller,
        origin,
        content_type: "application/json",
        body: "{}",
    }
}

/// Only a session opens them. A browser without one is sent to the sign-in page.
async fn check_documents(world: &World) {
    let before = world.stored();
    for path in DOCUMENTS {
        for caller in CALLERS {
            let what = format!("{path} by {caller:?}");
            let status = if caller == Caller::Session { 200 } else { 303 };
            let answer = ask(world, with_method(&Method::GET, path, caller, Origin::Unknown)).await;
            assert_eq!(answer.status, status, "{what}: {}", answer.text);
            if status == 303 {
                assert_rejected(&answer, status, &what);
                assert!(answer.header("location").unwrap().starts_with("/sign_in"), "{what}");
            }
            let writes = METHODS
                .iter()
                .filter(|method| !matches!(**method, Method::GET | Method::HEAD));
            let attempts: Vec<_> = writes
                .map(|method| (with_method(method, path, caller, Origin::Own), 405))
                .collect();
            assert_all_rejected(world, &attempts).await;
        }
    }
    assert_unchanged(world, &before, "documents");
}

async fn check_reads(world: &World) {
    let mut showing = BTreeSet::new();
    for operation in routes().filter(|operation| method(operation) == Method::GET) {
        let path = address(operation);
        for (caller, origin) in pairs(operation) {
            let what = format!("{} by {caller:?} from {origin:?}", operation.name);
            let attempt = Attempt {
                content_type: "",
                body: "",
                ..with_method(&Method::GET, &path, caller, origin)
            };
            let answer = ask(world, attempt).await;
            match refusal(operation, caller, origin) {
                Some(status) => assert_rejected(&answer, status, &what),
                None => assert_eq!(answer.status, 200, "{what}: {}", answer.text),
            }
            if answer.text.contains(MARKER) {
                showing.insert(operation.name);
            }
            let with_head = [Caller::Nobody, permitted(operation), Caller::EndedSession];
            if origin == Origin::OtherSite && with_head.contains(&caller) {
                let method = &Method::HEAD;
                let head = ask(world, Attempt { method, ..attempt }).await;
                assert_eq!((head.status, head.text.as_str()), (answer.status, ""), "HEAD of {what}");
            }
        }
    }
    let missing: Vec<&str> = SHOWING.into_iter().filter(|name| !showing.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?} show no {MARKER}, but {showing:?}");
}

#[tokio::test]
async fn every_change_is_made_for_permitted_callers() {
    let mut world = World::new().await;
    let mut before = world.stored();
    for (sample, operation) in samples() {
        let what = sample.operation;
        if what.starts_with("POST /api/page/session") {
            world.session = sign_in_again(&world, what).await;
            before = world.stored();
        }
        let attempt = Attempt {
            method: &method(operation),
            path: sample.path(),
            caller: permitted(operation),
            origin: Origin::Own,
            content_type: sample.content_type(),
            body: sample.body,
        };
        let answer = try_send(&world, attempt).await.unwrap();
        assert_eq!(answer.status, sample.status, "{what}: {}", answer.text);
        let after = world.stored();
        let changed: BTreeSet<&str> = after
            .symmetric_difference(&before)
            .filter_map(|row| row.split(' ').next())
            .collect();
        let is_expected = match sample.changes {
            Some(table) => changed.contains(table),
            None => changed.is_empty(),
        };
        assert!(is_expected, "{what} changed {changed:?}: {}", answer.text);
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

/// Who sends the request of an operation, from where. The origin matters only with a cookie; without one, it is the one with which
/// the request comes as far as the credentials.
fn pairs(operation: &Operation) -> Vec<(Caller, Origin)> {
    let is_change_of_page = is_of_page(operation) && method(operation) != Method::GET;
    let without_cookie = if is_change_of_page {
        Origin::Own
    } else {
        Origin::OtherSite
    };
    let mut pairs = Vec::new();
    for caller in CALLERS {
        match caller {
            Caller::Session | Caller::EndedSession => pairs.extend(ORIGINS.map(|origin| (caller, origin))),
            _ => pairs.push((caller, without_cookie)),
        }
    }
    pairs
}

fn samples() -> impl Iterator<Item = (&'static Sample, &'static Operation)> {
    CHANGES.iter().map(|sample| {
        let mut operations = routes();
        let operation = operations.find(|operation| operation.name == sample.operation);
        (sample, operation.unwrap())
    })
}
