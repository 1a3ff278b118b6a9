//! The values of fields as JSON: switches are booleans, numbers are numbers, everything else is text.

use serde_json::Value;

use super::{FieldSpec, Input};

impl FieldSpec {
    /// A parsed value as JSON; null for an empty one.
    pub fn to_json(&self, text: &str) -> Value {
        match self.input {
            _ if text.is_empty() => Value::Null,
            Input::Switch { .. } => Value::Bool(text == Input::ON),
            Input::Number { .. } => text.parse::<u32>().map_or(Value::Null, Value::from),
            Input::None
            | Input::Text
            | Input::Url { .. }
            | Input::Lines(_)
            | Input::Certificates(_)
            | Input::Proxy
            | Input::Choice { .. } => Value::from(text),
        }
    }

    /// The text that this JSON stands for; `None` if it is of another type.
    pub fn text_of_json(&self, value: &Value) -> Option<String> {
        match (self.input, value) {
            (Input::Switch { .. }, Value::Bool(is_on)) => Some(is_on.to_string()),
            (Input::Number { .. }, Value::Number(number)) => {
                let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
                number.map(|number| number.to_string())
            }
            (Input::Switch { .. } | Input::Number { .. }, _) => None,
            (_, Value::String(text)) => Some(text.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::DestinationKind;
    use crate::Field;

    #[test]
    fn each_field_has_its_type() {
        for (field, text, value) in [
            (Field::Bucket, "audit", json!("audit")),
            (Field::Checksums, "true", json!(true)),
            (Field::Checksums, "false", json!(false)),
            (Field::LockDays, "30", json!(30)),
            (Field::ObjectLayout, "events", json!("events")),
        ] {
            let spec = DestinationKind::AmazonS3.spec().field(field).unwrap();
            assert_eq!(spec.to_json(text), value);
            assert_eq!(spec.text_of_json(&value).as_deref(), Some(text));
            assert_eq!(spec.to_json(""), json!(null));
            for other in [json!(null), json!([]), json!({}), json!(-1)] {
                assert_eq!(spec.text_of_json(&other), None, "{field:?} {other}");
            }
        }
        let days = DestinationKind::AmazonS3.spec().field(Field::LockDays).unwrap();
        assert_eq!(days.text_of_json(&json!(4_294_967_296_u64)), None);
    }
}
