//! Deletes a destination; without the last one nothing is streamed.

use domain::ids::DestinationId;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::AppError;

/// Deletes a destination; without the last one nothing is streamed.
#[server(prefix = "/api/page", endpoint = "destinations/delete", input = Json)]
pub async fn delete_destination(id: DestinationId) -> Result<(), AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        let admin = expect_admin()?;
        port()?.delete_destination(&admin, id).await
    })
    .await
}
