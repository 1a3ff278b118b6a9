//! Which event types there are: the built-in ones, and every type that this instance has received.

use std::{collections::HashMap, time::Duration};

use domain::{
    destination::EventFilter,
    event::EventType,
    event_types::{built_in_types, is_built_in},
};

use crate::{Engine, admin::AdminError};

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where types stand that only this instance knows.
const RECEIVED_HERE: &str = "Received here";

/// A type that filters are offered.
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
    /// [`AdminError::Internal`].
    pub async fn list_event_types(&self) -> Result<Vec<KnownEventType>, AdminError> {
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

    /// The types that a filter names although this instance does not know them: they are not built in, and no event of them was
    /// ever received. In alphabetical order.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn unknown_event_types(&self, filter: &EventFilter) -> Result<Vec<EventType>, AdminError> {
        let mut types: Vec<&EventType> = filter.types().filter(|named| !is_built_in(named.as_str())).collect();
        if !types.is_empty() {
            let received = self.log().received_types(&types).await?;
            types.retain(|named| !received.contains(named.as_str()));
        }
        Ok(types.into_iter().cloned().collect())
    }
}
