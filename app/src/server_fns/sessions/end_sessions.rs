//! Signs who asks out everywhere, here too.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port, set_cookie},
    wire::{AppError, settings::Done},
};

/// Signs who asks out everywhere, here too.
#[server(prefix = "/api/page", endpoint = "sessions/end_all", input = PostUrl)]
pub async fn end_sessions() -> Result<Done, AppError> {
    answer(async move {
        let signed_in = expect_admin()?;
        set_cookie(port()?.end_sessions(&signed_in).await?)?;
        Ok(Done {
            go_to: "/sign_in".to_owned(),
            ..Done::new("You are signed out everywhere.")
        })
    })
    .await
}
