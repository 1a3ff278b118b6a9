//! The message above the list.

use domain::ids::DestinationId;

/// What just happened. It is shown until it is dismissed or something else happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Added(DestinationId),
    Deleted,
    /// An open row is gone: the destination with this name.
    DeletedElsewhere(String),
}

impl Notice {
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Added(_) => "Stream added successfully".to_owned(),
            Self::Deleted => "Stream deleted successfully".to_owned(),
            Self::DeletedElsewhere(name) => format!("Someone else deleted {name}"),
        }
    }
}
