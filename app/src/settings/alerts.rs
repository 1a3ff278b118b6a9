//! Settings › Alerts.

mod email;
mod open;
mod server_fns;
mod thresholds;
mod webhook;

use domain::view::AlertSettingsView;
use leptos::prelude::*;

use self::{
    email::EmailCard,
    open::open_alerts,
    server_fns::{list_alerts, show_alert_settings},
    thresholds::ThresholdsForm,
    webhook::WebhookCard,
};
use super::{Settings, card::Card, layout::SettingsLayout};
use crate::ui::{FormSkeleton, Live, TableSkeleton};

const OPEN: &str = "You are notified once when a problem starts, once when the stream recovers, and when twice as many events are \
                    parked: by an audit event of this instance, which is streamed like any other, and by e-mail and webhook if \
                    they are set up below.";

const THRESHOLDS: &str =
    "Failures less than a minute apart count as one incident. Paused and inactive streams do not trigger alerts.";

#[component]
pub(crate) fn AlertsPage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    view! {
        <SettingsLayout title="Alerts" lead="Who gets notified, and when.">
            <Card title="Open alerts" lead=OPEN>
                <Live
                    source=()
                    ask=|(), known| list_alerts(known)
                    what="The open alerts can't be shown."
                    skeleton=|| view! { <TableSkeleton rows=2 /> }
                    view=open_alerts
                />
            </Card>
            <Live
                source=()
                ask=|(), known| show_alert_settings(known)
                what="The alert settings can't be shown."
                skeleton=loading
                refresh=settings.refresh
                only_on_refresh=true
                view=settings_cards
            />
        </SettingsLayout>
    }
}

fn loading() -> AnyView {
    view! {
        <Card title="Thresholds" lead=THRESHOLDS>
            <FormSkeleton fields=2 />
        </Card>
        <Card title="E-mail" lead=email::LEAD>
            <FormSkeleton fields=7 />
        </Card>
        <Card title="Webhook" lead=webhook::LEAD>
            <FormSkeleton fields=2 />
        </Card>
    }
    .into_any()
}

fn settings_cards(alerts: Signal<AlertSettingsView>) -> AnyView {
    view! {
        <Card title="Thresholds" lead=THRESHOLDS>
            <ThresholdsForm alerts />
        </Card>
        <EmailCard alerts />
        <WebhookCard alerts />
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{
        settings::{FailingMinutes, LogShare, SmtpSecurity},
        view::{EmailView, WebhookView},
    };

    use super::*;
    use crate::settings::tests::rendered;

    fn nothing_set_up() -> AlertSettingsView {
        AlertSettingsView {
            version: 3,
            failing_minutes: FailingMinutes::DEFAULT,
            log_share: LogShare::DEFAULT,
            email: None,
            webhook: None,
        }
    }

    #[test]
    fn what_is_not_set_up_cannot_be_tested_or_turned_off() {
        let html = rendered(|| settings_cards(Signal::stored(nothing_set_up())));
        for text in ["Send test", "Turn off", "not shown"] {
            assert!(!html.contains(text), "{text}: {html}");
        }
    }

    #[test]
    fn what_is_set_up_is_shown_without_its_secrets() {
        let alerts = AlertSettingsView {
            email: Some(EmailView {
                host: "smtp.example.com".into(),
                port: 465,
                security: SmtpSecurity::Tls,
                username: Some("audit".into()),
                from: "audit@example.com".into(),
                to: vec!["ops@example.com".into(), "sec@example.com".into()],
            }),
            webhook: Some(WebhookView {
                url: "https://ops.example/in".into(),
                signed: true,
            }),
            ..nothing_set_up()
        };
        let html = rendered(|| settings_cards(Signal::stored(alerts)));
        for text in [
            r#"value="ops@example.com, sec@example.com""#,
            "Send test e-mail",
            "Turn off e-mail",
            "Turn off webhook",
            "Remove the signing secret",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert_eq!(html.matches(" checked").count(), 1, "{html}");
        assert!(html.contains(r#"value="tls" checked"#), "{html}");
    }
}
