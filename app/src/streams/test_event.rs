//! Sends a test event to what a form holds, saved or not, and shows what came of it.

use leptos::{html, prelude::*, task::spawn_local};

use super::editing::{Editing, Form};
use crate::{browser, drawn::drawn_place, model::editor::EditorState, server_fns::destinations::test_destination};

#[derive(Clone, Copy)]
struct Test {
    editing: Editing,
    is_under_way: RwSignal<bool>,
    /// As the server drew it.
    report: RwSignal<String>,
    dialog: NodeRef<html::Dialog>,
}

/// The button, and the dialog that tells of it.
pub(super) fn test_event(editing: Editing) -> AnyView {
    let test = Test {
        editing,
        is_under_way: RwSignal::new(false),
        report: RwSignal::new(String::new()),
        dialog: NodeRef::new(),
    };
    let id = editing.field_id("test");
    let title_id = format!("{id}-title");
    let labelled_by = title_id.clone();
    let focused = id.clone();
    let (place_id, top_id) = (test.place_id(), test.top_id());
    let nothing = Callback::new(|()| {});
    view! {
        {send_button(test, id, "Send test event")}
        <dialog
            class="dialog dialog-wide"
            node_ref=test.dialog
            aria-labelledby=labelled_by
            on:close=move |_| browser::focus(focused.clone())
        >
            <h2 id=title_id>"Test event"</h2>
            <div class="dialog-scroll" id=place_id role="group" aria-label="What came of it" tabindex="0">
                <span id=top_id></span>
                {drawn_place(test.report.into(), nothing, Callback::new(|_| {}))}
            </div>
            <div class="dialog-actions">
                {send_button(test, editing.field_id("test-again"), "Send again")}
                <button type="button" class="button" on:click=move |_| test.close()>
                    "Close"
                </button>
            </div>
        </dialog>
    }
    .into_any()
}

fn send_button(test: Test, id: String, label: &'static str) -> AnyView {
    let can_test = test.editing.get(EditorState::can_test);
    let cannot_test = Signal::derive(move || test.is_under_way.get() || can_test.get() != Some(true));
    let label = Signal::derive(move || if test.is_under_way.get() { "Testing…" } else { label }.to_owned());
    view! {
        <button type="button" class="button" id=id disabled=cannot_test on:click=move |_| spawn_local(test.send())>
            {label}
        </button>
    }
    .into_any()
}

impl Test {
    /// Shows the report, or at the fields what is wrong with them.
    async fn send(self) {
        let id = match self.editing.form {
            Form::Add => None,
            Form::Edit(id) => Some(id),
        };
        let Some((form, draft)) = self.editing.now(|editor| (editor.form(), editor.draft())) else {
            return;
        };
        self.is_under_way.try_set(true);
        let answer = test_destination(id, draft).await;
        // The form may have been left meanwhile.
        self.is_under_way.try_set(false);
        match answer {
            Ok(report) => {
                self.report.try_set(report);
                if let Some(Some(dialog)) = self.dialog.try_get_untracked() {
                    dialog.show_modal().unwrap_or_default();
                }
                // The verdict is read first, also when what was read before was scrolled away.
                browser::focus(self.place_id());
                browser::show(self.top_id());
            }
            Err(error) => {
                self.close();
                self.editing.update(|editor| {
                    if editor.form() == form {
                        editor.refuse(error);
                    }
                });
            }
        }
    }

    fn place_id(self) -> String {
        self.editing.field_id("test-report")
    }

    fn top_id(self) -> String {
        self.editing.field_id("test-top")
    }

    fn close(self) {
        if let Some(Some(dialog)) = self.dialog.try_get_untracked() {
            dialog.close();
        }
    }
}
