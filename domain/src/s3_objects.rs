//! Under which keys events are put into an S3 bucket.
//!
//! A key is made of what is stored and of nothing else: not of the time of the upload, not of a random number. A repeat after
//! a crash therefore writes the object that is there already, and there are no duplicates.

use std::fmt;

use crate::{
    Timestamp,
    destination::{Partitions, S3Settings},
    escape::{escaped, hashed},
    event::{EventId, EventType, INSTANCE_SCOPE},
    ids::{ReplayId, Seq},
};

/// Where an object is in its bucket: 1 to 1,024 bytes, all of them ASCII.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
    pub const MAX_BYTES: usize = 1_024;

    /// Characters of a digest in the key that [`beside`](Self::beside) makes: as good as unique among objects that would share
    /// a key.
    const BESIDE_CHARS: usize = 16;

    /// The longest key of an event: there is room for a full stop and a digest.
    const MAX_EVENT_BYTES: usize = Self::MAX_BYTES - Self::BESIDE_CHARS - 1;

    /// One event's own object: `<prefix>/<entity>/<YYYY>/<MM>/<event type>_<source>_<id>_<unix ms>.json`.
    ///
    /// As GitLab names it, with two differences: the time is that of the event, where GitLab takes that of the upload, and
    /// the source (the name of the token that posted the event) stands before the id, because an id identifies an event only
    /// within its source. Two events whose type, source or id differ never share a key: what could be mistaken for a
    /// separator is percent-encoded, in source and id the underscore too.
    ///
    /// If the key would be too long for S3, its parts are shortened until it fits: the entity is cut off, and then the id, the
    /// type and the source are replaced by `sha256=` and their SHA-256. Encoded text has no `=`, so a shortened part is never
    /// mistaken for a text.
    pub fn of_event(
        settings: &S3Settings,
        entity_type: &str,
        event_type: &EventType,
        source: &str,
        id: &EventId,
        created_at: Timestamp,
    ) -> Self {
        let month = date_path(created_at, settings.partitions(), 2);
        let entity = entity_folder(entity_type);
        let long_type = escaped(event_type.as_str(), |byte| is_plain(byte) || byte == b'_');
        let (long_source, long_id) = (escaped(source, is_plain), escaped(id.as_str(), is_plain));
        let (short_type, short_source, short_id) = (hashed(event_type.as_str()), hashed(source), hashed(id.as_str()));
        let unix_ms = created_at.unix_ms();
        let key = |entity: &str, event_type: &str, source: &str, id: &str| {
            let name = format!("{event_type}_{source}_{id}_{unix_ms}.json");
            prefixed(settings, &format!("{entity}/{month}/{name}"))
        };
        let cut = entity.get(..MAX_CUT_ENTITY_BYTES).unwrap_or(&entity);
        let ever_shorter = [
            key(&entity, &long_type, &long_source, &long_id),
            key(cut, &long_type, &long_source, &long_id),
            key(cut, &long_type, &long_source, &short_id),
            key(cut, &short_type, &long_source, &short_id),
        ];
        let fitting = ever_shorter.into_iter().find(|key| key.len() <= Self::MAX_EVENT_BYTES);
        Self(fitting.unwrap_or_else(|| key(cut, &short_type, &short_source, &short_id)))
    }

    /// A batch's object: `<prefix>/YYYY/MM/DD/HH/<first>-<last>.jsonl.gz`, by the hour in which the batch was closed. The
    /// folders of the date are those that [`Partitions`] gives.
    pub fn of_batch(settings: &S3Settings, first: Seq, last: Seq, closed_at: Timestamp) -> Self {
        let hour = date_path(closed_at, settings.partitions(), 4);
        Self(prefixed(settings, &format!("{hour}/{first}-{last}.jsonl.gz")))
    }

    /// A batch of a replay: `<prefix>/replays/<replay>/<first>-<last>.jsonl.gz`.
    pub fn of_replayed_batch(settings: &S3Settings, replay: ReplayId, first: Seq, last: Seq) -> Self {
        Self(prefixed(settings, &format!("replays/{replay}/{first}-{last}.jsonl.gz")))
    }

    /// The key beside this one for an object of other content, which `digest` identifies: `<key>.<start of the digest>.json`.
    #[must_use]
    pub fn beside(&self, digest: &str) -> Self {
        let ending = [".jsonl.gz", ".json"]
            .into_iter()
            .find(|ending| self.0.ends_with(ending));
        let ending = ending.unwrap_or_default();
        let stem = self.0.strip_suffix(ending).unwrap_or(&self.0);
        let digest = digest.get(..Self::BESIDE_CHARS).unwrap_or(digest);
        Self(format!("{stem}.{digest}{ending}"))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is kept of an entity's folder in a key that would be too long.
const MAX_CUT_ENTITY_BYTES: usize = 64;

fn prefixed(settings: &S3Settings, key: &str) -> String {
    match settings.key_prefix() {
        "" => key.to_owned(),
        prefix => format!("{prefix}/{key}"),
    }
}

/// The start of a timestamp as so many nested folders.
fn date_path(time: Timestamp, partitions: Partitions, depth: usize) -> String {
    let text = time.to_string();
    let numbers = text.split(|character: char| !character.is_ascii_digit());
    let names = ["year", "month", "day", "hour"];
    let folders = names
        .iter()
        .zip(numbers)
        .take(depth)
        .map(|(name, number)| match partitions {
            Partitions::Dates => number.to_owned(),
            Partitions::Hive => format!("{name}={number}"),
        });
    folders.collect::<Vec<_>>().join("/")
}

/// GitLab's names for what an event is about.
fn entity_folder(entity_type: &str) -> String {
    match entity_type {
        INSTANCE_SCOPE => "instance".to_owned(),
        "Namespaces::UserNamespace" => "user".to_owned(),
        blank if blank.trim().is_empty() => "unspecified".to_owned(),
        other => with_underscores(other),
    }
}

/// In lower case, each run of other characters than letters and digits being one underscore.
fn with_underscores(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            written.push(character.to_ascii_lowercase());
        } else if !written.ends_with('_') {
            written.push('_');
        }
    }
    written
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Field, destination::FieldMap};

    /// 2023-09-11T14:25:09.820Z
    const MOMENT: Timestamp = Timestamp::from_unix_ms(1_694_442_309_820);

    fn settings(key_prefix: &str) -> S3Settings {
        S3Settings::parse(&FieldMap::from([
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "eu-central-1"),
            (Field::Bucket, "audit-events"),
            (Field::KeyPrefix, key_prefix),
        ]))
        .unwrap()
    }

    fn event_key(prefix: &str, entity_type: &str, event_type: &str, id: &str) -> String {
        key_from("app", prefix, entity_type, event_type, id)
    }

    fn key_from(source: &str, prefix: &str, entity_type: &str, event_type: &str, id: &str) -> String {
        let (event_type, id) = (EventType::parse(event_type).unwrap(), EventId::parse(id).unwrap());
        ObjectKey::of_event(&settings(prefix), entity_type, &event_type, source, &id, MOMENT).to_string()
    }

    #[test]
    fn an_event_has_gitlabs_key() {
        for (entity_type, folder) in [
            ("Group", "group"),
            ("Project", "project"),
            ("User", "user"),
            ("Namespaces::UserNamespace", "user"),
            ("Gitlab::Audit::InstanceScope", "instance"),
            ("Security::PolicyProject", "security_policyproject"),
            ("Ci -- Runner_2", "ci_runner_2"),
            ("", "unspecified"),
            (" ", "unspecified"),
            ("Zoë/..", "zo_"),
        ] {
            assert_eq!(
                event_key("", entity_type, "update_approval_rules", "887"),
                format!("{folder}/2023/09/update_approval_rules_app_887_1694442309820.json")
            );
        }
    }

    #[test]
    fn a_prefix_stands_before_every_key() {
        assert_eq!(
            event_key("audit/prod/", "Group", "a", "1"),
            "audit/prod/group/2023/09/a_app_1_1694442309820.json"
        );
        let batch = ObjectKey::of_batch(&settings("audit"), Seq::new(17), Seq::new(9_120), MOMENT);
        assert_eq!(batch.as_str(), "audit/2023/09/11/14/17-9120.jsonl.gz");
        let batch = ObjectKey::of_batch(&settings(""), Seq::new(5), Seq::new(5), MOMENT);
        assert_eq!(batch.as_str(), "2023/09/11/14/5-5.jsonl.gz");
    }

    #[test]
    fn dates_can_be_columns_of_a_query_engine() {
        let hive = settings("audit/env=prod").values().with(Field::Partitions, "hive");
        let hive = S3Settings::parse(&hive).unwrap();
        let batch = ObjectKey::of_batch(&hive, Seq::new(17), Seq::new(9_120), MOMENT);
        assert_eq!(
            batch.as_str(),
            "audit/env=prod/year=2023/month=09/day=11/hour=14/17-9120.jsonl.gz"
        );
        let (event_type, id) = (EventType::parse("a").unwrap(), EventId::parse("1").unwrap());
        let event = ObjectKey::of_event(&hive, "Group", &event_type, "app", &id, MOMENT);
        assert_eq!(
            event.as_str(),
            "audit/env=prod/group/year=2023/month=09/a_app_1_1694442309820.json"
        );
    }

    #[test]
    fn other_content_has_a_key_beside() {
        let key = |text: &str| ObjectKey(text.to_owned());
        assert_eq!(
            key("group/2023/09/a_app_v1.2_16944.json").beside("0af1").as_str(),
            "group/2023/09/a_app_v1.2_16944.0af1.json"
        );
        assert_eq!(
            key("2023/09/11/14/5-9.jsonl.gz")
                .beside(&"0123456789abcdef".repeat(4))
                .as_str(),
            "2023/09/11/14/5-9.0123456789abcdef.jsonl.gz"
        );
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        assert_eq!(
            event_key("", "Group", "a/../b c%", "../é_1"),
            "group/2023/09/a%2F..%2Fb%20c%25_app_..%2F%C3%A9%5F1_1694442309820.json"
        );
        assert_ne!(event_key("", "Group", "a_b", "c"), event_key("", "Group", "a", "b_c"));
    }

    #[test]
    fn a_part_that_would_make_the_key_too_long_is_replaced_by_its_hash() {
        let around = "group/2023/09/a_app__1694442309820.json".len();
        let (longest_whole, too_long) = ("é".repeat(161), "é".repeat(162));
        let whole = event_key("", "Group", "a", &longest_whole);
        assert_eq!((whole.len(), whole.contains("%C3%A9_")), (around + 161 * 6, true));
        assert_eq!(
            event_key("", "Group", "a", &too_long),
            format!("group/2023/09/a_app_{}_1694442309820.json", hashed(&too_long))
        );
        let (prefix, of_type) = ("p".repeat(255), " ".repeat(253));
        let event_type = format!("a{of_type}b");
        assert_eq!(
            event_key(&prefix, "Group", &event_type, &too_long),
            format!(
                "{prefix}/group/2023/09/{}_app_{}_1694442309820.json",
                hashed(&event_type),
                hashed(&too_long)
            )
        );
        assert_eq!(
            event_key("", &"Entity".repeat(200), "a", "1"),
            format!(
                "{}/2023/09/a_app_1_1694442309820.json",
                "entity".repeat(11).get(..64).unwrap()
            )
        );
    }

    #[test]
    fn a_text_that_looks_like_a_hash_is_no_hash() {
        let long = "é".repeat(200);
        let spelled = event_key("", "Group", "a", &hashed(&long));
        assert!(spelled.contains("_sha256%3D"), "{spelled}");
        assert_ne!(spelled, event_key("", "Group", "a", &long));
    }

    #[test]
    fn sources_stay_apart_however_long_everything_is() {
        let of = |source: &str| {
            let (prefix, spaced) = ("p".repeat(255), format!("a{}b", " ".repeat(253)));
            key_from(source, &prefix, &"Entity".repeat(200), &spaced, &"é".repeat(255))
        };
        let (one, other) = (format!("{}1", "/".repeat(71)), format!("{}2", "/".repeat(71)));
        assert_ne!(of(&one), of(&other));
        assert_ne!(of(&"/".repeat(10_000)), of(&"/".repeat(10_001)));
    }

    proptest! {
        #[test]
        fn different_events_never_share_a_key(
            one in ("[a-c_/%. -]{1,6}", "[a-c_/%. -]{1,4}", "[a-c_/%. -]{1,4}", 0_i64..20),
            other in ("[a-c_/%. -]{1,6}", "[a-c_/%. -]{1,4}", "[a-c_/%. -]{1,4}", 0_i64..20),
        ) {
            let key = |(event_type, source, id, ms): &(String, String, String, i64)| {
                let (event_type, id) = (EventType::parse(event_type)?, EventId::parse(id)?);
                let moment = Timestamp::from_unix_ms(*ms);
                Some(ObjectKey::of_event(&settings(""), "Group", &event_type, source, &id, moment))
            };
            if let (Some(one_key), Some(other_key)) = (key(&one), key(&other)) {
                prop_assert_eq!(one_key == other_key, one == other);
            }
        }

        #[test]
        fn every_key_is_safe(
            entity_type in ".*", event_type in "[ -~]{1,40}", source in "[ -~]{1,40}", id in ".{1,40}", unix_ms in any::<i64>(),
        ) {
            let (Some(event_type), Some(id)) = (EventType::parse(&event_type), EventId::parse(&id)) else {
                return Ok(());
            };
            let moment = Timestamp::from_unix_ms(unix_ms);
            let key = ObjectKey::of_event(&settings("a/b"), &entity_type, &event_type, &source, &id, moment);
            let parts: Vec<&str> = key.as_str().split('/').collect();
            prop_assert_eq!(parts.len(), 6, "{}", key);
            prop_assert!(!parts.iter().any(|part| matches!(*part, "" | "." | "..")));
            prop_assert!(key.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-%=".contains(&byte)));
        }

        /// Whatever ingest accepts, under the longest prefix and with room for the digest of another object.
        #[test]
        fn every_key_is_short_enough(
            entity_type in ".{0,2000}", event_type in "[!-~]{1,255}", source in "[!-~]{1,72}", id in "[^\\p{Cc}]{1,255}",
            prefix in "[a-z]{0,255}", hive in any::<bool>(), unix_ms in any::<i64>(),
        ) {
            let (event_type, id) = (EventType::parse(&event_type).unwrap(), EventId::parse(&id).unwrap());
            let partitions = if hive { "hive" } else { "dates" };
            let values = settings(&prefix).values().with(Field::Partitions, partitions);
            let (settings, moment) = (S3Settings::parse(&values).unwrap(), Timestamp::from_unix_ms(unix_ms));
            let key = ObjectKey::of_event(&settings, &entity_type, &event_type, &source, &id, moment);
            let beside = key.beside(&"0".repeat(64));
            prop_assert!(beside.as_str().len() <= ObjectKey::MAX_BYTES, "{}", beside);
            let last = Seq::new(i64::MAX);
            for batch in [
                ObjectKey::of_batch(&settings, last, last, moment),
                ObjectKey::of_replayed_batch(&settings, ReplayId::new(i64::MAX), last, last),
            ] {
                prop_assert!(batch.beside(&"0".repeat(64)).as_str().len() <= ObjectKey::MAX_BYTES, "{}", batch);
            }
        }
    }
}
