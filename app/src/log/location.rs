//! Where the reader is in the Log, as the address of the page says it:
//! `?tab=log&author_username=root&older_than=1760464808677_42&event=7`.
//!
//! The menu of filters is a plain form: its `field`, `operator` (`is` or `is_not`) and `value` add one condition.

use domain::{Timestamp, ids::Seq};

use super::{
    filter::{Condition, FilterField, LogFilter},
    query_text::{pairs, push_pair},
    wire::{LogPageRequest, LogPosition},
};

pub use domain::page::AUDIT_EVENTS;

/// Path of the exports, before `.csv` or `.jsonl`.
pub const EXPORT: &str = "/admin/audit_log_reports";

/// Parameter of an export with the key by which the page asks how far it is.
pub const EXPORT_KEY: &str = "progress";

/// The filter, a page of what it admits, the event whose details are open, and whether new events are waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLocation {
    pub filter: LogFilter,
    pub page: LogPageRequest,
    pub event: Option<Seq>,
    pub live: bool,
}

impl LogLocation {
    /// Reads the query. Positions that can't be read are ignored; what is wrong with the filter stays, to be reported at its
    /// field.
    pub fn from_query(query: &str) -> Self {
        let mut location = Self::default();
        let (mut field, mut is_not, mut value) = (None, false, String::new());
        for (name, given) in pairs(query) {
            match name.as_str() {
                "older_than" => location.go_to(&given, LogPageRequest::OlderThan),
                "newer_than" => location.go_to(&given, LogPageRequest::NewerThan),
                "event" => location.event = given.parse().ok().map(Seq::new),
                "live" => location.live = given == "on",
                "field" => field = FilterField::ALL.into_iter().find(|field| field.name() == given),
                "operator" => is_not = given == "is_not",
                "value" => value = given,
                _ => location.filter.take(&name, given),
            }
        }
        location.filter = location.filter.tidied();
        let value = value.trim().to_owned();
        if let (Some(field), false) = (field, value.is_empty()) {
            location.filter = location.filter.with(&Condition { field, is_not, value });
        }
        location
    }

    /// The same page with the details of this event open, or with none.
    #[must_use]
    pub fn with_event(self, event: Option<Seq>) -> Self {
        Self { event, ..self }
    }

    /// Another page of the same.
    #[must_use]
    pub fn at(self, page: LogPageRequest) -> Self {
        Self {
            page,
            event: None,
            ..self
        }
    }

    /// The first page of something else.
    #[must_use]
    pub fn with_filter(self, filter: LogFilter) -> Self {
        Self { filter, ..self }.at(LogPageRequest::First)
    }

    /// Whether new events would be the next to be shown here.
    pub fn is_at_newest(&self) -> bool {
        self.page == LogPageRequest::First && !self.filter.oldest_first()
    }

    /// Whether new events are waited for here.
    pub fn is_live(&self) -> bool {
        self.live && self.is_at_newest()
    }

    /// What decides which rows are shown.
    pub fn query(&self) -> String {
        let mut query = String::new();
        self.filter.write(&mut query);
        match self.page {
            LogPageRequest::First => {}
            LogPageRequest::OlderThan(position) => push_pair(&mut query, "older_than", &position_text(position)),
            LogPageRequest::NewerThan(position) => push_pair(&mut query, "newer_than", &position_text(position)),
        }
        query
    }

    /// The filter alone, without the order.
    pub fn filter_query(&self) -> String {
        let mut query = String::new();
        let sort = String::new();
        LogFilter {
            sort,
            ..self.filter.clone()
        }
        .write(&mut query);
        query
    }

    /// The address of the Log that shows this, as a path with a query.
    pub fn href(&self) -> String {
        let mut href = format!("{AUDIT_EVENTS}?tab=log");
        let query = self.query();
        if !query.is_empty() {
            href.extend(["&", &query]);
        }
        if self.live {
            href.push_str("&live=on");
        }
        if let Some(seq) = self.event {
            push_pair(&mut href, "event", &seq.to_string());
        }
        href
    }

    /// Where everything that the filter admits is handed out, as `csv` or `jsonl`.
    pub fn export_href(&self, format: &str) -> String {
        let mut query = String::new();
        self.filter.write(&mut query);
        format!("{EXPORT}.{format}?{query}")
    }

    fn go_to(&mut self, position: &str, page: impl Fn(LogPosition) -> LogPageRequest) {
        if let Some(position) = parse_position(position) {
            self.page = page(position);
        }
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

    fn position() -> LogPosition {
        LogPosition {
            created_at: Timestamp::from_unix_ms(-62_135_596_800_000),
            seq: Seq::new(42),
        }
    }

    #[test]
    fn every_location_has_an_address_that_leads_back() {
        let filter = LogFilter::default().with(&Condition::is(FilterField::Author, "Ada & Co"));
        for page in [
            LogPageRequest::First,
            LogPageRequest::OlderThan(position()),
            LogPageRequest::NewerThan(position()),
        ] {
            let location = LogLocation::default().with_filter(filter.clone()).at(page);
            let live = LogLocation {
                live: true,
                ..location.clone()
            };
            for location in [location.clone().with_event(Some(Seq::new(7))), live, location] {
                let href = location.href();
                let (path, query) = href.split_once('?').unwrap();
                assert_eq!((path, LogLocation::from_query(query)), (AUDIT_EVENTS, location));
            }
        }
    }

    #[test]
    fn positions_that_make_no_sense_are_the_first_page() {
        for query in ["", "older_than=x", "older_than=1", "newer_than=_", "event=one"] {
            assert_eq!(LogLocation::from_query(query), LogLocation::default(), "{query}");
        }
    }

    #[test]
    fn closing_the_details_keeps_the_page_and_a_filter_begins_at_the_first() {
        let open = LogLocation::from_query("tab=log&text=a&older_than=5_2&event=9");
        let closed = open.clone().with_event(None);
        assert_eq!(closed.href(), "/admin/audit_logs?tab=log&text=a&older_than=5_2");
        assert_eq!(
            open.with_filter(LogFilter::default()).href(),
            "/admin/audit_logs?tab=log"
        );
    }

    #[test]
    fn a_plain_form_adds_a_condition() {
        let query = "tab=log&author_username=ada&field=project&operator=is&value=a%2Fb+c&range=&sort=created_desc";
        let added = LogLocation::from_query(query);
        assert_eq!(
            added.href(),
            "/admin/audit_logs?tab=log&author_username=ada&entity_type=Project&entity_id=a/b%20c"
        );
        assert_eq!(
            LogLocation::from_query("field=author&operator=is&value=+").href(),
            "/admin/audit_logs?tab=log"
        );
        let excluded = LogLocation::from_query("field=event_type&operator=is_not&value=x&sort=created_asc");
        assert_eq!(
            excluded.href(),
            "/admin/audit_logs?tab=log&not_event_type=x&sort=created_asc"
        );
        assert_eq!(excluded.filter_query(), "not_event_type=x");
    }

    #[test]
    fn an_export_is_of_everything_that_the_filter_admits() {
        let location = LogLocation::from_query("tab=log&text=a&older_than=5_2&event=9&live=on");
        assert_eq!(location.export_href("csv"), "/admin/audit_log_reports.csv?text=a");
    }
}
