//! Network rules for destinations.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{settings::NetworkDraft, view::NetworkView};
use engine::admin::AdminError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{expected_version, version_mismatch, versioned},
        fields::refuse,
    },
    TRIES, refuse_fixed,
};
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InBody, given},
    services::Services,
};

/// Omitted fields are left unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allow_local_network": false, "allowlist": ["siem.internal:8088", "10.0.0.0/8"]}))]
pub(in crate::v1) struct NetworkChangeInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    allow_local_network: Option<bool>,
    /// Replaces the whole list.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    allowlist: Option<Vec<String>>,
}

/// Show the network settings
#[utoipa::path(get, path = "/api/v1/settings/network", tag = "Settings", responses(
    (status = 200, description = "The current settings", body = NetworkView,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
))]
pub(in crate::v1) async fn show_network_settings(State(services): State<Services>) -> Response {
    answer(&services)
}

/// Change the network settings
///
/// Takes effect immediately. Streams that were blocked by the old rules retry.
#[utoipa::path(patch, path = "/api/v1/settings/network", tag = "Settings", request_body = NetworkChangeInput,
    params(("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\"")),
    responses(
        (status = 200, description = "The current settings", body = NetworkView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "The resource was changed at the same time by someone else"),
        (status = 412, description = "The version is not the one in `If-Match`"),
        (status = 422, description = "A field is invalid, or cannot be changed here"),
    ),
)]
pub(in crate::v1) async fn update_network_settings(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(change): InBody<NetworkChangeInput>,
) -> Result<Response, ApiError> {
    let mut tries = TRIES;
    loop {
        let current = services.engine.show_network();
        let expected = expected_version(&headers, current.version)?;
        let draft = change.apply(&current)?;
        let parsed = draft.parse().map_err(|errors| refuse(&errors))?;
        let updated = services.engine.update_network(&caller.author, current.version, parsed);
        match updated.await {
            Err(AdminError::ChangedMeanwhile) if expected.is_none() && tries > 1 => tries -= 1,
            Err(AdminError::ChangedMeanwhile) if expected.is_some() => return Err(version_mismatch()),
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(answer(&services)),
        }
    }
}

impl NetworkChangeInput {
    fn apply(&self, current: &NetworkView) -> Result<NetworkDraft, ApiError> {
        if self.allow_local_network.is_some() && current.allow_local_network.fixed {
            return Err(refuse_fixed("allow_local_network"));
        }
        if self.allowlist.is_some() && current.allowlist.fixed {
            return Err(refuse_fixed("allowlist"));
        }
        let allowlist = self.allowlist.as_ref().unwrap_or(&current.allowlist.value);
        Ok(NetworkDraft {
            allow_local_network: self.allow_local_network.unwrap_or(current.allow_local_network.value),
            allowlist: allowlist.join("\n"),
        })
    }
}

fn answer(services: &Services) -> Response {
    let view = services.engine.show_network();
    versioned(StatusCode::OK, view.version, &view)
}
