//! What administrators see and do besides destinations and the log: one service under the page and the APIs.

mod alerts;
mod error;
mod overview;
mod sessions;
mod settings;
mod tokens;
mod users;

pub(crate) use self::{
    alerts::{list_open_alerts, send_test_alert, show_alerts, update_alerts},
    error::AdminError,
    overview::{InstanceFigures, show_overview},
    sessions::{end_sessions, list_sessions},
    settings::{show_network, show_retention, update_network, update_retention},
    tokens::{MadeToken, create_token, list_tokens, revoke_token},
    users::{AddedUser, add_user, list_users, reset_password, set_user_enabled},
};
