//! A handle on one form of the tab, for the fields in it.

use domain::{Field, ids::DestinationId};
use leptos::prelude::*;

use super::context::Streams;
use crate::model::{
    editor::EditorState,
    streams_state::{StreamRow, StreamsState},
};

/// Which form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Add,
    Edit(DestinationId),
}

#[derive(Clone, Copy)]
pub(super) struct Editing {
    pub(super) form: Form,
    state: RwSignal<StreamsState>,
}

impl Editing {
    pub(super) fn new(streams: Streams, form: Form) -> Self {
        Self {
            form,
            state: streams.state,
        }
    }

    pub(super) const fn is_edit(self) -> bool {
        matches!(self.form, Form::Edit(_))
    }

    /// An id for a field that no other form uses.
    pub(super) fn field_id(self, name: &str) -> String {
        match self.form {
            Form::Add => format!("add-{name}"),
            Form::Edit(id) => format!("edit-{id}-{name}"),
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

    pub(super) fn message(self, field: Field) -> Signal<Option<String>> {
        let message = self.get(move |editor| editor.message_for(field));
        Signal::derive(move || message.get().flatten())
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
