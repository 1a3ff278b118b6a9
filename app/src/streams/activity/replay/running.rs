//! The replay that runs: how far it is, what it waits for, and how to end it.

use domain::{
    ids::{DestinationId, ReplayId},
    view::ReplayView,
};
use leptos::prelude::*;

use super::{
    super::server_fns::cancel_replay,
    range_text::RangeText,
    text::{progress_text, time_left, wait_text},
};
use crate::{
    clock::Clock,
    ui::{Alert, AlertTone, Refresh},
    wire::AppError,
};

#[component]
pub(super) fn Running(
    id: DestinationId,
    replay: ReplayId,
    running: Memo<Option<ReplayView>>,
    refresh: Refresh,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let failure = RwSignal::new(None::<AppError>);
    let cancel = Action::new(move |(): &()| async move {
        let answer = cancel_replay(id, replay).await;
        failure.try_set(answer.err());
        refresh.now();
    });
    // It ends a moment before this disappears.
    let read = move |read: fn(&ReplayView) -> String| {
        Memo::new(move |before: Option<&String>| {
            let text = running.with(|running| running.as_ref().map(read));
            text.or_else(|| before.cloned()).unwrap_or_default()
        })
    };
    let progress = read(progress_text);
    let error = read(|replay| replay.last_error.clone().unwrap_or_default());
    let numbers = Memo::new(move |before: Option<&(u64, u64)>| {
        let numbers = running.with(|running| {
            let running = running.as_ref()?;
            Some((running.total.max(1), running.sent.saturating_add(running.refused)))
        });
        numbers.or_else(|| before.copied()).unwrap_or((1, 0))
    });
    let wait = move || {
        let running = running.get()?;
        let wait = wait_text(&running, |at| clock.text(at));
        let left = time_left(&running, clock.now()).map(|left| format!(" {left}."));
        Some(wait + &left.unwrap_or_default())
    };
    let range = running.get_untracked().map(|replay| view! { <RangeText replay /> });
    let outcome = move || {
        let error = failure.get()?;
        Some(view! { <Alert tone=AlertTone::Bad>{format!("{error} {}", error.next_step())}</Alert> })
    };
    view! {
        <div class="replay-running">
            <p>
                <strong>{progress}</strong>
                {range}
            </p>
            <progress
                max=move || numbers.get().0.to_string()
                value=move || numbers.get().1.to_string()
                aria-label="Progress of the replay"
            >
                {progress}
            </progress>
            <p class="quiet">{wait}</p>
            {move || (!error.with(String::is_empty)).then(|| view! { <p class="quiet">"Last error: " {error}</p> })}
            <button
                type="button"
                class="button button-small"
                disabled=cancel.pending()
                on:click=move |_| {
                    cancel.dispatch(());
                }
            >
                "Cancel replay"
            </button>
            <div role="status">{outcome}</div>
        </div>
    }
}
