//! *Settings* and *Activity* of an open row, as tabs.

use domain::{ids::DestinationId, page::StreamView};
use leptos::{ev::KeyboardEvent, prelude::*};

use super::ids::{tab_id, tab_panel_id};
use crate::browser;

/// `shown` is the tab that is open: [`StreamView::Settings`] or [`StreamView::Activity`].
#[component]
pub(super) fn StreamTabs(
    id: DestinationId,
    shown: Memo<Option<StreamView>>,
    choose: Callback<StreamView>,
) -> impl IntoView {
    let on_key = move |event: KeyboardEvent| {
        let Some(next) = shown.get_untracked().and_then(|now| after_key(&event.key(), now)) else {
            return;
        };
        event.prevent_default();
        choose.run(next);
        browser::focus(tab_id(id, next));
    };
    let tab = move |label: &'static str, view: StreamView| {
        let is_shown = move || shown.get() == Some(view);
        view! {
            <button
                type="button"
                role="tab"
                class="tab stream-tab"
                id=tab_id(id, view)
                aria-selected=move || is_shown().to_string()
                aria-controls=tab_panel_id(id)
                tabindex=move || if is_shown() { "0" } else { "-1" }
                on:click=move |_| choose.run(view)
                on:keydown=on_key
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="tabs stream-tabs" role="tablist" aria-label="What to show">
            {tab("Settings", StreamView::Settings)} {tab("Activity", StreamView::Activity)}
        </div>
    }
}

/// The tab in which a view is.
pub(super) const fn tab_of(view: StreamView) -> StreamView {
    match view {
        StreamView::Settings => StreamView::Settings,
        StreamView::Activity | StreamView::Parked => StreamView::Activity,
    }
}

/// Where a key leads from this tab; `None` if it is not for tabs.
fn after_key(key: &str, now: StreamView) -> Option<StreamView> {
    match (key, now) {
        ("ArrowLeft" | "ArrowRight", StreamView::Settings) | ("End", _) => Some(StreamView::Activity),
        ("ArrowLeft" | "ArrowRight", _) | ("Home", _) => Some(StreamView::Settings),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_lead_to_the_other_tab() {
        let (settings, activity) = (StreamView::Settings, StreamView::Activity);
        assert_eq!(after_key("ArrowRight", settings), Some(activity));
        assert_eq!(after_key("ArrowRight", activity), Some(settings));
        assert_eq!(after_key("ArrowLeft", settings), Some(activity));
        assert_eq!(
            (after_key("Home", activity), after_key("End", settings)),
            (Some(settings), Some(activity))
        );
        assert_eq!(after_key("a", settings), None);
        assert_eq!(tab_of(StreamView::Parked), activity);
    }
}
