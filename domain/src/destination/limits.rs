//! How long a request to a destination may take, how many are sent, and the overrides of how response statuses are handled.
//! The same settings for every kind that has them.

mod fields;
mod status_codes;

use std::time::Duration;

pub(super) use self::fields::{MAX_CONCURRENCY, MAX_RATE, REJECT_STATUSES, REQUEST_TIMEOUT, RETRY_STATUSES};
use self::{
    fields::{CONCURRENCY_BOUNDS, RATE_BOUNDS, TIMEOUT_BOUNDS},
    status_codes::{parse_rules, values_of},
};
use crate::{
    Field, FieldErrors,
    destination::{FieldMap, FieldSpec, rules::NumberRules},
    health::Concurrency,
    policy::StatusRules,
};

const TIMEOUT: NumberRules = NumberRules::new(Field::RequestTimeout, REQUEST_TIMEOUT.label, TIMEOUT_BOUNDS);
const CONCURRENCY: NumberRules = NumberRules::new(Field::MaxConcurrency, MAX_CONCURRENCY.label, CONCURRENCY_BOUNDS);
const RATE: NumberRules = NumberRules::new(Field::MaxRate, MAX_RATE.label, RATE_BOUNDS);

/// Made by parsing alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryLimits {
    /// One request, from resolving the host to the end of the answer.
    pub timeout: Duration,
    /// The most requests in flight, of the stream and its replays together.
    pub max_concurrency: u32,
    /// The most requests per second, of the stream and its replays together; `None` for no limit.
    pub max_rate: Option<u32>,
    /// Overrides of how statuses are handled.
    pub statuses: StatusRules,
}

impl DeliveryLimits {
    /// The longest timeout of any destination.
    pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);

    /// Reads the fields about limits; an empty one has the default of this table, and one that the table does not have changes nothing.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(values: &FieldMap, table: &[FieldSpec]) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let timeout = errors.collect(TIMEOUT.parse(values.text(Field::RequestTimeout)));
        let max_concurrency = errors.collect(CONCURRENCY.parse(values.text(Field::MaxConcurrency)));
        let max_rate = errors.collect(RATE.parse(values.text(Field::MaxRate)));
        let statuses = errors.collect_all(parse_rules(values));
        match (timeout.zip(max_concurrency), max_rate.zip(statuses)) {
            (Some((timeout, max_concurrency)), Some((max_rate, statuses))) => {
                let timeout = timeout.or_else(|| default_timeout(table)).unwrap_or(TIMEOUT_BOUNDS.1);
                Ok(Self {
                    timeout: Duration::from_secs(timeout.into()),
                    max_concurrency: max_concurrency.unwrap_or(Concurrency::MOST),
                    max_rate: max_rate.filter(|rate| *rate > 0),
                    statuses,
                })
            }
            _ => Err(errors),
        }
    }

    /// These settings as values; what is empty is left out.
    pub fn values(&self) -> Vec<(Field, String)> {
        let mut values = vec![
            (Field::RequestTimeout, self.timeout.as_secs().to_string()),
            (Field::MaxConcurrency, self.max_concurrency.to_string()),
        ];
        values.extend(self.max_rate.map(|rate| (Field::MaxRate, rate.to_string())));
        values.extend(values_of(&self.statuses));
        values
    }
}

/// In seconds; `None` if the table does not have it.
fn default_timeout(table: &[FieldSpec]) -> Option<u32> {
    let spec = table.iter().find(|spec| spec.field == Field::RequestTimeout)?;
    spec.default.parse().ok()
}

#[cfg(test)]
mod tests;
