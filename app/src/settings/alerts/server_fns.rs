//! What the page asks about alerts.

use domain::{
    settings::{EmailDraft, WebhookDraft},
    view::{AlertSettingsView, AlertView},
};
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};

use crate::{
    fresh::{Fresh, Tag},
    outcome::Done,
    wire::AppError,
};

/// When and how administrators are notified.
#[server(prefix = "/api/page", endpoint = "alerts/settings", input = GetUrl)]
pub async fn show_alert_settings(#[server(default)] known: Option<Tag>) -> Result<Fresh<AlertSettingsView>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        let settings = engine.show_alert_settings(true).await?;
        Fresh::new(settings, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Lists the open alerts.
#[server(prefix = "/api/page", endpoint = "alerts/list", input = GetUrl)]
pub async fn list_alerts(#[server(default)] known: Option<Tag>) -> Result<Fresh<Vec<AlertView>>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        Fresh::new(engine.list_alerts().await?, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Changes the thresholds, unless somebody else changed the alert settings since `version`.
#[server(prefix = "/api/page", endpoint = "alerts/thresholds", input = PostUrl)]
pub async fn update_alert_thresholds(
    version: i64,
    #[server(default)] failing_minutes: String,
    #[server(default)] log_share: String,
) -> Result<Done, AppError> {
    use domain::settings::{AlertChange, ThresholdsDraft};

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let draft = ThresholdsDraft {
            failing_minutes,
            log_share,
        };
        let change = AlertChange {
            thresholds: Some(draft.parse()?),
            ..AlertChange::default()
        };
        engine()?
            .update_alert_settings(&admin.author(), version, change)
            .await?;
        Ok(Done::new("Saved. Changes take effect immediately."))
    })
    .await
}

/// Changes the e-mail settings, or turns e-mail off, unless somebody else changed the alert settings since `version`.
#[server(prefix = "/api/page", endpoint = "alerts/email", input = PostUrl)]
pub async fn update_alert_email(version: i64, #[server(default)] draft: EmailDraft) -> Result<Done, AppError> {
    use domain::settings::AlertChange;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let email = draft.parse()?;
        let message = match email {
            Some(_) => "Saved. Changes take effect immediately.",
            None => "Saved. No e-mail is sent.",
        };
        let change = AlertChange {
            email: Some(email),
            ..AlertChange::default()
        };
        engine()?
            .update_alert_settings(&admin.author(), version, change)
            .await?;
        Ok(Done::new(message))
    })
    .await
}

/// Changes the webhook settings, or turns the webhook off, unless somebody else changed the alert settings since `version`.
#[server(prefix = "/api/page", endpoint = "alerts/webhook", input = PostUrl)]
pub async fn update_alert_webhook(version: i64, #[server(default)] draft: WebhookDraft) -> Result<Done, AppError> {
    use domain::settings::AlertChange;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let webhook = draft.parse()?;
        let message = match webhook {
            Some(_) => "Saved. Changes take effect immediately.",
            None => "Saved. Nothing is posted.",
        };
        let change = AlertChange {
            webhook: Some(webhook),
            ..AlertChange::default()
        };
        engine()?
            .update_alert_settings(&admin.author(), version, change)
            .await?;
        Ok(Done::new(message))
    })
    .await
}

/// Sends a test e-mail with the saved settings.
#[server(prefix = "/api/page", endpoint = "alerts/email/test", input = PostUrl)]
pub async fn send_test_email() -> Result<Done, AppError> {
    use domain::settings::AlertChannel;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        engine()?.send_test_alert(&admin.author(), AlertChannel::Email).await?;
        Ok(Done::new("The server accepted the test e-mail."))
    })
    .await
}

/// Posts a test to the webhook with the saved settings.
#[server(prefix = "/api/page", endpoint = "alerts/webhook/test", input = PostUrl)]
pub async fn send_test_webhook() -> Result<Done, AppError> {
    use domain::settings::AlertChannel;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        engine()?
            .send_test_alert(&admin.author(), AlertChannel::Webhook)
            .await?;
        Ok(Done::new("Test delivered."))
    })
    .await
}
