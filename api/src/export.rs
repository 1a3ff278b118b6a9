//! Exports all events that match a filter as one file, oldest first and without a limit.
//!
//! The file is produced while it is sent, one part of the log at a time, and only as fast as the client reads. The export stops
//! when the client disconnects or stalls, or when its session or token ends. The number of concurrent exports is limited
//! (`permits`). The export ends with the newest matching event at its start, so that a busy log does not make it endless. On an
//! error, the connection is closed before the end of the file, because a truncated file would look complete.

mod csv;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzz;
mod permits;

use axum::{
    body::Body,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine::{
    admin::ExportProgress,
    credentials::StoreError,
    log::{BrowsePosition, BrowseRequest, BrowseRow, EventFilter, LogError},
};
use futures::stream::try_unfold;

pub use self::permits::Credential;
use self::permits::ExportPermit;
pub(crate) use self::permits::ExportPermits;
use crate::{error::ApiError, services::Services, web::report_incident};

/// Bytes of bodies per read: an event has between 200 bytes and some mebibytes.
const PART_BYTES: usize = 512 * 1024;

/// Events per read.
const PART_ROWS: usize = 1_000;

/// Format of an export.
#[derive(Clone, Copy)]
pub enum Format {
    /// With GitLab's columns.
    Csv,
    /// The stored bodies, one per line.
    JsonLines,
}

/// Responds with the file. `progress` reports how far it is.
///
/// # Errors
/// 429 or 503 if there are too many at once, or 500; nothing was sent.
pub async fn export(
    services: Services,
    credential: Credential,
    filter: EventFilter,
    format: Format,
    progress: Option<ExportProgress>,
) -> Result<Response, ApiError> {
    let now = services.engine.clock().now();
    let permit = services.export_permits.take(credential).inspect_err(|error| {
        if let Some(progress) = &progress {
            progress.reject(error.message());
        }
    })?;
    let export = Export::begin(services, permit, credential, filter, format, progress)
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

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("the log could not be read")]
    Log(#[from] LogError),
    #[error("the session or token could not be read")]
    Store(#[from] StoreError),
    /// Not an error for the operator.
    #[error("the session or token has ended")]
    Ended,
}

/// The state of an export.
struct Export {
    services: Services,
    _permit: ExportPermit,
    credential: Credential,
    filter: EventFilter,
    format: Format,
    /// Start of the next part; `None` at the end.
    next: Option<BrowseRequest>,
    end: Option<BrowsePosition>,
    /// The first line of the file.
    header: &'static str,
    progress: Option<ExportProgress>,
}

impl Export {
    async fn begin(
        services: Services,
        permit: ExportPermit,
        credential: Credential,
        filter: EventFilter,
        format: Format,
        progress: Option<ExportProgress>,
    ) -> Result<Self, LogError> {
        // The end of the export is found without the text filter.
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
            _permit: permit,
            credential,
            filter,
            format,
            next: Some(BrowseRequest::Oldest),
            end: newest.rows.first().map(|row| row.position),
            header,
            progress,
        })
    }

    async fn next_part(mut self) -> Result<Option<(Bytes, Self)>, ExportError> {
        let part = self.read_part().await.inspect_err(|error| {
            if !matches!(error, ExportError::Ended) {
                report_incident("An export failed.", error);
            }
        })?;
        if let (true, Some(progress)) = (part.is_empty(), &self.progress) {
            progress.complete();
        }
        Ok((!part.is_empty()).then(|| (Bytes::from(part), self)))
    }

    /// Reads the next part; empty at the end.
    async fn read_part(&mut self) -> Result<String, ExportError> {
        let mut part = std::mem::take(&mut self.header).to_owned();
        while let (Some(request), Some(end)) = (self.next, self.end) {
            self.expect_credential().await?;
            let log = self.services.engine.log();
            let found = log.browse_within(&self.filter, request, PART_ROWS, PART_BYTES).await?;
            let last = found.searched_to.or(found.rows.last().map(|row| row.position));
            self.next = last.filter(|last| *last < end).map(BrowseRequest::NewerThan);
            let mut events = 0;
            for row in found.rows.iter().filter(|row| row.position <= end) {
                self.push(&mut part, row);
                events += 1;
            }
            if let Some(progress) = &self.progress {
                progress.add(events);
            }
            if !part.is_empty() {
                break;
            }
        }
        Ok(part)
    }

    /// Checks that the session or token is still valid.
    async fn expect_credential(&self) -> Result<(), ExportError> {
        let engine = &self.services.engine;
        let is_good = match self.credential {
            Credential::Session(session) => engine.has_session(session).await?,
            Credential::Token(token) => engine.has_token(token).await?,
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
