//! Errors as the page shows them: by the labels of its fields, with a rule and an example. APIs keep GitLab's messages.

use super::DestinationKind;
use crate::{Field, FieldError};

/// How messages about a field name it, and what the page says instead.
struct Naming {
    in_messages: &'static str,
    label: &'static str,
    rule: &'static str,
    example: &'static str,
}

const TAKEN: &str = " has already been taken";

/// How rules begin that say what a value must be like; an example continues them.
const WANTED: [&str; 3] = [" must ", " can only ", " is too short "];

/// How rules begin that say what a value must not be like; an example follows them.
const UNWANTED: [&str; 4] = [
    " cannot be ",
    " can't contain ",
    " can't start or end ",
    " is blocked: Only allowed schemes ",
];

/// What is wrong with a field of a form for this kind, as one sentence.
pub fn labelled_message(kind: DestinationKind, error: &FieldError) -> String {
    if error.field == Field::StartFrom {
        return "Start time must be a date and time, for example 2026-01-31 09:30.".to_owned();
    }
    let naming = naming(kind, error.field);
    let stated = naming
        .as_ref()
        .and_then(|naming| Some((naming, error.message.strip_prefix(naming.in_messages)?)));
    let Some((naming, predicate)) = stated else {
        return sentence(error.message.clone());
    };
    let Naming {
        label, rule, example, ..
    } = naming;
    let is_vague = predicate == " is invalid" || predicate.starts_with(" should ");
    let mut text = match is_vague && !rule.is_empty() {
        true => format!("{label} {rule}"),
        false => format!("{label}{predicate}"),
    };
    let starts_with = |starts: &[&str]| starts.iter().any(|start| predicate.starts_with(start));
    if error.field == Field::Name && predicate == TAKEN {
        text.push_str(". Choose another one");
    } else if example.is_empty() || text.contains("for example") {
        return sentence(text);
    } else if is_vague || starts_with(&WANTED) {
        text = format!("{}, for example {example}", without_period(&text));
    } else if starts_with(&UNWANTED) {
        text = format!("{}. A valid one is {example}", without_period(&text));
    }
    sentence(text)
}

/// Two periods at the end belong to the text.
fn without_period(text: &str) -> &str {
    match text.ends_with("..") {
        true => text,
        false => text.strip_suffix('.').unwrap_or(text),
    }
}

/// `None` for a field whose messages name it as the page does.
fn naming(kind: DestinationKind, field: Field) -> Option<Naming> {
    let with = |in_messages, label, example| Naming {
        in_messages,
        label,
        rule: "",
        example,
    };
    match field {
        Field::Name => Some(with("Name", "Destination Name", "")),
        Field::HeaderName(_) => Some(with("Key", "Header", "X-Team")),
        Field::HeaderValue(_) => Some(with("Value", "Value", "Bearer 8c1f2a77")),
        Field::Namespaces => Some(with("Namespace path", "Path", "engineering/web")),
        _ => kind.spec().field(field).map(|spec| Naming {
            in_messages: if spec.message_name.is_empty() {
                spec.label
            } else {
                spec.message_name
            },
            label: spec.label,
            rule: spec.rule,
            example: spec.example,
        }),
    }
}

