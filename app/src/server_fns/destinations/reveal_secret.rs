//! A secret that an administrator may see. POST, so that no cache or log keeps it.

use domain::ids::DestinationId;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::{AppError, DestinationSecret};

/// A secret that an administrator may see. POST, so that no cache or log keeps it.
#[server(prefix = "/api/page", endpoint = "destinations/secret", input = Json)]
pub async fn reveal_secret(id: DestinationId, secret: DestinationSecret) -> Result<String, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        let admin = expect_admin()?;
        port()?.reveal_secret(&admin, id, secret).await
    })
    .await
}
