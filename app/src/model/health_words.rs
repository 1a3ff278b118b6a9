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
mod tests;
