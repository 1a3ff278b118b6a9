//! What the list is narrowed to.

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
    /// Every word of the search has to be in one of the texts of the row.
    pub(super) fn admits(&self, row: &StreamRow) -> bool {
        let is_wanted = !self.attention_only || needs_attention(&row.view.health) || row.expanded;
        is_wanted
            && self
                .search
                .to_lowercase()
                .split_whitespace()
                .all(|word| row.has_text(word))
    }
}
