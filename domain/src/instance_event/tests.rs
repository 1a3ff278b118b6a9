mod golden;

use std::time::Duration;

use serde_json::json;

use self::golden::golden_events;
use super::{
    message::{change, header_update, listed},
    *,
};
use crate::{
    Timestamp,
    alerts::{AlertNews, AlertedStream, CertificateHolder, StreamFailure},
    delivery::RefusedChange,
    destination::{DestinationKind, EventNames, FilterKind, NamespacePath, RotatedSecret, StartFrom},
    event::{AuditEvent, EventId, EventType, Received},
    ids::{DestinationId, ReplayId, Seq, TokenId, UserId},
    replay::{ReplayDraft, ReplayProgress, ReplayRequest},
    settings::{LogSize, RetentionDays},
};

fn event_id(text: &str) -> EventId {
    EventId::parse(text).unwrap()
}

#[test]
fn an_instance_event_is_a_complete_audit_event() {
    let author = Author {
        user_id: Some(UserId::new(7)),
        class: AuthorClass::User,
        name: "Ada \"A\"".into(),
        ip_address: "::1".into(),
    };
    let at = Timestamp::from_unix_ms(1_760_464_808_677);
    let id = event_id("0199");
    let renamed = InstanceEvent::new(
        Subject::destination(DestinationId::new(3), DestinationKind::Http, "New \\ \"x\""),
        Action::DestinationChanged {
            names: EventNames::OfKind,
            field: "name",
            from: "Old".into(),
            to: "New \\ \"x\"".into(),
        },
    );
    let event = renamed.into_audit_event(&author, id.clone(), at);
    let received = Received {
        received_at: Timestamp::from_unix_ms(0),
        fresh_id: || event_id("unused"),
    };
    assert_eq!(
        AuditEvent::parse(&event.body, &received),
        Ok(event.clone()),
        "posted, it would be kept as it is"
    );
    let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
    assert_eq!(
        body["details"]["custom_message"],
        "Changed name from Old to New \\ \"x\""
    );
    assert_eq!((&body["author_id"], &body["target_id"]), (&json!(7), &json!(3)));
}

#[test]
fn header_and_filter_changes_read_as_gitlab_writes_them() {
    assert_eq!(
        header_update("A", "B", true, Some(true)),
        "Updated a custom HTTP header from key A to have a key B to have a new value activation status changed to true."
    );
    assert_eq!(
        header_update("A", "A", true, None),
        "Updated a custom HTTP header from key A to have a new value."
    );
    let types = ["a", "b", "c"].map(|name| EventType::parse(name).unwrap());
    assert_eq!(listed(&types), "a, b, and c");
    assert_eq!(listed(types.get(..2).unwrap()), "a and b");
}

#[test]
fn nobody_signed_in_is_author_minus_one() {
    let failed = InstanceEvent::new(Subject::visitor("ro\not"), Action::SignInFailed);
    let author = Author {
        user_id: None,
        class: AuthorClass::User,
        name: "ro\not".into(),
        ip_address: "10.0.0.9".into(),
    };
    let event = failed.into_audit_event(&author, event_id("x"), Timestamp::from_unix_ms(0));
    let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
    assert_eq!(
        (&body["author_id"], &body["target_id"]),
        (&json!(-1), &serde_json::Value::Null)
    );
}

