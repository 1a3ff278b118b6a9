//! A part of the page that updates itself: rendered on the server, and asked for again every few seconds while it is visible.

use std::{future::Future, time::Duration};

use leptos::{children::ViewFn, ev, prelude::*, task::spawn_local};
use serde::{Serialize, de::DeserializeOwned};

use super::ErrorView;
use crate::{
    browser,
    clock::Clock,
    connection::Connection,
    fresh::{Fresh, Tag},
    wire::AppError,
};

const EVERY: Duration = Duration::from_secs(3);

/// Makes a [`Live`] part ask at once, for example after a change.
#[derive(Clone, Copy)]
pub(crate) struct Refresh(Trigger);

impl Refresh {
    pub(crate) fn new() -> Self {
        Self(Trigger::new())
    }

    #[expect(dead_code, reason = "the parts of the page move here one by one")]
    pub(crate) fn now(self) {
        self.0.notify();
    }
}

/// Shows what the server answers. `view` is called once with a signal that changes when the answer does, so what it renders
/// keeps focus, typed text and scroll position. A change of `source` asks at once; the old value stays until the answer is there.
#[component]
pub(crate) fn Live<S, T, Ask, Answer, View>(
    /// Argument of the request.
    #[prop(into)]
    source: Signal<S>,
    /// Sends the request, with the tag of the value that is shown.
    ask: Ask,
    /// What could not be done when the first request fails, as a sentence.
    what: &'static str,
    #[prop(into)] skeleton: ViewFn,
    #[prop(optional)] refresh: Option<Refresh>,
    view: View,
) -> impl IntoView
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Ask: Fn(S, Option<Tag>) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Result<Fresh<T>, AppError>> + Send + 'static,
    View: Fn(Signal<T>) -> AnyView + Copy + Send + Sync + 'static,
{
    let first = Resource::new(|| (), move |()| ask(source.get_untracked(), None));
    let refresh = refresh.unwrap_or_else(Refresh::new);
    let show = move |answer: Result<Fresh<T>, AppError>| match answer.map(|fresh| (fresh.tag, fresh.value)) {
        Ok((tag, Some(value))) => {
            let value = RwSignal::new(value);
            keep_fresh(source, ask, refresh, value, tag);
            view(value.into())
        }
        // The first request names no tag.
        Ok((_, None)) => failed(first, what, AppError::Transport),
        Err(error) => failed(first, what, error),
    };
    view! {
        <Transition fallback=move || skeleton.run()>{move || Suspend::new(async move { show(first.await) })}</Transition>
    }
}

/// Says why there is nothing to show, and tries again by itself if that can help.
fn failed<T>(first: Resource<Result<Fresh<T>, AppError>>, what: &'static str, error: AppError) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let retry = Callback::new(move |()| first.refetch());
    if error.is_temporary() {
        every_while_visible(EVERY, move || first.refetch());
    }
    view! { <ErrorView what error on_retry=retry /> }.into_any()
}

/// Of several requests that are under way, the answer to the newest counts.
fn keep_fresh<S, T, Ask, Answer>(source: Signal<S>, ask: Ask, refresh: Refresh, value: RwSignal<T>, tag: Tag)
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: Send + Sync + 'static,
    Ask: Fn(S, Option<Tag>) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Result<Fresh<T>, AppError>> + Send + 'static,
{
    let connection = expect_context::<Connection>();
    let clock = expect_context::<Clock>();
    let known = StoredValue::new(Some(tag));
    let (asked, answered) = (StoredValue::new(0_u32), StoredValue::new(0_u32));
    let send = move || {
        asked.update_value(|asked| *asked = asked.wrapping_add(1));
        let request = asked.get_value();
        spawn_local(async move {
            let answer = ask(source.get_untracked(), known.get_value()).await;
            if asked.try_get_value() != Some(request) {
                return;
            }
            answered.set_value(request);
            connection.report(&answer);
            if let Ok(fresh) = answer {
                clock.set_server_time(fresh.now);
                known.set_value(Some(fresh.tag));
                if let Some(fresh) = fresh.value {
                    value.try_set(fresh);
                }
            }
        });
    };
    Effect::new(move |before: Option<S>| {
        refresh.0.track();
        let now = source.get();
        if let Some(before) = before {
            if before != now {
                known.set_value(None);
            }
            send();
        }
        now
    });
    every_while_visible(EVERY, move || {
        if asked.get_value() == answered.get_value() {
            send();
        }
    });
}

/// Calls `tick` at intervals while the page is visible, and at once when it becomes visible again.
pub(crate) fn every_while_visible(period: Duration, tick: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let (tick, shown) = (tick.clone(), tick.clone());
        let timer = set_interval_with_handle(
            move || {
                if browser::is_visible() {
                    tick();
                }
            },
            period,
        );
        let listener = window_event_listener(ev::Custom::<ev::Event>::new("visibilitychange"), move |_| {
            if browser::is_visible() {
                shown();
            }
        });
        on_cleanup(move || {
            listener.remove();
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
}
