use domain::{
    destination::DestinationKind,
    health::{Inactive, StreamFacts, StreamHealth},
    policy::Trouble,
};

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn now() -> Timestamp {
    at("2026-03-03T10:00:00Z")
}

fn view(health: &StreamHealth, facts: &StreamFacts) -> HealthView {
    HealthView::new(DestinationKind::Http, health, facts)
}

fn retrying(trouble: Trouble) -> StreamHealth {
    StreamHealth::Retrying {
        trouble,
        since: at("2026-03-03T09:42:00Z"),
        next_probe_at: at("2026-03-03T10:00:38Z"),
        waiting: 4_210,
        stuck_seq: None,
    }
}

fn viewpoint() -> Option<Viewpoint> {
    Some(Viewpoint {
        now: now(),
        offset_minutes: 60,
    })
}

fn text_of(health: &HealthView) -> HealthText {
    HealthText::new(health, now(), viewpoint(), true)
}

/// In one line.
fn joined(text: &HealthText) -> String {
    let parts = std::iter::once(&text.headline).chain(&text.details).chain(&text.parked);
    parts.map(String::as_str).collect::<Vec<_>>().join(" · ")
}

/// With ordinary spaces, as it is read.
fn line(health: &StreamHealth, facts: &StreamFacts) -> String {
    joined(&text_of(&view(health, facts))).replace('\u{a0}', " ")
}

#[test]
fn calm_states_are_short() {
    let nothing = StreamFacts::default();
    let healthy = StreamHealth::Healthy { last_success_at: None };
    assert_eq!(line(&healthy, &nothing), "Healthy");
    assert_eq!(line(&StreamHealth::NothingToSend, &nothing), "Nothing to send yet");
    assert_eq!(
        line(&StreamHealth::CatchingUp { waiting: 4_210 }, &nothing),
        "Catching up · 4,210 waiting"
    );
    assert_eq!(
        line(&StreamHealth::Paused { waiting: 7 }, &nothing),
        "Paused · 7 waiting · nothing delivered yet"
    );
}

#[test]
fn an_inactive_stream_says_since_when_and_what_it_misses() {
    let facts = StreamFacts {
        inactive: Some(Inactive {
            since: at("2026-03-03T07:45:00Z"),
            not_sent: 1_204,
        }),
        ..StreamFacts::default()
    };
    assert_eq!(
        line(&StreamHealth::Inactive, &facts),
        "Inactive since 08:45 · 1,204 events not sent · nothing delivered yet"
    );
}

#[test]
fn a_retry_counts_down_in_the_readers_zone() {
    let health = retrying(Trouble::Unavailable(503));
    let facts = StreamFacts {
        last_success_at: Some(at("2026-03-03T09:41:00Z")),
        oldest_waiting_at: Some(at("2026-03-03T09:42:00Z")),
        parked: 2,
        ..StreamFacts::default()
    };
    assert_eq!(
        line(&health, &facts),
        "Retrying since 10:42 · 503 from server · next try in 38 s · 4,210 waiting · 18 min behind · \
         last delivered 19 min ago · 2 parked"
    );
    let in_utc = joined(&HealthText::new(&view(&health, &facts), now(), None, true));
    assert!(
        in_utc.starts_with("Retrying since 2026-03-03 09:42 UTC · 503 from server · next try at 2026-03-03 10:00 UTC"),
        "{in_utc}"
    );
    let out_of_sight = joined(&HealthText::new(&view(&health, &facts), now(), viewpoint(), false));
    assert!(
        out_of_sight.starts_with("Retrying since 10:42 · 503 from server · next try at 11:00 · "),
        "{out_of_sight}"
    );
}

#[test]
fn numbers_are_not_parted_from_their_units() {
    let health = view(&retrying(Trouble::Unavailable(503)), &StreamFacts::default());
    let line = joined(&text_of(&health));
    assert!(
        line.contains("38\u{a0}s") && line.contains("4,210\u{a0}waiting"),
        "{line:?}"
    );
}

