//! What an administrator does with a stream from its row: pause, activate, retry now, park an event.

use std::sync::Arc;

use domain::{
    destination::StreamCommand,
    ids::Seq,
    view::{DestinationView, StateName},
};
use leptos::prelude::*;

use super::commands::{Commands, Request, command_form};
use crate::ui::Icon;

/// *Pause* or *Resume*. An inactive stream has neither, but the space for it.
#[component]
pub(super) fn PauseButton(commands: Commands, view: Signal<Arc<DestinationView>>, name: Memo<String>) -> impl IntoView {
    let is_active = Memo::new(move |_| view.with(|view| view.active));
    let is_paused = Memo::new(move |_| view.with(|view| view.paused));
    let request = Signal::derive(move || {
        Request::Command(match is_paused.get() {
            true => StreamCommand::Resume,
            false => StreamCommand::Pause,
        })
    });
    let label = move || match is_paused.get() {
        true => format!("Resume {}", name.get()),
        false => format!("Pause {}", name.get()),
    };
    let title = move || match is_paused.get() {
        true => "Resume: send the events that were kept, and continue",
        false => "Pause: send nothing, and keep all events until the stream is resumed",
    };
    let icon = move || match is_paused.get() {
        true => view! { <Icon icon=icondata_lu::LuPlay /> },
        false => view! { <Icon icon=icondata_lu::LuPause /> },
    };
    let button = view! {
        <button type="submit" class="icon-button" hidden=move || !is_active.get() aria-label=label title=title>
            {icon}
        </button>
    };
    view! { <span class="stream-pause">{command_form(commands, request, button)}</span> }
}

#[component]
pub(super) fn ActiveSwitch(
    commands: Commands,
    view: Signal<Arc<DestinationView>>,
    name: Memo<String>,
) -> impl IntoView {
    let is_active = Memo::new(move |_| view.with(|view| view.active));
    let request = Signal::derive(move || {
        Request::Command(match is_active.get() {
            true => StreamCommand::Deactivate,
            false => StreamCommand::Activate,
        })
    });
    let title = move || match is_active.get() {
        true => "Deactivate. Events received while inactive are never sent here.",
        false => "Activate. Events received from now on are sent.",
    };
    let button = view! {
        <button
            type="submit"
            class="switch"
            // Without the program of the page, nothing asks before the stream is deactivated.
            class:needs-script=move || is_active.get()
            role="switch"
            aria-checked=move || is_active.get().to_string()
            aria-label=move || format!("Active: {}", name.get())
            title=title
        >
            <span class="switch-track" aria-hidden="true"></span>
            "Active"
        </button>
    };
    command_form(commands, request, button)
}

/// *Retry now*, and *Park event* if one event is in the way.
#[component]
pub(super) fn RetryButtons(
    commands: Commands,
    view: Signal<Arc<DestinationView>>,
    name: Memo<String>,
) -> impl IntoView {
    let is_retrying = Memo::new(move |_| view.with(|view| view.health.state == StateName::Retrying));
    let stuck = Memo::new(move |_| view.with(|view| view.health.stuck_seq.map(Seq::new)));
    let retry = move || {
        let button = view! {
            <button type="submit" class="button button-small" aria-label=move || format!("Retry now: {}", name.get())>
                <Icon icon=icondata_lu::LuRotateCw />
                "Retry now"
            </button>
        };
        command_form(commands, Signal::stored(Request::RetryNow), button)
    };
    let park = move |seq: Seq| {
        let label = move || format!("Park event {seq}: {}", name.get());
        let title = format!("Park the event at log position {seq}, whose request failed last, and continue without it");
        let button = view! {
            <button type="submit" class="button button-small" aria-label=label title=title>
                {format!("Park event {seq}")}
            </button>
        };
        command_form(commands, Signal::stored(Request::Park(seq)), button)
    };
    view! {
        {move || is_retrying.get().then(retry)}
        {move || stuck.get().map(park)}
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::view::HealthView;

    use super::*;
    use crate::{
        streams::{context::Streams, editor::stored_view, state::StreamsState},
        ui::Refresh,
    };

    fn html(view: DestinationView) -> String {
        Owner::new().with(|| {
            let state = RwSignal::new(StreamsState::new(vec![view.clone()]));
            let streams = Streams::of(state, Refresh::new());
            let commands = Commands::new(streams, view.id);
            let view = Signal::stored(Arc::new(view));
            let name = Memo::new(move |_| view.with(|view| view.name.clone()));
            view! {
                <PauseButton commands view name />
                <ActiveSwitch commands view name />
                <RetryButtons commands view name />
            }
            .to_html()
        })
    }

    #[test]
    fn each_button_says_what_it_does_and_works_as_a_plain_form() {
        let running = html(stored_view(3, "SIEM", 1));
        assert!(running.contains("action=\"/api/page/streams/command\""), "{running}");
        for part in ["value=\"pause\"", "value=\"deactivate\"", "Pause SIEM", "Active: SIEM"] {
            assert!(running.contains(part), "{part}: {running}");
        }
        assert!(!running.contains("Retry now"), "{running}");
        let paused = html(DestinationView {
            paused: true,
            ..stored_view(3, "SIEM", 1)
        });
        assert!(
            paused.contains("value=\"resume\"") && paused.contains("Resume SIEM"),
            "{paused}"
        );
        let inactive = html(DestinationView {
            active: false,
            ..stored_view(3, "SIEM", 1)
        });
        assert!(
            inactive.contains("value=\"activate\"") && inactive.contains("aria-checked=\"false\""),
            "{inactive}"
        );
    }

    #[test]
    fn the_event_that_a_stream_is_stuck_at_can_be_parked() {
        let view = stored_view(3, "SIEM", 1);
        let health = HealthView {
            state: StateName::Retrying,
            stuck_seq: Some(17),
            ..view.health.clone()
        };
        let stuck = html(DestinationView { health, ..view });
        for part in ["Retry now: SIEM", "Park event 17: SIEM", "name=\"seq\" value=\"17\""] {
            assert!(stuck.contains(part), "{part}: {stuck}");
        }
    }
}
