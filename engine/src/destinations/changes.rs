//! What a change of a destination comes to, as audit events.

use domain::{
    destination::{
        DestinationKind, DestinationSettings, DestinationUrl, EventFilter, Flow, GoogleSettings, NamespaceFilter,
        NamespacePath, NewHeader, S3Settings, TargetSettings,
    },
    event::OwnEvent,
    ids::DestinationId,
};

use crate::store::{Destination, Header, Namespace, Target};

/// A field as people know it.
struct Told {
    field: &'static str,
    value: String,
    /// What is told of the value, where that is not all of it.
    shown: Option<String>,
}

impl Told {
    fn plain(field: &'static str, value: impl Into<String>) -> Self {
        Self {
            field,
            value: value.into(),
            shown: None,
        }
    }

    /// Told by its origin: a path may hold a secret.
    fn url(field: &'static str, url: Option<&DestinationUrl>) -> Self {
        Self {
            field,
            value: url.map(DestinationUrl::to_string).unwrap_or_default(),
            shown: url.map(DestinationUrl::origin),
        }
    }

    fn into_shown(self) -> String {
        self.shown.unwrap_or(self.value)
    }
}

/// One event for each thing that changed, in the order of the form. Empty if nothing did.
pub(super) fn changes(before: &Destination, change: &DestinationSettings) -> Vec<OwnEvent> {
    let (id, name) = (before.id, change.name.as_str());
    let mut was = vec![Told::plain("name", before.name.as_str())];
    was.extend(stored_fields(&before.target));
    let mut is = vec![Told::plain("name", name)];
    is.extend(wanted_fields(&change.target));
    let changed = was.into_iter().zip(is).filter(|(was, is)| was.value != is.value);
    let mut events: Vec<OwnEvent> = changed
        .map(|(was, is)| OwnEvent::DestinationChanged {
            destination: id,
            kind: change.target.kind(),
            name: name.to_owned(),
            field: was.field,
            from: was.into_shown(),
            to: is.into_shown(),
        })
        .collect();
    events.extend(
        replaced_secret(&before.target, &change.target).map(|secret| OwnEvent::DestinationSecretReplaced {
            destination: id,
            kind: change.target.kind(),
            name: name.to_owned(),
            secret,
        }),
    );
    if let (Target::Http(stored), TargetSettings::Http(wanted)) = (&before.target, &change.target) {
        events.extend(header_changes(id, name, &stored.headers, &wanted.headers));
    }
    events.extend(filter_changes(id, name, &before.filter, &change.filter));
    events.extend(namespace_changes(id, name, &before.namespaces, &change.namespaces));
    let flow = change.flow.unwrap_or(before.flow);
    events.extend(flow_changes(id, change.target.kind(), name, before.flow, flow));
    events
}

/// Whether the same headers are to stand in another order: no event tells of that.
pub(super) fn reorders_headers(before: &Destination, change: &DestinationSettings) -> bool {
    let (Target::Http(stored), TargetSettings::Http(wanted)) = (&before.target, &change.target) else {
        return false;
    };
    let stored = stored.headers.iter().map(|header| Some(header.id));
    !stored.eq(wanted.headers.iter().map(|header| header.id))
}

/// Where events go, without anything secret.
pub(super) fn place_of(target: &TargetSettings) -> String {
    match target {
        TargetSettings::Http(settings) => settings.url.origin(),
        TargetSettings::GoogleCloudLogging { settings, .. } => settings.log_name(),
        TargetSettings::AmazonS3 { settings, .. } => format!("s3://{}", settings.bucket()),
    }
}

fn stored_fields(target: &Target) -> Vec<Told> {
    match target {
        Target::Http(target) => vec![Told::url("destination url", Some(&target.url))],
        Target::GoogleCloudLogging(target) => google_fields(&target.settings),
        Target::AmazonS3(target) => s3_fields(&target.settings),
    }
}

fn wanted_fields(target: &TargetSettings) -> Vec<Told> {
    match target {
        TargetSettings::Http(settings) => vec![Told::url("destination url", Some(&settings.url))],
        TargetSettings::GoogleCloudLogging { settings, .. } => google_fields(settings),
        TargetSettings::AmazonS3 { settings, .. } => s3_fields(settings),
    }
}

fn google_fields(settings: &GoogleSettings) -> Vec<Told> {
    vec![
        Told::plain("project id", settings.project_id()),
        Told::plain("client email", settings.client_email()),
        Told::plain("log id", settings.log_id()),
    ]
}

