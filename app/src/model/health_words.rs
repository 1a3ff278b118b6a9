//! The health of a stream in words.

use domain::{
    Timestamp,
    delivery::{Reason, advice},
    destination::DestinationKind,
    health::StreamHealth,
    policy::Trouble,
};

use super::{
    moment::{Viewpoint, clock_text, until_text},
    text::grouped,
};

/// How serious it is; always shown with an icon and a word beside the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Quiet,
    Busy,
    Warning,
    Bad,
}

/// What is said about a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthWords {
    pub tone: Tone,
    /// A few words that stand alone.
    pub headline: String,
    /// More, each a phrase.
    pub details: Vec<String>,
    /// What its administrator can do, when there is something.
    pub next_step: Option<&'static str>,
}

/// Without a viewpoint (on the server) times are in UTC; with one, in the reader's zone and counted down.
pub fn health_words(kind: DestinationKind, health: &StreamHealth, viewpoint: Option<Viewpoint>) -> HealthWords {
    match health {
        StreamHealth::NothingToSend => calm(Tone::Quiet, "Nothing to send yet"),
        StreamHealth::Starting => calm(Tone::Quiet, "Starting"),
        StreamHealth::Healthy { .. } => calm(Tone::Good, "Healthy"),
        StreamHealth::Inactive => calm(Tone::Quiet, "Inactive"),
        StreamHealth::Paused { waiting } => HealthWords {
            details: vec![waiting_text(*waiting)],
            ..calm(Tone::Quiet, "Paused")
        },
        StreamHealth::CatchingUp { waiting } => HealthWords {
            details: vec![waiting_text(*waiting)],
            ..calm(Tone::Busy, "Catching up")
        },
        StreamHealth::Refusing {
            since, reason, waiting, ..
        } => HealthWords {
            tone: Tone::Bad,
            headline: "Refusing events".to_owned(),
            details: vec![
                reason.trim_end_matches('.').to_owned(),
                format!("since {}", clock_text(*since, viewpoint)),
                waiting_text(*waiting),
            ],
            next_step: Some(advice(kind, Reason::Refusing)),
        },
        &StreamHealth::Retrying {
            trouble,
            since,
            next_probe_at,
            waiting,
            ..
        } => {
            let (tone, headline) = retrying_headline(trouble, since, viewpoint);
            let mut details = vec![phrase(trouble)];
            if tone == Tone::Bad {
                details.push(format!("since {}", clock_text(since, viewpoint)));
            }
            details.push(next_try(next_probe_at, viewpoint));
            details.push(waiting_text(waiting));
            HealthWords {
                tone,
                headline,
                details,
                next_step: Some(advice(kind, trouble.into())),
            }
        }
    }
}

fn calm(tone: Tone, headline: &str) -> HealthWords {
    HealthWords {
        tone,
        headline: headline.to_owned(),
        details: Vec::new(),
        next_step: None,
    }
}

fn retrying_headline(trouble: Trouble, since: Timestamp, viewpoint: Option<Viewpoint>) -> (Tone, String) {
    let lasting = match trouble {
        Trouble::Unreached(_) | Trouble::Unavailable(_) => {
            return (
                Tone::Warning,
                format!("Retrying since {}", clock_text(since, viewpoint)),
            );
        }
        Trouble::AuthenticationFailing(_) => "Authentication failing",
        Trouble::EndpointNotFound(_) => "Endpoint not found",
        Trouble::Moved(_) => "Endpoint moved",
        Trouble::Blocked => "Blocked by network rules",
        Trouble::EverythingRefused(_) => "Every event refused",
        Trouble::TooManyRefused => "Refusing too many events",
    };
    (Tone::Bad, lasting.to_owned())
}

/// What happened, without repeating the headline.
fn phrase(trouble: Trouble) -> String {
    match trouble {
        Trouble::AuthenticationFailing(status)
        | Trouble::EndpointNotFound(status)
        | Trouble::Moved(status)
        | Trouble::EverythingRefused(status) => format!("{status} from server"),
        Trouble::TooManyRefused => "no more refused events are kept".to_owned(),
        Trouble::Blocked => "nothing is sent".to_owned(),
        Trouble::Unreached(_) | Trouble::Unavailable(_) => trouble.to_string(),
    }
}

fn next_try(at: Timestamp, viewpoint: Option<Viewpoint>) -> String {
    match viewpoint {
        None => format!("next try at {}", clock_text(at, None)),
        Some(viewpoint) => match until_text(at, viewpoint.now) {
            Some(wait) => format!("next try in {wait}"),
            None => "trying now".to_owned(),
        },
    }
}

fn waiting_text(waiting: u64) -> String {
    format!("{} waiting", grouped(waiting))
}

#[cfg(test)]
mod tests {
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
}
