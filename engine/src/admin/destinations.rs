//! Destinations: adding, changing, testing and deleting them, and how their streams are doing.
//!
//! Every change is stored together with the audit events that tell of it, and is in effect when the call returns: what is
//! appended to the log from then on is sent as the change says.

mod changes;
mod event_types;
mod rotation;
mod test_report;
mod testing;
mod view;

use domain::{
    Field, FieldError, FieldErrors, Setting, Timestamp,
    destination::{DestinationSettings, EventFilter, EventNames, Input, StartFrom, StreamState, TargetSettings},
    event::EventType,
    health::{StreamFacts, StreamHealth},
    ids::{DestinationId, Seq},
    instance_event::{Action, Author, InstanceEvent, Subject},
    proxy::ProxyChoice,
    view::DestinationSecret,
};
use url::Url;

use self::changes::{
    changes, filter_changes, header_changes, namespace_changes, reorders_headers, skipped_verification,
    stream_state_changes,
};
use crate::{
    Engine,
    admin::AdminError,
    instance_events::Recorded,
    log::LogError,
    sink::sink_kind,
    store::{ChangedDestination, Destination, IdempotencyKey, Insertion, NewDestination, Target},
};

/// A destination and how its stream is doing.
#[derive(Clone, Debug)]
pub struct DestinationState {
    /// As it is stored.
    pub destination: Destination,
    /// How the stream is doing.
    pub health: StreamHealth,
    /// What else is known of the stream.
    pub facts: StreamFacts,
    /// Event types that its filter names although this instance does not know them, in alphabetical order.
    pub unknown_types: Vec<EventType>,
}

/// What came of a request to add a destination.
#[derive(Clone, Debug)]
pub enum Addition {
    Added(DestinationState),
    /// The same request was carried out before; none if the destination has gone since.
    Repeated(Option<DestinationState>),
}

