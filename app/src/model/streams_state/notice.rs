//! The message above the list.

/// What was just done, told until it is dismissed or something else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Added,
    Deleted,
}

impl Notice {
    pub const fn message(self) -> &'static str {
        match self {
            Self::Added => "Stream added successfully",
            Self::Deleted => "Stream deleted successfully",
        }
    }
}
