//! Where a request of the page comes from, and whom it comes from.

use crate::{
    ids::{SessionId, UserId},
    instance_event::{Author, AuthorClass},
};

/// The user of a request with a valid session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Id of the session.
    pub session: SessionId,
    /// Id of the user.
    pub user: UserId,
    /// Name of the user, as audit events show it.
    pub username: String,
    /// Address from which the request comes.
    pub ip_address: String,
}

/// The client of any request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// As it is written into audit events.
    pub ip_address: String,
    /// The cookie that identifies the browser, if a user has signed in from it before.
    pub known_browser: Option<String>,
    /// The browser and its system, for example "Firefox on Linux".
    pub browser: String,
}

/// The value of a `Set-Cookie` header, for one answer only.
pub struct SetCookie(pub String);

impl SignedIn {
    /// The author of this user's changes, for their audit events.
    pub fn author(&self) -> Author {
        Author {
            user_id: Some(self.user),
            class: AuthorClass::User,
            name: self.username.clone(),
            ip_address: self.ip_address.clone(),
        }
    }
}