impl Engine {
    /// Every destination, oldest first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_destinations(&self) -> Result<Vec<DestinationState>, AdminError> {
        let destinations = self.database().list_destinations().await?;
        self.states_of(destinations).await
    }

    /// How many destinations there are.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn count_destinations(&self) -> Result<u64, AdminError> {
        Ok(self.database().count_destinations().await?)
    }

    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn find_destination(&self, id: DestinationId) -> Result<Option<DestinationState>, AdminError> {
        let destination = self.database().find_destination(id).await?;
        Ok(self.states_of(Vec::from_iter(destination)).await?.pop())
    }

    /// Adds a destination; its stream begins where the settings say.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was stored.
    pub async fn create_destination(
        &self,
        author: &Author,
        new: DestinationSettings,
    ) -> Result<DestinationState, AdminError> {
        match self.add_destination(author, new, None).await? {
            Insertion::Stored(destination) => self.state_of(*destination).await,
            Insertion::Repeated(_) => Err(AdminError::NotFound),
        }
    }

    /// The same, unless it was done under this key before.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was stored.
    pub async fn create_destination_once(
        &self,
        author: &Author,
        new: DestinationSettings,
        key: &IdempotencyKey,
    ) -> Result<Addition, AdminError> {
        let now = self.clock().now();
        // Before anything is checked: a repeat is answered as before, whatever holds by now.
        if let Some(id) = self.database().find_repeated(key, now).await? {
            return Ok(Addition::Repeated(self.find_destination(id).await?));
        }
        match self.add_destination(author, new, Some(key)).await? {
            Insertion::Stored(destination) => Ok(Addition::Added(self.state_of(*destination).await?)),
            Insertion::Repeated(id) => Ok(Addition::Repeated(self.find_destination(id).await?)),
        }
    }

    async fn add_destination(
        &self,
        author: &Author,
        new: DestinationSettings,
        key: Option<&IdempotencyKey>,
    ) -> Result<Insertion, AdminError> {
        let refused = self.check_target(&new.target, None);
        let now = self.clock().now();
        let target = Target::merged(&new.target, None)?;
        let created = |id| {
            let subject = Subject::destination(id, new.target.kind(), new.name.as_str());
            recorded(&subject, creation(&new), author, now)
        };
        // Until it is stored, nothing else keeps the events after its start in the log.
        let keeping = match new.start_from {
            StartFrom::Now => None,
            StartFrom::Beginning | StartFrom::At(_) => Some(self.log().pruning_permit().await),
        };
        let new = NewDestination {
            settings: &new,
            target: &target,
            refused,
            key,
            start: self.first_position(new.start_from).await?,
            limit: self.destination_limit(),
            now,
        };
        let inserted = self.database().insert_destination(&new, created).await?;
        drop(keeping);
        if matches!(inserted, Insertion::Stored(_)) {
            self.after_change().await;
        }
        Ok(inserted)
    }

    /// Changes a destination as it was at `version`.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was stored.
    pub async fn update_destination(
        &self,
        author: &Author,
        id: DestinationId,
        version: i64,
        change: DestinationSettings,
    ) -> Result<DestinationState, AdminError> {
        let stored = self
            .database()
            .find_destination(id)
            .await?
            .ok_or(AdminError::NotFound)?;
        let is_same = changes(&stored, &change).is_empty() && !reorders_headers(&stored, &change);
        if stored.version == version && is_same {
            // No instance event is recorded, and no stream starts over.
            return self.state_of(stored).await;
        }
        let refused = self.check_target(&change.target, Some(&stored.target));
        let now = self.clock().now();
        let changed = |before: &Destination| {
            let subject = Subject::destination(id, change.target.kind(), change.name.as_str());
            recorded(&subject, changes(before, &change), author, now)
        };
        let stored_change = ChangedDestination {
            settings: &change,
            refused,
            now,
        };
        let destination = self
            .database()
            .update_destination(id, version, stored_change, || self.log().last_seq(), changed)
            .await?;
        self.after_change().await;
        self.state_of(destination).await
    }

    /// A secret that an administrator may see.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if the destination does not have it.
    pub async fn reveal_secret(&self, id: DestinationId, secret: DestinationSecret) -> Result<String, AdminError> {
        let found = self.database().find_destination(id).await?;
        let Target { values, headers, .. } = found.ok_or(AdminError::NotFound)?.target;
        let revealed = match secret {
            DestinationSecret::Signing => values.get(Field::SigningSecret).map(str::to_owned),
            DestinationSecret::Header(id) => {
                let header = headers.iter().find(|header| header.id == id);
                header.map(|header| header.value.expose().to_owned())
            }
        };
        revealed.ok_or(AdminError::NotFound)
    }

    /// Removes a destination and ends its stream.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was removed.
    pub async fn delete_destination(&self, author: &Author, id: DestinationId) -> Result<(), AdminError> {
        self.delete(author, id, None, EventNames::OfKind).await
    }

    /// The same, with the audit event named as asked for.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was removed.
    pub async fn delete_destination_named(
        &self,
        author: &Author,
        id: DestinationId,
        names: EventNames,
    ) -> Result<(), AdminError> {
        self.delete(author, id, None, names).await
    }

    /// The same, if the destination is as it was at `version`.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was removed.
    pub async fn delete_destination_version(
        &self,
        author: &Author,
        id: DestinationId,
        version: i64,
    ) -> Result<(), AdminError> {
        self.delete(author, id, Some(version), EventNames::OfKind).await
    }

    async fn delete(
        &self,
        author: &Author,
        id: DestinationId,
        version: Option<i64>,
        names: EventNames,
    ) -> Result<(), AdminError> {
        let now = self.clock().now();
        let deleted = |before: &Destination| {
            let place = before.target.gitlab_place();
            let event = InstanceEvent::new(before.subject(), Action::DestinationDeleted { names, place });
            Recorded::new(event, author, now)
        };
        self.database().delete_destination(id, version, deleted).await?;
        self.after_change().await;
        Ok(())
    }

    /// What would fail with every attempt. A URL that is stored stays allowed: its stream reports if the network rules forbid it
    /// now.
    fn check_target(&self, target: &TargetSettings, stored: Option<&Target>) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for spec in target.kind().spec().fields {
            let (url, label) = match spec.input {
                Input::Url { label, .. } => (target.values().text(spec.field).to_owned(), label),
                Input::Proxy => match ProxyChoice::parse(target.values().text(spec.field)) {
                    Ok(ProxyChoice::Url(proxy)) => (proxy.place(), spec.label),
                    _ => continue,
                },
                _ => continue,
            };
            let url = url.as_str();
            let before = stored.map_or("", |stored| stored.values.text(spec.field));
            let is_stored = match spec.input {
                Input::Proxy => {
                    ProxyChoice::origin_of(before) == ProxyChoice::origin_of(target.values().text(spec.field))
                }
                _ => before == url,
            };
            if !url.is_empty() && !is_stored {
                errors.collect(self.check_url(url, spec.field, label));
            }
        }
        // A missing secret is reported when it is stored.
        let values = Target::merged(target, stored).map_or_else(|_| target.values().clone(), |merged| merged.values);
        let stored = stored.map(|stored| &stored.values);
        errors.collect_all((sink_kind(target.kind()).check)(&values, stored, self.clock().now()));
        errors
    }

    /// What the network rules say without resolving the host.
    pub(crate) fn check_url(&self, url: &str, field: Field, label: &str) -> Result<(), FieldError> {
        let refused = |reason: String| FieldError::new(field, reason);
        let url = Url::parse(url).map_err(|_| refused(format!("{label} must be a valid URL")))?;
        if url.port() == Some(0) {
            return Err(refused(format!("{label} must have a port from 1 to 65535")));
        }
        let checked = self.network_rules().check_unresolved(&url);
        checked.map_err(|forbidden| refused(format!("{label} is blocked: {forbidden}")).allowed_by(Setting::Network))
    }

    /// The position after which a new stream begins.
    async fn first_position(&self, start: StartFrom) -> Result<Seq, LogError> {
        match start {
            StartFrom::Now => Ok(self.log().last_seq()),
            StartFrom::Beginning => self.log().position_before_all().await,
            StartFrom::At(moment) => self.log().position_before(moment).await,
        }
    }

    async fn state_of(&self, destination: Destination) -> Result<DestinationState, AdminError> {
        let mut states = self.states_of(vec![destination]).await?;
        states.pop().ok_or(AdminError::NotFound)
    }

    async fn states_of(&self, destinations: Vec<Destination>) -> Result<Vec<DestinationState>, AdminError> {
        let facts = self.facts_of(&destinations).await?;
        let now = self.clock().now();
        let mut states = Vec::with_capacity(destinations.len());
        for (mut destination, facts) in destinations.into_iter().zip(facts) {
            // What has ended is deleted soon, and is no rotation any more.
            destination.target.previous.retain(|previous| previous.is_valid(now));
            states.push(DestinationState {
                health: self.health_of(&destination),
                unknown_types: self.unknown_event_types(&destination.filter).await?,
                destination,
                facts,
            });
        }
        Ok(states)
    }

    /// Puts the change into effect and appends its instance events to the log.
    pub(crate) async fn after_change(&self) {
        self.apply_changes().await;
        self.relay_instance_events().await;
    }
}

/// What adding a destination comes to: that it was added, then its headers and its filter.
fn creation(new: &DestinationSettings) -> Vec<Action> {
    let mut actions = vec![Action::DestinationCreated {
        names: new.event_names,
        place: new.target.gitlab_place(),
        start: new.start_from,
    }];
    actions.extend(header_changes(&[], new.target.headers()));
    actions.extend(filter_changes(&EventFilter::default(), &new.filter));
    actions.extend(namespace_changes(&[], &new.namespaces));
    actions.extend(skipped_verification(new));
    let stream_state = new.stream_state.unwrap_or_default();
    actions.extend(stream_state_changes(
        new.event_names,
        StreamState::default(),
        stream_state,
    ));
    actions
}

fn recorded(subject: &Subject, actions: Vec<Action>, author: &Author, now: Timestamp) -> Vec<Recorded> {
    let events = actions
        .into_iter()
        .map(|action| InstanceEvent::new(subject.clone(), action));
    events.map(|event| Recorded::new(event, author, now)).collect()
}
