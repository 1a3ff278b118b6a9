use super::*;

const PROJECT: &str = "audit-streams-test";

fn desk() -> Desk {
    Desk {
        scheme: "http",
        account: ServiceAccount::of(PROJECT.to_owned()),
        key: SigningKey::load().unwrap(),
        retention: Some(Duration::from_secs(30 * 24 * 60 * 60)),
        tokens: Tokens::lasting(Duration::from_secs(60)),
        refused_ids: RefusedIds::default(),
        token_faults: Faults::default(),
        write_faults: Faults::default(),
        received: Record::default(),
    }
}

fn entry(id: &str) -> Value {
    let now = time::OffsetDateTime::from_unix_timestamp(crate::clock::now()).unwrap();
    json!({
        "logName": format!("projects/{PROJECT}/logs/audit%2Fevents"),
        "resource": {"type": "global"},
        "timestamp": now.format(&time::format_description::well_known::Rfc3339).unwrap(),
        "insertId": id,
        "jsonPayload": {"id": id},
    })
}

/// The status, and the body.
async fn write_as(desk: &Desk, token: &str, request: &Value) -> (u16, Value) {
    let request = Request::post(WRITE_PATH)
        .header("authorization", format!("Bearer {token}"))
        .body(Bytes::from(request.to_string()))
        .unwrap();
    let response = desk.serve(request).await.unwrap();
    let body = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), body)
}

async fn write(desk: &Desk, entries: Vec<Value>) -> (u16, Value) {
    let token = desk.tokens.issue();
    let token = token["access_token"].as_str().unwrap();
    write_as(desk, token, &json!({"entries": entries, "partialSuccess": true})).await
}

fn ids(desk: &Desk) -> Vec<String> {
    desk.received.look(|received| {
        let ids = received
            .entries(PROJECT)
            .map(|entry| entry["insertId"].as_str().unwrap().to_owned());
        ids.collect()
    })
}

#[tokio::test]
async fn only_a_good_token_may_write() {
    let desk = desk();
    let (status, body) = write_as(&desk, "ya29.made-up", &json!({"entries": [entry("a")]})).await;
    assert_eq!((status, &body["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    assert_eq!(write(&desk, vec![entry("a")]).await, (200, json!({})));
    assert_eq!(ids(&desk), ["a"]);
}

#[tokio::test]
async fn what_repeats_is_stored_once() {
    let desk = desk();
    let mut later = entry("a");
    later["timestamp"] = json!("2026-11-22T10:00:00.000000001Z");
    let mut changed = later.clone();
    changed["jsonPayload"]["id"] = json!("changed");
    let desk = Desk {
        retention: None,
        ..desk
    };
    let mut in_another_log = later.clone();
    in_another_log["logName"] = json!(format!("projects/{PROJECT}/logs/other"));
    write(&desk, vec![entry("a"), later.clone(), later, changed, in_another_log]).await;
    assert_eq!(ids(&desk), ["a", "a"]);
    let repeats = desk
        .received
        .look(|received| (received.repeats(), received.changed_repeats()));
    assert_eq!(repeats, (3, 2));
}

#[tokio::test]
async fn bad_entries_are_refused_one_by_one() {
    let desk = desk();
    desk.refused_ids
        .refuse(["unwanted".to_owned()].into_iter(), Code::InvalidArgument, "unwanted");
    let mut with_slash = entry("slash");
    with_slash["logName"] = json!(format!("projects/{PROJECT}/logs/audit/events"));
    let mut foreign = entry("foreign");
    foreign["logName"] = json!("projects/somebody-else/logs/audit");
    let mut ahead = entry("ahead");
    ahead["timestamp"] = json!("2999-01-01T00:00:00Z");
    let mut homeless = entry("homeless");
    homeless["resource"] = json!({"labels": {}});
    let mut large = entry("large");
    large["jsonPayload"]["text"] = json!("x".repeat(300_000));
    let mut old = entry("old");
    old["timestamp"] = json!("2001-01-01T00:00:00Z");
    let entries = vec![
        entry("first"),
        with_slash,
        foreign,
        ahead,
        homeless,
        large,
        entry("unwanted"),
        old,
        entry("last"),
    ];

    let (status, body) = write(&desk, entries).await;

    assert_eq!((status, &body["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    let errors = &body["error"]["details"][0]["logEntryErrors"];
    let codes: Vec<_> = (0..9).map(|index| errors[index.to_string()]["code"].as_u64()).collect();
    let [fine, wrong, denied] = [None, Some(3), Some(7)];
    assert_eq!(codes, [fine, wrong, denied, wrong, wrong, wrong, wrong, fine, fine]);
    assert_eq!(
        errors["5"]["message"],
        "Log entry with size 293.1K exceeds maximum size of 256.0K"
    );
    assert_eq!(ids(&desk), ["first", "last"]);
    assert_eq!(desk.received.look(|received| received.too_old().len()), 1);
}

#[tokio::test]
async fn without_partial_success_it_is_all_or_nothing() {
    let desk = desk();
    let token = desk.tokens.issue();
    let token = token["access_token"].as_str().unwrap();
    let mut foreign = entry("foreign");
    foreign["logName"] = json!("projects/somebody-else/logs/audit");
    let (status, body) = write_as(&desk, token, &json!({"entries": [entry("a"), foreign]})).await;
    assert_eq!(status, 403);
    assert_eq!(body["error"]["details"].as_array().unwrap().len(), 1);
    assert!(ids(&desk).is_empty());
}

#[tokio::test]
async fn an_unknown_name_refuses_the_request() {
    let desk = desk();
    let mut odd = entry("odd");
    odd["insert_identifier"] = json!("odd");
    let (status, body) = write(&desk, vec![entry("a"), odd]).await;
    let message =
        "Invalid JSON payload received. Unknown name \"insert_identifier\" at 'entries[1]': Cannot find field.";
    assert_eq!((status, &body["error"]["message"]), (400, &json!(message)));
    assert!(ids(&desk).is_empty());
}

#[tokio::test]
async fn trouble_comes_before_everything() {
    let desk = desk();
    desk.write_faults
        .fail_next(1, Refusal::parse("quota_exceeded").unwrap().into());
    desk.write_faults.fail_next(1, Fault::CloseAfterStoring);
    let (status, body) = write(&desk, vec![entry("a")]).await;
    assert_eq!(
        (status, &body["error"]["details"][1]["retryDelay"]),
        (429, &json!("30s"))
    );
    let token = desk.tokens.issue();
    let request = Request::post(WRITE_PATH)
        .header(
            "authorization",
            format!("Bearer {}", token["access_token"].as_str().unwrap()),
        )
        .body(Bytes::from(json!({"entries": [entry("b")]}).to_string()))
        .unwrap();
    assert!(desk.serve(request).await.is_err());
    assert_eq!(ids(&desk), ["b"]);
    let served = desk
        .received
        .look(|received| received.writes.iter().map(|write| write.served).collect::<Vec<_>>());
    assert_eq!(served, [None, Some(StatusCode::OK)]);
}

#[tokio::test]
async fn a_key_file_has_what_googles_have() {
    let server = GoogleServer::start().await.unwrap();
    let file: Value = serde_json::from_str(&server.service_account_json(GOOGLE_TOKEN_URI)).unwrap();
    assert_eq!(file["type"], "service_account");
    assert_eq!(file["client_email"], server.service_account().client_email.as_str());
    let pem = file["private_key"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\nMII") && pem.ends_with("\n-----END PRIVATE KEY-----\n"));
}
