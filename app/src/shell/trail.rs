//! Where the reader is, by the path of the page.

use domain::page::{ALERT_SETTINGS, AUDIT_EVENTS, NETWORK_SETTINGS, RETENTION_SETTINGS};

/// Whether this path belongs to the Admin area.
pub(super) fn is_admin(path: &str) -> bool {
    path.starts_with("/admin")
}

/// A part of the breadcrumb, with the page that it leads to.
pub(super) type Crumb = (&'static str, Option<&'static str>);

const ADMIN: Crumb = ("Admin", Some("/admin"));
const MONITORING: Crumb = ("Monitoring", Some(AUDIT_EVENTS));
const SETTINGS: Crumb = ("Settings", Some("/admin/settings/tokens"));

/// Where the reader is. The last part is the page itself.
pub(super) fn trail(path: &str) -> Vec<Crumb> {
    let setting = |name| vec![ADMIN, SETTINGS, (name, None)];
    match path {
        "/" => vec![("Overview", None)],
        "/profile" => vec![("Profile", None)],
        AUDIT_EVENTS => vec![ADMIN, MONITORING, ("Audit events", None)],
        "/admin/settings/tokens" => setting("API tokens"),
        NETWORK_SETTINGS => setting("Network"),
        RETENTION_SETTINGS => setting("Retention"),
        ALERT_SETTINGS => setting("Alerts"),
        "/admin/settings/users" => setting("Users"),
        _ => Vec::new(),
    }
}
