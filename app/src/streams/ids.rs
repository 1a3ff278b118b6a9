//! Ids of elements that get the focus, or that are asked for.

use domain::{ids::DestinationId, page::StreamView};

/// The heading, where the focus goes when a stream has been deleted.
pub(super) const HEADING_ID: &str = "streams-heading";

/// The message above the list, where the focus goes when a stream has been added.
pub(super) const NOTICE_ID: &str = "streams-notice";

pub(super) const LIST_ID: &str = "streams-list";

/// The button that starts a new stream.
pub(super) const ADD_BUTTON_ID: &str = "add-stream";

/// The button that opens a row, where the focus returns when its form is closed.
pub(super) fn toggle_id(id: DestinationId) -> String {
    format!("stream-{id}")
}

/// The heading of the parked events of a stream.
pub(super) fn parked_id(id: DestinationId) -> String {
    format!("parked-{id}")
}

/// A tab of an open row.
pub(super) fn tab_id(id: DestinationId, view: StreamView) -> String {
    format!("stream-{id}-{}", view.as_str())
}

/// What the open tab of a row shows.
pub(super) fn tab_panel_id(id: DestinationId) -> String {
    format!("stream-{id}-view")
}

pub(super) fn panel_id(id: DestinationId) -> String {
    format!("stream-{id}-panel")
}
