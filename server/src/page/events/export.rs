//! Everything that a filter of the Log admits, as a file: oldest first, without a limit.
//!
//! The file is made while it is sent, a few mebibytes of the log at a time, and only as fast as the client takes it; when
//! the client goes away, nothing goes on. It ends with the newest event that the filter admitted when the export began, so
//! that a busy log does not make it endless. A failure in the middle breaks the connection off, for a file that ended
//! early would pass for a whole one.

use app::{model::log_location::LogLocation, port::SignedIn};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine::log::{BrowsePosition, BrowseRequest, BrowseRow, EventFilter, EventLog, LogError};
use futures::stream::try_unfold;

use super::{csv, filter::event_filter};
use crate::{api::ApiError, services::Services, web::report_incident};

/// Bodies read at once; by the average of what came before, since an event has anything between 200 bytes and a mebibyte.
const PART_BYTES: usize = 2 * 1024 * 1024;

const FIRST_ROWS: usize = 100;
const MOST_ROWS: usize = 2_000;

#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

/// GitLab's columns.
pub(in crate::page) async fn export_csv(
    State(services): State<Services>,
    signed_in: Option<Extension<SignedIn>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    export(&services, signed_in.is_some(), query, Format::Csv).await
}

/// The bodies byte for byte, one a line.
pub(in crate::page) async fn export_json_lines(
    State(services): State<Services>,
    signed_in: Option<Extension<SignedIn>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    export(&services, signed_in.is_some(), query, Format::JsonLines).await
}

async fn export(
    services: &Services,
    is_signed_in: bool,
    query: Option<String>,
    format: Format,
) -> Result<Response, ApiError> {
    if !is_signed_in {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Sign in to go on.",
        ));
    }
    let (log, now) = (services.engine.log(), services.engine.clock().now());
    let location = LogLocation::from_query(&query.unwrap_or_default());
    let filter = event_filter(&location.filter, now)
        .map_err(|error| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", error.to_string()))?;
    let export = Export::begin(log, filter, format)
        .await
        .map_err(|error| ApiError::internal("An export was to begin.", &error))?;
    let (extension, content_type) = match format {
        Format::Csv => ("csv", "text/csv; charset=utf-8; header=present"),
        Format::JsonLines => ("jsonl", "application/jsonl"),
    };
    let disposition = format!(
        "attachment; filename=\"audit-events-{}.{extension}\"",
        now.unix_seconds()
    );
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    let parts = try_unfold(export, Export::next_part);
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// How far an export is.
struct Export {
    log: EventLog,
    filter: EventFilter,
    format: Format,
    /// Where the next part begins; none at the end.
    next: Option<BrowseRequest>,
    end: Option<BrowsePosition>,
    rows: usize,
    /// The first line of the file.
    header: &'static str,
}

impl Export {
    async fn begin(log: &EventLog, filter: EventFilter, format: Format) -> Result<Self, LogError> {
        // Whatever the text says: how far to go is known without it.
        let anything = EventFilter {
            text: None,
            ..filter.clone()
        };
        let newest = log.browse(&anything, BrowseRequest::Newest, 1).await?;
        let header = match format {
            Format::Csv => csv::HEADER,
            Format::JsonLines => "",
        };
        Ok(Self {
            log: log.clone(),
            filter,
            format,
            next: Some(BrowseRequest::Oldest),
            end: newest.rows.first().map(|row| row.position),
            rows: FIRST_ROWS,
            header,
        })
    }

    async fn next_part(mut self) -> Result<Option<(Bytes, Self)>, LogError> {
        let mut part = std::mem::take(&mut self.header).to_owned();
        while let (Some(request), Some(end)) = (self.next, self.end) {
            let found = self
                .log
                .browse(&self.filter, request, self.rows)
                .await
                .inspect_err(|error| {
                    report_incident("An export was broken off.", error);
                })?;
            let last = found.searched_to.or(found.rows.last().map(|row| row.position));
            self.next = last.filter(|last| *last < end).map(BrowseRequest::NewerThan);
            self.rows = fitting_rows(&found.rows).unwrap_or(self.rows);
            for row in found.rows.iter().filter(|row| row.position <= end) {
                self.push(&mut part, row);
            }
            if !part.is_empty() {
                break;
            }
        }
        Ok((!part.is_empty()).then(|| (Bytes::from(part), self)))
    }

    fn push(&self, part: &mut String, row: &BrowseRow) {
        match self.format {
            Format::Csv => csv::push_line(part, row),
            Format::JsonLines => {
                part.push_str(&row.body);
                part.push('\n');
            }
        }
    }
}

/// How many events of this size make a part; none if there are none.
fn fitting_rows(rows: &[BrowseRow]) -> Option<usize> {
    let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
    let average = bytes.checked_div(rows.len())?;
    Some((PART_BYTES / average.max(1)).clamp(1, MOST_ROWS))
}
