//! The events of a run: everything about an event follows from its number, so its body can be compared byte for byte.

use time::{OffsetDateTime, macros::format_description};

use crate::dice::Dice;

/// Entities of each producer. Few, so that events of one entity wait for each other.
const ENTITIES: u64 = 5;
const GROUPS: u64 = 3;
const LONGEST_PADDING: u64 = 400;

/// Which event: its producer, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// Number of the producer.
    pub producer: u32,
    /// Number of the event, from 0; a producer posts them in this order.
    pub number: u64,
}

/// What filters look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traits {
    /// `event_type` of the event.
    pub event_type: String,
    /// `entity_path` of the event.
    pub entity_path: String,
}

/// An event as it is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its `id`.
    pub id: String,
    /// Its JSON, complete, so that it is delivered byte for byte.
    pub body: String,
}

/// How the events of a run look.
#[derive(Clone, Debug)]
pub struct Plan {
    run: String,
    start_ms: i64,
    step_ms: i64,
    event_types: Vec<String>,
    path: String,
}

impl Plan {
    /// `run` starts every id, and must differ from that of other runs. `created_at` starts at `start_ms` (since 1970), and grows by `step_ms`.
    pub fn new(run: &str, start_ms: i64, step_ms: i64, path: &str, event_types: &[&str]) -> Self {
        Self {
            run: run.to_owned(),
            start_ms,
            step_ms,
            event_types: event_types.iter().map(|name| (*name).to_owned()).collect(),
            path: path.to_owned(),
        }
    }

    /// Types of the events.
    pub fn event_types(&self) -> &[String] {
        &self.event_types
    }

    /// The path of a group of entities; the number is reduced to those that exist.
    pub fn group_path(&self, group: u64) -> String {
        format!("{}/g{}", self.path, group % GROUPS)
    }

    /// What filters look at.
    pub fn traits_of(&self, key: EventKey) -> Traits {
        let mut dice = dice_of(key);
        let entity = Self::entity_of(key);
        Traits {
            event_type: dice.pick(&self.event_types).cloned().unwrap_or_default(),
            entity_path: format!("{}/e{entity}", self.group_path(entity)),
        }
    }

    /// The entity that an event is about; events of one entity are delivered in order.
    pub fn entity_of(key: EventKey) -> u64 {
        u64::from(key.producer) * ENTITIES + key.number % ENTITIES + 1
    }

    /// The `id` of an event.
    pub fn id_of(&self, key: EventKey) -> String {
        format!("{}-{}-{}", self.run, key.producer, key.number)
    }

    /// The event with this `id`; `None` if it is not of this run.
    pub fn key_of(&self, id: &str) -> Option<EventKey> {
        let rest = id.strip_prefix(&self.run)?.strip_prefix('-')?;
        let (producer, number) = rest.split_once('-')?;
        let key = EventKey {
            producer: producer.parse().ok()?,
            number: number.parse().ok()?,
        };
        // Other spellings of the numbers, such as +1, are other ids.
        (self.id_of(key) == id).then_some(key)
    }

    /// Whether an `id` starts like those of this run.
    pub fn is_of_run(&self, id: &str) -> bool {
        let rest = id.strip_prefix(&self.run);
        rest.is_some_and(|rest| rest.starts_with('-'))
    }

    /// `created_at` of an event.
    pub fn created_at(&self, number: u64) -> String {
        let steps = i64::try_from(number).unwrap_or(i64::MAX);
        let ms = self.start_ms.saturating_add(steps.saturating_mul(self.step_ms));
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        at.unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .format(&format)
            .unwrap_or_default()
    }

    /// The whole event.
    pub fn event(&self, key: EventKey) -> Event {
        let (id, traits) = (self.id_of(key), self.traits_of(key));
        let (entity, author, number) = (Self::entity_of(key), key.producer + 1, key.number);
        let created_at = self.created_at(number);
        let Traits {
            event_type,
            entity_path: path,
        } = traits;
        let mut dice = dice_of(key);
        dice.number();
        let padding = "x".repeat(usize::try_from(dice.roll(LONGEST_PADDING)).unwrap_or(0));
        let message = format!("Drill, not a real change: {number}");
        let body = format!(
            r#"{{"id":"{id}","author_id":{author},"entity_id":{entity},"entity_type":"Project","details":{{"custom_message":"{message}","padding":"{padding}"}},"ip_address":"192.0.2.1","author_name":"audit-streams drill","entity_path":"{path}","target_details":"drill","created_at":"{created_at}","target_type":"Project","target_id":{entity},"event_type":"{event_type}"}}"#
        );
        Event { id, body }
    }
}

/// Numbers that belong to one event.
fn dice_of(key: EventKey) -> Dice {
    Dice::new((u64::from(key.producer) << 40) ^ key.number)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn plan() -> Plan {
        Plan::new("r7", 1_767_225_600_000, 1_000, "drill", &["a", "b", "c"])
    }

    fn key(producer: u32, number: u64) -> EventKey {
        EventKey { producer, number }
    }

    #[test]
    fn an_id_names_its_event_and_no_other_spelling_does() {
        let plan = plan();
        assert_eq!(plan.key_of(&plan.id_of(key(3, 41))), Some(key(3, 41)));
        for other in ["r7-3", "r7-3-x", "r8-3-41", "r7-+3-41", "r7-3-041", "", "17"] {
            assert_eq!(plan.key_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_body_is_one_line_of_json_that_says_what_it_is() {
        let plan = plan();
        let event = plan.event(key(2, 61));
        let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
        let traits = plan.traits_of(key(2, 61));
        assert!(!event.body.contains('\n'));
        assert_eq!(body["id"], "r7-2-61");
        assert_eq!(body["created_at"], "2026-01-01T00:01:01.000Z");
        assert_eq!(body["event_type"], traits.event_type);
        assert_eq!(body["entity_path"], traits.entity_path);
        assert_eq!(event, plan.event(key(2, 61)));
    }

    #[test]
    fn every_type_and_group_comes_up_and_producers_share_no_entity() {
        let plan = plan();
        let all: Vec<Traits> = (0..100).map(|number| plan.traits_of(key(0, number))).collect();
        let types: HashSet<&String> = all.iter().map(|traits| &traits.event_type).collect();
        assert_eq!(types.len(), 3);
        for group in 0..GROUPS {
            let path = format!("{}/", plan.group_path(group));
            assert!(all.iter().any(|traits| traits.entity_path.starts_with(&path)));
        }
        let of = |producer| {
            (0..20)
                .map(|number| Plan::entity_of(key(producer, number)))
                .collect::<HashSet<_>>()
        };
        assert!(of(0).is_disjoint(&of(1)));
    }
}
