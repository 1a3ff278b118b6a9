//! What a condition of the filter is about.

/// A field that the filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterField {
    Author,
    Group,
    Project,
    /// The author of the event, or the user that it is about: what GitLab's addresses ask for.
    User,
    /// What the event is about, of any type: `Type/id or path`.
    Object,
    EventType,
    IpAddress,
    Text,
}

impl FilterField {
    /// All fields, in the order of the filter menu.
    pub const ALL: [Self; 8] = [
        Self::Author,
        Self::Group,
        Self::Project,
        Self::User,
        Self::Object,
        Self::EventType,
        Self::IpAddress,
        Self::Text,
    ];

    /// Those that the menu offers. The text has a box of its own.
    pub const OFFERED: [Self; 6] = [
        Self::Author,
        Self::Group,
        Self::Project,
        Self::User,
        Self::EventType,
        Self::IpAddress,
    ];

    /// In the form, and in the ids of suggestions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Group => "group",
            Self::Project => "project",
            Self::User => "user",
            Self::Object => "object",
            Self::EventType => "event_type",
            Self::IpAddress => "ip_address",
            Self::Text => "text",
        }
    }

    /// Whether an event that has a value of either is enough. An event is about one entity, whatever its type.
    pub fn is_alternative_to(self, other: Self) -> bool {
        let is_entity = |field| matches!(field, Self::Group | Self::Project | Self::Object);
        self == other || is_entity(self) && is_entity(other)
    }

    /// The name on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Author => "Author",
            Self::Group => "Group",
            Self::Project => "Project",
            Self::User => "User",
            Self::Object => "Object",
            Self::EventType => "Event type",
            Self::IpAddress => "IP address",
            Self::Text => "Text",
        }
    }

    /// What it is about, beside the label in the menu.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Author => "Who did it: name or ID",
            Self::Group | Self::Project => "What it was done to: path or ID",
            Self::User => "Who did it, or to whom: name or ID",
            Self::Object => "What it was done to: type, a slash, path or ID",
            Self::EventType => "For example user_created",
            Self::IpAddress => "Where it came from",
            Self::Text => "Any value in the details",
        }
    }
}

/// A field is, or is not, a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub field: FilterField,
    pub is_not: bool,
    pub value: String,
}

impl Condition {
    /// Admits events whose field has this value.
    pub fn is(field: FilterField, value: impl Into<String>) -> Self {
        Self {
            field,
            is_not: false,
            value: value.into(),
        }
    }

    /// Admits events whose field has any other value.
    pub fn is_not(field: FilterField, value: impl Into<String>) -> Self {
        Self {
            is_not: true,
            ..Self::is(field, value)
        }
    }

    /// That an event is about this entity.
    pub fn entity(entity_type: &str, entity: &str) -> Self {
        match entity_type {
            "Group" => Self::is(FilterField::Group, entity),
            "Project" => Self::is(FilterField::Project, entity),
            "User" => Self::is(FilterField::User, entity),
            _ => Self::is(FilterField::Object, format!("{entity_type}/{entity}")),
        }
    }

    /// The same, as a type, a slash, and an id or path.
    pub fn of_entity(entity: &str) -> Self {
        match entity.split_once('/') {
            Some((entity_type, id)) => Self::entity(entity_type, id),
            None => Self::is(FilterField::Object, entity),
        }
    }

    /// That an event is not about this entity, as a type, a slash, and an id or path.
    pub fn not_entity(entity: &str) -> Self {
        match entity.split_once('/') {
            Some(("Group", path)) => Self::is_not(FilterField::Group, path),
            Some(("Project", path)) => Self::is_not(FilterField::Project, path),
            _ => Self::is_not(FilterField::Object, entity),
        }
    }

    /// `is` or `is not`.
    pub const fn operator(&self) -> &'static str {
        if self.is_not { "is not" } else { "is" }
    }
}
