//! What stands around the cards of every settings page.

use leptos::prelude::*;
use leptos_meta::Title;

use super::context::{NOTICE_ID, Settings};
use crate::{
    outcome::PostedForm,
    ui::{LeaveDialog, OutcomeView, UnsavedForms},
};

#[component]
pub(super) fn SettingsLayout(title: &'static str, lead: &'static str, children: Children) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let dismiss = Callback::new(move |()| settings.notice.set(None));
    let posted = expect_context::<PostedForm>();
    on_cleanup(move || {
        settings.notice.try_set(None);
        posted.forget();
    });
    let guard = UnsavedForms::guard();
    let notice = move || {
        settings
            .notice
            .get()
            .map(|outcome| view! { <OutcomeView outcome dismiss /> })
    };
    view! {
        <Title text=title />
        <LeaveDialog guard />
        <div class="page-head">
            <h1>{title}</h1>
            <p class="page-lead">{lead}</p>
        </div>
        <div class="settings">
            <div id=NOTICE_ID class="settings-notice" role="status" tabindex="-1">
                {notice}
            </div>
            <div class="settings-cards">{children()}</div>
        </div>
    }
}
