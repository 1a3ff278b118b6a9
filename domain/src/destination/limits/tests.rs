use proptest::prelude::*;

use super::*;
use crate::destination::{DestinationKind, labelled_message};

fn parse(values: &[(Field, &str)]) -> Result<DeliveryLimits, FieldErrors> {
    let values = values.iter().copied().collect();
    DeliveryLimits::parse(&values, DestinationKind::Http.spec().fields)
}

fn message(field: Field, text: &str) -> String {
    let errors = parse(&[(field, text)]).unwrap_err();
    assert_eq!(errors.iter().count(), 1, "{text}: {errors}");
    errors.message_for(field).unwrap().to_owned()
}

#[test]
fn each_kind_has_a_default_of_its_own() {
    let timeouts = DestinationKind::ALL.map(|kind| {
        let limits = DeliveryLimits::parse(&FieldMap::default(), kind.spec().fields).unwrap();
        assert_eq!((limits.max_concurrency, limits.max_rate), (256, None));
        assert_eq!(limits.statuses, StatusRules::default());
        for (field, value) in limits.values() {
            assert_eq!(kind.spec().field(field).unwrap().default, value, "{kind:?}: {field:?}");
        }
        limits.timeout.as_secs()
    });
    assert_eq!(timeouts, [10, 20, 30]);
}

#[test]
fn values_come_back_as_they_were() {
    let limits = parse(&[
        (Field::RequestTimeout, " 120 "),
        (Field::MaxConcurrency, "1"),
        (Field::MaxRate, "10000"),
        (Field::RetryStatuses, "425 ,409,500 - 503, 501–599"),
        (Field::RejectStatuses, "404, 410"),
    ])
    .unwrap();
    assert_eq!(limits.timeout, DeliveryLimits::LONGEST_TIMEOUT);
    assert_eq!((limits.max_concurrency, limits.max_rate), (1, Some(10_000)));
    let values: FieldMap = limits.values().into_iter().collect();
    assert_eq!(values.text(Field::RetryStatuses), "409, 425, 500-599");
    assert_eq!(values.text(Field::RejectStatuses), "404, 410");
    let again = DeliveryLimits::parse(&values, DestinationKind::Http.spec().fields);
    assert_eq!(again, Ok(limits));
}

#[test]
fn a_rate_of_zero_is_no_limit() {
    let limits = parse(&[(Field::MaxRate, "0")]).unwrap();
    assert_eq!(limits.max_rate, None);
    assert!(limits.values().iter().all(|(field, _)| *field != Field::MaxRate));
}

#[test]
fn numbers_have_bounds() {
    for (field, texts, message_expected) in [
        (
            Field::RequestTimeout,
            ["0", "121", "1.5", "ten"],
            "Request timeout (s) must be a whole number from 1 to 120",
        ),
        (
            Field::MaxConcurrency,
            ["0", "257", "-1", "many"],
            "Maximum concurrent requests must be a whole number from 1 to 256",
        ),
        (
            Field::MaxRate,
            ["-1", "10001", "0.5", "none"],
            "Maximum requests per second must be a whole number from 0 to 10000",
        ),
    ] {
        for text in texts {
            assert_eq!(message(field, text), message_expected, "{text}");
        }
    }
}

