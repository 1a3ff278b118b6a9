//! A row of the list.

use std::sync::Arc;

use domain::{page::StreamView, view::DestinationView};

use crate::streams::editor::EditorState;

/// A destination in the list and its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamRow {
    /// Shared, so that a row that is unchanged is found unchanged at once.
    pub(crate) view: Arc<DestinationView>,
    /// Its name, kind and target in lower case.
    searched: String,
    pub(crate) editor: EditorState,
    pub(crate) expanded: bool,
    /// What it shows while it is open.
    pub(crate) shown: StreamView,
    /// Not among those that the filter admits.
    pub(crate) hidden: bool,
    /// Someone else deleted it, and there is unsaved text in its form.
    pub(crate) deleted: bool,
}

impl StreamRow {
    pub(super) fn new(view: DestinationView) -> Self {
        Self {
            editor: EditorState::edit(&view),
            searched: searched(&view),
            view: Arc::new(view),
            expanded: false,
            shown: StreamView::Settings,
            hidden: false,
            deleted: false,
        }
    }

    pub(super) fn follow(&mut self, view: DestinationView) {
        self.deleted = false;
        self.editor.follow(&view);
        if *self.view != view {
            self.show(view);
        }
    }

    /// Shows the destination as it is now; its form stays as it is.
    pub(super) fn show(&mut self, view: DestinationView) {
        self.searched = searched(&view);
        self.view = Arc::new(view);
    }

    /// Whether a text in lower case is in its name, kind or target.
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.searched.contains(text)
    }

    pub(crate) fn is_unsaved(&self) -> bool {
        self.expanded && self.editor.is_unsaved()
    }
}

fn searched(view: &DestinationView) -> String {
    format!("{} {} {}", view.name, view.kind.spec().label, view.target.summary()).to_lowercase()
}
