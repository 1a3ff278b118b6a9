//! Lists of status codes, such as `409, 425, 500-599`.

use std::ops::RangeInclusive;

use super::fields::{MAX_CHARS, REJECT_STATUSES, RETRY_STATUSES};
use crate::{
    Field, FieldError, FieldErrors,
    destination::{FieldMap, FieldSpec},
    policy::{FixedStatus, StatusCodes, StatusRules, reject_is_fixed, retry_is_fixed},
};

/// # Errors
/// At each of the two fields that breaks a rule.
pub(super) fn parse_rules(values: &FieldMap) -> Result<StatusRules, FieldErrors> {
    let mut errors = FieldErrors::default();
    let list = |spec: &FieldSpec, is_fixed| parse_list(values.text(spec.field), spec, is_fixed);
    let retry = errors.collect(list(&RETRY_STATUSES, retry_is_fixed));
    let reject = errors.collect(list(&REJECT_STATUSES, reject_is_fixed));
    let (Some(retry), Some(reject)) = (retry, reject) else {
        return Err(errors);
    };
    let of_both = reject.iter().find(|status| retry.contains(*status));
    match of_both {
        Some(status) => {
            let why = format!("{status}: it is among the status codes to retry");
            Err(cannot_include(&REJECT_STATUSES, &why).into())
        }
        None => Ok(StatusRules { retry, reject }),
    }
}

/// The lists as texts; an empty one is left out.
pub(super) fn values_of(rules: &StatusRules) -> impl Iterator<Item = (Field, String)> {
    let lists = [
        (Field::RetryStatuses, &rules.retry),
        (Field::RejectStatuses, &rules.reject),
    ];
    let given = lists.into_iter().filter(|(_, codes)| !codes.is_empty());
    given.map(|(field, codes)| (field, codes.to_string()))
}

fn parse_list(
    text: &str,
    spec: &FieldSpec,
    is_fixed: fn(u16) -> Option<FixedStatus>,
) -> Result<StatusCodes, FieldError> {
    let wrong = |rule: &str| FieldError::new(spec.field, format!("{} {rule}", spec.label));
    let text = text.trim();
    if text.is_empty() {
        return Ok(StatusCodes::default());
    }
    let is_too_long = |text: &str| text.chars().count() > MAX_CHARS;
    if is_too_long(text) {
        return Err(wrong(&format!("is too long (maximum is {MAX_CHARS} characters)")));
    }
    let ranges: Option<Vec<_>> = text.split(',').map(parse_range).collect();
    let ranges = ranges.ok_or_else(|| wrong("can only contain codes and ranges of codes, separated by commas"))?;
    if ranges.iter().any(RangeInclusive::is_empty) {
        return Err(wrong("can only contain ranges that begin with the lower code"));
    }
    // Looked at by their ends first: a range may have codes that are none.
    let mut statuses = ranges.iter().flat_map(|range| [*range.start(), *range.end()]);
    if statuses.any(|status| is_fixed(status) == Some(FixedStatus::NoStatus)) {
        return Err(wrong("can only contain codes from 300 to 599"));
    }
    let codes: StatusCodes = ranges.into_iter().collect();
    let fixed = codes.iter().find_map(|status| Some((status, is_fixed(status)?)));
    match fixed {
        Some((status, fixed)) => Err(cannot_include(spec, &why_not(status, fixed))),
        // What is stored is read again by the same rules.
        None if is_too_long(&codes.to_string()) => Err(wrong(&format!(
            "is too long (maximum is {MAX_CHARS} characters, with a space after each comma)"
        ))),
        None => Ok(codes),
    }
}

/// A code, or the first and the last of a range. `None` if it is neither.
fn parse_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once(['-', '–']).unwrap_or((text, text));
    Some(parse_code(first)?..=parse_code(last)?)
}

/// Three digits; what `u16` takes beside them, such as a sign, is none.
fn parse_code(text: &str) -> Option<u16> {
    let text = text.trim();
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| text.parse().ok()).flatten()
}

fn cannot_include(spec: &FieldSpec, what: &str) -> FieldError {
    FieldError::new(spec.field, format!("{} can't include {what}", spec.label))
}

fn why_not(status: u16, fixed: FixedStatus) -> String {
    let why = match fixed {
        FixedStatus::Interim => return "1xx: these come before the response".to_owned(),
        FixedStatus::Delivered => return "2xx: these say that the event is delivered".to_owned(),
        FixedStatus::Redirect => return "3xx: redirects are about the URL, not about one event".to_owned(),
        FixedStatus::TooLarge => "a request that is too large is sent again in smaller ones",
        FixedStatus::Credentials => "it is about credentials, not about one event",
        FixedStatus::RateLimit => "it is about how often events are sent, not about one event",
        FixedStatus::ClientCertificate => "it is about the client certificate, not about one event",
        FixedStatus::NoStatus => "it is no status code",
    };
    format!("{status}: {why}")
}
