//! The settings pages and the profile.
//!
//! A page is made of cards with tables and forms. What came of a form in a dialog is shown above the cards, because its dialog
//! is closed by then.

mod alerts;
mod card;
mod context;
mod layout;
mod network;
mod profile;
mod retention;
mod tokens;
mod users;

pub(crate) use self::{
    alerts::AlertsPage,
    context::Settings,
    network::NetworkPage,
    profile::ProfilePage,
    retention::RetentionPage,
    tokens::{CreateTokenForm, TokensPage},
    users::UsersPage,
};

#[cfg(all(test, feature = "ssr"))]
pub(crate) mod tests {
    use leptos::prelude::*;

    use super::Settings;
    use crate::{clock::Clock, connection::Connection, outcome::PostedForm};

    /// The HTML of a part of a settings page.
    pub(crate) fn rendered<V: IntoView>(view: impl FnOnce() -> V) -> String {
        Owner::new_root(None).with(|| {
            Connection::provide();
            Clock::provide();
            PostedForm::provide();
            Settings::provide();
            view().into_view().to_html().replace("<!>", "")
        })
    }
}
