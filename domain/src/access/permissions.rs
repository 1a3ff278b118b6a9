//! What each operation requires of its caller: the one table of permissions, and the one function that applies it.
//!
//! An operation is named by its method and route (`GET /api/v1/destinations/{id}`); one of GraphQL, inside of its endpoint, by its
//! type and field (`mutation instanceGoogleCloudLoggingConfigurationCreate`). An operation that the table lacks requires
//! [`Permission::Admin`]; tests compare the table with the operations that the server offers.

use std::{collections::HashMap, sync::LazyLock};

use super::Scope;

/// What a caller must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nothing: the operation answers anyone.
    None,
    /// Post audit events.
    Ingest,
    /// Read everything except secrets, and manage the own account.
    Read,
    /// Change everything, and read secrets.
    Admin,
}

impl Permission {
    /// The scope that gives a token this permission; `None` if no scope is needed.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::None => None,
            Self::Ingest => Some(Scope::Ingest),
            Self::Read => Some(Scope::Read),
            Self::Admin => Some(Scope::Admin),
        }
    }
}

/// Which credentials an operation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// An API token, and no session: browsers attach a session to requests of other sites.
    Token,
    /// The session of an administrator, and no API token.
    Session,
    /// Either of them.
    TokenOrSession,
}

/// An operation and what it requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Method and route, or the type and field of a GraphQL operation.
    pub name: &'static str,
    /// What the caller must be allowed to do.
    pub permission: Permission,
    /// With what the caller can prove that.
    pub credentials: Credentials,
}

/// What a caller holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'token> {
    /// No valid token or session.
    Nobody,
    /// An API token with these scopes.
    Token(&'token [Scope]),
    /// The session of an administrator. It has every permission.
    Session,
}

impl Holder<'_> {
    /// Whether the caller has a permission, whatever the operation accepts.
    pub fn has(self, permission: Permission) -> bool {
        match (self, permission.scope()) {
            (_, None) | (Self::Session, _) => true,
            (Self::Nobody, _) => false,
            (Self::Token(scopes), Some(needed)) => scopes.contains(&needed) || scopes.contains(&Scope::Admin),
        }
    }
}

/// Why an operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller brought no credentials that the operation accepts.
    #[error("the operation requires credentials that it accepts")]
    Unauthenticated,
    /// The token lacks a scope.
    #[error("the operation requires the scope {0}")]
    MissingScope(Scope),
}

/// The name of the operation that a method and a route are. HEAD requires the same as GET.
pub fn name_of(method: &str, route: &str) -> String {
    let method = if method == "HEAD" { "GET" } else { method };
    format!("{method} {route}")
}

/// Decides whether a caller may carry out an operation.
///
/// # Errors
/// [`Denied`] if not.
pub fn authorise(operation: &str, holder: Holder<'_>) -> Result<(), Denied> {
    let Operation {
        permission,
        credentials,
        ..
    } = find(operation);
    let Some(scope) = permission.scope() else {
        return Ok(());
    };
    let is_accepted = match holder {
        Holder::Nobody => false,
        Holder::Token(_) => credentials != Credentials::Session,
        Holder::Session => credentials != Credentials::Token,
    };
    if !is_accepted {
        return Err(Denied::Unauthenticated);
    }
    if holder.has(permission) {
        Ok(())
    } else {
        Err(Denied::MissingScope(scope))
    }
}

/// The entry of an operation. One that the table lacks requires [`Permission::Admin`].
pub fn find(operation: &str) -> Operation {
    static BY_NAME: LazyLock<HashMap<&str, Operation>> = LazyLock::new(|| {
        OPERATIONS
            .iter()
            .map(|operation| (operation.name, *operation))
            .collect()
    });
    BY_NAME.get(operation).copied().unwrap_or(UNLISTED)
}

const UNLISTED: Operation = either("", Permission::Admin);

const fn token(name: &'static str, permission: Permission) -> Operation {
    Operation {
        name,
        permission,
        credentials: Credentials::Token,
    }
}

const fn session(name: &'static str, permission: Permission) -> Operation {
    Operation {
        name,
        permission,
        credentials: Credentials::Session,
    }
}

const fn either(name: &'static str, permission: Permission) -> Operation {
    Operation {
        name,
        permission,
        credentials: Credentials::TokenOrSession,
    }
}

