//! *Send test event*: sends one to what a form describes, saved or not, and shows the report in a dialog.

use domain::{connection_test::TestReport, destination::DestinationDraft, ids::DestinationId};
use leptos::{html, prelude::*, reactive::actions::ActionAbortHandle};

use super::{
    editing::{Editing, Form},
    refusal::refusal_text,
    server_fns::test_destination,
    state::EditorState,
    test_report::TestReportView,
};
use crate::{browser, streams::context::Streams, ui::SignInAgain, wire::AppError};

/// What is tested, and in which form its errors are shown.
type Request = (Option<DestinationId>, u32, DestinationDraft);

#[derive(Clone, Copy)]
struct Test {
    editing: Editing,
    /// Tells the ids of two buttons for the same form apart.
    id: &'static str,
    request: Action<Request, ()>,
    abort: StoredValue<Option<ActionAbortHandle>>,
    dialog: NodeRef<html::Dialog>,
}

/// The button, and the dialog with the report. Why there is no report is shown in the form, or left in `failure`.
#[component]
pub(super) fn TestEvent(
    editing: Editing,
    #[prop(default = "test")] id: &'static str,
    #[prop(optional)] failure: Option<RwSignal<Option<AppError>>>,
) -> impl IntoView {
    let report = RwSignal::new(None);
    let dialog = NodeRef::new();
    let test = Test {
        editing,
        id,
        request: Action::new(move |request: &Request| {
            let (name, (id, form, draft)) = (id, request.clone());
            async move {
                if let Some(failure) = failure {
                    failure.try_set(None);
                }
                let answer = test_destination(id, draft).await;
                match answer {
                    Ok(found) => show(report, dialog, found),
                    Err(error) => {
                        close(dialog);
                        refuse(editing, form, failure, error);
                    }
                }
                browser::focus_at_top(report_id(editing, name));
            }
        }),
        abort: StoredValue::new(None),
        dialog,
    };
    let focused = test.element("button");
    view! {
        <SendButton test id=test.element("button") label="Send test event" />
        <dialog
            class="dialog dialog-wide"
            node_ref=dialog
            aria-labelledby=test.element("title")
            on:close=move |_| browser::focus(focused.clone())
        >
            <h2 id=test.element("title")>"Test event"</h2>
            <div class="dialog-scroll" id=report_id(editing, id) role="group" aria-label="Report" tabindex="0">
                {move || report.get().map(|report| view! { <TestReportView report /> })}
            </div>
            <div class="dialog-actions">
                <SendButton test id=test.element("again") label="Send again" />
                <button type="button" class="button" on:click=move |_| close(dialog)>
                    "Close"
                </button>
            </div>
        </dialog>
    }
}

/// Offers the test for a destination that was just added.
#[component]
pub(crate) fn TestAdded(id: DestinationId) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let editing = Editing::new(streams, Form::Edit(id));
    let failure = RwSignal::new(None);
    view! {
        <div role="alert">{move || failure.get().map(|error| failure_text(&error))}</div>
        <div class="alert-actions">
            <TestEvent editing id="added-test" failure />
        </div>
    }
}

/// In the message above the list: the form of the row may be closed.
fn failure_text(error: &AppError) -> impl IntoView + use<> {
    let sign_in = matches!(error, AppError::Unauthenticated).then(|| view! { <SignInAgain in_new_tab=true /> });
    view! {
        <p class="field-error">"No test event was sent. " {refusal_text(error)}</p>
        {sign_in}
    }
}

#[component]
fn SendButton(test: Test, id: String, label: &'static str) -> impl IntoView {
    let is_pending = test.request.pending();
    let text = move || if is_pending.get() { "Testing…" } else { label };
    let focused = id.clone();
    let cancel = move |_| {
        test.cancel();
        browser::focus(focused.clone());
    };
    view! {
        <button type="button" class="button" id=id disabled=is_pending on:click=move |_| test.send()>
            {text}
        </button>
        <button type="button" class="button" hidden=move || !is_pending.get() on:click=cancel>
            "Cancel test"
        </button>
    }
}

impl Test {
    /// Sends the event, or marks the fields for which it can't be sent.
    fn send(self) {
        let id = match self.editing.form {
            Form::Add => None,
            Form::Edit(id) => Some(id),
        };
        let can_send = self.editing.change(EditorState::try_test) == Some(true);
        match self.editing.now(|editor| (editor.form(), editor.draft())) {
            Some((form, draft)) if can_send => {
                let handle = self.request.dispatch((id, form, draft));
                self.abort.set_value(Some(handle));
            }
            _ => {
                close(self.dialog);
                self.editing.focus_marked();
            }
        }
    }

    /// Drops the request; the server drops the connection to the receiver then.
    fn cancel(self) {
        if let Some(handle) = self.abort.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    }

    fn element(self, part: &str) -> String {
        self.editing.field_id(&format!("{}-{part}", self.id))
    }
}

fn report_id(editing: Editing, name: &str) -> String {
    editing.field_id(&format!("{name}-report"))
}

fn show(report: RwSignal<Option<TestReport>>, dialog: NodeRef<html::Dialog>, found: TestReport) {
    report.try_set(Some(found));
    if let Some(Some(dialog)) = dialog.try_get_untracked() {
        // It may be open already.
        dialog.show_modal().unwrap_or_default();
    }
}

/// The form may have been left meanwhile.
fn refuse(editing: Editing, form: u32, failure: Option<RwSignal<Option<AppError>>>, error: AppError) {
    if let Some(failure) = failure {
        failure.try_set(Some(error));
        return;
    }
    editing.update(|editor| {
        if editor.form() == form {
            editor.refuse(error);
        }
    });
    editing.focus_marked();
}

fn close(dialog: NodeRef<html::Dialog>) {
    if let Some(Some(dialog)) = dialog.try_get_untracked() {
        dialog.close();
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos_router::{components::Router, location::RequestUrl};

    use super::*;

    #[test]
    fn a_test_that_failed_says_why_and_offers_to_sign_in() {
        let html = |error: &AppError| {
            let error = error.clone();
            Owner::new().with(|| {
                provide_context(RequestUrl::new("/admin/audit_logs"));
                view! { <Router>{failure_text(&error)}</Router> }.to_html()
            })
        };
        let ended = html(&AppError::Unauthenticated);
        assert!(
            ended.contains("No test event was sent.") && ended.contains("Sign in"),
            "{ended}"
        );
        let away = html(&AppError::Transport);
        assert!(
            away.contains("Check the connection") && !away.contains("Sign in"),
            "{away}"
        );
    }
}