#[test]
fn what_needs_a_person_is_bad_and_says_what_to_do() {
    for (trouble, headline) in [
        (
            Trouble::AuthenticationFailing(401),
            "Authentication failing · 401 from server · since 10:42",
        ),
        (Trouble::EndpointNotFound(404), "Endpoint not found · 404 from server"),
        (Trouble::Moved(301), "Endpoint moved · 301 from server"),
        (Trouble::Blocked, "Blocked by network rules · nothing is sent"),
        (
            Trouble::EverythingRefused(422),
            "Every event rejected · 422 from server",
        ),
        (
            Trouble::TooManyRefused,
            "Rejecting too many events · no more rejected events are kept",
        ),
    ] {
        let health = retrying(trouble);
        let line = line(&health, &StreamFacts::default());
        assert!(line.starts_with(headline), "{line}");
        let text = text_of(&view(&health, &StreamFacts::default()));
        assert_eq!((text.tone, text.next_step.is_some()), (Tone::Bad, true));
    }
    let refusing = StreamHealth::Refusing {
        since: at("2026-03-03T09:42:00Z"),
        reason: "Answered 422 Unprocessable Entity.".into(),
        events: 2,
        waiting: 3,
    };
    assert_eq!(
        line(&refusing, &StreamFacts::default()),
        "Rejecting events · Answered 422 Unprocessable Entity · since 10:42 · 3 waiting · nothing delivered yet"
    );
}

#[test]
fn a_stream_with_refused_events_is_not_green() {
    let healthy = StreamHealth::Healthy {
        last_success_at: Some(at("2026-03-03T09:59:57Z")),
    };
    let parked = StreamFacts {
        parked: 2,
        ..StreamFacts::default()
    };
    let refused = StreamFacts {
        last_success_at: Some(at("2026-03-03T09:59:57Z")),
        retrying: 1,
        ..StreamFacts::default()
    };
    assert_eq!(line(&healthy, &parked), "Some events rejected · 2 parked");
    assert_eq!(
        line(&healthy, &refused),
        "Some events rejected · last delivered 3 s ago · 1 rejected, retrying"
    );
    let inactive = line(&StreamHealth::Inactive, &parked);
    assert_eq!(inactive, "Inactive · nothing delivered yet · 2 parked");
    for health in [
        healthy,
        StreamHealth::CatchingUp { waiting: 1 },
        StreamHealth::Paused { waiting: 1 },
        StreamHealth::Inactive,
    ] {
        for facts in [&parked, &refused] {
            let view = view(&health, facts);
            assert_eq!(text_of(&view).tone, Tone::Warning, "{health:?}");
            assert!(needs_attention(&view));
        }
        assert!(!needs_attention(&view(&health, &StreamFacts::default())));
    }
    assert!(needs_attention(&view(
        &retrying(Trouble::Blocked),
        &StreamFacts::default()
    )));
}

#[test]
fn how_long_ago_is_in_the_unit_that_fits() {
    let at = |ms| Timestamp::from_unix_ms(ms);
    let ages = [
        (1_900, "1 s"),
        (120_000, "2 min"),
        (7_200_000, "2 h"),
        (300_000_000, "3 d"),
    ];
    for (age, text) in ages {
        assert_eq!(ago(at(0), at(age)).replace('\u{a0}', " "), text);
    }
    assert_eq!(ago(at(5_000), at(0)).replace('\u{a0}', " "), "0 s", "clocks differ");
}

#[test]
fn the_rate_is_that_of_ten_whole_minutes() {
    let mut minutes = vec![600; 30];
    minutes.push(9_999);
    assert_eq!(rate(&minutes), "600/min");
    assert_eq!(rate(&[0, 1, 0]), "<1/min");
    assert_eq!(rate(&[]), "0/min");
}
