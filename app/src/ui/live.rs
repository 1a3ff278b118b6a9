//! A part of the page that updates itself: rendered on the server, and asked for again every few seconds while it is visible.

use std::future::Future;

use leptos::{children::ViewFn, prelude::*, task::spawn_local};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    error_view::{ErrorView, ask_again},
    suspended::suspended,
    visible::{EVERY, every_while_visible},
};
use crate::{
    clock::Clock,
    connection::Connection,
    deadline::in_time,
    fresh::{Fresh, Tag},
    resource::{JsonResource, json_resource},
    wire::AppError,
};

/// Makes a [`Live`] part ask at once, for example after a change.
#[derive(Clone, Copy)]
pub(crate) struct Refresh(Trigger);

impl Refresh {
    pub(crate) fn new() -> Self {
        Self(Trigger::new())
    }

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
    /// Shows nothing if the first request fails.
    #[prop(optional)]
    is_minor: bool,
    /// Does not ask by itself.
    #[prop(optional)]
    only_on_refresh: bool,
    view: View,
) -> impl IntoView
where
    S: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Ask: Fn(S, Option<Tag>) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Result<Fresh<T>, AppError>> + Send + 'static,
    View: Fn(Signal<T>) -> AnyView + Copy + Send + Sync + 'static,
{
    let first = json_resource(|| (), move |()| in_time(ask(source.get_untracked(), None)));
    let refresh = refresh.unwrap_or_else(Refresh::new);
    let show = move |answer: Result<Fresh<T>, AppError>| match answer.map(|fresh| (fresh.tag, fresh.value)) {
        Ok((tag, Some(value))) => {
            let value = RwSignal::new(value);
            keep_fresh(source, ask, refresh, value, tag, only_on_refresh);
            view(value.into())
        }
        // The first request names no tag.
        Ok((_, None)) => failed(first, what, AppError::Transport),
        Err(error) if is_minor => {
            ask_again(&error, Callback::new(move |()| first.refetch()));
            ().into_any()
        }
        Err(error) => failed(first, what, error),
    };
    // A signal that the view reads while it is created must not create it again: what was typed into it would be lost.
    let shown = move || suspended(first, move |answer| untrack(|| show(answer)));
    view! { <Transition fallback=move || skeleton.run()>{shown}</Transition> }
}

/// Says why there is nothing to show.
fn failed<T>(first: JsonResource<Result<Fresh<T>, AppError>>, what: &'static str, error: AppError) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let retry = Callback::new(move |()| first.refetch());
    view! { <ErrorView what error on_retry=retry /> }.into_any()
}

/// Of several requests that are under way, the answer to the newest counts.
fn keep_fresh<S, T, Ask, Answer>(
    source: Signal<S>,
    ask: Ask,
    refresh: Refresh,
    value: RwSignal<T>,
    tag: Tag,
    only_on_refresh: bool,
) where
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
        // Before the task begins, what it would read may be gone.
        let answer = in_time(ask(source.get_untracked(), known.get_value()));
        spawn_local(async move {
            let answer = answer.await;
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
    if only_on_refresh {
        return;
    }
    every_while_visible(EVERY, move || {
        if asked.get_value() == answered.get_value() {
            send();
        }
    });
}
