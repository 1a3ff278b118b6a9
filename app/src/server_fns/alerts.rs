//! Who is notified about problems, and when.

pub mod send_test_email;
pub mod send_test_webhook;
pub mod update_alert_email;
pub mod update_alert_thresholds;
pub mod update_alert_webhook;

pub use self::send_test_email::{SendTestEmail, send_test_email};
pub use self::send_test_webhook::{SendTestWebhook, send_test_webhook};
pub use self::update_alert_email::{UpdateAlertEmail, update_alert_email};
pub use self::update_alert_thresholds::{UpdateAlertThresholds, update_alert_thresholds};
pub use self::update_alert_webhook::{UpdateAlertWebhook, update_alert_webhook};