fn of_a_destination(kind: DestinationKind, names: EventNames) -> Vec<InstanceEvent> {
    let (destination, name) = (DestinationId::new(3), String::new);
    vec![
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::DestinationCreated {
                names,
                place: name(),
                start: StartFrom::Now,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::DestinationChanged {
                names,
                field: "name",
                from: name(),
                to: name(),
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::DestinationSecretReplaced {
                names,
                secret: "private key",
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::DestinationDeleted { names, place: name() },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::EventTypesAdded {
                list: FilterKind::Allow,
                types: Vec::new(),
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::EventTypesRemoved {
                list: FilterKind::Deny,
                types: Vec::new(),
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::NamespaceAdmitted(namespace()),
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::NamespaceRemoved(namespace()),
        ),
        InstanceEvent::new(Subject::destination(destination, kind, name()), Action::StreamPaused),
        InstanceEvent::new(Subject::destination(destination, kind, name()), Action::StreamResumed),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::SecretRotated {
                secret: RotatedSecret::SigningSecret,
                previous_valid_until: Timestamp::from_unix_ms(0),
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::RotationEnded {
                secret: RotatedSecret::SigningSecret,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::FailingEventParked(Seq::new(4)),
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ParkedEventRetried(Seq::new(4)),
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ParkedEventsRetried {
                chosen: Vec::new(),
                count: 4,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ParkedEventsDiscarded {
                chosen: vec![Seq::new(4), Seq::new(7)],
                count: 2,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ParkedEventDiscarded(Seq::new(4)),
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::EventSentAgain(Seq::new(4)),
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::RefusedEventsChanged {
                change: RefusedChange::Park,
                chosen: Vec::new(),
                count: 4,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::RefusedEventsChanged {
                change: RefusedChange::Retry,
                chosen: vec![Seq::new(4)],
                count: 1,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::RefusedEventsChanged {
                change: RefusedChange::Discard,
                chosen: vec![Seq::new(4), Seq::new(7)],
                count: 2,
            },
        ),
        InstanceEvent::new(
            Subject::destination(Some(destination), kind, name()),
            Action::StreamTested {
                place: name(),
                is_verified: true,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ReplayStarted {
                replay: ReplayId::new(4),
                request: replay_request(),
                total: 5,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ReplayCancelled {
                replay: ReplayId::new(4),
                progress: ReplayProgress::default(),
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, kind, name()),
            Action::ReplayFinished {
                replay: ReplayId::new(4),
                progress: ReplayProgress::default(),
            },
        ),
    ]
}

fn namespace() -> NamespacePath {
    NamespacePath::parse("engineering/web").unwrap()
}

fn replay_request() -> ReplayRequest {
    let draft = ReplayDraft {
        created_after: "2026-02-01".into(),
        created_before: "2026-02-02".into(),
        event_types: vec!["b".into(), "a".into()],
    };
    draft.parse(Timestamp::from_unix_ms(0)).unwrap()
}

#[test]
fn a_replay_is_told_with_its_range_and_its_counts() {
    let messages = of_a_destination(DestinationKind::AmazonS3, EventNames::OfKind)
        .into_iter()
        .map(|event| event.message());
    let replays: Vec<String> = messages.filter(|message| message.contains("replay 4")).collect();
    assert_eq!(
        replays,
        [
            "Started replay 4 of 5 event(s) of type a and b created from 2026-02-01T00:00:00.000Z until before \
             2026-02-03T00:00:00.000Z",
            "Cancelled replay 4: 0 of 0 event(s) sent, 0 rejected",
            "Finished replay 4: 0 of 0 event(s) sent, 0 rejected",
        ]
    );
}

#[test]
fn the_creation_of_a_token_names_its_client_certificate() {
    let action = Action::TokenCreated {
        scopes: "ingest".into(),
        client_certificate: Some("CN=app".into()),
    };
    let event = InstanceEvent::new(Subject::token(TokenId::new(2), "app"), action);
    let expected = "Created API token app with scopes ingest and client certificate CN=app";
    assert_eq!(event.message(), expected);
}

/// One of each that does not depend on a kind of destination.
fn one_of_each() -> Vec<InstanceEvent> {
    let (user, token, destination) = (UserId::new(1), TokenId::new(2), DestinationId::new(3));
    let (name, key, username) = (String::new, String::new, String::new);
    vec![
        InstanceEvent::new(Subject::user(user, username()), Action::SignedIn),
        InstanceEvent::new(Subject::visitor(username()), Action::SignInFailed),
        InstanceEvent::new(Subject::user(user, username()), Action::SignedOut),
        InstanceEvent::new(Subject::user(user, username()), Action::PasswordChanged),
        InstanceEvent::new(Subject::user(user, username()), Action::PasswordReset),
        InstanceEvent::new(
            Subject::token(token, name()),
            Action::TokenCreated {
                scopes: name(),
                client_certificate: None,
            },
        ),
        InstanceEvent::new(Subject::token(token, name()), Action::TokenRevoked),
        InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name()),
            Action::HeaderCreated { key: key() },
        ),
        InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name()),
            Action::HeaderUpdated {
                from_key: key(),
                key: key(),
                has_new_value: false,
                activation: None,
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name()),
            Action::HeaderDeleted { key: key() },
        ),
        InstanceEvent::new(Subject::user(user, username()), Action::UserCreated),
        InstanceEvent::new(Subject::user(user, username()), Action::UserDisabled),
        InstanceEvent::new(Subject::user(user, username()), Action::UserEnabled),
        InstanceEvent::new(Subject::user(user, username()), Action::SessionsEnded { count: 1 }),
        InstanceEvent::new(
            Subject::Setting("x"),
            Action::SettingChanged {
                from: name(),
                to: name(),
            },
        ),
        InstanceEvent::new(Subject::Setting("x"), Action::AlertTested { place: name() }),
        InstanceEvent::events_unreadable(Seq::new(7), Seq::new(9)),
        InstanceEvent::new(
            Subject::Setting("encryption_key"),
            Action::EncryptionKeyRotated {
                from: name(),
                to: name(),
            },
        ),
        InstanceEvent::restored(Timestamp::from_unix_ms(1_760_464_800_000), Seq::new(9), name()),
    ]
}

#[test]
fn audit_events_name_the_list_that_was_changed() {
    let types = vec![EventType::parse("b").unwrap(), EventType::parse("a").unwrap()];
    let messages = |list| {
        let (destination, name) = (DestinationId::new(3), String::new());
        let added = InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name.clone()),
            Action::EventTypesAdded {
                list,
                types: types.clone(),
            },
        );
        let removed = InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name),
            Action::EventTypesRemoved {
                list,
                types: types.clone(),
            },
        );
        [added, removed].map(|event| event.message())
    };
    assert_eq!(
        messages(FilterKind::Allow),
        [
            "Created audit event type filter(s): b and a",
            "Deleted audit event type filter(s): b and a",
        ]
    );
    assert_eq!(
        messages(FilterKind::Deny),
        [
            "Created audit event type denylist filter(s): b and a",
            "Deleted audit event type denylist filter(s): b and a",
        ]
    );
}

#[test]
fn every_instance_event_is_of_a_built_in_type() {
    let known: Vec<&str> = crate::event_types::built_in_types().map(|known| known.name).collect();
    let of_destinations = DestinationKind::ALL
        .into_iter()
        .flat_map(|kind| [EventNames::OfKind, EventNames::Unified].map(|names| of_a_destination(kind, names)))
        .flatten();
    for event in one_of_each().into_iter().chain(of_destinations) {
        assert!(known.contains(&event.event_type()), "{}", event.event_type());
    }
}

#[test]
fn a_test_event_for_what_is_not_stored_names_no_target() {
    let test = |destination| {
        let test = InstanceEvent::new(
            Subject::destination(destination, DestinationKind::AmazonS3, "Bucket"),
            Action::StreamTest,
        );
        let event = test.into_audit_event(&Author::command_line(), event_id("1"), Timestamp::from_unix_ms(0));
        serde_json::from_str::<serde_json::Value>(&event.body).unwrap()
    };
    let draft = test(None);
    assert_eq!(draft["target_id"], serde_json::Value::Null);
    assert_eq!(draft["event_type"], "audit_event_stream_test");
    assert_eq!(draft["details"]["custom_message"], "Test event");
    let stored = test(Some(DestinationId::new(3)));
    assert_eq!(stored["target_id"], 3);
    assert_eq!(stored["target_type"], "AuditEvents::Instance::AmazonS3Configuration");
}

#[test]
fn a_new_destination_tells_where_its_stream_starts_unless_it_is_now() {
    let details = |start| {
        let created = InstanceEvent::new(
            Subject::destination(DestinationId::new(3), DestinationKind::Http, "SIEM"),
            Action::DestinationCreated {
                names: EventNames::OfKind,
                place: "https://siem.example.com".into(),
                start,
            },
        );
        let event = created.into_audit_event(&Author::system(), event_id("x"), Timestamp::from_unix_ms(0));
        let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
        body["details"]["start_from"].clone()
    };
    let moment = Timestamp::from_unix_ms(1_760_464_808_677);
    assert_eq!(details(StartFrom::Now), serde_json::Value::Null);
    assert_eq!(details(StartFrom::Beginning), json!("beginning"));
    assert_eq!(details(StartFrom::At(moment)), json!(moment.to_string()));
}

#[test]
fn an_event_about_a_destination_names_its_class() {
    for (kind, class) in [
        (
            DestinationKind::Http,
            "AuditEvents::InstanceExternalAuditEventDestination",
        ),
        (
            DestinationKind::GoogleCloudLogging,
            "AuditEvents::Instance::GoogleCloudLoggingConfiguration",
        ),
        (
            DestinationKind::AmazonS3,
            "AuditEvents::Instance::AmazonS3Configuration",
        ),
    ] {
        for event in of_a_destination(kind, EventNames::OfKind) {
            assert_eq!(event.target_type(), class, "{event:?}");
        }
    }
}

#[test]
fn the_unified_api_has_events_of_its_own() {
    let unified = "_instance_audit_event_streaming_destination";
    for kind in DestinationKind::ALL {
        let events = of_a_destination(kind, EventNames::Unified).into_iter();
        let events: Vec<InstanceEvent> = events.filter(|event| event.event_type().ends_with(unified)).collect();
        let types: Vec<&str> = events
            .iter()
            .map(|event| event.event_type().strip_suffix(unified).unwrap())
            .collect();
        assert_eq!(types, ["created", "updated", "updated", "deleted"]);
        for event in events {
            let extra = event.extra_details();
            assert_eq!(
                event.target_type(),
                "AuditEvents::Instance::ExternalStreamingDestination"
            );
            assert_eq!((&extra["id"], &extra["category"]), (&json!(3), &json!(kind.as_str())));
        }
    }
}

#[test]
fn a_destination_comes_and_goes_in_gitlabs_words() {
    let message = |kind: DestinationKind, names: EventNames, place: &str| {
        let subject = Subject::destination(DestinationId::new(3), kind, "SIEM");
        let (place, start) = (place.to_owned(), StartFrom::Now);
        InstanceEvent::new(subject, Action::DestinationCreated { names, place, start }).message()
    };
    let (http, google, s3) = (
        DestinationKind::Http,
        DestinationKind::GoogleCloudLogging,
        DestinationKind::AmazonS3,
    );
    for (kind, names, place, expected) in [
        (
            http,
            EventNames::OfKind,
            "https://siem.example",
            "Create instance event streaming destination https://siem.example",
        ),
        (
            google,
            EventNames::OfKind,
            "project id: p and log id: l",
            "Created Instance Google Cloud logging configuration with name: SIEM project id: p and log id: l",
        ),
        (
            s3,
            EventNames::OfKind,
            "bucket: b and AWS region: r",
            "Created Instance Amazon S3 configuration with name: SIEM bucket: b and AWS region: r",
        ),
        (
            http,
            EventNames::Unified,
            "",
            "Created audit event streaming destination for HTTP",
        ),
        (
            google,
            EventNames::Unified,
            "",
            "Created audit event streaming destination for GCP",
        ),
        (
            s3,
            EventNames::Unified,
            "",
            "Created audit event streaming destination for AWS",
        ),
    ] {
        assert_eq!(message(kind, names, place), expected);
    }
}

#[test]
fn a_change_leaves_out_what_is_empty() {
    assert_eq!(change("name", "a", "b"), "Changed name from a to b");
    assert_eq!(change("key_prefix", "", "b"), "Changed key_prefix to b");
    assert_eq!(change("key_prefix", "a", ""), "Changed key_prefix from a");
}

/// What is stored and streamed, byte for byte: one event of every variant, those about destinations for every kind and every
/// set of names.
#[test]
fn bodies_stay_as_they_are() {
    let author = Author {
        user_id: Some(UserId::new(7)),
        class: AuthorClass::User,
        name: "Ada \"A\"".into(),
        ip_address: "::1".into(),
    };
    let at = Timestamp::from_unix_ms(1_760_464_808_677);
    let events = golden_events().into_iter();
    let bodies = events.map(|event| event.into_audit_event(&author, event_id("0199"), at).body);
    let bodies: Vec<Box<str>> = bodies.collect();
    for body in &bodies {
        println!("{body}");
    }
    let expected: Vec<Box<str>> = include_str!("tests/bodies.jsonl").lines().map(Box::from).collect();
    assert_eq!(bodies, expected);
}
