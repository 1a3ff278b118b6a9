//! How a stream is doing, and its switches: the part of its row that changes by itself.

use domain::{
    Timestamp,
    health::{StreamFacts, StreamHealth},
};
use leptos::prelude::*;

use super::{
    chart::spark,
    parts::{Reader, ago, command_button, tone_class, tone_icon},
};
use crate::{
    model::{
        health_words::{HealthWords, Tone, health_words},
        text::{counted, grouped},
    },
    port::streams::{StreamCommand, StreamSummary},
    ui::Icon,
    wire::DestinationView,
};

/// Whole minutes over which the rate is averaged.
const RATE_MINUTES: usize = 10;

/// The row of a stream, drawn for a reader whose zone is so many minutes ahead of UTC, if that is known.
pub(crate) fn draw_stream(stream: StreamSummary, now: Timestamp, offset_minutes: Option<i32>) -> DestinationView {
    let reader = Reader { now, offset_minutes };
    let status = draw_status(&stream, reader).to_html();
    DestinationView {
        id: stream.id,
        version: stream.version,
        draft: stream.draft.without_secrets(),
        unknown_types: stream.unknown_types,
        status,
    }
}

fn draw_status(stream: &StreamSummary, reader: Reader) -> AnyView {
    let words = words_of(stream, reader);
    let is_retrying = matches!(stream.health, StreamHealth::Retrying { .. });
    let next_step = words
        .next_step
        .map(|next_step| view! { <p class="health-next">{next_step}</p> });
    let retry = is_retrying.then(|| {
        let button = view! {
            <button type="submit" class="button button-small" aria-label=format!("Retry now: {}", stream.draft.name)>
                <Icon icon=icondata_lu::LuRotateCw />
                "Retry now"
            </button>
        };
        command_button(stream.id, "retry", StreamCommand::RetryNow, button.into_any())
    });
    view! {
        <div class="stream-health">
            <div class="health-words">{draw_words(&words)} {next_step}</div>
            {retry} {draw_park(stream)}
        </div>
        <div class="stream-rate">{draw_rate(&stream.facts)}</div>
        <div class="stream-commands">{draw_switches(stream)}</div>
    }
    .into_any()
}

/// Of a stream that is stuck at one event.
fn draw_park(stream: &StreamSummary) -> AnyView {
    let StreamHealth::Retrying {
        stuck_seq: Some(seq), ..
    } = stream.health
    else {
        return ().into_any();
    };
    let (id, label) = (stream.id, format!("Park this event ({seq}): {}", stream.draft.name));
    let title = format!(
        "Park the event at position {seq} of the log, with which the last request failed, and go on without it"
    );
    view! {
        <form id=format!("park-{id}") method="post" action="/api/page/streams/park_event" class="drawn-form">
            <input type="hidden" name="id" value=id.get() />
            <input type="hidden" name="seq" value=seq.get() />
            <button type="submit" class="button button-small" aria-label=label title=title>
                {format!("Park this event ({seq})")}
            </button>
        </form>
    }
    .into_any()
}

/// Icon, headline and details in one line.
pub(super) fn draw_words(words: &HealthWords) -> AnyView {
    let details = words.details.join(" · ");
    let separator = if details.is_empty() { "" } else { " · " };
    view! {
        <p class=tone_class(words.tone)>
            {tone_icon(words.tone)}
            <span>
                <strong>{words.headline.clone()}</strong>
                {separator}
                {details}
            </span>
        </p>
    }
    .into_any()
}

/// The health in words, with what else is worth knowing.
pub(super) fn words_of(stream: &StreamSummary, reader: Reader) -> HealthWords {
    let mut words = health_words(stream.draft.kind(), &stream.health, reader.viewpoint());
    let facts = &stream.facts;
    let is_calm = matches!(
        stream.health,
        StreamHealth::NothingToSend | StreamHealth::Healthy { .. }
    );
    if is_calm && facts.retrying + facts.parked > 0 {
        (words.tone, words.headline) = (Tone::Warning, "Some events refused".to_owned());
    }
    if let (Some(oldest), true) = (facts.oldest_waiting_at, is_behind(&stream.health)) {
        words.details.push(format!("{} behind", ago(oldest, reader.now)));
    }
    match (&stream.health, facts.last_success_at) {
        (StreamHealth::Starting | StreamHealth::NothingToSend, _) => {}
        (_, Some(at)) => words
            .details
            .push(format!("last delivered {} ago", ago(at, reader.now))),
        (
            StreamHealth::Inactive
            | StreamHealth::Paused { .. }
            | StreamHealth::Refusing { .. }
            | StreamHealth::Retrying { .. },
            None,
        ) => {
            words.details.push("nothing delivered yet".to_owned());
        }
        _ => {}
    }
    words.details.extend(refused_words(facts));
    words
        .details
        .extend(full_words(facts.log_full_at, &stream.health, reader));
    words
}

