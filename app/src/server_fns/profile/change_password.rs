//! Sets a new password and ends the other sessions of its owner.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::wire::AppError;

/// Sets a new password and ends the other sessions of its owner.
#[server(prefix = "/api/page", endpoint = "profile/change_password", input = PostUrl)]
pub async fn change_password(current: String, new: String) -> Result<(), AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port};

    answer(async move {
        let signed_in = expect_admin()?;
        port()?.change_password(&signed_in, &current, new).await
    })
    .await
}
