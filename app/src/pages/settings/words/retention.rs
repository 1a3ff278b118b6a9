//! Settings › Retention.

use domain::{
    Field,
    settings::{ByteSize, LogSize, RetentionDays},
};

use super::parts::{field, form, hidden, locked, moment_or, text};
use crate::{
    model::text::grouped,
    port::settings::RetentionSummary,
    server_fns::retention::UpdateRetention,
    wire::settings::{Cell, Fact, FieldKind, Form, FormField, Section},
};

pub(super) fn describe(retention: &RetentionSummary) -> Vec<Section> {
    let now = Section {
        heading: "In the log now".to_owned(),
        facts: facts(retention),
        ..Section::default()
    };
    let limits = Section {
        heading: "Limits".to_owned(),
        lead: "An event leaves the log when it is older than this, unless a destination still has to get it. When the log is \
               full, events older or not make room as long as no destination is owed them; after that no more are taken in, \
               and whoever posts is told to come back. Nothing that was acknowledged is lost."
            .to_owned(),
        form: Some(limits_form(retention)),
        ..Section::default()
    };
    vec![now, limits]
}

fn facts(retention: &RetentionSummary) -> Vec<Fact> {
    let fact = |label: &str, value: Cell, note: String| Fact {
        label: label.to_owned(),
        value,
        note,
    };
    let (used, limit) = (retention.used_bytes, retention.log_size.value.bytes());
    let percent = used.saturating_mul(100) / limit.max(1);
    vec![
        fact("Events", text(grouped(retention.events)), String::new()),
        fact(
            "Oldest event",
            moment_or(retention.oldest_received_at, "None"),
            String::new(),
        ),
        fact(
            "Room taken",
            text(ByteSize(used).rounded()),
            format!("{percent} % of {}", ByteSize(limit).rounded()),
        ),
    ]
}

fn limits_form(retention: &RetentionSummary) -> Form {
    let days = FormField {
        hint: format!(
            "Days, from 1 to {}. The default is {}.",
            RetentionDays::MAX,
            RetentionDays::DEFAULT
        ),
        value: retention.days.value.to_string(),
        ..field(FieldKind::Code, "days", Field::RetentionDays, "Keep events for")
    };
    let log_size = FormField {
        hint: format!(
            "For example 500MB or 10GiB; at least {}. The default is {}.",
            LogSize::MIN,
            LogSize::DEFAULT
        ),
        value: retention.log_size.value.to_string(),
        ..field(FieldKind::Code, "log_size", Field::LogSize, "Size of the log")
    };
    let (days_fixed, size_fixed) = (retention.days.is_fixed, retention.log_size.is_fixed);
    let fields = vec![
        hidden("version", retention.version),
        locked(days, days_fixed, "--retention-days", "AUDIT_STREAMS_RETENTION_DAYS"),
        locked(log_size, size_fixed, "--log-size-limit", "AUDIT_STREAMS_LOG_SIZE_LIMIT"),
    ];
    let submit = if days_fixed && size_fixed { "" } else { "Save" };
    form::<UpdateRetention>(submit, fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::settings::SettingSummary;

    #[test]
    fn what_the_command_line_sets_is_shown_and_not_sent() {
        let retention = RetentionSummary {
            version: 3,
            days: SettingSummary {
                value: RetentionDays::DEFAULT,
                is_fixed: true,
            },
            log_size: SettingSummary {
                value: LogSize::DEFAULT,
                is_fixed: false,
            },
            used_bytes: 1 << 30,
            events: 4210,
            oldest_received_at: None,
        };
        let sections = describe(&retention);
        let form = sections.iter().find_map(|section| section.form.as_ref()).unwrap();
        assert!(form.fields[1].is_locked && form.fields[1].hint.contains("--retention-days"));
        assert!(!form.fields[2].is_locked && form.submit == "Save");
        assert_eq!(sections[0].facts[2].note, "10 % of 10.0 GiB");
    }
}
