//! What a change of a destination comes to, as the actions of instance events.

use std::collections::BTreeMap;

use domain::{
    destination::{
        DestinationSettings, DestinationUrl, Encryption, EventFilter, EventNames, FilterKind, Flow, GoogleSettings,
        HeaderName, NamespaceFilter, NamespacePath, NewHeader, S3Settings, TargetSettings,
    },
    instance_event::Action,
};

use crate::store::{Destination, Header, Namespace, Target};

/// A field under GitLab's name of its column.
struct Told {
    field: &'static str,
    /// Its key in `config` of GitLab's unified API; none for what does not stand there.
    config_key: Option<&'static str>,
    value: String,
    /// What is told of the value, where that is not all of it.
    shown: Option<String>,
}

impl Told {
    fn name(value: &str) -> Self {
        Self {
            field: "name",
            config_key: None,
            value: value.to_owned(),
            shown: None,
        }
    }

    fn plain(field: &'static str, config_key: &'static str, value: impl Into<String>) -> Self {
        Self {
            field,
            config_key: Some(config_key),
            value: value.into(),
            shown: None,
        }
    }

    /// Told by its origin: a path may hold a secret.
    fn url(field: &'static str, config_key: &'static str, url: Option<&DestinationUrl>) -> Self {
        Self {
            field,
            config_key: Some(config_key),
            value: url.map(DestinationUrl::to_string).unwrap_or_default(),
            shown: url.map(DestinationUrl::origin),
        }
    }

    fn shown(&self) -> &str {
        self.shown.as_ref().unwrap_or(&self.value)
    }
}

/// A field that has changed, as its audit event tells it.
struct Changed {
    field: &'static str,
    config_key: Option<&'static str>,
    from: String,
    to: String,
}

impl Changed {
    /// None if nothing has. A change that what is shown leaves out is said to be one.
    fn between(was: &Told, is: &Told) -> Option<Self> {
        let (from, to) = (was.shown(), is.shown());
        let note = if from == to { HIDDEN_CHANGE } else { "" };
        (was.value != is.value).then(|| Self {
            field: was.field,
            config_key: was.config_key,
            from: from.to_owned(),
            to: format!("{to}{note}"),
        })
    }
}

/// Follows the origin of a URL of which nothing else has changed than what may hold a secret.
const HIDDEN_CHANGE: &str = " (another path or query)";

/// What changed in `config`, as the one change that it is in GitLab's unified API; none if nothing did.
fn config_change(changed: &[Changed]) -> Option<Changed> {
    let of_config = || changed.iter().filter_map(|one| Some((one.config_key?, one)));
    of_config().next()?;
    let from = of_config().map(|(key, one)| (key, one.from.as_str()));
    let to = of_config().map(|(key, one)| (key, one.to.as_str()));
    Some(Changed {
        field: "config",
        config_key: None,
        from: json(from.collect()),
        to: json(to.collect()),
    })
}

fn json(texts: BTreeMap<&str, &str>) -> String {
    let members = texts.into_iter().map(|(key, text)| (key.to_owned(), text.into()));
    serde_json::Value::Object(members.collect()).to_string()
}

/// One for each thing that changed, in the order of the form. Empty if nothing did.
pub(super) fn changes(before: &Destination, change: &DestinationSettings) -> Vec<Action> {
    let names = change.event_names;
    let fields = changed_fields(before, change).into_iter();
    let mut actions: Vec<Action> = fields
        .map(|Changed { field, from, to, .. }| Action::DestinationChanged { names, field, from, to })
        .collect();
    let secret = replaced_secret(&before.target, &change.target);
    actions.extend(secret.map(|secret| Action::DestinationSecretReplaced { names, secret }));
    if let (Target::Http(stored), TargetSettings::Http(wanted)) = (&before.target, &change.target) {
        actions.extend(header_changes(&stored.headers, &wanted.headers));
    }
    actions.extend(filter_changes(&before.filter, &change.filter));
    actions.extend(namespace_changes(&before.namespaces, &change.namespaces));
    actions.extend(flow_changes(names, before.flow, change.flow.unwrap_or(before.flow)));
    actions
}

