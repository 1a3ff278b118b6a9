//! What is above the list: how many destinations there are, the search, and what concerns all of them.

use domain::Timestamp;
use leptos::{ev, prelude::*};
use web_sys::HtmlInputElement;

use super::{
    add_menu::AddMenu, context::Streams, health::ago, ids::HEADING_ID, links::StreamsLocation, state::StreamsState,
};
use crate::{
    clock::Clock,
    model::text::{counted, grouped},
    ui::{Alert, AlertTone, Icon},
};

/// A shorter list is read faster than searched.
const SEARCHED_FROM: u64 = 6;

#[component]
pub(super) fn ListHead(location: Memo<StreamsLocation>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let count = Memo::new(move |_| streams.state.with(StreamsState::count));
    view! {
        <div class="streams-head">
            <div class="streams-summary">
                <h2 id=HEADING_ID tabindex="-1">
                    {move || counted(count.get(), "destination")}
                </h2>
                <AttentionFilter location />
            </div>
            <Show when=move || { count.get() >= SEARCHED_FROM }>
                <SearchBox />
            </Show>
            <AddMenu />
        </div>
    }
}

/// Says how many streams need attention, and shows only those.
#[component]
fn AttentionFilter(location: Memo<StreamsLocation>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let count = Memo::new(move |_| streams.state.with(StreamsState::attention));
    let is_on = Memo::new(move |_| location.with(|location| location.attention_only));
    let address = move |attention_only| {
        move || {
            StreamsLocation {
                attention_only,
                ..location.get()
            }
            .address()
        }
    };
    let link = move || {
        view! {
            <a
                class="attention"
                href=address(true)
                data-noscroll="true"
                data-stays="true"
                aria-current=move || is_on.get().then_some("true")
            >
                <Icon icon=icondata_lu::LuTriangleAlert />
                {move || attention_text(count.get())}
            </a>
        }
    };
    let show_all = move || {
        view! {
            <a class="attention-off" href=address(false) data-noscroll="true" data-stays="true">
                "Show all"
            </a>
        }
    };
    view! {
        <Show when=move || { count.get() > 0 || is_on.get() }>{link}</Show>
        <Show when=move || is_on.get()>{show_all}</Show>
    }
}

fn attention_text(count: u64) -> String {
    match count {
        1 => "1 needs attention".to_owned(),
        _ => format!("{} need attention", grouped(count)),
    }
}

#[component]
fn SearchBox() -> impl IntoView {
    let Streams { state, search, .. } = expect_context();
    let text = Memo::new(move |_| state.with(|state| state.filter().search.clone()));
    let on_key = move |event: ev::Targeted<ev::KeyboardEvent, HtmlInputElement>| {
        let field = event.target();
        if event.key() == "Escape" && !field.value().is_empty() {
            event.prevent_default();
            field.set_value("");
            search.clear();
        }
    };
    view! {
        <div class="streams-search needs-script" role="search">
            <Icon icon=icondata_lu::LuSearch />
            <input
                class="field-input"
                type="search"
                aria-label="Search destinations"
                placeholder="Search"
                autocomplete="off"
                prop:value=text
                on:input:target=move |event| search.typed(event.target().value())
                on:keydown:target=on_key
            />
        </div>
    }
}

/// Once for all streams: when undelivered events fill the log.
#[component]
pub(super) fn LogFull() -> impl IntoView {
    let streams = expect_context::<Streams>();
    let clock = expect_context::<Clock>();
    let full_at = Memo::new(move |_| streams.state.with(StreamsState::log_full_at));
    let text = Memo::new(move |_| full_at.get().map(|at| full_text(at, clock.now())));
    let alert = move |(tone, text): (AlertTone, String)| {
        view! {
            <Alert tone>
                {text} " " <a href="/admin/settings/retention">"Change the size of the log"</a>
            </Alert>
        }
    };
    view! { <div class="streams-message">{move || text.get().map(alert)}</div> }
}

fn full_text(at: Timestamp, now: Timestamp) -> (AlertTone, String) {
    if at <= now {
        let text = "The log is full: it holds events that have not been delivered yet. New events are rejected.";
        return (AlertTone::Bad, text.to_owned());
    }
    let text = format!(
        "Undelivered events fill the log in {} at this rate. Then new events are rejected.",
        ago(now, at)
    );
    (AlertTone::Warning, text)
}

/// Says that the stream of the address is not there.
#[component]
pub(super) fn MissingStream(location: Memo<StreamsLocation>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let is_missing = Memo::new(move |_| {
        let stream = location.with(|location| location.stream);
        stream.is_some_and(|(id, _)| streams.state.with(|state| state.row(id).is_none()))
    });
    view! {
        <Show when=move || is_missing.get()>
            <p class="streams-message quiet">"The stream of this link does not exist. It may have been deleted."</p>
        </Show>
    }
}

/// Says that no destination is shown, and how to change that.
#[component]
pub(super) fn NothingShown() -> impl IntoView {
    let Streams { state, search, .. } = expect_context();
    let is_empty = Memo::new(move |_| state.with(|state| state.shown_count() == 0));
    let text = move || match state.with(|state| state.filter().search.trim().is_empty()) {
        true => "No stream needs attention.",
        false => "No destinations match.",
    };
    let is_searched = Memo::new(move |_| state.with(|state| !state.filter().search.is_empty()));
    view! {
        <div role="status">
            <Show when=move || is_empty.get()>
                <p class="streams-nothing">
                    {text}
                    <Show when=move || is_searched.get()>
                        <button type="button" class="button button-small" on:click=move |_| search.clear()>
                            "Clear search"
                        </button>
                    </Show>
                </p>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_is_worse_than_one_that_fills() {
        let now = Timestamp::from_unix_ms(1_000_000);
        let (tone, text) = full_text(Timestamp::from_unix_ms(1_000_000 + 7_200_000), now);
        assert!(
            tone == AlertTone::Warning && text.contains("in 2\u{a0}h at this rate"),
            "{text}"
        );
        let (tone, text) = full_text(now, now);
        assert!(tone == AlertTone::Bad && text.starts_with("The log is full"), "{text}");
    }

    #[test]
    fn one_needs_and_several_need() {
        assert_eq!(attention_text(1), "1 needs attention");
        assert_eq!(attention_text(1_200), "1,200 need attention");
    }
}