#[test]
fn each_code_that_can_not_be_listed_has_its_reason() {
    use Field::{RejectStatuses, RetryStatuses};
    for field in [RetryStatuses, RejectStatuses] {
        for (text, end) in [
            ("4xx", "can only contain codes and ranges of codes, separated by commas"),
            (
                "409;425",
                "can only contain codes and ranges of codes, separated by commas",
            ),
            (
                "409,",
                "can only contain codes and ranges of codes, separated by commas",
            ),
            (
                "500-502-504",
                "can only contain codes and ranges of codes, separated by commas",
            ),
            ("+50", "can only contain codes and ranges of codes, separated by commas"),
            ("50", "can only contain codes and ranges of codes, separated by commas"),
            ("503-500", "can only contain ranges that begin with the lower code"),
            ("099", "can only contain codes from 300 to 599"),
            ("500-600", "can only contain codes from 300 to 599"),
            ("999", "can only contain codes from 300 to 599"),
            ("100", "can't include 1xx: these come before the response"),
            ("204, 503", "can't include 2xx: these say that the event is delivered"),
        ] {
            let message = message(field, text);
            assert!(
                message.ends_with(end) && message.contains("Status codes to re"),
                "{message}"
            );
        }
        let long = message(field, &vec!["503"; 60].join(","));
        assert!(long.ends_with("is too long (maximum is 200 characters)"), "{long}");
        // As it is stored, with a space after each comma, this list has 203 characters.
        let typed = (0..41).map(|number| (502 + 2 * number).to_string()).collect::<Vec<_>>();
        let long = message(field, &typed.join(","));
        assert!(
            long.ends_with("is too long (maximum is 200 characters, with a space after each comma)"),
            "{long}"
        );
        assert!(parse(&[(field, &typed[1..].join(","))]).is_ok());
    }
    for (field, text, end) in [
        (
            RetryStatuses,
            "400-499",
            "413: a request that is too large is sent again in smaller ones",
        ),
        (
            RejectStatuses,
            "300-399",
            "3xx: redirects are about the URL, not about one event",
        ),
        (
            RejectStatuses,
            "400-499",
            "401: it is about credentials, not about one event",
        ),
        (
            RejectStatuses,
            "403",
            "403: it is about credentials, not about one event",
        ),
        (
            RejectStatuses,
            "429",
            "429: it is about how often events are sent, not about one event",
        ),
        (
            RejectStatuses,
            "496",
            "496: it is about the client certificate, not about one event",
        ),
    ] {
        let message = message(field, text);
        assert!(message.ends_with(end), "{message}");
    }
}

#[test]
fn no_code_is_retried_and_rejected() {
    let errors = parse(&[(Field::RetryStatuses, "500-599"), (Field::RejectStatuses, "404, 503")]).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "Status codes to reject can't include 503: it is among the status codes to retry"
    );
    assert!(errors.message_for(Field::RejectStatuses).is_some());
    let error = errors.error_for(Field::RejectStatuses).unwrap();
    assert_eq!(
        labelled_message(DestinationKind::Http, error),
        "Status codes to reject can't include 503: it is among the status codes to retry."
    );
}

#[test]
fn the_page_gives_an_example_of_a_list() {
    let errors = parse(&[(Field::RetryStatuses, "4xx")]).unwrap_err();
    let error = errors.error_for(Field::RetryStatuses).unwrap();
    assert_eq!(
        labelled_message(DestinationKind::Http, error),
        "Status codes to retry can only contain codes and ranges of codes, separated by commas, for example 409, 500-503."
    );
}

#[test]
fn every_broken_rule_is_reported_at_once() {
    let errors = parse(&[
        (Field::RequestTimeout, "0"),
        (Field::MaxConcurrency, "0"),
        (Field::MaxRate, "-1"),
        (Field::RetryStatuses, "200"),
        (Field::RejectStatuses, "200"),
    ])
    .unwrap_err();
    assert_eq!(errors.iter().count(), 5, "{errors}");
}

proptest! {
    #[test]
    fn any_text_is_a_list_in_its_normal_form_or_an_error(text in "[0-9 ,–-]{0,40}|[45][0-9]{2}(, ?[45][0-9]{2}(-5[0-9]{2})?){0,6}|[345][0-9][13579](,[345][0-9][02468]){0,52}") {
        for field in [Field::RetryStatuses, Field::RejectStatuses] {
            let Ok(limits) = parse(&[(field, &text)]) else { continue };
            let values: FieldMap = limits.values().into_iter().collect();
            prop_assert_eq!(&parse(&[(field, values.text(field))]), &Ok(limits.clone()));
            let rules = limits.statuses;
            prop_assert!(rules.retry.iter().chain(rules.reject.iter()).all(|status| (300..600).contains(&status)));
        }
    }
}
