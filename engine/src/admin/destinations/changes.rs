//! What a change of a destination comes to, as the actions of instance events.

use std::collections::BTreeMap;

use domain::{
    Field,
    destination::{
        Certificates, DestinationSettings, DestinationUrl, EventFilter, EventNames, FieldSpec, FilterKind, HeaderName,
        Input, NamespaceFilter, NamespacePath, NewHeader, StreamState, TargetSettings, TlsSettings,
    },
    instance_event::Action,
    proxy::ProxyChoice,
};

use crate::store::{Destination, Header, Namespace, Target};

/// A field that has changed, as its audit event reports it.
struct Changed {
    /// GitLab's name of the column.
    field: &'static str,
    /// Its key in `config` of GitLab's unified API; `None` for what does not stand there.
    config_key: Option<&'static str>,
    from: String,
    to: String,
}

impl Changed {
    fn name(was: &str, is: &str) -> Option<Self> {
        (was != is).then(|| Self {
            field: "name",
            config_key: None,
            from: was.to_owned(),
            to: is.to_owned(),
        })
    }

    /// `None` if the value is the same. Of a URL the origin is reported, because a path may hold a secret; where that is the
    /// same, it is said that something else has changed.
    fn value(spec: &FieldSpec, was: &str, is: &str) -> Option<Self> {
        let (from, to) = match spec.input {
            Input::Url { .. } => (DestinationUrl::origin_of(was), DestinationUrl::origin_of(is)),
            Input::Proxy => {
                // The mask stands for the stored password.
                if ProxyChoice::unmasked(is, Some(was)).as_deref() == Some(was) {
                    return None;
                }
                (ProxyChoice::origin_of(was), ProxyChoice::origin_of(is))
            }
            Input::Certificates(_) => (Certificates::summary_of(was), Certificates::summary_of(is)),
            _ => (was.to_owned(), is.to_owned()),
        };
        let note = match spec.input {
            _ if from != to => "",
            Input::Proxy => " (other credentials)",
            _ => HIDDEN_CHANGE,
        };
        (was != is).then(|| Self {
            field: spec.column,
            config_key: spec.gitlab_key,
            to: format!("{to}{note}"),
            from,
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
    let secrets = replaced_secrets(&before.target, &change.target);
    actions.extend(secrets.map(|secret| Action::DestinationSecretReplaced { names, secret }));
    actions.extend(header_changes(&before.target.headers, change.target.headers()));
    actions.extend(filter_changes(&before.filter, &change.filter));
    actions.extend(namespace_changes(&before.namespaces, &change.namespaces));
    actions.extend(stream_state_changes(
        names,
        before.stream_state,
        change.stream_state.unwrap_or(before.stream_state),
    ));
    actions
}

/// The fields that changed; those of `config` as one where GitLab's unified API names the events.
fn changed_fields(before: &Destination, change: &DestinationSettings) -> Vec<Changed> {
    let (was, is) = (&before.target.values, change.target.values());
    let fields = change.target.kind().spec().given_fields();
    let fields = fields.filter(|spec| spec.secret.is_none());
    let values = fields.filter_map(|spec| Changed::value(spec, was.text(spec.field), is.text(spec.field)));
    let name = Changed::name(before.name.as_str(), change.name.as_str());
    let mut changed: Vec<Changed> = name.into_iter().chain(values).collect();
    if change.event_names == EventNames::Unified {
        let config = config_change(&changed);
        changed.retain(|one| one.config_key.is_none());
        changed.extend(config);
    }
    changed
}

/// A new destination whose server is not verified. Like any other change, switching that on or off later is an event as well.
pub(super) fn skipped_verification(new: &DestinationSettings) -> Option<Action> {
    let values = new.target.values();
    let spec = new.target.kind().spec().field(Field::TlsVerify)?;
    TlsSettings::skips_verification(values).then(|| Action::DestinationChanged {
        names: new.event_names,
        field: spec.column,
        from: spec.default.to_owned(),
        to: values.text(spec.field).to_owned(),
    })
}

/// Whether only the order of the headers changes, for which there is no instance event.
pub(super) fn reorders_headers(before: &Destination, change: &DestinationSettings) -> bool {
    let stored = before.target.headers.iter().map(|header| Some(header.id));
    !stored.eq(change.target.headers().iter().map(|header| header.id))
}

/// The names of the secrets that are no longer what they were.
fn replaced_secrets<'a>(before: &'a Target, change: &'a TargetSettings) -> impl Iterator<Item = &'static str> + 'a {
    let secrets = change.kind().spec().secrets();
    let replaced = secrets.filter(|(spec, _)| {
        let wanted = change.values().get(spec.field);
        wanted.is_some_and(|wanted| before.values.get(spec.field) != Some(wanted))
    });
    replaced.map(|(_, secret)| secret.name)
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

pub(super) fn stream_state_changes(names: EventNames, before: StreamState, wanted: StreamState) -> Vec<Action> {
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
