//! A panel as HTML.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::AppError;

/// A panel as HTML, with times as a reader has them whose zone is so many minutes ahead of UTC; in UTC if that is none.
#[server(prefix = "/api/page", endpoint = "drawn/panel", input = GetUrl)]
pub async fn draw_panel(panel: String, offset_minutes: Option<i32>) -> Result<String, AppError> {
    use crate::{
        drawn::describe_panel,
        server_fns::guard::{answer, expect_admin, port},
    };

    answer(async move {
        let admin = expect_admin()?;
        describe_panel(&panel, &admin, offset_minutes, &*port()?).await
    })
    .await
}
