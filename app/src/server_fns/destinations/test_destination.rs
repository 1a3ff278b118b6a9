//! Sends a test event to what a form holds, and draws what came of it. Nothing of the form is stored.

use domain::{destination::DestinationDraft, ids::DestinationId};
use leptos::{prelude::*, server_fn::codec::Json};

use crate::wire::AppError;

/// Sends a test event to what a form holds, and draws what came of it. Secrets that the form leaves out are those of the
/// destination with this id. It takes as long as an attempt to deliver may.
#[server(prefix = "/api/page", endpoint = "destinations/test", input = Json)]
pub async fn test_destination(id: Option<DestinationId>, draft: DestinationDraft) -> Result<String, AppError> {
    use crate::{
        drawn::draw_test_report,
        server_fns::guard::{answer, expect_admin, port},
    };

    answer(async move {
        let admin = expect_admin()?;
        let settings = match id {
            Some(_) => draft.parse_change()?,
            None => draft.parse_new()?,
        };
        let report = port()?.test_destination(&admin, id, settings).await?;
        Ok(draw_test_report(&report))
    })
    .await
}
