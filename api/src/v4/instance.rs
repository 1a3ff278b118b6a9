//! `GET /api/v4/user`, `/version` and `/metadata`: what clients request first, to check their token and the version.
//! <https://docs.gitlab.com/api/users/#retrieve-the-current-user>, <https://docs.gitlab.com/api/metadata/>

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde_json::{Value, json};

use crate::{auth::Caller, limits::Owner, services::Services};

/// The version of GitLab whose APIs are implemented. Clients use it to select features.
const GITLAB_VERSION: &str = "19.3.0";

/// The caller. A token does not belong to a user here, so it is a bot, like a project's token in GitLab.
pub(super) async fn show_user(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Json<Value> {
    let (id, is_bot) = match caller.owner {
        Owner::Token(id) => (id.get(), true),
        Owner::User(id) => (id.get(), false),
    };
    let public_url = services.public_url.as_seen_by(&headers);
    let name = &caller.author.name;
    let username = username(name);
    Json(json!({
        "id": id,
        "username": username,
        "public_email": null,
        "name": name,
        "state": "active",
        "locked": false,
        "avatar_url": null,
        "web_url": format!("{}/{username}", public_url.trim_end_matches('/')),
        "bot": is_bot,
        "is_admin": caller.is_admin(),
        "email": null,
    }))
}

/// `GET /api/v4/version`.
pub(super) async fn show_version() -> Json<Value> {
    Json(json!({"version": GITLAB_VERSION, "revision": revision()}))
}

/// `GET /api/v4/metadata`.
pub(super) async fn show_metadata() -> Json<Value> {
    Json(json!({
        "version": GITLAB_VERSION,
        "revision": revision(),
        "kas": {"enabled": false, "externalUrl": null, "externalK8sProxyUrl": null, "version": null},
        "enterprise": true,
    }))
}

/// The program of this server.
fn revision() -> &'static str {
    concat!("audit-streams-", env!("CARGO_PKG_VERSION"))
}

/// The name in the format of GitLab's user names. Clients use it in URLs and patterns.
fn username(name: &str) -> String {
    let allowed = |next: char| {
        if next.is_ascii_alphanumeric() || "_-.".contains(next) {
            next
        } else {
            '-'
        }
    };
    let username: String = name.chars().map(allowed).collect();
    let trimmed = username.trim_matches(['-', '.']);
    if trimmed.is_empty() { "token" } else { trimmed }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_one_that_gitlab_allows() {
        for (name, expected) in [
            ("root", "root"),
            ("CI (main) *", "CI--main"),
            ("ada@example.com", "ada-example.com"),
            ("..", "token"),
            ("", "token"),
            ("Zoë", "Zo"),
        ] {
            assert_eq!(username(name), expected, "{name}");
        }
    }
}
