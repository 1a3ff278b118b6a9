//! Settings › Retention.

mod server_fns;

use domain::{
    Field,
    settings::{ByteSize, LogSize, RetentionDays},
    view::RetentionView,
};
use leptos::prelude::*;

use self::server_fns::{UpdateRetention, show_retention};
use super::{
    Settings,
    card::{Card, Fact, set_on_command_line},
    layout::SettingsLayout,
};
use crate::{
    model::text::grouped,
    ui::{Form, FormSkeleton, Live, MomentOr, TableSkeleton, TextField},
};

const LIMITS: &str = "An event is removed from the log when it is older than this, unless it is still undelivered. When the log is \
                      nearly full, delivered events are removed early, oldest first. When it is full, new events are rejected \
                      with 503 and Retry-After. No acknowledged event is lost.";

#[component]
pub(crate) fn RetentionPage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    view! {
        <SettingsLayout title="Retention" lead="How long events are kept, and how much disk space they can use.">
            <Live
                source=()
                ask=|(), known| show_retention(known)
                what="The retention settings can't be shown."
                skeleton=loading
                refresh=settings.refresh
                only_on_refresh=true
                view=retention_cards
            />
        </SettingsLayout>
    }
}

fn loading() -> AnyView {
    view! {
        <Card title="Current usage">
            <TableSkeleton rows=3 />
        </Card>
        <Card title="Limits" lead=LIMITS>
            <FormSkeleton fields=2 />
        </Card>
    }
    .into_any()
}

fn retention_cards(retention: Signal<RetentionView>) -> AnyView {
    view! {
        <Card title="Current usage">
            <dl class="facts">
                <Fact name="Events">{move || retention.with(|retention| grouped(retention.events))}</Fact>
                <Fact name="Oldest event">
                    {move || {
                        view! { <MomentOr at=retention.with(|retention| retention.oldest_received_at) otherwise="None" /> }
                    }}
                </Fact>
                <Fact name="Disk space used">{move || retention.with(disk_space)}</Fact>
            </dl>
        </Card>
        <Card title="Limits" lead=LIMITS>
            <LimitsForm retention />
        </Card>
    }
    .into_any()
}

fn disk_space(retention: &RetentionView) -> impl IntoView + use<> {
    let (used, limit) = (retention.used_bytes, retention.log_size.value.bytes());
    let percent = used.saturating_mul(100) / limit.max(1);
    let share = format!("{percent}\u{a0}% of {}", ByteSize(limit).rounded());
    view! {
        {ByteSize(used).rounded()}
        <span class="fact-note">{share}</span>
    }
}

#[component]
fn LimitsForm(retention: Signal<RetentionView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateRetention>::new();
    let version = Signal::derive(move || retention.with(|retention| retention.version));
    let (is_age_fixed, is_size_fixed) =
        retention.with_untracked(|retention| (retention.days.fixed, retention.log_size.fixed));
    let age_hint = if is_age_fixed {
        set_on_command_line("--retention-days", "AUDIT_STREAMS_RETENTION_DAYS")
    } else {
        let (most, default) = (RetentionDays::MAX, RetentionDays::DEFAULT);
        format!("From 1 to {most}. The default is {default}.")
    };
    let size_hint = if is_size_fixed {
        set_on_command_line("--log-size-limit", "AUDIT_STREAMS_LOG_SIZE_LIMIT")
    } else {
        let (least, default) = (LogSize::MIN, LogSize::DEFAULT);
        format!("For example 500MB or 10GiB; at least {least}. The default is {default}.")
    };
    view! {
        <Form
            action=update
            id="retention"
            label="Limits"
            submit=(!(is_age_fixed && is_size_fixed)).then_some("Save")
            on_done=move |_| settings.refresh.now()
            on_reload=move |()| settings.refresh.now()
            version
        >
            <input type="hidden" name="version" value=version />
            <TextField
                name="days"
                field=Field::RetentionDays
                label="Keep events for"
                unit="days"
                hint=age_hint
                value=Signal::derive(move || retention.with(|retention| retention.days.value.to_string()))
                is_code=true
                is_locked=is_age_fixed
            />
            <TextField
                name="log_size"
                field=Field::LogSize
                label="Maximum log size"
                hint=size_hint
                value=Signal::derive(move || retention.with(|retention| retention.log_size.value.to_string()))
                is_code=true
                is_locked=is_size_fixed
            />
        </Form>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::view::SettingView;

    use super::*;
    use crate::settings::tests::rendered;

    #[test]
    fn what_the_command_line_sets_is_shown_and_locked() {
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
        let html = rendered(|| retention_cards(Signal::stored(retention)));
        for text in [
            "4,210",
            "10\u{a0}% of 10.0 GiB",
            "Set on the command line, by --retention-days",
            ">Save</button>",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert_eq!(html.matches(" disabled").count(), 1, "{html}");
    }
}
