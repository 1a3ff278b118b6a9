//! Sending a part of the log once more: what is to be sent, first counted and then started; how far that is; and what was.

mod form;

use std::time::Duration;

use domain::{
    event::EventType,
    ids::DestinationId,
    replay::{ReplayProgress, ReplayRequest, ReplayState, ReplayWait},
};
use leptos::prelude::*;

use self::form::draw_new;
use super::parts::{Reader, moment};
use crate::{
    model::text::{counted, grouped},
    port::replays::{ReplaySummary, Replays},
};

const CANCEL: &str = "/api/page/streams/cancel_replay";

/// The end of a range is shown, and sent, as its last moment.
const TICK: Duration = Duration::from_millis(1);

pub(super) fn draw_replays(id: DestinationId, replays: &Replays, reader: Reader) -> AnyView {
    let is_running = |replay: &&ReplaySummary| replay.state == ReplayState::Running;
    let now = match replays.all.iter().find(is_running) {
        Some(running) => draw_running(id, running, reader),
        None => draw_new(id, replays.counted.as_ref(), reader),
    };
    view! {
        <section id=format!("replay-{id}") aria-label="Replay">
            <h3>"Replay"</h3>
            <p class="quiet">
                "Sends events of the log to this destination once more, marked as a replay, beside its stream and never before it."
            </p>
            {now}
            {draw_ended(id, replays, reader)}
        </section>
    }
    .into_any()
}

/// ` of type a, b, created from … until …`.
fn draw_request(request: &ReplayRequest, reader: Reader) -> AnyView {
    let types = match types_text(request).as_str() {
        "" => String::new(),
        types => format!(" of type {types},"),
    };
    let (from, last) = (request.range.from(), request.range.before().minus(TICK));
    view! { {types} " created from " {moment(from, reader)} " until " {moment(last, reader)} }.into_any()
}

fn types_text(request: &ReplayRequest) -> String {
    let types: Vec<&str> = request.types.types().map(EventType::as_str).collect();
    types.join(", ")
}

fn draw_running(id: DestinationId, replay: &ReplaySummary, reader: Reader) -> AnyView {
    let ReplayProgress { total, sent, refused } = replay.progress;
    let words = progress_words(&replay.progress);
    let error = replay
        .last_error
        .clone()
        .map(|error| view! { <p class="quiet">{error}</p> });
    view! {
        <div id=format!("replay-run-{}", replay.id) class="replay-running">
            <p>
                <strong>{words.clone()}</strong>
                " · events"
                {draw_request(&replay.request, reader)}
            </p>
            <progress max=total.max(1) value=sent.saturating_add(refused) aria-label="Progress of the replay">
                {words}
            </progress>
            <p class="quiet">{wait_words(replay.waits.as_ref(), reader)}</p>
            {error}
            <form method="post" action=CANCEL class="drawn-form">
                <input type="hidden" name="id" value=id.get() />
                <input type="hidden" name="replay" value=replay.id.get() />
                <button type="submit" class="button button-small">
                    "Cancel replay"
                </button>
            </form>
        </div>
    }
    .into_any()
}

/// `412 of 1,204 events sent, 1 refused`.
fn progress_words(progress: &ReplayProgress) -> String {
    let ReplayProgress { total, sent, refused } = *progress;
    let refused = match refused {
        0 => String::new(),
        refused => format!(", {} refused", grouped(refused)),
    };
    format!("{} of {} sent{refused}", grouped(sent), counted(total, "event"))
}

fn wait_words(wait: Option<&ReplayWait>, reader: Reader) -> String {
    match wait {
        None => "Sending, one request at a time.".to_owned(),
        Some(ReplayWait::Inactive) => "Waits: the destination is not active.".to_owned(),
        Some(ReplayWait::Paused) => "Waits until the stream is resumed.".to_owned(),
        Some(ReplayWait::StreamStarting) => "Waits for the stream to start.".to_owned(),
        Some(ReplayWait::StreamRetrying(trouble)) => {
            format!("Waits until the destination accepts the stream's events again: {trouble}.")
        }
        Some(ReplayWait::StreamBehind(waiting)) => {
            format!(
                "Waits for the stream, which goes first: {} to go.",
                counted(*waiting, "event")
            )
        }
        Some(ReplayWait::Trouble {
            trouble, next_try_at, ..
        }) => format!("{trouble}; tried again at {}.", reader.text(*next_try_at)),
    }
}

fn draw_ended(id: DestinationId, replays: &Replays, reader: Reader) -> AnyView {
    let ended: Vec<AnyView> = replays
        .all
        .iter()
        .filter(|replay| replay.state != ReplayState::Running)
        .map(|replay| draw_one(replay, reader))
        .collect();
    if ended.is_empty() {
        return ().into_any();
    }
    view! {
        <details id=format!("replays-{id}") class="more">
            <summary>"Replays before"</summary>
            <ol class="attempts">{ended}</ol>
        </details>
    }
    .into_any()
}

fn draw_one(replay: &ReplaySummary, reader: Reader) -> AnyView {
    let state = match replay.state {
        ReplayState::Cancelled => "Cancelled",
        ReplayState::Finished | ReplayState::Running => "Finished",
    };
    view! {
        <li id=format!("replay-run-{}", replay.id)>
            <p>
                <strong>{format!("{state}: {}", progress_words(&replay.progress))}</strong>
                " · events"
                {draw_request(&replay.request, reader)}
            </p>
            <p class="quiet">
                {format!("Replay {} · started by {} ", replay.id, replay.created_by)}
                {moment(replay.created_at, reader)}
                {replay.ended_at.map(|ended_at| view! { ", ended " {moment(ended_at, reader)} })}
            </p>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests;
