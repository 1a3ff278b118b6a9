//! The log itself, without duplicates.

use std::collections::HashMap;

use serde_json::Value;
use time::OffsetDateTime;

use super::write::Entry;

/// By these an entry repeats another one: the project, the timestamp and the insert id, not the log, as documented at
/// <https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry>. An entry that lacks the timestamp or the insert id
/// is given one by the service, and so repeats none.
type Identity = (String, OffsetDateTime, String);

#[derive(Default)]
pub(super) struct Stored {
    entries: Vec<(String, Value)>,
    known: HashMap<Identity, usize>,
    pub(super) repeats: usize,
    pub(super) changed_repeats: usize,
    pub(super) too_old: Vec<Value>,
}

impl Stored {
    pub(super) fn keep(&mut self, entry: &Entry) {
        let identity = entry.timestamp.zip(entry.insert_id());
        let identity = identity.map(|(timestamp, id)| (entry.project().to_owned(), timestamp, id.to_owned()));
        let known = identity.as_ref().and_then(|identity| self.known.get(identity));
        if let Some((_, first)) = known.and_then(|number| self.entries.get(*number)) {
            self.repeats += 1;
            self.changed_repeats += usize::from(*first != entry.json);
            return;
        }
        if let Some(identity) = identity {
            self.known.insert(identity, self.entries.len());
        }
        self.entries.push((entry.project().to_owned(), entry.json.clone()));
    }

    pub(super) fn entries(&self, project: &str) -> impl Iterator<Item = &Value> {
        self.entries
            .iter()
            .filter(move |(of, _)| of == project)
            .map(|(_, entry)| entry)
    }
}
