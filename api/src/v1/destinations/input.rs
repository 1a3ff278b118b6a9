//! Input of a new destination.

use domain::{
    destination::{DestinationDraft, DestinationKind, FilterKind, NamespacePath, Reading, StreamState, TargetDraft},
    event::EventType,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::fields::{path_of, refuse_one},
    by_kind::{ByKind, Common},
};
use crate::error::ApiError;

pub(super) const NOT_BOTH: &str = "Set event_types or event_type_denylist, not both.";

const EVENT_TYPE_RULE: &str =
    "An event type has 1 to 255 printable ASCII characters, and no space at its start or end.";

/// A destination to add: exactly one of `http`, `gcp` and `aws`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "SIEM",
    "http": {"url": "https://siem.example.com/events", "headers": [{"name": "X-Team", "value": "security"}]},
    "event_types": ["user_created"],
}))]
pub(super) struct NewDestinationInput {
    #[schema(min_length = 1, max_length = 72)]
    name: String,
    /// Optional, because the configuration determines the kind.
    #[serde(default)]
    kind: Option<DestinationKind>,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    paused: bool,
    /// Allowlist: only these event types are sent.
    #[serde(default)]
    event_types: Vec<String>,
    /// Denylist: all event types except these are sent. Only one of the two lists can have event types; if both are empty, all
    /// event types are sent.
    #[serde(default)]
    event_type_denylist: Vec<String>,
    /// Full paths of the groups and projects whose events are sent, at most five. All events are sent if omitted or empty.
    #[serde(default)]
    #[schema(max_items = 5)]
    namespaces: Vec<String>,
    /// First event of the stream: `now` for the next event that is received, `beginning` for the oldest event in the log, or the
    /// time of reception of the first event.
    #[serde(default = "from_now")]
    #[schema(default = "now", example = "2026-01-31T09:30:00Z")]
    start_from: String,
}

impl Common for NewDestinationInput {
    const MEMBERS: &'static [&'static str] = &[
        "name",
        "kind",
        "active",
        "paused",
        "event_types",
        "event_type_denylist",
        "namespaces",
        "start_from",
    ];
    const READING: Reading = Reading::New;
}

impl ByKind<NewDestinationInput> {
    /// # Errors
    /// 422 if it is of no kind, or of several.
    pub(super) fn into_draft(self) -> Result<(DestinationDraft, StreamState), ApiError> {
        let target = self.target()?;
        let input = self.common;
        let stream_state = StreamState {
            active: input.active,
            paused: input.paused,
        };
        let (filter_kind, event_types) = one_list(input.event_types, input.event_type_denylist)
            .ok_or_else(|| refuse_one(path_of(FilterKind::Deny.field()), NOT_BOTH))?;
        check_event_types(filter_kind, &event_types)?;
        let draft = DestinationDraft {
            event_types,
            filter_kind,
            namespaces: namespaces(&input.namespaces)?,
            start_from: input.start_from,
            ..DestinationDraft::new(input.name, target)
        };
        Ok((draft, stream_state))
    }

    fn target(&self) -> Result<TargetDraft, ApiError> {
        let [(kind, sent)] = self.kinds.as_slice() else {
            let names = DestinationKind::ALL.map(DestinationKind::as_str);
            let [most @ .., last] = &names;
            let rule = format!("configure exactly one of {} and {last}.", most.join(", "));
            return Err(refuse_one(names[0], &format!("{}: {rule}", names[0])));
        };
        if self.common.kind.is_some_and(|given| given != *kind) {
            let rule = format!(
                "kind: must be `{}` or omitted, to match the configured kind.",
                kind.as_str()
            );
            return Err(refuse_one("kind", &rule));
        }
        let mut target = TargetDraft::new(*kind);
        for (field, text) in &sent.values {
            target.set_text(*field, text.clone());
        }
        target.headers = sent.headers.clone().unwrap_or_default();
        Ok(target)
    }
}

/// The list that has event types, as in a draft; `None` if both have.
pub(super) fn one_list(allowed: Vec<String>, denied: Vec<String>) -> Option<(FilterKind, Vec<String>)> {
    match (allowed.is_empty(), denied.is_empty()) {
        (_, true) => Some((FilterKind::Allow, allowed)),
        (true, false) => Some((FilterKind::Deny, denied)),
        (false, false) => None,
    }
}

/// # Errors
/// 422 at the first that no event can have as its type.
pub(super) fn check_event_types(list: FilterKind, names: &[String]) -> Result<(), ApiError> {
    for (position, name) in names.iter().enumerate() {
        if EventType::parse(name).is_none() {
            let field = path_of(list.field());
            return Err(refuse_one(&format!("{field}[{position}]"), EVENT_TYPE_RULE));
        }
    }
    Ok(())
}

/// The paths separated by commas, as in a draft; a path has no commas.
///
/// # Errors
/// 422 at the first that is no path.
pub(super) fn namespaces(paths: &[String]) -> Result<String, ApiError> {
    for (position, path) in paths.iter().enumerate() {
        NamespacePath::parse(path).map_err(|error| refuse_one(&format!("namespaces[{position}]"), &error.message))?;
    }
    Ok(paths.join(","))
}

const fn yes() -> bool {
    true
}

fn from_now() -> String {
    "now".to_owned()
}
