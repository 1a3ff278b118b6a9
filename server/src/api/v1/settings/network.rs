//! Where destinations may be.

use app::port::settings::{NetworkSummary, RuleSummary, Verdict};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::settings::NetworkDraft;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        answer::{expected_version, version_mismatch, versioned},
        fields::refuse,
    },
    SettingView, TRIES, refuse_fixed,
};
use crate::{
    admin::{self, AdminError},
    api::{
        ApiError,
        caller::Caller,
        input::{InBody, given},
    },
    services::Services,
};

/// Where destinations may be besides the public internet.
#[derive(Serialize, ToSchema)]
pub(in crate::api::v1) struct NetworkView {
    version: i64,
    /// Whether they may be on local networks and on this machine.
    allow_local_network: SettingView<bool>,
    /// Hosts, addresses and ranges, each with a port if it is open on that alone.
    allowlist: SettingView<Vec<String>>,
    /// What holds for each kind of address that is not on the public internet.
    rules: Vec<RuleView>,
}

#[derive(Serialize, ToSchema)]
pub(in crate::api::v1) struct RuleView {
    #[schema(example = "Private networks")]
    what: String,
    #[schema(example = json!(["10.0.0.0/8"]))]
    ranges: Vec<String>,
    /// `refused`: the allowlist can allow hosts, addresses and ranges. `exact_only`: refused even if local networks are
    /// allowed; only an allowlist entry for exactly this address allows it.
    verdict: VerdictName,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerdictName {
    Allowed,
    Refused,
    ExactOnly,
}

/// What is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allow_local_network": false, "allowlist": ["siem.internal:8088", "10.0.0.0/8"]}))]
pub(in crate::api::v1) struct NetworkChangeInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    allow_local_network: Option<bool>,
    /// The whole list.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    allowlist: Option<Vec<String>>,
}

/// Show the network settings
#[utoipa::path(get, path = "/api/v1/settings/network", tag = "Settings", responses(
    (status = 200, description = "What holds now", body = NetworkView,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
))]
pub(in crate::api::v1) async fn show_network_settings(State(services): State<Services>) -> Response {
    answer(&services)
}

/// Change the network settings
///
/// Every stream goes on under the new rules at once: one that was blocked tries again.
#[utoipa::path(patch, path = "/api/v1/settings/network", tag = "Settings", request_body = NetworkChangeInput,
    params(("If-Match" = Option<String>, Header, description = "Only if this is still the version", example = "\"1\"")),
    responses(
        (status = 200, description = "What holds now", body = NetworkView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "Others kept changing it meanwhile"),
        (status = 412, description = "Another version than `If-Match` names"),
        (status = 422, description = "A field is not right, or can't be changed here"),
    ),
)]
pub(in crate::api::v1) async fn update_network_settings(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(change): InBody<NetworkChangeInput>,
) -> Result<Response, ApiError> {
    let mut tries = TRIES;
    loop {
        let current = admin::show_network(&services.engine);
        let expected = expected_version(&headers, current.version)?;
        let draft = change.apply(&current)?;
        let parsed = draft.parse().map_err(|errors| refuse(&errors))?;
        match admin::update_network(&services.engine, &caller.author, current.version, parsed).await {
            Err(AdminError::ChangedMeanwhile) if expected.is_none() && tries > 1 => tries -= 1,
            Err(AdminError::ChangedMeanwhile) if expected.is_some() => return Err(version_mismatch()),
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(answer(&services)),
        }
    }
}

impl NetworkChangeInput {
    fn apply(&self, current: &NetworkSummary) -> Result<NetworkDraft, ApiError> {
        if self.allow_local_network.is_some() && current.allow_local_network.is_fixed {
            return Err(refuse_fixed("allow_local_network"));
        }
        if self.allowlist.is_some() && current.allowlist.is_fixed {
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
    let summary = admin::show_network(&services.engine);
    let version = summary.version;
    let view = NetworkView {
        version,
        allow_local_network: SettingView {
            value: summary.allow_local_network.value,
            fixed: summary.allow_local_network.is_fixed,
        },
        allowlist: SettingView {
            value: summary.allowlist.value,
            fixed: summary.allowlist.is_fixed,
        },
        rules: summary.rules.into_iter().map(rule).collect(),
    };
    versioned(StatusCode::OK, version, &view)
}

fn rule(rule: RuleSummary) -> RuleView {
    RuleView {
        what: rule.what,
        ranges: rule.ranges,
        verdict: match rule.verdict {
            Verdict::Allowed => VerdictName::Allowed,
            Verdict::Refused => VerdictName::Refused,
            Verdict::ExactOnly => VerdictName::ExactOnly,
        },
    }
}
