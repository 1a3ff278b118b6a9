//! The words of the settings pages: what the server knows, as cards, tables and forms.

mod alerts;
mod network;
mod parts;
mod profile;
mod retention;
mod tokens;
mod users;

use crate::{
    port::{AdminPort, SignedIn},
    wire::{AppError, settings::Part},
};

/// The page of this name, for who asks.
///
/// # Errors
/// [`AppError::NotFound`] if there is no such page, or why it can't be shown.
pub(crate) async fn describe_settings(
    page: &str,
    admin: &SignedIn,
    port: &dyn AdminPort,
) -> Result<Vec<Part>, AppError> {
    match page {
        "tokens" => Ok(tokens::describe(&port.list_tokens().await?)),
        "network" => Ok(network::describe(&port.show_network().await?)),
        "retention" => Ok(retention::describe(&port.show_retention().await?)),
        "alerts" => Ok(alerts::describe(
            &port.show_alert_settings().await?,
            &port.list_alerts().await?,
        )),
        "users" => Ok(users::describe(&port.list_users().await?, admin.user)),
        "profile" => Ok(profile::describe(admin, &port.list_sessions(admin).await?)),
        _ => Err(AppError::NotFound),
    }
}
