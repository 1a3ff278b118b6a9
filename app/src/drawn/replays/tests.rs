use domain::{Timestamp, ids::ReplayId, policy::Trouble, replay::ReplayDraft};

use super::*;
use crate::port::replays::CountedReplay;

const NOW: Timestamp = Timestamp::from_unix_ms(1_772_000_000_000);
const READER: Reader = Reader {
    now: NOW,
    offset_minutes: None,
};

fn request() -> ReplayRequest {
    let draft = ReplayDraft {
        created_after: "2026-02-01".into(),
        created_before: "2026-02-02".into(),
        event_types: vec!["b<".into(), "a".into()],
    };
    draft.parse(NOW).unwrap()
}

fn replay(state: ReplayState, waits: Option<ReplayWait>) -> ReplaySummary {
    ReplaySummary {
        id: ReplayId::new(7),
        request: request(),
        state,
        progress: ReplayProgress {
            total: 1_204,
            sent: 412,
            refused: 1,
        },
        waits,
        last_error: None,
        created_by: "root".into(),
        created_at: NOW,
        ended_at: (state != ReplayState::Running).then_some(NOW),
    }
}

fn html(replays: &Replays) -> String {
    draw_replays(DestinationId::new(3), replays, READER).to_html()
}

#[test]
fn what_was_counted_is_started_as_it_was_counted() {
    let replays = |events| Replays {
        counted: Some(CountedReplay {
            request: request(),
            events,
            unknown_types: vec!["b<".into()],
        }),
        all: Vec::new(),
    };
    let drawn = html(&replays(1_204));
    assert!(drawn.contains("1,204 events"), "{drawn}");
    assert!(drawn.contains("Unknown event types: b&lt;."), "{drawn}");
    for value in ["2026-02-01T00:00:00.000Z", "2026-02-02T23:59:59.999Z", "a, b&lt;"] {
        assert!(drawn.contains(&format!("value=\"{value}\"")), "{value}: {drawn}");
    }
    let again = ReplayDraft {
        created_after: "2026-02-01T00:00:00.000Z".into(),
        created_before: "2026-02-02T23:59:59.999Z".into(),
        event_types: vec!["a".into(), "b<".into()],
    };
    assert_eq!(again.parse(NOW), Ok(request()));
    assert!(drawn.contains("Start replay") && !html(&replays(0)).contains("Start replay"));
}

#[test]
fn a_running_one_says_how_far_it_is_and_what_it_waits_for() {
    let retrying = ReplayWait::StreamRetrying(Trouble::Unavailable(503));
    let all = vec![
        replay(ReplayState::Running, Some(retrying)),
        replay(ReplayState::Cancelled, None),
    ];
    let drawn = html(&Replays { counted: None, all });
    for words in [
        "412 of 1,204 events sent, 1 refused",
        "Waits until the destination accepts",
        "Cancel replay",
        "Cancelled: 412",
    ] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    assert!(!drawn.contains("Count events"), "one at a time");
}
