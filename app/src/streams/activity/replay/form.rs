//! The form of a new replay: first counted, then started.

use domain::{Field, ids::DestinationId};
use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    super::server_fns::{count_replay, start_replay},
    state::{Counted, FIELDS, FormState},
    text::{estimate_text, last_moment, types_text},
};
use crate::{
    browser,
    model::text::counted,
    streams::editor::{Picker, PickerButton},
    ui::{Alert, AlertTone, Moment, Refresh},
};

#[derive(Clone, Copy)]
struct Form {
    id: DestinationId,
    state: RwSignal<FormState>,
    count: Action<(), ()>,
    start: Action<(), ()>,
}

impl Form {
    fn new(id: DestinationId, state: RwSignal<FormState>, refresh: Refresh) -> Self {
        let count = Action::new(move |(): &()| async move {
            let is_incomplete = |field: Field| {
                let name = FIELDS.iter().find(|(other, _)| *other == field).map(|(_, name)| *name);
                name.is_some_and(|name| browser::is_incomplete(&field_id(id, name)))
            };
            let draft = state.with_untracked(|state| state.draft(is_incomplete, browser::utc_of_local));
            match draft {
                Ok(draft) => {
                    let types = draft.event_types.clone();
                    let answer = count_replay(id, draft).await;
                    state.try_update(|state| state.counted(types, answer));
                }
                Err(errors) => state.update(|state| state.refuse(errors)),
            }
            focus_mistake(id, state);
        });
        let start = Action::new(move |(): &()| async move {
            let Some(counted) = state.with_untracked(|state| state.counted.clone()) else {
                return;
            };
            let answer = start_replay(id, counted.draft()).await;
            state.try_update(|state| match answer {
                Ok(_) => state.started(),
                Err(error) => state.failed(error),
            });
            focus_mistake(id, state);
            refresh.now();
        });
        Self {
            id,
            state,
            count,
            start,
        }
    }
}

fn field_id(id: DestinationId, name: &str) -> String {
    format!("replay-{id}-{name}")
}

fn focus_mistake(id: DestinationId, state: RwSignal<FormState>) {
    if let Some(Some(name)) = state.try_with_untracked(FormState::first_mistake) {
        browser::focus(field_id(id, name));
    }
}

#[component]
pub(super) fn ReplayForm(id: DestinationId, state: RwSignal<FormState>, refresh: Refresh) -> impl IntoView {
    let form = Form::new(id, state, refresh);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !form.count.pending().get_untracked() {
            form.count.dispatch(());
        }
    };
    let failure = Memo::new(move |_| state.with(|state| state.failure.clone()));
    let counted = Memo::new(move |_| state.with(|state| state.counted.clone()));
    view! {
        <form class="replay-form" novalidate aria-label="New replay" on:submit=submit>
            <MomentField form name="from" label="From" />
            <MomentField form name="to" label="To (empty for now)" />
            <TypesField form />
            <div class="replay-submit">
                <button type="submit" class="button" disabled=form.count.pending()>
                    {move || if form.count.pending().get() { "Counting…" } else { "Count events" }}
                </button>
            </div>
        </form>
        <div role="status">
            {move || {
                let error = failure.get()?;
                Some(view! { <Alert tone=AlertTone::Bad>{format!("{error} {}", error.next_step())}</Alert> })
            }}
            {move || counted.get().map(|counted| view! { <Proposal form counted /> })}
        </div>
    }
}

#[component]
fn MomentField(form: Form, name: &'static str, label: &'static str) -> impl IntoView {
    let is_start = name == "from";
    let field = if is_start {
        Field::CreatedAfter
    } else {
        Field::CreatedBefore
    };
    let value = move || {
        form.state
            .with(|state| if is_start { state.from.clone() } else { state.to.clone() })
    };
    let write = move |text: String| {
        form.state.update(|state| match is_start {
            true => state.from = text,
            false => state.to = text,
        });
    };
    let message = Memo::new(move |_| form.state.with(|state| state.message_for(field)));
    let (id, error_id) = (field_id(form.id, name), field_id(form.id, &format!("{name}-error")));
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>
                {label}
            </label>
            <input
                class="field-input"
                id=id
                type="datetime-local"
                step="1"
                prop:value=value
                aria-invalid=move || message.with(Option::is_some).then_some("true")
                aria-describedby=error_id.clone()
                on:input:target=move |event| write(event.target().value())
            />
            <p class="field-error" id=error_id role="status">
                {message}
            </p>
        </div>
    }
}

#[component]
fn TypesField(form: Form) -> impl IntoView {
    let names = Signal::derive(move || form.state.with(|state| state.types.clone()));
    let choose = Callback::new(move |names| form.state.update(|state| state.types = names));
    let picker = Picker::new(field_id(form.id, "types"), names, choose, None);
    let message = Memo::new(move |_| form.state.with(|state| state.message_for(Field::EventTypes)));
    let (label_id, error_id) = (picker.id("label"), picker.id("error"));
    view! {
        <div class="field">
            <span class="field-label" id=label_id.clone()>
                "Event types (empty for all)"
            </span>
            <PickerButton picker labelled_by=label_id described_by=error_id.clone() />
            <p class="field-error" id=error_id role="status">
                {message}
            </p>
        </div>
    }
}

/// What was counted can be started as it was counted.
#[component]
fn Proposal(form: Form, counted: Counted) -> impl IntoView {
    let view = counted.view.clone();
    let warnings = counted
        .warnings()
        .into_iter()
        .map(|warning| view! { <p class="field-warning">{warning}</p> });
    let time = match (view.events, view.estimated_seconds) {
        (0, _) => "Nothing to send: no stored event matches.".to_owned(),
        (_, Some(seconds)) => format!(
            "Estimated time, based on recent deliveries: {}.",
            estimate_text(seconds)
        ),
        (_, None) => "The time can't be estimated, because nothing was delivered in the last day.".to_owned(),
    };
    let start = (view.events > 0).then(|| {
        view! {
            <button
                type="button"
                class="button button-primary"
                disabled=form.start.pending()
                on:click=move |_| {
                    form.start.dispatch(());
                }
            >
                "Start replay"
            </button>
        }
    });
    view! {
        <div class="replay-counted">
            <p>
                <strong>{self::counted(view.events, "event")}</strong>
                {types_text(&counted.types)}
                " created from "
                <Moment at=view.from />
                " to "
                <Moment at=last_moment(view.before) />
            </p>
            <p class="quiet">{time}</p>
            {warnings.collect_view()}
            {start}
        </div>
    }
}
