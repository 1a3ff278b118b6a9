//! Sending stored events again: what is to be sent, first counted and then started; the running replay; and previous ones.

mod form;
mod range_text;
mod running;
mod state;
mod text;

use domain::{
    ids::{DestinationId, ReplayId},
    replay::ReplayState,
    view::ReplayView,
};
use leptos::prelude::*;

use self::{form::ReplayForm, range_text::RangeText, running::Running, state::FormState, text::progress_text};
use super::server_fns::list_replays;
use crate::ui::{LinesSkeleton, Live, Moment, Refresh};

#[component]
pub(super) fn Replays(id: DestinationId) -> impl IntoView {
    let refresh = Refresh::new();
    // Kept here, so that what is typed survives a replay that runs meanwhile.
    let state = RwSignal::new(FormState::default());
    view! {
        <section aria-label="Replay">
            <h3>"Replay"</h3>
            <p class="quiet">
                "Resends stored events to this destination, marked as replayed. Live events take priority. Times are in \
                 your time zone."
            </p>
            <Live
                source=()
                ask=move |(), known| list_replays(id, known)
                what="The replays can't be shown."
                skeleton=|| view! { <LinesSkeleton lines=3 /> }
                refresh
                view=move |replays| view! { <Shown id replays state refresh /> }.into_any()
            />
        </section>
    }
}

#[component]
fn Shown(
    id: DestinationId,
    replays: Signal<Vec<ReplayView>>,
    state: RwSignal<FormState>,
    refresh: Refresh,
) -> impl IntoView {
    let running = Memo::new(move |_| replays.with(|replays| replays.iter().find(|replay| is_running(replay)).cloned()));
    let running_id = Memo::new(move |_| running.with(|running| running.as_ref().map(|running| running.id)));
    view! {
        {move || match running_id.get() {
            Some(replay) => view! { <Running id replay running refresh /> }.into_any(),
            None => view! { <ReplayForm id state refresh /> }.into_any(),
        }}
        <Previous replays />
    }
}

fn is_running(replay: &ReplayView) -> bool {
    replay.state == ReplayState::Running
}

#[component]
fn Previous(replays: Signal<Vec<ReplayView>>) -> impl IntoView {
    let ended = Memo::new(move |_| {
        replays.with(|replays| {
            replays
                .iter()
                .filter(|replay| !is_running(replay))
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let is_any = Memo::new(move |_| ended.with(|ended| !ended.is_empty()));
    let key = |replay: &ReplayView| -> ReplayId { replay.id };
    view! {
        <Show when=move || is_any.get()>
            <details class="more">
                <summary>"Previous replays"</summary>
                <ol class="previous-replays">
                    <For each=move || ended.get() key=key children=|replay| view! { <Ended replay /> } />
                </ol>
            </details>
        </Show>
    }
}

#[component]
fn Ended(replay: ReplayView) -> impl IntoView {
    let state = match replay.state {
        ReplayState::Cancelled => "Cancelled",
        ReplayState::Finished | ReplayState::Running => "Finished",
    };
    let progress = progress_text(&replay);
    let ended_at = replay.ended_at.map(|at| view! { ", ended " <Moment at /> });
    let started = format!("Replay {} · started by {} ", replay.id, replay.created_by);
    let created_at = replay.created_at;
    view! {
        <li>
            <p>
                <strong>{state} ": " {progress}</strong>
                <RangeText replay />
            </p>
            <p class="quiet">{started} <Moment at=created_at /> {ended_at}</p>
        </li>
    }
}
