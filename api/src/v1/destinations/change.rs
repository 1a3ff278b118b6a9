//! A change to a destination, as a merge patch (RFC 7396): omitted fields are left unchanged.

use domain::{
    Field, FieldError, FieldErrors,
    destination::{DestinationDraft, DestinationKind, FilterKind, HeaderDraft, MAX_HEADERS, Reading, StreamState},
};
use engine::admin::Destination;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::fields::refuse_one,
    by_kind::{ByKind, Common},
    input::{NOT_BOTH, check_event_types, namespaces, one_list},
};
use crate::{error::ApiError, input::given};

const HAS_DENYLIST: &str =
    "This destination has an event_type_denylist. To replace it, send `\"event_type_denylist\": []` as well.";

const HAS_ALLOWLIST: &str =
    "This destination has an allowlist, event_types. To replace it, send `\"event_types\": []` as well.";

/// Omitted fields are left unchanged. A list replaces the whole list, and `null` empties it. The kind of a destination cannot be
/// changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "SIEM (EU)", "paused": true, "http": {"url": "https://siem.example.com/eu"}}))]
pub(super) struct DestinationChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 72)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    active: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    paused: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    event_types: Option<Option<Vec<String>>>,
    /// To replace an allowlist with a denylist or vice versa, send both lists, with the old one empty.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    event_type_denylist: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 5)]
    namespaces: Option<Option<Vec<String>>>,
}

impl Common for DestinationChange {
    const MEMBERS: &'static [&'static str] = &[
        "name",
        "active",
        "paused",
        "event_types",
        "event_type_denylist",
        "namespaces",
    ];
    const READING: Reading = Reading::Change;
}

impl ByKind<DestinationChange> {
    /// Finds errors without applying the change.
    ///
    /// # Errors
    /// 422 if it is for another kind, or names what is no namespace or can be no event type.
    pub(super) fn check(&self, stored: &Destination) -> Result<(), ApiError> {
        let kind = stored.target.kind();
        // The first of several is reported, in the order of the kinds.
        let others = DestinationKind::ALL.into_iter().filter(|other| *other != kind);
        let mut given = others.filter(|other| self.kinds.iter().any(|(of, _)| of == other));
        if let Some(other) = given.next() {
            let (other, kind) = (other.as_str(), kind.as_str());
            let rule = format!("{other}: the kind of a destination cannot be changed; this one is `{kind}`.");
            return Err(refuse_one(other, &rule));
        }
        if let Some(Some(paths)) = &self.common.namespaces {
            namespaces(paths)?;
        }
        let lists = [
            (FilterKind::Allow, &self.common.event_types),
            (FilterKind::Deny, &self.common.event_type_denylist),
        ];
        for (list, names) in lists {
            if let Some(Some(names)) = names {
                check_event_types(list, names)?;
            }
        }
        Ok(())
    }

    /// Applies the change to the draft and the switches of the stored destination.
    ///
    /// # Errors
    /// A header that is not there, or an allowlist beside a denylist.
    pub(super) fn apply(
        &self,
        draft: &mut DestinationDraft,
        stream_state: &mut StreamState,
    ) -> Result<(), FieldErrors> {
        let change = &self.common;
        set(&mut draft.name, change.name.as_ref());
        set(&mut stream_state.active, change.active.as_ref());
        set(&mut stream_state.paused, change.paused.as_ref());
        change.apply_event_types(draft)?;
        if let Some(namespaces) = &change.namespaces {
            draft.namespaces = namespaces.as_deref().unwrap_or_default().join(",");
        }
        for (_, sent) in &self.kinds {
            // In the order of the table, whatever the order of the request: a field comes after the one that it depends on, whose
            // change may remove it.
            for spec in draft.kind().spec().fields {
                for (_, text) in sent.values.iter().filter(|(field, _)| *field == spec.field) {
                    draft.target.change_text(spec.field, text.clone());
                }
            }
            if let Some(headers) = &sent.headers {
                change_headers(&mut draft.target.headers, headers.clone())?;
            }
        }
        Ok(())
    }
}

