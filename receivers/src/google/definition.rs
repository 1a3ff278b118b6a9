//! The public definition of what is written: the properties of three schemas of the discovery document.
//! <https://logging.googleapis.com/$discovery/rest?version=v2>, revision 20260911.

use serde_json::{Map, Value};

use super::{refusal, status::Code};
use crate::fault::Answer;

/// `WriteLogEntriesRequest`
pub const WRITE_FIELDS: [&str; 6] = ["dryRun", "entries", "labels", "logName", "partialSuccess", "resource"];

/// `LogEntry`
pub const LOG_ENTRY_FIELDS: [&str; 23] = [
    "apphub",
    "apphubDestination",
    "apphubSource",
    "errorGroups",
    "httpRequest",
    "insertId",
    "jsonPayload",
    "labels",
    "logName",
    "metadata",
    "operation",
    "otel",
    "protoPayload",
    "receiveTimestamp",
    "resource",
    "severity",
    "sourceLocation",
    "spanId",
    "split",
    "textPayload",
    "timestamp",
    "trace",
    "traceSampled",
];

/// `MonitoredResource`
pub const RESOURCE_FIELDS: [&str; 2] = ["labels", "type"];

const SEVERITIES: [&str; 9] = [
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
];

const PAYLOADS: [&str; 3] = ["jsonPayload", "protoPayload", "textPayload"];

/// The JSON object, if it has the shape of a `WriteLogEntriesRequest`. Whatever has not refuses the whole request.
pub(super) fn check_request(request: &Value) -> Result<&Map<String, Value>, Answer> {
    let request = object(request, "", "google.logging.v2.WriteLogEntriesRequest")?;
    check_names(request, &WRITE_FIELDS, "")?;
    if let Some(resource) = request.get("resource") {
        check_resource(resource, "resource")?;
    }
    for name in ["dryRun", "partialSuccess"] {
        check_kind(request, name, "", "TYPE_BOOL", Value::is_boolean)?;
    }
    check_kind(request, "logName", "", "TYPE_STRING", Value::is_string)?;
    let entries = request.get("entries").and_then(Value::as_array);
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        check_entry(entry, &format!("entries[{index}]"))?;
    }
    Ok(request)
}

fn check_entry(entry: &Value, at: &str) -> Result<(), Answer> {
    let entry = object(entry, at, "google.logging.v2.LogEntry")?;
    check_names(entry, &LOG_ENTRY_FIELDS, at)?;
    for name in ["insertId", "logName", "spanId", "textPayload", "timestamp", "trace"] {
        check_kind(entry, name, at, "TYPE_STRING", Value::is_string)?;
    }
    check_kind(entry, "jsonPayload", at, "google.protobuf.Struct", Value::is_object)?;
    let is_severity = |value: &Value| value.as_str().is_some_and(|name| SEVERITIES.contains(&name));
    check_kind(entry, "severity", at, "google.logging.type.LogSeverity", is_severity)?;
    if let Some(resource) = entry.get("resource") {
        check_resource(resource, &format!("{at}.resource"))?;
    }
    if let Some(labels) = entry.get("labels") {
        check_labels(labels, &format!("{at}.labels"))?;
    }
    let mut payloads = PAYLOADS.into_iter().filter(|name| entry.contains_key(*name));
    if let (Some(_), Some(second)) = (payloads.next(), payloads.next()) {
        let message =
            format!("Invalid value at '{at}' (oneof), oneof field 'payload' is already set. Cannot set '{second}'");
        return Err(bad(at, &message));
    }
    Ok(())
}

fn check_resource(resource: &Value, at: &str) -> Result<(), Answer> {
    let resource = object(resource, at, "google.api.MonitoredResource")?;
    check_names(resource, &RESOURCE_FIELDS, at)?;
    check_kind(resource, "type", at, "TYPE_STRING", Value::is_string)?;
    resource
        .get("labels")
        .map_or(Ok(()), |labels| check_labels(labels, &format!("{at}.labels")))
}

fn check_labels(labels: &Value, at: &str) -> Result<(), Answer> {
    let labels = object(labels, at, "map<string, string>")?;
    for name in labels.keys() {
        check_kind(labels, name, at, "TYPE_STRING", Value::is_string)?;
    }
    Ok(())
}

fn object<'a>(value: &'a Value, at: &str, kind: &str) -> Result<&'a Map<String, Value>, Answer> {
    let wrong = || {
        bad(
            at,
            &format!("Invalid value at '{at}' (type.googleapis.com/{kind}), {value}"),
        )
    };
    value.as_object().ok_or_else(wrong)
}

fn check_names(value: &Map<String, Value>, known: &[&str], at: &str) -> Result<(), Answer> {
    match value.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(unknown_name(name, at)),
    }
}

fn unknown_name(name: &str, at: &str) -> Answer {
    let place = if at.is_empty() {
        String::new()
    } else {
        format!(" at '{at}'")
    };
    let message = format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.");
    bad(at, &message)
}

fn check_kind(
    value: &Map<String, Value>,
    name: &str,
    at: &str,
    kind: &str,
    is_right: impl Fn(&Value) -> bool,
) -> Result<(), Answer> {
    match value.get(name) {
        Some(wrong) if !is_right(wrong) => {
            let place = if at.is_empty() {
                name.to_owned()
            } else {
                format!("{at}.{name}")
            };
            Err(bad(&place, &format!("Invalid value at '{place}' ({kind}), {wrong}")))
        }
        _ => Ok(()),
    }
}

/// `google.rpc.BadRequest` for one field.
pub(super) fn bad(field: &str, message: &str) -> Answer {
    let violation = serde_json::json!({"field": field, "description": message});
    let details = serde_json::json!([{
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [violation],
    }]);
    refusal::error(Code::InvalidArgument, message, details)
}
