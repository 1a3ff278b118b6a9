//! A form of a server function: its fields, its button, and what came of it, beside the button.
//!
//! It works without the page's program: the browser posts it, and the next page shows what came of it (`crate::outcome`).

mod choices;
mod context;
mod dialog;
mod field;
mod foot;
mod outcome;
mod unsaved;

use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server_fn::{Http, ServerFn, codec::PostUrl},
};
use serde::de::DeserializeOwned;

pub(crate) use self::{
    choices::{CheckField, Choice, ChoiceField},
    context::SubmitLook,
    dialog::{CancelButton, DialogButton},
    field::{LinesField, PasswordField, TextField, field_head},
    outcome::{OUTCOME_SECRET_ID, OutcomeView},
    unsaved::UnsavedForms,
};
use self::{
    context::FormContext,
    foot::{Foot, form_foot},
};
use crate::{
    browser,
    outcome::{Done, PostedForm},
    wire::AppError,
};

/// A form of the page. Errors are reported by the server, each at its field: it alone knows all of them.
#[component]
pub(crate) fn Form<F, OutputProtocol>(
    action: ServerAction<F>,
    /// No other element of the page has it.
    #[prop(into)]
    id: String,
    #[prop(into)] label: String,
    /// On the button. Without it, there is nothing to send.
    #[prop(into)]
    submit: Option<&'static str>,
    #[prop(optional)] look: SubmitLook,
    /// In a dialog with this id: the page shows what was done, because the dialog closes.
    #[prop(optional, into)]
    dialog: Option<String>,
    /// Called when the server has accepted the form.
    #[prop(optional, into)]
    on_done: Option<Callback<Done>>,
    /// Loads what is stored now: offered when somebody else has changed it.
    #[prop(optional, into)]
    on_reload: Option<Callback<()>>,
    /// Version of what the fields show. When it changes, they show what is stored, unless something is typed; without it, they are emptied when the server
    /// has accepted the form.
    #[prop(optional, into)]
    version: Option<Signal<i64>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView
where
    F: DeserializeOwned
        + ServerFn<Protocol = Http<PostUrl, OutputProtocol>, Output = Done, Error = AppError>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let posted = RwSignal::new(match &dialog {
        Some(_) => None,
        None => expect_context::<PostedForm>().of(F::PATH),
    });
    let sent = action.version();
    let answer = action.value();
    let outcome = Signal::derive(move || {
        let is_sent = sent.get() > 0;
        if is_sent { answer.get() } else { posted.get() }
    });
    let busy = action.pending();
    let form = FormContext {
        id: StoredValue::new(id.clone()),
        outcome,
        fields: StoredValue::new(Vec::new()),
        unsaved: use_context::<UnsavedForms>().filter(|_| dialog.is_none()),
    };
    provide_context(form);
    on_cleanup(move || form.note_unsaved(false));
    follow(form, sent.into(), version, on_done);
    let dismiss = Callback::new(move |()| {
        posted.set(None);
        action.clear();
    });
    let fields = children.map(|children| children());
    let foot = form_foot(
        form,
        Foot {
            submit,
            look,
            dialog,
            can_cancel: version.is_some() && submit.is_some() && look == SubmitLook::Primary,
            busy: busy.into(),
            dismiss,
            on_reload: on_reload.map(|reload| {
                Callback::new(move |()| {
                    form.note_unsaved(false);
                    reload.run(());
                })
            }),
        },
    );
    // Not an `ActionForm`: a listener that is added to a component stays when the component is rendered again.
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        match F::from_event(&event) {
            Ok(input) => {
                action.dispatch(input);
            }
            Err(error) => leptos::logging::error!("this form lacks a field: {error}"),
        }
    };
    let changed = move |_| form.note_unsaved(form.id.with_value(|id| browser::is_form_changed(id)));
    view! {
        <form
            id=id
            class="form"
            method="post"
            action=F::url()
            novalidate
            aria-label=label
            on:submit=send
            on:input=changed
            on:reset=move |_| form.note_unsaved(false)
        >
            {fields}
            {foot}
        </form>
    }
}

/// Moves the focus to the first wrong field, and keeps the fields in step with what is stored.
fn follow(form: FormContext, sent: Signal<usize>, version: Option<Signal<i64>>, on_done: Option<Callback<Done>>) {
    let id = form.id;
    let is_versioned = version.is_some();
    Effect::new(move |before: Option<usize>| {
        let sent = sent.get();
        let is_answered = before.is_some_and(|before| before != sent);
        match form.outcome.get_untracked() {
            Some(Ok(done)) if is_answered => {
                form.note_unsaved(false);
                if !is_versioned {
                    browser::reset_form(id.get_value());
                }
                if done.secret.is_some() {
                    browser::focus(OUTCOME_SECRET_ID);
                }
                if let Some(on_done) = on_done {
                    on_done.run(done);
                }
            }
            Some(Err(_)) if is_answered => browser::focus_mistake(id.get_value()),
            _ => {}
        }
        sent
    });
    let Some(version) = version else { return };
    Effect::new(move |before: Option<i64>| {
        let version = version.get();
        // Another form of the page may have been saved: what is typed here stays.
        if before.is_some_and(|before| before != version) && !form.is_unsaved() {
            browser::reset_form(id.get_value());
        }
        version
    });
}
