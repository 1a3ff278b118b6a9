//! Of which groups and projects a destination is sent the events.
//!
//! There is no list of groups and projects here: a path is compared with the `entity_path` of each event.

use std::{collections::BTreeSet, fmt};

use crate::{Field, FieldError};

/// Paths in one filter at most. <https://docs.gitlab.com/administration/compliance/audit_event_streaming/>
pub const MAX_NAMESPACES: usize = 5;

/// What a path is compared with: the entity types that lie in a namespace.
const IN_A_NAMESPACE: [&str; 2] = ["Group", "Project"];

/// Full path of a group or project, for example `engineering/web`: 1 to 255 characters, without a slash or blank at either
/// end, a comma or a control character. Kept as typed, compared without regard to the case of ASCII letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespacePath(String);

impl NamespacePath {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 255;

    /// # Errors
    /// A [`FieldError`] on [`Field::Namespaces`] naming the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_invalid = |character: char| character == ',' || character.is_control();
        let message = if text.is_empty() {
            "Namespace path can't be blank"
        } else if text.chars().count() > Self::MAX_CHARS {
            "Namespace path is too long (maximum is 255 characters)"
        } else if text.trim() != text || text.split('/').any(str::is_empty) || text.contains(is_invalid) {
            "Namespace path is invalid: write the full path of a group or project, for example engineering/web"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(FieldError::new(Field::Namespaces, message))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names the same group or project.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// Whether `path` is this very namespace or lies below it.
    fn covers(&self, path: &str) -> bool {
        let start = path.get(..self.0.len());
        let rest = path.get(self.0.len()..).unwrap_or_default();
        start.is_some_and(|start| start.eq_ignore_ascii_case(&self.0)) && (rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for NamespacePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Groups and projects, at most [`MAX_NAMESPACES`]; none admits every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceFilter(BTreeSet<NamespacePath>);

impl NamespaceFilter {
    /// Reads paths that are separated by commas or line breaks; blanks around them do not count.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::Namespaces`].
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let paths = text.split([',', '\n']).map(str::trim).filter(|path| !path.is_empty());
        Self::from_paths(paths.map(NamespacePath::parse).collect::<Result<Vec<_>, _>>()?)
    }

    /// # Errors
    /// A [`FieldError`] on [`Field::Namespaces`] if there are too many, or two of them name the same namespace.
    pub(crate) fn from_paths(paths: Vec<NamespacePath>) -> Result<Self, FieldError> {
        let refused = |message| Err(FieldError::new(Field::Namespaces, message));
        if paths.len() > MAX_NAMESPACES {
            return refused("Namespace filters are limited to 5 per destination");
        }
        let mut filter = Self::default();
        for path in paths {
            if filter.0.iter().any(|known| known.is_same_as(&path)) {
                return refused("Namespace has already been taken");
            }
            filter.0.insert(path);
        }
        Ok(filter)
    }

    /// Whether nothing is left out.
    pub fn admits_all(&self) -> bool {
        self.0.is_empty()
    }

    /// An event that lies in no group or project is admitted, and so is one that does not say where it lies.
    pub fn admits(&self, entity_type: &str, entity_path: &str) -> bool {
        self.0.is_empty()
            || entity_path.is_empty()
            || !IN_A_NAMESPACE.contains(&entity_type)
            || self.0.iter().any(|path| path.covers(entity_path))
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &NamespacePath> {
        self.0.iter()
    }
}

/// Paths that were stored, and so were checked.
impl FromIterator<NamespacePath> for NamespaceFilter {
    fn from_iter<I: IntoIterator<Item = NamespacePath>>(paths: I) -> Self {
        Self(paths.into_iter().collect())
    }
}

/// As [`NamespaceFilter::parse`] reads it.
impl fmt::Display for NamespaceFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, path) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(formatter, "{separator}{path}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(text: &str) -> NamespaceFilter {
        NamespaceFilter::parse(text).unwrap()
    }

    #[test]
    fn a_path_admits_itself_and_what_lies_below_it() {
        let filter = filter("engineering, sales/Crm");
        for (entity_type, path, is_admitted) in [
            ("Group", "engineering", true),
            ("Group", "Engineering", true),
            ("Project", "engineering/web/app", true),
            ("Project", "engineering-two/web", false),
            ("Project", "sales/crm", true),
            ("Group", "sales", false),
            ("User", "ada", true),
            ("Gitlab::Audit::InstanceScope", "gitlab_instance", true),
            ("Project", "", true),
        ] {
            assert_eq!(filter.admits(entity_type, path), is_admitted, "{entity_type} {path}");
        }
        assert!(NamespaceFilter::default().admits("Group", "sales"));
    }

    #[test]
    fn at_most_5_and_each_once() {
        let message = |text: &str| NamespaceFilter::parse(text).unwrap_err().message;
        assert!(NamespaceFilter::parse("a, b\nc,d,e").is_ok());
        assert_eq!(
            message("a,b,c,d,e,f"),
            "Namespace filters are limited to 5 per destination"
        );
        assert_eq!(message("a,A"), "Namespace has already been taken");
        for bad in ["/a", "a/", "a//b"] {
            assert!(message(bad).starts_with("Namespace path is invalid"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in ".{0,40}") {
            if let Ok(filter) = NamespaceFilter::parse(&text) {
                prop_assert_eq!(NamespaceFilter::parse(&filter.to_string()), Ok(filter));
            }
        }

        #[test]
        fn any_path_can_be_asked_about(path in ".*") {
            filter("a/ö").admits("Group", &path);
        }
    }
}
