//! Exports of the Log: the menu that starts one, and what became of it. The browser downloads the file; the server says how far it is.

mod watch;

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};

use self::watch::{Outcome, Watch};
use super::{
    location::{EXPORT_KEY, LogLocation},
    menu::{Menu, close_menu_of},
    server_fns::export_progress,
};
use crate::{
    browser,
    connection::Connection,
    deadline::in_time,
    ui::{Alert, AlertTone, Icon, every_while_visible},
};

/// Of the button that opens the menu.
const MENU_ID: &str = "log-export";

const EVERY: Duration = Duration::from_secs(1);

/// The export that was started last.
#[derive(Clone, Copy)]
pub(super) struct Exports(RwSignal<Watch>);

impl Exports {
    pub(super) fn new() -> Self {
        let exports = Self(RwSignal::new(Watch::default()));
        exports.follow();
        exports
    }

    /// Asks how far it is until it has ended.
    fn follow(self) {
        let connection = expect_context::<Connection>();
        every_while_visible(EVERY, move || {
            let Some(key) = self.0.with_untracked(Watch::running) else {
                return;
            };
            spawn_local(async move {
                let answer = in_time(export_progress(key.clone())).await;
                connection.report(&answer);
                if let Ok(view) = answer {
                    self.0.try_update(|watch| watch.take(&key, view));
                }
            });
        });
    }
}

#[component]
pub(super) fn ExportMenu(location: LogLocation, exports: Exports) -> impl IntoView {
    let formats = [("csv", "Export as CSV"), ("jsonl", "Export as JSON Lines")];
    let links = formats.map(|(format, label)| {
        view! {
            <li>
                <ExportLink href=location.export_href(format) label exports />
            </li>
        }
    });
    view! {
        <Menu id=MENU_ID icon=icondata_lu::LuDownload label="Export">
            <ul class="drop-list">{links.into_iter().collect_view()}</ul>
            <p class="field-hint">"All events that match the filters, oldest first."</p>
        </Menu>
    }
}

/// A plain link, to which a press adds the key of this export.
#[component]
fn ExportLink(href: String, label: &'static str, exports: Exports) -> impl IntoView {
    let link = NodeRef::<html::A>::new();
    let target = href.clone();
    let start = move |_| {
        let key = browser::random_digits();
        if let Some(link) = link.get_untracked() {
            let watched = format!("{target}&{EXPORT_KEY}={key}");
            if link.set_attribute("href", &watched).is_ok() {
                exports.0.set(Watch::new(key));
            }
            // It would cover what is said about the export.
            close_menu_of(&link, MENU_ID);
        }
    };
    view! {
        <a class="menu-item" href=href rel="external" download="" node_ref=link on:click=start>
            {label}
        </a>
    }
}

/// That an export runs, how far it is, and how it ended.
#[component]
pub(super) fn ExportStatus(exports: Exports) -> impl IntoView {
    let outcome = Memo::new(move |_| exports.0.with(Watch::outcome));
    let dismiss = Callback::new(move |()| exports.0.set(Watch::default()));
    view! {
        <div class="log-export" role="status" aria-label="Export">
            {move || outcome.get().map(|outcome| status(outcome, dismiss))}
        </div>
    }
}

fn status(outcome: Outcome, dismiss: Callback<()>) -> AnyView {
    match outcome {
        Outcome::Running(text) => view! {
            <div class="alert">
                <Icon icon=icondata_lu::LuDownload />
                <div class="alert-body">{text}</div>
            </div>
        }
        .into_any(),
        Outcome::Complete(text) => view! { <Alert tone=AlertTone::Good on_dismiss=dismiss>{text}</Alert> }.into_any(),
        Outcome::Failed(text) => view! { <Alert tone=AlertTone::Bad on_dismiss=dismiss>{text}</Alert> }.into_any(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::view::{ExportState, ExportView};

    use super::*;

    #[test]
    fn an_export_that_runs_can_t_be_dismissed_and_one_that_ended_can() {
        let html = |state| {
            let mut watch = Watch::new("1".to_owned());
            watch.take("1", Some(ExportView { events: 1_200, state }));
            Owner::new().with(|| {
                let exports = Exports(RwSignal::new(watch));
                view! { <ExportStatus exports /> }.to_html()
            })
        };
        let running = html(ExportState::Running);
        assert!(
            running.contains("Exporting… 1,200 events so far.") && !running.contains("Dismiss"),
            "{running}"
        );
        let complete = html(ExportState::Complete);
        assert!(
            complete.contains("Exported 1,200 events.") && complete.contains("Dismiss"),
            "{complete}"
        );
        assert!(html(ExportState::Failed { reason: None }).contains("alert-bad"));
    }
}
