//! The scalar of points in time.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::Timestamp;

/// A time in UTC, in ISO 8601 format with milliseconds.
pub(super) struct Time(pub(super) Timestamp);

/// A time in UTC, in ISO 8601 format with milliseconds, for example `2025-10-14T18:00:08.677Z`.
#[Scalar(name = "Time")]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Timestamp::parse(text).map(Self).map_err(InputValueError::custom),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