fn s3_fields(settings: &S3Settings) -> Vec<Told> {
    vec![
        Told::plain("access key id", settings.access_key_id()),
        Told::plain("region", settings.region()),
        Told::plain("bucket name", settings.bucket()),
        Told::url("endpoint url", settings.endpoint_url()),
        Told::plain("key prefix", settings.key_prefix()),
        Told::plain("object layout", settings.layout().as_str()),
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
pub(super) fn header_changes(
    destination: DestinationId,
    name: &str,
    before: &[Header],
    wanted: &[NewHeader],
) -> Vec<OwnEvent> {
    let stored = |header: &NewHeader| before.iter().find(|stored| Some(stored.id) == header.id);
    let deleted = before
        .iter()
        .filter(|stored| !wanted.iter().any(|header| header.id == Some(stored.id)))
        .map(|stored| OwnEvent::HeaderDeleted {
            destination,
            name: name.to_owned(),
            key: stored.name.as_str().to_owned(),
        });
    let kept = wanted.iter().filter_map(|header| {
        let Some(stored) = stored(header) else {
            return Some(OwnEvent::HeaderCreated {
                destination,
                name: name.to_owned(),
                key: header.name.as_str().to_owned(),
            });
        };
        header_update(destination, name, stored, header)
    });
    deleted.chain(kept).collect()
}

fn header_update(destination: DestinationId, name: &str, stored: &Header, header: &NewHeader) -> Option<OwnEvent> {
    let has_new_value = header.value.as_ref().is_some_and(|value| *value != stored.value);
    let activation = (stored.active != header.active).then_some(header.active);
    let is_changed = stored.name != header.name || has_new_value || activation.is_some();
    is_changed.then(|| OwnEvent::HeaderUpdated {
        destination,
        name: name.to_owned(),
        from_key: stored.name.as_str().to_owned(),
        key: header.name.as_str().to_owned(),
        has_new_value,
        activation,
    })
}

pub(super) fn filter_changes(
    destination: DestinationId,
    name: &str,
    before: &EventFilter,
    wanted: &EventFilter,
) -> Vec<OwnEvent> {
    let (added, removed) = (wanted.without(before), before.without(wanted));
    let added = (!added.is_empty()).then(|| OwnEvent::EventTypesAdmitted {
        destination,
        name: name.to_owned(),
        types: added,
    });
    let removed = (!removed.is_empty()).then(|| OwnEvent::EventTypesRemoved {
        destination,
        name: name.to_owned(),
        types: removed,
    });
    added.into_iter().chain(removed).collect()
}

pub(super) fn namespace_changes(
    destination: DestinationId,
    name: &str,
    before: &[Namespace],
    wanted: &NamespaceFilter,
) -> Vec<OwnEvent> {
    let is_kept = |path: &NamespacePath| before.iter().any(|known| known.path == *path);
    let added: Vec<NamespacePath> = wanted.iter().filter(|path| !is_kept(path)).cloned().collect();
    let removed: Vec<NamespacePath> = before
        .iter()
        .map(|known| known.path.clone())
        .filter(|known| !wanted.iter().any(|path| path == known))
        .collect();
    let name = || name.to_owned();
    let added = (!added.is_empty()).then(|| OwnEvent::NamespacesAdmitted {
        destination,
        name: name(),
        paths: added,
    });
    let removed = (!removed.is_empty()).then(|| OwnEvent::NamespacesRemoved {
        destination,
        name: name(),
        paths: removed,
    });
    added.into_iter().chain(removed).collect()
}

pub(super) fn flow_changes(
    destination: DestinationId,
    kind: DestinationKind,
    name: &str,
    before: Flow,
    wanted: Flow,
) -> Vec<OwnEvent> {
    let name = || name.to_owned();
    let activation = (before.active != wanted.active).then(|| OwnEvent::DestinationChanged {
        destination,
        kind,
        name: name(),
        field: "active",
        from: before.active.to_string(),
        to: wanted.active.to_string(),
    });
    let pause = match (before.paused, wanted.paused) {
        (false, true) => Some(OwnEvent::StreamPaused {
            destination,
            kind,
            name: name(),
        }),
        (true, false) => Some(OwnEvent::StreamResumed {
            destination,
            kind,
            name: name(),
        }),
        (true, true) | (false, false) => None,
    };
    activation.into_iter().chain(pause).collect()
}
