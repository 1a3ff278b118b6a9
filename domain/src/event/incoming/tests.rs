use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod readable;

fn received() -> Received {
    Received {
        received_at: Timestamp::from_unix_ms(1_760_464_808_677),
        fresh_id: || EventId::parse("fresh").unwrap(),
    }
}

fn accept(event: &Value) -> AuditEvent {
    AuditEvent::parse(&event.to_string(), &received()).unwrap()
}

fn refuse(event: &Value) -> EventError {
    AuditEvent::parse(&event.to_string(), &received()).unwrap_err()
}

const COMPLETE: &str = r#"{"id":1,"author_id":1,"entity_id":29,"entity_type":"Project","details":{"custom_message":{"protocol":"ssh","action":"git-upload-pack"}},"ip_address":"127.0.0.1","author_name":"Ada","entity_path":"group/project","target_details":"project","created_at":"2022-02-23T06:21:05.283Z","target_type":"Project","target_id":29,"event_type":"repository_git_operation"}"#;

#[test]
fn a_complete_event_is_kept_byte_for_byte() {
    let odd_order = r#"{ "event_type":"x", "extra":[1.50,"\u00e9"], "id":"7","author_id":-3,"entity_id":"e","entity_type":"Group","details":null2,"ip_address":"","author_name":"","entity_path":"","target_details":"","created_at":"2022-02-23T06:21:05Z","target_type":"","target_id":null}"#
        .replace("null2", r#"{"a":1E5}"#);
    for json in [COMPLETE, &odd_order] {
        let event = AuditEvent::parse(json, &received()).unwrap();
        assert_eq!(&*event.body, json);
    }
}

#[test]
fn the_columns_are_what_the_event_says() {
    let event = AuditEvent::parse(COMPLETE, &received()).unwrap();
    assert_eq!(event.id.as_str(), "1");
    assert_eq!(event.event_type.as_str(), "repository_git_operation");
    assert_eq!(
        (event.entity_type.as_str(), event.entity_id.as_str()),
        ("Project", "29")
    );
    assert_eq!((event.author_id.as_str(), event.author_name.as_str()), ("1", "Ada"));
    assert_eq!(event.entity_path, "group/project");
    assert_eq!(event.created_at.to_string(), "2022-02-23T06:21:05.283Z");
}

#[test]
fn an_event_type_alone_is_an_instance_event_of_now() {
    let event = accept(&json!({"event_type": "backup_finished"}));
    let expected = r#"{"id":"fresh","author_id":-1,"entity_id":1,"entity_type":"Gitlab::Audit::InstanceScope","details":{},"ip_address":"","author_name":"","entity_path":"gitlab_instance","target_details":"unknown","created_at":"2025-10-14T18:00:08.677Z","target_type":"","target_id":null,"event_type":"backup_finished"}"#;
    assert_eq!(&*event.body, expected);
    assert_eq!(
        (event.entity_id.as_str(), event.entity_type.as_str()),
        ("1", INSTANCE_SCOPE)
    );
    assert_eq!(
        (event.author_id.as_str(), event.entity_path.as_str()),
        ("-1", "gitlab_instance")
    );
}

#[test]
fn missing_fields_come_from_details_where_they_stand_there_too() {
    let event = accept(&json!({
        "event_type": "x", "entity_type": "Project", "entity_id": 7,
        "details": {"author_name": "Ada \"A\"", "target_id": 4, "target_type": "User", "entity_path": "g/p", "target_details": {"iid": 1}},
    }));
    let body: Value = serde_json::from_str(&event.body).unwrap();
    assert_eq!(body["author_name"], "Ada \"A\"");
    assert_eq!(event.author_name, "Ada \"A\"");
    assert_eq!((&body["target_id"], &body["target_type"]), (&json!(4), &json!("User")));
    assert_eq!(event.entity_path, "g/p");
    assert_eq!(body["target_details"], "unknown", "an object there is no string here");
}

#[test]
fn details_and_unknown_fields_are_kept_whole() {
    let json =
        r#"{"event_type":"x","details":{"custom_message":{"a":[1.10,1e400]},"b":"\u0041"},"z":{"deep":[ 1 ]},"a":-0}"#;
    let event = AuditEvent::parse(json, &received()).unwrap();
    assert!(
        event
            .body
            .contains(r#""details":{"custom_message":{"a":[1.10,1e400]},"b":"\u0041"}"#),
        "{}",
        event.body
    );
    assert!(
        event.body.ends_with(r#""event_type":"x","z":{"deep":[1]},"a":-0}"#),
        "{}",
        event.body
    );
}

#[test]
fn line_breaks_never_stand_in_a_body() {
    let pretty = COMPLETE.replace(",\"", " ,\r\n\t\"");
    let event = AuditEvent::parse(&pretty, &received()).unwrap();
    assert_eq!(&*event.body, COMPLETE);
}

#[test]
fn ids_are_integers_or_strings_and_large_ones_keep_their_digits() {
    assert_eq!(
        accept(&json!({"event_type": "x", "id": u64::MAX})).id.as_str(),
        "18446744073709551615"
    );
    assert_eq!(accept(&json!({"event_type": "x", "id": "a-b"})).id.as_str(), "a-b");
    assert_eq!(accept(&json!({"event_type": "x", "id": null})).id.as_str(), "fresh");
    let rewritten = accept(&json!({"event_type": "x", "id": 12}));
    assert!(
        rewritten.body.starts_with(r#"{"id":12,"#),
        "an integer stays an integer"
    );
}

#[test]
fn each_bad_field_is_named() {
    for (event, field) in [
        (json!({}), "event_type"),
        (json!({"event_type": null}), "event_type"),
        (json!({"event_type": ""}), "event_type"),
        (json!({"event_type": 5}), "event_type"),
        (json!({"event_type": "a\nb"}), "event_type"),
        (json!({"event_type": "x".repeat(256)}), "event_type"),
        (json!({"event_type": "x", "id": 1.5}), "id"),
        (json!({"event_type": "x", "id": ""}), "id"),
        (json!({"event_type": "x", "id": {}}), "id"),
        (json!({"event_type": "x", "id": true}), "id"),
        (json!({"event_type": "x", "author_id": []}), "author_id"),
        (json!({"event_type": "x", "entity_id": 1e3}), "entity_id"),
        (json!({"event_type": "x", "target_id": false}), "target_id"),
        (json!({"event_type": "x", "created_at": "yesterday"}), "created_at"),
        (json!({"event_type": "x", "created_at": 1.5e300}), "created_at"),
        (json!({"event_type": "x", "created_at": true}), "created_at"),
        (json!({"event_type": "x", "created_at": "1760464808"}), "created_at"),
        (json!({"event_type": "x", "author_name": 1}), "author_name"),
        (json!({"event_type": "x", "entity_type": []}), "entity_type"),
        (json!({"event_type": "x", "entity_path": {}}), "entity_path"),
        (json!({"event_type": "x", "ip_address": 1}), "ip_address"),
        (json!({"event_type": "x", "target_type": 1}), "target_type"),
        (json!({"event_type": "x", "target_details": {}}), "target_details"),
    ] {
        assert_eq!(refuse(&event).field, Some(field), "{event}");
    }
}

#[test]
fn a_time_in_another_form_is_written_as_rfc_3339() {
    for (sent, written) in [
        (
            r#""2025-10-14T20:00:08.677+02:00""#,
            r#""2025-10-14T20:00:08.677+02:00""#,
        ),
        (r#""2025-10-14T20:00:08.677+0200""#, r#""2025-10-14T18:00:08.677Z""#),
        (r#""2025-10-14T18:00Z""#, r#""2025-10-14T18:00:00.000Z""#),
        (r#""20251014T180008,677Z""#, r#""2025-10-14T18:00:08.677Z""#),
        ("1760464808", r#""2025-10-14T18:00:08.000Z""#),
        ("1760464808677", r#""2025-10-14T18:00:08.677Z""#),
    ] {
        let json = COMPLETE.replace(r#""2022-02-23T06:21:05.283Z""#, sent);
        let event = AuditEvent::parse(&json, &received()).unwrap();
        assert_eq!(&*event.body, COMPLETE.replace(r#""2022-02-23T06:21:05.283Z""#, written));
        let body = Members::read(&event.body).unwrap();
        assert_eq!(
            Timestamp::parse_rfc3339(&body.plain("created_at")),
            Ok(event.created_at)
        );
        assert!(event.is_dated);
    }
    assert!(!accept(&json!({"event_type": "x"})).is_dated);
}

#[test]
fn an_integer_with_too_many_digits_is_told_that() {
    let json = format!(r#"{{"event_type":"x","author_id":-{}}}"#, "7".repeat(39));
    let error = AuditEvent::parse(&json, &received()).unwrap_err();
    assert_eq!(error.field, Some("author_id"));
    assert!(error.reason.contains("38 digits"), "{error}");
}

#[test]
fn half_of_a_surrogate_pair_is_named_as_such() {
    for (json, field) in [
        (r#"{"event_type":"x","author_name":"a\ud83d"}"#, Some("author_name")),
        (r#"{"event_type":"x","author_id":"\ude00"}"#, Some("author_id")),
        (
            r#"{"event_type":"x","target_details":"\ud83d\u0041"}"#,
            Some("target_details"),
        ),
        (r#"{"event_type":"x","\ud83d":1}"#, None),
    ] {
        let error = AuditEvent::parse(json, &received()).unwrap_err();
        assert_eq!(error.field, field, "{json}");
        assert!(error.reason.contains("unpaired surrogate"), "{error}");
    }
}

#[test]
fn what_is_no_event_at_all_is_refused_as_a_whole() {
    for json in ["1", "[]", "\"x\"", r#"{"event_type":"x","event_type":"y"}"#] {
        assert_eq!(AuditEvent::parse(json, &received()).unwrap_err().field, None, "{json}");
    }
    let nested = format!(
        r#"{{"event_type":"x","details":{}1{}}}"#,
        "[".repeat(64),
        "]".repeat(64)
    );
    assert!(
        AuditEvent::parse(&nested, &received())
            .unwrap_err()
            .reason
            .contains("64 levels")
    );
    let large = format!(r#"{{"event_type":"{}"}}"#, "x".repeat(MAX_EVENT_BYTES));
    assert!(
        AuditEvent::parse(&large, &received())
            .unwrap_err()
            .reason
            .contains("25 MiB")
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(".{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics(json in "\\PC*") {
        let _ignored: Result<AuditEvent, EventError> = AuditEvent::parse(&json, &received());
    }

    #[test]
    fn every_accepted_body_is_complete_one_line_and_stable(details in any_json(), extra in any_json(), pretty in any::<bool>()) {
        let event = json!({"event_type": "x", "details": details, "something_else": extra});
        let text = if pretty { serde_json::to_string_pretty(&event) } else { serde_json::to_string(&event) }.unwrap();
        let accepted = AuditEvent::parse(&text, &received()).unwrap();
        let body: Value = serde_json::from_str(&accepted.body).unwrap();
        prop_assert!(FIELDS.iter().all(|field| body.get(field).is_some()));
        prop_assert!(!accepted.body.contains(['\n', '\r']));
        if !details.is_null() {
            prop_assert_eq!(&body["details"], &details);
        }
        prop_assert_eq!(&body["something_else"], &extra);
        let again = AuditEvent::parse(&accepted.body, &received()).unwrap();
        prop_assert_eq!(again, AuditEvent { is_dated: true, ..accepted });
    }
}

/// Arrays and objects in each other, closed or not, with what may stand between them.
fn nested_json() -> impl Strategy<Value = String> {
    let parts = [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("{\"details\":", "}"),
        ("[1,", "]"),
        ("[\"]\",", "]"),
        ("{\"\\\"[\":[", "]}"),
        (" [\n", "\t]"),
    ];
    let part = (prop::sample::select(parts.to_vec()), 1_usize..20_000, any::<bool>());
    prop::collection::vec(part, 1..3).prop_map(|parts| {
        let (mut start, mut end) = (String::new(), String::new());
        for ((open, close), depth, is_closed) in parts {
            start.push_str(&open.repeat(depth));
            if is_closed {
                end.insert_str(0, &close.repeat(depth));
            }
        }
        format!("{start}null{end}")
    })
}

fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// On a stack that is a small part of what the server's threads have.
    #[test]
    fn what_nests_without_end_is_refused_without_recursion(json in nested_json(), as_details in any::<bool>()) {
        let text = if as_details { format!(r#"{{"event_type":"x","details":{json}}}"#) } else { json };
        let thread = std::thread::Builder::new().stack_size(512 * 1024);
        let parsing = thread.spawn(move || {
            let events = crate::event::split_body(text.as_bytes()).unwrap_or_default();
            let parsed = events.iter().filter_map(|event| AuditEvent::parse(event, &received()).ok());
            parsed.map(|event| depth_of(&serde_json::from_str(&event.body).unwrap())).max()
        });
        let deepest = parsing.unwrap().join().unwrap();
        prop_assert!(deepest.is_none_or(|deepest| deepest <= MAX_DEPTH), "{:?}", deepest);
    }
}
