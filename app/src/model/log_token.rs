//! The kinds of conditions that the reader of the Log can set.

/// What a token is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    User,
    Group,
    Project,
    /// Of whom the event tells, or who is its author: what GitLab's addresses ask for.
    ByOrAboutUser,
    EventType,
    IpAddress,
    Text,
}

impl Token {
    pub const ALL: [Self; 7] = [
        Self::User,
        Self::Group,
        Self::Project,
        Self::ByOrAboutUser,
        Self::EventType,
        Self::IpAddress,
        Self::Text,
    ];

    /// In the form and in the ids of suggestions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Project => "project",
            Self::ByOrAboutUser => "by_or_about_user",
            Self::EventType => "event_type",
            Self::IpAddress => "ip_address",
            Self::Text => "text",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::User => "User Events",
            Self::Group => "Group Events",
            Self::Project => "Project Events",
            Self::ByOrAboutUser => "By or about user",
            Self::EventType => "Event type",
            Self::IpAddress => "IP address",
            Self::Text => "Text in details",
        }
    }
}
