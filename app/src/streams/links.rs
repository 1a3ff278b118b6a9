//! Where the reader is in the tab, as its address says it: `?tab=streams&stream=25&view=activity&attention=on`.

use domain::{
    ids::DestinationId,
    page::{AUDIT_EVENTS, StreamView, stream_path},
};
use leptos_router::params::ParamsMap;

/// The row that was opened last, and whether only streams that need attention are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamsLocation {
    pub(crate) stream: Option<(DestinationId, StreamView)>,
    pub(crate) attention_only: bool,
    /// Whether the whole list is part of the HTML.
    pub(crate) all: bool,
}

impl StreamsLocation {
    /// Reads a query. A value that cannot be read is the same as none.
    pub(crate) fn from_query(query: &ParamsMap) -> Self {
        let id = query.get_str("stream").and_then(|id| id.parse().ok());
        let view = query.get_str("view").and_then(StreamView::parse);
        Self {
            stream: id.map(|id| (DestinationId::new(id), view.unwrap_or(StreamView::Settings))),
            attention_only: query.get_str("attention") == Some("on"),
            all: query.get_str("all") == Some("on"),
        }
    }

    pub(crate) fn address(self) -> String {
        let mut address = match self.stream {
            Some((id, view)) => stream_path(id, view),
            None => format!("{AUDIT_EVENTS}?tab=streams"),
        };
        if self.attention_only {
            address.push_str("&attention=on");
        }
        if self.all {
            address.push_str("&all=on");
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> StreamsLocation {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query: ParamsMap = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        StreamsLocation::from_query(&query)
    }

    #[test]
    fn an_address_leads_to_where_it_was_made() {
        let stream = Some((DestinationId::new(25), StreamView::Activity));
        for (location, address) in [
            (StreamsLocation::default(), "/admin/audit_logs?tab=streams"),
            (
                StreamsLocation {
                    stream,
                    ..StreamsLocation::default()
                },
                "/admin/audit_logs?tab=streams&stream=25&view=activity",
            ),
            (
                StreamsLocation {
                    attention_only: true,
                    all: true,
                    ..StreamsLocation::default()
                },
                "/admin/audit_logs?tab=streams&attention=on&all=on",
            ),
        ] {
            assert_eq!(location.address(), address);
            let (_, query) = address.split_once('?').unwrap();
            assert_eq!(read(query), location);
        }
        let unreadable = read("stream=x&view=y&attention=z");
        assert_eq!(unreadable, StreamsLocation::default());
        let without_view = read("stream=3");
        assert_eq!(without_view.stream, Some((DestinationId::new(3), StreamView::Settings)));
    }
}
