use domain::{
    destination::{DestinationDraft, StreamState},
    ids::{DestinationId, Seq},
    policy::Trouble,
};

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn reader() -> Reader {
    Reader {
        now: at("2026-03-03T10:00:00Z"),
        offset_minutes: Some(0),
    }
}

fn stream(health: StreamHealth, facts: StreamFacts) -> StreamSummary {
    StreamSummary {
        id: DestinationId::new(3),
        version: 1,
        draft: DestinationDraft::http("SIEM", "https://siem.example/"),
        stream_state: StreamState::default(),
        health,
        facts,
        unknown_types: Vec::new(),
    }
}

fn line(health: StreamHealth, facts: StreamFacts) -> String {
    let words = words_of(&stream(health, facts), reader());
    std::iter::once(words.headline)
        .chain(words.details)
        .collect::<Vec<_>>()
        .join(" · ")
}

fn retrying() -> StreamHealth {
    StreamHealth::Retrying {
        trouble: Trouble::Unavailable(503),
        since: at("2026-03-03T09:42:00Z"),
        next_probe_at: at("2026-03-03T10:00:38Z"),
        waiting: 4_210,
        stuck_seq: None,
    }
}

#[test]
fn trouble_says_how_far_behind_the_stream_is_and_what_may_come_of_it() {
    let facts = StreamFacts {
        last_success_at: Some(at("2026-03-03T09:41:00Z")),
        oldest_waiting_at: Some(at("2026-03-03T09:42:00Z")),
        log_full_at: Some(at("2026-03-05T12:00:00Z")),
        parked: 2,
        ..StreamFacts::default()
    };
    assert_eq!(
        line(retrying(), facts),
        "Retrying since 09:42 · 503 from server · next try in 38 s · 4,210 waiting · 18 min behind · \
         last delivered 19 min ago · 2 parked · at this rate the log is full in 2 d"
    );
}

#[test]
fn a_calm_stream_says_when_it_last_delivered() {
    let at_noon = at("2026-03-03T09:59:57Z");
    let healthy = StreamHealth::Healthy {
        last_success_at: Some(at_noon),
    };
    let facts = StreamFacts {
        last_success_at: Some(at_noon),
        // Just on its way: not worth a word.
        oldest_waiting_at: Some(at_noon),
        retrying: 1,
        ..StreamFacts::default()
    };
    assert_eq!(
        line(healthy, facts),
        "Some events refused · last delivered 3 s ago · 1 refused, to be tried again"
    );
    let parked = StreamFacts {
        parked: 2,
        ..StreamFacts::default()
    };
    assert_eq!(
        line(StreamHealth::NothingToSend, parked),
        "Some events refused · 2 parked"
    );
    assert_eq!(
        line(StreamHealth::NothingToSend, StreamFacts::default()),
        "Nothing to send yet"
    );
    assert_eq!(
        line(StreamHealth::Paused { waiting: 7 }, StreamFacts::default()),
        "Paused · 7 waiting · nothing delivered yet"
    );
}

#[test]
fn what_is_typed_is_text_and_each_switch_says_what_it_does() {
    Owner::new().with(|| {
        let mut paused = stream(StreamHealth::Paused { waiting: 1 }, StreamFacts::default());
        paused.stream_state = StreamState {
            active: true,
            paused: true,
        };
        let html = draw_stream(paused, reader().now, None).status;
        assert!(
            html.contains(r#"value="resume""#) && html.contains(r#"value="deactivate""#),
            "{html}"
        );
        assert!(!html.contains("retry_now"), "{html}");
        let html = draw_stream(stream(retrying(), StreamFacts::default()), reader().now, None).status;
        assert!(
            html.contains("retry_now") && html.contains("2026-03-03 09:42 UTC"),
            "{html}"
        );
        assert!(!html.contains("park_event"), "{html}");
        let mut stuck = retrying();
        if let StreamHealth::Retrying { stuck_seq, .. } = &mut stuck {
            *stuck_seq = Some(Seq::new(17));
        }
        let html = draw_stream(stream(stuck, StreamFacts::default()), reader().now, None).status;
        assert!(
            html.contains("Park this event (17)") && html.contains(r#"name="seq" value="17""#),
            "{html}"
        );
        let mut inactive = stream(StreamHealth::Inactive, StreamFacts::default());
        inactive.stream_state.active = false;
        let html = draw_stream(inactive, reader().now, None).status;
        assert!(
            html.contains(r#"value="activate""#) && !html.contains("pause"),
            "{html}"
        );
    });
}
