//! Which events the reader of the Log wants to see, as the address of the page says it, right or wrong.
//!
//! Names are GitLab's where it has them: `created_after`, `created_before`, `sort`, `author_username`, and `entity_type` with
//! `entity_id`. With `entity_type=User`, the latter (or `entity_username`) is a user: what they did is found as well as what
//! was done to them. The rest is ours: `range`, `event_type`, `ip_address`, `text`, and the pair `filter` and `is` with which the form adds a token.
//! Days are days of UTC, the last one included; a `range` ends today and moves on with it.

use domain::{Field, FieldError, FieldErrors};

pub use super::log_token::Token;
use super::query_text::push_pair;

/// The ranges that are one click away, with their names in the address.
pub const RANGES: [(&str, &str); 3] = [
    ("last_7_days", "Last 7 days"),
    ("last_14_days", "Last 14 days"),
    ("this_month", "This month"),
];

pub const NEWEST_FIRST: &str = "created_desc";
pub const OLDEST_FIRST: &str = "created_asc";

const VALUE_CHARS: usize = 255;

/// Texts are as typed; empty means not given. An event has one entity, so a group, a project and a user exclude
/// each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    pub author: String,
    pub entity_type: String,
    pub entity: String,
    pub event_type: String,
    pub ip_address: String,
    pub text: String,
    pub created_after: String,
    pub created_before: String,
    pub range: String,
    /// Empty for the newest first.
    pub sort: String,
}

impl LogFilter {
    pub fn oldest_first(&self) -> bool {
        self.sort == OLDEST_FIRST
    }

    /// Whether every event of the log is admitted.
    pub fn is_empty(&self) -> bool {
        let sort = self.sort.clone();
        *self
            == Self {
                sort,
                ..Self::default()
            }
    }

    /// The tokens that are set, and what each asks for.
    pub fn tokens(&self) -> Vec<(Token, String)> {
        let is_set = |token: &Token| !self.value(*token).is_empty();
        let set = Token::ALL.into_iter().filter(is_set);
        set.map(|token| (token, self.value(token).to_owned())).collect()
    }

    pub fn value(&self, token: Token) -> &str {
        match token {
            Token::User => &self.author,
            Token::Group | Token::Project | Token::ByOrAboutUser if self.entity_type == entity_type(token) => {
                &self.entity
            }
            Token::Group | Token::Project | Token::ByOrAboutUser => "",
            Token::EventType => &self.event_type,
            Token::IpAddress => &self.ip_address,
            Token::Text => &self.text,
        }
    }

    /// The same with another value for one token; an empty one takes it away.
    #[must_use]
    pub fn with(mut self, token: Token, value: &str) -> Self {
        let value = value.trim();
        let entity_type = entity_type(token);
        if !entity_type.is_empty() {
            entity_type.clone_into(&mut self.entity_type);
        }
        let place = match token {
            Token::User => &mut self.author,
            Token::Group | Token::Project | Token::ByOrAboutUser => &mut self.entity,
            Token::EventType => &mut self.event_type,
            Token::IpAddress => &mut self.ip_address,
            Token::Text => &mut self.text,
        };
        value.clone_into(place);
        self.tidied()
    }

    /// The same over another range; an empty one is all time.
    #[must_use]
    pub fn over(self, range: &str) -> Self {
        Self {
            range: range.to_owned(),
            created_after: String::new(),
            created_before: String::new(),
            ..self
        }
    }

    /// Takes one parameter of the address; others are left alone.
    pub fn take(&mut self, name: &str, value: String) {
        let place = match name {
            "author_username" => &mut self.author,
            "entity_type" => &mut self.entity_type,
            "entity_id" | "entity_username" => &mut self.entity,
            "event_type" => &mut self.event_type,
            "ip_address" => &mut self.ip_address,
            "text" => &mut self.text,
            "created_after" => &mut self.created_after,
            "created_before" => &mut self.created_before,
            "range" => &mut self.range,
            "sort" => &mut self.sort,
            _ => return,
        };
        *place = value;
    }

    /// One way of writing for what means the same.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        if self.entity.is_empty() {
            self.entity_type.clear();
        }
        if !self.created_after.is_empty() || !self.created_before.is_empty() {
            self.range.clear();
        }
        if self.sort == NEWEST_FIRST {
            self.sort.clear();
        }
        self
    }

    pub fn write(&self, query: &mut String) {
        for (name, value) in [
            ("author_username", &self.author),
            ("entity_type", &self.entity_type),
            ("entity_id", &self.entity),
            ("event_type", &self.event_type),
            ("ip_address", &self.ip_address),
            ("text", &self.text),
            ("created_after", &self.created_after),
            ("created_before", &self.created_before),
            ("range", &self.range),
            ("sort", &self.sort),
        ] {
            if !value.is_empty() {
                push_pair(query, name, value);
            }
        }
    }

    /// What is wrong with it, at the field where it stands.
    pub fn errors(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        let mut refuse = |field, message: &str| errors.push(FieldError::new(field, message));
        let (after, before) = (&self.created_after, &self.created_before);
        for (field, day) in [(Field::CreatedAfter, after), (Field::CreatedBefore, before)] {
            if !day.is_empty() && !is_day(day) {
                refuse(field, "Invalid date format. Please use UTC format as YYYY-MM-DD");
            }
        }
        if is_day(after) && is_day(before) && before < after {
            refuse(Field::CreatedBefore, "To: must not be before the day in From.");
        }
        if !self.range.is_empty() && !RANGES.iter().any(|(name, _)| *name == self.range) {
            refuse(
                Field::CreatedAfter,
                "Range: must be last_7_days, last_14_days or this_month.",
            );
        }
        if !self.sort.is_empty() && !self.oldest_first() {
            refuse(Field::Sort, "Sort by: must be created_desc or created_asc.");
        }
        match self.entity_type.as_str() {
            "" if self.entity.is_empty() => {}
            "" => refuse(
                Field::Filter,
                "Object: entity_id needs entity_type beside it: User, Group or Project.",
            ),
            "User" | "Group" | "Project" => {}
            _ => refuse(Field::Filter, "Object: entity_type must be User, Group or Project."),
        }
        if Token::ALL
            .iter()
            .any(|token| self.value(*token).chars().count() > VALUE_CHARS)
        {
            refuse(Field::Filter, "Search: a filter has at most 255 characters.");
        }
        errors
    }
}

/// Of which type an event's entity is that this token asks for; empty if it asks for something else.
const fn entity_type(token: Token) -> &'static str {
    match token {
        Token::Group => "Group",
        Token::Project => "Project",
        Token::ByOrAboutUser => "User",
        Token::User | Token::EventType | Token::IpAddress | Token::Text => "",
    }
}

/// A day that the calendar has, as `YYYY-MM-DD`; such texts are in the order of time.
fn is_day(text: &str) -> bool {
    let parts = text.split('-').map(|part| {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    });
    let [Some(year), Some(month), Some(day)] = parts.collect::<Vec<_>>()[..] else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    text.len() == 10 && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests;
