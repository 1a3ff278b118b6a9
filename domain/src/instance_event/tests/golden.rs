//! Events whose bodies are pinned byte for byte.

use super::*;

pub(super) fn golden_events() -> Vec<InstanceEvent> {
    let mut events = Vec::new();
    let (user, username, token) = (UserId::new(11), || "grace".to_owned(), TokenId::new(12));
    let name = || "ci \"x\"".to_owned();
    events.extend([
        InstanceEvent::new(Subject::user(user, username()), Action::SignedIn),
        InstanceEvent::new(Subject::visitor(username()), Action::SignInFailed),
        InstanceEvent::new(Subject::user(user, username()), Action::SignedOut),
        InstanceEvent::new(Subject::user(user, username()), Action::PasswordChanged),
        InstanceEvent::new(Subject::user(user, username()), Action::PasswordReset),
        InstanceEvent::new(Subject::user(user, username()), Action::UserCreated),
        InstanceEvent::new(Subject::user(user, username()), Action::UserDisabled),
        InstanceEvent::new(Subject::user(user, username()), Action::UserEnabled),
        InstanceEvent::new(Subject::user(user, username()), Action::SessionsEnded { count: 1 }),
        InstanceEvent::new(Subject::user(user, username()), Action::SessionsEnded { count: 2 }),
        InstanceEvent::new(
            Subject::token(token, name()),
            Action::TokenCreated {
                scopes: "ingest, read_api".into(),
                client_certificate: None,
            },
        ),
        InstanceEvent::new(Subject::token(token, name()), Action::TokenRevoked),
        InstanceEvent::new(
            Subject::Setting("retention_days"),
            Action::SettingChanged {
                from: "90".into(),
                to: "30".into(),
            },
        ),
        InstanceEvent::new(
            Subject::Setting("alert_webhook"),
            Action::AlertTested {
                place: "https://alerts.example".into(),
            },
        ),
        InstanceEvent::events_unreadable(Seq::new(7), Seq::new(9)),
        InstanceEvent::new(
            Subject::Setting("encryption_key"),
            Action::EncryptionKeyRotated {
                from: "0a1b2c3d".into(),
                to: "4e5f6071".into(),
            },
        ),
        InstanceEvent::restored(
            Timestamp::from_unix_ms(1_760_464_800_000),
            Seq::new(9),
            "0123456789abcdef0123456789abcdef".into(),
        ),
    ]);
    let destination = DestinationId::new(3);
    let name = || "SIEM \\ \"x\"".to_owned();
    events.extend([
        InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name()),
            Action::HeaderCreated { key: "X-A".into() },
        ),
        InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name()),
            Action::HeaderUpdated {
                from_key: "X-A".into(),
                key: "X-B".into(),
                has_new_value: true,
                activation: Some(false),
            },
        ),
        InstanceEvent::new(
            Subject::destination(destination, DestinationKind::Http, name()),
            Action::HeaderDeleted { key: "X-B".into() },
        ),
    ]);
    for secret in RotatedSecret::ALL {
        events.extend([
            InstanceEvent::new(
                Subject::destination(destination, DestinationKind::Http, name()),
                Action::SecretRotated {
                    secret,
                    previous_valid_until: Timestamp::from_unix_ms(1_760_551_208_677),
                },
            ),
            InstanceEvent::new(
                Subject::destination(destination, DestinationKind::Http, name()),
                Action::RotationEnded { secret },
            ),
        ]);
    }
    for kind in DestinationKind::ALL {
        for names in [EventNames::OfKind, EventNames::Unified] {
            events.extend([
                InstanceEvent::new(
                    Subject::destination(destination, kind, name()),
                    Action::DestinationCreated {
                        names,
                        place: "the place".into(),
                        start: StartFrom::Beginning,
                    },
                ),
                InstanceEvent::new(
                    Subject::destination(destination, kind, name()),
                    Action::DestinationChanged {
                        names,
                        field: "name",
                        from: "Old".into(),
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
                    Action::DestinationDeleted {
                        names,
                        place: "the place".into(),
                    },
                ),
            ]);
        }
        let types = || ["b", "a"].map(|name| EventType::parse(name).unwrap()).to_vec();
        let (replay, progress) = (
            ReplayId::new(4),
            ReplayProgress {
                total: 5,
                sent: 2,
                refused: 1,
            },
        );
        let stream = AlertedStream {
            id: destination,
            kind,
            name: name(),
        };
        let since = Timestamp::from_unix_ms(0);
        events.extend([
            InstanceEvent::new(
                Subject::destination(destination, kind, name()),
                Action::EventTypesAdded {
                    list: FilterKind::Allow,
                    types: types(),
                },
            ),
            InstanceEvent::new(
                Subject::destination(destination, kind, name()),
                Action::EventTypesRemoved {
                    list: FilterKind::Deny,
                    types: types(),
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
                Action::ReplayStarted {
                    replay,
                    request: replay_request(),
                    total: 5,
                },
            ),
            InstanceEvent::new(
                Subject::destination(destination, kind, name()),
                Action::ReplayCancelled { replay, progress },
            ),
            InstanceEvent::new(
                Subject::destination(destination, kind, name()),
                Action::ReplayFinished { replay, progress },
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
                Action::ParkedEventsRetried {
                    chosen: vec![Seq::new(4), Seq::new(7)],
                    count: 2,
                },
            ),
            InstanceEvent::new(
                Subject::destination(destination, kind, name()),
                Action::ParkedEventsDiscarded {
                    chosen: Vec::new(),
                    count: 4,
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
                Action::StreamTest,
            ),
            InstanceEvent::new(Subject::destination(None, kind, name()), Action::StreamTest),
            InstanceEvent::new(
                Subject::destination(Some(destination), kind, name()),
                Action::StreamTested {
                    place: "the place".into(),
                    is_verified: true,
                },
            ),
            InstanceEvent::new(
                Subject::destination(None, kind, name()),
                Action::StreamTested {
                    place: "the place".into(),
                    is_verified: true,
                },
            ),
            InstanceEvent::alert(AlertNews::StreamFailing {
                stream: stream.clone(),
                since,
                failure: StreamFailure::Refusing("Answered 422.".into()),
                waiting: 42,
                notified_at: at_ten_minutes(),
            }),
            InstanceEvent::alert(AlertNews::StreamRecovered {
                stream: stream.clone(),
                since,
                failed_for: Duration::from_secs(720),
            }),
            InstanceEvent::alert(AlertNews::EventsParked {
                stream: stream.clone(),
                newly: 3,
                parked: 9,
                reason: "Answered 422.".into(),
            }),
            InstanceEvent::alert(AlertNews::LogNearingLimit {
                undelivered_percent: 81,
                limit: LogSize::DEFAULT,
                held_back_by: Some(stream),
            }),
        ]);
    }
    events.extend([
        InstanceEvent::alert(AlertNews::LogNearingLimit {
            undelivered_percent: 81,
            limit: LogSize::DEFAULT,
            held_back_by: None,
        }),
        InstanceEvent::alert(AlertNews::EventsPrunedEarly {
            newly: 3,
            limit: LogSize::DEFAULT,
            days: RetentionDays::DEFAULT,
        }),
    ]);
    let holders = [
        CertificateHolder::Listener,
        CertificateHolder::CaFile,
        CertificateHolder::ClientCa,
    ];
    events.extend(holders.map(|holder| {
        InstanceEvent::alert(AlertNews::InstanceCertificateExpiring {
            holder,
            name: "CN=Example \\ \"x\"".into(),
            expires_at: at_ten_minutes(),
            notified_at: Timestamp::from_unix_ms(0),
        })
    }));
    events
}

fn at_ten_minutes() -> Timestamp {
    Timestamp::from_unix_ms(600_000)
}
