//! The health of a stream as text.

use domain::{
    Timestamp,
    view::{HealthView, StateName, TroubleCode},
};

use crate::{
    model::{
        moment::{Viewpoint, clock_text, until_text},
        text::{counted, grouped, quantity},
    },
    ui::Tone,
};

/// What the page says about the health of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HealthText {
    pub(crate) tone: Tone,
    /// A few words that can stand alone.
    pub(crate) headline: String,
    /// Phrases.
    pub(crate) details: Vec<String>,
    /// `7 parked`; a link to these events.
    pub(crate) parked: Option<String>,
    /// What an administrator can do.
    pub(crate) next_step: Option<String>,
}

impl HealthText {
    /// Without a viewpoint, times of day are in UTC. Unless it `counts_down`, the text says when the next try is, not how long until then.
    pub(crate) fn new(health: &HealthView, now: Timestamp, viewpoint: Option<Viewpoint>, counts_down: bool) -> Self {
        let (mut tone, mut headline) = headline(health, viewpoint);
        let has_refused = health.retrying + health.parked > 0;
        if has_refused && tone < Tone::Warning {
            if is_calm(health.state) {
                "Some events rejected".clone_into(&mut headline);
            }
            tone = Tone::Warning;
        }
        Self {
            tone,
            headline,
            details: details(health, now, viewpoint, counts_down),
            parked: (health.parked > 0).then(|| quantity(health.parked, "parked")),
            next_step: health.next_step.clone(),
        }
    }
}

/// Whether an administrator has to look at the stream: it fails, or events were refused.
pub(crate) const fn needs_attention(health: &HealthView) -> bool {
    matches!(health.state, StateName::Refusing | StateName::Retrying) || health.retrying + health.parked > 0
}

/// Streams that fail come first, then those with refused events.
pub(crate) const fn rank(health: &HealthView) -> u8 {
    match health.state {
        StateName::Refusing | StateName::Retrying => 0,
        _ if needs_attention(health) => 1,
        _ => 2,
    }
}

/// Whether events wait that could be delivered or are kept.
pub(crate) const fn is_behind(state: StateName) -> bool {
    matches!(
        state,
        StateName::CatchingUp | StateName::Refusing | StateName::Retrying | StateName::Paused
    )
}

const fn is_calm(state: StateName) -> bool {
    matches!(state, StateName::NothingToSend | StateName::Healthy)
}

fn headline(health: &HealthView, viewpoint: Option<Viewpoint>) -> (Tone, String) {
    let (tone, headline) = match (health.state, health.trouble_code) {
        (StateName::NothingToSend, _) => (Tone::Quiet, "Nothing to send yet"),
        (StateName::Starting, _) => (Tone::Quiet, "Starting"),
        (StateName::Healthy, _) => (Tone::Good, "Healthy"),
        (StateName::Inactive, _) => {
            let since = health
                .since
                .map(|since| format!("Inactive since {}", clock_text(since, viewpoint)));
            return (Tone::Quiet, since.unwrap_or_else(|| "Inactive".to_owned()));
        }
        (StateName::Paused, _) => (Tone::Quiet, "Paused"),
        (StateName::CatchingUp, _) => (Tone::Busy, "Catching up"),
        (StateName::Refusing, _) => (Tone::Bad, "Rejecting events"),
        (StateName::Retrying, Some(code)) if !is_passing(code) => (Tone::Bad, lasting_headline(code)),
        (StateName::Retrying, _) => {
            let since = health
                .since
                .map(|since| format!("Retrying since {}", clock_text(since, viewpoint)));
            return (Tone::Warning, since.unwrap_or_else(|| "Retrying".to_owned()));
        }
    };
    (tone, headline.to_owned())
}

/// Whether it may end without an administrator.
const fn is_passing(code: TroubleCode) -> bool {
    matches!(code, TroubleCode::Unreached | TroubleCode::Unavailable)
}