impl DestinationChange {
    /// An omitted list is left unchanged, so it can conflict with the other one.
    fn apply_event_types(&self, draft: &mut DestinationDraft) -> Result<(), FieldErrors> {
        let wanted = |list, given: &Option<Option<Vec<String>>>| match given {
            Some(given) => given.clone().unwrap_or_default(),
            None if draft.filter_kind == list => draft.event_types.clone(),
            None => Vec::new(),
        };
        let allowed = wanted(FilterKind::Allow, &self.event_types);
        let denied = wanted(FilterKind::Deny, &self.event_type_denylist);
        let Some((kind, event_types)) = one_list(allowed, denied) else {
            let (list, rule) = match (&self.event_types, &self.event_type_denylist) {
                (Some(_), None) => (FilterKind::Allow, HAS_DENYLIST),
                (None, _) => (FilterKind::Deny, HAS_ALLOWLIST),
                (Some(_), Some(_)) => (FilterKind::Deny, NOT_BOTH),
            };
            return Err(FieldError::new(list.field(), rule).into());
        };
        (draft.filter_kind, draft.event_types) = (kind, event_types);
        Ok(())
    }
}

fn change_headers(stored: &mut Vec<HeaderDraft>, wanted: Vec<HeaderDraft>) -> Result<(), FieldErrors> {
    let before = std::mem::replace(stored, wanted);
    if stored.len() > MAX_HEADERS {
        // Parsing reports that, and there is no need to look at each.
        return Ok(());
    }
    let is_stored = |id| before.iter().any(|header| header.id == Some(id));
    let mut errors = FieldErrors::default();
    for (row, header) in (0_u8..).zip(stored.iter()) {
        if header.id.is_some_and(|id| !is_stored(id)) {
            errors.push(FieldError::new(
                Field::HeaderName(row),
                "This destination has no header with this id.",
            ));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn set<T: Clone>(value: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        value.clone_from(given);
    }
}

#[cfg(test)]
mod tests {
    use domain::destination::TargetDraft;

    use super::*;

    fn read(body: &str) -> Result<ByKind<DestinationChange>, serde_json::Error> {
        serde_json::from_str(body)
    }

    /// A dependent field that is sent is kept for the rules to judge, wherever it stands in the request.
    #[test]
    fn the_order_of_members_does_not_matter() {
        for (body, field, text) in [
            (
                r#"{"aws": {"kms_key_id": "k", "encryption": "AES256"}}"#,
                Field::KmsKeyId,
                "k",
            ),
            (
                r#"{"aws": {"encryption": "AES256", "kms_key_id": "k"}}"#,
                Field::KmsKeyId,
                "k",
            ),
            (
                r#"{"aws": {"lock_days": 30, "lock_mode": null}}"#,
                Field::LockDays,
                "30",
            ),
            (
                r#"{"aws": {"lock_mode": null, "lock_days": 30}}"#,
                Field::LockDays,
                "30",
            ),
            (r#"{"aws": {"encryption": "AES256"}}"#, Field::KmsKeyId, ""),
            (r#"{"aws": {"lock_mode": null}}"#, Field::LockDays, ""),
        ] {
            let target = TargetDraft::new(DestinationKind::AmazonS3).with([
                (Field::Encryption, "aws:kms"),
                (Field::KmsKeyId, "stored"),
                (Field::LockMode, "GOVERNANCE"),
                (Field::LockDays, "7"),
            ]);
            let mut draft = DestinationDraft::new("Archive", target);
            let change = read(body).unwrap_or_else(|error| panic!("{body}: {error}"));
            change.apply(&mut draft, &mut StreamState::default()).unwrap();
            assert_eq!(draft.target.text(field), text, "{body}");
        }
    }

    #[test]
    fn an_empty_text_is_no_choice() {
        for field in ["layout", "partitions", "encryption", "lock_mode"] {
            let error = read(&format!(r#"{{"aws": {{"{field}": ""}}}}"#)).err();
            let message = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(
                message.starts_with("unknown variant ``, expected"),
                "{field}: {message}"
            );
        }
        for field in ["encryption", "lock_mode"] {
            assert!(read(&format!(r#"{{"aws": {{"{field}": null}}}}"#)).is_ok(), "{field}");
        }
    }
}
