//! What a change of a destination comes to, as audit events.

use domain::{
    destination::{
        DestinationSettings, DestinationUrl, EventFilter, GoogleSettings, NewHeader, S3Settings, TargetSettings,
    },
    event::OwnEvent,
    ids::DestinationId,
};

use crate::store::{Destination, Header, Target};

/// A field as people know it, and its value.
type Told = (&'static str, String);

/// One event for each thing that changed, in the order of the form. Empty if nothing did.
pub(super) fn changes(before: &Destination, change: &DestinationSettings) -> Vec<OwnEvent> {
    let (id, name) = (before.id, change.name.as_str());
    let mut was = vec![("name", before.name.to_string())];
    was.extend(stored_fields(&before.target));
    let mut is = vec![("name", name.to_owned())];
    is.extend(wanted_fields(&change.target));
    let changed = was.into_iter().zip(is).filter(|((_, was), (_, is))| was != is);
    let mut events: Vec<OwnEvent> = changed
        .map(|((field, from), (_, to))| OwnEvent::DestinationChanged {
            destination: id,
            kind: change.target.kind(),
            name: name.to_owned(),
            field,
            from,
            to,
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
    events
}

/// Where events go, without anything secret.
pub(super) fn place_of(target: &TargetSettings) -> String {
    match target {
        TargetSettings::Http(settings) => settings.url.origin(),
        TargetSettings::GoogleCloudLogging { settings, .. } => settings.log_name(),
        TargetSettings::AmazonS3 { settings, .. } => format!("s3://{}", settings.bucket()),
    }
}

/// A URL is told by its origin: its path may hold a secret.
fn stored_fields(target: &Target) -> Vec<Told> {
    match target {
        Target::Http(target) => vec![("destination url", target.url.origin())],
        Target::GoogleCloudLogging(target) => google_fields(&target.settings),
        Target::AmazonS3(target) => s3_fields(&target.settings),
    }
}

fn wanted_fields(target: &TargetSettings) -> Vec<Told> {
    match target {
        TargetSettings::Http(settings) => vec![("destination url", settings.url.origin())],
        TargetSettings::GoogleCloudLogging { settings, .. } => google_fields(settings),
        TargetSettings::AmazonS3 { settings, .. } => s3_fields(settings),
    }
}

fn google_fields(settings: &GoogleSettings) -> Vec<Told> {
    vec![
        ("project id", settings.project_id().to_owned()),
        ("client email", settings.client_email().to_owned()),
        ("log id", settings.log_id().to_owned()),
    ]
}

fn s3_fields(settings: &S3Settings) -> Vec<Told> {
    vec![
        ("access key id", settings.access_key_id().to_owned()),
        ("region", settings.region().to_owned()),
        ("bucket name", settings.bucket().to_owned()),
        (
            "endpoint url",
            settings.endpoint_url().map(DestinationUrl::origin).unwrap_or_default(),
        ),
        ("key prefix", settings.key_prefix().to_owned()),
        ("object layout", settings.layout().as_str().to_owned()),
    ]
}

fn replaced_secret(before: &Target, change: &TargetSettings) -> Option<&'static str> {
    match (before, change) {
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