const fn lasting_headline(code: TroubleCode) -> &'static str {
    match code {
        TroubleCode::Unreached | TroubleCode::Unavailable => "Retrying",
        TroubleCode::AuthenticationFailing => "Authentication failing",
        TroubleCode::EndpointNotFound => "Endpoint not found",
        TroubleCode::Moved => "Endpoint moved",
        TroubleCode::Blocked => "Blocked by network rules",
        TroubleCode::EverythingRefused => "Every event rejected",
        TroubleCode::TooManyRefused => "Rejecting too many events",
    }
}

fn details(health: &HealthView, now: Timestamp, viewpoint: Option<Viewpoint>, counts_down: bool) -> Vec<String> {
    let mut details = Vec::new();
    details.extend(trouble(health));
    let is_in_headline = health.state == StateName::Retrying && health.trouble_code.is_none_or(is_passing);
    if let (Some(since), false) = (health.since, is_in_headline || health.state == StateName::Inactive) {
        details.push(format!("since {}", clock_text(since, viewpoint)));
    }
    details.extend(health.next_probe_at.map(|at| next_try(at, now, viewpoint, counts_down)));
    details.extend(health.waiting.map(|waiting| quantity(waiting, "waiting")));
    details.extend(
        health
            .not_sent
            .map(|events| format!("{} not sent", counted(events, "event").replace(' ', "\u{a0}"))),
    );
    if let (Some(oldest), true) = (health.oldest_waiting_at, is_behind(health.state)) {
        details.push(format!("{}\u{a0}behind", ago(oldest, now)));
    }
    details.extend(last_delivered(health, now));
    if health.retrying > 0 {
        details.push(format!("{}, retrying", quantity(health.retrying, "rejected")));
    }
    details
}

/// What happened, without repeating the headline.
fn trouble(health: &HealthView) -> Option<String> {
    match (health.trouble_code, health.status) {
        (Some(TroubleCode::Blocked), _) => Some("nothing is sent".to_owned()),
        (Some(TroubleCode::TooManyRefused), _) => Some("no more rejected events are kept".to_owned()),
        (Some(code), Some(status)) if !is_passing(code) => Some(format!("{status} from server")),
        _ => health
            .trouble
            .as_ref()
            .map(|trouble| trouble.trim_end_matches('.').to_owned()),
    }
}

fn next_try(at: Timestamp, now: Timestamp, viewpoint: Option<Viewpoint>, counts_down: bool) -> String {
    match (viewpoint, until_text(at, now)) {
        (Some(_), None) => "trying now".to_owned(),
        (Some(_), Some(wait)) if counts_down => format!("next try in {wait}"),
        _ => format!("next try at {}", clock_text(at, viewpoint)),
    }
}

fn last_delivered(health: &HealthView, now: Timestamp) -> Option<String> {
    match (health.state, health.last_success_at) {
        (StateName::Starting | StateName::NothingToSend, _) => None,
        (_, Some(at)) => Some(format!("last delivered {} ago", ago(at, now))),
        (StateName::Inactive | StateName::Paused | StateName::Refusing | StateName::Retrying, None) => {
            Some("nothing delivered yet".to_owned())
        }
        (StateName::Healthy | StateName::CatchingUp, None) => None,
    }
}

/// `3 s`, `4 min`, `2 h`, `3 d`: how long ago that was.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.since(at).as_secs() {
        seconds @ 0..=99 => quantity(seconds, "s"),
        seconds @ 100..=5_999 => quantity(seconds / 60, "min"),
        seconds @ 6_000..=172_799 => quantity(seconds / 3_600, "h"),
        seconds => quantity(seconds / 86_400, "d"),
    }
}

/// Average over the last whole minutes: `120/min`.
pub(super) fn rate(per_minute: &[u32]) -> String {
    const MINUTES: usize = 10;
    // The current minute is not over.
    let whole = per_minute.iter().rev().skip(1).take(MINUTES);
    let sum: u64 = whole.map(|count| u64::from(*count)).sum();
    match (sum, sum / 10) {
        (1.., 0) => "<1/min".to_owned(),
        (_, rate) => format!("{}/min", grouped(rate)),
    }
}

#[cfg(test)]
mod tests;
