//! Addresses of the admin page, for links from other places such as e-mails.

use crate::ids::DestinationId;

/// Path of the page with the tabs Log and Streams.
pub const AUDIT_EVENTS: &str = "/admin/audit_logs";

/// Path of Settings › Network.
pub const NETWORK_SETTINGS: &str = "/admin/settings/network";

/// Path of Settings › Retention.
pub const RETENTION_SETTINGS: &str = "/admin/settings/retention";

/// Path of Settings › Alerts.
pub const ALERT_SETTINGS: &str = "/admin/settings/alerts";

/// What an open row of the list of streams shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamView {
    Settings,
    Activity,
    /// The parked events in the activity.
    Parked,
}

impl StreamView {
    const ALL: [Self; 3] = [Self::Settings, Self::Activity, Self::Parked];

    /// Its name in an address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Activity => "activity",
            Self::Parked => "parked",
        }
    }

    /// The view with this name. `None` if there is no such view.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.as_str() == text)
    }
}

/// The path and query at which the row of a stream is open.
pub fn stream_path(id: DestinationId, view: StreamView) -> String {
    format!("{AUDIT_EVENTS}?tab=streams&stream={id}&view={}", view.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_the_row_of_its_stream() {
        let path = stream_path(DestinationId::new(25), StreamView::Activity);
        assert_eq!(path, "/admin/audit_logs?tab=streams&stream=25&view=activity");
        for view in StreamView::ALL {
            assert_eq!(StreamView::parse(view.as_str()), Some(view));
        }
        assert_eq!(StreamView::parse("other"), None);
    }
}
