//! Writes the arguments of the mutations of one kind into a draft, by the table of the fields of the kind.

use async_graphql::InputType;
use domain::destination::TargetDraft;
use serde_json::Value;

use super::{
    errors::{Refusal, failed},
    unified_config::{keys, write_secret},
};

/// The arguments of a mutation as JSON.
///
/// # Errors
/// None in practice: arguments always have a JSON form.
pub(super) fn arguments_of(input: &impl InputType) -> Result<Value, Refusal> {
    let arguments = input.to_value().into_json();
    arguments.map_err(|error| failed(&error).into())
}

/// Writes the arguments that have the names of keys of `config`, and the secret. What is omitted is left unchanged.
pub(super) fn write_arguments(draft: &mut TargetDraft, arguments: &Value, secret: Option<&String>) {
    for (spec, key) in keys(draft.kind.spec()) {
        if let Some(text) = arguments.get(key).and_then(|argument| spec.text_of_json(argument)) {
            draft.change_text(spec.field, text);
        }
    }
    write_secret(draft, secret);
}

#[cfg(test)]
mod tests {
    use domain::destination::DestinationKind;

    use super::{super::schema::SCHEMA, *};

    #[tokio::test]
    async fn each_field_of_a_kind_is_an_argument_of_its_mutations() {
        for (kind, mutation) in [
            (
                DestinationKind::GoogleCloudLogging,
                "InstanceGoogleCloudLoggingConfiguration",
            ),
            (DestinationKind::AmazonS3, "AuditEventsInstanceAmazonS3Configuration"),
        ] {
            for verb in ["Create", "Update"] {
                let query = format!("{{ __type(name: \"{mutation}{verb}Input\") {{ inputFields {{ name }} }} }}");
                let described = SCHEMA.execute(query).await.data.into_json().unwrap();
                let arguments = described["__type"]["inputFields"].as_array().unwrap();
                for (_, key) in keys(kind.spec()) {
                    assert!(
                        arguments.iter().any(|argument| argument["name"] == key),
                        "{mutation}{verb}: {key}"
                    );
                }
            }
        }
    }
}
