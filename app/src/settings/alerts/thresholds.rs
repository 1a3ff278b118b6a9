//! When an alert is raised.

use domain::{
    Field,
    settings::{FailingMinutes, LogShare},
    view::AlertSettingsView,
};
use leptos::prelude::*;

use super::server_fns::UpdateAlertThresholds;
use crate::{
    settings::Settings,
    ui::{Form, TextField},
};

#[component]
pub(super) fn ThresholdsForm(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateAlertThresholds>::new();
    let version = Signal::derive(move || alerts.with(|alerts| alerts.version));
    let (default, most) = (FailingMinutes::DEFAULT, FailingMinutes::MAX);
    let minutes_hint = format!("From 1 to {most}. The default is {default}.");
    let (default, least, most) = (LogShare::DEFAULT, LogShare::MIN, LogShare::MAX);
    let share_hint = format!(
        "Of the maximum log size, from {least} to {most}. The default is {default}. When the log is full, new audit events are \
         rejected."
    );
    view! {
        <Form
            action=update
            id="thresholds"
            label="Thresholds"
            submit=Some("Save")
            on_done=move |_| settings.refresh.now()
            on_reload=move |()| settings.refresh.now()
            version
        >
            <input type="hidden" name="version" value=version />
            <TextField
                name="failing_minutes"
                field=Field::FailingMinutes
                label="Alert when a stream has failed for"
                unit="minutes"
                hint=minutes_hint
                value=Signal::derive(move || alerts.with(|alerts| alerts.failing_minutes.to_string()))
                is_code=true
            />
            <TextField
                name="log_share"
                field=Field::LogShare
                label="Alert when a stream's backlog uses"
                unit="%"
                hint=share_hint
                value=Signal::derive(move || alerts.with(|alerts| alerts.log_share.to_string()))
                is_code=true
            />
        </Form>
    }
}
