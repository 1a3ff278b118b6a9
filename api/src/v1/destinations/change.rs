//! A change of a destination, as a merge patch (RFC 7396): what is absent stays as it is.

use domain::{
    Field, FieldError, FieldErrors,
    destination::{DestinationDraft, FilterKind, Flow, MAX_HEADERS, TargetDraft},
};
use engine::admin::Destination;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::fields::refuse_one,
    input::{HeaderInput, NOT_BOTH, check_event_types, namespaces, one_list},
    object_options::{EncryptionName, LockModeName, PartitionsName},
    view::{KindName, LayoutName},
};
use crate::{
    error::ApiError,
    input::{given, given_object, given_objects},
};

const HAS_DENYLIST: &str =
    "This destination has an event_type_denylist. To replace it, send `\"event_type_denylist\": []` as well.";

const HAS_ALLOWLIST: &str =
    "This destination has an allowlist, event_types. To replace it, send `\"event_types\": []` as well.";

/// What is absent stays as it is. A list is given whole, and `null` empties it.
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
    /// To replace an allowlist by a denylist, or the other way round, send both lists: the old one empty.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    event_type_denylist: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 5)]
    namespaces: Option<Option<Vec<String>>>,
    /// For an HTTP endpoint. A destination keeps its kind.
    #[serde(default, deserialize_with = "given_object")]
    #[schema(nullable = false)]
    http: Option<HttpChange>,
    /// For Google Cloud Logging.
    #[serde(default, deserialize_with = "given_object")]
    #[schema(nullable = false)]
    gcp: Option<GcpChange>,
    /// For AWS S3.
    #[serde(default, deserialize_with = "given_object")]
    #[schema(nullable = false)]
    aws: Option<AwsChange>,
}

/// A change of an HTTP endpoint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HttpChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_length = 255)]
    url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 16, max_length = 24)]
    verification_token: Option<String>,
    /// All of them: a stored one that is not among them goes.
    #[serde(default, deserialize_with = "given_objects")]
    #[schema(value_type = Option<Vec<HeaderInput>>, max_items = 20)]
    headers: Option<Option<Vec<HeaderInput>>>,
}

/// A change of a log of Google Cloud Logging.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GcpChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    project_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    client_email: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    log_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, write_only)]
    private_key: Option<String>,
}

/// A change of a bucket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AwsChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    access_key_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, write_only)]
    secret_access_key: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    region: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    bucket: Option<String>,
    /// `null` for Amazon's own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    endpoint_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    key_prefix: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    layout: Option<LayoutName>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    partitions: Option<PartitionsName>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    omit_checksums: Option<bool>,
    /// `null` for the default of the bucket. The KMS key id is removed with `aws:kms`, unless another is given.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<EncryptionName>)]
    encryption: Option<Option<EncryptionName>>,
    /// `null` for the account's default key.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    kms_key_id: Option<Option<String>>,
    /// `null` for no lock, which removes the days as well.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<LockModeName>)]
    lock_mode: Option<Option<LockModeName>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 36_500)]
    lock_days: Option<Option<u32>>,
}

impl DestinationChange {
    /// What can be told without applying it.
    ///
    /// # Errors
    /// 422 if it is for another kind, or names what is no namespace or can be no event type.
    pub(super) fn check(&self, stored: &Destination) -> Result<(), ApiError> {
        let kind = KindName::of(stored.target.kind());
        let given = [
            (KindName::Http, self.http.is_some()),
            (KindName::Gcp, self.gcp.is_some()),
            (KindName::Aws, self.aws.is_some()),
        ];
        if let Some((other, _)) = given.into_iter().find(|(of, is_given)| *is_given && *of != kind) {
            let (other, kind) = (other.as_str(), kind.as_str());
            let rule = format!("{other}: this destination is of kind `{kind}`, and keeps it.");
            return Err(refuse_one(other, &rule));
        }
        if let Some(Some(paths)) = &self.namespaces {
            namespaces(paths)?;
        }
        let lists = [
            (FilterKind::Allow, &self.event_types),
            (FilterKind::Deny, &self.event_type_denylist),
        ];
        for (list, names) in lists {
            if let Some(Some(names)) = names {
                check_event_types(list, names)?;
            }
        }
        Ok(())
    }

