//! A group or project, of which only the path is known: there is no list of them here.

use async_graphql::{ID, SimpleObject};

use super::ids::namespace_id;

/// A group or project. This instance knows only its path.
#[derive(SimpleObject)]
pub(super) struct Namespace {
    /// ID, with the full path in place of a number.
    id: ID,
    /// Full path, for example `engineering/web`.
    full_path: String,
    /// Full name: the parts of the path, separated by ` / `.
    full_name: String,
    /// Last part of the path.
    path: String,
    /// Last part of the path, because this instance does not know the name.
    name: String,
}

impl Namespace {
    /// The namespace with this path.
    pub(super) fn at(path: &str) -> Self {
        let last = path.rsplit('/').next().unwrap_or(path);
        Self {
            id: namespace_id(path),
            full_path: path.to_owned(),
            full_name: path.replace('/', " / "),
            path: last.to_owned(),
            name: last.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_known_by_its_path() {
        let namespace = Namespace::at("engineering/web");
        assert_eq!(namespace.id.0, "gid://gitlab/Namespace/engineering%2Fweb");
        assert_eq!(
            (namespace.full_name.as_str(), namespace.name.as_str()),
            ("engineering / web", "web")
        );
    }
}
