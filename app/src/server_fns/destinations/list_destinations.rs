//! All destinations, oldest first.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, DestinationView};

/// All destinations, oldest first, drawn for a reader whose zone is so many minutes ahead of UTC; in UTC if that is none.
#[server(prefix = "/api/page", endpoint = "destinations/list", input = GetUrl)]
pub async fn list_destinations(offset_minutes: Option<i32>) -> Result<Vec<DestinationView>, AppError> {
    use crate::{
        drawn::draw_stream,
        server_fns::guard::{answer, expect_admin, port},
    };

    answer(async move {
        expect_admin()?;
        let port = port()?;
        let streams = port.list_destinations().await?.into_iter();
        Ok(streams
            .map(|stream| draw_stream(stream, port.now(), offset_minutes))
            .collect())
    })
    .await
}
