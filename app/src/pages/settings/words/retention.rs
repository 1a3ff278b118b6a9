//! Settings › Retention.

use domain::{
    Field,
    settings::{ByteSize, LogSize, RetentionDays},
    view::RetentionView,
};

use super::parts::{card, fact, facts, field, form, hidden, holding, locked, moment_or, text};
use crate::{
    model::text::grouped,
    server_fns::retention::UpdateRetention,
    wire::settings::{Kind, Part},
};

const LIMITS: &str = "An event is removed from the log when it is older than this, unless it is still undelivered. When the log is \
                      nearly full, delivered events are removed earlier, the oldest first. When it is full, new events are \
                      refused with a request to retry. No acknowledged event is lost.";

pub(super) fn describe(retention: &RetentionView) -> Vec<Part> {
    vec![
        card("In the log now", "", vec![facts(describe_usage(retention))]),
        card("Limits", LIMITS, vec![limits_form(retention)]),
    ]
}

fn describe_usage(retention: &RetentionView) -> Vec<Part> {
    let (used, limit) = (retention.used_bytes, retention.log_size.value.bytes());
    let percent = used.saturating_mul(100) / limit.max(1);
    let room = format!("{percent} % of {}", ByteSize(limit).rounded());
    vec![
        fact("Events", text(grouped(retention.events)), String::new()),
        fact(
            "Oldest event",
            moment_or(retention.oldest_received_at, "None"),
            String::new(),
        ),
        fact("Room taken", text(ByteSize(used).rounded()), room),
    ]
}

fn limits_form(retention: &RetentionView) -> Part {
    let (most, default) = (RetentionDays::MAX, RetentionDays::DEFAULT);
    let hint = format!("Days, from 1 to {most}. The default is {default}.");
    let days = field(Kind::CodeInput, "days", Field::RetentionDays, "Keep events for", &hint);
    let (least, default) = (LogSize::MIN, LogSize::DEFAULT);
    let hint = format!("For example 500MB or 10GiB; at least {least}. The default is {default}.");
    let log_size = field(Kind::CodeInput, "log_size", Field::LogSize, "Size of the log", &hint);
    let (days_fixed, size_fixed) = (retention.days.fixed, retention.log_size.fixed);
    let fields = vec![
        hidden("version", retention.version),
        locked(
            days_fixed,
            "--retention-days",
            "AUDIT_STREAMS_RETENTION_DAYS",
            holding(retention.days.value.to_string(), days),
        ),
        locked(
            size_fixed,
            "--log-size-limit",
            "AUDIT_STREAMS_LOG_SIZE_LIMIT",
            holding(retention.log_size.value.to_string(), log_size),
        ),
    ];
    let submit = if days_fixed && size_fixed { "" } else { "Save" };
    form::<UpdateRetention>(submit, fields)
}

#[cfg(test)]
mod tests {
    use domain::view::SettingView;

    use super::*;

    #[test]
    fn what_the_command_line_sets_is_shown_and_not_sent() {
        let retention = RetentionView {
            version: 3,
            days: SettingView {
                value: RetentionDays::DEFAULT,
                fixed: true,
            },
            log_size: SettingView {
                value: LogSize::DEFAULT,
                fixed: false,
            },
            used_bytes: 1 << 30,
            events: 4210,
            oldest_received_at: None,
        };
        let cards = describe(&retention);
        let form = &cards[1].parts[0];
        assert!(form.parts[1].is_locked && form.parts[1].note.contains("--retention-days"));
        assert!(!form.parts[2].is_locked && form.label == "Save");
        assert_eq!(cards[0].parts[0].parts[2].note, "10 % of 10.0 GiB");
    }
}
