//! How events are put into requests: one by one, or in batches.

use std::time::Duration;

use crate::{
    Field, FieldError, FieldErrors,
    destination::{FieldMap, rules::NumberRules},
};

/// What a request carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestFormat {
    /// One event, as GitLab sends it.
    #[default]
    Event,
    /// A JSON array of events.
    JsonArray,
    /// Events as JSON Lines: one per line.
    JsonLines,
}

/// How the body of a batch is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    #[default]
    None,
    /// With gzip.
    Gzip,
    /// With Zstandard.
    Zstd,
}

/// When a batch is sent: at once if no request is in flight, and otherwise when it has as many events or bytes, or when its first event
/// has waited for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// Maximum number of events.
    pub events: u32,
    /// Maximum size in bytes, before compression. A larger event is sent alone.
    pub bytes: u32,
    /// How long the first event waits for others.
    pub wait: Duration,
}

/// Made by parsing alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestSettings {
    /// What a request carries.
    pub format: RequestFormat,
    /// How a batch is compressed; not at all with one event per request.
    pub compression: Compression,
    /// When a batch is sent.
    pub batch: BatchSettings,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            events: 500,
            bytes: 5_242_880,
            wait: Duration::from_millis(100),
        }
    }
}

impl BatchSettings {
    pub(super) const EVENTS: (u32, u32) = (1, 1_000);
    /// From a kibibyte to 10 MiB.
    pub(super) const BYTES: (u32, u32) = (1_024, 10_485_760);
    pub(super) const WAIT_MS: (u32, u32) = (10, 60_000);
}

const EVENTS: NumberRules = NumberRules::new(Field::BatchEvents, "Events per batch", BatchSettings::EVENTS);
const BYTES: NumberRules = NumberRules::new(Field::BatchBytes, "Bytes per batch", BatchSettings::BYTES);
const WAIT_MS: NumberRules = NumberRules::new(Field::BatchWait, "Maximum wait (ms)", BatchSettings::WAIT_MS);

impl RequestFormat {
    const ALL: [Self; 3] = [Self::Event, Self::JsonArray, Self::JsonLines];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::JsonArray => "json_array",
            Self::JsonLines => "json_lines",
        }
    }

    fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let named = Self::ALL.into_iter().find(|format| format.as_str() == text);
        named
            .or_else(|| text.is_empty().then_some(Self::default()))
            .ok_or_else(|| FieldError::new(Field::RequestFormat, "Format must be event, json_array or json_lines"))
    }
}

impl Compression {
    const ALL: [Self; 3] = [Self::None, Self::Gzip, Self::Zstd];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn parse(text: &str, format: RequestFormat) -> Result<Self, FieldError> {
        let text = text.trim();
        let named = Self::ALL.into_iter().find(|compression| compression.as_str() == text);
        let parsed = named.or_else(|| text.is_empty().then_some(Self::None));
        let error = |message: &str| FieldError::new(Field::Compression, message);
        match parsed {
            None => Err(error("Compression must be none, gzip or zstd")),
            Some(Self::Gzip | Self::Zstd) if format == RequestFormat::Event => {
                Err(error("Compression is available only for batches"))
            }
            Some(compression) => Ok(compression),
        }
    }
}

impl RequestSettings {
    /// Reads the fields about requests; an empty one has its default.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(values: &FieldMap) -> Result<Self, FieldErrors> {
        let (mut errors, usual) = (FieldErrors::default(), BatchSettings::default());
        let format = errors.collect(RequestFormat::parse(values.text(Field::RequestFormat)));
        let compression = Compression::parse(
            values.text(Field::Compression),
            format.unwrap_or(RequestFormat::JsonLines),
        );
        let compression = errors.collect(compression);
        let events = errors.collect(EVENTS.parse(values.text(Field::BatchEvents)));
        let bytes = errors.collect(BYTES.parse(values.text(Field::BatchBytes)));
        let wait_ms = errors.collect(WAIT_MS.parse(values.text(Field::BatchWait)));
        match (format.zip(compression), events.zip(bytes).zip(wait_ms)) {
            (Some((format, compression)), Some(((events, bytes), wait_ms))) => Ok(Self {
                format,
                compression,
                batch: BatchSettings {
                    events: events.unwrap_or(usual.events),
                    bytes: bytes.unwrap_or(usual.bytes),
                    wait: wait_ms.map_or(usual.wait, |wait| Duration::from_millis(wait.into())),
                },
            }),
            _ => Err(errors),
        }
    }

    /// These settings as values.
    pub fn values(&self) -> [(Field, String); 5] {
        [
            (Field::RequestFormat, self.format.as_str().to_owned()),
            (Field::BatchEvents, self.batch.events.to_string()),
            (Field::BatchBytes, self.batch.bytes.to_string()),
            (Field::BatchWait, self.batch.wait.as_millis().to_string()),
            (Field::Compression, self.compression.as_str().to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_each_event_is_sent_as_gitlab_does() {
        let settings = RequestSettings::parse(&FieldMap::default()).unwrap();
        assert_eq!(settings, RequestSettings::default());
        let values: Vec<_> = settings.values().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["event", "500", "5242880", "100", "none"]);
    }

    #[test]
    fn values_come_back_as_they_were() {
        let values = FieldMap::from([
            (Field::RequestFormat, "json_array"),
            (Field::BatchEvents, " 1000 "),
            (Field::BatchBytes, "10485760"),
            (Field::BatchWait, "60000"),
            (Field::Compression, "zstd"),
        ]);
        let settings = RequestSettings::parse(&values).unwrap();
        assert_eq!(
            (settings.batch.events, settings.batch.wait),
            (1_000, Duration::from_secs(60))
        );
        let again: FieldMap = settings.values().into_iter().collect();
        assert_eq!(RequestSettings::parse(&again), Ok(settings));
    }

    #[test]
    fn each_broken_rule_has_its_message() {
        for (field, text, message) in [
            (
                Field::RequestFormat,
                "xml",
                "Format must be event, json_array or json_lines",
            ),
            (
                Field::BatchEvents,
                "0",
                "Events per batch must be a whole number from 1 to 1000",
            ),
            (
                Field::BatchEvents,
                "1001",
                "Events per batch must be a whole number from 1 to 1000",
            ),
            (
                Field::BatchEvents,
                "1.5",
                "Events per batch must be a whole number from 1 to 1000",
            ),
            (
                Field::BatchBytes,
                "10485761",
                "Bytes per batch must be a whole number from 1024 to 10485760",
            ),
            (
                Field::BatchWait,
                "9",
                "Maximum wait (ms) must be a whole number from 10 to 60000",
            ),
            (Field::Compression, "br", "Compression must be none, gzip or zstd"),
            (Field::Compression, "gzip", "Compression is available only for batches"),
        ] {
            let errors = RequestSettings::parse(&FieldMap::from([(field, text)])).unwrap_err();
            assert_eq!(errors.message_for(field), Some(message), "{text}");
        }
    }
}
