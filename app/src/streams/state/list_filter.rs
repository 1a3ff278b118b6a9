//! What the list is narrowed to.

use domain::view::DestinationView;

use super::row::StreamRow;
use crate::streams::health::needs_attention;

/// What the list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListFilter {
    /// Text that is in the name, the kind or the target of a stream.
    pub(crate) search: String,
    pub(crate) attention_only: bool,
}

impl ListFilter {
    pub(super) fn admits(&self, row: &StreamRow) -> bool {
        let is_wanted = !self.attention_only || needs_attention(&row.view.health) || row.expanded;
        is_wanted && matches_search(&row.view, &self.search)
    }
}

/// Every word has to be in one of the texts of the row.
fn matches_search(view: &DestinationView, search: &str) -> bool {
    let text = format!("{} {} {}", view.name, view.kind.spec().label, view.target.summary()).to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
