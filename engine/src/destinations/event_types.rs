//! Which event types there are: the built-in ones, and every type that this instance has received.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    destination::{EventFilter, undefined},
    event_types::built_in_types,
    ids::DestinationId,
};

use crate::{Engine, log::LogError, store::UpdateError};

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where types stand that only this instance knows.
const RECEIVED_HERE: &str = "Received here";

/// A type that a filter may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEventType {
    pub name: String,
    pub category: &'static str,
    /// When it is recorded, as a sentence; empty for a type that is not built in.
    pub description: &'static str,
    /// Events of it that were received in the last 24 hours, counted in whole hours.
    pub last_day: u64,
}

impl Engine {
    /// Every known type: first those that are not built in, then by category; within both by name.
    ///
    /// # Errors
    /// [`LogError`] if the log can't be read.
    pub async fn list_event_types(&self) -> Result<Vec<KnownEventType>, LogError> {
        let since = self.clock().now().minus(A_DAY);
        let counts = self.log().event_type_counts(since).await?;
        let mut received: HashMap<String, u64> = counts
            .into_iter()
            .map(|counted| (counted.event_type, counted.count))
            .collect();
        let built_in: Vec<KnownEventType> = built_in_types()
            .map(|built_in| KnownEventType {
                name: built_in.name.to_owned(),
                category: built_in.category,
                description: built_in.description,
                last_day: received.remove(built_in.name).unwrap_or(0),
            })
            .collect();
        let mut types: Vec<KnownEventType> = received
            .into_iter()
            .map(|(name, last_day)| KnownEventType {
                name,
                category: RECEIVED_HERE,
                description: "",
                last_day,
            })
            .collect();
        types.sort_by(|one, other| one.name.cmp(&other.name));
        types.extend(built_in);
        Ok(types)
    }

    /// Refuses types that nobody knows: no event would ever pass. Those that the destination admits already stay known.
    pub(crate) async fn check_event_types(
        &self,
        filter: &EventFilter,
        destination: Option<DestinationId>,
    ) -> Result<(), UpdateError> {
        if filter.admits_all() {
            return Ok(());
        }
        let known = self.list_event_types().await?;
        let mut known: HashSet<String> = known.into_iter().map(|known| known.name).collect();
        if let Some(destination) = destination {
            let stored = self.database().find_destination(destination).await?;
            let admitted = stored.iter().flat_map(|stored| stored.filter.types());
            known.extend(admitted.map(|event_type| event_type.as_str().to_owned()));
        }
        match filter.types().find(|event_type| !known.contains(event_type.as_str())) {
            Some(unknown) => Err(UpdateError::Refused(undefined(filter.kind().field(), unknown.as_str()))),
            None => Ok(()),
        }
    }
}