fn sentence(mut text: String) -> String {
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::{DestinationDraft, HeaderDraft, TargetDraft, already_taken};

    /// What the page says of this value, in a form that is empty but for it.
    fn said(kind: DestinationKind, field: Field, text: &str) -> String {
        let mut target = TargetDraft::new(kind);
        target.headers.push(HeaderDraft::new());
        let mut draft = DestinationDraft::new("", target);
        match field {
            Field::Name => draft.name = text.into(),
            Field::Namespaces => draft.namespaces = text.into(),
            Field::HeaderName(_) => draft.target.headers[0].name = text.into(),
            Field::HeaderValue(_) => draft.target.headers[0].value = Some(text.into()),
            _ => assert!(draft.target.set_text(field, text.into())),
        }
        let errors = draft.mistakes(false);
        labelled_message(kind, errors.error_for(field).unwrap())
    }

    #[test]
    fn errors_name_the_label_the_rule_and_an_example() {
        use DestinationKind::{AmazonS3, GoogleCloudLogging, Http};
        for (kind, field, text, message) in [
            (Http, Field::Name, "", "Destination Name can't be blank."),
            (
                Http,
                Field::Url,
                "siem",
                "Destination URL must be a valid URL, for example https://siem.example.com/events.",
            ),
            (
                Http,
                Field::Url,
                "ftp://siem.example",
                "Destination URL is blocked: Only allowed schemes are http, https. A valid one is \
                 https://siem.example.com/events.",
            ),
            (
                Http,
                Field::VerificationToken,
                "short",
                "Verification token must be 16 to 24 characters long, for example f3bQkVp9TzX2LdYw8HnRaC6s.",
            ),
            (Http, Field::HeaderName(0), "", "Header can't be blank."),
            (
                Http,
                Field::HeaderName(0),
                "x-gitlab-event-streaming-token",
                "Header cannot be X-Gitlab-Event-Streaming-Token. A valid one is X-Team.",
            ),
            (
                Http,
                Field::HeaderValue(0),
                " x",
                "Value can't start or end with a space. A valid one is Bearer 8c1f2a77.",
            ),
            (
                Http,
                Field::Url,
                "https://siem.example/#one",
                "Destination URL can't contain a fragment (the part after #). A valid one is https://siem.example.com/events.",
            ),
            (
                AmazonS3,
                Field::KeyPrefix,
                "a//b",
                "Key prefix must only contain letters, digits and !-_.*'()=/, and no part of it may be empty, . or .., for \
                 example audit/production.",
            ),
            (
                Http,
                Field::Namespaces,
                "a//b",
                "Path is invalid: write the full path of a group or project, for example engineering/web.",
            ),
            (
                GoogleCloudLogging,
                Field::ProjectId,
                "short",
                "Project ID is too short (minimum is 6 characters), for example my-google-project.",
            ),
            (
                GoogleCloudLogging,
                Field::ClientEmail,
                "nobody",
                "Client Email must be the e-mail address of a service account, for example \
                 audit@my-google-project.iam.gserviceaccount.com.",
            ),
            (GoogleCloudLogging, Field::LogId, "", "Log ID can't be blank."),
            (
                AmazonS3,
                Field::AccessKeyId,
                "AKIA-OSFODNN7-EXAMPLE",
                "Access Key ID must only contain letters, digits or underscore, for example AKIAIOSFODNN7EXAMPLE.",
            ),
            (
                AmazonS3,
                Field::Region,
                "US East",
                "AWS Region must be a valid region code, for example us-east-1.",
            ),
            (
                AmazonS3,
                Field::Bucket,
                "Bucket",
                "Bucket Name must have 1 to 63 lowercase letters, digits, hyphens or periods, and start with a letter or \
                 digit, for example audit-events.",
            ),
            (
                AmazonS3,
                Field::EndpointUrl,
                "minio",
                "Endpoint URL must be a valid URL, for example https://minio.example.com:9000.",
            ),
            (
                AmazonS3,
                Field::SecretAccessKey,
                "",
                "Secret Access Key can't be blank.",
            ),
        ] {
            assert_eq!(said(kind, field, text), message);
        }
    }

    #[test]
    fn what_is_taken_or_blocked_is_named_by_its_label() {
        for (kind, field, message) in [
            (
                DestinationKind::Http,
                Field::Name,
                "Destination Name has already been taken. Choose another one.",
            ),
            (
                DestinationKind::Http,
                Field::Url,
                "Destination URL has already been taken.",
            ),
            (
                DestinationKind::GoogleCloudLogging,
                Field::LogId,
                "Log ID has already been taken for this project.",
            ),
            (
                DestinationKind::AmazonS3,
                Field::Bucket,
                "Bucket Name has already been taken.",
            ),
        ] {
            assert_eq!(labelled_message(kind, &already_taken(kind, field)), message);
        }
        let blocked = "Destination url is blocked: Requests to the local network are not allowed";
        assert_eq!(
            labelled_message(DestinationKind::Http, &FieldError::new(Field::Url, blocked)),
            "Destination URL is blocked: Requests to the local network are not allowed."
        );
    }
}