    /// Applies it to the form and the switches of what is stored.
    ///
    /// # Errors
    /// A header that is not there, or an allowlist beside a denylist.
    pub(super) fn apply(&self, draft: &mut DestinationDraft, flow: &mut Flow) -> Result<(), FieldErrors> {
        set(&mut draft.name, self.name.as_ref());
        set(&mut flow.active, self.active.as_ref());
        set(&mut flow.paused, self.paused.as_ref());
        self.apply_event_types(draft)?;
        if let Some(namespaces) = &self.namespaces {
            draft.namespaces = namespaces.as_deref().unwrap_or_default().join(",");
        }
        self.gcp.iter().for_each(|change| change.apply(&mut draft.target));
        self.aws.iter().for_each(|change| change.apply(&mut draft.target));
        self.http
            .as_ref()
            .map_or(Ok(()), |change| change.apply(&mut draft.target))
    }

    /// A list that is left out stays as it is, and so may stand in the way of the other one.
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

impl HttpChange {
    fn apply(&self, draft: &mut TargetDraft) -> Result<(), FieldErrors> {
        take(draft, Field::Url, self.url.clone());
        take(draft, Field::VerificationToken, self.verification_token.clone());
        let Some(headers) = &self.headers else {
            return Ok(());
        };
        let wanted: Vec<_> = headers
            .iter()
            .flatten()
            .map(|header| header.clone().into_draft())
            .collect();
        if wanted.len() > MAX_HEADERS {
            // The form says so, and there is no need to look at each.
            draft.headers = wanted;
            return Ok(());
        }
        let is_stored = |id| draft.headers.iter().any(|stored| stored.id == Some(id));
        let mut errors = FieldErrors::default();
        for (row, header) in (0_u8..).zip(&wanted) {
            if header.id.is_some_and(|id| !is_stored(id)) {
                errors.push(FieldError::new(
                    Field::HeaderName(row),
                    "This destination has no header with this id.",
                ));
            }
        }
        draft.headers = wanted;
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl GcpChange {
    fn apply(&self, draft: &mut TargetDraft) {
        take(draft, Field::ProjectId, self.project_id.clone());
        take(draft, Field::ClientEmail, self.client_email.clone());
        take(draft, Field::LogId, self.log_id.clone());
        take(draft, Field::PrivateKey, self.private_key.clone());
    }
}

impl AwsChange {
    fn apply(&self, draft: &mut TargetDraft) {
        let nullable = |text: &Option<Option<String>>| text.clone().map(Option::unwrap_or_default);
        take(draft, Field::AccessKeyId, self.access_key_id.clone());
        take(draft, Field::Region, self.region.clone());
        take(draft, Field::Bucket, self.bucket.clone());
        take(draft, Field::SecretAccessKey, self.secret_access_key.clone());
        take(draft, Field::EndpointUrl, nullable(&self.endpoint_url));
        take(draft, Field::KeyPrefix, nullable(&self.key_prefix));
        take(
            draft,
            Field::ObjectLayout,
            self.layout.map(|layout| layout.layout().as_str().to_owned()),
        );
        take(draft, Field::Partitions, self.partitions.map(PartitionsName::text));
        take(
            draft,
            Field::Checksums,
            self.omit_checksums.map(|is_on| is_on.to_string()),
        );
        let encryption = self.encryption.map(|name| name.map(EncryptionName::text));
        take(draft, Field::Encryption, nullable(&encryption));
        take(draft, Field::KmsKeyId, nullable(&self.kms_key_id));
        take(
            draft,
            Field::LockMode,
            nullable(&self.lock_mode.map(|mode| mode.map(LockModeName::text))),
        );
        let days = self.lock_days.map(|days| days.map(|days| days.to_string()));
        take(draft, Field::LockDays, nullable(&days));
    }
}

fn take(draft: &mut TargetDraft, field: Field, text: Option<String>) {
    if let Some(text) = text {
        draft.change_text(field, text);
    }
}

fn set<T: Clone>(value: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        value.clone_from(given);
    }
}
