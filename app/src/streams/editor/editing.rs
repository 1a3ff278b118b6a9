//! A handle on one form of the tab, for the fields in it.

use domain::{Field, ids::DestinationId};
use leptos::prelude::*;

use super::state::{EditorState, FieldMessage, Outcome};
use crate::{
    browser,
    streams::{
        context::Streams,
        state::{StreamRow, StreamsState},
    },
    ui::Presses,
};

/// Which form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Add,
    Edit(DestinationId),
}

#[derive(Clone, Copy)]
pub(crate) struct Editing {
    pub(super) form: Form,
    pub(super) presses: Option<Presses>,
    state: RwSignal<StreamsState>,
}

impl Editing {
    pub(in crate::streams) fn new(streams: Streams, form: Form) -> Self {
        Self {
            form,
            presses: use_context(),
            state: streams.state,
        }
    }

    pub(super) const fn is_edit(self) -> bool {
        matches!(self.form, Form::Edit(_))
    }

    /// An id for a field that no other form uses.
    pub(crate) fn field_id(self, name: &str) -> String {
        match self.form {
            Form::Add => format!("add-{name}"),
            Form::Edit(id) => format!("edit-{id}-{name}"),
        }
    }

    /// The field was left: its mistake is shown as soon as no click can miss its target by that.
    pub(super) fn leave(self, field: Field) {
        // Also called when the field is removed while it has the focus: nothing of its form may be left by then.
        let visit = move || self.update(|editor| editor.visit(field));
        match self.presses {
            Some(presses) => presses.after(visit),
            None => visit(),
        }
    }

    /// A part of the form's state. None once the form is gone.
    pub(super) fn get<T>(self, read: impl Fn(&EditorState) -> T + Send + Sync + 'static) -> Memo<Option<T>>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.state.with(|state| editor(state, self.form).map(&read)))
    }

    /// A part of the form's state that is cheap to compare or to render again.
    pub(super) fn read<T>(self, read: impl Fn(&EditorState) -> T + Send + Sync + 'static) -> Signal<T>
    where
        T: Default + Send + Sync + 'static,
    {
        Signal::derive(move || {
            let part = self.state.with(|state| editor(state, self.form).map(&read));
            part.unwrap_or_default()
        })
    }

    /// A part of the form's state as it is now. None once the form is gone.
    pub(super) fn now<T>(self, read: impl FnOnce(&EditorState) -> T) -> Option<T> {
        let read = |state: &StreamsState| editor(state, self.form).map(read);
        self.state.try_with_untracked(read).flatten()
    }

    pub(super) fn text(self, field: Field) -> Signal<String> {
        let text = self.get(move |editor| editor.text(field).to_owned());
        Signal::derive(move || text.get().unwrap_or_default())
    }

    pub(super) fn message(self, field: Field) -> Signal<Option<FieldMessage>> {
        let message = self.get(move |editor| editor.message_for(field));
        Signal::derive(move || message.get().flatten())
    }

    /// Shows the first field that is marked, and moves the focus there.
    pub(super) fn focus_marked(self) {
        browser::focus_mistake(self.form_id());
    }

    pub(super) fn form_id(self) -> String {
        self.field_id("form")
    }

    /// The same after each answer of the server that marks fields.
    pub(super) fn focus_marked_after(self, version: RwSignal<usize>) {
        Effect::watch(
            move || version.get(),
            move |_, _, _| {
                if self.now(EditorState::outcome).flatten() == Some(Outcome::Invalid) {
                    self.focus_marked();
                }
            },
            false,
        );
    }

    /// Changes the form and returns what the change returns. None once the form is gone.
    pub(super) fn change<T>(self, change: impl FnOnce(&mut EditorState) -> T) -> Option<T> {
        let mut returned = None;
        self.update(|editor| returned = Some(change(editor)));
        returned
    }

    pub(super) fn update(self, change: impl FnOnce(&mut EditorState)) {
        // What was asked for may come back after the tab was left.
        self.state.try_update(|state| {
            let editor = match self.form {
                Form::Add => state.adding_mut(),
                Form::Edit(id) => state.row_mut(id).map(|row| &mut row.editor),
            };
            if let Some(editor) = editor {
                change(editor);
            }
        });
    }
}

fn editor(state: &StreamsState, form: Form) -> Option<&EditorState> {
    match form {
        Form::Add => state.adding(),
        Form::Edit(id) => state.row(id).map(|row: &StreamRow| &row.editor),
    }
}