/// The fields that changed; those of `config` as one where GitLab's unified API names the events.
fn changed_fields(before: &Destination, change: &DestinationSettings) -> Vec<Changed> {
    let mut was = vec![Told::name(before.name.as_str())];
    was.extend(stored_fields(&before.target));
    let mut is = vec![Told::name(change.name.as_str())];
    is.extend(wanted_fields(&change.target));
    let pairs = was.iter().zip(&is);
    let mut changed: Vec<Changed> = pairs.filter_map(|(was, is)| Changed::between(was, is)).collect();
    if change.event_names == EventNames::Unified {
        let config = config_change(&changed);
        changed.retain(|one| one.config_key.is_none());
        changed.extend(config);
    }
    changed
}

/// Whether the same headers are to stand in another order: no event tells of that.
pub(super) fn reorders_headers(before: &Destination, change: &DestinationSettings) -> bool {
    let (Target::Http(stored), TargetSettings::Http(wanted)) = (&before.target, &change.target) else {
        return false;
    };
    let stored = stored.headers.iter().map(|header| Some(header.id));
    !stored.eq(wanted.headers.iter().map(|header| header.id))
}

/// Where events go, without anything secret and as GitLab's message about a new destination has it.
pub(super) fn place_of(target: &TargetSettings) -> String {
    match target {
        TargetSettings::Http(settings) => settings.url.origin(),
        TargetSettings::GoogleCloudLogging { settings, .. } => google_place(settings),
        TargetSettings::AmazonS3 { settings, .. } => s3_place(settings),
    }
}

/// The same of a destination that is stored.
pub(super) fn stored_place(target: &Target) -> String {
    match target {
        Target::Http(target) => target.url.origin(),
        Target::GoogleCloudLogging(target) => google_place(&target.settings),
        Target::AmazonS3(target) => s3_place(&target.settings),
    }
}

fn google_place(settings: &GoogleSettings) -> String {
    format!(
        "project id: {} and log id: {}",
        settings.project_id(),
        settings.log_id()
    )
}

fn s3_place(settings: &S3Settings) -> String {
    format!("bucket: {} and AWS region: {}", settings.bucket(), settings.region())
}

fn stored_fields(target: &Target) -> Vec<Told> {
    match target {
        Target::Http(target) => vec![Told::url("destination_url", "url", Some(&target.url))],
        Target::GoogleCloudLogging(target) => google_fields(&target.settings),
        Target::AmazonS3(target) => s3_fields(&target.settings),
    }
}

fn wanted_fields(target: &TargetSettings) -> Vec<Told> {
    match target {
        TargetSettings::Http(settings) => vec![Told::url("destination_url", "url", Some(&settings.url))],
        TargetSettings::GoogleCloudLogging { settings, .. } => google_fields(settings),
        TargetSettings::AmazonS3 { settings, .. } => s3_fields(settings),
    }
}

fn google_fields(settings: &GoogleSettings) -> Vec<Told> {
    vec![
        Told::plain("google_project_id_name", "googleProjectIdName", settings.project_id()),
        Told::plain("client_email", "clientEmail", settings.client_email()),
        Told::plain("log_id_name", "logIdName", settings.log_id()),
    ]
}

fn s3_fields(settings: &S3Settings) -> Vec<Told> {
    let options = settings.options();
    let encryption = options.encryption.as_ref();
    vec![
        Told::plain("access_key_xid", "accessKeyXid", settings.access_key_id()),
        Told::plain("aws_region", "awsRegion", settings.region()),
        Told::plain("bucket_name", "bucketName", settings.bucket()),
        Told::url("endpoint_url", "endpointUrl", settings.endpoint_url()),
        Told::plain("key_prefix", "keyPrefix", settings.key_prefix()),
        Told::plain("object_layout", "objectLayout", settings.layout().as_str()),
        Told::plain("partitions", "partitions", options.partitions.as_str()),
        Told::plain(
            "omit_checksums",
            "omitChecksums",
            if options.omit_checksums { "true" } else { "false" },
        ),
        Told::plain("encryption", "encryption", encryption.map_or("", Encryption::as_str)),
        Told::plain(
            "kms_key_id",
            "kmsKeyId",
            encryption.and_then(Encryption::kms_key_id).unwrap_or_default(),
        ),
        Told::plain(
            "lock_mode",
            "lockMode",
            options.lock.map_or("", |lock| lock.mode.as_str()),
        ),
        Told::plain(
            "lock_days",
            "lockDays",
            options.lock.map_or_else(String::new, |lock| lock.days.to_string()),
        ),
    ]
}

