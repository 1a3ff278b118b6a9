//! A page that is produced while it is sent, in parts that are small enough for many requests at a time.
//!
//! On an error, the connection is closed before the end, because a truncated list would look complete.

use axum::body::Body;
use bytes::Bytes;
use engine::log::BrowsePosition;
use futures::{StreamExt, stream};

use super::{error::GitlabError, event::print};
use crate::{error::ApiError, services::Services, v1::audit_events::unreadable};

/// Bytes of bodies per read.
const PART_BYTES: usize = 2 * 1024 * 1024;

/// The error that closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BrokenOff(String);

/// A page, with its first part.
pub(super) struct Parted {
    first: Bytes,
    rest: Rest,
}

struct Rest {
    services: Services,
    places: Vec<BrowsePosition>,
    /// Positions that are done.
    done: usize,
    /// Whether an event was written, so that a comma follows.
    is_begun: bool,
    is_ended: bool,
}

impl Parted {
    /// # Errors
    /// Errors that occur before the first part is sent.
    pub(super) async fn begin(services: Services, places: Vec<BrowsePosition>) -> Result<Self, GitlabError> {
        let mut rest = Rest {
            services,
            places,
            done: 0,
            is_begun: false,
            is_ended: false,
        };
        let mut first = String::from("[");
        rest.push_part(&mut first).await?;
        Ok(Self {
            first: first.into(),
            rest,
        })
    }

    /// The page as the body of a response.
    pub(super) fn into_body(self) -> Body {
        if self.rest.is_ended {
            return self.first.into();
        }
        let parts = stream::try_unfold(self.rest, Rest::next_part);
        Body::from_stream(stream::iter([Ok(self.first)]).chain(parts))
    }
}

impl Rest {
    async fn next_part(mut self) -> Result<Option<(Bytes, Self)>, BrokenOff> {
        if self.is_ended {
            return Ok(None);
        }
        let mut part = String::new();
        let pushed = self.push_part(&mut part).await;
        pushed.map_err(|error| BrokenOff(error.message().to_owned()))?;
        Ok(Some((part.into(), self)))
    }

    async fn push_part(&mut self, part: &mut String) -> Result<(), ApiError> {
        let _permit = self.services.log_reads.permit().await?;
        let left = self.places.get(self.done..).unwrap_or_default();
        let read = self.services.engine.log().show_within(left, PART_BYTES).await;
        let (rows, done) = read.map_err(unreadable)?;
        for row in &rows {
            if self.is_begun {
                part.push(',');
            }
            self.is_begun = true;
            part.push_str(print(row)?.get());
        }
        self.done += done;
        self.is_ended = self.done >= self.places.len();
        if self.is_ended {
            part.push(']');
        }
        Ok(())
    }
}
