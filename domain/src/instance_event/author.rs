//! Who caused an instance event.

use crate::ids::UserId;

/// Who did it, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// `None` for anyone who is not a user of this instance.
    pub user_id: Option<UserId>,
    /// What kind of author it is.
    pub class: AuthorClass,
    /// Name under which audit events show the author.
    pub name: String,
    /// Empty when it did not come over the network.
    pub ip_address: String,
}

impl Author {
    /// Whoever runs commands on the host.
    pub fn command_line() -> Self {
        Self {
            user_id: None,
            class: AuthorClass::CommandLine,
            name: "command line".to_owned(),
            ip_address: String::new(),
        }
    }

    /// The instance itself, for what nobody did.
    pub fn system() -> Self {
        Self {
            user_id: None,
            class: AuthorClass::System,
            name: "Audit Streams".to_owned(),
            ip_address: String::new(),
        }
    }
}

/// What kind of author it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorClass {
    /// A user, or somebody who tried to sign in.
    User,
    /// A program with an API token; the author's name is the token's.
    ApiToken,
    /// Whoever runs commands on the host.
    CommandLine,
    /// This instance, of its own accord.
    System,
}

impl AuthorClass {
    /// As `details.author_class` has it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::ApiToken => "ApiToken",
            Self::CommandLine => "CommandLine",
            Self::System => "System",
        }
    }
}