fn replaced_secret(before: &Target, change: &TargetSettings) -> Option<&'static str> {
    match (before, change) {
        (Target::Http(stored), TargetSettings::Http(wanted)) => {
            let token = wanted.verification_token.as_ref()?;
            (stored.secrets.verification_token != *token).then_some("verification token")
        }
        (
            Target::GoogleCloudLogging(stored),
            TargetSettings::GoogleCloudLogging {
                private_key: Some(key), ..
            },
        ) => (stored.private_key != *key).then_some("private key"),
        (
            Target::AmazonS3(stored),
            TargetSettings::AmazonS3 {
                secret_access_key: Some(secret),
                ..
            },
        ) => (stored.secret_access_key != *secret).then_some("secret access key"),
        _ => None,
    }
}

/// Deleted ones first, for a new header may have taken over the name of one.
pub(super) fn header_changes(before: &[Header], wanted: &[NewHeader]) -> Vec<Action> {
    let key = |name: &HeaderName| name.as_str().to_owned();
    let stored = |header: &NewHeader| before.iter().find(|stored| Some(stored.id) == header.id);
    let deleted = before
        .iter()
        .filter(|stored| !wanted.iter().any(|header| header.id == Some(stored.id)))
        .map(|stored| Action::HeaderDeleted { key: key(&stored.name) });
    let kept = wanted.iter().filter_map(|header| match stored(header) {
        Some(stored) => header_update(stored, header),
        None => Some(Action::HeaderCreated { key: key(&header.name) }),
    });
    deleted.chain(kept).collect()
}

fn header_update(stored: &Header, header: &NewHeader) -> Option<Action> {
    let has_new_value = header.value.as_ref().is_some_and(|value| *value != stored.value);
    let activation = (stored.active != header.active).then_some(header.active);
    let is_changed = stored.name != header.name || has_new_value || activation.is_some();
    is_changed.then(|| Action::HeaderUpdated {
        from_key: stored.name.as_str().to_owned(),
        key: header.name.as_str().to_owned(),
        has_new_value,
        activation,
    })
}

pub(super) fn filter_changes(before: &EventFilter, wanted: &EventFilter) -> Vec<Action> {
    let changes = FilterKind::ALL.into_iter().flat_map(|list| {
        let (added, removed) = (wanted.without(before, list), before.without(wanted, list));
        let added = (!added.is_empty()).then_some(Action::EventTypesAdded { list, types: added });
        let removed = (!removed.is_empty()).then_some(Action::EventTypesRemoved { list, types: removed });
        added.into_iter().chain(removed)
    });
    changes.collect()
}

/// One for each namespace, as GitLab has them.
pub(super) fn namespace_changes(before: &[Namespace], wanted: &NamespaceFilter) -> Vec<Action> {
    let is_kept = |path: &NamespacePath| before.iter().any(|known| known.path == *path);
    let added = wanted.iter().filter(|path| !is_kept(path)).cloned();
    let removed = before.iter().map(|known| known.path.clone());
    let removed = removed.filter(|known| !wanted.iter().any(|path| path == known));
    added
        .map(Action::NamespaceAdmitted)
        .chain(removed.map(Action::NamespaceRemoved))
        .collect()
}

pub(super) fn flow_changes(names: EventNames, before: Flow, wanted: Flow) -> Vec<Action> {
    let activation = (before.active != wanted.active).then(|| Action::DestinationChanged {
        names,
        field: "active",
        from: before.active.to_string(),
        to: wanted.active.to_string(),
    });
    let pause = match (before.paused, wanted.paused) {
        (false, true) => Some(Action::StreamPaused),
        (true, false) => Some(Action::StreamResumed),
        (true, true) | (false, false) => None,
    };
    activation.into_iter().chain(pause).collect()
}
