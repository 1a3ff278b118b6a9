//! Ends this session.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::wire::AppError;

/// Ends this session.
#[server(prefix = "/api/page", endpoint = "session/sign_out", input = PostUrl)]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::server_fns::guard::{answer, expect_admin, leave_for, port, set_cookie};

    answer(async move {
        let signed_in = expect_admin()?;
        set_cookie(port()?.sign_out(&signed_in).await?)?;
        leave_for("/sign_in");
        Ok(())
    })
    .await
}
