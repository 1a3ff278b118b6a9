use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
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
        now: at("2026-03-03T10:00:00Z"),
        offset_minutes: 60,
    })
}

fn line(health: &StreamHealth, viewpoint: Option<Viewpoint>) -> String {
    let words = health_words(DestinationKind::Http, health, viewpoint);
    std::iter::once(words.headline)
        .chain(words.details)
        .collect::<Vec<_>>()
        .join(" · ")
}

#[test]
fn calm_states_are_short() {
    let healthy = StreamHealth::Healthy {
        last_success_at: Some(at("2026-03-03T09:42:00Z")),
    };
    assert_eq!(line(&healthy, None), "Healthy");
    assert_eq!(line(&StreamHealth::NothingToSend, None), "Nothing to send yet");
    assert_eq!(
        line(&StreamHealth::CatchingUp { waiting: 4_210 }, None),
        "Catching up · 4,210 waiting"
    );
}

#[test]
fn a_destination_that_refuses_everything_says_so_with_the_last_reason() {
    let refusing = StreamHealth::Refusing {
        since: at("2026-03-03T09:42:00Z"),
        reason: "Answered 422 Unprocessable Entity.".into(),
        events: 2,
        waiting: 3,
    };
    assert_eq!(
        line(&refusing, viewpoint()),
        "Refusing events · Answered 422 Unprocessable Entity · since 10:42 · 3 waiting"
    );
    let words = health_words(DestinationKind::Http, &refusing, None);
    assert_eq!((words.tone, words.next_step.is_some()), (Tone::Bad, true));
}

#[test]
fn a_retry_counts_down_in_the_readers_zone() {
    let unavailable = retrying(Trouble::Unavailable(503));
    assert_eq!(
        line(&unavailable, viewpoint()),
        "Retrying since 10:42 · 503 from server · next try in 38 s · 4,210 waiting"
    );
    assert_eq!(
        line(&unavailable, None),
        "Retrying since 2026-03-03 09:42 UTC · 503 from server · next try at 2026-03-03 10:00 UTC · 4,210 waiting"
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
        (Trouble::EverythingRefused(422), "Every event refused · 422 from server"),
        (
            Trouble::TooManyRefused,
            "Refusing too many events · no more refused events are kept",
        ),
    ] {
        assert!(
            line(&retrying(trouble), viewpoint()).starts_with(headline),
            "{trouble:?}"
        );
        let words = health_words(DestinationKind::Http, &retrying(trouble), viewpoint());
        assert_eq!((words.tone, words.next_step.is_some()), (Tone::Bad, true));
    }
}

#[test]
fn the_next_step_is_for_the_kind_of_the_destination() {
    let unreachable = retrying(Trouble::AuthenticationFailing(403));
    for kind in DestinationKind::ALL {
        let words = health_words(kind, &unreachable, viewpoint());
        let expected = advice(kind, Trouble::AuthenticationFailing(403).into());
        assert_eq!(words.next_step, Some(expected));
    }
}
