//! What the page asks about retention.

use domain::view::RetentionView;
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};

use crate::{
    fresh::{Fresh, Tag},
    outcome::Done,
    wire::AppError,
};

/// The limits of the log, and how much of them is used.
#[server(prefix = "/api/page", endpoint = "retention/show", input = GetUrl)]
pub async fn show_retention(#[server(default)] known: Option<Tag>) -> Result<Fresh<RetentionView>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        Fresh::new(engine.show_retention().await?, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Changes the limits, unless somebody else did since `version`.
#[server(prefix = "/api/page", endpoint = "retention/update", input = PostUrl)]
pub async fn update_retention(
    version: i64,
    #[server(default)] days: String,
    #[server(default)] log_size: String,
) -> Result<Done, AppError> {
    use domain::settings::RetentionDraft;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let change = RetentionDraft { days, log_size }.parse()?;
        engine()?.update_retention(&admin.author(), version, change).await?;
        Ok(Done::new("Saved. Changes take effect immediately."))
    })
    .await
}
