//! Everything that a filter of the Log admits, as a file: oldest first, without a limit.
//!
//! The file is made while it is sent, a few mebibytes of the log at a time, and only as fast as the client takes it; when
//! the client goes away or the session ends, nothing goes on. It ends with the newest event that the filter admitted when
//! the export began, so that a busy log does not make it endless. A failure in the middle breaks the connection off, for a
//! file that ended early would pass for a whole one.

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
use domain::ids::SessionId;
use engine::{
    log::{BrowsePosition, BrowseRequest, BrowseRow, EventFilter, LogError},
    store::StoreError,
};
use futures::stream::try_unfold;

use super::{csv, filter::event_filter};
use crate::{api::ApiError, services::Services, web::report_incident};

/// Bodies read at once: an event has anything between 200 bytes and a mebibyte.
const PART_BYTES: usize = 2 * 1024 * 1024;

/// Events read at once.
const PART_ROWS: usize = 2_000;

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
    export(services, signed_in, query, Format::Csv).await
}

/// The bodies byte for byte, one a line.
pub(in crate::page) async fn export_json_lines(
    State(services): State<Services>,
    signed_in: Option<Extension<SignedIn>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    export(services, signed_in, query, Format::JsonLines).await
}

async fn export(
    services: Services,
    signed_in: Option<Extension<SignedIn>>,
    query: Option<String>,
    format: Format,
) -> Result<Response, ApiError> {
    let Some(Extension(signed_in)) = signed_in else {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "Sign in to go on.",
        ));
    };
    let now = services.engine.clock().now();
    let location = LogLocation::from_query(&query.unwrap_or_default());
    let filter = event_filter(&location.filter, now)
        .map_err(|error| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", error.to_string()))?;
    let export = Export::begin(services, signed_in.session, filter, format)
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

/// Why an export was broken off.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("the log could not be read")]
    Log(#[from] LogError),
    #[error("the session could not be read")]
    Session(#[from] StoreError),
    /// Nothing that an operator has to know.
    #[error("the session has ended")]
    SignedOut,
}

/// How far an export is.
struct Export {
    services: Services,
    session: SessionId,
    filter: EventFilter,
    format: Format,
    /// Where the next part begins; none at the end.
    next: Option<BrowseRequest>,
    end: Option<BrowsePosition>,
    /// The first line of the file.
    header: &'static str,
}

impl Export {
    async fn begin(
        services: Services,
        session: SessionId,
        filter: EventFilter,
        format: Format,
    ) -> Result<Self, LogError> {
        // Whatever the text says: how far to go is known without it.
        let anything = EventFilter {
            text: None,
            ..filter.clone()
        };
        let newest = services
            .engine
            .log()
            .browse(&anything, BrowseRequest::Newest, 1)
            .await?;
        let header = match format {
            Format::Csv => csv::HEADER,
            Format::JsonLines => "",
        };
        Ok(Self {
            services,
            session,
            filter,
            format,
            next: Some(BrowseRequest::Oldest),
            end: newest.rows.first().map(|row| row.position),
            header,
        })
    }

    async fn next_part(mut self) -> Result<Option<(Bytes, Self)>, ExportError> {
        let part = self.read_part().await.inspect_err(|error| {
            if !matches!(error, ExportError::SignedOut) {
                report_incident("An export was broken off.", error);
            }
        })?;
        Ok((!part.is_empty()).then(|| (Bytes::from(part), self)))
    }

    /// Empty at the end.
    async fn read_part(&mut self) -> Result<String, ExportError> {
        let mut part = std::mem::take(&mut self.header).to_owned();
        while let (Some(request), Some(end)) = (self.next, self.end) {
            self.expect_session().await?;
            let log = self.services.engine.log();
            let found = log.browse_within(&self.filter, request, PART_ROWS, PART_BYTES).await?;
            let last = found.searched_to.or(found.rows.last().map(|row| row.position));
            self.next = last.filter(|last| *last < end).map(BrowseRequest::NewerThan);
            for row in found.rows.iter().filter(|row| row.position <= end) {
                self.push(&mut part, row);
            }
            if !part.is_empty() {
                break;
            }
        }
        Ok(part)
    }

    /// Whoever was signed out, disabled or forgotten meanwhile gets no more.
    async fn expect_session(&self) -> Result<(), ExportError> {
        let engine = &self.services.engine;
        let is_signed_in = engine
            .database()
            .has_session(self.session, engine.clock().now())
            .await?;
        is_signed_in.then_some(()).ok_or(ExportError::SignedOut)
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
