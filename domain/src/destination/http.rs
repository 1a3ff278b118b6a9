//! HTTP endpoints.

mod advice;
mod fields;
mod requests;

pub use self::requests::{BatchSettings, Compression, RequestFormat, RequestSettings};
use self::{advice::advice, fields::FIELDS};
use super::{DeliveryLimits, DestinationUrl, FieldMap, GitlabModel, KindSpec, Taken, connection::ConnectionSettings};
use crate::{Field, FieldErrors};

pub(super) const HTTP: KindSpec = KindSpec {
    name: "http",
    label: "HTTP endpoint",
    badge: "HTTP",
    description: "An HTTP endpoint",
    fields: FIELDS,
    has_headers: true,
    identity: &[Field::Url],
    taken: Taken {
        field: Field::Url,
        message: "Destination url has already been taken",
        unified_message: "Config url already taken.",
    },
    gitlab: GitlabModel {
        class: "AuditEvents::InstanceExternalAuditEventDestination",
        created: "create_instance_event_streaming_destination",
        updated: "update_instance_event_streaming_destination",
        deleted: "destroy_instance_event_streaming_destination",
        noun: "instance event streaming destination",
        is_named: false,
        create_verb: "Create",
        delete_verb: "Destroy",
        place: origin,
    },
    parse: |values| {
        let mut errors = FieldErrors::default();
        let url = errors.collect(DestinationUrl::parse(values.text(Field::Url)));
        let requests = errors.collect_all(RequestSettings::parse(values));
        let connection = errors.collect_all(ConnectionSettings::parse(values));
        let limits = errors.collect_all(DeliveryLimits::parse(values, FIELDS));
        let (Some(url), Some(requests), Some(connection), Some(limits)) = (url, requests, connection, limits) else {
            return Err(errors);
        };
        connection.tls.check_url(&url)?;
        Ok(FieldMap::default()
            .with(Field::Url, url.as_str())
            .with_all(requests.values())
            .with_all(connection.values(FIELDS))
            .with_all(limits.values()))
    },
    summary: |values| without_query(values.text(Field::Url)),
    place: origin,
    advice,
    accepted: "The receiver accepted the test event.",
    respondent: Some("The receiver"),
};

/// A path or a query may hold a secret.
fn origin(values: &FieldMap) -> String {
    DestinationUrl::origin_of(values.text(Field::Url))
}

/// A URL whose query, which may hold a key, is masked.
fn without_query(url: &str) -> String {
    url.split_once('?')
        .map_or_else(|| url.to_owned(), |(front, _)| [front, "?***"].concat())
}
