//! Where the reader is in the Log, as the address of the page says it: `?tab=log&older_than=1760464808677_42&event=7`.

use std::fmt::Write as _;

use domain::{Timestamp, ids::Seq};
use serde::{Deserialize, Serialize};

use crate::wire::{LogPageRequest, LogPosition};

/// Path of the page with the tabs Log and Streams.
pub const AUDIT_EVENTS: &str = "/admin/audit_logs";

/// A page of the Log, and the event whose details are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogLocation {
    pub page: LogPageRequest,
    pub event: Option<Seq>,
}

impl LogLocation {
    /// Reads the query; what can't be read is as if it were not there.
    pub fn from_query(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let position = |name| parameter(name).as_deref().and_then(parse_position);
        let page = if let Some(position) = position("older_than") {
            LogPageRequest::OlderThan(position)
        } else if let Some(position) = position("newer_than") {
            LogPageRequest::NewerThan(position)
        } else {
            LogPageRequest::Newest
        };
        let event = parameter("event").and_then(|seq| seq.parse().ok()).map(Seq::new);
        Self { page, event }
    }

    /// The same page with the details of this event open.
    #[must_use]
    pub const fn with_event(self, seq: Seq) -> Self {
        Self {
            event: Some(seq),
            ..self
        }
    }

    /// The same page with no details open.
    #[must_use]
    pub const fn without_event(self) -> Self {
        Self { event: None, ..self }
    }

    /// Another page.
    pub const fn page(page: LogPageRequest) -> Self {
        Self { page, event: None }
    }

    pub fn href(&self) -> String {
        let mut href = format!("{AUDIT_EVENTS}?tab=log");
        let page = page_text(self.page);
        if !page.is_empty() {
            href.push('&');
            href.push_str(&page);
        }
        if let Some(seq) = self.event {
            write!(href, "&event={seq}").unwrap_or_default();
        }
        href
    }
}

/// A page request as one value of a URL: empty, `older_than=<position>` or `newer_than=<position>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct LogPageParameter(pub LogPageRequest);

impl From<LogPageParameter> for String {
    fn from(parameter: LogPageParameter) -> Self {
        page_text(parameter.0)
    }
}

impl From<String> for LogPageParameter {
    fn from(text: String) -> Self {
        let (name, value) = text.split_once('=').unwrap_or_default();
        let location = LogLocation::from_query(|asked| (asked == name).then(|| value.to_owned()));
        Self(location.page)
    }
}

fn page_text(page: LogPageRequest) -> String {
    match page {
        LogPageRequest::Newest => String::new(),
        LogPageRequest::OlderThan(position) => format!("older_than={}", position_text(position)),
        LogPageRequest::NewerThan(position) => format!("newer_than={}", position_text(position)),
    }
}

fn position_text(position: LogPosition) -> String {
    format!("{}_{}", position.created_at.unix_ms(), position.seq)
}

fn parse_position(text: &str) -> Option<LogPosition> {
    let (created_ms, seq) = text.split_once('_')?;
    Some(LogPosition {
        created_at: Timestamp::from_unix_ms(created_ms.parse().ok()?),
        seq: Seq::new(seq.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(created_ms: i64, seq: i64) -> LogPosition {
        LogPosition {
            created_at: Timestamp::from_unix_ms(created_ms),
            seq: Seq::new(seq),
        }
    }

    fn read(query: &str) -> LogLocation {
        LogLocation::from_query(|asked| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .into_iter()
                .find(|(name, _)| *name == asked)
                .map(|(_, value)| value.to_owned())
        })
    }

    #[test]
    fn every_location_reads_back_as_printed() {
        for page in [
            LogPageRequest::Newest,
            LogPageRequest::OlderThan(position(1_760_464_808_677, 42)),
            LogPageRequest::NewerThan(position(-5, 1)),
        ] {
            for location in [LogLocation::page(page), LogLocation::page(page).with_event(Seq::new(7))] {
                let href = location.href();
                let (path, query) = href.split_once('?').unwrap();
                assert_eq!((path, read(query)), (AUDIT_EVENTS, location));
            }
            assert_eq!(LogPageParameter::from(String::from(LogPageParameter(page))).0, page);
        }
    }

    #[test]
    fn nonsense_is_the_newest_page() {
        for query in ["", "older_than=x", "older_than=1", "newer_than=_", "event=one"] {
            assert_eq!(read(query), LogLocation::default(), "{query}");
        }
    }

    #[test]
    fn closing_the_details_keeps_the_page() {
        let open = read("tab=log&older_than=5_2&event=9");
        assert_eq!(open.without_event().href(), "/admin/audit_logs?tab=log&older_than=5_2");
    }
}
