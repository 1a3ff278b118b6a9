//! The secret with which a receiver checks signatures. POST, so that no cache or log keeps it.

use domain::ids::DestinationId;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::AppError;

/// The secret with which a receiver checks signatures. POST, so that no cache or log keeps it.
#[server(prefix = "/api/page", endpoint = "destinations/signing_secret", input = Json)]
pub async fn reveal_signing_secret(id: DestinationId) -> Result<String, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        let admin = expect_admin()?;
        port()?.reveal_signing_secret(&admin, id).await
    })
    .await
}
