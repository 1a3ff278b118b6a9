//! Parks the event that blocks a stream, or one that is retried. This is not part of GitLab's API.

use async_graphql::{Context, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use domain::ids::{DestinationId, Seq};
use engine::admin::AdminError;

use super::{
    access::{author, services},
    errors::Refusal,
    family::Family,
    ids::{GlobalId, UnifiedModel},
    mutation::mutations,
    operations::require,
};

const NOT_STORED: &str =
    "Parking the event timed out. It may still be parked. Check the state of the stream, then try again.";

/// A 64-bit integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BigInt(pub(super) i64);

/// A 64-bit integer, serialized as a string because GraphQL's `Int` has only 32 bits.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        let number = number.ok_or_else(|| InputValueError::custom("must be a 64-bit integer"));
        number.map(Self)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

mutations! {
    ParkingMutations

    /// Parks the event that blocks a stream, or a rejected event that is retried. The stream continues with the next event, including
    /// later events of the same entity. Not part of GitLab's API.
    fn audit_events_instance_destination_event_park(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// Position of the event in the log: the `stuckSeq` of the stream's health, or that of an event that is retried.
        seq: BigInt,
    }) -> {} {
        park_event(ctx, input.destination_id.parse()?, Seq::new(input.seq.0)).await
    }
}

async fn park_event(ctx: &Context<'_>, id: DestinationId, seq: Seq) -> Result<(), Refusal> {
    let author = author(ctx, Family::Unified)?;
    let kind = require(ctx, Family::Unified, id).await?.destination.target.kind();
    let parked = services(ctx)?.engine.park_event(author, id, seq).await;
    parked.map_err(|error| match error {
        AdminError::Busy => Refusal::message(NOT_STORED),
        error => Refusal::of_operation(Family::Unified, kind, error),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_big_int_is_a_string_and_read_from_a_number_as_well() {
        let parse = |value: serde_json::Value| BigInt::parse(Value::from_json(value).unwrap());
        for number in [i64::MIN, -1, 0, 5_000_000_000, i64::MAX] {
            assert_eq!(BigInt(number).to_value(), Value::String(number.to_string()));
            assert_eq!(parse(json!(number)).ok(), Some(BigInt(number)));
            assert_eq!(parse(json!(number.to_string())).ok(), Some(BigInt(number)));
        }
        for other in [
            json!("9223372036854775808"),
            json!("one"),
            json!(""),
            json!(1.5),
            json!(true),
            json!([1]),
        ] {
            assert!(parse(other.clone()).is_err(), "{other}");
        }
    }
}