const fn is_behind(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::CatchingUp { .. }
            | StreamHealth::Refusing { .. }
            | StreamHealth::Retrying { .. }
            | StreamHealth::Paused { .. }
    )
}

fn refused_words(facts: &StreamFacts) -> impl Iterator<Item = String> {
    let retried = (facts.retrying > 0).then(|| format!("{} refused, to be tried again", grouped(facts.retrying)));
    let parked = (facts.parked > 0).then(|| format!("{} parked", grouped(facts.parked)));
    retried.into_iter().chain(parked)
}

/// When the log would be full, if this stream keeps it from letting go of what is old.
fn full_words(at: Option<Timestamp>, health: &StreamHealth, reader: Reader) -> Option<String> {
    let at = at.filter(|_| is_behind(health))?;
    Some(match at <= reader.now {
        true => "the log is full".to_owned(),
        false => format!("at this rate the log is full in {}", ago(reader.now, at)),
    })
}

fn draw_rate(facts: &StreamFacts) -> AnyView {
    // The last one is not over yet.
    let minutes = facts.per_minute.len().saturating_sub(1);
    let whole = facts.per_minute.iter().take(minutes).rev().take(RATE_MINUTES);
    let sum: u64 = whole.map(|count| u64::from(*count)).sum();
    let all: u64 = facts.per_minute.iter().map(|count| u64::from(*count)).sum();
    let rate = match (sum, sum / 10) {
        (1.., 0) => "<1/min".to_owned(),
        (_, rate) => format!("{}/min", grouped(rate)),
    };
    let title = format!("{} delivered in the last 30 minutes", counted(all, "event"));
    view! {
        <span title=title.clone()>
            {spark(&facts.per_minute)}
            <span class="visually-hidden">{title.clone()}". "</span>
            <span class="stream-figure">{rate}</span>
        </span>
    }
    .into_any()
}

fn draw_switches(stream: &StreamSummary) -> AnyView {
    view! { {draw_pause(stream)} {draw_active(stream)} }.into_any()
}

fn draw_pause(stream: &StreamSummary) -> AnyView {
    if !stream.stream_state.active {
        return ().into_any();
    }
    let (command, label, icon) = match stream.stream_state.paused {
        true => (StreamCommand::Resume, "Resume", icondata_lu::LuPlay),
        false => (StreamCommand::Pause, "Pause", icondata_lu::LuPause),
    };
    let title = match stream.stream_state.paused {
        true => "Resume: send what was kept, and go on",
        false => "Pause: send nothing, and keep everything until it is resumed",
    };
    let button = view! {
        <button
            type="submit"
            class="icon-button"
            aria-label=format!("{label} {}", stream.draft.name)
            title=title
        >
            <Icon icon />
        </button>
    };
    command_button(stream.id, "pause", command, button.into_any())
}

fn draw_active(stream: &StreamSummary) -> AnyView {
    let is_active = stream.stream_state.active;
    let (command, title) = match is_active {
        true => (
            StreamCommand::Deactivate,
            "Switch off: what comes in meanwhile is never sent here",
        ),
        false => (StreamCommand::Activate, "Switch on: send what comes in from now on"),
    };
    let button = view! {
        <button
            type="submit"
            class="switch"
            role="switch"
            aria-checked=is_active.to_string()
            aria-label=format!("Active: {}", stream.draft.name)
            title=title
        >
            <span class="switch-track" aria-hidden="true"></span>
            "Active"
        </button>
    };
    command_button(stream.id, "active", command, button.into_any())
}

#[cfg(test)]
mod tests;
