//! Changes the thresholds of notifications.

use domain::settings::{AlertChange, ThresholdsDraft};
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Changes the thresholds of notifications.
#[server(prefix = "/api/page", endpoint = "alerts/thresholds", input = PostUrl)]
pub async fn update_alert_thresholds(
    version: i64,
    #[server(default)] failing_minutes: String,
    #[server(default)] log_share: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let draft = ThresholdsDraft {
            failing_minutes,
            log_share,
        };
        let change = AlertChange {
            thresholds: Some(draft.parse()?),
            ..AlertChange::default()
        };
        port()?.update_alerts(&admin, version, change).await?;
        Ok(Done::new("Saved. Changes take effect immediately."))
    })
    .await
}
