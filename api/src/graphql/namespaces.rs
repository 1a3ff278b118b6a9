//! Namespace filters: the groups and projects whose events a destination receives. There is no list of groups and projects here, so
//! a namespace is only a path, and any valid path is accepted.

use async_graphql::Context;
use domain::{
    destination::NamespacePath,
    ids::{DestinationId, NamespaceId},
};
use engine::admin::Namespace as StoredNamespace;

use super::{
    access::author,
    errors::{Refusal, not_there},
    family::Family,
    ids::{GlobalId, NamespaceFilterModel, UnifiedModel},
    mutation::mutations,
    operations::{edit, find_with},
    unified::InstanceAuditEventNamespaceFilter,
};

mutations! {
    NamespaceMutations

    /// Adds a namespace filter to a destination: a group or project whose events it receives.
    fn audit_events_instance_destination_namespace_filter_create(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// Full path of the group or project.
        namespace_path: Option<String>,
    }) -> {
        /// The new filter.
        namespace_filter: Option<InstanceAuditEventNamespaceFilter>,
    } {
        add(ctx, input.destination_id.parse()?, input.namespace_path.as_deref()).await.map(Some)
    }

    /// Removes a namespace filter. A destination without namespace filters receives the events of all groups and projects.
    fn audit_events_instance_destination_namespace_filter_delete(ctx, input: {
        /// The filter.
        namespace_filter_id: GlobalId<NamespaceFilterModel>,
    }) -> {} {
        remove(ctx, input.namespace_filter_id.parse()?).await
    }
}

async fn add(
    ctx: &Context<'_>,
    destination: DestinationId,
    path: Option<&str>,
) -> Result<InstanceAuditEventNamespaceFilter, Refusal> {
    author(ctx, Family::Unified)?;
    let path = NamespacePath::parse(path.unwrap_or_default()).ok();
    let path = path.filter(|path| is_gitlab_path(path.as_str()));
    let path =
        path.ok_or_else(|| Refusal::message("Namespace is not supported. Only project and group are supported."))?;
    let edited = edit(ctx, Family::Unified, destination, |_, draft, _| {
        draft.namespaces = with_path(&draft.namespaces, &path);
        Ok(())
    });
    let added = InstanceAuditEventNamespaceFilter::find(edited.await?, &path);
    added.ok_or_else(|| not_there().into())
}

async fn remove(ctx: &Context<'_>, id: NamespaceId) -> Result<(), Refusal> {
    let has_it = |namespaces: &[StoredNamespace]| namespaces.iter().any(|namespace| namespace.id == id);
    let found = find_with(ctx, Family::Unified, |stored| has_it(&stored.namespaces)).await?;
    let edited = edit(ctx, Family::Unified, found.destination.id, |stored, draft, _| {
        let kept = stored.namespaces.iter().filter(|namespace| namespace.id != id);
        let paths: Vec<&str> = kept.map(|namespace| namespace.path.as_str()).collect();
        draft.namespaces = paths.join(",");
        Ok(())
    });
    edited.await.map(|_| ())
}

/// Whether a group or project of GitLab can have this path.
/// <https://docs.gitlab.com/user/reserved_names/#rules-for-usernames-project-and-group-names-and-slugs>
fn is_gitlab_path(path: &str) -> bool {
    path.split('/').all(|part| {
        let lower = part.to_ascii_lowercase();
        let is_allowed = |next: char| next.is_ascii_alphanumeric() || "_-.".contains(next);
        !part.is_empty()
            && part.chars().all(is_allowed)
            && !part.starts_with('-')
            && !part.ends_with('.')
            && ![".git", ".atom"].iter().any(|ending| lower.ends_with(ending))
    })
}

/// Appends a path to the list of a draft.
fn with_path(namespaces: &str, path: &NamespacePath) -> String {
    if namespaces.is_empty() {
        path.to_string()
    } else {
        format!("{namespaces},{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_gitlab_allows_is_a_path() {
        for path in ["engineering", "Engineering/web-app_2/x.y", "_/.a"] {
            assert!(is_gitlab_path(path), "{path}");
        }
        for path in [
            "",
            "bad path!!",
            "a//b",
            "/a",
            "a/",
            "-a",
            "a.",
            "a.git",
            "b/a.ATOM",
            "ä",
            "a\\b",
            "a?b",
            "a%20b",
        ] {
            assert!(!is_gitlab_path(path), "{path}");
        }
    }
}
