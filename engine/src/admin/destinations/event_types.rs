//! Which event types there are: the built-in ones, and every type that this instance has received.

use std::{collections::HashMap, time::Duration};

use domain::{
    destination::EventFilter,
    event::EventType,
    event_types::{built_in_types, is_built_in},
    view::EventTypeView,
};

use crate::{Engine, admin::AdminError};

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where types stand that only this instance knows.
const RECEIVED_HERE: &str = "Seen on this instance";

impl Engine {
    /// Every known type: first those that are not built in, then by category; within both by name.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_event_types(&self) -> Result<Vec<EventTypeView>, AdminError> {
        let since = self.clock().now().minus(A_DAY);
        let counts = self.log().event_type_counts(since).await?;
        let mut received: HashMap<String, u64> = counts
            .into_iter()
            .map(|counted| (counted.event_type, counted.count))
            .collect();
        let built_in: Vec<EventTypeView> = built_in_types()
            .map(|built_in| EventTypeView {
                name: built_in.name.to_owned(),
                category: built_in.category.to_owned(),
                description: built_in.description.to_owned(),
                last_day: received.remove(built_in.name).unwrap_or(0),
            })
            .collect();
        let mut types: Vec<EventTypeView> = received
            .into_iter()
            .map(|(name, last_day)| EventTypeView {
                name,
                category: RECEIVED_HERE.to_owned(),
                description: String::new(),
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
