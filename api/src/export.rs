//! Everything that a filter of the log admits, as a file: oldest first, without a limit.
//!
//! The file is made while it is sent, a part of the log at a time, and only as fast as the client takes it; when
//! the client goes away or takes nothing for too long, or the session or token that asked ends, nothing goes on. How many
//! there may be at once is bounded (`places`). It ends with the newest event that the
//! filter admitted when the export began, so that a busy log does not make it endless. A failure in the middle breaks the
//! connection off, for a file that ended early would pass for a whole one.

mod csv;
mod places;

use axum::{
    body::Body,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine::{
    credentials::StoreError,
    log::{BrowsePosition, BrowseRequest, BrowseRow, EventFilter, LogError},
};
use futures::stream::try_unfold;

use self::places::ExportPlace;
pub(crate) use self::places::ExportPlaces;
pub use self::places::Pass;
use crate::{error::ApiError, services::Services, web::report_incident};

/// Bodies read at once: an event has anything between 200 bytes and some mebibytes.
const PART_BYTES: usize = 512 * 1024;

/// Events read at once.
const PART_ROWS: usize = 1_000;

#[derive(Clone, Copy)]
pub enum Format {
    /// With GitLab's columns.
    Csv,
    /// The bodies byte for byte, one a line.
    JsonLines,
}

/// The file as an answer.
///
/// # Errors
/// 429 or 503 if there are too many at once, or 500; nothing was sent.
pub async fn export(services: Services, pass: Pass, filter: EventFilter, format: Format) -> Result<Response, ApiError> {
    let now = services.engine.clock().now();
    let place = services.export_places.take(pass)?;
    let export = Export::begin(services, place, pass, filter, format)
        .await
        .map_err(|error| ApiError::internal("An export could not be started.", &error))?;
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
    #[error("the session or token could not be read")]
    Store(#[from] StoreError),
    /// Nothing that an operator has to know.
    #[error("the session or token has ended")]
    Ended,
}

/// How far an export is.
struct Export {
    services: Services,
    _place: ExportPlace,
    pass: Pass,
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
        place: ExportPlace,
        pass: Pass,
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
            _place: place,
            pass,
            filter,
            format,
            next: Some(BrowseRequest::Oldest),
            end: newest.rows.first().map(|row| row.position),
            header,
        })
    }

    async fn next_part(mut self) -> Result<Option<(Bytes, Self)>, ExportError> {
        let part = self.read_part().await.inspect_err(|error| {
            if !matches!(error, ExportError::Ended) {
                report_incident("An export failed.", error);
            }
        })?;
        Ok((!part.is_empty()).then(|| (Bytes::from(part), self)))
    }

    /// Empty at the end.
    async fn read_part(&mut self) -> Result<String, ExportError> {
        let mut part = std::mem::take(&mut self.header).to_owned();
        while let (Some(request), Some(end)) = (self.next, self.end) {
            self.expect_pass().await?;
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
    async fn expect_pass(&self) -> Result<(), ExportError> {
        let engine = &self.services.engine;
        let is_good = match self.pass {
            Pass::Session(session) => engine.has_session(session).await?,
            Pass::Token(hash) => {
                let token = engine.find_token(hash).await?;
                token.is_some_and(|token| token.is_valid(engine.clock().now()))
            }
        };
        is_good.then_some(()).ok_or(ExportError::Ended)
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
