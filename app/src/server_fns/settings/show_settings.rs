//! A settings page, as the browser draws it.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, settings::Part};

/// A settings page, as the browser draws it.
#[server(prefix = "/api/page", endpoint = "settings/show", input = GetUrl)]
pub async fn show_settings(page: String) -> Result<Vec<Part>, AppError> {
    use crate::{
        pages::describe_settings,
        server_fns::guard::{answer, expect_admin, port},
    };

    answer(async move {
        let admin = expect_admin()?;
        describe_settings(&page, &admin, &*port()?).await
    })
    .await
}