/// Every operation of the server, except the page's documents and static files.
pub const OPERATIONS: &[Operation] = &[
    // Ingest, metrics, health.
    token("POST /api/v1/audit_events", Permission::Ingest),
    token("GET /metrics", Permission::Read),
    either("GET /healthz", Permission::None),
    either("GET /readyz", Permission::None),
    // REST.
    either("GET /api/openapi.json", Permission::None),
    either("GET /api/v1/alerts", Permission::Read),
    either("GET /api/v1/audit_events", Permission::Read),
    either("GET /api/v1/audit_events.csv", Permission::Read),
    either("GET /api/v1/audit_events.jsonl", Permission::Read),
    either("GET /api/v1/audit_events/{seq}", Permission::Read),
    either("GET /api/v1/audit_events/{seq}/deliveries", Permission::Read),
    either(
        "POST /api/v1/audit_events/{seq}/deliveries/{destination_id}/send",
        Permission::Admin,
    ),
    either("GET /api/v1/destinations", Permission::Read),
    either("POST /api/v1/destinations", Permission::Admin),
    either("POST /api/v1/destinations/test", Permission::Admin),
    either("DELETE /api/v1/destinations/{id}", Permission::Admin),
    either("GET /api/v1/destinations/{id}", Permission::Read),
    either("PATCH /api/v1/destinations/{id}", Permission::Admin),
    either("GET /api/v1/destinations/{id}/activity", Permission::Read),
    either("GET /api/v1/destinations/{id}/attempts", Permission::Read),
    either("GET /api/v1/destinations/{id}/deliveries", Permission::Read),
    either("GET /api/v1/destinations/{id}/health", Permission::Read),
    either("POST /api/v1/destinations/{id}/park", Permission::Admin),
    either("GET /api/v1/destinations/{id}/parked", Permission::Read),
    either("POST /api/v1/destinations/{id}/parked/discard", Permission::Admin),
    either("POST /api/v1/destinations/{id}/parked/retry", Permission::Admin),
    either("DELETE /api/v1/destinations/{id}/parked/{seq}", Permission::Admin),
    either("POST /api/v1/destinations/{id}/parked/{seq}/retry", Permission::Admin),
    either("GET /api/v1/destinations/{id}/replays", Permission::Read),
    either("POST /api/v1/destinations/{id}/replays", Permission::Admin),
    either("POST /api/v1/destinations/{id}/replays/count", Permission::Admin),
    either(
        "DELETE /api/v1/destinations/{id}/replays/{replay_id}",
        Permission::Admin,
    ),
    either("GET /api/v1/destinations/{id}/replays/{replay_id}", Permission::Read),
    either("POST /api/v1/destinations/{id}/retry", Permission::Admin),
    either("GET /api/v1/destinations/{id}/retrying", Permission::Read),
    either("POST /api/v1/destinations/{id}/retrying/discard", Permission::Admin),
    either("POST /api/v1/destinations/{id}/retrying/park", Permission::Admin),
    either("POST /api/v1/destinations/{id}/retrying/retry", Permission::Admin),
    either("GET /api/v1/destinations/{id}/signing_secret", Permission::Admin),
    either(
        "DELETE /api/v1/destinations/{id}/signing_secret/previous",
        Permission::Admin,
    ),
    either(
        "POST /api/v1/destinations/{id}/signing_secret/rotate",
        Permission::Admin,
    ),
    either("POST /api/v1/destinations/{id}/test", Permission::Admin),
    either(
        "DELETE /api/v1/destinations/{id}/verification_token/previous",
        Permission::Admin,
    ),
    either(
        "POST /api/v1/destinations/{id}/verification_token/rotate",
        Permission::Admin,
    ),
    either("GET /api/v1/event_types", Permission::Read),
    either("GET /api/v1/instance", Permission::Read),
    either("GET /api/v1/overview", Permission::Read),
    either("GET /api/v1/settings/alerts", Permission::Read),
    either("PATCH /api/v1/settings/alerts", Permission::Admin),
    either("GET /api/v1/settings/network", Permission::Read),
    either("PATCH /api/v1/settings/network", Permission::Admin),
    either("GET /api/v1/settings/retention", Permission::Read),
    either("PATCH /api/v1/settings/retention", Permission::Admin),
    either("GET /api/v1/tokens", Permission::Read),
    either("POST /api/v1/tokens", Permission::Admin),
    either("DELETE /api/v1/tokens/{id}", Permission::Admin),
    either("GET /api/v1/users", Permission::Read),
    either("POST /api/v1/users", Permission::Admin),
    either("GET /api/v1/users/{id}", Permission::Read),
    either("PATCH /api/v1/users/{id}", Permission::Admin),
    either("POST /api/v1/users/{id}/reset_password", Permission::Admin),
    either("DELETE /api/v1/users/{id}/sessions", Permission::Admin),
    either("GET /api/v1/users/{id}/sessions", Permission::Read),
    either("DELETE /api/v1/users/{id}/sessions/{session}", Permission::Admin),
    // GitLab's REST.
    either("GET /api/v4/audit_events", Permission::Read),
    either("GET /api/v4/audit_events/{id}", Permission::Read),
    either("GET /api/v4/metadata", Permission::Read),
    either("GET /api/v4/user", Permission::Read),
    either("GET /api/v4/version", Permission::Read),
    // GitLab's GraphQL: the endpoint, and what it offers.
    either("POST /api/graphql", Permission::Read),
    either("query auditEventDefinitions", Permission::Read),
    either("query auditEventsInstanceAmazonS3Configurations", Permission::Read),
    either("query auditEventsInstanceStreamingDestinations", Permission::Read),
    either("query instanceExternalAuditEventDestinations", Permission::Read),
    either("query instanceGoogleCloudLoggingConfigurations", Permission::Read),
    either(
        "mutation auditEventsInstanceAmazonS3ConfigurationCreate",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsInstanceAmazonS3ConfigurationDelete",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsInstanceAmazonS3ConfigurationUpdate",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsInstanceDestinationDenylistEventsAdd",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsInstanceDestinationDenylistEventsDelete",
        Permission::Admin,
    ),
    either("mutation auditEventsInstanceDestinationEventPark", Permission::Admin),
    either("mutation auditEventsInstanceDestinationEventsAdd", Permission::Admin),
    either("mutation auditEventsInstanceDestinationEventsDelete", Permission::Admin),
    either(
        "mutation auditEventsInstanceDestinationNamespaceFilterCreate",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsInstanceDestinationNamespaceFilterDelete",
        Permission::Admin,
    ),
    either("mutation auditEventsInstanceDestinationSecretRotate", Permission::Admin),
    either(
        "mutation auditEventsInstanceDestinationSecretRotationEnd",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsStreamingDestinationInstanceEventsAdd",
        Permission::Admin,
    ),
    either(
        "mutation auditEventsStreamingDestinationInstanceEventsRemove",
        Permission::Admin,
    ),
    either("mutation auditEventsStreamingInstanceHeadersCreate", Permission::Admin),
    either("mutation auditEventsStreamingInstanceHeadersDestroy", Permission::Admin),
    either("mutation auditEventsStreamingInstanceHeadersUpdate", Permission::Admin),
    either(
        "mutation instanceAuditEventStreamingDestinationsCreate",
        Permission::Admin,
    ),
    either(
        "mutation instanceAuditEventStreamingDestinationsDelete",
        Permission::Admin,
    ),
    either(
        "mutation instanceAuditEventStreamingDestinationsUpdate",
        Permission::Admin,
    ),
    either(
        "mutation instanceExternalAuditEventDestinationCreate",
        Permission::Admin,
    ),
    either(
        "mutation instanceExternalAuditEventDestinationDestroy",
        Permission::Admin,
    ),
    either(
        "mutation instanceExternalAuditEventDestinationUpdate",
        Permission::Admin,
    ),
    either(
        "mutation instanceGoogleCloudLoggingConfigurationCreate",
        Permission::Admin,
    ),
    either(
        "mutation instanceGoogleCloudLoggingConfigurationDestroy",
        Permission::Admin,
    ),
    either(
        "mutation instanceGoogleCloudLoggingConfigurationUpdate",
        Permission::Admin,
    ),
    // The page: its exports and server functions.
    session("GET /admin/audit_log_reports.csv", Permission::Read),
    session("GET /admin/audit_log_reports.jsonl", Permission::Read),
    session("GET /api/page/alerts/count", Permission::Read),
    session("POST /api/page/alerts/email", Permission::Admin),
    session("POST /api/page/alerts/email/test", Permission::Admin),
    session("GET /api/page/alerts/list", Permission::Read),
    session("GET /api/page/alerts/settings", Permission::Read),
    session("POST /api/page/alerts/thresholds", Permission::Admin),
    session("POST /api/page/alerts/webhook", Permission::Admin),
    session("POST /api/page/alerts/webhook/test", Permission::Admin),
    session("POST /api/page/destinations/create", Permission::Admin),
    session("POST /api/page/destinations/delete", Permission::Admin),
    session("GET /api/page/destinations/event_types", Permission::Read),
    session("GET /api/page/destinations/list", Permission::Read),
    session("POST /api/page/destinations/end_rotation", Permission::Admin),
    session("POST /api/page/destinations/rotate", Permission::Admin),
    session("POST /api/page/destinations/secret", Permission::Admin),
    session("POST /api/page/destinations/test", Permission::Admin),
    session("POST /api/page/destinations/update", Permission::Admin),
    session("GET /api/page/events/count", Permission::Read),
    session("GET /api/page/events/deliveries", Permission::Read),
    session("GET /api/page/events/export_progress", Permission::Read),
    session("GET /api/page/events/list", Permission::Read),
    session("GET /api/page/events/new", Permission::Read),
    session("POST /api/page/events/send_again", Permission::Admin),
    session("GET /api/page/events/show", Permission::Read),
    session("GET /api/page/network/show", Permission::Read),
    session("GET /api/page/events/suggestions", Permission::Read),
    session("POST /api/page/network/update", Permission::Admin),
    session("GET /api/page/overview/show", Permission::Read),
    session("POST /api/page/profile/change_password", Permission::Read),
    session("GET /api/page/retention/show", Permission::Read),
    session("POST /api/page/retention/update", Permission::Admin),
    session("GET /api/page/session/current_user", Permission::None),
    session("POST /api/page/session/sign_in", Permission::None),
    session("POST /api/page/session/sign_out", Permission::Read),
    session("POST /api/page/sessions/end", Permission::Read),
    session("POST /api/page/sessions/end_all", Permission::Read),
    session("GET /api/page/sessions/list", Permission::Read),
    session("GET /api/page/streams/activity", Permission::Read),
    session("POST /api/page/streams/cancel_replay", Permission::Admin),
    session("POST /api/page/streams/change_refused", Permission::Admin),
    session("POST /api/page/streams/count_replay", Permission::Admin),
    session("GET /api/page/streams/deliveries", Permission::Read),
    session("POST /api/page/streams/park_event", Permission::Admin),
    session("GET /api/page/streams/refused", Permission::Read),
    session("GET /api/page/streams/replays", Permission::Read),
    session("POST /api/page/streams/start_replay", Permission::Admin),
    session("POST /api/page/streams/command", Permission::Admin),
    session("POST /api/page/streams/retry_now", Permission::Admin),
    session("GET /api/page/tokens/list", Permission::Read),
    session("GET /api/page/destinations/count", Permission::Admin),
    session("POST /api/page/tokens/create", Permission::Admin),
    session("POST /api/page/tokens/revoke", Permission::Admin),
    session("GET /api/page/users/list", Permission::Read),
    session("POST /api/page/users/add", Permission::Admin),
    session("POST /api/page/users/reset_password", Permission::Admin),
    session("POST /api/page/users/set_enabled", Permission::Admin),
    session("POST /api/page/views/delete", Permission::Read),
    session("GET /api/page/views/list", Permission::Read),
    session("POST /api/page/views/rename", Permission::Read),
    session("POST /api/page/views/save", Permission::Read),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_operation_is_listed_once() {
        let names: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }

    #[test]
    fn a_scope_gives_its_own_permission_and_admin_gives_all() {
        for operation in OPERATIONS
            .iter()
            .filter(|operation| operation.credentials != Credentials::Session)
        {
            for scope in Scope::ALL {
                let allowed = authorise(operation.name, Holder::Token(&[scope]));
                match operation.permission.scope() {
                    Some(needed) if needed != scope && scope != Scope::Admin => {
                        assert_eq!(allowed, Err(Denied::MissingScope(needed)), "{operation:?}");
                    }
                    _ => assert_eq!(allowed, Ok(()), "{operation:?} {scope}"),
                }
            }
        }
    }

    #[test]
    fn only_accepted_credentials_count() {
        for operation in OPERATIONS
            .iter()
            .filter(|operation| operation.permission != Permission::None)
        {
            assert_eq!(authorise(operation.name, Holder::Nobody), Err(Denied::Unauthenticated));
            let refused = match operation.credentials {
                Credentials::Token => Holder::Session,
                Credentials::Session => Holder::Token(&Scope::ALL),
                Credentials::TokenOrSession => continue,
            };
            assert_eq!(
                authorise(operation.name, refused),
                Err(Denied::Unauthenticated),
                "{operation:?}"
            );
        }
    }

    #[test]
    fn an_unlisted_operation_requires_admin() {
        let unlisted = "PUT /api/v1/destinations";
        assert_eq!(authorise(unlisted, Holder::Token(&[Scope::Admin])), Ok(()));
        assert_eq!(
            authorise(unlisted, Holder::Token(&[Scope::Read, Scope::Ingest])),
            Err(Denied::MissingScope(Scope::Admin))
        );
    }
}
